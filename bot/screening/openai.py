"""OpenAI's moderation endpoint as a classifier: one pinned snapshot, our own lines, and closed when in doubt.

`POST /v1/moderations` with one text and at most one picture (a second is answered `too_many_images`); of a
picture it judges self-harm, violence and what is sexual, and of words all thirteen categories
(openai/openai-openapi, `openapi.yaml`, `category_applied_input_types`). It costs nothing but requests.
"""

import asyncio
import base64
import hashlib
import json
import logging
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import aiohttp

from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.operating.notices import Operator
from bot.providers.base_urls import checked_base
from bot.providers.http import Answered, Timeouts, call, one_line, pooled_session, retry_after_s
from bot.screening.classifier import Shown, Subject
from bot.screening.lines import DEFAULTS, Lines, judged
from bot.screening.pacing import Pacing
from bot.screening.verdict import MINORS, Verdict, unavailable
from storage import rulings
from storage.database import Database

log = logging.getLogger(__name__)

MODEL = "omni-moderation-2024-09-26"
"""`omni-moderation-latest` may change under our lines; this one does not."""

KEPT_FOR = timedelta(days=30)
PICTURE_BYTES_MAX = 20_000_000
ANSWER_BYTES_MAX = 1 << 16
TRIES = 2
AGAIN_AFTER_S = 0.5
WAIT_S_MAX = 5.0
"""Longer nobody waits for a verdict: the order goes to a moderator, or is refused."""

SHUT_S = 10.0
"""After a failure nobody is made to wait for the next one for so long."""

_TIMEOUTS = Timeouts(connect_s=3, ask_s=8)


class OpenAIModeration:
    """Asks the endpoint. Close it before the loop ends.

    Args:
        per_minute: how many requests the account may make.
        lines: by category.
        clock: seconds that only grow.
        pause: waits so many of them.
    """

    name = "openai"
    sees_pictures = True

    def __init__(
        self,
        database: Database,
        operator: Operator,
        *,
        key: str,
        base_url: str,
        per_minute: int,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        lines: Mapping[str, Lines] = DEFAULTS,
        timeouts: Timeouts = _TIMEOUTS,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._operator = operator
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._url = checked_base("DAILIES_MODERATION_BASE_URL", base_url) / "moderations"
        self._lines = lines
        self._now = now
        self._pause = pause
        self._pacing = Pacing(per_minute=per_minute, wait_s_max=WAIT_S_MAX, clock=clock)
        self._timeouts = timeouts
        self._session: aiohttp.ClientSession | None = None
        self._key_refused = False

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()

    async def look(self, subject: Subject) -> Verdict:
        """As `Classifier.look`; every way in which there is no answer is one line of the log."""
        text = readable(subject.text)
        try:
            picture = None if subject.picture is None else await asyncio.to_thread(_picture, subject.picture)
            digest = _digest(text, picture)
            since = self._now() - KEPT_FOR
            scores = await self._database.read(partial(rulings.get, digest=digest, since=since))
            if scores is None:
                scores = await self._asked(await asyncio.to_thread(request, text, picture))
                keep = partial(rulings.put, digest=digest, scores=scores, at=self._now(), before=since)
                await self._database.write(keep)
        except (ProviderUnavailable, UnreadableAnswer, OSError) as fault:
            log.warning("nobody could look: %s", one_line(fault), extra={"code": "screening_unavailable"})
            return unavailable(self.name)
        return judged(scores, self._lines, self.name)

    async def _asked(self, request: bytes) -> dict[str, float]:
        """The scores, from one of a few tries.

        Raises:
            ProviderUnavailable, UnreadableAnswer: there are none now.
        """
        fault: Exception | None = None
        for again in range(TRIES):
            if again:
                await self._pause(AGAIN_AFTER_S)
            await self._pause(self._pacing.turn_s())
            try:
                answered = await call(
                    self._opened(),
                    "POST",
                    self._url,
                    headers=self._headers,
                    raw=request,
                    bytes_max=ANSWER_BYTES_MAX,
                )
                return self._scores(answered)
            except UnreadableAnswer:
                raise
            except ProviderUnavailable as lost:
                fault = lost
        self._pacing.shut(SHUT_S)
        raise fault or ProviderUnavailable("not asked")

    def _scores(self, answered: Answered) -> dict[str, float]:
        match answered.status:
            case 200:
                self._key_refused = False
                return scores_in(answered)
            case 429:
                wait_s = retry_after_s(answered.headers, now=self._now()) or SHUT_S
                self._pacing.shut(wait_s)
                raise ProviderUnavailable("asked too often", retry_after_s=wait_s)
            case 401 | 403:
                self._tell_refused(answered.status)
                self._pacing.shut(SHUT_S)
                raise UnreadableAnswer("moderation", f"{answered.status}: the key is refused")
            case status if status >= 500:
                raise ProviderUnavailable(f"{status}: {answered.text}")
            case status:
                raise UnreadableAnswer("moderation", f"{status}: {answered.text}")

    def _tell_refused(self, status: int) -> None:
        if not self._key_refused:
            self._operator.tell(
                "screening_key_refused",
                f"OpenAI refuses DAILIES_MODERATION_API_KEY ({status}): prompts are not looked at by it, and "
                "go to moderators or are refused. Set a key that is valid.",
            )
        self._key_refused = True

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = pooled_session(self._timeouts)
        return self._session


def readable(text: str) -> str:
    """A text as it is sent and remembered: nothing invisible, one kind of space, as many as are needed."""
    seen = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return " ".join(seen.split())


def scores_in(answered: Answered) -> dict[str, float]:
    """The scores of an answer, one for every category that there must be.

    Raises:
        UnreadableAnswer: it is of no such shape. Half an answer is none.
    """
    match answered.body:
        case {"results": [{"category_scores": dict(said), "categories": dict(flags)}]}:
            scores = {str(name): float(score) for name, score in said.items() if _is_score(score)}
        case _:
            raise UnreadableAnswer("moderation", answered.text or "an empty answer")
    if missing := [name for name in DEFAULTS if name not in scores]:
        raise UnreadableAnswer("moderation", f"no score for {', '.join(missing)}")
    if flags.get(MINORS) is True:  # its own word goes above our line
        scores[MINORS] = 1.0
    return scores


def _is_score(said: object) -> bool:
    return isinstance(said, Decimal | int) and not isinstance(said, bool) and 0 <= said <= 1


def _picture(picture: Shown) -> bytes:
    if picture.path.stat().st_size > PICTURE_BYTES_MAX:
        raise OSError("the picture is larger than the endpoint takes")
    return f"data:{picture.media_type};base64,".encode() + base64.b64encode(picture.path.read_bytes())


def _digest(text: str, picture: bytes | None) -> bytes:
    parts = (MODEL.encode(), text.encode("utf-8", "surrogatepass"), picture or b"")
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).digest()


def request(text: str, picture: bytes | None) -> bytes:
    """The body of a request about a text, and a picture as a data URL."""
    content: list[dict[str, object]] = [{"type": "text", "text": text}]
    if picture is not None:
        content.append({"type": "image_url", "image_url": {"url": picture.decode("ascii")}})
    return json.dumps({"model": MODEL, "input": content}).encode()
