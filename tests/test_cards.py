from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from discord import ui

from bot import language
from bot.delivery import Card, HeldBack, Post, Take
from bot.domain import (
    ChannelId,
    ClipState,
    Fault,
    FaultKind,
    GuildId,
    InteractionId,
    Job,
    JobId,
    JobState,
    Kind,
    Member,
    MessageId,
    Micros,
    Ticket,
    UserId,
)
from bot.providers.protocol import Progress, Rendering, Waiting
from bot.reviews import Decision
from cogs.cards import card_view, clip_view
from cogs.details import details_view
from cogs.notes import receipt
from tests import stage
from tests.stage import Json, walk

TEXT_UNITS_MAX = 4_000  # of all text in one message of components, says Discord
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NASTY = "*@everyone_<#1>`~|\n# [x](https://e.example)" * 100
TICKET = Ticket(provider_job_id="video_1")
CANCELLABLE = {
    JobState.REVIEW,
    JobState.QUEUED,
    JobState.SUBMITTING,
    JobState.UNCERTAIN,
    JobState.RUNNING,
}


def job_of(**changes: Any) -> Job:
    return stage.job_of(
        1,
        member=Member(guild_id=GuildId(7), user_id=UserId(1001)),
        channel_id=ChannelId(30),
        interaction_id=InteractionId(50),
        at=NOON,
        **changes,
    )


def card_of(**changes: Any) -> Card:
    fields = {
        name: changes.pop(name)
        for name in (
            "progress",
            "expected_at",
            "can_cancel",
            "clip_here",
            "clip_state",
            "play_money",
            "allowance",
        )
        if name in changes
    }
    return stage.card_of(job_of(**changes), **fields)


def post_of(job: Job) -> Post:
    return stage.post_of(job, Path("clip.mp4"))


def components(view: ui.LayoutView) -> list[Json]:
    return walk(view.to_components())  # type: ignore[no-untyped-call]  # discord.py forgot to say


def text_of(view: ui.LayoutView) -> str:
    return "\n".join(one["content"] for one in components(view) if one["type"] == 10)


def buttons(view: ui.LayoutView) -> dict[str, Json]:
    return {str(one["label"]): one for one in components(view) if one["type"] == 2}


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def every_view(prompt: str) -> Iterator[ui.LayoutView]:
    fault = Fault(kind=FaultKind.OURS, code="x" * 60)
    for state in JobState:
        job = job_of(prompt=prompt, state=state, fault=fault, seed=2**31 - 1, ticket=TICKET)
        yield card_view(stage.card_of(job))
        yield card_view(stage.card_of(job, clip_here=Path("clip.mp4")))
        yield clip_view(post_of(job))
        yield details_view([Take(job=job)], stage.DESCRIBED, play_money=True)[0]


async def test_no_message_passes_discords_limits_with_four_thousand_nasty_characters() -> None:
    # What is typed of the last fits one paste, and what is quoted of it is twice as long.
    for prompt in (NASTY[:4_000], "🎬" * 4_000, "*" * 4_000, "*" * 1_850):
        for view in every_view(prompt):
            assert sum(units(one["content"]) for one in components(view) if one["type"] == 10) <= (
                TEXT_UNITS_MAX
            )
            for one in components(view):
                assert len(one.get("label") or "") <= 80
                for item in one.get("items", []):
                    assert 0 < units(item["description"]) <= 256


async def test_every_view_lives_for_ever_and_holds_only_dynamic_buttons_and_links() -> None:
    for view in every_view("a paper boat"):
        assert view.timeout is None
        for item in view.walk_children():
            assert isinstance(item, ui.DynamicItem) or not item.is_dispatchable()


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (None, "Being made"),
        (Waiting(), "In the provider's queue"),
        (Waiting(0), "Next in the provider's queue"),
        (Waiting(3), "In the provider's queue, 3 before it"),
        (Rendering(), "Rendering"),
        (Rendering(42), "Rendering, 42 %"),
    ],
)
async def test_progress_is_the_providers_own_word(progress: Progress | None, words: str) -> None:
    shown = text_of(card_view(card_of(state=JobState.RUNNING, progress=progress)))

    assert shown.startswith(f"### {words}\n")


async def test_a_card_says_what_was_ordered_and_what_it_costs() -> None:
    shown = text_of(card_view(card_of(seed=7)))

    assert "### In line\n> a paper boat crossing a rain puddle\n" in shown
    assert "Studio · 720p · 16:9 · 4 s · seed 7 · storyboard, not AI" in shown
    assert "$0.40 (4 s at $0.10 a second), play money" in shown
    assert f"$9.60 of the budget left until <t:{int((NOON + timedelta(days=9)).timestamp())}:D>" in shown
    assert f"asked for by <@1001> <t:{int(NOON.timestamp())}:R>" in shown


async def test_what_is_free_is_called_free_and_never_play_money() -> None:
    shown = text_of(card_view(card_of(price_micros=0)))

    assert "-# free · $9.60" in shown
    assert "play money" not in shown


async def test_real_money_is_not_called_play_money() -> None:
    assert "play money" not in text_of(card_view(card_of(play_money=False)))


@pytest.mark.parametrize("state", JobState)
async def test_cancel_is_there_as_long_as_it_can_be_wished(state: JobState) -> None:
    shown = buttons(card_view(card_of(state=state)))

    assert any(label.startswith("Cancel: ") for label in shown) == (state in CANCELLABLE)
    assert "Details" in shown


async def test_a_wish_to_cancel_is_shown_and_not_taken_twice() -> None:
    shown = buttons(card_view(card_of(state=JobState.RUNNING, cancel_asked_at=NOON)))

    assert shown["Cancel asked for"]["disabled"]


async def test_what_cannot_be_stopped_says_so() -> None:
    paid = buttons(card_view(card_of(state=JobState.RUNNING, can_cancel=False)))
    free = buttons(card_view(card_of(state=JobState.RUNNING, can_cancel=False, price_micros=0)))
    queued = buttons(card_view(card_of(state=JobState.QUEUED, can_cancel=False)))

    assert paid["Cannot be stopped, already paid"]["disabled"]
    assert free["Cannot be stopped"]["disabled"]
    assert not queued["Cancel: nothing is charged"]["disabled"]


@pytest.mark.parametrize("kind", FaultKind)
async def test_every_failure_says_what_happened_what_it_cost_and_what_to_do(kind: FaultKind) -> None:
    fault = Fault(kind=kind, code="code", detail="the provider's own words")

    refused = text_of(card_view(card_of(state=JobState.FAILED, fault=fault)))

    (sentence,) = [line for line in refused.splitlines() if "Nothing was charged." in line]
    what, do = sentence.split("Nothing was charged.")
    assert what.strip().endswith(".")
    assert do.strip().endswith(".")
    assert fault.detail not in refused


async def test_a_failure_says_what_the_ledger_says_that_it_cost() -> None:
    fault = Fault(kind=FaultKind.PROVIDER, code="failed")
    billed = card_of(state=JobState.FAILED, fault=fault, ticket=TICKET, charged_micros=Micros(100_000))
    unbilled = card_of(state=JobState.FAILED, fault=fault, ticket=TICKET)
    free = card_of(state=JobState.FAILED, fault=fault, ticket=TICKET, price_micros=0)

    assert "The provider billed it all the same: you pay $0.10." in text_of(card_view(billed))
    assert "Nothing was charged." in text_of(card_view(unbilled))
    assert "It was free." in text_of(card_view(free))


async def test_a_finished_order_leads_to_its_clip() -> None:
    done = card_of(
        state=JobState.POSTED, clip_message_id=MessageId(9), clip_channel_id=ChannelId(30), ticket=TICKET
    )

    link = buttons(card_view(done))["Show the clip"]

    assert link["url"] == "https://discord.com/channels/7/30/9"


async def test_a_card_that_carries_the_clip_says_that_it_is_done() -> None:
    view = card_view(card_of(state=JobState.STORED, clip_here=Path("clip.mp4"), ticket=TICKET))

    (gallery,) = [one for one in components(view) if one["type"] == 12]
    assert gallery["items"][0]["media"]["url"] == f"attachment://dailies-{job_of().id}.mp4"
    assert text_of(view).startswith("### Done")
    assert not any(label.startswith("Cancel") for label in buttons(view))


async def test_a_clip_names_its_prompt_model_settings_cost_label_and_member() -> None:
    view = clip_view(post_of(job_of(state=JobState.STORED, ticket=TICKET)))

    shown = text_of(view)
    assert "> a paper boat crossing a rain puddle" in shown
    assert "Studio · 720p · 16:9 · 4 s · storyboard, not AI" in shown
    assert "$0.40 (4 s at $0.10 a second), play money · asked for by <@1001>" in shown
    (gallery,) = [one for one in components(view) if one["type"] == 12]
    assert gallery["items"][0]["description"] == (
        "Video (storyboard, not AI): a paper boat crossing a rain puddle"
    )


async def test_a_prompt_that_details_cannot_show_whole_comes_as_a_file() -> None:
    long, files = details_view([Take(job=job_of(prompt=NASTY[:4_000]))], stage.DESCRIBED, play_money=False)
    _, none = details_view([Take(job=job_of())], stage.DESCRIBED, play_money=False)

    names = ["prompt.txt", "command-1.txt", "command-2.txt", "command-3.txt"]
    assert [file.filename for file in files] == names
    assert files[0].fp.read().decode() == NASTY[:4_000]
    assert [one["file"]["url"] for one in components(long) if one["type"] == 13] == [
        f"attachment://{name}" for name in names
    ]
    assert none == []


async def test_details_name_the_offer_the_order_and_the_fault() -> None:
    fault = Fault(kind=FaultKind.PROVIDER, code="vanished")
    job = job_of(state=JobState.FAILED, fault=fault, ticket=TICKET)

    shown = text_of(details_view([Take(job=job)], stage.DESCRIBED, play_money=True)[0])

    assert "Studio (studio/studio)" in shown
    assert f"`{job.id}`" in shown
    assert "vanished" in shown


async def test_a_receipt_says_what_is_set_aside() -> None:
    paid = job_of()
    free = replace(paid, quote=replace(paid.quote, price_micros=Micros(0)))

    assert receipt(paid, play_money=False).startswith("Ordered. $0.40 is set aside for it. ")
    assert receipt(free, play_money=True).startswith("Ordered. It is free. ")


async def test_a_card_whose_place_did_not_take_the_clip_says_where_it_went() -> None:
    job = job_of(state=JobState.POSTED, clip_message_id=MessageId(8))
    here = replace(job, clip_channel_id=job.order.channel_id)
    elsewhere = replace(job, clip_channel_id=ChannelId(77))

    shown = [text_of(card_view(stage.card_of(one))) for one in (here, elsewhere)]

    assert ["did not take the clip; it went to <#77>" in one for one in shown] == [False, True]


async def test_details_say_what_to_type_to_order_it_again() -> None:
    job = job_of(seed=7)

    shown = text_of(details_view([Take(job=job)], stage.DESCRIBED, play_money=True)[0])

    assert (
        "```\n/generate model:studio resolution:720p aspect_ratio:16:9 duration:4 seconds seed:7 "
        "prompt:a paper boat crossing a rain puddle\n```"
    ) in shown


@pytest.mark.parametrize(
    ("changes", "typed", "command"),
    [
        (
            {"takes": 2, "draft": True, "private": True, "spoiler": True},
            {"style": "Noir", "characters": ["c1", "c2"]},
            (
                "/generate preset:- model:studio aspect_ratio:16:9 duration:4 seconds "
                "takes:2 character1:c1 character2:c2 draft:True private:True spoiler:True "
                "prompt:a paper boat crossing a rain puddle"
            ),
        ),
        (
            {"kind": Kind.ANIMATE},
            {"framing": "pad"},
            (
                "/animate model:studio image:… resolution:720p aspect_ratio:16:9 duration:4 seconds "
                "fit:Add bars prompt:a paper boat crossing a rain puddle"
            ),
        ),
        (
            {"kind": Kind.REMIX, "source_job_id": JobId("0000000000000009")},
            {},
            "/remix model:studio clip:0000000000000009 prompt:a paper boat crossing a rain puddle",
        ),
        (
            {"kind": Kind.EXTEND, "source_job_id": JobId("0000000000000009")},
            {},
            (
                "/extend model:studio clip:0000000000000009 duration:4 seconds "
                "prompt:a paper boat crossing a rain puddle"
            ),
        ),
        (
            {"kind": Kind.CHARACTER},
            {},
            "/character add model:studio clip:… consent:… name:a paper boat crossing a rain puddle",
        ),
    ],
)
async def test_what_is_to_be_typed_has_the_options_of_its_command(
    changes: dict[str, Any], typed: dict[str, Any], command: str
) -> None:
    job = job_of()
    job = replace(job, order=replace(job.order, **changes))

    shown = text_of(details_view([Take(job=job)], stage.DESCRIBED, play_money=True, typed=typed)[0])

    assert f"**To order it again**\n```\n{command}\n```" in shown


async def test_what_is_to_be_typed_is_named_as_its_reader_s_picker_does() -> None:
    with language.use("de"):
        shown = text_of(details_view([Take(job=job_of(seed=7))], stage.DESCRIBED, play_money=True)[0])

    assert (
        "/erzeugen modell:studio auflösung:720p seitenverhältnis:16:9 länge:4 Sekunden seed:7 prompt:"
        in shown
    )


async def test_details_of_a_made_clip_say_what_it_cost_and_what_it_was_made_from() -> None:
    job = job_of(state=JobState.POSTED, charged_micros=Micros(400_000))
    job = replace(job, order=replace(job.order, source_job_id=JobId("0000000000000009"), takes=2))

    shown = text_of(details_view([Take(job=job)], stage.DESCRIBED, play_money=True)[0])

    assert "**Paid** $0.40" in shown
    assert "**Made from** the clip of order `0000000000000009`" in shown
    assert "**Take** 1 of 2" in shown


async def test_a_card_of_takes_says_what_all_of_them_cost_and_what_became_of_each() -> None:
    first = job_of(state=JobState.POSTED)
    order = replace(first.order, takes=3)
    fault = Fault(kind=FaultKind.PROVIDER, code="failed")
    takes = [
        replace(first, order=order),
        replace(first, order=order, take=2, state=JobState.FAILED, fault=fault),
        replace(first, order=order, take=3, state=JobState.RUNNING),
    ]

    shown = text_of(card_view(stage.card_of(*takes)))

    assert shown.startswith("### 1 of 3 takes is there")
    assert "2. Failed. The provider could not make it. Nothing was charged." in shown
    assert "3. Being made" in shown
    assert "$1.20 for 3 takes of $0.40" in shown
    assert " paid of " not in shown


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (JobState.FAILED, "-# $0.80 paid of $1.20 for 3 takes of $0.40"),
        (JobState.POSTED, "-# $1.20 for 3 takes of $0.40"),
    ],
)
async def test_a_card_of_takes_that_all_have_ended_says_what_of_the_price_was_paid(
    last: JobState, told: str
) -> None:
    first = job_of(state=JobState.POSTED)
    first = replace(first, order=replace(first.order, takes=3), charged_micros=first.quote.price_micros)
    fault = Fault(kind=FaultKind.PROVIDER, code="failed")
    ended = replace(first, take=3, state=last)
    if last is JobState.FAILED:
        ended = replace(ended, charged_micros=Micros(0), fault=fault)

    shown = text_of(card_view(stage.card_of(first, replace(first, take=2), ended)))

    assert told in shown


async def test_a_failed_take_is_told_in_the_readers_own_punctuation() -> None:
    first = job_of(state=JobState.POSTED)
    order = replace(first.order, takes=2)
    fault = Fault(kind=FaultKind.PROVIDER, code="failed")
    failed = replace(first, order=order, take=2, state=JobState.FAILED, fault=fault)

    with language.use("ja"):
        shown = text_of(card_view(stage.card_of(replace(first, order=order), failed)))

    assert "2. 失敗。プロバイダーが" in shown


async def test_what_goes_on_from_a_clip_says_that_its_seconds_are_added() -> None:
    job = job_of(state=JobState.POSTED)
    extended = replace(job, order=replace(job.order, kind=Kind.EXTEND))

    assert "16:9 · 4 s added · storyboard" in text_of(card_view(stage.card_of(extended)))
    assert "16:9 · 4 s added · storyboard" in text_of(clip_view(post_of(extended)))


@pytest.mark.parametrize(
    ("held_back", "headline"),
    [
        (HeldBack.PAUSE, "Paused by the moderators"),
        (HeldBack.HALT, "Paused by whoever runs this bot"),
        (HeldBack.SPENDING, "Paused by whoever runs this bot"),
    ],
)
async def test_what_is_held_back_says_so_before_all_and_why_once(held_back: HeldBack, headline: str) -> None:
    first = job_of()
    takes = [replace(first, order=replace(first.order, takes=3), take=take) for take in (1, 2, 3)]

    one = text_of(card_view(stage.card_of(first, held_back=held_back)))
    three = text_of(card_view(stage.card_of(*takes, held_back=held_back)))

    for shown in (one, three):
        assert shown.startswith(f"### {headline}\n")
        assert shown.count("the price stays set aside") == 1
    assert f"3. {headline}\n" in three


@pytest.mark.parametrize(
    ("decision", "headline", "buttons_first"),
    [
        (Decision.EXPIRED, "No moderator looked in time", []),
        (Decision.CHANGE, "A moderator asks for a change", ["Why", "Change and order again"]),
        (Decision.DENIED, "Turned down by a moderator", ["Why"]),
    ],
)
async def test_a_card_says_how_a_review_ended_and_what_to_press_comes_first(
    decision: Decision, headline: str, buttons_first: list[str]
) -> None:
    job = job_of(state=JobState.REJECTED)
    view = card_view(stage.card_of(job, review=stage.review_of(job, decision=decision)))

    assert text_of(view).startswith(f"### {headline}\n")
    assert list(buttons(view)) == [*buttons_first, "Again", "Details"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ClipState.HIDDEN, "Somebody has reported it. What it cost stays paid. Nothing to do:"),
        (ClipState.TAKEN_DOWN, "It does not come back. What it cost stays paid. Ask a moderator"),
        (ClipState.EXPIRED, "where it was posted, it stays. What it cost stays paid. Again makes"),
        (ClipState.DELETED, "What it cost stays paid."),
    ],
)
async def test_a_card_of_a_clip_that_is_gone_says_what_became_of_its_price(
    state: ClipState, words: str
) -> None:
    gone = card_of(state=JobState.POSTED, clip_state=state, clip_message_id=MessageId(60), clip_channel_id=30)

    assert words in text_of(card_view(gone))
    assert ("Show the clip" in buttons(card_view(gone))) == (state is ClipState.EXPIRED)


async def test_takes_of_which_nothing_is_left_say_what_became_of_them() -> None:
    first = job_of(state=JobState.POSTED)
    takes = [replace(first, order=replace(first.order, takes=2), take=take) for take in (1, 2)]

    shown = text_of(card_view(stage.card_of(*takes, clip_state=ClipState.DELETED)))

    assert shown.startswith("### Deleted by its member\n")


async def test_the_clip_of_a_draft_says_that_it_is_one() -> None:
    job = job_of()
    job = replace(job, order=replace(job.order, draft=True))

    assert "-# draft · Studio · 720p" in text_of(clip_view(post_of(job)))


async def test_a_card_says_when_a_clip_is_likely_made_and_nothing_where_nobody_knows() -> None:
    soon = NOON + timedelta(seconds=80)

    known = text_of(card_view(card_of(state=JobState.RUNNING, expected_at=soon)))
    unknown = text_of(card_view(card_of(state=JobState.RUNNING)))

    assert f"likely made <t:{int(soon.timestamp())}:R>" in known
    assert "likely" not in unknown


@pytest.mark.parametrize(
    ("state", "label"),
    [
        (JobState.QUEUED, "Cancel: nothing is charged"),
        (JobState.RUNNING, "Cancel: you pay what is billed by then"),
    ],
)
async def test_cancel_says_what_it_costs_before_it_is_pressed(state: JobState, label: str) -> None:
    assert label in buttons(card_view(card_of(state=state)))
    assert "Cancel" in buttons(card_view(card_of(state=state, price_micros=0)))


async def test_a_card_of_a_private_order_says_nothing_of_its_prompt() -> None:
    job = job_of(state=JobState.RUNNING)
    private = replace(job, order=replace(job.order, private=True))

    shown = text_of(card_view(stage.card_of(private)))

    assert job.order.prompt not in shown
    assert "A private order" in shown


@pytest.mark.parametrize(("micros", "told"), [(0, "-# $0.00 paid of $0.40 (4 s"), (400_000, "-# $0.40 (4 s")])
async def test_card_and_clip_say_what_of_the_price_its_member_has_paid(micros: int, told: str) -> None:
    """What the house has carried for a day is free when it comes."""
    made = job_of(state=JobState.POSTED, charged_micros=Micros(micros), ticket=TICKET)

    assert told in text_of(card_view(stage.card_of(made)))
    assert told in text_of(clip_view(post_of(made)))


async def test_the_card_of_an_uncertain_order_stays_true_when_the_house_has_taken_it_over() -> None:
    shown = text_of(card_view(stage.card_of(job_of(state=JobState.UNCERTAIN))))

    assert "after a day the price is yours again, and a clip that still comes is free" in shown
