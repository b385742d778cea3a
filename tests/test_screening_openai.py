"""The moderation endpoint as a classifier: our own lines, a memory, turns, and closed when in doubt."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import ChannelId, GuildId
from bot.errors import SettingsError
from bot.providers.http import Timeouts
from bot.screening.classifier import Shown, Subject
from bot.screening.lines import DEFAULTS, Lines, read_lines
from bot.screening.openai import AGAIN_AFTER_S, KEPT_FOR, MODEL, SHUT_S, OpenAIModeration, readable
from bot.screening.verdict import MINORS, Outcome, Reason
from storage.database import Database
from tests.emulators import faults
from tests.emulators.faults import Fault
from tests.emulators.moderation import ModerationEmulator
from tests.props import Clock

KEY = "sk-test"
PNG = b"\x89PNG one"


class Told:
    """The operator, who hears what cannot wait."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def tell(self, code: str, sentence: str) -> None:
        assert KEY not in sentence
        self.codes.append(code)


class Waits:
    """Time that passes only while somebody waits; how long is written down."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.waited: list[float] = []

    def clock(self) -> float:
        return self.now_s

    async def pause(self, seconds: float) -> None:
        self.now_s += seconds
        if seconds:
            self.waited.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def emulator() -> AsyncIterator[ModerationEmulator]:
    async with ModerationEmulator(api_key=KEY) as running:
        yield running


Made = Callable[..., OpenAIModeration]


@pytest.fixture
async def made(
    database: Database, clock: Clock, emulator: ModerationEmulator, told: Told, waits: Waits
) -> AsyncIterator[Made]:
    """Makes the classifier; what a test does not name is as usual."""
    opened: list[OpenAIModeration] = []

    def make(*, key: str = KEY, url: str = "", per_minute: int = 600, ask_s: float = 5) -> OpenAIModeration:
        opened.append(
            OpenAIModeration(
                database,
                told,
                key=key,
                base_url=url or emulator.url,
                per_minute=per_minute,
                now=clock,
                clock=waits.clock,
                timeouts=Timeouts(connect_s=2, ask_s=ask_s),
                pause=waits.pause,
            )
        )
        return opened[-1]

    yield make
    for one in opened:
        await one.close()


def subject(text: str = "a boat", picture: Path | None = None) -> Subject:
    shown = None if picture is None else Shown(path=picture, media_type="image/png")
    return Subject(text=text, guild_id=GuildId(10), channel_id=ChannelId(30), picture=shown)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(PNG)
    return path


# What it says


@pytest.mark.parametrize(
    ("category", "score", "outcome"),
    [
        ("violence", 0.84, Outcome.PASS),
        ("violence", 0.85, Outcome.QUEUE),
        ("violence", 0.99, Outcome.BLOCK),
        ("sexual", 0.4, Outcome.QUEUE),
        ("sexual", 0.85, Outcome.BLOCK),
        (MINORS, 0.09, Outcome.PASS),
        (MINORS, 0.1, Outcome.BLOCK),
    ],
)
async def test_a_score_is_judged_by_our_own_lines(
    made: Made, emulator: ModerationEmulator, category: str, score: float, outcome: Outcome
) -> None:
    emulator.says["zombie"] = {category: score}

    verdict = await made().look(subject("a zombie"))

    assert verdict.outcome is outcome
    assert verdict.scores[category] == score
    assert verdict.final is (category == MINORS and outcome is Outcome.BLOCK)
    if outcome is not Outcome.PASS:
        assert verdict.reasons == (Reason(code="score", source="openai", category=category),)


async def test_its_own_word_on_minors_goes_above_our_line(made: Made, emulator: ModerationEmulator) -> None:
    scores = dict.fromkeys(DEFAULTS, 0.01)
    body = {"results": [{"categories": {MINORS: True}, "category_scores": scores}]}
    emulator.faults.next("moderations", faults.answer(200, body))

    assert (await made().look(subject())).final


async def test_the_pinned_snapshot_is_asked_with_the_clean_picture_in_the_request(
    made: Made, emulator: ModerationEmulator, picture: Path
) -> None:
    emulator.sees[PNG] = {"sexual": 0.9}

    verdict = await made().look(subject("a\u200b  boat", picture))

    (asked,) = (json.loads(seen.body) for seen in emulator.seen)
    assert verdict.outcome is Outcome.BLOCK
    assert asked["model"] == MODEL
    assert asked["input"][0] == {"type": "text", "text": "a boat"}
    assert asked["input"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    assert len(asked["input"]) == 2


def test_what_is_sent_reads_as_what_was_typed() -> None:
    assert readable("  \uff21 \u202eboat\u200b\n\nGO ") == "A boat GO"


# It remembers


async def test_the_same_again_is_not_asked_again(
    made: Made, emulator: ModerationEmulator, picture: Path
) -> None:
    emulator.says["zombie"] = {"violence": 0.9}
    first = await made().look(subject("a zombie", picture))
    again = await made().look(subject("a  zombie", picture))

    assert again == first
    assert len(emulator.seen) == 1


async def test_another_text_or_picture_is_another_question(
    made: Made, emulator: ModerationEmulator, picture: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.png"
    other.write_bytes(b"\x89PNG two")
    classifier = made()

    for one in (subject("a"), subject("b"), subject("a", picture), subject("a", other)):
        await classifier.look(one)

    assert len(emulator.seen) == 4


async def test_a_memory_fades(made: Made, emulator: ModerationEmulator, clock: Clock) -> None:
    classifier = made()
    await classifier.look(subject())
    clock.advance(KEPT_FOR + timedelta(seconds=1))
    await classifier.look(subject())

    assert len(emulator.seen) == 2


async def test_nothing_of_a_prompt_is_kept(made: Made, database: Database) -> None:
    await made().look(subject("a very private prompt"))

    (row,) = await database.read(lambda connection: connection.execute("SELECT * FROM rulings").fetchall())
    assert "private" not in repr(tuple(row))


async def test_what_could_not_be_told_is_asked_again(made: Made, emulator: ModerationEmulator) -> None:
    emulator.faults.next("moderations", faults.answer(200, b"<html>sign in</html>"))
    classifier = made()

    assert (await classifier.look(subject())).undecided
    assert (await classifier.look(subject())).outcome is Outcome.PASS


# Closed when in doubt

SCORES = dict.fromkeys(DEFAULTS, 0.01)
FLAGS = dict.fromkeys(DEFAULTS, False)


def result(**changed: object) -> dict[str, object]:
    return {"results": [{"categories": FLAGS, "category_scores": SCORES} | changed]}


@pytest.mark.parametrize(
    "fault",
    [
        faults.answer(200, b"<html>sign in</html>"),
        faults.answer(200, b""),
        faults.answer(200, []),
        faults.answer(200, {"results": []}),
        faults.answer(200, {"results": [1, 2]}),
        faults.answer(200, result(category_scores={})),
        faults.answer(200, result(category_scores=SCORES | {"sexual": "0.1"})),
        faults.answer(200, result(category_scores=SCORES | {"sexual": -0.1})),
        faults.answer(200, result(category_scores=SCORES | {"sexual": 1.1})),
        faults.answer(200, result(category_scores=SCORES | {"sexual": True})),
        faults.answer(200, result(category_scores=SCORES | {"sexual": float("nan")})),
        faults.answer(200, result(category_scores={k: v for k, v in SCORES.items() if k != MINORS})),
        faults.answer(200, {"results": result()["results"], "more": "x" * 100_000}),
        faults.answer(204, b""),
        faults.answer(302, b"", headers={"Location": "http://127.0.0.1:9/"}),
        faults.answer(400, {"error": {"code": "invalid_image"}}),
        faults.answer(401, {"error": {"code": "invalid_api_key"}}),
        faults.answer(403, b"<html>no</html>"),
        faults.answer(404, {"error": {"code": "model_not_found"}}),
        faults.answer(429, {"error": {}}),
        faults.answer(429, {"error": {}}, headers={"Retry-After": "3600"}),
        faults.answer(500, b"oops"),
        faults.PROXY_502_BEFORE_WORK,
        faults.PROXY_504_AFTER_WORK,
        faults.RESET_BEFORE_READING,
        faults.LOST_ANSWER,
        faults.CUT_SHORT,
    ],
)
async def test_whatever_is_no_answer_is_undecided_and_one_line_of_the_log(
    made: Made, emulator: ModerationEmulator, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.faults.always("moderations", fault)

    with caplog.at_level(logging.WARNING, "bot.screening"):
        verdict = await made().look(subject("a secret plan"))

    assert verdict.undecided
    assert verdict.outcome is Outcome.QUEUE
    (line,) = caplog.records
    assert line.__dict__["code"] == "screening_unavailable"
    assert "secret" not in line.getMessage()
    assert KEY not in line.getMessage()


@pytest.mark.parametrize("fault", [faults.HANG_BEFORE_WORK, faults.DRIP])
async def test_one_that_hangs_is_given_up(made: Made, emulator: ModerationEmulator, fault: Fault) -> None:
    emulator.faults.always("moderations", fault)

    assert (await made(ask_s=0.1).look(subject())).undecided


async def test_one_that_is_not_there_is_undecided(made: Made) -> None:
    assert (await made(url="http://127.0.0.1:9/v1").look(subject())).undecided


async def test_a_picture_that_is_gone_is_undecided(made: Made, tmp_path: Path) -> None:
    assert (await made().look(subject("a boat", tmp_path / "gone.png"))).undecided


async def test_one_bad_moment_is_passed_over(made: Made, emulator: ModerationEmulator, waits: Waits) -> None:
    emulator.faults.next("moderations", faults.PROXY_502_BEFORE_WORK)

    assert (await made().look(subject())).outcome is Outcome.PASS
    assert waits.waited == [AGAIN_AFTER_S]


async def test_a_short_pause_that_it_asks_for_is_kept(
    made: Made, emulator: ModerationEmulator, waits: Waits
) -> None:
    emulator.faults.next("moderations", faults.answer(429, {}, headers={"Retry-After": "3"}))

    assert (await made().look(subject())).outcome is Outcome.PASS
    assert sum(waits.waited) == pytest.approx(3)


async def test_after_a_failure_nobody_waits_for_the_next(
    made: Made, emulator: ModerationEmulator, waits: Waits
) -> None:
    emulator.faults.next("moderations", faults.PROXY_502_BEFORE_WORK, faults.PROXY_502_BEFORE_WORK)
    classifier = made()
    await classifier.look(subject("one"))
    waited = list(waits.waited)

    assert (await classifier.look(subject("two"))).undecided
    assert len(emulator.seen) == 2
    assert waits.waited == waited

    waits.now_s += SHUT_S
    assert (await classifier.look(subject("two"))).outcome is Outcome.PASS


async def test_a_refused_key_is_told_the_operator_once(
    made: Made, emulator: ModerationEmulator, told: Told, waits: Waits
) -> None:
    classifier = made(key="sk-wrong")
    for text in ("one", "two"):
        await classifier.look(subject(text))
        waits.now_s += SHUT_S + 1

    assert told.codes == ["screening_key_refused"]
    assert len(emulator.seen) == 2


async def test_no_more_is_asked_in_a_minute_than_may_be(
    made: Made, emulator: ModerationEmulator, waits: Waits
) -> None:
    classifier, began = made(per_minute=60), waits.now_s
    verdicts = [await classifier.look(subject(f"boat {number}")) for number in range(30)]

    assert all(verdict.outcome is Outcome.PASS for verdict in verdicts)
    assert waits.now_s - began >= 30 - 60 // 10


async def test_who_would_have_to_wait_too_long_is_undecided(made: Made, emulator: ModerationEmulator) -> None:
    classifier = made(per_minute=1)

    assert (await classifier.look(subject("one"))).outcome is Outcome.PASS
    assert (await classifier.look(subject("two"))).undecided
    assert len(emulator.seen) == 1


# The lines


def test_an_operator_sets_the_lines() -> None:
    lines = read_lines(" violence 0.7 0.95, sexual/minors 0.05 0.05 ")

    assert lines["violence"] == Lines(0.7, 0.95)
    assert lines[MINORS] == Lines(0.05, 0.05)
    assert lines["hate"] == DEFAULTS["hate"]
    assert read_lines("") == DEFAULTS


@pytest.mark.parametrize(
    "text",
    [
        "violence",
        "violence 0.5",
        "violence a b",
        "violence 0.9 0.5",
        "violence 0 0.5",
        "violence 0.5 1.5",
        "violence 0.5 0.6 0.7",
        "violence nan nan",
        "gore 0.5 0.6",
        "sexual/minors 0.5 0.5",
    ],
)
def test_lines_that_cannot_be_are_named(text: str) -> None:
    with pytest.raises(SettingsError, match="DAILIES_MODERATION_LINES: "):
        read_lines(text)
