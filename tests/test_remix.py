"""`/remix`, its menu and button, and Extend: which clips, which way, and what is said before."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot import catalogue
from bot.domain import ChannelId, GuildId, Job, Kind
from bot.errors import OrderRefused
from bot.ordering.pricing import Pricing
from bot.ordering.sources import KEPT_FOR
from bot.sandbox.person import Person
from bot.screening.screening import Screening
from cogs.making_buttons import Action
from storage import jobs
from tests.making_scene import (
    NOTHING_CHARGED,
    buttons,
    filmed,
    form_of,
    made,
    newest,
    pressed,
    prompt_in,
    published,
    sent,
)
from tests.props import Clock, asked
from tests.stage import Json, Stage, button, custom_ids, open_stage, post_of, texts

MENU = "Remix this clip"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


async def remix(
    stage: Stage, person: Person, clip: str, *, channel: str = "dailies", **options: object
) -> Json:
    given = {"clip": clip, "prompt": "now at night", **options}
    return await person.answer(await person.slash("remix", given, channel=stage.channel(channel)))


async def choices(
    stage: Stage, person: Person, typed: str = "", *, channel: str = "dailies"
) -> list[tuple[str, str]]:
    found = await person.autocomplete("remix", "clip", typed, channel=stage.channel(channel))
    return [(one["name"], one["value"]) for one in found]


async def assert_refused(answer: Json, *, saying: str) -> None:
    assert answer["flags"] & 64
    assert saying in texts(answer), texts(answer)
    assert NOTHING_CHARGED in texts(answer)
    assert custom_ids(answer) == []


async def take_away(stage: Stage, clip: Job) -> None:
    """Somebody deletes the clip."""
    await stage.database.write(
        lambda tx: tx.execute("UPDATE clips SET state = 'deleted' WHERE job_id = ?", (clip.id,)).rowcount
    )


async def test_a_remix_names_its_way_and_its_price_before_anything_is_paid(stage: Stage) -> None:
    clip = await made(stage, stage.ada)

    quote = await remix(stage, stage.ada, clip.id)

    assert "Studio makes the change in its own copy of the clip" in texts(quote)
    assert "$0.40 (4 s at $0.10 a second)" in texts(quote)
    assert len(await stage.rows()) == 1

    await stage.answer_quote(stage.ada, quote, "yes")

    order = (await newest(stage)).order
    assert (order.kind, order.prompt, order.source_job_id) == (Kind.REMIX, "now at night", clip.id)
    assert order.source is not None
    assert order.source.provider_video_id == f"video_{clip.id}"
    assert (order.resolution, order.aspect_ratio, order.duration_s) == ("720p", "16:9", 4)


async def test_a_clip_that_is_too_large_to_send_is_remixed_where_it_is_else_by_its_last_frame(
    stage: Stage, tmp_path: Path
) -> None:
    clip = await filmed(stage, tmp_path)
    await stage.database.write(lambda tx: tx.execute("UPDATE clips SET size_bytes = 65000000").rowcount)

    assert "in its own copy" in texts(await remix(stage, stage.ada, clip.id))

    stage.clock.advance(KEPT_FOR + timedelta(minutes=1))
    quote = await remix(stage, stage.ada, clip.id)
    assert "Studio animates its last frame instead" in texts(quote)
    await stage.answer_quote(stage.ada, quote, "yes")
    order = (await newest(stage)).order
    assert (order.kind, order.source_job_id, order.duration_s) == (Kind.ANIMATE, clip.id, 4)
    assert order.source is not None
    assert (tmp_path / order.source.path).is_file()


async def test_what_the_provider_has_no_more_is_remixed_from_our_file(stage: Stage) -> None:
    clip = await made(stage, stage.ada)
    stage.clock.advance(KEPT_FOR + timedelta(minutes=1))

    quote = await remix(stage, stage.ada, clip.id)
    await stage.answer_quote(stage.ada, quote, "yes")

    source = (await newest(stage)).order.source
    assert "Studio edits the stored clip" in texts(quote)
    assert source is not None
    assert (source.provider_video_id, source.path) == (None, Path("clips", f"{clip.id}.mp4"))


async def test_a_way_that_closes_before_the_yes_is_not_taken_by_another(stage: Stage) -> None:
    clip = await made(stage, stage.ada)
    stage.clock.advance(KEPT_FOR - timedelta(minutes=1))
    quote = await remix(stage, stage.ada, clip.id)
    stage.clock.advance(timedelta(minutes=2))

    answer = await stage.answer_quote(stage.ada, quote, "yes")

    assert NOTHING_CHARGED in texts(answer)
    assert len(await stage.rows()) == 1


async def test_anybody_who_sees_a_clip_can_remix_it_at_their_own_cost(stage: Stage) -> None:
    clip = await made(stage, stage.ada)

    quote = await remix(stage, stage.bruno, clip.id)
    await stage.answer_quote(stage.bruno, quote, "yes")

    assert (await newest(stage)).order.member == stage.member("Bruno")
    assert (await stage.money("Bruno")).held_micros == 400_000


# Which clips


async def test_the_choices_are_ones_own_clips_and_those_of_the_channel(stage: Stage) -> None:
    own = await made(stage, stage.ada, "a lighthouse", channel="showcase")
    here = await made(stage, stage.bruno, "a tin robot")
    await made(stage, stage.bruno, "a secret", options={"private": True})
    await made(stage, stage.mika, "elsewhere", channel="mods")

    found = await choices(stage, stage.ada)

    assert {value for _, value in found} == {own.id, here.id}
    (name,) = [name for name, value in found if value == here.id]
    assert re.fullmatch(rf"a tin robot · \d+ seconds? ago · Studio · {here.id[-5:]}", name)


async def test_choices_are_found_by_what_is_typed_and_say_their_age(stage: Stage) -> None:
    robot = await made(stage, stage.ada, "A tin ROBOT")
    await made(stage, stage.ada, "a lighthouse")

    found = await choices(stage, stage.ada, "robot")

    assert [value for _, value in found] == [robot.id]


async def test_a_clip_that_is_hidden_or_gone_is_no_choice(stage: Stage) -> None:
    clip = await made(stage, stage.ada)
    await take_away(stage, clip)

    assert await choices(stage, stage.ada) == []


async def test_there_are_never_more_choices_than_discord_shows(stage: Stage) -> None:
    clip = await made(stage, stage.ada, "@everyone " + "*long* " * 100)
    copies = [f"{number:016d}" for number in range(30)]
    await stage.database.write(lambda tx: copied(tx, clip, copies))

    found = await choices(stage, stage.ada)

    assert len(found) == 25
    assert all(len(name) <= 100 for name, _ in found)


def copied(tx: object, clip: Job, ids: list[str]) -> None:
    """The same clip many times over."""
    for number, new in enumerate(ids):
        tx.execute(  # type: ignore[attr-defined]  # a connection of whatever kind
            "CREATE TEMP TABLE one AS SELECT * FROM jobs WHERE id = ?", (clip.id,)
        )
        tx.execute(  # type: ignore[attr-defined]
            "UPDATE one SET id = ?, order_id = ?, interaction_id = ?", (new, new, number)
        )
        tx.execute("INSERT INTO jobs SELECT * FROM one")  # type: ignore[attr-defined]
        tx.execute("DROP TABLE one")  # type: ignore[attr-defined]
        tx.execute(  # type: ignore[attr-defined]
            "INSERT INTO clips SELECT ?, file, sha256, size_bytes, width, height, duration_ms, has_sound, "
            "stored_at, state FROM clips WHERE job_id = ?",
            (new, clip.id),
        )


@pytest.mark.parametrize("clip", ["0000000000000009", "a paper boat", "'; DROP TABLE jobs; --", "…" * 500])
async def test_what_is_no_clip_is_refused(stage: Stage, clip: str) -> None:
    await assert_refused(await remix(stage, stage.ada, clip), saying="This clip is not known here.")


async def test_a_clip_of_another_server_is_not_known_by_its_id(stage: Stage) -> None:
    clip = await made(stage, stage.ada)
    elsewhere = GuildId(clip.order.member.guild_id + 1)
    await stage.database.write(
        lambda tx: tx.execute("UPDATE jobs SET guild_id = ? WHERE id = ?", (elsewhere, clip.id)).rowcount
    )

    for person in (stage.ada, stage.mika):
        await assert_refused(await remix(stage, person, clip.id), saying="This clip is not known here.")
        message = await buttons(stage, clip.id)
        for action in (Action.REMIX, Action.EXTEND, Action.FRAME, Action.AGAIN, Action.FINAL):
            answer = await person.answer(await pressed(person, message, action))
            await assert_refused(answer, saying="is not known here.")


async def test_a_clip_of_a_channel_that_one_may_not_see_is_not_known(stage: Stage) -> None:
    clip = await made(stage, stage.mika, channel="mods")

    await assert_refused(await remix(stage, stage.ada, clip.id), saying="This clip is not known here.")


async def test_a_private_clip_is_its_members_alone(stage: Stage) -> None:
    clip = await made(stage, stage.bruno, options={"private": True})

    await assert_refused(await remix(stage, stage.ada, clip.id), saying="This clip is not known here.")
    assert "in its own copy" in texts(await remix(stage, stage.bruno, clip.id))


async def test_a_private_clip_that_was_published_is_for_all_who_see_it(stage: Stage) -> None:
    clip = await published(stage, await made(stage, stage.bruno, "a secret", options={"private": True}))

    quote = await remix(stage, stage.ada, clip.id)

    assert "in its own copy" in texts(quote)
    assert [value for _, value in await choices(stage, stage.ada)] == [clip.id]


async def test_a_clip_of_a_channel_that_one_can_read_is_remixed_from_another(stage: Stage) -> None:
    clip = await made(stage, stage.bruno, channel="showcase")

    quote = await remix(stage, stage.ada, clip.id)
    await stage.answer_quote(stage.ada, quote, "yes")

    remixed = await newest(stage)
    assert remixed.order.source_job_id == clip.id
    assert remixed.order.channel_id == ChannelId(int(stage.channel()))


async def test_a_clip_of_adults_is_not_remixed_among_others(stage: Stage) -> None:
    clip = await made(stage, stage.bruno, channel="after-dark")

    await assert_refused(await remix(stage, stage.ada, clip.id), saying="This clip is not known here.")
    assert "in its own copy" in texts(await remix(stage, stage.ada, clip.id, channel="after-dark"))


async def test_the_words_of_a_remix_of_a_clip_from_elsewhere_can_be_changed_on_its_quote(
    stage: Stage,
) -> None:
    clip = await made(stage, stage.bruno, channel="showcase")
    too_much = f'she says: "{" and then it rained".join(["well"] * 10)}"'
    quote = await remix(stage, stage.ada, clip.id, prompt=too_much)

    advice = await stage.press(stage.ada, quote, "advice:show:quote:")
    form = await stage.ada.modal(await stage.ada.press(advice, button(advice, "advice:edit:")["custom_id"]))
    anew = await stage.ada.answer(await stage.ada.submit(form, {"prompt": "at dawn, in fog"}))

    assert "at dawn, in fog" in texts(anew)
    assert "in its own copy" in texts(anew)


async def test_a_deleted_clip_is_refused_with_a_sentence(stage: Stage) -> None:
    clip = await made(stage, stage.ada)
    await take_away(stage, clip)

    await assert_refused(
        await remix(stage, stage.ada, clip.id), saying="This clip has been deleted or hidden."
    )


async def test_an_order_without_a_clip_cannot_be_remixed(stage: Stage) -> None:
    await stage.ask(stage.ada, prompt="a paper boat")
    job = await newest(stage)

    answer = await remix(stage, stage.ada, job.id)

    await assert_refused(answer, saying="This order has no clip to go on from.")


async def test_a_model_that_cannot_remix_says_which_can(stage: Stage) -> None:
    clip = await made(stage, stage.ada)

    answer = await remix(stage, stage.ada, clip.id, model="sora-2")

    await assert_refused(answer, saying="Sora 2")
    assert "Studio" in texts(answer)


# The form


async def test_the_form_has_the_old_prompt_in_it(stage: Stage) -> None:
    prompt = "a *paper* boat @everyone " + "🚤" * 100
    clip = await made(stage, stage.ada, prompt)
    form = await form_of(stage.bruno, await buttons(stage, clip.id), Action.REMIX)

    quote = await sent(stage.bruno, form, prompt="now at night")
    await stage.answer_quote(stage.bruno, quote, "yes")

    assert prompt_in(form) == prompt
    assert (await newest(stage)).order.source_job_id == clip.id


async def test_a_form_that_is_sent_in_after_the_clip_was_deleted_is_refused(stage: Stage) -> None:
    clip = await made(stage, stage.ada)
    form = await form_of(stage.ada, await buttons(stage, clip.id), Action.REMIX)
    await take_away(stage, clip)

    await assert_refused(
        await sent(stage.ada, form, prompt="x"), saying="This clip has been deleted or hidden."
    )


async def test_a_button_under_a_deleted_clip_opens_no_form(stage: Stage) -> None:
    clip = await made(stage, stage.ada)
    message = await buttons(stage, clip.id)
    await take_away(stage, clip)

    answer = await stage.ada.answer(await pressed(stage.ada, message, Action.REMIX))

    await assert_refused(answer, saying="This clip has been deleted or hidden.")


async def test_a_button_in_another_channel_than_its_clip_opens_no_form(stage: Stage) -> None:
    clip = await made(stage, stage.mika, channel="mods")
    message = await buttons(stage, clip.id)

    answer = await stage.ada.answer(await pressed(stage.ada, message, Action.REMIX))

    await assert_refused(answer, saying="This clip is not known here.")


@pytest.mark.parametrize(
    ("prompt", "saying"),
    [
        ("   ", "The prompt is empty."),
        ("\u200b", "The prompt is empty."),
        ("a" * 4_001, "4,001 characters"),
        ("half a \ud83c", "a character that is no text"),
    ],
)
async def test_a_bad_prompt_in_a_form_gets_its_sentence(stage: Stage, prompt: str, saying: str) -> None:
    clip = await made(stage, stage.ada)
    form = await form_of(stage.ada, await buttons(stage, clip.id), Action.REMIX)

    answer = await stage.ada.answer(await stage.ada.submit(form, {"prompt": prompt}, unchecked=True))

    await assert_refused(answer, saying=saying)
    assert len(await stage.rows()) == 1


async def test_a_prompt_of_emoji_alone_is_taken_and_one_of_mentions_pings_nobody(stage: Stage) -> None:
    clip = await made(stage, stage.ada)
    form = await form_of(stage.ada, await buttons(stage, clip.id), Action.REMIX)

    quote = await sent(stage.ada, form, prompt="🚤🌊 @everyone <@1> [x](https://example.org)")

    assert "🚤🌊 \\@everyone \\<\\@1\\>" in texts(quote)
    assert quote["mentions"] == []
    assert not quote["mention_everyone"]


async def test_a_form_sent_in_twice_is_two_quotes_and_no_order(stage: Stage) -> None:
    clip = await made(stage, stage.ada)
    message = await buttons(stage, clip.id)

    quotes = [
        await sent(stage.ada, await form_of(stage.ada, message, Action.REMIX), prompt="x") for _ in range(2)
    ]

    assert len({custom_ids(quote)[0] for quote in quotes}) == 2
    assert len(await stage.rows()) == 1


@pytest.mark.parametrize(
    "edited", ["make:remix:{other}", "make:oops:{clip}", "make:remix:{clip}x", "make:remix:"]
)
async def test_a_custom_id_that_was_edited_by_hand_does_nothing(stage: Stage, edited: str) -> None:
    clip = await made(stage, stage.ada)
    message = await buttons(stage, clip.id)
    custom_id = edited.format(clip=clip.id, other="0000000000000009")

    answer = await stage.ada.answer(await stage.ada.press(message, custom_id, unchecked=True))

    await assert_refused(answer, saying="This button is not known any more.")


# The menu of a message


async def test_the_menu_of_a_clips_message_opens_the_form(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"clip")
    clip = await made(stage, stage.ada)
    posted = await stage.delivery.post_clip(post_of(clip, path))

    form = await stage.bruno.modal(await stage.bruno.menu(MENU, str(posted), channel=stage.channel()))

    assert prompt_in(form) == "a paper boat"


async def test_the_menu_of_any_other_message_is_refused(stage: Stage) -> None:
    said = await stage.bruno.say(stage.channel(), "no clip")

    answer = await stage.ada.answer(await stage.ada.menu(MENU, said["id"], channel=stage.channel()))

    await assert_refused(answer, saying="This message shows no clip of this bot.")


# Extend


async def test_a_clip_is_gone_on_from_at_the_price_of_the_new_piece(stage: Stage) -> None:
    clip = await made(stage, stage.ada, options={"duration": 8}, seconds=8.0)
    form = await form_of(stage.ada, await buttons(stage, clip.id), Action.EXTEND)

    quote = await sent(stage.ada, form, prompt="and it sinks")
    await stage.answer_quote(stage.ada, quote, "yes")

    order = (await newest(stage)).order
    assert "goes on from its own copy" in texts(quote)
    assert "$0.40 (4 s at" in texts(quote)
    assert (order.kind, order.duration_s, order.source_job_id) == (Kind.EXTEND, 4, clip.id)


async def test_the_family_of_a_clip_can_be_told(stage: Stage) -> None:
    clip = await made(stage, stage.ada)
    quote = await remix(stage, stage.ada, clip.id)
    await stage.answer_quote(stage.ada, quote, "yes")

    child = await stage.database.read(partial(jobs.get, job_id=(await newest(stage)).id))

    assert child is not None
    assert child.order.source_job_id == clip.id
    assert replace(clip.order, prompt=child.order.prompt).model == child.order.model


@pytest.mark.parametrize(
    ("provider", "kind", "model", "said"),
    [
        ("fal", Kind.REMIX, "kling-v3", "Kling v3 does not change this clip itself"),
        ("fal", Kind.REMIX, None, "edits the stored clip"),
        ("lumenfall", Kind.REMIX, None, "No model that can be had here changes this clip itself"),
        ("lumenfall", Kind.REMIX, "veo-3.1", "Veo 3.1 cannot be ordered here."),
        ("lumenfall", Kind.EXTEND, "kling-v3", "No model that can be had here goes on from a clip."),
        ("prodia", Kind.REMIX, None, "No model that can be had here changes a clip or animates"),
    ],
)
async def test_what_a_remix_can_be_is_said_as_it_is_with_each_provider(
    stage: Stage, tmp_path: Path, provider: str, kind: Kind, model: str | None, said: str
) -> None:
    job = await filmed(stage, tmp_path)
    day = Clock(datetime(2026, 11, 21, tzinfo=UTC))  # of the catalogue that ships
    models = catalogue.load(None, providers=frozenset({provider}), now=day)
    pricing = Pricing(models, Screening(), stage.material, now=stage.clock)
    wanted = replace(asked(job.order.member, prompt="now at night"), kind=kind, clip=job.id, model=model)

    try:
        told = " ".join((await pricing.propose(replace(wanted, duration_s=None))).notes)
    except OrderRefused as refused:
        told = refused.sentence

    assert said in told
