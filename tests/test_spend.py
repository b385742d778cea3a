"""`/spend` and what alerts post, over a real sandbox; and the picture itself."""

import csv
import io
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest
from PIL import Image

from bot.domain import ChannelId, GuildId, Micros, Period, UserId
from bot.money import MICROS_PER_CENT
from bot.sandbox.permissions import Permission
from bot.spend import charts
from bot.spend.alerts import Alerts
from bot.spend.charts import Bar, Panel, draw, top_of
from bot.spend.spending import Share, Spending
from cogs.alert_delivery import AlertDelivery
from storage import alerts, budgets
from storage.budgets import BudgetScope
from tests.bookkeeping import place
from tests.stage import Json, Stage, button, open_stage, texts, walk

DOLLAR = 1_000_000


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def spend(stage: Stage, person: str = "Mika", **options: object) -> Json:
    who = stage.people[person]
    return await who.answer(await who.slash("spend", options, channel=stage.channel(), unchecked=True))


async def files_of(stage: Stage, message: Json, folder: Path) -> dict[str, bytes]:
    """The files that a message shows, by name."""
    found = {}
    for one in walk(message["components"]):
        for media in [one.get("file"), *[item["media"] for item in one.get("items", [])]]:
            if media:
                name = media["url"].partition("?")[0].rpartition("/")[2]
                await stage.mika.download(media["url"], folder / name)
                found[name] = (folder / name).read_bytes()
    return found


async def test_spend_shows_a_picture_the_same_numbers_as_text_and_a_csv(stage: Stage, tmp_path: Path) -> None:
    await stage.ask(stage.ada, prompt="a paper boat")
    await stage.ask(stage.ada, prompt="a paper boat")
    await stage.ask(stage.bruno, prompt="a lighthouse")

    answer = await spend(stage)

    shown = texts(answer)
    files = await files_of(stage, answer, tmp_path)
    ada, bruno = stage.member("Ada").user_id, stage.member("Bruno").user_id
    assert answer["flags"] & 64
    assert "**Spent** $0.00" in shown
    assert "**Set aside** for orders in hand: $1.20" in shown
    assert "3 orders" in shown
    assert f"1. <@{ada}>: $0.00 spent, $0.80 set aside (2 orders)" in shown
    assert f"2. <@{bruno}>: $0.00 spent, $0.40 set aside (1 order)" in shown
    assert "1. studio: " in shown
    assert f"1. <#{stage.channel()}>: " in shown
    assert "All of it is play money." in shown
    with Image.open(io.BytesIO(files["spending.png"])) as picture:
        assert picture.size == (charts.WIDTH, charts.HEIGHT)
    rows = list(csv.DictReader(io.StringIO(files["spending.csv"].decode())))
    assert [(row["member"], row["set_aside_usd"]) for row in rows] == [
        (str(ada), "0.800000"),
        (str(bruno), "0.400000"),
    ]
    (gallery,) = [one for one in walk(answer["components"]) if one["type"] == 12]
    assert "$1.20 set aside" in gallery["items"][0]["description"]


@pytest.mark.parametrize("period", ["week", "month", "last_month", "quarter"])
async def test_every_period_can_be_asked_for(stage: Stage, period: str) -> None:
    await stage.ask(stage.ada, prompt="a paper boat")

    shown = texts(await spend(stage, period=period))

    assert ("1 order" in shown) is (period != "last_month")


async def test_a_period_that_there_is_not_is_refused_and_not_taken_for_this_month(stage: Stage) -> None:
    shown = texts(await spend(stage, period="2026-13"))

    assert "in a form that this bot does not know" in shown
    assert "Spending from" not in shown


async def test_all_servers_are_for_the_operator_alone(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat")
    order = stage.job(50).order
    away = replace(order, member=replace(order.member, guild_id=GuildId(99)))
    elsewhere = stage.job(50, price_micros=3 * DOLLAR, order=away)
    await stage.database.write(lambda tx: place(tx, elsewhere))
    for role in stage.sandbox.world.guild.roles.values():
        role.permissions |= Permission.MANAGE_GUILD

    refused = texts(await spend(stage, everywhere=True))
    own = texts(await spend(stage, "Bruno"))
    every = texts(await spend(stage, "Bruno", everywhere=True))

    assert refused.startswith("The spending of all servers is for whoever runs this bot.")
    assert "$0.40" in own
    assert "$3.00" not in own
    assert "**Set aside** for orders in hand: $3.40" in every
    assert "1. 99: $0.00 spent, $3.00 set aside" in every
    assert "2. The cutting room" in every
    assert "**Borne by the installation** itself: $0.00" in every


async def test_many_members_fit_a_message_and_the_rest_is_one_line(stage: Stage) -> None:
    def fill(tx: sqlite3.Connection) -> None:
        for number in range(40):
            job = stage.job(number, price_micros=(number + 1) * 1_234_567)
            member = replace(job.order.member, user_id=UserId(10**18 + number))
            model = f"a-rather-long-name-of-a-model-{number}"
            place(tx, replace(job, order=replace(job.order, member=member, model=model)))

    await stage.database.write(fill)
    shown = texts(await spend(stage))

    assert len(shown) < 4_000
    assert "6. all others: " in shown
    assert "(35 orders)" in shown


async def test_a_warning_is_posted_with_its_numbers_and_leads_to_the_budgets(stage: Stage) -> None:
    duty = await alerting(stage)
    await stage.ask(stage.ada, prompt="a paper boat")
    await duty.look()
    await duty.tell()
    await duty.tell()

    (message,) = await stage.mika.messages(stage.channel("mods"))
    assert texts(message) == (
        "### 80 % of a budget are used\n"
        "This server: $0.40 of $0.50 a month are spent or set aside.\n"
        "Nothing to do: orders go on until it is used up."
    )
    pressed = texts(await stage.press(stage.mika, message, "alert:"))
    assert "### The budgets of this server" in pressed


async def test_the_button_of_a_warning_is_for_managers(stage: Stage) -> None:
    duty = await alerting(stage, channel="dailies")
    await stage.ask(stage.ada, prompt="a paper boat")
    await duty.look()
    await duty.tell()

    (message,) = await stage.ada.messages(stage.channel())
    pressed = texts(await stage.press(stage.ada, message, "alert:"))

    assert pressed.startswith("Budgets are for those who may manage this server.")


async def test_an_alert_that_was_posted_is_found_by_its_button(stage: Stage) -> None:
    duty = await alerting(stage)
    await stage.ask(stage.ada, prompt="a paper boat")
    await duty.look()
    (alert,) = await stage.database.read(lambda tx: alerts.untold(tx, limit=9))
    board = AlertDelivery(stage.client, play_money=True)
    mods = ChannelId(int(stage.channel("mods")))

    before = await board.find_alert(mods, alert)
    await duty.tell()
    after = await board.find_alert(mods, alert)

    (message,) = await stage.mika.messages(str(mods))
    assert before is None
    assert after == int(message["id"])


async def test_a_statement_has_the_months_numbers_and_picture(stage: Stage, tmp_path: Path) -> None:
    duty = await alerting(stage, limit=50)
    await stage.ask(stage.ada, prompt="a paper boat")
    stage.clock.at = stage.clock.at.replace(day=1) + timedelta(days=40)
    await duty.look()
    await duty.tell()

    (message,) = await stage.mika.messages(stage.channel("mods"))
    assert texts(message).startswith("### The statement of ")
    assert "1 order" in texts(message)
    assert button(message, "alert:")["label"] == "Budgets"
    assert set(await files_of(stage, message, tmp_path)) == {"spending.png", "spending.csv"}


async def test_what_is_too_large_for_the_place_is_left_out_and_the_numbers_stay(stage: Stage) -> None:
    duty = await alerting(stage, limit=50)
    await stage.ask(stage.ada, prompt="a paper boat")
    stage.sandbox.world.guild.upload_limit = 100
    answer = await spend(stage)
    stage.clock.at = stage.clock.at.replace(day=1) + timedelta(days=40)
    await duty.look()
    await duty.tell()

    (statement,) = await stage.mika.messages(stage.channel("mods"))

    for message in (answer, statement):
        assert "1 order" in texts(message)
        assert "Discord takes no file of this size here" in texts(message)
        assert message["attachments"] == []
    assert button(statement, "alert:")["label"] == "Budgets"


async def alerting(stage: Stage, *, channel: str = "mods", limit: int = 0) -> Alerts:
    """The duty, with a channel, and a limit of half a dollar where no other is given."""
    guild_id, boss = stage.member("Mika").guild_id, stage.member("Mika").user_id
    place_id = ChannelId(int(stage.channel(channel)))

    def begin(tx: sqlite3.Connection) -> None:
        alerts.choose_channel(tx, guild_id, place_id, by=boss, at=stage.clock())
        budgets.set_limit(
            tx,
            guild_id,
            BudgetScope.GUILD,
            0,
            Period.MONTH,
            Micros(limit * DOLLAR or DOLLAR // 2),
            by=boss,
            reason="",
            at=stage.clock(),
        )

    await stage.database.write(begin)
    path = Path(str((await stage.database.read(lambda tx: tx.execute("PRAGMA database_list").fetchone()))[2]))
    spending = Spending(path, stage.database, now=stage.clock)
    return Alerts(stage.database, spending, AlertDelivery(stage.client, play_money=False), now=stage.clock)


# the picture


def contrast(one: charts.Colour, other: charts.Colour) -> float:
    """As the Web Content Accessibility Guidelines count it."""

    def light(colour: charts.Colour) -> float:
        parts = [c / 255 for c in colour]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    brighter, darker = sorted((light(one), light(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        *product((charts.TEXT, charts.FAINT), (charts.BACKGROUND, charts.PANEL), (7.0,)),
        *product((charts.SPENT, charts.HELD), (charts.BACKGROUND, charts.PANEL), (3.0,)),
    ],
)
def test_the_picture_can_be_read(front: charts.Colour, back: charts.Colour, least: float) -> None:
    assert contrast(front, back) >= least


@pytest.mark.parametrize(
    ("most", "top", "step"),
    [
        (0, 2, 1),
        (1, 2, 1),
        (9_999, 10_000, 2_000),
        (400_000, 400_000, 100_000),
        (1_000_000, 1_000_000, 200_000),
        (6_920_000, 8_000_000, 2_000_000),
        (999_999_999_999, 1_000_000_000_000, 200_000_000_000),
    ],
)
def test_a_scale_has_round_lines_and_holds_the_most(most: int, top: int, step: int) -> None:
    assert top_of(most) == (top, step)


@pytest.mark.parametrize("most", [1, 7, 123, 19_999, 20_000, 55_555, 1_234_567, 10**12])
def test_a_scale_never_has_more_than_five_lines(most: int) -> None:
    top, step = top_of(most)

    assert top >= most
    assert 2 <= top // step <= 5
    assert top % step == 0


def column(picture: Image.Image, x: int) -> set[object]:
    return {picture.getpixel((x, y)) for y in range(charts._COLUMNS_TOP, charts._COLUMNS_BOTTOM)}


def test_a_column_is_as_high_as_its_day_and_what_is_set_aside_is_hatched() -> None:
    days = [
        Share(date(2026, 11, 1), 1, Micros(2 * DOLLAR), Micros(0)),
        Share(date(2026, 11, 2), 1, Micros(0), Micros(4 * DOLLAR)),
        Share(date(2026, 11, 3), 0, Micros(0), Micros(0)),
    ]
    with Image.open(io.BytesIO(draw(days, ()))) as picture:
        wide = (charts.WIDTH - charts.EDGE - charts._LEFT) // 3
        first, second, third = (column(picture, charts._LEFT + wide * n + wide // 2) for n in range(3))
        x = charts._LEFT + wide // 2
        high = [
            y
            for y in range(charts._COLUMNS_TOP, charts._COLUMNS_BOTTOM)
            if picture.getpixel((x, y)) == charts.SPENT
        ]

    assert charts.SPENT in first
    assert charts.HELD not in first
    assert {charts.HELD, charts.BACKGROUND} <= second
    assert third == {charts.BACKGROUND, charts.GRID}
    assert len(high) == (charts._COLUMNS_BOTTOM - charts._COLUMNS_TOP) // 2


def test_any_amounts_and_names_are_drawn_and_the_picture_stays_small() -> None:
    days = [Share(date(2026, 1, 1) + timedelta(days=n), 1, Micros(10**n), Micros(0)) for n in range(13)]
    bars = tuple(Bar(str(n), name, 10**n, 1) for n, name in enumerate(("x" * 200, "ショー", "\n\0", "", "é")))
    nothing: list[Share[date]] = []

    for picture in (draw(days, (Panel("@", bars),) * 3), draw(nothing, (Panel("#", ()),))):
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 300_000


def test_an_amount_in_the_picture_is_to_the_cent_and_never_nothing_for_something() -> None:
    assert charts.shown(2_625_000) == "$2.63"
    assert charts.shown(MICROS_PER_CENT) == "$0.01"
    assert charts.shown(3_500) == "$0.0035"
    assert charts.shown(0) == "$0.00"
