"""Presets: what an order takes of them, as a function and over the wire, and what managers may save."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.domain import PROMPT_CHARS_MAX, GuildId, Kind, UserId
from bot.errors import OrderRefused
from bot.ordering.asked import NO_PRESET, Asked
from bot.ordering.presets import PRESETS_MAX, WHOLE_SERVER, Preset
from bot.ordering.shaping import shaped
from storage import acts
from storage import presets as rows
from tests.making_scene import NOTHING_CHARGED, animate, made, newest
from tests.picture_files import drawing, encoded
from tests.props import NOON, asked
from tests.stage import Json, Stage, button, card_of, custom_ids, open_stage, texts

MODELS = {"studio": "Studio", "reel": "Reel"}

NOIR = Preset(
    id="n",
    guild_id=GuildId(7),
    channel_id=WHOLE_SERVER,
    name="Noir",
    model="reel",
    resolution="1080p",
    duration_s=12,
    prefix="Black and white film.",
    suffix="Hard shadows, no music.",
    saved_by=UserId(5),
    saved_at=NOON,
)
PLAIN = replace(
    NOIR, id="p", name="Plain", prefix="", suffix="", model=None, resolution=None, duration_s=None
)
TALL = replace(PLAIN, id="t", name="Tall", aspect_ratio="9:16", duration_s=8, model="studio", suffix="Tall.")


def typed(**options: Any) -> Asked:
    return replace(asked(), **{"duration_s": None, "preset": None, **options})


# What an order takes of them


def test_what_was_typed_comes_before_the_preset_and_that_before_the_channels_own() -> None:
    given = shaped(typed(resolution="720p"), NOIR, TALL, models=MODELS).asked

    assert (given.resolution, given.model, given.duration_s) == ("720p", "reel", 12)
    assert given.aspect_ratio == "9:16"
    assert given.preset == NO_PRESET


def test_everything_that_was_typed_stays() -> None:
    options = {"model": "studio", "resolution": "720p", "aspect_ratio": "1:1", "duration_s": 4}

    given = shaped(typed(**options), NOIR, TALL, models=MODELS).asked

    assert {name: getattr(given, name) for name in options} == options


def test_the_words_come_as_a_pair_from_one_of_them() -> None:
    both = shaped(typed(prompt="a cat"), NOIR, TALL, models=MODELS).asked
    default = shaped(typed(prompt="a cat"), PLAIN, TALL, models=MODELS).asked

    assert both.prompt == "Black and white film. a cat Hard shadows, no music."
    assert default.prompt == "a cat Tall."


def test_the_same_preset_twice_counts_once() -> None:
    given = shaped(typed(prompt="a cat"), NOIR, NOIR, models=MODELS)

    assert given.asked.prompt == "Black and white film. a cat Hard shadows, no music."
    assert given.asides == ("Preset Noir: Reel, 1080p, 12 s, its words with yours",)


def test_a_model_that_is_gone_is_said_and_the_channels_own_taken() -> None:
    given = shaped(typed(), replace(NOIR, model="sora-1"), TALL, models=MODELS)

    assert given.asked.model == "studio"
    (note,) = given.notes
    assert "Preset Noir names the model sora-1, which cannot be ordered here now" in note


def test_a_model_that_is_gone_is_no_matter_where_another_was_typed() -> None:
    assert shaped(typed(model="studio"), replace(NOIR, model="sora-1"), None, models=MODELS).notes == ()


def test_a_remix_takes_the_words_alone() -> None:
    given = shaped(typed(kind=Kind.REMIX, prompt="a cat"), NOIR, None, models=MODELS).asked

    assert (given.model, given.resolution, given.duration_s) == (None, None, None)
    assert given.prompt.startswith("Black and white film. a cat")


def test_a_draft_is_a_draft_and_its_final_has_the_presets_length() -> None:
    given = shaped(typed(draft=True), NOIR, None, models=MODELS)

    assert given.asked.final_s == 12
    assert given.asides == ("Preset Noir: Reel, its words with yours",)


def test_with_the_words_a_prompt_is_never_longer_than_one_may_be() -> None:
    room = PROMPT_CHARS_MAX - len(f"{NOIR.prefix}  {NOIR.suffix}")
    fits = shaped(typed(prompt="a" * room), NOIR, None, models=MODELS)

    assert len(fits.asked.prompt) == PROMPT_CHARS_MAX
    with pytest.raises(OrderRefused, match=r"the prompt has 4,001 characters; a prompt has 4,000 at most\."):
        shaped(typed(prompt="a" * (room + 1)), NOIR, None, models=MODELS)


def test_an_empty_prompt_is_not_filled_by_a_preset() -> None:
    assert shaped(typed(prompt="  "), NOIR, None, models=MODELS).asked.prompt == "  "


def test_the_channels_own_is_said_to_be_that() -> None:
    assert shaped(typed(), None, TALL, models=MODELS).asides == (
        "This channel's preset Tall: Studio, 9:16, 8 s, its words with yours",
    )


# Over the wire


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def manage(stage: Stage, what: str, *, channel: str = "dailies", **options: Any) -> str:
    """What `/preset …` answers to a manager."""
    press = await stage.mika.slash(f"preset {what}", options, channel=stage.channel(channel))
    return texts(await stage.mika.answer(press))


async def saved(stage: Stage, name: str = "Noir", **options: Any) -> Preset:
    """A preset that a manager has saved."""
    place = {"channel": options.pop("channel", "dailies")}
    said = await manage(stage, "save", name=name, **(options or {"prefix": "Film noir."}), **place)
    assert "is saved" in said or "is changed" in said, said
    listed, _ = await stage.presets.of_guild(stage.member("Mika").guild_id)
    return next(one for one in listed if one.name == name)


async def proposed(stage: Stage, typed: str = "", *, channel: str = "dailies") -> list[Json]:
    return await stage.ada.autocomplete(
        "generate", "preset", typed, channel=stage.channel(channel), options={"prompt": "a"}
    )


async def test_a_preset_that_a_manager_saved_is_in_the_choices_and_on_the_quote(stage: Stage) -> None:
    noir = await saved(stage, prefix="Film noir.", duration=12, resolution="1080p")

    assert await proposed(stage, "no") == [{"name": "Noir: 1080p, 12 s", "value": noir.id}]
    quote = await stage.ask(stage.ada, prompt="a cat", preset=noir.id)

    assert "Preset Noir\\: 1080p, 12 s, its words with yours" in texts(quote)
    assert "Film noir. a cat" in texts(quote)
    assert "$1.20" in texts(quote)
    await stage.answer_quote(stage.ada, quote, "yes")
    order = (await newest(stage)).order
    assert (order.prompt, order.resolution, order.duration_s) == ("Film noir. a cat", "1080p", 12)


async def test_receipts_and_details_name_the_preset(stage: Stage) -> None:
    noir = await saved(stage)

    receipt = await stage.ask(stage.ada, prompt="a cat", preset=noir.id)
    job = await newest(stage)
    await stage.delivery.post_card(card_of(job))
    (card,) = await stage.ada.messages(stage.channel())
    details = await stage.press(stage.mika, card, "details:")
    plain = await stage.ask(stage.ada, prompt="a cat")

    assert "In the style of Noir" in texts(receipt)
    assert "**Preset** Noir" in texts(details)
    assert "style" not in texts(plain)


async def test_a_channels_own_preset_holds_there_and_in_its_threads_and_can_be_left_out(stage: Stage) -> None:
    noir = await saved(stage)
    assert "take preset Noir now" in await manage(stage, "default", preset=noir.id)

    await stage.ask(stage.ada, prompt="a cat")
    assert (await newest(stage)).order.prompt == "Film noir. a cat"
    await stage.ask(stage.ada, prompt="a cat", channel="showcase")
    assert (await newest(stage)).order.prompt == "a cat"
    assert (await proposed(stage))[0]["value"] == NO_PRESET
    await stage.ask(stage.ada, prompt="a cat", preset=NO_PRESET)
    assert (await newest(stage)).order.prompt == "a cat"

    assert "take no preset by themselves now" in await manage(stage, "default")
    await stage.ask(stage.ada, prompt="a cat")
    assert (await newest(stage)).order.prompt == "a cat"


async def test_what_is_ordered_again_does_not_take_the_words_twice(stage: Stage) -> None:
    noir = await saved(stage)
    await manage(stage, "default", preset=noir.id)
    job = await made(stage, stage.ada, "a cat")

    options = await stage.orders.typed_for(job)

    assert options is not None
    assert options["preset"] == NO_PRESET
    assert job.order.prompt == "Film noir. a cat"


async def test_an_animation_takes_a_preset_too(stage: Stage, tmp_path: Path) -> None:
    noir = await saved(stage)
    picture = tmp_path / "cat.png"
    picture.write_bytes(encoded(drawing(1280, 720), "PNG"))

    await animate(stage, stage.ada, picture, prompt="it moves", preset=noir.id)

    assert (await newest(stage)).order.prompt == "Film noir. it moves"


async def test_a_preset_of_a_channel_is_seen_there_alone(stage: Stage) -> None:
    noir = await saved(stage, prefix="Film noir.", here=True)

    assert [one["value"] for one in await proposed(stage)] == [noir.id]
    assert await proposed(stage, channel="showcase") == []
    answer = await stage.ask(stage.ada, prompt="a cat", preset=noir.id, channel="showcase")
    assert "There is no such preset here." in texts(answer)


async def test_a_preset_of_another_server_is_not_known_by_its_id(stage: Stage) -> None:
    other = replace(NOIR, id="00000000000000zz", guild_id=GuildId(8))
    await stage.database.write(partial(rows.save, preset=other))

    answer = await stage.ask(stage.ada, prompt="a cat", preset=other.id)

    assert "There is no such preset here." in texts(answer)
    assert NOTHING_CHARGED in texts(answer)
    for command in ("remove", "default"):
        assert "There is no such preset here." in await manage(stage, command, preset=other.id)
    assert await stage.rows() == []
    assert await stage.database.read(partial(rows.count, guild_id=GuildId(8))) == 1


@pytest.mark.parametrize("preset", ["", "nobody saved this", "'; DROP TABLE presets; --", "…" * 500])
async def test_a_preset_that_is_not_there_is_refused(stage: Stage, preset: str) -> None:
    options = [
        {"type": 3, "name": "prompt", "value": "a cat"},
        {"type": 3, "name": "preset", "value": preset},
    ]

    assert "There is no such preset here." in texts(await stage.ask_raw(stage.ada, options))
    assert await stage.rows() == []


async def test_a_preset_is_known_by_its_name_as_it_is_typed(stage: Stage) -> None:
    await saved(stage, "Film Noir")

    await stage.ask(stage.ada, prompt="a cat", preset="film  noir")

    assert (await newest(stage)).order.prompt == "Film noir. a cat"


async def test_names_with_mentions_and_markdown_are_shown_as_text(stage: Stage) -> None:
    name = "@everyone **loud** <#1>"
    noir = await saved(stage, name, duration=12)

    listed = await manage(stage, "list")
    quote = texts(await stage.ask(stage.ada, prompt="a cat", preset=noir.id))

    for shown in (listed, quote):
        assert "\\@everyone \\*\\*loud\\*\\* \\<\\#1\\>" in shown


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "—", "prefix": "a"}, "needs a letter or a digit"),
        ({"name": "a\u202eb", "prefix": "a"}, "nothing that cannot be seen"),
        ({"name": "Noir"}, "This preset says nothing."),
        ({"name": "Noir", "model": "no-such"}, "There is no such model here."),
        ({"name": "Noir", "suffix": "a forbidden thing"}, "a word that is not allowed here"),
        ({"name": "Noir", "prefix": "a forbidden", "suffix": "thing"}, "a word that is not allowed here"),
    ],
)
async def test_what_could_not_be_ordered_cannot_be_saved(
    tmp_path: Path, options: dict[str, Any], sentence: str
) -> None:
    async with open_stage(tmp_path, words=("forbidden thing",)) as stage:
        assert sentence in await manage(stage, "save", **options)
        assert await stage.database.read(partial(rows.count, guild_id=stage.member("Mika").guild_id)) == 0


async def test_words_of_a_preset_and_a_prompt_are_screened_together(tmp_path: Path) -> None:
    async with open_stage(tmp_path, words=("forbidden thing",)) as stage:
        noir = await saved(stage, suffix="thing")

        answer = await stage.ask(stage.ada, prompt="a forbidden", preset=noir.id)

        assert "a word that is not allowed here" in texts(answer)
        assert await stage.rows() == []


async def test_a_preset_with_a_retired_model_says_so_and_asks_first(stage: Stage) -> None:
    noir = await saved(stage)
    old = replace(noir, model="sora-1")
    await stage.database.write(partial(rows.save, preset=old))

    quote = await stage.ask(stage.ada, prompt="a cat", preset=noir.id)

    assert "names the model sora\\-1, which cannot be ordered here now" in texts(quote)
    assert any(one.endswith(":yes") for one in custom_ids(quote))
    assert await stage.rows() == []
    assert "its model cannot be ordered here now" in await manage(stage, "list")


async def test_a_prompt_that_is_too_long_with_the_words_is_refused(stage: Stage) -> None:
    noir = await saved(stage)

    answer = await stage.ask(stage.ada, prompt="a" * 3_995, preset=noir.id)

    assert "the prompt has 4,006 characters; a prompt has 4,000 at most" in texts(answer)
    assert NOTHING_CHARGED in texts(answer)


async def test_a_preset_is_changed_by_saving_it_again_and_gone_when_removed(stage: Stage) -> None:
    noir = await saved(stage)
    again = await saved(stage, "Noir", suffix="Rain.")
    assert again.id == noir.id
    await manage(stage, "default", preset=noir.id)
    listed = await manage(stage, "list")
    assert "after: Rain." in listed
    assert f"taken by itself in <#{stage.channel()}>" in listed

    said = await manage(stage, "remove", preset="noir")
    assert "is removed" in said
    assert f"Orders in <#{stage.channel()}> take no preset by themselves now." in said

    assert "no presets yet" in await manage(stage, "list")
    await stage.ask(stage.ada, prompt="a cat")
    assert (await newest(stage)).order.prompt == "a cat"


async def test_what_managers_do_with_presets_is_on_record(stage: Stage) -> None:
    noir = await saved(stage, channel="dailies", prefix="Film noir.")
    await saved(stage, suffix="Rain.")
    await manage(stage, "default", preset=noir.id)
    await manage(stage, "default")
    await manage(stage, "default")
    await manage(stage, "remove", preset=noir.id)

    recorded = await stage.database.read(partial(acts.newest, wanted=acts.Wanted(), limit=20))
    here, of_preset = f"channel:{stage.channel()}", f"preset:{noir.id}"
    assert [(act.verb, act.subject, act.detail) for act in reversed(recorded)] == [
        ("preset.saved", of_preset, '{"channel":0}'),
        ("preset.saved", of_preset, '{"channel":0}'),
        ("preset.taken", here, f'{{"preset":"{noir.id}"}}'),
        ("preset.taken", here, '{"preset":"none"}'),
        ("preset.removed", of_preset, '{"channel":0}'),
    ]
    assert {act.actor_id for act in recorded} == {int(stage.mika.id)}


async def test_there_is_a_most_of_presets(stage: Stage) -> None:
    guild_id = stage.member("Mika").guild_id
    for number in range(PRESETS_MAX):
        one = replace(NOIR, id=f"{number:016d}", guild_id=guild_id, name=f"Noir {number}", model=None)
        await stage.database.write(partial(rows.save, preset=one))

    assert "there can be no more" in await manage(stage, "save", name="One more", prefix="a")
    assert "is changed" in await manage(stage, "save", name="Noir 3", prefix="a")
    assert "and " in await manage(stage, "list")
    assert len(await proposed(stage)) == 24


async def test_a_preset_that_is_changed_is_told_as_it_is_from_then_on(stage: Stage) -> None:
    await manage(stage, "save", name="Noir", prefix="Film noir.", suffix="Rain.", resolution="1080p")

    said = await manage(stage, "save", name="Noir", prefix="Black and white.", duration=8)

    assert "- **Noir** 8 s\n  - before: Black and white." in said
    assert "Rain" not in said
    assert "1080p" not in said


async def test_what_no_channel_takes_by_itself_is_removed_without_a_word_of_channels(stage: Stage) -> None:
    noir = await saved(stage)

    assert "by themselves" not in await manage(stage, "remove", preset=noir.id)


async def test_the_commands_are_for_those_who_manage_the_server(stage: Stage) -> None:
    with pytest.raises(KeyError):
        await stage.ada.slash("preset list", {}, channel=stage.channel())


async def test_of_two_presets_of_a_name_the_channels_is_seen(stage: Stage) -> None:
    everywhere = await saved(stage)
    await manage(stage, "save", name="Noir", prefix="Noir of here.", here=True)

    await stage.ask(stage.ada, prompt="a cat", preset="Noir")
    assert (await newest(stage)).order.prompt == "Noir of here. a cat"
    assert len(await proposed(stage)) == 1
    await stage.ask(stage.ada, prompt="a cat", preset=everywhere.id, channel="showcase")
    assert (await newest(stage)).order.prompt == "Film noir. a cat"


async def test_of_two_presets_of_a_name_managers_see_which_is_a_channels_and_the_nearest_is_meant(
    stage: Stage,
) -> None:
    await saved(stage)
    await manage(stage, "save", name="Noir", prefix="Noir of here.", here=True)

    listed = await stage.mika.autocomplete("preset remove", "preset", "noir", channel=stage.channel())
    there = await manage(stage, "remove", preset="Noir", channel="dailies")
    left, _ = await stage.presets.of_guild(stage.member("Mika").guild_id)

    assert [one["name"] for one in listed] == ["Noir", "only in #dailies: Noir"]
    assert f"Preset Noir (only in <#{stage.channel()}>) is removed." in there
    assert [one.prefix for one in left] == ["Film noir."]


async def test_a_storyboard_takes_the_channels_own_preset(stage: Stage) -> None:
    noir = await saved(stage)
    await manage(stage, "default", preset=noir.id)
    modal = await stage.ada.modal(await stage.ada.slash("storyboard", {}, channel=stage.channel()))

    quote = await stage.ada.answer(await stage.ada.submit(modal, {"action": "A cat sleeps"}))

    assert "This channel's preset Noir\\: its words with yours" in texts(quote)
    assert "Film noir. A cat sleeps." in texts(quote)
    assert button(quote, "sheet:length:")
