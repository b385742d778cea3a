"""fal's webhooks: where they are sent, who signed them, and which lost submission they prove.

The wire (docs.fal.ai, model-apis/inference/webhooks): `?fal_webhook=` at the submission; each delivery is
signed with Ed25519 by fal's keys, which are the same for all its customers, and repeated until it is
answered with success. The signature covers the body but not the address, and anybody may have fal send a
signed delivery of his own job to an address that he knows. So the address of an attempt's webhook
carries a proof, an HMAC under our API key, that it was made here for that attempt and its endpoint.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import aiohttp
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from yarl import URL

from bot.domain import Attempt
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.providers import http
from bot.providers.fal_addresses import PROTOCOL
from bot.providers.outcomes import JOB_ID, expect_ok
from bot.providers.standard_webhooks import WebhookRefused

TOLERANCE = timedelta(seconds=300)
KEYS_KEPT_FOR = timedelta(hours=24)
KEYS_FRESH_FOR = timedelta(minutes=5)
"""A signature by none of the keys may be by a new one: they are fetched again, but no sooner than this."""

KEYS_TRIED_AGAIN_AFTER = timedelta(seconds=10)
"""While the keys are not to be had, a storm of webhooks asks for them no more often than this."""

_KEYS_MAX = 16
_PROOF_CHARS = 32
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-fA-F]{128}", re.ASCII)


class Keys:
    """fal's public keys, fetched when first needed and at most a day old."""

    def __init__(self, session: aiohttp.ClientSession, url: URL, *, now: Callable[[], datetime]) -> None:
        self._session = session
        self._url = url
        self._now = now
        self._keys: list[VerifyKey] = []
        self._fetched_at: datetime | None = None
        self._failed_at: datetime | None = None
        self._fetching = asyncio.Lock()

    async def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether one of the keys made this signature.

        Raises:
            ProviderUnavailable, UnreadableAnswer: the keys are not to be had.
        """
        known = await self._at_most(KEYS_KEPT_FOR)
        if _signed_by(known, message, signature):
            return True
        fresh = await self._at_most(KEYS_FRESH_FOR)
        return fresh is not known and _signed_by(fresh, message, signature)

    async def _at_most(self, age: timedelta) -> list[VerifyKey]:
        async with self._fetching:
            if self._fetched_at is None or abs(self._now() - self._fetched_at) > age:
                if self._failed_at and abs(self._now() - self._failed_at) < KEYS_TRIED_AGAIN_AFTER:
                    raise ProviderUnavailable("the webhooks' keys could not be had a moment ago")
                self._failed_at = self._now()
                self._keys = await self._fetch()
                self._fetched_at, self._failed_at = self._now(), None
            return self._keys

    async def _fetch(self) -> list[VerifyKey]:
        answered = await http.call(self._session, "GET", self._url, headers={"Accept": "application/json"})
        expect_ok(answered, PROTOCOL, now=self._now())
        match answered.body:
            case {"keys": list(jwks)}:
                keys = [key for jwk in jwks[:_KEYS_MAX] if (key := _key(jwk)) is not None]
            case _:
                keys = []
        if not keys:
            raise UnreadableAnswer(PROTOCOL, f"no keys: {answered.text}")
        return keys


class Webhooks:
    """Makes the addresses that webhooks are sent to, and reads what comes there.

    Args:
        keys: fal's.
        address_of: where fal shall reach us about an attempt; None asks for no webhooks.
        secret: what nobody else knows; the API key.
        now: the clock.
    """

    def __init__(
        self,
        keys: Keys,
        *,
        address_of: Callable[[Attempt], str] | None,
        secret: str,
        now: Callable[[], datetime],
    ) -> None:
        self._keys = keys
        self._address_of = address_of
        self._secret = secret.encode()
        self._now = now

    @property
    def are_asked_for(self) -> bool:
        return self._address_of is not None

    def address(self, attempt: Attempt, endpoint: str) -> str | None:
        """Where the webhook of this attempt shall be sent: our address, with what it proves as a query."""
        if self._address_of is None:
            return None
        proof = {"endpoint": endpoint, "proof": self._proof(attempt.key, endpoint)}
        return str(URL(self._address_of(attempt)).update_query(proof))

    def endpoint(self, attempt_key: str, query: Mapping[str, str]) -> str:
        """The endpoint of the attempt whose webhook this address was made for.

        Raises:
            WebhookRefused: it was not made here for this attempt.
        """
        endpoint = query.get("endpoint", "")
        said, right = query.get("proof", ""), self._proof(attempt_key, endpoint)
        if not hmac.compare_digest(said.encode(), right.encode()):
            raise WebhookRefused("its address was not made here for this attempt")
        return endpoint

    async def verify(self, headers: Mapping[str, str], body: bytes) -> str:
        """The id of the job that a webhook is about, from its raw bytes, signed by fal and recent.

        Raises:
            WebhookRefused: not signed by fal, not recent, or about no job.
            ProviderUnavailable, UnreadableAnswer: fal's keys are not to be had; it may send it again.
        """
        said = {name.lower(): value for name, value in headers.items()}
        names = ("request-id", "user-id", "timestamp", "signature")
        request_id, user_id, timestamp, signature = (said.get(f"x-fal-webhook-{n}", "") for n in names)
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            raise WebhookRefused("no headers of a signed webhook")
        if abs(self._now().timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
            raise WebhookRefused("its time is more than five minutes from ours")
        message = "\n".join([request_id, user_id, timestamp, hashlib.sha256(body).hexdigest()])
        signed = message.encode("utf-8", "surrogatepass")  # headers may hold bytes that are no text
        if not await self._keys.signed(signed, bytes.fromhex(signature)):
            raise WebhookRefused("no key of fal's made its signature")
        # The header may name the last of several tries at the gateway; tickets hold the queue's own id.
        try:
            about = json.loads(body)
        except (ValueError, RecursionError):
            about = None
        match about:
            case {"request_id": str(job_id)} if JOB_ID.fullmatch(job_id):
                return job_id
            case _:
                raise WebhookRefused("it is about no job")

    def _proof(self, attempt_key: str, endpoint: str) -> str:
        text = f"dailies webhook\n{attempt_key}\n{endpoint}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:_PROOF_CHARS]


def _signed_by(keys: list[VerifyKey], message: bytes, signature: bytes) -> bool:
    for key in keys:
        try:
            key.verify(message, signature)
        except BadSignatureError:
            continue
        return True
    return False


def _key(jwk: object) -> VerifyKey | None:
    match jwk:
        case {"kty": "OKP", "crv": "Ed25519", "x": str(x)}:
            try:
                raw = base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))
            except (binascii.Error, ValueError):
                return None
            return VerifyKey(raw) if len(raw) == 32 else None
        case _:
            return None
