"""`/standing`: what holds for oneself here, why and until when, with the way to appeal."""

from collections.abc import Mapping, Sequence
from typing import Any

from discord import app_commands, ui

from bot.language import _
from bot.moderation.appeals import OPEN_FOR, Appeal, Appeals
from bot.moderation.people import EVERYWHERE, People, Sanction
from bot.quoting import whole_lines
from cogs import people_words
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.desk_buttons import DeskAct, DeskButton
from cogs.presses import member_of
from cogs.sentences import LISTED_UNITS_MAX

SHOWN_MAX = 8


def standing(people: People, appeals: Appeals) -> app_commands.Command[Any, ..., None]:
    """The command."""

    async def callback(interaction: Interaction) -> None:
        await acknowledge(interaction)
        member = member_of(interaction)
        holds = await people.open_of(member)
        appealed = await appeals.of_member(member)
        recent = [one for one in await people.history(member) if one.id in appealed]
        shown = list({one.id: one for one in (*reversed(holds), *recent)}.values())
        if not shown:
            await answer(interaction, said(_("You are in good standing here: nothing holds against you.")))
            return
        await answer(interaction, _view(shown, appealed, interaction))

    return app_commands.Command(
        name="standing",
        description="What moderators have decided about you here, why and until when",
        callback=callback,
    )


def _view(
    shown: Sequence[Sanction], appealed: Mapping[str, Appeal], interaction: Interaction
) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    parts: list[ui.Item[Any]] = []
    told = [_told(one, appealed.get(one.id)) for one in shown[:SHOWN_MAX]]
    listed = whole_lines(told, LISTED_UNITS_MAX)
    for one, text in zip(shown, told[:listed], strict=False):
        parts.append(ui.TextDisplay(text))
        fresh = interaction.created_at - one.at <= OPEN_FOR
        may_appeal = one.id not in appealed and one.guild_id != EVERYWHERE
        if may_appeal and one.holds(interaction.created_at) and fresh:
            parts.append(ui.ActionRow(DeskButton(DeskAct.APPEAL, one.id)))
    if listed < len(shown):
        parts.append(ui.TextDisplay(_("… and {n} more").format(n=len(shown) - listed)))
    view.add_item(ui.Container(*parts))
    return view


def _told(one: Sanction, appeal: Appeal | None) -> str:
    line = people_words.line(one, for_moderators=False)
    return line if appeal is None else f"{line}\n{_became(appeal)}"


def _became(appeal: Appeal) -> str:
    if appeal.granted is None:
        return _("You have appealed it; a moderator who did not act will decide.")
    if appeal.granted:
        return _("Your appeal was granted: it does not hold any more.")
    return _("Your appeal was refused; it stays.")
