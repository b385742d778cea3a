"""`/moderation rules`: the forms, what they are read as, and that they bind members at once."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot import catalogue
from bot.domain import ChannelId, GuildId, Kind
from bot.errors import ChangeRefused
from bot.moderation.ruling import UNSET, Layer, Ruling, what, when
from cogs.rules_forms import MODELS_MAX, listed_models
from storage import acts
from storage.acts import Wanted
from tests.props import Clock
from tests.stage import Json, Stage, button, open_stage, texts, walk

GUILD = GuildId(7)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


def read_what(**typed: object) -> Layer:
    nothing = {"roles": [], "kinds": [], "models": [], "duration": "", "price": ""}
    return what(UNSET, guild_id=GUILD, **{**nothing, **typed})  # type: ignore[arg-type]


def read_when(**typed: str) -> Layer:
    return when(UNSET, **{"pictured": "", "remixing": "", "quiet": "", "slow": "", **typed})


# What was typed


def test_nothing_typed_is_as_the_server_says() -> None:
    assert read_what() == UNSET
    assert read_when() == UNSET
    assert read_when(pictured="server", remixing="server") == UNSET


def test_everybody_everything_and_no_limit_are_said_so() -> None:
    assert read_what(roles=[5, GUILD]).roles == ()
    assert read_what(kinds=list(Kind)).kinds == ()
    assert read_what(models=["studio", "any"]).models == ()
    assert read_what(duration="-", price=" - ") == Layer(duration_max_s=-1, price_max_micros=-1)
    assert read_when(quiet="-", slow="-") == Layer(quiet=(0, 0), slow_s=0)


@pytest.mark.parametrize(
    ("typed", "seconds"), [("90", 90), ("90 s", 90), ("10 min", 600), ("2H", 7_200), ("7d", 604_800)]
)
def test_slow_mode_is_typed_as_people_say_it(typed: str, seconds: int) -> None:
    assert read_when(slow=typed).slow_s == seconds


@pytest.mark.parametrize(
    ("typed", "quiet"),
    [("22:00-07:00", (1320, 420)), ("9.30 - 12.00", (570, 720)), ("23:59 to 0:00", (1439, 0))],
)
def test_quiet_hours_are_typed_as_people_say_them(typed: str, quiet: tuple[int, int]) -> None:
    assert read_when(quiet=typed).quiet == quiet


@pytest.mark.parametrize("typed", ["24:00-07:00", "22:60-07:00", "22-7", "night", "07:00-07:00"])
def test_quiet_hours_that_cannot_be_read_are_refused(typed: str) -> None:
    with pytest.raises(ChangeRefused):
        read_when(quiet=typed)


@pytest.mark.parametrize("typed", ["8d", "soon", "-5", "1.5 h", "99999999"])
def test_a_slow_mode_that_cannot_be_read_is_refused(typed: str) -> None:
    with pytest.raises(ChangeRefused):
        read_when(slow=typed)


@pytest.mark.parametrize("typed", ["0", "3601", "long", "-8"])
def test_a_length_that_cannot_be_read_is_refused(typed: str) -> None:
    with pytest.raises(ChangeRefused):
        read_what(duration=typed)


def test_a_price_is_read_as_budgets_are() -> None:
    assert read_what(price="0.50").price_max_micros == 500_000
    assert read_what(price="0").price_max_micros == 0
    with pytest.raises(ChangeRefused):
        read_what(price="a lot")


def test_an_unknown_choice_is_none() -> None:
    assert read_when(pictured="maybe", remixing="'; DROP TABLE jobs") == UNSET


# The command


async def rules(stage: Stage, **options: object) -> Json:
    press = await stage.mika.slash("moderation rules", options, channel=stage.channel())
    return await stage.mika.answer(press)


async def fill(stage: Stage, shown: Json, which: str, **values: object) -> str:
    form = await stage.mika.modal(await stage.mika.press(shown, button(shown, f"desk:{which}:")["custom_id"]))
    return texts(await stage.mika.answer(await stage.mika.submit(form, values)))


async def test_a_channels_rules_are_shown_changed_and_hold_at_once(stage: Stage) -> None:
    shown = await rules(stage)
    assert f"### Rules of <#{stage.channel()}>" in texts(shown)
    assert "- Who may order: everybody (as the server says)" in texts(shown)

    managers = next(one for one in stage.sandbox.world.guild.roles.values() if one.name == "managers")
    told = await fill(
        stage, shown, "what", roles=[str(managers.id)], kinds=["generate"], seconds="4", price="0.40"
    )
    assert f"- Who may order: <@&{managers.id}>\n" in told
    assert "- Made from: words\n" in told
    assert "- Longest clip: 4 seconds\n" in told
    assert "- Dearest order: $0.40\n" in told
    told = await fill(stage, shown, "when", people="own", remix="asked", quiet="-", slow="10 min")
    assert "- Slow mode: 10 min" in told
    assert "Where their member allows it" in told

    assert texts(await stage.ask(stage.ada, prompt="a paper boat")).startswith("Ordering here is for <@&")
    assert "Ordered" in texts(await stage.ask(stage.mika, prompt="a paper boat"))
    assert texts(await stage.ask(stage.mika, prompt="another")).startswith("This channel takes one order")
    assert "Ordered" in texts(await stage.ask(stage.ada, prompt="a paper boat", channel="showcase"))
    kept = await stage.database.read(lambda tx: acts.newest(tx, Wanted(), limit=99))
    assert {(one.verb, one.subject) for one in kept} == {("rules.changed", f"channel:{stage.channel()}")}
    assert {json.loads(one.detail)["rule"] for one in kept} == {
        *("roles", "kinds", "duration_max_s", "price_max_micros"),
        *("pictured", "remixing", "quiet", "slow_s"),
    }


async def test_a_form_stands_with_what_holds_and_keeps_the_other_forms_rules(stage: Stage) -> None:
    shown = await rules(stage, server=True)
    assert "### Rules of this server" in texts(shown)
    await fill(stage, shown, "when", people="off", remix="off", quiet="22:00-07:00", slow="90")
    await fill(stage, shown, "what", kinds=["generate", "animate"], models=["studio"], seconds="8")

    form = await stage.mika.modal(await stage.mika.press(shown, button(shown, "desk:when:")["custom_id"]))
    fields = {one.get("custom_id"): one for one in walk_form(form)}
    assert fields["quiet"]["value"] == "22:00-07:00"
    assert fields["slow"]["value"] == "90 s"
    assert [one["value"] for one in fields["people"]["options"] if one.get("default")] == ["off"]
    form = await stage.mika.modal(await stage.mika.press(shown, button(shown, "desk:what:")["custom_id"]))
    fields = {one.get("custom_id"): one for one in walk_form(form)}
    assert fields["seconds"]["value"] == "8"
    chosen = [one["value"] for one in fields["kinds"]["options"] if one.get("default")]
    assert chosen == ["generate", "animate"]
    told = texts(await rules(stage))
    assert "- Quiet hours: 22:00-07:00 (as the server says)" in told
    assert "- Made from: words, pictures (as the server says)" in told


def test_the_form_lists_what_is_chosen_and_what_can_be_ordered_before_anything_else() -> None:
    shipped = catalogue.load(None, providers=frozenset({"replicate"}), now=Clock())
    on_sale = {row.id for kind in Kind for row in shipped.models(kind)}
    every = [row.id for row in shipped.all_models()]
    assert len(every) > MODELS_MAX
    assert not on_sale <= set(every[:MODELS_MAX])

    listed = [row.id for row in listed_models(shipped, ["sora-2-pro"])]

    assert (listed[0], len(listed)) == ("sora-2-pro", MODELS_MAX)
    assert on_sale <= set(listed)


async def test_a_model_far_down_in_the_catalogue_stays_chosen_when_something_else_is_changed(
    stage: Stage,
) -> None:
    last = stage.catalogue.all_models()[-1]
    by = stage.member("Mika")
    chosen = partial(replace, models=(last.id,))
    await Ruling(stage.database, now=stage.clock).change(ChannelId(int(stage.channel())), chosen, by=by)
    shown = await rules(stage)

    form = await stage.mika.modal(await stage.mika.press(shown, button(shown, "desk:what:")["custom_id"]))

    fields = {one.get("custom_id"): one for one in walk_form(form)}
    assert [one["value"] for one in fields["models"]["options"] if one.get("default")] == [last.id]


async def test_what_cannot_be_read_changes_nothing(stage: Stage) -> None:
    told = await fill(stage, await rules(stage), "when", people="server", remix="server", slow="soon")

    assert told.startswith("The slow mode cannot be read. Nothing was changed.")
    assert "- Slow mode: none" in texts(await rules(stage))


async def test_a_model_that_is_named_by_nobody_is_the_first_that_the_channel_takes(stage: Stage) -> None:
    await fill(stage, await rules(stage), "what", models=["studio"])

    assert "Ordered" in texts(await stage.ask(stage.ada, prompt="a paper boat"))


def walk_form(form: Json) -> list[Json]:
    """Every field of a form, out of its label."""
    return [one.get("component", one) for one in walk(form["components"])]


async def test_age_restricted_content_is_for_channels_that_discord_marks_so(tmp_path: Path) -> None:
    async with open_stage(tmp_path, words=("[mature]", "? bare skin")) as stage:
        refused = texts(await stage.ask(stage.ada, prompt="bare skin in the sun"))
        assert refused.startswith("This is for age-restricted channels alone, and Discord does not mark")
        told = texts(await stage.ask(stage.ada, prompt="bare skin in the sun", channel="after-dark"))
        assert "age-restricted" not in told
