"""Every sentence of ours that is translated, found where it stands.

Found are the literals in `_(…)`, `later(…)` and `ngettext(…)`, the names, descriptions and choices of the
commands as they are registered, and what our own models file says of its models.
"""

import ast
import asyncio
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from discord import Locale, app_commands
from discord.app_commands import TranslationContextTypes, locale_str

from bot import catalogue, errors
from bot.language import NAME
from bot.moderation.act_log import ActLog
from cogs.act_board import ActBoard, add_log
from cogs.wording import is_name
from tests.library_scene import open_shelf
from tests.privacy_desk import Till
from tests.review_stage import open_office
from tests.setup_scene import set_up
from tests.stage import open_stage

ROOT = Path(__file__).parent.parent

TRANSLATING = frozenset({"_", "later", "ngettext"})
"""Their literal arguments are ours to translate."""

REFUSALS = frozenset(
    name
    for name, thing in vars(errors).items()
    if isinstance(thing, type) and issubclass(thing, errors.Refusal)
)
SHOWN_FIRST = frozenset({"TextDisplay", "said", "Label", *REFUSALS})
"""Calls whose positional texts are read by members."""
SHOWN_BY_NAME = {
    "label": 80,
    "placeholder": 100,
    "text": 45,
    "title": 45,
    "description": 100,
    "content": 4_000,
}
"""Keywords, in `cogs/`, whose texts are read by members, and how long Discord takes them at most: of buttons,
fields, forms' labels and titles, and what stands below them (the narrowest of those with that keyword)."""
TOLD_ELSEWHERE = frozenset(
    {"Command", "Group", "ContextMenu", "command", "context_menu", "describe", "rename", "locale_str"}
)
"""Their texts come through the registered commands."""

FOR_THE_OPERATOR = frozenset(
    {"cogs/settle_button.py", "cogs/unsettled.py", "cogs/operator.py", "cogs/operator_people.py"}
)
"""What these show in English is read by whoever runs the bot, as the log is."""

_WORD = re.compile(r"[^\W\d_]{2,}")
_SENTENCE = re.compile(r"[^\W\d_]{2,}\s+[^\W\d_]{2,}")


class Key(NamedTuple):
    """What a translation is found by."""

    context: str
    msgid: str
    plural: str = ""


@dataclass(slots=True)
class Found:
    """The sentences with the files they stand in, and what is wrong with how they stand there."""

    keys: dict[Key, set[str]] = field(default_factory=dict)
    most: dict[Key, int] = field(default_factory=dict)  # characters, where Discord counts them
    faults: list[str] = field(default_factory=list)

    def add(self, key: Key, where: str) -> None:
        self.keys.setdefault(key, set()).add(where)


@cache
def found() -> Found:
    """Everything, from the sources, the commands and the catalogue."""
    all_of_it = Found()
    for path in sources():
        read_source(path, all_of_it)
    registered, plain = asyncio.run(_of_commands())
    for key in registered:
        all_of_it.add(key, "the commands")
    all_of_it.faults += plain
    for model in catalogue.own_rows().models:
        for text in (model.label, model.about):
            all_of_it.add(Key("", text), "bot/models.toml")
    return all_of_it


def sources() -> list[Path]:
    """Where members' sentences can stand."""
    own = {"sandbox", "studio"}  # they are no part of what a member reads
    return [
        path
        for folder in ("bot", "cogs")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if own.isdisjoint(path.relative_to(ROOT).parts)
    ]


def read_source(path: Path, into: Found, *, root: Path = ROOT) -> None:
    """Note what one file says, and where its words would reach a member in English alone."""
    where = path.relative_to(root).as_posix()
    tree = ast.parse(path.read_text("utf-8"))
    before = len(into.faults)
    covered: set[int] = set()  # ids of nodes whose text is translated, or is no member's
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            _read_call(node, where, into, covered)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            if _name(node.exc) not in REFUSALS:
                _cover(node.exc, covered)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            covered.add(id(node.value))  # a docstring
        elif isinstance(node, ast.ClassDef):
            for keyword in node.keywords:  # `class Budget(Group, description=…)`
                _cover(keyword, covered)
        elif isinstance(node, ast.MatchValue | ast.Compare):
            _cover(node, covered)  # a code that is looked for
    if where.startswith("cogs/"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in covered and _SENTENCE.search(_text(node)):
                into.faults.append(f"{where}:{node.lineno}: not translated: {_text(node)!r}")
    if where in FOR_THE_OPERATOR:
        del into.faults[before:]


def _read_call(node: ast.Call, where: str, into: Found, covered: set[int]) -> None:
    name = _name(node)
    here = f"{where}:{node.lineno}"
    if name in TRANSLATING:
        _cover(node, covered)
        texts = [_literal(argument) for argument in node.args[: 2 if name == "ngettext" else 1]]
        literals = [text for text in texts if text is not None]
        if len(literals) == len(texts):
            into.add(Key("", *literals), where)
        elif any(map(_is_composed, node.args)):
            into.faults.append(f"{here}: {name}() takes a literal, or the name of one")
        return
    if name in TOLD_ELSEWHERE or _is_log(node) or (name == "SettingsError"):
        _cover(node, covered)
        return
    shown = [*node.args[:2]] if name in SHOWN_FIRST else []
    for keyword in node.keywords if where.startswith("cogs/") else []:
        if keyword.arg in SHOWN_BY_NAME:
            shown.append(keyword.value)
            for key in _translated_in(keyword.value):
                into.most[key] = min(SHOWN_BY_NAME[keyword.arg], into.most.get(key, 4_000))
    into.faults += [f"{here}: {name}() shows {ast.unparse(one)}" for one in shown if _has_words(one)]


def _translated_in(node: ast.expr) -> Iterator[Key]:
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and _name(one) == "_" and (text := _literal(one.args[0])) is not None:
            yield Key("", text)


def _is_composed(node: ast.expr) -> bool:
    """Whether a text is put together in the code: no catalogue could have it."""
    return any(isinstance(one, ast.JoinedStr | ast.BinOp | ast.Call) for one in ast.walk(node))


def _has_words(node: ast.expr) -> bool:
    """Whether an argument has words of its own, outside of any translating call."""
    match node:
        case ast.Constant():
            return bool(_WORD.search(_text(node)))
        case ast.JoinedStr():
            return any(_WORD.search(_text(part)) for part in node.values if isinstance(part, ast.Constant))
        case ast.BinOp():
            return _has_words(node.left) or _has_words(node.right)
        case ast.IfExp():
            return _has_words(node.body) or _has_words(node.orelse)
        case ast.BoolOp():
            return any(map(_has_words, node.values))
        case ast.Call(func=ast.Attribute(value=ast.Constant() as text)):  # "…".format(…)
            return _has_words(text)
    return False


def _cover(node: ast.AST, covered: set[int]) -> None:
    covered.update(id(one) for one in ast.walk(node))


def _name(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return ""


def _is_log(node: ast.Call) -> bool:
    match node.func:
        case ast.Attribute(value=ast.Name(id="log")):
            return True
    return False


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _text(node: ast.Constant) -> str:
    return node.value if isinstance(node.value, str) else ""


class _Recorder(app_commands.Translator):
    """Notes everything that discord.py would have translated."""

    def __init__(self) -> None:
        self.keys: dict[Key, None] = {}
        self.texts: set[str] = set()

    async def translate(
        self, string: locale_str, locale: Locale, context: TranslationContextTypes
    ) -> str | None:
        del locale
        self.texts.add(string.message)
        if not string.extras:  # else it is made by a function, whose own sentences are found in the sources
            self.keys[Key(NAME if is_name(context) else "", string.message)] = None
        return None


async def _of_commands() -> tuple[list[Key], list[str]]:
    """What is registered, and what of it discord.py would never ask to be translated."""
    recorder = _Recorder()
    plain: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        async with (
            open_stage(Path(folder)) as stage,
            open_shelf(stage, Path(folder)) as shelf,
            open_office(stage, shelf, Path(folder)) as office,
        ):
            await set_up(office)
            await Till(shelf.scene, Path(folder)).open()
            tree = stage.client.tree
            group = tree.get_command("moderation")
            assert isinstance(group, app_commands.Group)
            add_log(group, ActLog(stage.database, ActBoard(stage.client), now=stage.clock))
            for command in tree._get_all_commands():
                await command.get_translated_payload(tree, recorder)
                plain += [
                    f"/{command.name}: {text!r} must be a locale_str"
                    for text in _shown_by(command.to_dict(tree))
                    if text not in recorder.texts
                ]
    plain += [
        f"{where}: no command that is looked at has {text!r}"
        for text, where in _told_in_the_sources()
        if text not in recorder.texts
    ]
    return list(recorder.keys), plain


def _told_in_the_sources() -> Iterator[tuple[str, str]]:
    """The texts that stand where commands are made: each has to be in one of those that are registered."""
    for path in sources():
        where = path.relative_to(ROOT).as_posix()
        if not where.startswith("cogs/") or where in FOR_THE_OPERATOR:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or _name(node) not in TOLD_ELSEWHERE:
                continue
            told = [each.value for each in node.keywords if each.arg in {"name", "description"}]
            told += node.args[:1] if _name(node) == "locale_str" else []
            for text in filter(None, map(_literal, told)):
                yield text, f"{where}:{node.lineno}"


def _shown_by(payload: dict[str, Any]) -> Iterator[str]:
    """Every text of a command that Discord shows, but for bare values such as `720p`."""
    yield payload["name"]
    yield payload.get("description") or payload["name"]
    for choice in payload.get("choices") or []:
        if re.search(r"[^\W\d_]{3}", choice["name"]):
            yield choice["name"]
    for option in payload.get("options") or []:
        yield from _shown_by(option)
