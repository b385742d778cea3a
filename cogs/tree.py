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

_ID = re.compile(r"[0-9]{1,19}", re.ASCII)
_IDS = frozenset({AppCommandOptionType.user, AppCommandOptionType.channel, AppCommandOptionType.role})


OUTSIDE_SERVERS = frozenset(
    {"generate", "animate", "remix", "storyboard", "clips", "character", "quota", "help", "privacy"}
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
        if interaction.type is not InteractionType.application_command:
            return True
        data: Any = interaction.data or {}
        command = self.get_command(str(data.get("name")))
        if not _is_as_registered(command, data.get("options", [])):
            await tell(interaction, _strange_form())
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
                await tell(interaction, _strange_form())
            case _:
                await tell(interaction, error)


def _is_as_registered(command: object, options: list[dict[str, Any]]) -> bool:
    """Whether a command, or the one of a group that was called, is asked for as it was registered."""
    while isinstance(command, app_commands.Group):
        match options:
            case [{"name": str(name), "type": 1 | 2} as called]:
                command, options = command.get_command(name), called.get("options", [])
            case _:
                return False
        if command is None:
            return False
    return not isinstance(command, app_commands.Command) or _as_registered(command, options)


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
        # discord.py makes a number of it, whatever it is.
        if parameter.type in _IDS and not _ID.fullmatch(str(value)):
            return False
    return all(not p.required or any(o["name"] == name for o in options) for name, p in parameters.items())


def _strange_form() -> OrderRefused:
    return OrderRefused(
        _("The command came in a form that this bot does not know."),
        _("Pick it again from the list that opens when you type /."),
        kind=FaultKind.OURS,
    )
