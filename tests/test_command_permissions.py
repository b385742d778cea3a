"""Which permission each command of the whole bot asks for by itself, as Discord is told at the sync."""

from pathlib import Path

import discord

from bot.app import assembled
from bot.domain import UserId
from bot.settings import Settings

MANAGING = {"budget", "operator", "preset", "settings", "setup", "spend"}
MODERATING = {"moderation", "review"}
OF_MEMBERS = {
    "animate",
    "character",
    "clips",
    "consent",
    "extend",
    "generate",
    "help",
    "privacy",
    "quota",
    "remix",
    "standing",
    "storyboard",
}
MENUS = {"Animate this picture", "Remix this clip", "Report this clip"}


async def test_each_command_carries_the_permission_of_those_it_is_for(tmp_path: Path) -> None:
    config = Settings(data_dir=tmp_path, operator_ids=frozenset({UserId(1)}))
    async with assembled(config) as app:
        asked = {
            str(told["name"]): told["default_member_permissions"]
            for command in app.client.tree.get_commands()
            for told in [command.to_dict(app.client.tree)]
        }

    manage = discord.Permissions(manage_guild=True).value
    moderate = discord.Permissions(manage_messages=True).value
    wanted: dict[str, int | None] = {
        **dict.fromkeys(OF_MEMBERS | MENUS),
        **dict.fromkeys(MANAGING, manage),
        **dict.fromkeys(MODERATING, moderate),
    }
    assert {name: None if bits is None else int(bits) for name, bits in asked.items()} == wanted
