"""`/moderation pause` and `/moderation resume`."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.domain import ChannelId
from bot.errors import ChangeRefused
from bot.language import _, ngettext
from bot.moderation.pauses import WHOLE_SERVER, Pauses, Waited
from bot.money import format_usd
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.held_places import Held, held_place
from cogs.presses import member_of


def add_pauses(group: app_commands.Group, pauses: Pauses) -> None:
    """Add the two commands."""

    @group.command(name="pause", description="Take no orders here and submit none, until you resume")
    @app_commands.describe(
        channel=locale_str("Which channel, with its threads; this one if you leave this out"),
        server=locale_str("The whole server"),
    )
    async def pause(
        interaction: Interaction,
        channel: app_commands.Transform[app_commands.AppCommandChannel, Held] | None = None,
        server: bool = False,  # noqa: FBT001, FBT002 - an option of a command
    ) -> None:
        await acknowledge(interaction)
        place = _place(interaction, channel, server=server)
        done = await pauses.pause(member_of(interaction), place)
        await answer(interaction, said(_paused(place, done)))

    @group.command(name="resume", description="Take orders again, and submit what has waited")
    @app_commands.describe(
        channel=locale_str("Which channel, with its threads; this one if you leave this out"),
        server=locale_str("The whole server"),
    )
    async def resume(
        interaction: Interaction,
        channel: app_commands.Transform[app_commands.AppCommandChannel, Held] | None = None,
        server: bool = False,  # noqa: FBT001, FBT002 - an option of a command
    ) -> None:
        await acknowledge(interaction)
        by, place = member_of(interaction), _place(interaction, channel, server=server)
        done = await pauses.resume(by, place)
        told = [_resumed(place, done)]
        still = [_name(one.channel_id) for one in pauses.of_guild(by.guild_id)]
        if still:
            told.append(_("Still paused: {places}.").format(places=", ".join(still)))
        await answer(interaction, said("\n".join(told)))


def _place(
    interaction: Interaction, channel: app_commands.AppCommandChannel | None, *, server: bool
) -> ChannelId:
    if server and channel is not None:
        raise ChangeRefused(_("A channel and the whole server were both named."), _("Leave one of them out."))
    return WHOLE_SERVER if server else held_place(interaction, channel)


def _name(place: ChannelId) -> str:
    return _("this server") if place == WHOLE_SERVER else f"<#{place}>"


def _paused(place: ChannelId, done: Waited) -> str:
    told = (
        _("Paused: {place}. No order is taken and none submitted until /moderation resume.")
        if done.changed
        else _("It was paused before: {place}. Nothing was changed.")
    ).format(place=_name(place))
    if not done.jobs:
        return told
    waits = ngettext(
        "{n} order waits, with {money} set aside; what is being made goes on.",
        "{n} orders wait, with {money} set aside; what is being made goes on.",
        done.jobs,
    ).format(n=done.jobs, money=format_usd(done.held_micros))
    return f"{told} {waits}"


def _resumed(place: ChannelId, done: Waited) -> str:
    if not done.changed:
        return _("It was not paused: {place}. Nothing was changed.").format(place=_name(place))
    told = _("Orders go on: {place}.").format(place=_name(place))
    if not done.jobs:
        return f"{told} " + _("None had waited.")
    waited = ngettext(
        "{n} order had waited, with {money} set aside.",
        "{n} orders had waited, with {money} set aside.",
        done.jobs,
    ).format(n=done.jobs, money=format_usd(done.held_micros))
    return f"{told} {waited}"
