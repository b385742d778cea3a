"""Orders of the openai protocol that start from a picture or a clip, and characters."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain import FaultKind, Job, Kind, Ticket
from bot.errors import UnreadableAnswer
from bot.providers.openai import OpenAIVideos
from bot.providers.protocol import (
    CannotTell,
    Found,
    Refused,
    Rendered,
    Submission,
    Taken,
    Unknown,
    Vanished,
    Wire,
)
from tests.emulators import faults
from tests.emulators.clips import clip
from tests.emulators.faults import Fault, answer
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.site import Part
from tests.openai_scene import (
    ECHOED,
    KEY,
    PLAIN,
    REMIX,
    REWORK,
    attempt,
    code_of,
    error,
    from_clip,
    job,
    made,
    provider_at,
)
from tests.props import Clock
from tests.replicate_scene import PICTURE, animated


@pytest.fixture
async def emulator(clock: Clock) -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator(now=clock, api_key=KEY, asks_to_finish=1) as running:
        yield running


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(clip(128, 72, 4))
    return path


async def finished(emulator: OpenAIEmulator) -> Ticket:
    async with provider_at(emulator.url) as provider:
        ticket = await made(provider)
        assert isinstance(await provider.ask(ticket), Rendered)
    return ticket


async def submitted(emulator: OpenAIEmulator, order: Job, *, wire: Wire) -> Submission:
    async with provider_at(emulator.url, wire=wire) as provider:
        return await provider.submit(order, attempt(order))


def uploaded(data: bytes, name: str, file_name: str, media_type: str) -> Part:
    return Part(name=name, file_name=file_name, media_type=media_type, data=data)


async def test_a_picture_goes_along_as_a_file_of_no_members_name(
    emulator: OpenAIEmulator, tmp_path: Path
) -> None:
    wire = replace(ECHOED, key_field="idempotency_key", fields={"characters": "characters"})
    order = animated(tmp_path)
    order = replace(order, order=replace(order.order, characters=("char_1", "char_2")))

    submission = await submitted(emulator, order, wire=wire)

    assert isinstance(submission, Taken)
    assert emulator.seen[-1].body == {
        "model": "model-1",
        "prompt": "the boat sets off",
        "size": "128x72",
        "seconds": "4",
        "characters": [{"id": "char_1"}, {"id": "char_2"}],
        "idempotency_key": "job1-1",
        "metadata": {"dailies_job": "job1-1"},
        "input_reference": uploaded(PICTURE, "input_reference", "image.png", "image/png"),
    }


async def test_characters_of_a_generated_clip_are_objects_with_their_id(emulator: OpenAIEmulator) -> None:
    order = replace(job(), order=replace(job().order, characters=("char_1",)))

    named = await submitted(emulator, order, wire=replace(PLAIN, fields={"characters": "characters"}))
    unnamed = await submitted(emulator, order, wire=PLAIN)

    assert isinstance(named, Taken)
    assert code_of(unnamed) == "offer_changed"
    assert [seen.body for seen in emulator.seen] == [
        {"model": "model-1", "prompt": "a paper boat", "size": "128x72", "seconds": "4",
         "characters": [{"id": "char_1"}]}
    ]  # fmt: skip


async def test_a_lost_order_with_a_picture_is_found_by_its_key(
    emulator: OpenAIEmulator, tmp_path: Path
) -> None:
    order = animated(tmp_path)
    emulator.faults.next("create", faults.LOST_ANSWER)

    async with provider_at(emulator.url, wire=replace(PLAIN, key_field="idempotency_key")) as provider:
        lost = await provider.submit(order, attempt(order))
        found = await provider.find(order, attempt(order))
        (tmp_path / "source").unlink()
        without = await provider.find(order, attempt(order))

    assert isinstance(lost, Unknown)
    assert isinstance(found, Found)
    assert isinstance(without, CannotTell)
    assert len(emulator.jobs) == 1


async def test_a_remix_names_the_clip_that_the_provider_made_and_says_nothing_else_but_the_prompt(
    emulator: OpenAIEmulator, film: Path
) -> None:
    ticket = await finished(emulator)
    async with provider_at(emulator.url, wire=REMIX) as provider:
        order = from_clip(film, Kind.REMIX, provider_video_id=ticket.provider_job_id)
        remixed = await provider.submit(order, attempt(order))

    assert isinstance(remixed, Taken)
    assert (emulator.seen[-1].route, emulator.seen[-1].body) == ("remix", {"prompt": "now it rains"})
    assert emulator.jobs[remixed.ticket.provider_job_id].remixed_from == ticket.provider_job_id


@pytest.mark.parametrize(
    ("kind", "route", "more"), [(Kind.REMIX, "edit", {}), (Kind.EXTEND, "extend", {"seconds": "4"})]
)
async def test_edits_and_extensions_name_a_clip_that_is_still_there_and_send_any_other(
    emulator: OpenAIEmulator, film: Path, kind: Kind, route: str, more: dict[str, str]
) -> None:
    ticket = await finished(emulator)
    async with provider_at(emulator.url, wire=REWORK) as provider:
        known = from_clip(film, kind, provider_video_id=ticket.provider_job_id)
        other = from_clip(film, kind)
        outcomes = [await provider.submit(each, attempt(each)) for each in (known, other)]

    assert [type(outcome) for outcome in outcomes] == [Taken, Taken]
    assert [(seen.route, seen.body) for seen in emulator.seen[-2:]] == [
        (route, {"prompt": "now it rains", "video": {"id": ticket.provider_job_id}, **more}),
        (
            route,
            {
                "prompt": "now it rains",
                "video": uploaded(clip(128, 72, 4), "video", "video.mp4", "video/mp4"),
                **more,
            },
        ),
    ]
    assert list(emulator.jobs.values())[1].seconds == ("8" if kind is Kind.EXTEND else "4")


async def test_what_a_wire_adds_goes_with_every_call_and_may_even_be_a_size(
    emulator: OpenAIEmulator, film: Path
) -> None:
    wire = replace(
        REWORK,
        constants={"size": "1x1"},
        key_field="idempotency_key",
        echo_field="metadata",
        seed_field="seed",
    )
    order = from_clip(film, Kind.REMIX, provider_video_id="video_1")
    order = replace(order, order=replace(order.order, seed=7))

    await submitted(emulator, order, wire=wire)

    assert emulator.seen[-1].body == {
        "prompt": "now it rains",
        "video": {"id": "video_1"},
        "size": "1x1",
        "seed": 7,
        "idempotency_key": "job1-1",
        "metadata": {"dailies_job": "job1-1"},
    }


@pytest.mark.parametrize(
    ("kind", "wire", "its_id"),
    [
        (Kind.REMIX, REMIX, None),
        (Kind.REMIX, REMIX, ".."),
        (Kind.REMIX, REMIX, ""),
        (Kind.REMIX, REWORK, "two\nlines"),
        (Kind.EXTEND, REMIX, "video_1"),
        (Kind.REMIX, PLAIN, "video_1"),
        (Kind.REMIX, replace(PLAIN, fields={"video": "clip_url"}), "video_1"),
        (Kind.ANIMATE, REWORK, "video_1"),
        (Kind.GENERATE, REWORK, "video_1"),
    ],
)
async def test_a_clip_that_the_offer_does_not_take_so_is_refused_before_any_call(
    emulator: OpenAIEmulator, film: Path, kind: Kind, wire: Wire, its_id: str | None
) -> None:
    outcome = await submitted(emulator, from_clip(film, kind, provider_video_id=its_id), wire=wire)

    assert code_of(outcome) == "offer_changed"
    assert emulator.seen == []


async def test_a_picture_is_animated_and_nothing_else_and_its_shape_is_still_the_offers(
    emulator: OpenAIEmulator, tmp_path: Path, film: Path
) -> None:
    picture = animated(tmp_path)
    remix = replace(picture, order=replace(picture.order, kind=Kind.REMIX))
    odd = from_clip(film, Kind.REMIX, provider_video_id="video_1")
    odd = replace(odd, order=replace(odd.order, resolution="1080p"))

    outcomes = [await submitted(emulator, each, wire=REWORK) for each in (remix, odd)]
    outcomes.append(await submitted(emulator, picture, wire=replace(PLAIN, fields={"picture": ""})))

    assert [code_of(outcome) for outcome in outcomes] == ["offer_changed"] * 3
    assert emulator.seen == []


async def test_a_strange_id_of_a_clip_stays_one_segment_of_the_path(
    emulator: OpenAIEmulator, film: Path
) -> None:
    outcome = await submitted(
        emulator, from_clip(film, Kind.REMIX, provider_video_id="x/../../videos?a=b#c"), wire=REMIX
    )

    assert code_of(outcome) == "source_gone"
    assert emulator.seen[-1].path == "/v1/videos/x%2F..%2F..%2Fvideos%3Fa%3Db%23c/remix"


SOURCE_FAULTS: list[tuple[str, Wire, str, Fault, str]] = [
    ("the clip is gone", REMIX, "remix", answer(404, error("not_found")), "source_gone"),
    ("gone for good", REMIX, "remix", answer(410, error(None)), "source_gone"),
    ("gone, edited", REWORK, "edit", answer(404, error("not_found", param="video")), "source_gone"),
    ("the model is gone", REMIX, "remix", answer(404, error("model_not_found")), "model_gone"),
    ("no such call", REMIX, "remix", answer(404, {"detail": "Not Found"}), "model_gone"),
    ("404 of a proxy", REMIX, "remix", faults.PROXY_404, "model_gone"),
    ("a clip it cannot use", REWORK, "edit", answer(400, error(None, param="video")), "picture_refused"),
    ("a bad prompt", REWORK, "edit", answer(400, error(None, param="prompt")), "prompt_refused"),
    ("moderated", REMIX, "remix", answer(400, error("moderation_blocked")), "moderation_blocked"),
    ("a lost answer", REWORK, "edit", faults.RESET_BEFORE_READING, ""),
]


@pytest.mark.parametrize(
    ("wire", "route", "fault", "code"),
    [row[1:] for row in SOURCE_FAULTS],
    ids=[row[0] for row in SOURCE_FAULTS],
)
async def test_a_clip_that_is_gone_is_not_taken_for_a_model_that_is(
    emulator: OpenAIEmulator, film: Path, wire: Wire, route: str, fault: Fault, code: str
) -> None:
    emulator.faults.next(route, fault)

    outcome = await submitted(emulator, from_clip(film, Kind.REMIX, provider_video_id="video_1"), wire=wire)

    assert code_of(outcome) == code
    assert type(outcome) is (Refused if code else Unknown)
    assert [seen.route for seen in emulator.seen] == [route]


async def test_a_404_for_a_file_of_ours_is_about_the_model(emulator: OpenAIEmulator, film: Path) -> None:
    emulator.faults.next("edit", answer(404, error("not_found")))

    assert code_of(await submitted(emulator, from_clip(film, Kind.REMIX), wire=REWORK)) == "model_gone"


async def test_a_source_that_our_disk_does_not_have_is_our_own_fault(
    emulator: OpenAIEmulator, tmp_path: Path
) -> None:
    outcome = await submitted(emulator, from_clip(tmp_path / "none.mp4", Kind.REMIX), wire=REWORK)

    assert isinstance(outcome, Refused)
    assert (outcome.fault.kind, outcome.fault.code) == (FaultKind.OURS, "source_unreadable")
    assert emulator.seen == []


# Characters


async def character(provider: OpenAIVideos, film: Path, name: str = "Mia") -> Submission:
    source = from_clip(film, Kind.REMIX).order.source
    assert source is not None
    return await provider.submit_character(attempt(job()), name=name, clip=source)


async def test_a_character_is_made_at_once_has_an_id_to_order_and_no_file(
    emulator: OpenAIEmulator, film: Path, tmp_path: Path
) -> None:
    async with provider_at(emulator.url) as provider:
        taken = await character(provider, film)
        assert isinstance(taken, Taken)
        rendered = await provider.ask(taken.ticket)
        with pytest.raises(UnreadableAnswer):
            await provider.fetch(taken.ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)
        await provider.cancel(taken.ticket)
        await provider.delete(taken.ticket)
        again = await provider.ask(taken.ticket)

    (only,) = emulator.characters.made.values()
    assert rendered == again == Rendered(provider_id=str(only["id"]))
    assert only["name"] == "Mia"
    assert [seen.route for seen in emulator.seen] == ["create_character", *["character"] * 3]


async def test_a_character_that_is_not_known_has_vanished(emulator: OpenAIEmulator, film: Path) -> None:
    async with provider_at(emulator.url) as provider:
        taken = await character(provider, film)
        assert isinstance(taken, Taken)
        emulator.characters.made.clear()

        assert isinstance(await provider.ask(taken.ticket), Vanished)


@pytest.mark.parametrize(
    ("fault", "outcome", "code"),
    [
        (faults.LOST_ANSWER, Unknown, ""),
        (answer(200, {"id": None, "name": "Mia", "created_at": 1}), Unknown, ""),
        (answer(400, error(None, param="video")), Refused, "picture_refused"),
        (answer(400, error("moderation_blocked")), Refused, "moderation_blocked"),
        (answer(404, error("not_found")), Refused, "model_gone"),
    ],
)
async def test_a_character_is_taken_only_when_its_id_says_so(
    emulator: OpenAIEmulator, film: Path, fault: Fault, outcome: type[Submission], code: str
) -> None:
    emulator.faults.next("create_character", fault)

    async with provider_at(emulator.url) as provider:
        submission = await character(provider, film)

    assert type(submission) is outcome
    assert code_of(submission) == code
    assert [seen.route for seen in emulator.seen] == ["create_character"]


async def test_no_character_is_ordered_of_an_offer_or_a_file_that_is_gone(
    emulator: OpenAIEmulator, film: Path, tmp_path: Path
) -> None:
    elsewhere = OpenAIVideos("emulator", base_url=emulator.url, api_key=KEY, wires={}, now=Clock())
    async with provider_at(emulator.url) as provider:
        missing = await character(provider, tmp_path / "none.mp4")
    unknown = await character(elsewhere, film)
    await elsewhere.close()

    assert [code_of(one) for one in (missing, unknown)] == ["source_unreadable", "offer_changed"]
    assert emulator.seen == []
