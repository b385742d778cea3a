"""What the emulated Lumenfall knows of models and prices, what a request says, the shape of its errors."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from aiohttp import web
from yarl import URL

from tests.emulators.site import Part, parts_of, read

NAMES: Mapping[str, str] = {"fal": "fal.ai", "openai": "OpenAI", "replicate": "Replicate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedModel:
    """A model in the catalogue: who has it, in what order they are tried, and what a second costs."""

    providers: tuple[str, ...]
    second_micros: Mapping[str, int]
    prompt_chars_max: int = 4_000


MODELS: Mapping[str, EmulatedModel] = {
    "sora-2": EmulatedModel(providers=("openai", "fal"), second_micros={"720p": 100_000}),
    "sora-2-pro": EmulatedModel(
        providers=("fal", "openai", "replicate"), second_micros={"720p": 300_000, "1080p": 500_000}
    ),
    "kling-v3": EmulatedModel(
        providers=("fal", "replicate"), second_micros={"720p": 168_000}, prompt_chars_max=2_500
    ),
}

_BRACKETS = re.compile(r"\[(.*?)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request for a video: its fields, and the picture that came as a file."""

    fields: dict[str, object]
    picture: Part | None = None

    @property
    def model(self) -> EmulatedModel | None:
        return MODELS.get(str(self.fields.get("model")).rpartition("/")[2])

    @property
    def providers(self) -> tuple[str, ...]:
        """Who may be tried: the one that is forced, or all that have the model."""
        forced = str(self.fields.get("model")).rpartition("/")[0]
        has = self.model.providers if self.model else ()
        return tuple(name for name in has if forced in ("", name))

    @property
    def seconds(self) -> int:
        return int(str(self.fields.get("seconds", self.fields.get("duration", 4))))

    @property
    def size(self) -> tuple[int, int]:
        """Of the clip: `size` over `aspect_ratio` and `resolution`, the nearest that there is."""
        shape = str(self.fields.get("size") or self.fields.get("aspect_ratio") or "16:9")
        wide, high = (int(side) for side in re.split("[x:]", shape))
        tall = high > wide
        at_720p = max(wide, high) < 1_900 if "x" in shape else self.fields.get("resolution") != "1080p"
        long, short = (1280, 720) if at_720p else (1920, 1080)
        return (short, long) if tall else (long, short)

    @property
    def cost_micros(self) -> int:
        assert self.model is not None
        tier = "1080p" if 1080 in self.size and "1080p" in self.model.second_micros else "720p"
        return self.model.second_micros[tier] * self.seconds


async def asked_in(request: web.Request) -> Asked | None:
    """The request, as JSON or as a form; None where it is neither."""
    body = await read(request)
    if request.content_type == "multipart/form-data":
        return _of_form(parts_of(dict(request.headers), body))
    try:
        fields = json.loads(body)
    except ValueError:
        return None
    return Asked(fields=fields) if isinstance(fields, dict) else None


def _of_form(parts: list[Part]) -> Asked:
    """A form's fields; all of them are text, and brackets say what is inside of what."""
    fields: dict[str, object] = {}
    for part in parts:
        if part.file_name is None:
            _put(fields, part.name, part.data.decode())
    files = [part for part in parts if part.file_name is not None and part.name == "input_reference"]
    return Asked(fields=fields, picture=files[0] if files else None)


def _put(fields: dict[str, object], path: str, text: str) -> None:
    name, keys = path.split("[", 1)[0], _BRACKETS.findall(path)
    if not keys:
        fields[name] = text
    elif keys == [""]:
        inside = fields.setdefault(name, [])
        assert isinstance(inside, list)
        inside.append(text)
    else:
        within = fields.setdefault(name, {})
        assert isinstance(within, dict)
        _put(within, keys[0] + "".join(f"[{key}]" for key in keys[1:]), text)


def wrong_with(asked: Asked, *, gone: set[str]) -> web.Response | None:
    """What Lumenfall itself finds wrong with a request, before anybody behind it hears of it."""
    fields, slug = asked.fields, str(asked.fields.get("model"))
    if asked.model is None or not asked.providers or slug in gone:
        return error(404, "MODEL_NOT_FOUND", f"Model '{slug}' not found. Did you mean 'kling-v3'?")
    if not isinstance(prompt := fields.get("prompt"), str) or not prompt:
        return error(400, "INVALID_REQUEST", "prompt: Invalid input: expected string, received undefined")
    if len(prompt) > (most := asked.model.prompt_chars_max):
        return error(400, "INVALID_REQUEST", f"Too big: expected string to have <={most} characters")
    if not re.fullmatch(r"[1-9]\d*", str(fields.get("seconds", 4))):
        return error(400, "INVALID_REQUEST", "seconds: Invalid input")
    if "size" in fields and not re.fullmatch(r"\d+[x:]\d+", str(fields["size"])):
        return error(400, "INVALID_REQUEST", "Invalid size format")
    if asked.picture is not None and not asked.picture.data:
        return error(400, "INVALID_REQUEST", "Invalid image file provided")
    if len(str(fields.get("idempotency_key", ""))) > 256:
        return error(400, "INVALID_REQUEST", "idempotency_key: Too big")
    if "webhook_url" in fields and not _may_be_called(str(fields["webhook_url"])):
        return error(400, "INVALID_REQUEST", "webhook_url must be an HTTPS URL of a public domain")
    return None


def _may_be_called(address: str) -> bool:
    url = URL(address)
    host = url.host or ""
    is_address = ":" in host or re.fullmatch(r"[\d.]+", host) is not None
    return url.scheme == "https" and url.port in (443, 8443) and not is_address and host != "localhost"


def estimate(asked: Asked) -> web.Response:
    """The answer to a dry run."""
    assert asked.model is not None
    cost = asked.cost_micros
    component = {
        "type": "output",
        "metric": "second",
        "quantity": asked.seconds,
        "billable_quantity": asked.seconds,
        "unit_price": dollars(cost // asked.seconds),
        "total_cost": cost,
    }
    answer = {
        "estimated": True,
        "model": asked.fields["model"],
        "provider": asked.providers[0],
        "total_cost_micros": cost,
        "currency": "USD",
        "components": [component],
    }
    return web.json_response(answer)


def dollars(micros: int) -> float:
    """As Lumenfall writes money: a JSON number."""
    return float(Decimal(micros) / 1_000_000)


_TYPES: Mapping[str, str] = {
    "AUTHENTICATION_FAILED": "authentication_error",
    "INSUFFICIENT_BALANCE": "insufficient_quota",
    "ALL_PROVIDERS_EXHAUSTED": "upstream_error",
    "UPSTREAM_ERROR": "upstream_error",
}


def error(status: int, code: str, message: str, **more: object) -> web.Response:
    """An error in Lumenfall's shape."""
    kind = _TYPES.get(code, "invalid_request_error")
    body = {"error": {"message": message, "type": kind, "code": code}, **more}
    return web.json_response(body, status=status)


@dataclass(slots=True, kw_only=True)
class EmulatedVideo:
    """One job in the books. `billed_micros` is what it cost in the end, whoever knows of it."""

    id: str
    asked: Asked
    created_at: int
    billed_micros: int
    status: str = "queued"
    completed_at: int | None = None
    expires_at: int | None = None
    error: dict[str, str] | None = None
    attempts: list[dict[str, object]] = field(default_factory=list)
    asks: int = 0
    purged: bool = False
    forgotten: bool = False

    @property
    def key(self) -> object:
        return self.asked.fields.get("idempotency_key")

    @property
    def provider(self) -> str:
        return self.asked.providers[min(len(self.attempts), len(self.asked.providers) - 1)]
