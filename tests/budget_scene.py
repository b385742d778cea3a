"""The steps of tests of `/budget`: a command, the form that it opens, and what stands afterwards."""

from typing import Any

from bot.domain import Micros
from storage import budgets, guilds
from tests.stage import Json, Stage, texts

DOLLAR = 1_000_000


async def limits(stage: Stage) -> dict[tuple[str, int, str], int]:
    """What is set in the server."""
    guild_id = stage.member("Ada").guild_id
    rows = await stage.database.read(lambda tx: budgets.of_guild(tx, guild_id))
    return {(row.scope.value, row.scope_id, row.period.value): row.limit_micros for row in rows}


async def changes(stage: Stage) -> list[budgets.Change]:
    guild_id = stage.member("Ada").guild_id
    return await stage.database.read(lambda tx: budgets.changes(tx, guild_id, newest=50))


async def ceiling(stage: Stage, dollars: int) -> None:
    guild_id = stage.member("Ada").guild_id
    await stage.database.write(
        lambda tx: guilds.admit(tx, guild_id, Micros(dollars * DOLLAR), at=stage.clock())
    )


async def opened(stage: Stage, command: str = "set", person: Any = None, **options: object) -> Json:
    """The form that a command opens."""
    who = person or stage.mika
    press = await who.slash(f"budget {command}", options, channel=stage.channel())
    return await who.modal(press)


async def sent(stage: Stage, form: Json, person: Any = None, **values: str) -> str:
    """What the answer to a form says."""
    who = person or stage.mika
    return texts(await who.answer(await who.submit(form, values, unchecked=True)))


async def used(stage: Stage, command: str, person: Any = None, **options: object) -> str:
    """What the answer to a command says."""
    who = person or stage.mika
    press = await who.slash(f"budget {command}", options, channel=stage.channel())
    return texts(await who.answer(press))


async def raw(stage: Stage, subcommand: str, options: list[Json], **resolved: Json) -> str:
    """The answer to a command with options as no client would send them."""
    found = next(one for one in await stage.mika.commands() if one["name"] == "budget")
    data = {"id": found["id"], "version": found["version"], "name": "budget", "type": 1}
    data["options"] = [{"type": 1, "name": subcommand, "options": options}]
    payload = {"type": 2, "channel_id": stage.channel(), "data": data | {"resolved": resolved}}
    return texts(await stage.mika.answer(await stage.mika.interaction(payload, unchecked=True)))


def prefilled(form: Json, custom_id: str) -> str:
    """What stands in a field of a form."""
    fields = [one["component"] for one in form["components"]]
    return str(next(one for one in fields if one["custom_id"] == custom_id).get("value") or "")
