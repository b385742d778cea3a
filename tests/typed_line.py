"""The command that Details name, read as Discord's own field for commands reads what is pasted into it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from discord import ui

from bot.domain import Job
from bot.sandbox.person import Person
from cogs.buttons import DetailsButton
from tests.stage import Json, Stage, texts, walk

PASTED_MAX = 2_000
LEFT_OPEN = "…"
SUBCOMMANDS = (1, 2)
WHOLE_NUMBERS, YES_OR_NO, FILES = 4, 5, 13


async def details(stage: Stage, job: Job, person: Person | None = None) -> Json:
    """What Details answer of an order, from its card, or of a later take, from its clip."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.ActionRow(DetailsButton(f"{'k' if job.take == 1 else 'c'}{job.id}")))
    message = await stage.client.get_partial_messageable(int(stage.channel())).send(view=view)
    reader = person or stage.ada
    card = await reader.message(stage.channel(), str(message.id))
    return await stage.press(reader, card, "details:")


async def line_in(person: Person, answer: Json, folder: Path) -> str:
    """What there is to paste: a block of code, or the files in their order, each of them small enough."""
    block = re.search(r"\*\*\n```\n(.*)\n```", texts(answer))
    if block is not None:
        assert len(block[1].encode("utf-16-le")) // 2 <= PASTED_MAX
        return block[1]
    pieces = [await _file(person, one, folder) for one in _files(answer, "command")]
    assert all(len(piece.encode("utf-16-le")) // 2 <= PASTED_MAX for piece in pieces)
    assert pieces
    assert all(piece == piece.strip() for piece in pieces)
    return "".join(pieces)


async def options_in(person: Person, line: str, *, locale: str = "en-US") -> tuple[str, dict[str, Any]]:
    """The command and its options as they are sent, for somebody whose Discord speaks so."""
    described = dict(_commands(await person.commands(), locale))
    shown = next(each for each in sorted(described, key=len, reverse=True) if line.startswith(f"{each} "))
    command, registered = described[shown]
    options = {_name(one, locale): one for one in registered}
    parts = re.split(rf"(?:^| )({'|'.join(map(re.escape, options))}):", line.removeprefix(f"{shown} "))
    assert parts[0] == ""
    values = dict(zip(parts[1::2], parts[2::2], strict=True))
    return command, {options[each]["name"]: _value(options[each], text) for each, text in values.items()}


def _commands(commands: list[Json], locale: str) -> Iterator[tuple[str, tuple[str, list[Json]]]]:
    """As it is typed; its name for those who send it, and its options."""
    for one in commands:
        if one["type"] != 1:
            continue
        options = one.get("options", [])
        yield f"/{_name(one, locale)}", (one["name"], options)
        for inner in options:
            if inner["type"] in SUBCOMMANDS:
                typed = f"/{_name(one, locale)} {_name(inner, locale)}"
                yield typed, (f"{one['name']} {inner['name']}", inner.get("options", []))


def _name(described: Json, locale: str) -> str:
    return str((described.get("name_localizations") or {}).get(locale) or described["name"])


def _value(option: Json, text: str) -> object:
    """What is sent for what is typed: where there is a list, one of its names has to be typed."""
    if text == LEFT_OPEN:
        return text
    if option.get("choices"):
        named = {_name(choice, "en-US"): choice["value"] for choice in option["choices"]}
        named |= {name: one["value"] for one in option["choices"] for name in _localized(one)}
        return named[text]
    if option["type"] == WHOLE_NUMBERS:
        return int(text)
    return text == "True" if option["type"] == YES_OR_NO else text


def _localized(choice: Json) -> list[str]:
    return list((choice.get("name_localizations") or {}).values())


def _files(answer: Json, start: str) -> list[Json]:
    files = [one for one in walk(answer["components"]) if one["type"] == FILES]
    return [one for one in files if one["name"].startswith(start)]


async def _file(person: Person, component: Json, folder: Path) -> str:
    into = folder / component["name"]
    await person.download(component["file"]["url"], into)
    return str(into.read_text("utf-8"))
