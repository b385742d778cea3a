"""How the studio's pictures are drawn, on small stages and without a film."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.studio.camera import Lens, View
from bot.studio.easel import Easel
from bot.studio.lettering import Lettering
from bot.studio.palette import palette_of
from bot.studio.planes import Bytes, Cel, Planes, Stage
from bot.studio.scene import Scene
from bot.studio.script import shots_of
from bot.studio.slate import Layout, Slate
from bot.studio.spec import Segment, Spec
from bot.studio.vocabulary import FIGURES, HOURS, MOVES, PLACES, STYLES, WEATHERS

WIDTH, HEIGHT = 320, 156


def drawn(prompt: str, frame: int = 5, *, seed: int = 1) -> Bytes:
    """The light of one frame of a prompt's first shot."""
    spec = Spec(width=WIDTH, height=HEIGHT, seed=seed, segments=(Segment(prompt=prompt, seconds=4),))
    shot = shots_of(spec)[0]
    easel = Easel(WIDTH, HEIGHT, seed)
    Scene(shot, palette_of(shot, seed), easel, seed).draw(frame)
    return easel.picture.planes.y.copy()


@pytest.mark.parametrize("place", [words.split(",")[0] for words in PLACES.values()])
@pytest.mark.parametrize("figure", ["a paper boat", "a woman", "birds"])
def test_every_place_is_drawn_with_whoever_is_there(place: str, figure: str) -> None:
    picture = drawn(f"{figure}, {place}")

    assert int(picture.max()) - int(picture.min()) > 40


@pytest.mark.parametrize("figure", [words.split(",")[0] for words in FIGURES.values()])
def test_every_figure_is_in_the_picture(figure: str) -> None:
    alone, shown = drawn("in the city, close-up"), drawn(f"a {figure} in the city, close-up")

    assert np.mean(alone != shown) > 0.01


@pytest.mark.parametrize(
    "word", [words.split(",")[0] for table in (HOURS, WEATHERS, STYLES) for words in table.values()]
)
def test_hours_weathers_and_styles_change_the_picture(word: str) -> None:
    plain = "night" if word == "day" else "day"

    assert np.mean(drawn(f"a boat on the sea, {plain}") != drawn(f"a boat on the sea, {word}")) > 0.05


@pytest.mark.parametrize("move", [words.split(",")[0] for words in MOVES.values()])
def test_every_camera_move_moves_the_picture_and_a_locked_camera_does_not(move: str) -> None:
    first, last = (
        drawn(f"a house in the mountains, {move}", 2),
        drawn(f"a house in the mountains, {move}", 90),
    )

    changed = np.mean(np.abs(first.astype(int) - last) > 4)
    assert (changed < 0.1) if move == "static" else (changed > 0.1)


def test_two_seeds_draw_two_pictures_and_one_seed_one() -> None:
    one, same, other = drawn("a lake"), drawn("a lake"), drawn("a lake", seed=2)

    assert np.array_equal(one, same)
    assert np.mean(one != other) > 0.3


def test_a_cel_lies_where_it_is_put_and_what_sticks_out_is_cut() -> None:
    stage = Stage(32, 32)
    cel = Cel.of_shape(np.pad(np.ones((8, 8), np.float32), 2), (255, 255, 255))
    black, white = int(stage.planes.y[0, 0]), 235

    stage.lay(cel, -6, -6)
    stage.lay(cel, 18.5, 14)
    stage.lay(cel, 100, 0)

    assert stage.planes.y[:4, :4].min() == white
    assert stage.planes.y[4:16].max() == black
    assert stage.planes.y[16, 21:28].min() == white
    assert black < stage.planes.y[16, 20] == stage.planes.y[16, 28] < white
    assert stage.planes.y[16, 29:].max() == black


def test_the_lens_enlarges_its_centre_and_leaves_no_pixel_out() -> None:
    planes = Planes.blank(64, 64)
    planes.y[24:40, 24:40] = 200
    seen = Planes.blank(64, 64)

    Lens(64, 64).look(planes, View(0, 2.0), seen)

    assert int((seen.y > 190).sum()) == pytest.approx(4 * 16 * 16, rel=0.15)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (720, 1280), (1920, 1080)])
def test_the_mark_is_in_the_slate_of_every_shape_and_shot(width: int, height: int) -> None:
    layout = Layout(width, height)
    slate = Slate(layout, Lettering(), 1)
    shots = shots_of(
        Spec(
            width=width,
            height=height,
            seed=1,
            segments=(Segment(prompt="A dog runs. A very old cat sits.", seconds=4),),
        )
    )

    (first, below), (second, other) = (
        slate.bands(shot, n, 2, (200, 90, 60)) for n, shot in enumerate(shots, 1)
    )

    mark = np.s_[:, width - round(200 * layout.unit) :]
    assert int(first.y[mark].max()) > 180
    assert np.array_equal(first.y[mark], second.y[mark])
    assert not np.array_equal(below.y, other.y)
    assert first.height + below.height == height - (layout.bottom - layout.top)


def test_the_slates_words_and_the_mark_never_meet() -> None:
    layout = Layout(720, 1280)
    shot = shots_of(
        Spec(
            width=720,
            height=1280,
            seed=1,
            segments=(Segment(prompt="high angle extreme close-up, tracking shot of a dog", seconds=4),),
        )
    )[0]

    above, _ = Slate(layout, Lettering(), 9).bands(shot, 10, 10, (200, 90, 60))

    dark = above.y.max(axis=0) < 60
    gaps = np.flatnonzero(dark[200:-200])
    assert gaps.size >= round(20 * layout.unit)


@pytest.mark.parametrize(
    "text",
    [
        "日本語のテキスト",
        "مرحبا بالعالم",
        "smile 🙂🙃 again",
        "é è ß Ł ø",
        "a\x00b\ud800c",
        "\ue000\uffff",
        "   ",
    ],
)
def test_no_script_draws_a_box_and_none_fails(text: str) -> None:
    lettering = Lettering(folders=[])  # a machine without fonts
    page = Image.new("RGB", (400, 40))

    for line in lettering.wrap(text, 20, 380, 2):
        lettering.write(page, (0, 30), line, 20, (255, 255, 255))
        assert all(lettering.clean(letter) for letter in line.replace(" ", ""))


def test_letters_with_marks_are_written_plainly_where_no_font_has_them() -> None:
    assert Lettering(folders=[]).clean("Café Straße Łódź — “naïve”") == "Cafe Strasse Lodz - “naive”"


def test_a_font_of_the_machine_is_used_for_what_ours_lacks(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    found = sorted(Path("/usr/share/fonts").rglob("*Sans*.ttf"))
    if not found:
        pytest.skip("this machine has no fonts under /usr/share/fonts")
    (tmp_path / "Sans.ttf").write_bytes(found[0].read_bytes())

    assert Lettering(folders=[tmp_path]).clean("Café") == "Café"


def test_lines_are_wrapped_to_their_width_and_cut_with_dots() -> None:
    lettering = Lettering(folders=[])

    lines = lettering.wrap("word " * 80, 20, 300, 2)

    assert len(lines) == 2
    assert lines[-1].endswith("...")
    assert max(lettering.length(line, 20) for line in lines) <= 300
