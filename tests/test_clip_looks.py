"""A few frames of a finished clip are looked at before anybody sees it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.clips.stills import Stills
from bot.domain import Clip, Job, JobId, JobState
from bot.errors import ClipUnusable
from bot.moderation.gates import Gate, Mode
from bot.screening.classifier import Subject
from bot.screening.clip_looks import FRAME_SIDE_PX_MAX, REMEMBERED_MAX, ClipLooks
from bot.screening.screening import Screening
from bot.screening.verdict import MINORS, PASSED, Outcome, Reason, Verdict, unavailable
from bot.screening.word_lists import words_of_minors
from storage.database import Database
from tests.emulators.clips import sound_alone
from tests.films import film
from tests.props import Clock, job_of, worded
from tests.review_scene import Bench

GREYS = [20 + 6 * number for number in range(31)]


class Eye:
    """A classifier that sees how bright a picture is, and thinks ill of what is brighter than a line."""

    name = "eye"
    sees_pictures = True

    def __init__(self, verdict: Verdict, *, above: int = 0) -> None:
        self.seen: list[int] = []
        self.sizes: list[tuple[int, int]] = []
        self.texts: list[str] = []
        self._verdict = verdict
        self._above = above

    async def look(self, subject: Subject) -> Verdict:
        assert subject.picture is not None
        with Image.open(subject.picture.path) as picture:
            self.sizes.append(picture.size)
            self.seen.append(int(np.asarray(picture.convert("L")).mean()))
        self.texts.append(subject.text)
        return self._verdict if self.seen[-1] >= self._above else PASSED


class Told:
    """The operator."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def tell(self, code: str, sentence: str) -> None:
        self.said.append((code, sentence))


def scored(outcome: Outcome, category: str = "violence") -> Verdict:
    return Verdict(
        outcome=outcome,
        reasons=(Reason(code="score", source="eye", category=category),),
        scores={category: 0.9},
    )


def clip_at(path: Path, job: Job) -> Clip:
    return Clip(
        job_id=job.id,
        path=path,
        sha256="0" * 64,
        size_bytes=1,
        width=128,
        height=96,
        duration_ms=1_000,
        has_sound=True,
        stored_at=job.created_at,
    )


@pytest.fixture
def job() -> Job:
    return job_of()


@pytest.fixture
def clip(tmp_path: Path, job: Job) -> Clip:
    return clip_at(film(tmp_path / "clip.mp4", GREYS), job)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def looks(tmp_path: Path, *eyes: Eye, told: Told | None = None, frames: int = 4) -> ClipLooks:
    screening = Screening([worded(["boat"]), *eyes], of_minors=words_of_minors())
    return ClipLooks(screening, Stills(), told or Told(), folder=tmp_path, frames=frames)


async def test_frames_from_all_over_the_clip_are_looked_at_and_none_is_kept(
    tmp_path: Path, job: Job, clip: Clip
) -> None:
    eye = Eye(PASSED)

    assert (await looks(tmp_path, eye).look(job, clip)).outcome is Outcome.PASS

    assert len(eye.seen) == 4
    for at, grey in enumerate(sorted(eye.seen)):
        assert abs(grey - (GREYS[0] + (GREYS[-1] - GREYS[0]) * (2 * at + 1) / 8)) < 12
    assert set(eye.texts) == {job.order.prompt}
    assert names_in(tmp_path) == ["clip.mp4"]


async def test_a_frame_is_small_enough_to_be_sent(tmp_path: Path, job: Job) -> None:
    eye = Eye(PASSED)
    large = clip_at(film(tmp_path / "large.mp4", GREYS[:4], size=(1280, 720)), job)

    await looks(tmp_path, eye, frames=1).look(job, large)

    assert eye.sizes == [(FRAME_SIDE_PX_MAX, FRAME_SIDE_PX_MAX * 9 // 16)]


@pytest.mark.parametrize("outcome", [Outcome.QUEUE, Outcome.BLOCK])
async def test_one_bad_frame_lets_a_moderator_look(
    tmp_path: Path, job: Job, clip: Clip, outcome: Outcome
) -> None:
    told = Told()

    verdict = await looks(tmp_path, Eye(scored(outcome), above=160), told=told).look(job, clip)

    assert verdict.outcome is Outcome.QUEUE
    assert verdict.scores == {"violence": 0.9}
    assert told.said == []


async def test_the_gravest_is_stopped_and_the_operator_told_once(
    tmp_path: Path, job: Job, clip: Clip
) -> None:
    told = Told()
    clips = looks(tmp_path, Eye(scored(Outcome.BLOCK, MINORS)), told=told)

    first, again = await clips.look(job, clip), await clips.look(job, clip)

    assert first == again
    assert first.final
    assert first.outcome is Outcome.BLOCK
    ((code, sentence),) = told.said
    assert code == "clip_withheld_minors"
    assert job.id in sentence
    assert job.order.prompt not in sentence


async def test_sexual_frames_of_a_prompt_about_children_are_the_gravest(
    tmp_path: Path, job: Job, clip: Clip
) -> None:
    about = replace(job, order=replace(job.order, prompt="children at the sea"))

    verdict = await looks(tmp_path, Eye(scored(Outcome.QUEUE, "sexual"))).look(about, clip)

    assert verdict.final


async def test_a_clip_that_is_asked_about_again_is_looked_at_once(
    tmp_path: Path, job: Job, clip: Clip
) -> None:
    eye = Eye(PASSED)
    clips = looks(tmp_path, eye, frames=2)
    for _ in range(3):
        await clips.look(job, clip)

    assert len(eye.seen) == 2


async def test_what_nobody_could_tell_is_asked_again(tmp_path: Path, job: Job, clip: Clip) -> None:
    eye = Eye(unavailable("eye"))
    clips = looks(tmp_path, eye, frames=1)

    assert (await clips.look(job, clip)).undecided
    assert (await clips.look(job, clip)).undecided
    assert len(eye.seen) == 2


async def test_a_clip_without_pictures_is_undecided(tmp_path: Path, job: Job) -> None:
    silent = tmp_path / "sound.mp4"
    silent.write_bytes(sound_alone(1))

    assert (await looks(tmp_path, Eye(PASSED)).look(job, clip_at(silent, job))).undecided
    assert (await looks(tmp_path, Eye(PASSED)).look(job, clip_at(tmp_path / "gone.mp4", job))).undecided


async def test_without_anybody_who_sees_pictures_no_frame_is_taken(tmp_path: Path, job: Job) -> None:
    gone = clip_at(tmp_path / "gone.mp4", job)

    assert await looks(tmp_path).look(job, gone) == PASSED
    assert await looks(tmp_path, Eye(scored(Outcome.BLOCK)), frames=0).look(job, gone) == PASSED


async def test_only_so_many_clips_are_remembered(tmp_path: Path, job: Job, clip: Clip) -> None:
    clips = looks(tmp_path, Eye(PASSED), frames=1)
    clips._known.update({JobId(f"old{number}"): PASSED for number in range(REMEMBERED_MAX)})

    await clips.look(job, clip)

    assert len(clips._known) == REMEMBERED_MAX
    assert "old0" not in clips._known


# At the gate


@pytest.mark.parametrize(
    ("category", "mode", "stops"),
    [
        ("violence", Mode.OFF, False),
        ("violence", Mode.FLAGGED, True),
        (MINORS, Mode.OFF, True),
        (MINORS, Mode.FLAGGED, True),
    ],
)
async def test_what_is_seen_stops_where_a_gate_says_so_and_the_gravest_everywhere(
    tmp_path: Path, database: Database, clock: Clock, category: str, mode: Mode, *, stops: bool
) -> None:
    bench = Bench(database, clock)
    await bench.gate(Gate.SHOWING, mode)
    stored = await bench.stored()
    made = clip_at(film(tmp_path / "clip.mp4", GREYS), stored)
    eye = Eye(scored(Outcome.BLOCK, category))

    async def look(job: Job, clip: Clip) -> Verdict:
        assert clip.job_id == job.id
        return await looks(tmp_path, eye, frames=1).look(job, made)

    assert await bench.holds(stored, look=look) is stops

    if stops:
        review = await bench.review(stored, Gate.SHOWING)
        assert review.found.forbidden is (category == MINORS)
        assert (await bench.job(stored.id)).state is JobState.WITHHELD


# The frames


@pytest.mark.parametrize("group", [1, 12, 250], ids="a group of {}".format)
async def test_as_many_frames_are_taken_as_there_are(tmp_path: Path, group: int) -> None:
    clip = film(tmp_path / "clip.mp4", GREYS[:3], group=group)
    folder = tmp_path / "frames"
    folder.mkdir()

    frames = await Stills().frames(clip, folder, count=16, side_px_max=64)

    assert [path.name for path in frames] == ["0.jpg", "1.jpg", "2.jpg"]
    assert sorted(path.name for path in folder.iterdir()) == ["0.jpg", "1.jpg", "2.jpg"]


async def test_what_is_no_clip_has_no_frames(tmp_path: Path) -> None:
    page = tmp_path / "page.mp4"
    page.write_bytes(b"<html>no</html>")

    with pytest.raises(ClipUnusable):
        await Stills().frames(page, tmp_path, count=4, side_px_max=64)
