"""`/moderation blocks`: files that may not come back here; whoever manages the server may lift one."""

from discord import app_commands
from discord.app_commands import Range, locale_str

from bot.language import _
from bot.moderation.blocks import Blocks, Cause, Kind, Standing
from bot.moderation.reporting import Reason
from cogs import sentences
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.presses import member_of

NUMBER_MAX = 2**53 - 1
"""What Discord takes as a whole number."""


def add_blocks(group: app_commands.Group, blocks: Blocks) -> None:
    """Add the list, and the lifting."""

    @group.command(name="blocks", description="Files that were taken down and may not come back; lift one")
    @app_commands.describe(lift=locale_str("The number of a block that is to hold no more; managers alone"))
    async def listed(interaction: Interaction, lift: Range[int, 1, NUMBER_MAX] | None = None) -> None:
        await acknowledge(interaction)
        member = member_of(interaction)
        if lift is None:
            await answer(interaction, said(_list(await blocks.newest(member.guild_id))))
            return
        lifted = await blocks.lift(lift, by=member, manages=interaction.permissions.manage_guild)
        told = _("Block {n} holds no more: its {kind} may be used and shown again. It is on record.")
        await answer(interaction, said(told.format(n=lift, kind=_kind(lifted))))


def _list(found: list[Standing]) -> str:
    if not found:
        return _("Nothing is blocked here. /moderation takedown blocks what it takes away.")
    lines = [_("The newest blocks of this server; what looks like one may not come back either:")]
    for one in found:
        reason = _("another file") if one.cause is Cause.HASH else sentences.reason(Reason(one.cause.value))
        when = sentences.ago(one.blocked.blocked_at)
        lines.append(f"- `{one.blocked.id}` {_kind(one)} · {reason} · `{one.blocked.job_id}` · {when}")
    return "\n".join(lines)


def _kind(one: Standing) -> str:
    match one.blocked.kind:
        case Kind.PICTURE:
            return _("picture")
        case Kind.CLIP:
            return _("clip")
