"""Outside servers, whole: the real process, from the order to the clip, and who pays for it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.domain import NO_CHANNEL, NOWHERE, JobState
from bot.operating import control
from tests.household import Household, household
from tests.stage import texts

Json = dict[str, Any]


async def ordered(house: Household, channel: str) -> Json:
    press = await house.ada.slash("generate", {"prompt": "a paper boat"}, channel=channel)
    return await house.ada.answer(press)


async def test_an_order_outside_is_admitted_made_and_shown_where_it_can_be(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        house.more["DAILIES_ALLOW_DIRECT_MESSAGES"] = "true"
        await house.start()
        ada, world = house.ada, house.sandbox.world
        direct = await ada.direct_channel(str(world.bot.id))

        refused = texts(await ordered(house, direct))
        wanted = control.AdmitGuild(guild_id=NOWHERE, ceiling_monthly_micros=5_000_000)
        await control.change(house.data_dir, wanted, now=lambda: datetime.now(UTC))
        await ordered(house, direct)
        posted = await house.until_state(JobState.POSTED)

        del world.guild.members[world.bot.id]  # from here on only Ada has installed it
        receipt = await ordered(house, house.channel)
        shown = await ada.wait_for_message(
            lambda one: bool(one["id"] == receipt["id"] and one["attachments"]), timeout_s=20
        )
        aside = await house.until_state(JobState.UNDELIVERABLE)

        assert refused.startswith("Models that cost money are switched off in direct messages.")
        assert posted.clip_channel_id == int(direct)
        assert len([one for one in await ada.messages(direct) if one["attachments"]]) == 1
        assert shown["flags"] & 64
        assert aside.order.channel_id == NO_CHANNEL
        assert aside.card_tried_at is None
        assert {job.order.member.guild_id for job in house.jobs()} == {NOWHERE}
        assert house.ledger_differences() == []
        assert await house.ada.messages(house.channel) == []
