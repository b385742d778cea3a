"""Orders of several takes: what their card's buttons and menus mean, take by take, and what Details tell."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot import language
from bot.delivery import HeldBack, Take
from bot.domain import (
    ChannelId,
    ClipState,
    Fault,
    FaultKind,
    Job,
    JobId,
    JobState,
    Kind,
    MessageId,
    Micros,
    OfferId,
    Ticket,
)
from bot.jobs import moves
from bot.language import LANGUAGES
from bot.quoting import units
from bot.reviews import Decision
from cogs.cards import card_view, message_url, whisper_view
from cogs.details import TEXT_UNITS_MAX, details_view
from storage import clips, states
from tests.showing_scene import Scene, open_scene
from tests.stage import (
    DESCRIBED,
    Json,
    button,
    card_of,
    custom_ids,
    open_stage,
    post_of,
    review_of,
    texts,
    walk,
)
from tests.typed_line import details, line_in, options_in

FAULT = Fault(kind=FaultKind.PROVIDER, code="vanished")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as opened:
        yield opened


async def ordered(scene: Scene, **options: Any) -> list[Job]:
    """Takes of one order of Ada's, with their card in the channel; nothing is made."""
    answer = await scene.stage.ask(scene.stage.ada, prompt="a paper boat", **options)
    if any(one.endswith(":yes") for one in custom_ids(answer)):
        await scene.stage.answer_quote(scene.stage.ada, answer, "yes")
    takes = sorted(await scene.stage.rows(), key=lambda job: job.take)
    await scene.touched(takes[0].id)
    return [await scene.job(job.id) for job in takes]


async def fail(scene: Scene, job: Job) -> None:
    """Let the provider take it, and lose it."""
    write, at = scene.stage.database.write, scene.stage.clock()
    attempt = await write(partial(states.submitting, job=job, provider="studio", at=at))
    await write(partial(states.running, attempt=attempt, ticket=Ticket(provider_job_id=job.id), at=at))
    await write(partial(moves.failed, job.id, FAULT, None, at))
    await scene.touched(job.id)


async def hide(scene: Scene, job: Job) -> None:
    among = frozenset({ClipState.SHOWN})
    await scene.stage.database.write(
        partial(clips.change_state, job_id=job.id, to=ClipState.HIDDEN, among=among)
    )


def labels(message: Json) -> list[str]:
    return [one["label"] for one in walk(message["components"]) if one["type"] == 2]


def line_of(message: Json, take: int) -> str:
    (line,) = [one for one in texts(message).splitlines() if one.startswith(f"{take}. ")]
    return line


def link(job: Job) -> str:
    return message_url(
        job.order.member.guild_id, int(job.clip_channel_id or 0), int(job.clip_message_id or 0)
    )


# Seeds


async def test_the_quote_and_the_card_name_every_take_s_seed(scene: Scene) -> None:
    quote = await scene.stage.ask(scene.stage.ada, prompt="a paper boat", takes=3, seed=7)
    await scene.stage.answer_quote(scene.stage.ada, quote, "yes")
    takes = sorted(await scene.stage.rows(), key=lambda job: job.take)
    await scene.touched(takes[0].id)

    card = await scene.card(await scene.job(takes[0].id))

    assert [job.order.seed for job in takes] == [7, 8, 9]
    assert " · seeds 7, 8, 9 · " in texts(quote)
    assert " · seeds 7, 8, 9 · " in texts(card)


async def test_the_clip_of_a_take_names_its_own_seed_alone(scene: Scene) -> None:
    takes = await ordered(scene, takes=2, seed=7)

    clip = await scene.message(await scene.post(takes[1]))

    assert "take 2 of 2" in texts(clip)
    assert " · seed 8 · " in texts(clip)


# Details


async def test_details_of_a_card_tell_each_take(scene: Scene) -> None:
    first, second, third = await ordered(scene, takes=3, seed=7)
    first = await scene.post(first)
    await fail(scene, second)
    card = await scene.card(first)

    told = await scene.stage.press(scene.stage.bruno, card, "details:k")

    line = line_of(told, 1)
    assert line.startswith(f"1. [Done]({link(first)}) <t:")
    assert line.endswith(f" · seed 7 · $0.40 paid · `{first.id}`")
    assert line_of(told, 2).endswith(f" · seed 8 · nothing paid · vanished · `{second.id}`")
    assert line_of(told, 3).startswith("3. In line <t:")
    assert line_of(told, 3).endswith(f" · seed 9 · $0.40 set aside · `{third.id}`")
    assert "**Take 2** The provider could not make it. Nothing was charged." in texts(told)
    assert "**State** 1 of 3 takes is there" in texts(told)
    assert "**Price** $1.20 for 3 takes of $0.40" in texts(told)
    assert "**Paid** $0.40" in texts(told)
    assert " · seeds 7, 8, 9" in texts(told)
    assert "Family of take 1" in labels(told)
    assert "Family of take 2" not in labels(told)


async def test_details_of_the_clip_of_a_take_tell_that_take(scene: Scene) -> None:
    takes = await ordered(scene, takes=2, seed=7)
    clip = await scene.message(await scene.post(takes[1]))

    told = await scene.stage.press(scene.stage.bruno, clip, "details:c")

    assert "**Take** 2 of 2" in texts(told)
    assert " · seed 8" in texts(told)
    assert f"`{takes[0].id}`" not in texts(told)


async def test_the_command_in_the_details_of_a_card_orders_all_takes_with_their_seeds(
    scene: Scene, tmp_path: Path
) -> None:
    takes = await ordered(scene, takes=3, seed=7)
    stage = scene.stage

    command, options = await options_in(
        stage.ada, await line_in(stage.ada, await details(stage, takes[0]), tmp_path)
    )
    quote = await stage.ada.answer(await stage.ada.slash(command, options, channel=stage.channel()))

    assert (options["takes"], options["seed"]) == (3, 7)
    assert " · seeds 7, 8, 9 · " in texts(quote)


async def test_details_of_a_card_with_a_reported_take_are_for_its_member_and_moderators(scene: Scene) -> None:
    takes = await ordered(scene, takes=2)
    posted = [await scene.post(job) for job in takes]
    await hide(scene, posted[1])
    card = await scene.card(posted[0])
    stage = scene.stage

    other, own, moderator = [
        texts(await stage.press(person, card, "details:k")) for person in (stage.bruno, stage.ada, stage.mika)
    ]

    assert "This clip was reported or taken down." in other
    for told in (own, moderator):
        assert "2. Reported: hidden until a moderator has looked <t:" in told
        assert link(posted[1]) not in told


async def test_details_of_a_private_card_are_its_member_s_until_a_take_is_published(scene: Scene) -> None:
    takes = await ordered(scene, takes=2, private=True)
    made = [await scene.whisper(job) for job in takes]
    card = await scene.card(made[0])
    stage = scene.stage

    before = texts(await stage.press(stage.bruno, card, "details:k"))
    published = await scene.whispers.publish(made[1].id, by=made[1].order.member)
    after = await stage.press(stage.bruno, card, "details:k")

    assert "This order is private." in before
    assert line_of(after, 1).startswith("1. Ready, for its member alone <t:")
    assert link(published) in line_of(after, 2)


async def test_takes_at_other_offers_name_their_own(scene: Scene) -> None:
    first, second = await ordered(scene, takes=2)
    moved = replace(second, quote=replace(second.quote, offer_id=OfferId("other/studio")))

    same, apart = ["\n".join(_texts([Take(job=first), Take(job=one)])) for one in (second, moved)]

    assert "(studio/studio)" in same
    assert same.count("studio/studio") == 1
    assert "(studio/studio, other/studio)" in apart
    assert " · other/studio · " in apart


def _texts(takes: list[Take], **more: Any) -> Iterator[str]:
    view, _files = details_view(takes, DESCRIBED, play_money=True, **more)
    for one in walk(view.to_components()):  # type: ignore[no-untyped-call]  # discord.py forgot to say
        if one["type"] == 10:
            yield one["content"]


FOURS = (
    *((state, ClipState.SHOWN) for state in JobState),
    *((JobState.POSTED, state) for state in ClipState),
)


@pytest.mark.parametrize("code", LANGUAGES)
async def test_details_of_four_takes_fit_one_message_in_every_language(scene: Scene, code: str) -> None:
    (job,) = await scene.order()
    worst = 0
    for prompt in ("*" * 4_000, "🎬" * 4_000):
        for at in range(len(FOURS)):
            takes = [_take(job, number, *FOURS[(at + number) % len(FOURS)], prompt) for number in range(1, 5)]
            with language.use(code):
                view, _ = details_view(takes, DESCRIBED, play_money=True, typed={"style": "s" * 50})
            parts = list(walk(view.to_components()))  # type: ignore[no-untyped-call]  # as above
            worst = max(worst, sum(units(one["content"]) for one in parts if one["type"] == 10))
            assert len(parts) <= 40
            assert all(len(one["components"]) <= 5 for one in parts if one["type"] == 1)

    assert TEXT_UNITS_MAX - 1_000 < worst <= TEXT_UNITS_MAX


def _take(job: Job, number: int, state: JobState, clip_state: ClipState, prompt: str) -> Take:
    """One with as much to say of it as there can be, each at an offer and with a fault of its own."""
    order = replace(job.order, takes=4, seed=2**31 - number, prompt=prompt, kind=Kind.GENERATE, draft=True)
    return Take(
        job=replace(
            job,
            id=JobId(f"{job.id[:-1]}{number}"),
            take=number,
            order=order,
            state=state,
            fault=Fault(kind=list(FaultKind)[number], code="x" * 40),
            ticket=Ticket(provider_job_id="video_1"),
            quote=replace(job.quote, offer_id=OfferId(f"provider-{number}/a-rather-long-name-of-a-model")),
            charged_micros=Micros(400_000),
            clip_channel_id=ChannelId(2**62),
            clip_message_id=MessageId(2**62),
        ),
        clip_state=clip_state,
        held_back=HeldBack.SPENDING if state is JobState.QUEUED else None,
    )


# Which take is meant


async def test_make_final_on_the_card_of_several_takes_asks_which(scene: Scene) -> None:
    takes = await ordered(scene, takes=3, draft=True)
    posted = [await scene.post(job) for job in takes[:2]]
    await fail(scene, takes[2])
    card = await scene.card(posted[0])
    stage = scene.stage

    asked = await stage.press(stage.ada, card, "make:finals:")
    quote = await stage.press(stage.ada, asked, f"make:final:{posted[1].id}")

    assert "Which one do you mean?" in texts(asked)
    assert labels(asked) == ["Take 1", "Take 2"]
    assert f"The final of [take 2 of the draft]({link(posted[1])}), asked for <t:" in texts(quote)
    assert f" · seed {posted[1].order.seed} · " in texts(quote)


async def test_make_final_asks_nothing_where_one_take_alone_has_a_clip(scene: Scene) -> None:
    takes = await ordered(scene, takes=2, draft=True)
    await fail(scene, takes[0])
    posted = await scene.post(takes[1])
    card = await scene.card(await scene.job(takes[0].id))

    quote = await scene.stage.press(scene.stage.ada, card, "make:finals:")

    assert f"The final of [take 2 of the draft]({link(posted)})" in texts(quote)


async def test_make_final_where_no_take_has_a_clip_is_refused(scene: Scene) -> None:
    takes = await ordered(scene, takes=2, draft=True)
    for job in takes:
        await fail(scene, job)
    card = await scene.card(await scene.job(takes[0].id))

    answer = await scene.stage.press(scene.stage.ada, card, "make:finals:")

    assert texts(answer).startswith("No take of this order has a clip that you can see. Nothing was charged.")
    assert custom_ids(answer) == []


async def test_the_final_of_a_draft_of_one_take_says_of_which_draft_it_is(scene: Scene) -> None:
    (job,) = await ordered(scene, draft=True)
    posted = await scene.post(job)

    quote = await scene.stage.press(scene.stage.ada, await scene.card(posted), "make:final:")

    assert f"The final of [the draft]({link(posted)}), asked for <t:" in texts(quote)


@pytest.mark.parametrize(
    ("menu", "start"), [("Remix this clip", "make:remix:"), ("Report this clip", "clip:report:")]
)
async def test_a_menu_of_the_card_of_several_takes_asks_which(scene: Scene, menu: str, start: str) -> None:
    takes = await ordered(scene, takes=3)
    posted = [await scene.post(job) for job in takes]
    await hide(scene, posted[0])
    stage = scene.stage
    card_id = str(posted[0].card_message_id)

    asked = await stage.bruno.answer(await stage.bruno.menu(menu, card_id, channel=stage.channel()))
    form = await stage.bruno.modal(
        await stage.bruno.press(asked, button(asked, f"{start}{posted[2].id}")["custom_id"])
    )

    assert labels(asked) == ["Take 2", "Take 3"]
    assert form["custom_id"].endswith(f":{posted[2].id}")


async def test_a_menu_of_the_clip_of_a_take_means_that_take(scene: Scene) -> None:
    takes = await ordered(scene, takes=2)
    posted = [await scene.post(job) for job in takes]
    stage = scene.stage

    form = await stage.bruno.modal(
        await stage.bruno.menu("Remix this clip", str(posted[1].clip_message_id), channel=stage.channel())
    )

    assert form["custom_id"].endswith(f":{posted[1].id}")


async def test_other_people_s_private_takes_are_no_choice(scene: Scene) -> None:
    takes = await ordered(scene, takes=2, private=True)
    made = [await scene.whisper(job) for job in takes]
    stage = scene.stage

    answer = await stage.bruno.answer(
        await stage.bruno.menu("Remix this clip", str(made[0].card_message_id), channel=stage.channel())
    )

    assert "No take of this order has a clip that you can see." in texts(answer)


async def test_again_says_how_many_takes_it_orders(scene: Scene) -> None:
    takes = await ordered(scene, takes=2)
    posted = [await scene.post(job) for job in takes]

    card, clip = await scene.card(posted[0]), await scene.message(posted[1])

    assert button(card, "make:again:")["label"] == "Again, 2 takes"
    assert button(clip, "make:again:")["label"] == "Again, 2 takes"


async def test_delete_says_whether_it_is_one_take_or_all(scene: Scene) -> None:
    takes = await ordered(scene, takes=2)
    posted = [await scene.post(job) for job in takes]
    stage = scene.stage

    of_all = await stage.press(stage.ada, await scene.card(posted[0]), "clip:delorder:")
    of_one = await stage.press(stage.ada, await scene.message(posted[1]), "clip:delete:")

    assert texts(of_all).startswith("Delete the clips of all takes of this order everywhere?")
    assert texts(of_one).startswith("Delete take 2 everywhere, and no other?")


async def test_delete_of_a_single_clip_speaks_of_no_takes(scene: Scene) -> None:
    posted = await scene.post((await ordered(scene))[0])

    asked = await scene.stage.press(scene.stage.ada, await scene.message(posted), "clip:delete:")

    assert texts(asked).startswith("Delete this clip everywhere?")


async def test_private_takes_shown_together_are_told_apart(scene: Scene) -> None:
    takes = await scene.order(takes=2, private=True)

    view = whisper_view([post_of(job, Path("clip.mp4")) for job in takes])

    shown = [one["content"] for one in walk(view.to_components()) if one["type"] == 10]  # type: ignore[no-untyped-call]  # as above
    assert [one for one in shown if one.startswith("**")] == ["**take 1 of 2**", "**take 2 of 2**"]


async def test_why_is_there_for_each_decision_and_once_for_all_takes_of_it(scene: Scene) -> None:
    takes = [replace(job, state=JobState.REJECTED) for job in await scene.order(takes=2)]
    for_all = review_of(takes[0], decision=Decision.DENIED)
    for_each = [replace(review_of(job, decision=Decision.DENIED), id=f"r{job.take}") for job in takes]
    card = card_of(*takes)

    once, each = [
        card_view(
            replace(
                card,
                takes=tuple(replace(take, review=one) for take, one in zip(card.takes, reviews, strict=True)),
            )
        )
        for reviews in ([for_all, for_all], for_each)
    ]

    assert _whys(once) == ["Why"]
    assert _whys(each) == ["Why, take 1", "Why, take 2"]


def _whys(view: Any) -> list[str]:
    return [
        one["label"] for one in walk(view.to_components()) if str(one.get("custom_id")).startswith("why:")
    ]
