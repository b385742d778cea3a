"""The catalogue beside what the providers say: what is the same, what differs, and what was not answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path

import pytest
from yarl import URL

from bot import __main__ as command
from bot.domain import OfferId
from bot.offers.comparison import compared
from bot.providers.openai import OpenAIVideos
from bot.providers.replicate import ReplicatePredictions
from tests import openai_scene, replicate_scene
from tests.emulators.faults import PROXY_404, PROXY_502_BEFORE_WORK, answer
from tests.offer_scene import Sides
from tests.props import Clock


@pytest.fixture
async def sides(clock: Clock, tmp_path: Path) -> AsyncIterator[Sides]:
    async with AsyncExitStack() as stack:
        opened = Sides(clock, tmp_path)
        await opened.open(stack)
        yield opened


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("openai", "same; its price is in no call of theirs"),
        ("replicate", "same; its price is in no call of theirs"),
        ("fal", "same"),
        ("lumenfall", "same"),
        ("prodia", "not compared: this provider has no call for models or prices"),
    ],
)
async def test_what_is_the_same_is_said_to_be_and_nothing_is_ordered(
    sides: Sides, name: str, words: str
) -> None:
    assert await sides.said(name) == (words, False)

    made = (sides.openai.jobs, sides.fal.books.jobs, sides.lumenfall.videos, sides.replicate.predictions)
    assert made == ({}, {}, {}, {})


@pytest.mark.parametrize(
    ("name", "price", "words"),
    [
        ("fal", '{"720p" = "0.09"}', "price differs: theirs $0.10/s, ours $0.09/s at 720p"),
        (
            "lumenfall",
            '{"720p" = "0.30", "1080p" = "0.45"}',
            "price differs: theirs $0.50/s, ours $0.45/s at 1080p",
        ),
        (
            "lumenfall",
            '{"720p" = "0.31", "1080p" = "0.45"}',
            "price differs: theirs $0.30/s, ours $0.31/s at 720p; theirs $0.50/s, ours $0.45/s at 1080p",
        ),
    ],
)
async def test_another_price_is_told_beside_ours(sides: Sides, name: str, price: str, words: str) -> None:
    assert await sides.said(name, price=price) == (words, True)


async def test_an_offer_without_a_price_is_not_compared_by_it(sides: Sides) -> None:
    assert await sides.said("fal", price="") == ("same; not sold, since its price is not known", False)


@pytest.mark.parametrize("name", ["openai", "fal", "lumenfall", "replicate"])
async def test_an_endpoint_that_is_gone_is_unknown_there(sides: Sides, name: str) -> None:
    sides.openai.models.ends = {"another": None}
    sides.fal.gone_apps.add("fal-ai/sora-2")
    sides.lumenfall.gone_models.add("sora-2-pro")
    sides.replicate.gone_models.add("openai/sora-2")

    words, differs = await sides.said(name)
    over, _ = await sides.said(name, more="retires_on = 2026-09-24")

    assert words.startswith("the endpoint ")
    assert words.endswith(" is unknown there")
    assert differs
    assert over == "same: retired on 2026-09-24, and unknown there"


@pytest.mark.parametrize(
    ("ours", "theirs", "words", "differs"),
    [
        ("", "2027-01-31", "retires on 2027-01-31", True),
        ("retires_on = 2027-02-01", "2027-01-31", "retires on 2027-01-31, ours 2027-02-01", True),
        ("retires_on = 2027-01-31", "2027-01-31", "same; its price is in no call of theirs", False),
        ("retires_on = 2027-01-31", None, "same; its price is in no call of theirs", False),
        ("retires_on = 2026-09-24", None, "retired here on 2026-09-24, and still there", True),
    ],
)
async def test_the_day_on_which_a_model_ends_is_told_beside_ours(
    sides: Sides,
    ours: str,
    theirs: str | None,
    words: str,
    differs: bool,  # noqa: FBT001 - given by name in the table
) -> None:
    sides.openai.models.ends["model-1"] = theirs

    assert await sides.said("openai", more=ours) == (words, differs)


async def test_what_fal_calls_deprecated_is_said_unless_we_know_its_day(sides: Sides) -> None:
    sides.fal.deprecated.add("fal-ai/sora-2/text-to-video")

    assert await sides.said("fal") == ("deprecated there, with no day named", True)
    assert (await sides.said("fal", more="retires_on = 2027-01-31"))[0] == "same"


NO_ANSWERS = [
    ("openai", "models", PROXY_404),
    ("openai", "models", PROXY_502_BEFORE_WORK),
    ("openai", "models", answer(200, {"data": []})),
    ("openai", "models", answer(200, {"data": [{"id": 7}]})),
    ("openai", "models", answer(200, {"data": [{"id": "model-1", "shutdown_date": "soon"}]})),
    ("openai", "models", answer(200, b"<html></html>")),
    ("openai", "models", answer(401, {"error": {"code": "invalid_api_key"}})),
    ("fal", "models", PROXY_404),
    ("fal", "models", answer(200, {"models": [{"endpoint_id": "another", "metadata": {}}]})),
    ("fal", "models", answer(200, {"models": None})),
    ("fal", "pricing", answer(200, {"prices": []})),
    ("fal", "pricing", PROXY_502_BEFORE_WORK),
    ("lumenfall", "models", answer(200, {"data": {}})),
    ("lumenfall", "create", answer(503, {})),
    ("replicate", "model", PROXY_404),
    ("replicate", "model", answer(200, ["a model"])),
    ("replicate", "model", answer(429, {"detail": "Request was throttled."})),
]


@pytest.mark.parametrize(("name", "route", "fault"), NO_ANSWERS)
async def test_no_answer_is_neither_the_same_nor_gone(
    sides: Sides, name: str, route: str, fault: object
) -> None:
    emulator = getattr(sides, name)
    emulator.faults.always(route, fault)

    words, differs = await sides.said(name)

    assert words.startswith("no answer: ")
    assert differs


async def test_a_server_of_ones_own_need_not_list_what_it_serves(sides: Sides) -> None:
    rows = sides.rows("openai")
    own = OpenAIVideos(
        "openai",
        base_url=sides.openai.url,
        api_key=openai_scene.KEY,
        wires=rows.wires("openai"),
        now=sides.clock,
    )
    sides.openai.models.ends = {"another": None}

    found = [each async for each in compared(rows, {"openai": own}, today=date(2026, 11, 21))]
    await own.close()

    (ours,) = [each for each in found if each.offer.id == OfferId("openai/m")]
    assert (ours.words, ours.differs) == ("not compared: this server does not list it", False)


async def test_a_version_of_a_model_is_asked_for_as_one(sides: Sides) -> None:
    rows = sides.rows("replicate")
    provider = sides.provider("replicate", rows)
    assert isinstance(provider, ReplicatePredictions)
    sides.replicate.gone_models.add("openai/sora-2:old")

    known = await provider.endpoint("openai/sora-2:1f2e")
    old = await provider.endpoint("openai/sora-2:old")

    assert (known.exists, old.exists) == (True, False)
    assert sides.replicate.api.seen[0].path == "/v1/models/openai/sora-2/versions/1f2e"


# The command


def settings_for(sides: Sides, folder: Path, price: str = '{"720p" = "0.10"}') -> list[str]:
    sides.rows("openai", price=price)
    env = folder / "settings.env"
    env.write_text(
        f"DAILIES_OPENAI_BASE_URL={sides.openai.url}\nDAILIES_OPENAI_API_KEY={openai_scene.KEY}\n"
        f"DAILIES_MODELS_FILE={folder / 'openai.toml'}\nDAILIES_DATA_DIR={folder}\n"
    )
    return ["--env-file", str(env)]


@pytest.mark.parametrize("what", [["models", "--online"], ["models", "check", "--online"]])
async def test_the_command_says_a_line_an_offer_and_ends_with_1_where_something_differs(
    sides: Sides, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: list[str]
) -> None:
    sides.openai.models.ends |= {"sora-2": None, "sora-2-pro": "2026-09-24"}
    where = settings_for(sides, tmp_path)

    same = await asyncio.to_thread(command.main, [*what, *where])
    said = capsys.readouterr().out.splitlines()
    sides.openai.models.ends["model-1"] = "2027-01-31"
    differs = await asyncio.to_thread(command.main, [*what, *where])
    then = capsys.readouterr().out.splitlines()

    assert "openai/m: same; its price is in no call of theirs" in said
    file = tmp_path / "openai.toml"
    at = file.read_text().splitlines().index("[[offers]]") + 1  # the row has no key for that day
    assert f"{file}:{at}: openai/m: retires_on: retires on 2027-01-31" in then
    last = int(said[-1].rpartition(" ")[2])
    offers = [line for line in then if line.removeprefix(f"{file}:{at}: ").startswith("openai/")]
    assert then[-1].startswith(f"{len(offers)} offers of openai")
    assert int(then[-1].rpartition(" ")[2]) == last + 1
    assert (same, differs) == (1 if last else 0, 1)


async def test_an_endpoint_that_does_not_exist_is_named_with_its_file_line_and_key(
    sides: Sides, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides.rows("replicate")
    file, env = tmp_path / "replicate.toml", tmp_path / "settings.env"
    env.write_text(
        f"DAILIES_REPLICATE_API_TOKEN={replicate_scene.TOKEN}\nDAILIES_DATA_DIR={tmp_path}\n"
        f"DAILIES_PROVIDER_ORIGINS=api.replicate.com={URL(sides.replicate.url).origin()}\n"
    )
    lines = file.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("endpoint ="))
    lines[at] = 'endpoint = "nobody/nothing"'
    file.write_text("\n".join(lines))
    check = ["models", "check", str(file), "--online", "--env-file", str(env)]

    code = await asyncio.to_thread(command.main, check)

    said = capsys.readouterr().out.splitlines()
    there = f"{file}:{at + 1}: replicate/m: endpoint"
    assert f"{there}: the endpoint nobody/nothing is unknown there" in said
    assert code == 1


async def test_a_provider_that_cannot_be_asked_is_a_wrong_setting(
    sides: Sides, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = settings_for(sides, tmp_path)
    (tmp_path / "none.env").write_text(f"DAILIES_DATA_DIR={tmp_path}\n")

    no_such = await asyncio.to_thread(command.main, ["models", "--online", "--provider", "fal", *where])
    nobody = await asyncio.to_thread(
        command.main, ["models", "--online", "--env-file", str(tmp_path / "none.env")]
    )

    assert (no_such, nobody) == (78, 78)
    assert capsys.readouterr().err.splitlines() == [
        "fal cannot be asked; there are: openai",
        "no provider can be asked: set a key, such as DAILIES_FAL_KEY",
    ]
