"""Rules about the source that no linter knows."""

import ast
import re
from pathlib import Path

import pytest

from bot import errors

ROOT = Path(__file__).parent.parent
SOURCES = [path for folder in ("bot", "cogs", "storage") for path in sorted((ROOT / folder).rglob("*.py"))]
CORE = [path for path in SOURCES if not {"studio", "sandbox"} & set(path.parts)]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEXTS = [
    *SOURCES,
    *TESTS,
    *(
        path
        for pattern in ("*.md", "*.toml", "Makefile", "Dockerfile", "*.yaml")
        for path in ROOT.glob(pattern)
    ),
    *(ROOT / "storage").rglob("*.sql"),
    *(path for kind in ("js", "css", "html") for path in (ROOT / "bot").rglob(f"*.{kind}")),
]
LINES_MAX = 450

UNFINISHED = re.compile(
    r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "Not" + "ImplementedError"]) + r")\b"
)
VAGUE = re.compile(r"(Manager|Helper|Util|Utils|Base)$|^(Manager|Helper|Util|Base)[A-Z]")

PRINTS = {"bot/__main__.py", "bot/demo.py"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(tree: ast.AST, *names: str) -> list[ast.Call]:
    """The calls of these functions, named as they are written (`time.sleep`)."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) in names]


def naps(tree: ast.AST) -> list[int]:
    """The lines that sleep and hope, outside a loop that looks and asks again."""
    asking_again = {
        id(node) for loop in ast.walk(tree) if isinstance(loop, ast.While) for node in ast.walk(loop)
    }
    return [
        call.lineno
        for call in calls(tree, "asyncio.sleep", "sleep")
        if id(call) not in asking_again and ast.unparse(call.args[0]) != "0"
    ]


def patches_of_ours(tree: ast.AST) -> list[int]:
    """The lines that put something else in the place of what is ours; another's library may be led about."""
    ours = {
        (name.asname or name.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
        if (getattr(node, "module", None) or name.name).partition(".")[0] in {"bot", "cogs", "storage"}
    }
    return [
        call.lineno
        for call in calls(tree, "monkeypatch.setattr", "monkeypatch.delattr")
        if re.split(r"[.'\"]", ast.unparse(call.args[0]).lstrip("'\""))[0]
        in ours | {"bot", "cogs", "storage"}
    ]


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_nothing_says_that_it_is_unfinished(path: Path) -> None:
    assert UNFINISHED.findall(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_module_says_what_it_is_and_is_small(path: Path) -> None:
    source = path.read_text("utf-8")

    assert ast.get_docstring(ast.parse(source)), "a module begins with one sentence"
    assert len(source.splitlines()) <= LINES_MAX
    assert path.stem not in {"utils", "util", "helpers", "helper", "common", "misc"}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_class_has_a_vague_name(path: Path) -> None:
    named = re.findall(r"^\s*class\s+(\w+)", path.read_text("utf-8"), re.MULTILINE)

    assert [name for name in named if VAGUE.search(name)] == []


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_what_is_public_and_not_plain_at_sight_says_what_it_does(path: Path) -> None:
    public = [
        node
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
    ]
    plain = {
        node.name
        for node in public
        if not isinstance(node, ast.ClassDef) and len(ast.unparse(node).splitlines()) <= 8
    }

    assert {node.name for node in public if not ast.get_docstring(node)} - plain == set()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_a_command_line_prints(path: Path) -> None:
    source = path.read_text("utf-8")
    if name_of(path) not in PRINTS and "print" in source:  # to parse them all takes its time
        assert calls(ast.parse(source), "print", "pprint") == []


LOGS = tuple(f"log.{level}" for level in ("debug", "info", "warning", "error", "exception", "critical"))


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_every_line_of_the_log_has_a_code(path: Path) -> None:
    source = path.read_text("utf-8")
    made = calls(ast.parse(source), *LOGS) if "log." in source else []

    assert [call.lineno for call in made if not says_its_code(call)] == []


def says_its_code(call: ast.Call) -> bool:
    """Whether it has an `extra`, which names a code where it is written out at this place."""
    extra = next((given.value for given in call.keywords if given.arg == "extra"), None)
    return extra is not None and (
        not isinstance(extra, ast.Dict) or '"code"' in ast.unparse(extra).replace("'", '"')
    )


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_blocks_the_loop_by_sleeping(path: Path) -> None:
    source = path.read_text("utf-8")
    assert "sleep" not in source or calls(ast.parse(source), "time.sleep") == []


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_no_test_patches_or_sleeps(path: Path) -> None:
    source = path.read_text("utf-8")
    if not any(word in source for word in ("sleep", "mock", "monkeypatch")):
        return
    tree = ast.parse(source)
    imports = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]

    assert [line for line in imports if "mock" in line] == []
    assert patches_of_ours(tree) == []
    if path.name != "slow_disk.py":  # whose sleep is the disk's, in place of a longer fsync
        assert calls(tree, "time.sleep") == []
    if path.name.startswith("test_") and "virtual_time" not in source:  # where a sleep is a time of day
        assert naps(tree) == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_holds_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    pinned = re.findall(r"^[a-z0-9][\w.\[\]-]*==", text, re.MULTILINE | re.IGNORECASE)

    assert len(pinned) > 20
    assert text.count("--hash=sha256:") >= len(pinned)
    assert re.findall(r"https?:|file:|git\+|index-url|find-links|^-e | @ ", text, re.MULTILINE) == []


def test_the_tree_of_errors_is_the_one_that_is_drawn() -> None:
    drawn: list[tuple[str, str]] = []
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*)([A-Z]\w+)(?:  |$)", line):
            depth = len(found[1]) // 4
            above[depth] = found[2]
            drawn.append((found[2], above[depth - 1] if depth else "Exception"))

    classes = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, Exception)]
    assert sorted(drawn) == sorted((cls.__name__, cls.__bases__[0].__name__) for cls in classes)


def test_every_error_has_a_code_of_its_own() -> None:
    classes = [
        cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.DailiesError)
    ]
    codes = [cls.code for cls in classes]

    assert sorted(set(codes)) == sorted(codes)
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


@pytest.mark.parametrize(
    "line", ["# TO" + "DO: later", "raise Not" + "ImplementedError", "x = 1  # FIX" + "ME", "# X" + "XX"]
)
def test_the_look_for_what_is_unfinished_finds_it(line: str) -> None:
    assert UNFINISHED.search(line)


def test_the_look_for_naps_finds_them() -> None:
    hopes = "async def f():\n    await asyncio.sleep(0.5)\n"
    looks = "async def f():\n    while not done():\n        await asyncio.sleep(0.5)\n"
    yields = "async def f():\n    await asyncio.sleep(0)\n"

    assert (naps(ast.parse(hopes)), naps(ast.parse(looks)), naps(ast.parse(yields))) == ([2], [], [])


@pytest.mark.parametrize(
    "line",
    [
        "from bot import orders\nmonkeypatch.setattr(orders, 'QUOTE_HOLDS', 1)",
        "from bot.orders import Orders\nmonkeypatch.delattr(Orders.place, 'x')",
        "import storage.jobs\nmonkeypatch.setattr(storage.jobs, 'get', None)",
        "monkeypatch.setattr('bot.orders.QUOTE_HOLDS', 1)",
    ],
)
def test_the_look_for_patches_of_ours_finds_them(line: str) -> None:
    assert patches_of_ours(ast.parse(line)) == [len(line.splitlines())]
    assert patches_of_ours(ast.parse("import fal_client\nmonkeypatch.setattr(fal_client, 'HOST', 1)")) == []


@pytest.mark.parametrize("name", ["JobManager", "BaseCog", "TextUtils", "OrderHelper", "UtilThing"])
def test_the_look_for_vague_names_finds_them(name: str) -> None:
    assert VAGUE.search(name)


@pytest.mark.parametrize("name", ["Database", "Basement", "Catalogue", "Worker"])
def test_a_plain_name_is_let_be(name: str) -> None:
    assert not VAGUE.search(name)
