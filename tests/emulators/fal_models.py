"""What the endpoints of an emulated fal take and cost: Sora's six, and one of each later way with a field.

Sora's fields are those of fal's own pages and of `@fal-ai/client` 1.10.1 (`endpoints.d.ts`), the others'
those of fal-js @381105e (2026-08-02). As how many units a clip at a higher resolution is billed stands
nowhere; here it is as many as make fal's listed price.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

Check = Callable[[object], bool]
Input = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """An endpoint. `units` says what a run is billed as; without it a run makes a character, for nothing."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check]
    usd: str = "0.1"
    unit: str = "seconds"
    units: Callable[[Input], Decimal] | None = None


def wrong(model: Model, asked: Input) -> list[dict[str, object]]:
    """What is wrong with an input, in the shape of fal's model errors; empty where it is fine."""
    known = {**model.required, **model.optional}
    details = [
        detail(name, "missing", "Field required", asked) for name in model.required if name not in asked
    ]
    for name, value in asked.items():
        if name not in known:
            details.append(detail(name, "extra_forbidden", "Extra inputs are not permitted", value))
        elif not known[name](value):
            details.append(detail(name, "literal_error", "Input should be another value", value))
    return details


def detail(field: str, kind: str, message: str, value: object = None) -> dict[str, object]:
    """One of a model's errors."""
    return {
        "loc": ["body", field],
        "msg": message,
        "type": kind,
        "url": f"https://docs.fal.ai/errors#{kind}",
        "input": value,
    }


def _one_of(*values: object) -> Check:
    return lambda value: any(type(value) is type(one) and value == one for one in values)


def _text(most: int) -> Check:
    return lambda value: isinstance(value, str) and 1 <= len(value) <= most


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _ids(value: object) -> bool:
    return isinstance(value, list) and len(value) <= 2 and all(isinstance(one, str) for one in value)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def seconds(asked: Input, usual: str = "4") -> Decimal:
    """How long a clip of this input is."""
    return Decimal(re.sub(r"\D", "", str(asked.get("duration", usual))))


_PROMPT = {"prompt": _text(5_000)}
_SORA_EXTRAS: dict[str, Check] = {
    "duration": _one_of(4, 8, 12, 16, 20),
    "delete_video": _flag,
    "detect_and_block_ip": _flag,
    "character_ids": _ids,
}
_SNAPSHOTS = {"model": _one_of("sora-2", "sora-2-2025-12-08", "sora-2-2025-10-06")}
_SHAPES = {"aspect_ratio": _one_of("16:9", "9:16")}
_SHAPES_OF_PICTURES = {"aspect_ratio": _one_of("auto", "16:9", "9:16")}
_PICTURE = {**_PROMPT, "image_url": _text(8 << 20)}


def _pro(asked: Input) -> Decimal:
    tenths_of_a_dollar = 3 if asked.get("resolution") == "720p" else 5
    return seconds(asked) * tenths_of_a_dollar


MODELS: Mapping[str, Model] = {
    "fal-ai/sora-2/text-to-video": Model(
        required=_PROMPT,
        optional={**_SORA_EXTRAS, **_SNAPSHOTS, **_SHAPES, "resolution": _one_of("720p")},
        units=seconds,
    ),
    "fal-ai/sora-2/text-to-video/pro": Model(
        required=_PROMPT,
        optional={**_SORA_EXTRAS, **_SHAPES, "resolution": _one_of("720p", "1080p", "true_1080p")},
        units=_pro,
    ),
    "fal-ai/sora-2/image-to-video": Model(
        required=_PICTURE,
        optional={
            **_SORA_EXTRAS,
            **_SNAPSHOTS,
            **_SHAPES_OF_PICTURES,
            "resolution": _one_of("auto", "720p"),
        },
        units=seconds,
    ),
    "fal-ai/sora-2/image-to-video/pro": Model(
        required=_PICTURE,
        optional={
            **_SORA_EXTRAS,
            **_SHAPES_OF_PICTURES,
            "resolution": _one_of("auto", "720p", "1080p", "true_1080p"),
        },
        units=_pro,
    ),
    "fal-ai/sora-2/video-to-video/remix": Model(
        required={**_PROMPT, "video_id": _text(200)}, optional={"delete_video": _flag}, units=seconds
    ),
    "fal-ai/sora-2/characters": Model(
        required={"video_url": _text(2_048), "name": _text(80)}, optional={}, usd="0", unit="characters"
    ),
    "fal-ai/kling-video/v3/standard/image-to-video": Model(
        required={"start_image_url": _text(8 << 20)},
        optional={
            **_PROMPT,
            "duration": _one_of(*(str(each) for each in range(3, 16))),
            "generate_audio": _flag,
        },
        units=lambda asked: seconds(asked, "5"),
    ),
    "fal-ai/veo3.1": Model(
        required=_PROMPT,
        optional={
            **_SHAPES,
            "duration": _one_of("4s", "6s", "8s"),
            "resolution": _one_of("720p", "1080p", "4k"),
            "generate_audio": _flag,
            "seed": _whole,
        },
        units=lambda asked: seconds(asked, "8"),
    ),
    "fal-ai/wan/v2.7/edit-video": Model(
        required={**_PROMPT, "video_url": _text(2_048)},
        optional={"duration": _one_of(0, *range(2, 11)), "seed": _whole},
        units=lambda asked: seconds(asked, "2"),
    ),
}
