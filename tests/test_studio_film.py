"""The files that the studio makes: what a player finds in them, and that they are always the same."""

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bot.studio.slate import Layout
from bot.studio.spec import FPS, Segment, Spec
from bot.studio.storyboard import Storyboard
from tests.studios import boxes, frame_of, loudness, sound_of


def filmed(
    folder: Path,
    prompt: str,
    *,
    width: int = 320,
    height: int = 180,
    picture: str | None = None,
    video: str | None = None,
) -> Path:
    """A clip of four seconds, small unless it says otherwise."""
    folder.mkdir(exist_ok=True)
    segments = (Segment(prompt=prompt, seconds=4),)
    spec = Spec(width=width, height=height, seed=1, segments=segments, picture=picture, video=video)
    done: list[int] = []
    files = folder / "clip.mp4", folder / "thumbnail.webp", folder / "sheet.jpg"
    Storyboard(spec, folder).draw(*files, done.append)
    assert done == list(range(1, 4 * FPS + 1))
    return folder / "clip.mp4"


@pytest.fixture(scope="module")
def boat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip of the demo, in full size."""
    prompt = 'A paper boat crossing a rain puddle, soft rain, no music. "Where are you going?"'
    return filmed(tmp_path_factory.mktemp("boat"), prompt, width=1280, height=720)


def test_a_clip_is_what_every_player_takes(boat: Path) -> None:
    with av.open(str(boat)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]

        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == (1280, 720)
        assert video.average_rate == FPS
        assert (audio.codec_context.name, audio.rate, audio.layout.name) == ("aac", 48_000, "stereo")
        assert container.duration is not None
        assert abs(container.duration / av.time_base - 4) < 1 / FPS
        assert sum(1 for _ in container.decode(video)) == 4 * FPS
        assert container.metadata["comment"] == "storyboard drawn by the Dailies studio, not AI-generated"


def test_a_clip_plays_from_its_first_byte(boat: Path) -> None:
    kinds = boxes(boat)

    assert kinds.index("moov") < kinds.index("mdat")


def test_a_clip_stays_within_what_discord_takes(boat: Path) -> None:
    """10 MB for up to 20 s: the bit rate is capped, and rain is what costs most."""
    assert boat.stat().st_size < 10_000_000 * 4 / 20 + 900_000


def test_the_rain_of_a_clip_is_heard_in_it(boat: Path) -> None:
    sound = sound_of(boat)

    assert loudness(sound) > 0.01
    assert float(np.abs(sound).max()) < 1


def test_a_clip_without_sound_has_a_silent_track(tmp_path: Path) -> None:
    assert loudness(sound_of(filmed(tmp_path, "a red cube, no music"))) < 1e-4


def test_every_frame_carries_the_mark(boat: Path) -> None:
    layout = Layout(1280, 720)
    mark = np.s_[: layout.top, 1280 - 200 :]

    frames = [frame_of(boat, number)[mark].astype(int) for number in (0, 30, 95)]

    assert all(frame.max() > 180 for frame in frames)
    assert all(np.abs(frame - frames[0]).mean() < 4 for frame in frames)


def test_what_is_spoken_is_read_at_the_lower_edge(boat: Path) -> None:
    silent = frame_of(boat, 1)
    spoken = frame_of(boat, 3 * FPS)
    rows = np.s_[Layout(1280, 720).bottom - 60 : Layout(1280, 720).bottom - 8, 440:840]

    def white(frame: NDArray[np.uint8]) -> float:
        return float((frame[rows].min(axis=2) > 215).mean())

    assert white(silent) < 0.002
    assert white(spoken) > 0.02


def test_the_thumbnail_and_the_sprite_sheet_show_the_clip(boat: Path) -> None:
    with (
        Image.open(boat.with_name("thumbnail.webp")) as thumbnail,
        Image.open(boat.with_name("sheet.jpg")) as sheet,
    ):
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (640, 360))
        assert (sheet.format, sheet.size) == ("JPEG", (5 * 320, 4 * 180))
        small = np.asarray(thumbnail.convert("RGB"), dtype=int)
    whole = frame_of(boat, 4 * FPS * 2 // 5)[::2, ::2].astype(int)
    assert np.abs(small - whole).mean() < 12


def test_the_same_spec_makes_the_same_bytes(tmp_path: Path) -> None:
    prompt = "a fox runs through a snowy forest at night, wind. Camera pans left."

    first, again = filmed(tmp_path / "1", prompt), filmed(tmp_path / "2", prompt)

    assert first.read_bytes() == again.read_bytes()


def test_a_given_picture_fills_the_frame_and_the_camera_moves_over_it(tmp_path: Path) -> None:
    columns = np.linspace(0, 255, 400, dtype=np.uint8)
    Image.fromarray(np.tile(columns, (200, 1))).convert("RGB").save(tmp_path / "picture.png")

    clip = filmed(tmp_path, "camera pans right over it", picture="picture.png")

    first, last = frame_of(clip, 0), frame_of(clip, 95)
    row = Layout(320, 180).bottom - 10
    assert int(first[row, -1, 0]) - int(first[row, 0, 0]) > 150  # dark left, light right
    assert 15 < np.mean(last[row].astype(int) - first[row]) < 80  # and all of it moved left


def test_an_edited_video_shows_its_own_frames_and_keeps_its_sound(tmp_path: Path) -> None:
    source = filmed(tmp_path / "source", "a lighthouse by the sea, a bell rings")
    (tmp_path / "edit").mkdir()
    (tmp_path / "edit" / "video.mp4").write_bytes(source.read_bytes())

    edited = filmed(tmp_path / "edit", "heavy snow, no music", video="video.mp4")

    middle = np.s_[30:140, 20:300]
    drawn, given = frame_of(edited, 40)[middle].astype(int), frame_of(source, 40)[middle].astype(int)
    plain = frame_of(filmed(tmp_path / "plain", "heavy snow, no music"), 40)[middle].astype(int)
    assert np.abs(drawn - given).mean() < 0.6 * np.abs(plain - given).mean()
    assert loudness(sound_of(edited)) > 0.4 * loudness(sound_of(source))
