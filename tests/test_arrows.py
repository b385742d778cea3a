"""Which module may know which: the arrows of the design, read from the imports."""

import ast
import functools
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [path for folder in ("bot", "cogs", "storage") for path in sorted((ROOT / folder).rglob("*.py"))]

SQL = re.compile(
    r"\s*(SELECT\b.*|INSERT\s+(OR\s+\w+\s+)?INTO\b.*|UPDATE\s+\w+\s+SET\b.*|DELETE\s+FROM\b.*|PRAGMA\s.*"
    r"|CREATE\s+(TABLE|INDEX|TRIGGER)\b.*|BEGIN( IMMEDIATE)?|COMMIT|ROLLBACK|SAVEPOINT\s.*)",
    re.DOTALL,
)


@functools.lru_cache(maxsize=1)
def nodes_of(source: str) -> list[ast.AST]:
    """Every node; kept, since each source is looked through for four things."""
    return list(ast.walk(ast.parse(source)))


def imported(source: str) -> Iterator[str]:
    """Every module that is imported anywhere in it, also inside functions, with its dots."""
    for node in nodes_of(source):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield from (f"{module}.{name.name}" for name in names)
            case ast.ImportFrom():
                yield "a relative import"


def inside(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def is_stdlib(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in sys.stdlib_module_names


def wrong_arrows(path: str, source: str) -> list[str]:
    """The imports that this file may not have, by its path in the project."""
    found = []
    for module in imported(source):
        folder = path.split("/", maxsplit=1)[0]
        if path == "bot/domain.py":
            right = is_stdlib(module)
        elif folder == "storage":
            right = is_stdlib(module) or inside(module, "aiosqlite", "bot.domain", "bot.errors", "storage")
        elif folder == "cogs":
            right = not inside(module, "storage", "sqlite3", "aiosqlite")
        elif path.startswith(("bot/studio/", "bot/sandbox/", "bot/providers/")):
            right = not inside(module, "storage", "cogs", "discord", "sqlite3", "aiosqlite")
        elif path in {"bot/app.py", "bot/__main__.py"} or path.startswith("bot/assembly/"):
            right = not inside(module, "discord", "aiosqlite")
        else:
            right = not inside(module, "cogs", "discord", "aiosqlite")
        if not right or module == "a relative import":
            found.append(module)
    return found


def uses_of_sqlite(source: str) -> set[str]:
    """What is taken from the module `sqlite3`."""
    return {
        node.attr
        for node in nodes_of(source)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sqlite3"
    }


def sql_in(source: str) -> list[str]:
    """The strings that are statements of SQL."""
    return [
        node.value
        for node in nodes_of(source)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.fullmatch(node.value)
    ]


SQL_STANDS_AT = {
    "execute": 0,
    "executemany": 0,
    "executescript": 0,
    "write_row": 1,
    "ask_beside": 1,
}
"""Which argument of a call is the statement."""

PASS_SQL_ON = {
    "storage/migrate.py",  # which puts a script and its version into one transaction
    "storage/connection.py",  # which runs what others have written out, later or not at all
    "storage/personal.py",  # which has a statement of its own for each part of an export, in a table
}


def _called(function: ast.expr) -> str:
    match function:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def sql_that_is_put_together(source: str) -> list[int]:
    """The lines where something other than one plain string is executed."""
    return [
        node.lineno
        for node in nodes_of(source)
        if isinstance(node, ast.Call)
        and (place := SQL_STANDS_AT.get(_called(node.func))) is not None
        and not isinstance(next(iter(node.args[place:]), None), ast.Constant)
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_arrow_points_the_right_way(path: Path) -> None:
    name, source = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")

    assert wrong_arrows(name, source) == []
    if not name.startswith("storage/"):
        assert sql_in(source) == []
        assert uses_of_sqlite(source) <= {"Connection"}  # the type of a transaction
    elif name not in PASS_SQL_ON:
        assert sql_that_is_put_together(source) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("bot/domain.py", "from bot.errors import Refusal"),
        ("bot/domain.py", "import pydantic"),
        ("storage/jobs.py", "from bot.orders import Orders"),
        ("storage/jobs.py", "from bot import orders"),
        ("storage/jobs.py", "from cogs import cards"),
        ("storage/jobs.py", "import discord"),
        ("cogs/create.py", "from storage import jobs"),
        ("cogs/create.py", "def f():\n    import storage.jobs"),
        ("cogs/create.py", "import sqlite3"),
        ("bot/worker.py", "from discord import Client"),
        ("bot/worker.py", "from cogs.delivery import DiscordDelivery"),
        ("bot/app.py", "import discord"),
        ("bot/studio/server.py", "from storage.database import Database"),
        ("bot/sandbox/api.py", "import discord"),
        ("bot/orders.py", "from .ids import Ids"),
        ("bot/orders.py", "from . import ids"),
    ],
)
def test_a_wrong_arrow_is_found(path: str, line: str) -> None:
    assert wrong_arrows(path, line) != []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("bot/app.py", "from cogs.client import Client"),
        ("bot/orders.py", "from storage import jobs"),
        ("cogs/create.py", "import discord\nfrom bot.orders import Orders"),
        ("storage/jobs.py", "import aiosqlite\nfrom bot.domain import Job\nfrom bot.errors import StaleJob"),
    ],
)
def test_a_right_arrow_is_let_be(path: str, line: str) -> None:
    assert wrong_arrows(path, line) == []


@pytest.mark.parametrize(
    "line",
    [
        'x("SELECT 1")',
        "x('''\n    UPDATE jobs SET a = 1''')",
        'x("INSERT OR REPLACE INTO t VALUES (1)")',
        'x("DELETE FROM t")',
        'x("PRAGMA foreign_keys = ON")',
        'x("COMMIT")',
        'x(f"SELECT {name} FROM t")',
    ],
)
def test_sql_is_found(line: str) -> None:
    assert sql_in(line) != []


@pytest.mark.parametrize(
    "line", ['c.execute(f"SELECT {x}")', 'c.execute("SELECT " + x)', "c.execute(sql)", "c.execute()"]
)
def test_sql_that_is_put_together_is_found(line: str) -> None:
    assert sql_that_is_put_together(line) == [1]


def test_there_are_no_other_packages() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/*.py") if not path.parent.name.startswith(".")}

    assert folders == {"bot", "cogs", "storage", "tests"}
