"""The shot list that a prompt is read as: what a shot shows, how the camera moves, how long it lasts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from bot.studio import vocabulary as words
from bot.studio.lexicon import Lexicon
from bot.studio.sentences import CHARS_READ_MAX, Sentence, sentences_of
from bot.studio.spec import FPS, Segment, Spec
from bot.studio.vocabulary import Angle, Figure, Framing, Hour, Move, Place, Style, Weather

Known = TypeVar("Known", Place, Hour, Style, Move, Framing, Angle)

SHOT_FRAMES_MIN = 36
SHOTS_MAX = 10
_TINT_REACH_CHARS = 14
_SHOT_SECONDS = 4  # what a shot lasts when a prompt has fewer sentences than the clip has room

_PLACES = Lexicon(words.PLACES, but=words.NO_PLACES)
_HOURS = Lexicon(words.HOURS)
_WEATHERS = Lexicon(words.WEATHERS)
_STYLES = Lexicon(words.STYLES)
_MOVES = Lexicon(words.MOVES)
_FRAMINGS = Lexicon(words.FRAMINGS)
_ANGLES = Lexicon(words.ANGLES)
_FIGURES = Lexicon(words.FIGURES, but=words.NO_FIGURES)
_SOUNDS = Lexicon(words.SOUNDS)
_TINTS = Lexicon(words.TINTS)
_EAR = Lexicon({True: words.EAR})
_EYE = Lexicon({True: words.EYE})
_PRONOUNS = Lexicon({True: words.PRONOUNS})
_RESTING = re.compile(
    r"\b(?:stops|stands|standing|sits|sitting|waits|waiting|motionless|stares|still)\b", re.IGNORECASE
)
_LEFTWARD = re.compile(r"\b(?:from right to left|to the left|leftwards?|right-to-left)\b", re.IGNORECASE)

# What a shorter word may stand for, once the fuller one was said.
_FULLER = {
    Figure.BOAT: (Figure.PAPER_BOAT, Figure.SHIP),
    Figure.TOY_BALLOON: (Figure.BALLOON,),
    Figure.PERSON: (Figure.UMBRELLA, Figure.ASTRONAUT, Figure.CHILD),
}
# Where a figure is at home when no place is named.
_HOMES = {
    Figure.PAPER_BOAT: Place.PUDDLE,
    Figure.BOAT: Place.SEA,
    Figure.SHIP: Place.SEA,
    Figure.LIGHTHOUSE: Place.SEA,
    Figure.WHALE: Place.SEA,
    Figure.FISH: Place.UNDERWATER,
    Figure.ASTRONAUT: Place.SPACE,
    Figure.ROCKET: Place.SPACE,
    Figure.CAR: Place.CITY,
    Figure.CROWD: Place.CITY,
    Figure.UMBRELLA: Place.CITY,
    Figure.ROBOT: Place.CITY,
    Figure.CUP: Place.ROOM,
    Figure.CANDLE: Place.ROOM,
    Figure.CAT: Place.ROOM,
    Figure.AIRPLANE: Place.SKY,
    Figure.BALLOON: Place.SKY,
    Figure.BIRDS: Place.SKY,
    Figure.FIRE: Place.FOREST,
}
_LIGHTS = (Figure.FIRE, Figure.CANDLE)  # are lit when it is dark
_HOMELESS = (Place.FIELD, Place.MOUNTAINS, Place.LAKE)
_MOVES_UNSAID = (Move.DRIFT, Move.DOLLY_IN, Move.PAN_RIGHT, Move.DRIFT, Move.DOLLY_OUT)
_FRAMINGS_UNSAID = (Framing.WIDE, Framing.MEDIUM, Framing.CLOSE)


@dataclass(frozen=True, slots=True)
class Part:
    """A figure that a shot shows, and the colour that the words give it."""

    figure: Figure
    tint: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One shot; `segment` says which of the spec's segments it belongs to."""

    segment: int
    caption: str
    spoken: tuple[str, ...]
    frames: int
    place: Place
    hour: Hour | None
    weathers: frozenset[Weather]
    style: Style | None
    parts: tuple[Part, ...]
    move: Move
    framing: Framing
    angle: Angle | None
    leftward: bool
    resting: bool  # its people stand still


def shots_of(spec: Spec) -> list[Shot]:
    """The spec's shots; their frames sum up to the clip's."""
    shots: list[Shot] = []
    # What a new prompt leaves open is as it was: in the segment before, and in the clips it was remixed from.
    past = list(spec.earlier)
    for number, segment in enumerate(spec.segments):
        shots += _segment_shots(number, segment, past, spec.seed)
        past.insert(0, segment.prompt)
    return shots


def _segment_shots(number: int, segment: Segment, past: Sequence[str], seed: int) -> list[Shot]:
    sentences = _divided(_pictured(sentences_of(segment.prompt)), segment.seconds)
    lengths = _lengths([len(sentence.text.split()) for sentence in sentences], segment.seconds * FPS)
    texts = [segment.prompt, *past]
    texts = [text[:CHARS_READ_MAX] for text in texts]
    hour, style = _first(_HOURS, texts), _first(_STYLES, texts)
    weathers = next((frozenset(found) for text in texts if (found := _WEATHERS.all(text))), frozenset())
    said = [named for text in texts if (named := _parts(text))]
    parts = _recalled(said[0], [part for named in said[1:] for part in named]) if said else ()
    place = _first(_PLACES, texts) or _home(parts, seed)
    if hour is None and any(part.figure in _LIGHTS for part in parts):
        hour = Hour.NIGHT
    rng = np.random.default_rng([seed, number, 7])
    start = int(rng.integers(len(_MOVES_UNSAID)))
    shots: list[Shot] = []
    for index, (sentence, frames) in enumerate(zip(sentences, lengths, strict=True)):
        text = sentence.text
        place = _PLACES.first(text) or place
        hour = _HOURS.first(text) or hour
        own = _recalled(_parts(text), parts)
        if own or (index > 0 and not _PRONOUNS.first(text) and _PLACES.first(text)):
            parts = own  # a shot that names another place and nobody shows the place
        unsaid = _FRAMINGS_UNSAID[index % 3] if len(sentences) > 1 else Framing.MEDIUM
        shots.append(
            Shot(
                segment=number,
                caption=text,
                spoken=sentence.spoken,
                frames=frames,
                place=place,
                hour=hour,
                weathers=frozenset(_WEATHERS.all(text)) or weathers,
                style=style,
                parts=parts,
                move=_MOVES.first(text) or _MOVES_UNSAID[(start + index) % len(_MOVES_UNSAID)],
                framing=_FRAMINGS.first(text) or unsaid,
                angle=_ANGLES.first(text),
                leftward=_LEFTWARD.search(text) is not None,
                resting=_RESTING.search(text) is not None,
            )
        )
    return shots


def _pictured(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Without what is said to the ear or about the look alone; the first as it is if nothing else is left."""
    kept = [shown for sentence in sentences if (shown := _shown(sentence)) is not None]
    return kept or [sentences[0]]


def _shown(sentence: Sentence) -> Sentence | None:
    clauses = [clause.strip() for clause in sentence.text.split(",")]
    pictures = [] if _heard(clauses) else [clause for clause in clauses if not _is_direction(clause)]
    if pictures:
        return Sentence(", ".join(pictures), sentence.spoken)
    return sentence if sentence.spoken else None


def _is_direction(clause: str) -> bool:
    """True of "no music", "soft ocean sounds", "cinematic style"."""
    if _EAR.matches(clause) or re.match(r"(?:no|without)\b", clause, re.IGNORECASE):
        return True
    return bool(_EYE.matches(clause)) and not _names_something(clause)


def _heard(clauses: Sequence[str]) -> bool:
    """True of "Soft ocean sounds, seagulls in the distance, no music": it begins with a word for the ear."""
    return bool(_EAR.matches(clauses[0])) and all(
        _EAR.matches(one) or _SOUNDS.matches(one) for one in clauses
    )


def _names_something(text: str) -> bool:
    return bool(_FIGURES.matches(text) or _PLACES.matches(text))


def _divided(sentences: list[Sentence], seconds: int) -> list[Sentence]:
    """As many shots as the seconds hold: sentences are left out evenly, or shown clause by clause."""
    most = min(SHOTS_MAX, max(1, seconds // 2))
    if len(sentences) > most:
        # The first and the last stay: a prompt that says how it ends should end so.
        picked = [round(shot * (len(sentences) - 1) / max(1, most - 1)) for shot in range(most)]
        ends = [*picked[1:], len(sentences)]
        # What is spoken in a sentence that is left out is still heard, in the shot before it.
        return [
            Sentence(sentences[at].text, tuple(line for one in sentences[at:end] for line in one.spoken))
            for at, end in zip(picked, ends, strict=True)
        ]
    wanted = max(len(sentences), min(SHOTS_MAX, seconds // _SHOT_SECONDS))
    shares = [wanted // len(sentences)] * len(sentences)
    for index in range(wanted % len(sentences)):
        shares[index] += 1
    return [
        part for sentence, share in zip(sentences, shares, strict=True) for part in _split(sentence, share)
    ]


def _split(sentence: Sentence, share: int) -> list[Sentence]:
    clauses = [clause.strip() for clause in sentence.text.split(",")]
    texts = [sentence.text] * share
    if 1 < share <= len(clauses) and all(_names_something(clause) for clause in clauses):
        ends = [round(len(clauses) * (number + 1) / share) for number in range(share)]
        texts = [", ".join(clauses[start:end]) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    # Somebody speaks in the last of a sentence's shots, which is the closest one.
    return [Sentence(text, ()) for text in texts[:-1]] + [Sentence(texts[-1], sentence.spoken)]


def _lengths(words_each: Sequence[int], frames: int) -> list[int]:
    """The frames of each shot: longer for longer sentences, none too short, all of them together `frames`."""
    weights = [8 + min(count, 24) for count in words_each]
    spare = frames - SHOT_FRAMES_MIN * len(weights)
    ends = [
        SHOT_FRAMES_MIN * (number + 1) + round(spare * sum(weights[: number + 1]) / sum(weights))
        for number in range(len(weights))
    ]
    return [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _parts(text: str) -> tuple[Part, ...]:
    """The first two figures that the text names, with the colour word that stands right before each."""
    folded = text.casefold()
    tints = [match for match in _TINTS.matches(folded) if not match.denied]
    found: dict[Figure, Part] = {}
    for match in _FIGURES.matches(folded):
        if not match.denied and match.meaning not in found:
            near = [tint.meaning for tint in tints if 0 <= match.start - tint.end <= _TINT_REACH_CHARS]
            found[match.meaning] = Part(match.meaning, near[-1] if near else None)
    return tuple(found.values())[:2]


def _recalled(parts: tuple[Part, ...], before: Sequence[Part]) -> tuple[Part, ...]:
    """What is only called "the boat" is the red paper boat that was named before."""
    named = {part.figure for part in parts}
    known = {part.figure: part for part in before}
    recalled = []
    for part in parts:
        fuller = [figure for figure in _FULLER.get(part.figure, ()) if figure not in named]
        same = [known[figure] for figure in (*fuller, part.figure) if figure in known]
        recalled.append(same[0] if same and part.tint is None else part)
    return tuple(recalled)


def _home(parts: Sequence[Part], seed: int) -> Place:
    homes = [home for part in parts if (home := _HOMES.get(part.figure)) is not None]
    return homes[0] if homes else _HOMELESS[seed % len(_HOMELESS)]


def _first(lexicon: Lexicon[Known], texts: Sequence[str]) -> Known | None:
    return next((found for text in texts if (found := lexicon.first(text)) is not None), None)
