"""What `/help` lists: the commands and menus as they are registered, and the buttons as they are made.

A new command, or a new action of a button, stands in the list by itself, since it is read from the tree and
from the actions; mypy asks for the words of a new action.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import AppCommandType, app_commands, ui

from bot.domain import JobId
from bot.language import _, named
from bot.ordering.framing import Framing
from cogs.advice_button import AdviceButton, Of
from cogs.alert_button import AlertButton
from cogs.buttons import CancelButton, DetailsButton, QuoteButton
from cogs.clip_buttons import Act, ClipButton
from cogs.desk_buttons import DeskAct, DeskButton
from cogs.fit_button import FitButton
from cogs.library_buttons import ShelfAct, ShelfButton
from cogs.making_buttons import Action, MakingButton
from cogs.privacy_buttons import PrivacyButton, Sure
from cogs.review_buttons import ReviewButton, Verdict, WhyButton
from cogs.storyboard_controls import PartsButton

_ANY = JobId("0" * 16)
"""A label is the same whatever the button is about."""

_Command = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu

Pressed = tuple[ui.DynamicItem[Any], str]
"""A button, and what pressing it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: its name as the reader sees it in Discord, and what it does; menus say that by their name."""

    name: str
    does: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buttons:
    """What can be pressed in one place."""

    where: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What one member can call, by where it is called."""

    of_members: Sequence[Entry]
    of_managers: Sequence[Entry]
    on_messages: Sequence[Entry]
    on_people: Sequence[Entry]


def commands(
    tree: app_commands.CommandTree[Any], may: discord.Permissions, *, outside: bool = False
) -> Commands:
    """Every registered command that these permissions open, in the reader's language.

    Discord's own gate decides when one is called: a server's owner may have opened or closed more there.
    Those that Discord offers in servers alone are none `outside` of them.
    """
    here = [one for one in tree.get_commands() if not outside or _is_offered_outside(one)]
    slash = [one for one in here if not isinstance(one, app_commands.ContextMenu) and _opens(one, may)]
    return Commands(
        of_members=[_entry(one) for one in slash if one.default_permissions is None],
        of_managers=[_entry(one) for one in slash if one.default_permissions is not None],
        on_messages=_menu(here, AppCommandType.message, may),
        on_people=_menu(here, AppCommandType.user, may),
    )


def buttons(may: discord.Permissions, *, outside: bool = False) -> list[Buttons]:
    """Every button of ours that decides something, by where an order meets it; `outside` of servers too."""
    return [
        Buttons(where=where, entries=[Entry(name=str(one.item.label), does=does) for one, does in met])
        for where, met in _met(may, outside=outside)
    ]


def pressed(may: discord.Permissions) -> list[Pressed]:
    """One of each button that these permissions are shown, and what pressing it does."""
    return [one for _where, met in _met(may) for one in met]


def _met(may: discord.Permissions, *, outside: bool = False) -> list[tuple[str, list[Pressed]]]:
    actions = [action for action in Action if action is not Action.FINALS]
    making = {action: (MakingButton(action, _ANY), _action(action)) for action in actions}
    of_clips = {act: (ClipButton(act, _ANY), words) for act in Act if (words := _act(act)) is not None}
    if outside:  # where nobody else is there to see it
        of_clips.pop(Act.PUBLISH)
    on_shelves = {act: (ShelfButton(act, _ANY), _shelf(act)) for act in ShelfAct}
    change = making.pop(Action.CHANGE)
    details: Pressed = DetailsButton(f"k{_ANY}"), _("settings, price, and what to type to order it again")
    heart = on_shelves.pop(ShelfAct.HEART)
    of_moderators = [of_clips.pop(act) for act in (Act.RESTORE, Act.HIDE, Act.TAKE_DOWN)]
    met: list[tuple[str, list[Pressed]]] = [
        (
            _("On a quote"),
            [
                (
                    QuoteButton(_ANY, accepts=True, label=_("Confirm")),
                    _("places an order at the price that it names"),
                ),
                (
                    QuoteButton(_ANY, accepts=False, label=_("Cancel")),
                    _("takes the quote back; nothing is charged"),
                ),
                (AdviceButton(Of.QUOTE, _ANY), _("what would make the clip better, before you pay")),
                (
                    AdviceButton(Of.QUOTE, _ANY, edits=True),
                    _("changes the words of an order that is not placed"),
                ),
                (FitButton(Framing.PAD, _ANY), _("brings your picture to the clip's shape the other way")),
                (PartsButton(_ANY), _("opens the storyboard's form again")),
            ],
        ),
        (
            _("On the card of an order"),
            [
                (CancelButton(_ANY), _("stops what can be stopped, and says what it cost")),
                details,
                (WhyButton(JobId(_ANY)), _("what a moderator wrote of your order, to you alone")),
                change,
            ],
        ),
        (_("Under a clip"), [*making.values(), details, heart, *of_clips.values()]),
        (_("In /clips"), [*on_shelves.values()]),
        (
            _("About you"),
            [
                (
                    DeskButton(DeskAct.APPEAL, _ANY),
                    _("asks another moderator to look at what was decided about you"),
                ),
                (
                    PrivacyButton(Sure.ERASE, 0),
                    _("erases all that is kept of you, after one more question"),
                ),
            ],
        ),
    ]
    if may.manage_messages:
        verdicts: list[Pressed] = [(ReviewButton(one, _ANY), _verdict(one)) for one in Verdict]
        met.append((_("For moderators"), [*verdicts, *of_moderators]))
    if may.manage_guild:
        met.append((_("For managers"), [(AlertButton(1), _("what is left of each budget"))]))
    return met


def _opens(command: _Command, may: discord.Permissions) -> bool:
    """Whether a command is open to these permissions; none at all opens to administrators alone."""
    wanted = command.default_permissions
    if wanted is None or may.administrator:
        return True
    return wanted.value != 0 and may >= wanted


def _entry(command: app_commands.Command[Any, ..., Any] | app_commands.Group) -> Entry:
    name = f"/{named(command.name)}"
    inner = ", ".join(_inner(command)) if isinstance(command, app_commands.Group) else ""
    does = _(command.description)
    return Entry(name=name, does=f"{does} ({inner})" if inner else does)


def _inner(group: app_commands.Group) -> Iterator[str]:
    for one in group.commands:
        if isinstance(one, app_commands.Group):
            yield from (f"{named(one.name)} {name}" for name in _inner(one))
        else:
            yield named(one.name)


def _is_offered_outside(command: _Command) -> bool:
    contexts = command.allowed_contexts
    return contexts is not None and bool(contexts.dm_channel)


def _menu(here: Sequence[_Command], kind: AppCommandType, may: discord.Permissions) -> list[Entry]:
    found = [one for one in here if isinstance(one, app_commands.ContextMenu) and one.type is kind]
    return [Entry(name=named(one.name)) for one in found if _opens(one, may)]


def _action(action: Action) -> str:
    match action:
        case Action.REMIX:
            return _("a changed version of the clip")
        case Action.EXTEND:
            return _("goes on from its end")
        case Action.FRAME:
            return _("a new clip that begins with its last picture")
        case Action.AGAIN:
            return _("the same order once more, with another seed")
        case Action.FINAL | Action.FINALS:
            return _("a draft at its best, at the full price")
        case Action.CHANGE:
            return _("an order of which a moderator wants a change, with other words")


def _act(act: Act) -> str | None:
    """What a button does with a clip; None for the answers to a question."""
    match act:
        case Act.SPOILER:
            return _("hides the clip until it is clicked, or no more")
        case Act.DELETE:
            return _("takes your clip away everywhere")
        case Act.REPORT:
            return _("tells the moderators that something is wrong with a clip")
        case Act.LINK:
            return _("a fresh link to a clip that is too large to upload")
        case Act.PUBLISH:
            return _("shows your private clip to all")
        case Act.RESTORE:
            return _("shows a reported clip again")
        case Act.HIDE:
            return _("hides a reported clip until a moderator decides otherwise")
        case Act.TAKE_DOWN:
            return _("takes a reported clip away for good")
        case Act.DELETE_ORDER | Act.ERASE | Act.ERASE_ORDER | Act.KEEP:
            return None


def _verdict(verdict: Verdict) -> str:
    match verdict:
        case Verdict.APPROVE:
            return _("lets an order or a clip pass that waits for a moderator")
        case Verdict.SPOILER:
            return _("the same, and the clip is hidden until it is clicked")
        case Verdict.DENY:
            return _("turns it down, with a reason for its member")
        case Verdict.STRIKE:
            return _("the same, and the member has a strike more")
        case Verdict.CHANGE:
            return _("gives the money back and asks for other words")
        case Verdict.TAKE:
            return _("says that you look at it, or no more")
        case Verdict.PREVIOUS:
            return _("what waits before it, in /review")
        case Verdict.NEXT:
            return _("what waits after it, in /review")


def _shelf(act: ShelfAct) -> str:
    match act:
        case ShelfAct.SHOW:
            return _("a clip of /clips with its buttons")
        case ShelfAct.HUNG:
            return _("what a clip was made from, and what was made of it")
        case ShelfAct.HEART:
            return _("keeps a clip among your favourites")
        case ShelfAct.GET:
            return _("the clip once more, to you alone")
