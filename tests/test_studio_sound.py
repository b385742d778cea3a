"""What the studio's clips sound like."""

import numpy as np
import pytest

from bot.studio.soundtrack import hearing_of, soundtrack_of
from bot.studio.spec import Segment, Spec
from bot.studio.vocabulary import SOUNDS, Sound
from tests.studios import loudness

RATE = 48_000


def spec_of(prompt: str, *, seed: int = 1, earlier: tuple[str, ...] = ()) -> Spec:
    return Spec(
        width=1280, height=720, seed=seed, segments=(Segment(prompt=prompt, seconds=4),), earlier=earlier
    )


def heard(prompt: str, *past: str) -> set[Sound]:
    return {cue.sound for cue in hearing_of(prompt, past).cues}


def test_rain_is_heard_and_a_prompt_that_only_wants_no_music_is_silent() -> None:
    rain = soundtrack_of(spec_of("a paper boat crossing a rain puddle, soft rain, no music"))
    silence = soundtrack_of(spec_of("a red cube, no music"))

    assert rain.shape == silence.shape == (2, 4 * RATE)
    assert loudness(rain) > 0.01
    assert loudness(silence) == 0


def test_heavy_rain_is_louder_than_soft_rain() -> None:
    soft, plain, heavy = (soundtrack_of(spec_of(f"{word} rain falls")) for word in ("soft", "", "heavy"))

    assert loudness(soft) * 1.5 < loudness(plain) < loudness(heavy) * 0.8


def test_a_silent_film_is_silent_whatever_it_shows() -> None:
    assert heard("a silent film of a train in a storm") == set()
    assert heard("a storm at sea, no sound") == set()


def test_no_music_takes_the_music_only() -> None:
    assert heard("waves and seagulls, no background music") == {Sound.SEA, Sound.GULLS}
    assert heard("a piano plays by the sea") == {Sound.MUSIC, Sound.SEA}
    assert Sound.RAIN not in heard("a street, no rain, cars")


def test_a_prompt_without_any_sound_gets_a_chord() -> None:
    assert heard("a red cube") == {Sound.MUSIC}


def test_no_chord_is_laid_over_the_sound_of_a_given_video() -> None:
    own = np.zeros((2, 4 * RATE), np.float32)

    assert loudness(soundtrack_of(spec_of("make it blue"), own)) == 0
    assert loudness(soundtrack_of(spec_of("rain falls"), own)) > 0.01


def test_what_is_spoken_makes_no_sound_of_its_own() -> None:
    assert heard("She says: 'The storm and the engine!' by the fire") == {Sound.FIRE}


def test_a_remix_that_says_nothing_of_sound_sounds_as_before() -> None:
    assert heard("make it night", "soft rain on a roof, no music") == {Sound.RAIN}


@pytest.mark.parametrize("sound", Sound)
def test_every_sound_is_heard_and_none_is_clipped(sound: Sound) -> None:
    word = SOUNDS[sound].split(",")[0]

    track = soundtrack_of(spec_of(f"loud {word}"))

    assert sound in heard(f"loud {word}")
    assert loudness(track) > 0.003
    assert float(np.abs(track).max()) <= 0.71
    assert float(np.abs(track[:, 0]).max()) == 0  # it fades in and out
    assert float(np.abs(track[:, -1]).max()) == 0


def test_the_same_prompt_and_seed_sound_the_same_and_another_seed_does_not() -> None:
    first, again = (soundtrack_of(spec_of("wind and a bell")) for _ in range(2))
    other = soundtrack_of(spec_of("wind and a bell", seed=2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
