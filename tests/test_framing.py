"""Bringing a picture to a clip's shape: what is cut, what is added, and how it is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ordering.framing import Framing, fit, frame_size, shape_name, told

SIDES = st.integers(min_value=1, max_value=16_000)


def test_a_wide_picture_loses_its_sides_to_a_tall_frame() -> None:
    cropped = fit(1600, 1200, 720, 1280, Framing.CROP)

    assert (cropped.left, cropped.top, cropped.right, cropped.bottom) == (462, 0, 1137, 1200)
    assert (cropped.inner_width, cropped.inner_height) == (720, 1280)
    assert cropped.cut_percent == 58
    assert cropped.bars_percent == 0
    assert told(cropped) == "The picture is 4:3; its sides are cropped to 9:16 (58 % of it is lost)."


def test_a_tall_picture_loses_its_top_and_bottom_to_a_wide_frame() -> None:
    cropped = fit(1080, 1920, 1280, 720, Framing.CROP)

    assert (cropped.left, cropped.right) == (0, 1080)
    assert cropped.bottom - cropped.top == 608
    assert abs((1920 - cropped.bottom) - cropped.top) <= 1
    assert (
        told(cropped) == "The picture is 9:16; its top and bottom are cropped to 16:9 (68 % of it is lost)."
    )


def test_a_wide_picture_gets_bars_above_and_below_in_a_tall_frame() -> None:
    padded = fit(1600, 1200, 720, 1280, Framing.PAD)

    assert (padded.left, padded.top, padded.right, padded.bottom) == (0, 0, 1600, 1200)
    assert (padded.inner_width, padded.inner_height) == (720, 540)
    assert padded.cut_percent == 0
    assert (
        told(padded) == "The picture is 4:3; bars above and below make it 9:16 (58 % of the frame is bars)."
    )


def test_a_tall_picture_gets_bars_at_its_sides_in_a_wide_frame() -> None:
    padded = fit(1080, 1920, 1280, 720, Framing.PAD)

    assert (padded.inner_width, padded.inner_height) == (405, 720)
    assert told(padded) == "The picture is 9:16; bars at its sides make it 16:9 (68 % of the frame is bars)."


@pytest.mark.parametrize("framing", Framing)
@pytest.mark.parametrize("size", [(1280, 720), (1366, 768), (3840, 2160), (640, 360)])
def test_where_nobody_would_see_it_nothing_is_said(framing: Framing, size: tuple[int, int]) -> None:
    assert told(fit(*size, 1280, 720, framing)) == ""


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(Framing))
def test_a_fit_takes_a_part_of_the_picture_and_stands_in_the_frame(
    across: int, down: int, width: int, height: int, framing: Framing
) -> None:
    found = fit(across, down, width, height, framing)

    assert 0 <= found.left < found.right <= across
    assert 0 <= found.top < found.bottom <= down
    assert 1 <= found.inner_width <= width
    assert 1 <= found.inner_height <= height
    if framing is Framing.CROP:
        assert (found.inner_width, found.inner_height) == (width, height)
        assert (found.right - found.left == across) or (found.bottom - found.top == down)
        assert abs(found.left - (across - found.right)) <= 1
        assert abs(found.top - (down - found.bottom)) <= 1
    else:
        assert (found.right - found.left, found.bottom - found.top) == (across, down)
        assert found.inner_width == width or found.inner_height == height
    # What is taken has the shape of where it goes, to within the rounding of one pixel.
    taken, down_taken = found.right - found.left, found.bottom - found.top
    assert abs(taken * found.inner_height - down_taken * found.inner_width) <= max(
        taken, down_taken, found.inner_width, found.inner_height
    )
    assert 0 <= found.cut_percent <= 100
    assert 0 <= found.bars_percent <= 100


def test_a_side_without_pixels_is_no_picture() -> None:
    with pytest.raises(ValueError, match="without pixels"):
        fit(0, 10, 10, 10, Framing.CROP)


@pytest.mark.parametrize(
    ("size", "name"),
    [
        ((1920, 1080), "16:9"),
        ((1366, 768), "16:9"),
        ((1080, 1920), "9:16"),
        ((4032, 3024), "4:3"),
        ((3024, 4032), "3:4"),
        ((500, 500), "1:1"),
        ((1500, 1000), "3:2"),
        ((2560, 1080), "21:9"),
        ((700, 100), "7:1"),
        ((1001, 317), "1001x317"),
    ],
)
def test_a_shape_has_the_name_that_people_give_it(size: tuple[int, int], name: str) -> None:
    assert shape_name(*size) == name


@pytest.mark.parametrize(
    ("resolution", "aspect_ratio", "word", "size"),
    [
        ("720p", "16:9", "", (1280, 720)),
        ("720p", "9:16", "720p", (720, 1280)),
        ("1080p", "16:9", "1792x1024", (1792, 1024)),
        ("true_1080p", "9:16", "", (1080, 1920)),
        ("480p", "16:9", "", (854, 480)),
        ("768p", "1:1", "", (768, 768)),
        ("720p", "21:9", "", (1680, 720)),
        ("2K", "16:9", "", (2560, 1440)),
        ("4k", "3:4", "", (2160, 2880)),
    ],
)
def test_a_models_words_are_a_frame(
    resolution: str, aspect_ratio: str, word: str, size: tuple[int, int]
) -> None:
    assert frame_size(resolution, aspect_ratio, word) == size


@pytest.mark.parametrize(("resolution", "aspect_ratio"), [("720p", "auto"), ("pro", "16:9"), ("", "")])
def test_words_that_say_no_size_are_no_frame(resolution: str, aspect_ratio: str) -> None:
    assert frame_size(resolution, aspect_ratio) is None
