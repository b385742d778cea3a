"""The sound that a prompt asks for: what is heard, how loudly, and all of it mixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bot.studio import noises, tunes
from bot.studio import vocabulary as words
from bot.studio.film import SOUND_RATE
from bot.studio.lexicon import Lexicon, Match
from bot.studio.planes import Floats
from bot.studio.sentences import sentences_of
from bot.studio.shapes import Rng
from bot.studio.spec import Spec
from bot.studio.vocabulary import Sound

_SOUNDS = Lexicon(words.SOUNDS)
_SILENCE = Lexicon({True: words.SILENCE})
_LOUDNESS = Lexicon({0.45: words.SOFTER, 1.6: words.LOUDER})
_MOODS = Lexicon({"sad": words.SAD, "lively": words.LIVELY})
_PEAK_MAX = 0.7  # leaves room for what AAC adds
_FADE_IN_S, _FADE_OUT_S = 0.04, 0.3
_NEAR_CHARS = 22  # how far before a sound a word for its loudness may stand

_MAKERS: dict[Sound, Callable[[Rng, int], Floats]] = {
    Sound.RAIN: noises.rain,
    Sound.THUNDER: noises.thunder,
    Sound.SEA: noises.sea,
    Sound.STREAM: noises.stream,
    Sound.WIND: noises.wind,
    Sound.CROWD: noises.crowd,
    Sound.ENGINE: noises.engine,
    Sound.TRAIN: noises.train,
    Sound.TRAFFIC: noises.traffic,
    Sound.FIRE: noises.fire,
    Sound.BIRDS: tunes.birds,
    Sound.GULLS: tunes.gulls,
    Sound.CRICKETS: tunes.crickets,
    Sound.STEPS: tunes.steps,
    Sound.CLICKS: tunes.clicks,
    Sound.BELL: tunes.bell,
    Sound.FOGHORN: tunes.foghorn,
    Sound.HUM: noises.hum,
}
# The root mean square of each in the mix; what comes in single events may be quieter on average.
_LEVEL = 0.085
_LEVELS = {
    Sound.BIRDS: 0.03,
    Sound.GULLS: 0.03,
    Sound.CRICKETS: 0.02,
    Sound.STEPS: 0.05,
    Sound.CLICKS: 0.02,
    Sound.BELL: 0.05,
    Sound.HUM: 0.05,
    Sound.THUNDER: 0.1,
    Sound.MUSIC: 0.075,
}


@dataclass(frozen=True, slots=True)
class Cue:
    """A sound that is asked for, and how loud beside its usual loudness."""

    sound: Sound
    gain: float


@dataclass(frozen=True, slots=True)
class Hearing:
    """What one segment sounds like."""

    cues: tuple[Cue, ...]
    sad: bool
    lively: bool


def hearing_of(prompt: str, past: Sequence[str], *, chord: bool = True) -> Hearing:
    """What is heard; where the prompt says nothing about sound, what the earlier prompts said.

    When nobody said anything, a soft `chord` is heard, or nothing; a prompt that only says what it does not
    want is silent.
    """
    heard = [
        " ".join(sentence.text for sentence in sentences_of(text)).casefold() for text in (prompt, *past)
    ]
    text = next((one for one in heard if _SOUNDS.matches(one) or _SILENCE.first(one)), heard[0])
    moods = _MOODS.all(" ".join(heard))
    sad, lively = "sad" in moods, "lively" in moods
    if _SILENCE.first(text):
        return Hearing((), sad, lively)
    loudness = _LOUDNESS.matches(text)
    denied = _SOUNDS.denied(text)
    cues: dict[Sound, Cue] = {}
    for match in _SOUNDS.matches(text):
        if not match.denied and match.meaning not in denied:
            cue = Cue(match.meaning, _gain(match, loudness))
            cues[match.meaning] = max(cues.get(match.meaning, cue), cue, key=lambda one: abs(one.gain - 1))
    if chord and not cues and not denied:
        cues[Sound.MUSIC] = Cue(Sound.MUSIC, 0.6)
    return Hearing(tuple(cues.values()), sad, lively)


def _gain(match: Match[Sound], loudness: Sequence[Match[float]]) -> float:
    near = [
        word.meaning
        for word in loudness
        if 0 <= match.start - word.end <= _NEAR_CHARS or word.start == match.start
    ]
    return near[-1] if near else 1.0


def soundtrack_of(spec: Spec, own: Floats | None = None) -> Floats:
    """The whole clip's sound, 2 by samples; `own` is the sound of the video that is drawn over."""
    parts = []
    past = list(spec.earlier)
    for number, segment in enumerate(spec.segments):
        over_own = own is not None and number == 0
        hearing = hearing_of(segment.prompt, past, chord=not over_own)
        count = segment.seconds * SOUND_RATE
        part = _mixed(hearing, count, [spec.seed, number])
        if own is not None and over_own:
            reach = min(count, own.shape[1])
            part = part * 0.6
            part[:, :reach] += own[:, :reach]
        parts.append(
            _faded(part, _FADE_IN_S, _FADE_OUT_S if number == len(spec.segments) - 1 else _FADE_IN_S)
        )
        past.insert(0, segment.prompt)
    whole = np.concatenate(parts, axis=1)
    peak = float(np.abs(whole).max())
    return whole if peak <= _PEAK_MAX else whole * np.float32(_PEAK_MAX / peak)


def _mixed(hearing: Hearing, count: int, seed: list[int]) -> Floats:
    mix = np.zeros((2, count), np.float32)
    for cue in hearing.cues:
        rng = np.random.default_rng([*seed, list(Sound).index(cue.sound)])
        if cue.sound is Sound.MUSIC:
            sound = tunes.music(rng, count, sad=hearing.sad, lively=hearing.lively)
        else:
            sound = _MAKERS[cue.sound](rng, count)
        loudness = float(np.sqrt(np.mean(np.square(sound))))
        mix += sound * np.float32(_LEVELS.get(cue.sound, _LEVEL) * cue.gain / max(loudness, 1e-6))
    return mix


def _faded(sound: Floats, in_s: float, out_s: float) -> Floats:
    rising = np.linspace(0, 1, int(in_s * SOUND_RATE), dtype=np.float32)
    falling = np.linspace(1, 0, int(out_s * SOUND_RATE), dtype=np.float32)
    sound[:, : rising.size] *= rising
    sound[:, -falling.size :] *= falling
    return sound
