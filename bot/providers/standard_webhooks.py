"""Standard Webhooks (standardwebhooks.com): the signature that OpenAI, Replicate and Lumenfall put on theirs.

`webhook-signature` holds one or more `v1,<base64>`, apart by spaces (two while a secret is being changed):
HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<raw body>`, under the bytes that follow `whsec_` in Base64.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import ProviderError, ProviderUnavailable, SettingsError
from bot.providers.outcomes import JOB_ID
from bot.providers.webhook_secret import key_of

TOLERANCE_S = 300
"""How far a webhook's time may lie from ours, both ways (openai-python 3.52.0, `resources/webhooks`)."""

_SIGNATURES_MAX = 16
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_ASK_EVERY = timedelta(minutes=1)


class WebhookRefused(ProviderError):
    """Not signed by whom it should be, too old, too new, or about nothing that we could ask for."""

    code = "webhook_refused"


def verify(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> str:
    """Check a webhook's headers and raw body against a secret; returns the webhook's own id.

    Raises:
        WebhookRefused: it is not genuine, or not of these five minutes.
        SettingsError: the secret is none; the message does not show it.
    """
    message = _read(headers, now)
    if not message.signed_with(key_of(secret), body):
        raise WebhookRefused("no signature fits")
    return message.id


def video_id(body: bytes, kinds: Collection[str]) -> str:
    """The id in a webhook of the `/videos` shape, `{"type": "video.completed", "data": {"id": …}}`.

    Raises:
        WebhookRefused: it is about no video, or of none of these kinds.
    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise WebhookRefused("its body is no JSON") from wrong
    match event:
        case {"type": str(kind), "data": {"id": str(job_id)}} if kind in kinds and JOB_ID.fullmatch(job_id):
            return job_id
        case _:
            raise WebhookRefused("it is about no video")


class Signatures:
    """Checks webhooks with a secret that the provider tells when it is asked.

    It is asked for when a webhook comes, and again when a signature does not fit, since it may have been
    changed; but once a minute at most, so that forged webhooks cost no more than that.

    Args:
        ask: asks the provider for its `whsec_…` secret.
        now: the clock.
    """

    def __init__(self, ask: Callable[[], Awaitable[str]], *, now: Callable[[], datetime]) -> None:
        self._ask = ask
        self._now = now
        self._key: bytes | None = None
        self._asked_at: datetime | None = None
        self._asking = asyncio.Lock()

    async def verify(self, headers: Mapping[str, str], body: bytes) -> str:
        """As the function `verify`.

        Raises:
            WebhookRefused: it is not genuine, or not of these five minutes.
            ProviderUnavailable: the secret is not known yet; the provider may send the webhook again.
        """
        message = _read(headers, self._now())
        if self._key is not None and message.signed_with(self._key, body):
            return message.id
        async with self._asking:
            if self._may_ask():
                self._asked_at = self._now()
                self._key = await self._told()
        if self._key is None:
            raise ProviderUnavailable("the secret of the webhooks is not known yet")
        if not message.signed_with(self._key, body):
            raise WebhookRefused("no signature fits")
        return message.id

    async def _told(self) -> bytes:
        told = await self._ask()
        try:
            return key_of(told)
        except SettingsError as wrong:
            raise ProviderUnavailable("the provider told a secret that is none") from wrong

    def _may_ask(self) -> bool:
        return self._asked_at is None or self._now() - self._asked_at >= _ASK_EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    id: str
    timestamp: str
    signatures: tuple[bytes, ...]

    def signed_with(self, key: bytes, body: bytes) -> bool:
        # aiohttp reads bytes that are no UTF-8 as surrogates; such an id is as wrong as any other.
        its_id = self.id.encode("utf-8", "surrogatepass")
        signed = b".".join((its_id, self.timestamp.encode(), body))
        right = base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
        fits = False
        for signature in self.signatures:  # all of them, so that the time tells nothing
            fits |= hmac.compare_digest(signature, right)
        return fits


def _read(headers: Mapping[str, str], now: datetime) -> _Message:
    """The three headers, in whatever letters they are written, and the time looked at."""
    said = {name.lower(): value for name, value in headers.items()}
    message_id = said.get("webhook-id", "")
    timestamp = said.get("webhook-timestamp", "")
    signatures = said.get("webhook-signature", "").split(" ")
    if not message_id or not _TIMESTAMP.fullmatch(timestamp) or len(signatures) > _SIGNATURES_MAX:
        raise WebhookRefused("no headers of a signed webhook")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_S:
        raise WebhookRefused("its time is more than five minutes from ours")
    return _Message(
        id=message_id,
        timestamp=timestamp,
        signatures=tuple(
            value.encode("utf-8", "replace")
            for version, _, value in map(_halves, signatures)
            if version == "v1"
        ),
    )


def _halves(signature: str) -> tuple[str, str, str]:
    return signature.partition(",")
