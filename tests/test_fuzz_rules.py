"""The fuzzer's rules can be broken: a bot that breaks one is caught, by what judges the real one."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.http import Route

from bot.sandbox.errors import Json
from cogs.counted import COUNTED
from tests.fuzz_reach import Reach
from tests.fuzz_world import World, open_world
from tests.fuzzing import COMMAND, COMPONENT, FORM, Input

Interaction = discord.Interaction[Any]
Answer = Callable[[Interaction], Awaitable[object]]

SEND, FORMS = 4, 9
V2 = 1 << 15
BUTTON: Json = {"type": 2, "style": 2, "label": "x", "custom_id": "a"}
SELECT: Json = {"type": 3, "custom_id": "a", "options": [{"label": "x", "value": "x"}]}
FIELD: Json = {"type": 18, "label": "x", "component": {"type": 4, "style": 1, "custom_id": "a"}}


def row(*components: Json) -> Json:
    return {"type": 1, "components": list(components)}


def numbered(component: Json, count: int) -> list[Json]:
    return [component | {"custom_id": f"a{number}"} for number in range(count)]


def options(count: int, **more: str) -> list[Json]:
    return [{"label": "x", "value": f"{number}"} | more for number in range(count)]


def form(*components: Json, **more: Any) -> Json:
    return {"custom_id": "f", "title": "x", "components": list(components)} | more


TOO_MUCH: dict[str, tuple[int, Json]] = {
    "2,001 characters": (SEND, {"content": "x" * 2_001}),
    "11 embeds": (SEND, {"embeds": [{"title": "x"}] * 11}),
    "an embed's title of 257": (SEND, {"embeds": [{"title": "x" * 257}]}),
    "nothing at all": (SEND, {}),
    "six rows": (SEND, {"content": "x", "components": [row(one) for one in numbered(BUTTON, 6)]}),
    "six buttons in a row": (SEND, {"content": "x", "components": [row(*numbered(BUTTON, 6))]}),
    "41 components": (SEND, {"flags": V2, "components": [{"type": 10, "content": "x"}] * 41}),
    "4,001 characters": (SEND, {"flags": V2, "components": [{"type": 10, "content": "x" * 4_001}]}),
    "a custom_id of 101": (SEND, {"content": "x", "components": [row(BUTTON | {"custom_id": "x" * 101})]}),
    "one custom_id twice": (SEND, {"content": "x", "components": [row(BUTTON, BUTTON)]}),
    "a label of 81": (SEND, {"content": "x", "components": [row(BUTTON | {"label": "x" * 81})]}),
    "26 options": (SEND, {"content": "x", "components": [row(SELECT | {"options": options(26)})]}),
    "no option": (SEND, {"content": "x", "components": [row(SELECT | {"options": []})]}),
    "an option of 101": (
        SEND,
        {"content": "x", "components": [row(SELECT | {"options": options(1, label="x" * 101)})]},
    ),
    "a hint of 151": (SEND, {"content": "x", "components": [row(SELECT | {"placeholder": "x" * 151})]}),
    "a form's title of 46": (FORMS, form(FIELD, title="x" * 46)),
    "a form of six fields": (
        FORMS,
        form(*(FIELD | {"component": one} for one in numbered(FIELD["component"], 6))),
    ),
    "a form of nothing": (FORMS, form()),
    "a field's label of 46": (FORMS, form(FIELD | {"label": "x" * 46})),
    "a field's text of 4,001": (
        FORMS,
        form(FIELD | {"component": FIELD["component"] | {"value": "x" * 4_001}}),
    ),
}


async def caught(world: World, answer: Answer) -> str:
    """What the rules say of a command that answers so."""

    async def callback(interaction: Interaction) -> None:
        await answer(interaction)

    command: Any = app_commands.Command(name="planted", description="x", callback=callback)
    world.app.client.tree.add_command(command, override=True)
    data = {"id": "1", "version": "1", "name": "planted", "type": 1, "options": []}
    with pytest.raises(AssertionError) as fault:
        await world.send([Input(type=COMMAND, data=data, person="Ada")])
    return str(fault.value.args[0][0])


async def raw(interaction: Interaction, kind: int, data: Json) -> None:
    """An answer without discord.py's own looks at it, which nothing is logged of."""
    path = "/interactions/{interaction_id}/{token}/callback"
    route = Route("POST", path, interaction_id=interaction.id, token=interaction.token)
    with contextlib.suppress(discord.HTTPException):
        await interaction.client.http.request(route, json={"type": kind, "data": data})


async def test_whatever_breaks_a_rule_is_caught(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:

        async def fails(_: Interaction) -> None:
            raise ValueError

        async def is_silent(_: Interaction) -> None:
            await asyncio.sleep(0)

        async def answers_twice(interaction: Interaction) -> None:
            await raw(interaction, SEND, {"content": "x"})
            await raw(interaction, SEND, {"content": "x"})

        async def moves_money(interaction: Interaction) -> None:
            await raw(interaction, SEND, {"content": "x"})
            await world.rows.placed(world.rows.ada)

        async def answers(interaction: Interaction) -> None:
            await raw(interaction, SEND, {"content": "x"})

        for name, (kind, data) in TOO_MUCH.items():
            assert await caught(world, partial(raw, kind=kind, data=data)) == "refused by Discord", name
        assert await caught(world, answers_twice) == "refused by Discord"
        assert await caught(world, fails) == "logged"
        assert await caught(world, is_silent) == "not answered"
        assert await caught(world, moves_money) == "money moved"
        world.before = await world.money()
        world.acknowledge_s = -1.0
        assert await caught(world, answers) == "too late"


def test_what_nothing_was_sent_to_is_missing() -> None:
    reach = Reach()
    command = {
        "id": "1",
        "name": "clips",
        "type": 1,
        "options": [{"name": "mine", "type": 1}, {"name": "all", "type": 1}],
    }
    data = command | {"options": [{"name": "mine", "type": 1, "options": []}]}
    everything = set(reach.missing([command]))

    reach.count(Input(type=COMMAND, data=data, person="Ada"))
    press = {"component_type": 2, "custom_id": f"quote:{'z' * 16}:yes"}
    reach.count(Input(type=COMPONENT, data=press, person="Ada"))
    reach.count(Input(type=COMPONENT, data=press | {"component_type": 3}, person="Ada"))
    reach.count(Input(type=FORM, data={"custom_id": "setup:budget:7"}, person="Ada"))

    reached = everything - set(reach.missing([command]))
    quoted = "quote:(?P<quote>[0-9a-hjkmnp-tv-z]{16}):(?P<answer>yes|no)"
    assert reached == {
        "1 clips mine",
        f"control {quoted}",
        f"control {quoted} answer=yes",
        f"form setup:budget:(?P<was>{COUNTED}|-)",
        "form setup:budget:",
    }
