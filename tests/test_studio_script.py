"""How the studio reads a prompt: its shots, what they show, and what is spoken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.studio.script import SHOT_FRAMES_MIN, Shot, shots_of
from bot.studio.sentences import sentences_of
from bot.studio.spec import FPS, Segment, Spec
from bot.studio.vocabulary import Angle, Figure, Framing, Hour, Move, Place, Style, Weather

FISHERMAN = (
    "Low-angle tracking shot following a retired fisherman walking along a weathered wooden dock at dawn, "
    "shallow depth of field keeping the misty harbor soft behind him. He stops at the end, looks out at the "
    "water, and speaks quietly with clear lipsync: 'I sold the boat last Tuesday. Forty years on that "
    "water, and I don't even miss it yet.' Voice slightly hoarse, close-mic'd, tired but at peace. Gentle "
    "harbor sounds, water lapping against pilings, a distant foghorn, seagulls overhead. Realistic natural "
    "sound, no background music. Camera slowly dollies in on his face as he exhales."
)
LONGEST = ["rain " * 6400, "'" * 32000, " " * 31999 + "x", "boat, then " * 2900, '"a' * 16000]


def spec_of(*prompts: str, seconds: int = 8, earlier: tuple[str, ...] = (), seed: int = 1) -> Spec:
    segments = tuple(Segment(prompt=prompt, seconds=seconds) for prompt in prompts)
    return Spec(width=1280, height=720, seed=seed, segments=segments, earlier=earlier)


def read(*prompts: str, seconds: int = 8, earlier: tuple[str, ...] = ()) -> list[Shot]:
    return shots_of(spec_of(*prompts, seconds=seconds, earlier=earlier))


def figures(shot: Shot) -> list[Figure]:
    return [part.figure for part in shot.parts]


def test_a_prompt_of_the_guide_becomes_its_shots() -> None:
    first, second, *_, last = read(FISHERMAN, seconds=16)

    assert (first.place, first.hour, first.move) == (Place.SEA, Hour.DAWN, Move.TRACKING)
    assert first.angle is Angle.LOW
    assert figures(first) == [Figure.PERSON]
    assert Weather.FOG in first.weathers
    assert second.spoken == (
        "I sold the boat last Tuesday. Forty years on that water, and I don't even miss it yet.",
    )
    assert second.resting
    assert (last.move, last.framing) == (Move.DOLLY_IN, Framing.CLOSE)
    assert figures(last) == [Figure.PERSON]


def test_what_is_said_to_the_ear_is_no_shot() -> None:
    captions = [shot.caption for shot in read(FISHERMAN, seconds=20)]

    assert not [
        caption for caption in captions if "harbor sounds" in caption or "background music" in caption
    ]


def test_a_quoted_word_is_no_speech_and_an_apostrophe_ends_none() -> None:
    first, second = sentences_of("An 'invisible' camera on the farmer's dog. She says: 'It's the dog's day!'")

    assert first.spoken == ()
    assert "invisible" in first.text
    assert second.spoken == ("It's the dog's day!",)


def test_speech_is_kept_when_its_sentence_is_left_out() -> None:
    prompt = 'A dog runs. A cat sits. She says "come home". A horse runs. A bird flies. A car stops.'

    spoken = [line for shot in read(prompt, seconds=4) for line in shot.spoken]

    assert spoken == ["come home"]


def test_what_a_prompt_denies_is_not_shown() -> None:
    (shot,) = read("A boat on the sea at night, no rain, without any fog", seconds=4)

    assert shot.weathers == frozenset()
    assert shot.hour is Hour.NIGHT


def test_depth_of_field_is_no_field() -> None:
    (shot,) = read("A cat on a table, shallow depth of field", seconds=4)

    assert shot.place is Place.ROOM


def test_a_colour_word_tints_the_figure_that_it_stands_before() -> None:
    (shot,) = read("A red car passes a blue house in the city", seconds=4)

    tints = {part.figure: part.tint for part in shot.parts}
    assert tints[Figure.CAR] != tints[Figure.HOUSE]
    assert None not in tints.values()


def test_a_remix_keeps_what_its_words_leave_open() -> None:
    (shot,) = read("make it a neon night", seconds=4, earlier=("a paper boat crossing a rain puddle",))

    assert shot.place is Place.PUDDLE
    assert figures(shot) == [Figure.PAPER_BOAT]
    assert Weather.RAIN in shot.weathers
    assert (shot.hour, shot.style) == (Hour.NIGHT, Style.NEON)


def test_the_boat_of_an_extension_is_the_paper_boat_of_the_clip() -> None:
    first, second = read("a red paper boat crossing a puddle", "the boat turns around", seconds=4)

    assert (first.segment, second.segment) == (0, 1)
    assert second.parts == first.parts


def test_somebody_under_an_umbrella_is_one_figure_in_every_shot() -> None:
    shots = read(
        "A woman with a red umbrella walks. She says: 'Hurry up, please!' The woman stops.", seconds=8
    )

    for shot in shots:
        assert figures(shot).count(Figure.UMBRELLA) == 1


def test_a_long_clip_of_one_sentence_is_seen_from_nearer_and_nearer() -> None:
    framings = [shot.framing for shot in read("a dog runs along the beach", seconds=12)]

    assert framings == [Framing.WIDE, Framing.MEDIUM, Framing.CLOSE]


@given(
    prompt=st.text(max_size=300)
    | st.lists(
        st.sampled_from(
            ["a dog. ", "rain, ", "'Go home!' ", "then ", "no music. ", "\n", "cut to: ", "猫。"]
        ),
        max_size=40,
    ).map("".join),
    seconds=st.integers(4, 20),
)
def test_the_shots_of_any_prompt_fill_the_clip(prompt: str, seconds: int) -> None:
    shots = read(prompt, seconds=seconds)

    assert sum(shot.frames for shot in shots) == seconds * FPS
    assert min(shot.frames for shot in shots) >= SHOT_FRAMES_MIN


@pytest.mark.parametrize("prompt", LONGEST)
def test_the_longest_prompts_are_read_at_once(prompt: str) -> None:
    """A pattern that goes back over what it has read would take minutes for these."""
    assert sum(shot.frames for shot in read(prompt, seconds=20)) == 20 * FPS
