"""The commands as Discord calls them: what comes in is checked, and what fails is told to the member."""

import logging
import re
from collections.abc import Mapping
from typing import Any

import discord
from discord import AppCommandOptionType, InteractionType, app_commands

from bot import language
from bot.domain import FaultKind
from bot.errors import OrderRefused
from bot.language import _
from cogs.answers import Interaction, tell
from cogs.counted import COUNTED
from cogs.whereabouts import has_business

log = logging.getLogger(__name__)

_PYTHON_TYPES: Mapping[AppCommandOptionType, type] = {
    AppCommandOptionType.string: str,
    AppCommandOptionType.integer: int,
    AppCommandOptionType.boolean: bool,
    # What stands for these is an id.
    AppCommandOptionType.attachment: str,
    AppCommandOptionType.user: str,
    AppCommandOptionType.channel: str,
    AppCommandOptionType.role: str,
}

_ID = re.compile(COUNTED)
_IDS = frozenset(
    {
        AppCommandOptionType.attachment,
        AppCommandOptionType.user,
        AppCommandOptionType.channel,
        AppCommandOptionType.role,
    }
)


OUTSIDE_SERVERS = frozenset(
    {"generate", "animate", "remix", "extend", "storyboard", "clips", "character", "quota", "help", "privacy"}
)
"""The commands that need no server, where the operator lets them be used outside."""


class Tree(app_commands.CommandTree[discord.Client]):
    """discord.py trusts the types of options as they come; here a wrong one is refused with a sentence."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=False, private_channel=False
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )

    def open_outside_servers(self) -> None:
        """Offer the members' own commands in direct messages too, and to those who install the bot.

        Those of managers and moderators stay where there is something to manage.
        """
        for command in self.get_commands():
            if command.name in OUTSIDE_SERVERS:
                command.allowed_contexts = app_commands.AppCommandContext(
                    guild=True, dm_channel=True, private_channel=True
                )
                command.allowed_installs = app_commands.AppInstallationType(guild=True, user=True)
        for menu in self.get_commands(type=discord.AppCommandType.message):
            menu.allowed_contexts = app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            )
            menu.allowed_installs = app_commands.AppInstallationType(guild=True, user=True)

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether the options are of the types that the command was registered with.

        discord.py calls it first of all, in the task that does the rest: from here on it is the member's
        language that is spoken.
        """
        language.settle(interaction.locale.value)
        data: Any = interaction.data or {}
        if interaction.type is InteractionType.autocomplete:  # nobody to tell: it can only be left empty
            command = self.get_command(str(data.get("name")))
            return has_business(interaction) and _can_propose(command, data.get("options", []))
        command = self.get_command(str(data.get("name")))
        if not _is_as_registered(command, data.get("options", [])):
            await tell(interaction, strange_form())
            return False
        return True

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """The one place where a failed command ends."""
        if interaction.type is InteractionType.autocomplete:  # nobody to tell: it can only be left empty
            log.warning("autocomplete failed: %s", error, extra={"code": "autocomplete_failed"})
            return
        match error:
            case app_commands.CommandInvokeError():
                await tell(interaction, error.original)
            case (
                app_commands.CommandNotFound()
                | app_commands.CommandSignatureMismatch()
                | app_commands.TransformerError()
            ):
                await tell(interaction, strange_form())
            case _:
                await tell(interaction, error)


def _is_as_registered(command: object, options: list[dict[str, Any]]) -> bool:
    """Whether a command, or the one of a group that was called, is asked for as it was registered."""
    called, options = _called(command, options)
    if isinstance(command, app_commands.Group) and called is None:
        return False
    return called is None or _as_registered(called, options)


def _can_propose(command: object, options: list[dict[str, Any]]) -> bool:
    """Whether what is being typed is one option that has proposals, beside others that can be read."""
    called, options = _called(command, options)
    if called is None:
        return False
    parameters = {parameter.display_name: parameter for parameter in called.parameters}
    given = [(parameters.get(option["name"]), option) for option in options]
    focused = [parameter for parameter, option in given if option.get("focused")]
    return (
        len(focused) == 1
        and focused[0] is not None
        and focused[0].autocomplete
        and all(parameter is not None and _can_read(parameter, option) for parameter, option in given)
    )


def _can_read(parameter: app_commands.Parameter, option: dict[str, Any]) -> bool:
    """Whether an option beside the one that is typed is of its type; of a number any text may stand there."""
    if option["type"] != parameter.type.value:
        return False
    if parameter.type is AppCommandOptionType.string:
        return isinstance(option.get("value"), str)
    return parameter.type not in _IDS or _is_id(option)


def _offered(parameter: app_commands.Parameter, value: object) -> bool:
    """Whether a choice or a number is of those that the form offers; discord.py leaves that to Discord."""
    if parameter.choices:
        return value in [choice.value for choice in parameter.choices]
    if not isinstance(value, int) or parameter.type is not AppCommandOptionType.integer:
        return True
    low, high = parameter.min_value, parameter.max_value
    return (low is None or value >= low) and (high is None or value <= high)


def _is_id(option: dict[str, Any]) -> bool:
    return _ID.fullmatch(str(option.get("value"))) is not None


def _called(
    command: object, options: list[dict[str, Any]]
) -> tuple[app_commands.Command[Any, ..., Any] | None, list[dict[str, Any]]]:
    """The command at the end of groups with its own options; None where there is none."""
    while isinstance(command, app_commands.Group):
        match options:
            case [{"name": str(name), "type": 1 | 2} as called]:
                command, options = command.get_command(name), called.get("options", [])
            case _:
                return None, []
    return (command if isinstance(command, app_commands.Command) else None), options


def _as_registered(command: app_commands.Command[Any, ..., Any], options: list[dict[str, Any]]) -> bool:
    parameters = {parameter.display_name: parameter for parameter in command.parameters}
    for option in options:
        parameter = parameters.get(option["name"])
        if parameter is None or option["type"] != parameter.type.value:
            return False
        # `type() is`, since to isinstance a bool is an int.
        value = option.get("value")
        if type(value) is not _PYTHON_TYPES[parameter.type]:
            return False
        # The commands that order say by themselves what there is to choose from.
        if command.parent is not None and not _offered(parameter, value):
            return False
        # discord.py makes a number of it, whatever it is.
        if parameter.type in _IDS and not _is_id(option):
            return False
    return all(not p.required or any(o["name"] == name for o in options) for name, p in parameters.items())


def strange_form() -> OrderRefused:
    """What is said to values that no client of Discord's sends."""
    return OrderRefused(
        _("The command came in a form that this bot does not know."),
        _("Pick it again from the list that opens when you type /."),
        kind=FaultKind.OURS,
    )
