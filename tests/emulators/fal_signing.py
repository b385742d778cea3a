"""The webhooks of an emulated fal, signed as fal signs them, and the keys to check them with."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

import aiohttp
from nacl.signing import SigningKey

USER = "user-of-the-emulator"


class FalSigning:
    """fal's keys: the one that signs, among others that do not."""

    def __init__(self) -> None:
        self.key = SigningKey.generate()
        self.others = [SigningKey.generate()]

    @property
    def jwks(self) -> dict[str, object]:
        """The public keys, as they are published."""
        publics = [bytes(key.verify_key) for key in (*self.others, self.key)]
        named = [base64.urlsafe_b64encode(public).decode().rstrip("=") for public in publics]
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x} for x in named]}

    def webhook(
        self, request_id: str, fate: Mapping[str, object], *, sent_at: datetime, key: SigningKey | None = None
    ) -> tuple[dict[str, str], bytes]:
        """The headers and body of the webhook of a job that ended so."""
        body = json.dumps({"request_id": request_id, "gateway_request_id": request_id, **fate}).encode()
        timestamp = str(int(sent_at.timestamp()))
        message = "\n".join([request_id, USER, timestamp, hashlib.sha256(body).hexdigest()]).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Fal-Webhook-Request-Id": request_id,
            "X-Fal-Webhook-User-Id": USER,
            "X-Fal-Webhook-Timestamp": timestamp,
            "X-Fal-Webhook-Signature": (key or self.key).sign(message).signature.hex(),
        }
        return headers, body


async def deliver(address: str, headers: Mapping[str, str], body: bytes, *, times: int = 1) -> list[int]:
    """Send a webhook, so many times at once; returns how each was answered."""
    async with aiohttp.ClientSession(headers=headers) as session:

        async def call() -> int:
            async with session.post(address, data=body) as response:
                return response.status

        return await asyncio.gather(*(call() for _ in range(times)))
