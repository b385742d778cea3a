r"""What the answers of the `replicate` protocol prove, and what they say about a job. No call is made here.

What each outcome of the one POST proves (the statuses are outcomes.py's):

| what came back                                       | proves                | fault                  |
|------------------------------------------------------|-----------------------|------------------------|
| the source's upload failed: nothing was ordered yet  | NotTaken, Refused     | upload_failed, and     |
|                                                      |                       | those below            |
| no connection (DNS, refused, TLS, time)              | NotTaken              | provider_unreachable   |
| a connection, but no whole status and headers        | Unknown               |                        |
| 2xx with a readable id (201 and 202 are documented)  | Taken                 |                        |
| 2xx without one                                      | Unknown               |                        |
| 307, 308                                             | NotTaken              | provider_redirects     |
| 4xx below, `(E005)` or its text                      | Refused               | moderation_blocked     |
| 402 "insufficient credit"                            | NotTaken              | provider_out_of_credit |
| 404, 410; 422 "version does not exist"               | Refused               | model_gone             |
| 401, 403, 407                                        | NotTaken              | provider_key_refused   |
| 429 "resets in ~30s"                                 | NotTaken, Retry-After | provider_busy          |
| 400, 405, 406, 411, 413, 414, 415, 417, 422, 431,    | Refused               | prompt_refused,        |
| 451                                                  |                       | picture_refused (by    |
|                                                      |                       | the input it names),   |
|                                                      |                       | provider_refused       |
| all else: 1xx, 3xx, 408, 409, 425, 4xx, 5xx          | Unknown               |                        |

What a prediction without output is billed:

| it ended as                                          | billed                                         |
|------------------------------------------------------|------------------------------------------------|
| `aborted`; `canceled`, `failed` with no `started_at` | nothing: it had not begun                      |
| `canceled` otherwise                                 | "for what ran", and no answer says how much    |
| `failed` otherwise                                   | unknown for models that are sold by the output |

Errors are RFC 7807's, more or less: `{type?, title?, status?, detail, invalid_fields?}`. Moderation has no
code of its own at this level: a prediction fails, and its `error` ends in `(E005)`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from yarl import URL

from bot.domain import NOTHING_MICROS, Fault, FaultKind, Micros, Ticket
from bot.errors import AssetGone, ClipUnusable, ProviderUnavailable, UnreadableAnswer
from bot.providers import http
from bot.providers.listing import Listed
from bot.providers.outcomes import JOB_ID, Said, is_moderation, job_in, moderation, proved, theirs, time_of
from bot.providers.protocol import (
    Answer,
    Failed,
    NotTaken,
    Refused,
    Rendered,
    Rendering,
    Stopped,
    Waiting,
)
from bot.providers.standard_webhooks import WebhookRefused

PROTOCOL = "replicate"

KEPT_FOR = timedelta(hours=1)
"""Output files and inputs are removed an hour after the end (OpenAPI, `predictions.get`)."""

_MODERATED = re.compile(r"\bE005\b")
_GONE = re.compile(r"version does not exist|invalid version", re.IGNORECASE)
_RESETS = re.compile(r"resets in ~?(\d{1,5})s")
_INPUT = re.compile(r"\binput\.(\w+)")
_VIDEO = re.compile(r"\.(?:mp4|webm|mov|m4v)(?:[?#]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """A file of ours at Replicate; `url` is what an input says."""

    id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """Where an attempt's key comes back in the list: in the webhook's address, or in an input."""

    key: str
    webhook: str | None
    input_field: str | None

    def read(self, prediction: Mapping[object, object]) -> str | None:
        """The key that a listed prediction carries, as `Listed.echo`."""
        if prediction.get("source") == "web":
            return ""  # made by a person on Replicate's own pages
        webhook = prediction.get("webhook")
        if self.webhook is not None and isinstance(webhook, str):
            before, _, after = self.webhook.partition(self.key)
            if webhook.startswith(before) and webhook.endswith(after):
                return webhook[len(before) : len(webhook) - len(after)]
            # Ours always have the key in them; this may be from when our address was another.
            return None if self.key in webhook else ""
        given = prediction.get("input")
        key = given.get(self.input_field) if self.input_field and isinstance(given, dict) else None
        return key if isinstance(key, str) else None


def said(answered: http.Answered, about: Mapping[str, FaultKind]) -> Said:
    """What an error body says; `about` tells whose matter an input is, by its name."""
    body = answered.body if isinstance(answered.body, dict) else {}
    text = " ".join(str(body.get(name, "")) for name in ("title", "detail", "error"))
    named = set(_INPUT.findall(f"{text} {body.get('invalid_fields', '')}"))
    kinds = {about[name] for name in named if name in about}
    resets = _RESETS.search(text)
    return Said(
        moderated=_is_moderation(text),
        gone=_GONE.search(text) is not None,
        # Where it names several, none of them is the one to tell the member of.
        about=kinds.pop() if len(named) == len(kinds) == 1 else None,
        retry_after_s=max(float(resets[1]), http.WAIT_S_MIN) if resets else None,
    )


def uploaded(
    sent: http.Answered | http.NeverSent | http.NoAnswer, *, now: datetime
) -> Uploaded | NotTaken | Refused:
    """What became of an upload: `{id, urls: {get}}`. Whatever it was, nothing has been ordered."""
    if isinstance(sent, http.Answered) and (sent.ok or sent.status in (404, 410)):
        match sent.body:
            case {"id": str(file_id), "urls": {"get": str(url)}} if sent.ok and JOB_ID.fullmatch(file_id):
                return Uploaded(id=file_id, url=url)
            case _:
                return NotTaken(theirs("upload_failed", f"{sent.status}: {sent.text}"))
    outcome = proved(sent, _said_of_file, now=now)
    if isinstance(outcome, NotTaken | Refused):
        return outcome
    return NotTaken(theirs("upload_failed", http.one_line(outcome)))


def _said_of_file(answered: http.Answered) -> Said:
    body = said(answered, {})
    return Said(moderated=body.moderated, about=FaultKind.PICTURE, retry_after_s=body.retry_after_s)


def standing(answered: http.Answered, ticket: Ticket, *, now: datetime) -> Answer:
    """How the prediction stands. What is in no document is no answer, and never success.

    `canceled` is ours or the deadline's, `aborted` the deadline's before it began. What had not begun is not
    charged. One that had is: a cancelled one "for what ran" (docs: predictions/lifecycle), of which no answer
    says the amount; whether a failed one is, no document says of models that are sold by their output.
    """
    body = job_in(answered, ticket, PROTOCOL)
    after_s = http.retry_after_s(answered.headers, now=now)
    match body:
        case {"status": "starting"}:
            return Waiting(ask_after_s=after_s)
        case {"status": "processing"}:
            return Rendering(ask_after_s=after_s)
        case {"status": "succeeded"} if not body.get("error"):
            completed_at = time_of(body.get("completed_at"))
            return Rendered(expires_at=completed_at and completed_at + KEPT_FOR)
        case {"status": "failed"}:
            return Failed(_failure(str(body.get("error") or "")), _unmade_micros(body))
        case {"status": "canceled"}:
            return Stopped(_unmade_micros(body))
        case {"status": "aborted"}:
            return Stopped(NOTHING_MICROS)
        case _:
            raise UnreadableAnswer(PROTOCOL, f"no state that is known: {answered.text}")


def _unmade_micros(body: Mapping[object, object]) -> Micros | None:
    """What a prediction without output costs: nothing where it says that it had not begun."""
    return NOTHING_MICROS if "started_at" in body and body["started_at"] is None else None


def _failure(error: str) -> Fault:
    detail = http.one_line(error)
    return moderation(detail) if _is_moderation(error) else theirs("provider_failed", detail)


def _is_moderation(text: str) -> bool:
    return _MODERATED.search(text) is not None or is_moderation(text)


def output(answered: http.Answered) -> str:
    """The address of a prediction's file: its output, or in a list the first that looks like a video.

    Raises:
        AssetGone: it has been removed.
        ClipUnusable: the output holds no address.
        ProviderUnavailable: it has not succeeded.
    """
    body = answered.body
    match body:
        case {"status": "succeeded", "data_removed": True} | {"status": "succeeded", "output": None}:
            raise AssetGone("Replicate has removed the output")
        case {"status": "succeeded", "output": str(address)}:
            return address
        case {"status": "succeeded", "output": [*many]}:
            addresses = [one for one in many if isinstance(one, str)]
            videos = [one for one in addresses if _VIDEO.search(one)]
            if addresses:
                return (videos or addresses)[0]
        case {"status": "succeeded"}:
            pass
        case _:
            raise ProviderUnavailable("the prediction has not succeeded")
    raise ClipUnusable("the output of the prediction holds no file")


def listed(answered: http.Answered, echo: Echo) -> tuple[list[Listed], str]:
    """One page of the list, and the cursor of the next, `""` where there is none.

    Of `next` only the cursor is taken: it is a whole address, with a scheme and a host of its own.
    """
    match answered.body:
        case {"results": [*predictions], "next": None}:
            return [_listed(one, echo) for one in predictions], ""
        case {"results": [*predictions], "next": str(address)}:
            return [_listed(one, echo) for one in predictions], _cursor(address)
        case _:
            raise UnreadableAnswer(PROTOCOL, f"no list of predictions: {answered.text}")


def _cursor(address: str) -> str:
    try:
        cursor = URL(address).query.get("cursor", "")
    except ValueError:
        cursor = ""
    if not cursor:
        raise UnreadableAnswer(PROTOCOL, "the next page of the list is at no address")
    return cursor


def _listed(prediction: object, echo: Echo) -> Listed:
    match prediction:
        case {"id": str(job_id), "created_at": said_at, **rest} if JOB_ID.fullmatch(job_id):
            created_at = time_of(said_at)
            if created_at is not None:
                return Listed(id=job_id, created_at=created_at, echo=echo.read(rest))
    raise UnreadableAnswer(PROTOCOL, "a prediction in the list without id or created_at")


def prediction_id(body: bytes) -> str:
    """The id in a webhook's body, which is a prediction."""
    try:
        prediction = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise WebhookRefused("its body is no JSON") from wrong
    match prediction:
        case {"id": str(job_id)} if JOB_ID.fullmatch(job_id):
            return job_id
        case _:
            raise WebhookRefused("it is about no prediction")


def secret(answered: http.Answered) -> str:
    """The webhooks' secret, `{"key": "whsec_…"}`. It is in no error."""
    match answered.body:
        case {"key": str(key)}:
            return key
        case _:
            raise UnreadableAnswer(PROTOCOL, "no secret of the webhooks")
