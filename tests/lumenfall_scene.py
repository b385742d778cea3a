"""What the tests of the lumenfall protocol share: wires, a provider."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from bot.domain import Attempt
from bot.providers.http import Timeouts
from bot.providers.lumenfall import LumenfallVideos
from bot.providers.protocol import Wire
from tests.emulators.lumenfall import LumenfallEmulator
from tests.openai_scene import OFFER
from tests.props import NOON

KEY = "lmnfl_id.never-to-be-seen-in-any-detail"
PRO = Wire(
    endpoint="sora-2-pro",
    sizes={("720p", "16:9"): "1280x720", ("720p", "9:16"): "720x1280", ("1080p", "16:9"): "1920x1080"},
)
FORCED = replace(
    PRO,
    endpoint="fal/sora-2-pro",
    fields={"characters": "character_ids", "blocks_ip": "detect_and_block_ip"},
    constants={"delete_video": True},
)
KLING = Wire(
    endpoint="kling-v3",
    resolutions={"720p": "720p"},
    aspect_ratios={"16:9": "16:9", "9:16": "9:16"},
    seconds_as="integer",
    seed_field="seed",
)

CONTENT_POLICY: dict[str, object] = {"error_code": "content_policy_violation", "message": "Flagged."}
TIMED_OUT: dict[str, object] = {"error": {"message": "The provider took too long (524)."}}

SHORT = Timeouts(submit_s=0.3)
"""For what is made to hang."""


def error(code: str, message: str = "It is said so.", **more: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "upstream_error", "code": code}, **more}


@asynccontextmanager
async def provider_at(
    emulator: LumenfallEmulator | None = None,
    *,
    url: str = "",
    wire: Wire = PRO,
    now: Callable[[], datetime] = lambda: NOON,
    timeouts: Timeouts | None = None,
    webhook_url: Callable[[Attempt], str] | None = None,
) -> AsyncIterator[LumenfallVideos]:
    """A provider at the emulator, or at any other server's `url`."""
    provider = LumenfallVideos(
        "emulator",
        api_key=KEY,
        wires={OFFER: wire},
        now=now,
        base_url=emulator.url if emulator else url,
        account_url=emulator.account_url if emulator else url,
        webhook_url=webhook_url,
        file_hosts={"127.0.0.1"},
        timeouts=timeouts,
    )
    try:
        yield provider
    finally:
        await provider.close()
