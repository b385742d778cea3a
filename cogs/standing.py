"""`/standing`: what holds for oneself here, why and until when, with the way to appeal."""

from collections.abc import Mapping, Sequence
from typing import Any

from discord import app_commands, ui

from bot.language import _
from bot.moderation.appeals import OPEN_FOR, Appeal, Appeals
from bot.moderation.people import EVERYWHERE, People, Sanction
from cogs import people_words
from cogs.answers import Interaction, acknowledge, answer, said
from cogs.desk_buttons import DeskAct, DeskButton
from cogs.presses import member_of

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
    for one in shown[:SHOWN_MAX]:
        appeal = appealed.get(one.id)
        told = people_words.line(one, for_moderators=False)
        if appeal is not None:
            told = f"{told}\n{_became(appeal)}"
        parts.append(ui.TextDisplay(told))
        fresh = interaction.created_at - one.at <= OPEN_FOR
        if appeal is None and one.guild_id != EVERYWHERE and one.holds(interaction.created_at) and fresh:
            parts.append(ui.ActionRow(DeskButton(DeskAct.APPEAL, one.id)))
    view.add_item(ui.Container(*parts))
    return view


def _became(appeal: Appeal) -> str:
    if appeal.granted is None:
        return _("You have appealed it; a moderator who did not act will decide.")
    if appeal.granted:
        return _("Your appeal was granted: it does not hold any more.")
    return _("Your appeal was refused; it stays.")
