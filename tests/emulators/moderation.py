"""An emulated moderation endpoint of OpenAI's: its wire, its limits, and scores that a test chooses by word.

    async with ModerationEmulator(api_key="sk-1") as emulator:
        emulator.says["zombie"] = {"violence": 0.9}

Its one route is called `moderations`, for faults. A word that a text holds gives its scores; a picture gives
those under its bytes in `sees`. Shapes: openai/openai-openapi, `openapi.yaml`, `/moderations`.
"""

import base64
import json
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.emulators.faults import Faults
from tests.emulators.site import Seen, Site, read

TEXT_ALONE = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "sexual/minors",
)
PICTURES_TOO = (
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "violence",
    "violence/graphic",
)
MODELS = ("omni-moderation-latest", "omni-moderation-2024-09-26")
FLAGGED_FROM = 0.5
PICTURE_BYTES_MAX = 20_000_000


class ModerationEmulator:
    """The server; `says` and `sees` are what it thinks of words and of pictures."""

    def __init__(self, *, api_key: str = "sk-test") -> None:
        self.faults = Faults()
        self.says: dict[str, dict[str, float]] = {}
        self.sees: dict[bytes, dict[str, float]] = {}
        self._key = api_key
        self._site = Site([web.post("/v1/moderations", self._moderate, name="moderations")], self.faults)

    @property
    def url(self) -> str:
        return f"{self._site.url}/v1"

    @property
    def seen(self) -> list[Seen]:
        return self._site.seen

    async def __aenter__(self) -> Self:
        await self._site.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._site.stop()

    async def _moderate(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self._key}":
            return _error(401, "Incorrect API key provided.", "invalid_api_key")
        body = json.loads(await read(request))
        if body.get("model", MODELS[0]) not in MODELS:
            return _error(404, "The model does not exist.", "model_not_found")
        given = body.get("input")
        if isinstance(given, str) or (given and isinstance(given[0], str)):
            texts = [given] if isinstance(given, str) else given
            results = [self._result(text, None) for text in texts]
        else:
            parts = given or []
            text = " ".join(part["text"] for part in parts if part["type"] == "text")
            addresses = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
            if not parts:
                return _error(400, "Input must not be empty.", "invalid_request_error")
            if len(addresses) > 1:
                return _error(
                    400, f"Number of images ({len(addresses)}) exceeds maximum of 1.", "too_many_images"
                )
            picture = None
            if addresses:
                head, comma, packed = addresses[0].partition(",")
                if not (comma and head.startswith("data:image/") and head.endswith(";base64")):
                    return _error(400, "Failed to download image.", "invalid_image_url")
                picture = base64.b64decode(packed, validate=True)
                if len(picture) > PICTURE_BYTES_MAX:
                    return _error(400, "Image is too large.", "image_too_large")
            results = [self._result(text, picture)]
        return web.json_response({"id": "modr-1", "model": body.get("model", MODELS[0]), "results": results})

    def _result(self, text: str, picture: bytes | None) -> dict[str, Any]:
        scores = dict.fromkeys((*TEXT_ALONE, *PICTURES_TOO), 0.000_012)
        applied: dict[str, list[str]] = {name: ["text"] for name in scores}
        for word, said in self.says.items():
            if word in text:
                scores |= {name: max(score, scores[name]) for name, score in said.items()}
        if picture is not None:
            for name in PICTURES_TOO:
                applied[name] = ["text", "image"] if text else ["image"]
            for name, score in self.sees.get(picture, {}).items():
                assert name in PICTURES_TOO, f"{name} is not seen in pictures"
                scores[name] = max(score, scores[name])
        flags = {name: score >= FLAGGED_FROM for name, score in scores.items()}
        return {
            "flagged": any(flags.values()),
            "categories": flags,
            "category_scores": scores,
            "category_applied_input_types": applied,
        }


def _error(status: int, message: str, code: str) -> web.Response:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    return web.json_response(body, status=status)
