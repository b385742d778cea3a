"""Rows of a models file as an operator writes them: the plainest, with what a test wants instead."""

import json
from collections.abc import Mapping
from datetime import date

WORDS: Mapping[str, Mapping[str, object]] = {
    "openai": {"endpoint": "sora-2", "sizes": {"720p 16:9": "1280x720"}},
    "fal": {
        "endpoint": "fal-ai/sora-2/text-to-video",
        "resolutions": {"720p": "720p"},
        "aspect_ratios": {"16:9": "16:9"},
        "seconds_as": "integer",
    },
    "replicate": {
        "endpoint": "openai/sora-2",
        "resolutions": {"720p": ""},
        "aspect_ratios": {"16:9": "landscape"},
        "seconds_as": "integer",
    },
    "lumenfall": {
        "endpoint": "sora-2",
        "sizes": {"720p 16:9": "1280x720"},
        "key_field": "idempotency_key",
    },
    "prodia": {
        "endpoint": "inference.sora-2.txt2vid.v1",
        "resolutions": {"720p": ""},
        "aspect_ratios": {"16:9": "16:9"},
        "seconds_as": "integer",
    },
}
"""What each protocol is told for the order of four seconds that every model here takes."""


def model_row(name: str, **keys: object) -> str:
    """A model of this id that makes four seconds from words; `keys` stand beside the usual, or instead."""
    usual: dict[str, object] = {
        "id": name,
        "name": name.capitalize(),
        "about": "For tests.",
        "kinds": ["generate"],
        "resolutions": ["720p"],
        "aspect_ratios": ["16:9"],
        "durations_s": [4],
    }
    return _row("models", usual | keys)


def offer_row(
    model: str, provider: str, *, protocol: str | None = None, usd: str = "0.10", **keys: object
) -> str:
    """An offer of it, whose provider speaks the protocol of its own name if none is said."""
    spoken = protocol or provider
    usual: dict[str, object] = {
        "model": model,
        "provider": provider,
        "protocol": spoken,
        **WORDS[spoken],
        "usd_per_second": {"720p": usd},
        "price_read_on": date(2026, 11, 21),
        "price_from": "the test",
    }
    return _row("offers", usual | keys)


def _row(table: str, keys: Mapping[str, object]) -> str:
    lines = (f"{name} = {_toml(value)}" for name, value in keys.items())
    return "\n".join((f"[[{table}]]", *lines, "", ""))


def _toml(value: object) -> str:
    match value:
        case date():
            return value.isoformat()
        case Mapping():
            return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + " }"
        case _:
            return json.dumps(value)
