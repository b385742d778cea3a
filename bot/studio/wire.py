"""The wire: what requests may say, what the answers look like, and how refusals are worded.

The shape is OpenAI's video API (openai/openai-openapi, commit f85dbe2 of 2026-08-21, paths under /videos).
Ours differs in this:

- `seed`, `idempotency_key` and `metadata` may stand in every request that makes a job, and stand in its
  answer. A key that was used in the last day gives the job of that key, whatever else the request says.
- Clips have any whole number of seconds from 4 to 20, and the sizes of 720p and 1080p.
- A job may be deleted before it is done: its drawing stops, and for a day it answers with the status
  `cancelled`. A completed or failed one that is deleted is answered with 404.
- A picture comes as a file or as a data URL; nothing is fetched from anywhere. It is cropped to the size.
- An edit of a clip of ours is its remix; an uploaded video's own frames (20 s at most) are drawn over, and
  its sound is kept. An extension draws its source again and goes on.
- `characters`, two at most, are pinned to the storyboard with their names.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from typing import Any

from aiohttp import web

from bot.studio.jobs import KEPT_FOR, Job, Status
from bot.studio.spec import PROMPT_CHARS_MAX, SECONDS_MAX, SECONDS_MIN, SEED_MAX, SIZES

KEY_CHARS_MAX = 64
NAME_CHARS_MAX = 80
CHARACTERS_MAX = 2
# OpenAI's limits for metadata elsewhere in its API.
_METADATA_MAX, _METADATA_KEY_MAX, _METADATA_VALUE_MAX = 16, 64, 512
_RETRY_AFTER_S = 10
_SECONDS_UNSAID, _SIZE_UNSAID = 4, "720x1280"  # the specification's defaults

Fields = Mapping[str, Any]


class ApiRefusal(Exception):
    """An answer that is not 200, in OpenAI's shape."""

    def __init__(
        self, message: str, *, param: str | None = None, code: str | None = None, status: int = 400
    ) -> None:
        super().__init__(message)
        self.status = status
        kind = (
            "rate_limit_error"
            if status == 429
            else "server_error"
            if status >= 500
            else "invalid_request_error"
        )
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


@web.middleware
async def refusals(request: web.Request, handler: Any) -> web.StreamResponse:
    """Answer refusals, ours and aiohttp's own (no such path, too large), in OpenAI's shape."""
    try:
        response: web.StreamResponse = await handler(request)
    except ApiRefusal as refused:
        later = {"Retry-After": str(_RETRY_AFTER_S)} if refused.status == 429 else {}
        return web.json_response(refused.body, status=refused.status, headers=later)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        message = f"{request.method} {request.path}: {error.reason}."
        return web.json_response(
            ApiRefusal(message, code="http_error", status=error.status).body, status=error.status
        )
    return response


def no_other_fields(fields: Fields, known: Collection[str]) -> None:
    for name in fields:
        if name not in known:
            raise ApiRefusal(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def prompt_of(fields: Fields) -> str:
    prompt = fields.get("prompt")
    if prompt is None:
        raise ApiRefusal(
            "Missing required parameter: 'prompt'.", param="prompt", code="missing_required_parameter"
        )
    if not isinstance(prompt, str):
        raise _invalid("prompt", "must be a string")
    if not prompt.strip():
        raise _invalid("prompt", "must say what the clip shows; this one is empty")
    if len(prompt) > PROMPT_CHARS_MAX:
        raise _invalid(
            "prompt", f"may have at most {PROMPT_CHARS_MAX} characters; this one has {len(prompt)}"
        )
    return prompt


def model_of(fields: Fields, models: Collection[str]) -> str:
    model = fields.get("model", next(iter(models)))
    if model not in models:
        message = f"The model '{model}' does not exist. This studio has: {', '.join(models)}."
        raise ApiRefusal(message, param="model", code="model_not_found", status=404)
    return str(model)


def size_of(fields: Fields) -> tuple[int, int]:
    size = fields.get("size", _SIZE_UNSAID)
    if size not in SIZES:
        raise _invalid("size", f"must be one of {', '.join(SIZES)}")
    width, height = size.split("x")
    return int(width), int(height)


def seconds_of(fields: Fields, *, needed: bool = False) -> int:
    if needed and "seconds" not in fields:
        raise ApiRefusal(
            "Missing required parameter: 'seconds'.", param="seconds", code="missing_required_parameter"
        )
    seconds = _whole(fields.get("seconds", _SECONDS_UNSAID))
    if seconds is None or not SECONDS_MIN <= seconds <= SECONDS_MAX:
        raise _invalid("seconds", f"must be a whole number from {SECONDS_MIN} to {SECONDS_MAX}")
    return seconds


def seed_of(fields: Fields, unsaid: int) -> int:
    if fields.get("seed") is None:
        return unsaid
    seed = _whole(fields["seed"])
    if seed is None or not 0 <= seed <= SEED_MAX:
        raise _invalid("seed", f"must be a whole number from 0 to {SEED_MAX}")
    return seed


def key_of(fields: Fields) -> str | None:
    key = fields.get("idempotency_key")
    if key is None:
        return None
    if not isinstance(key, str) or not 0 < len(key) <= KEY_CHARS_MAX:
        raise _invalid("idempotency_key", f"must be a string of 1 to {KEY_CHARS_MAX} characters")
    return key


def metadata_of(fields: Fields) -> dict[str, str]:
    metadata = as_object(fields.get("metadata") or {})
    good = (
        isinstance(metadata, dict)
        and len(metadata) <= _METADATA_MAX
        and all(len(name) <= _METADATA_KEY_MAX for name in metadata)
        and all(isinstance(value, str) and len(value) <= _METADATA_VALUE_MAX for value in metadata.values())
    )
    if not good:
        limits = (
            f"{_METADATA_MAX} names of {_METADATA_KEY_MAX} characters with strings of {_METADATA_VALUE_MAX}"
        )
        raise _invalid("metadata", f"must be an object of at most {limits}")
    return dict(metadata)


def name_of(fields: Fields) -> str:
    name = fields.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > NAME_CHARS_MAX:
        raise _invalid("name", f"must be a string of 1 to {NAME_CHARS_MAX} characters")
    return name.strip()


def character_ids_of(fields: Fields) -> list[str]:
    """The ids of `characters: [{"id": …}]`, two at most."""
    characters = as_object(fields.get("characters") or [])
    if not isinstance(characters, list) or len(characters) > CHARACTERS_MAX:
        raise _invalid("characters", f"must be a list of at most {CHARACTERS_MAX} objects with an 'id'")
    return [_id_in(character, "characters") for character in characters]


def video_id_of(fields: Fields) -> str:
    """The id of `video: {"id": …}`, also as JSON in a form's part."""
    if fields.get("video") is None:
        raise ApiRefusal(
            "Missing required parameter: 'video'.", param="video", code="missing_required_parameter"
        )
    return _id_in(as_object(fields["video"]), "video")


def resource_of(job: Job) -> dict[str, Any]:
    """A job as the specification's VideoResource, with what we add to it."""
    done = job.status is Status.COMPLETED and job.ended_at is not None
    ended_at = job.ended_at or job.created_at
    return {
        "id": job.id,
        "object": "video",
        "model": job.model,
        "status": job.status.value,
        "progress": job.progress,
        "created_at": int(job.created_at.timestamp()),
        "completed_at": int(ended_at.timestamp()) if done else None,
        "expires_at": int((ended_at + KEPT_FOR).timestamp()) if done else None,
        "prompt": job.prompt,
        "size": job.spec.size,
        "seconds": str(job.spec.seconds),
        "remixed_from_video_id": job.remixed_from,
        "error": {"code": job.error[0], "message": job.error[1]} if job.error else None,
        "seed": job.spec.seed,
        "idempotency_key": job.idempotency_key,
        "metadata": job.metadata,
    }


def as_object(value: Any) -> Any:
    """What JSON in a form's part says; everything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def nearest_seconds(length: float) -> int:
    """The whole seconds that a video of this length is drawn over in."""
    return min(SECONDS_MAX, max(SECONDS_MIN, math.ceil(length - 0.25)))


def nearest_size(width: int, height: int) -> tuple[int, int]:
    """The size of ours that is nearest to a picture's."""
    long, short = (1920, 1080) if min(width, height) >= 1080 else (1280, 720)
    return (long, short) if width >= height else (short, long)


def _invalid(param: str, rule: str) -> ApiRefusal:
    return ApiRefusal(f"Invalid value for '{param}': it {rule}.", param=param, code="invalid_value")


def _whole(value: Any) -> int | None:
    """4 of 4 and of "4"; None of everything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return (
        int(value)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12
        else None
    )


def _id_in(value: Any, param: str) -> str:
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        return str(value["id"])
    raise _invalid(param, "must be an object with an 'id'")
