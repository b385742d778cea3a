"""Prompts: one composed from its parts, and advice on any, which never stands in the way of an order.

The order of the parts and most of the rules are those of fal's guide to prompts for Sora 2 Pro, and hold
for every model that makes sound with the picture: camera and subject first, then words and sound, then the
rest.
"""

import math
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.domain import PROMPT_CHARS_MAX, Kind
from bot.errors import OrderRefused
from bot.language import _, ngettext, number
from bot.ordering import prompt_words as english
from bot.ordering import spoken

LONG_CLIP_S = 15
"""From here on a clip needs an arc; the guide names 16 to 20 seconds."""

DIALOGUE_SENTENCES_MAX = 4
CROWDED_WORDS = 200
BARE_WORDS_MAX = 12
BARE_SIGNS_MAX = 30
RUN_ON_WORDS = 80
"""Words in one sentence in which nobody finds what matters."""

_SAID_BY: Mapping[str, Collection[str]] = {
    "camera": {"no_camera"},
    "sound": {"no_sound", "picture_without_sound"},
}
"""What a part of the form has said already."""

_UNSEEN = frozenset({"Cc", "Cf", "Zs"})
"""Of a part that is made of these alone nothing is there."""

_CLAUSE_MARKS = frozenset(",;:()—–、，；：")
_ENDINGS = frozenset(".!?…。！？,;:、，；：—–")
_QUOTES = frozenset('"“”„«»「」『』')
_CLOSING = _QUOTES | frozenset("'’")  # which are also apostrophes, so they do not tell of a quotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The fields of the storyboard's form, each as it was typed; any may be empty."""

    camera: str = ""
    action: str = ""
    dialogue: str = ""
    sound: str = ""
    place: str = ""
    """Place, light, style and mood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """`code` is stable and stands for the rule; `text` is the sentence, in the reader's language."""

    code: str
    text: str


def compose(parts: Parts) -> str:
    """The parts in the guide's order, each a sentence of its own, what is spoken in quotation marks.

    Raises:
        OrderRefused: together they are longer than a prompt may be. Nothing is ever cut off in silence.
    """
    told = [
        _sentence(parts.camera),
        _sentence(parts.action),
        _sentence(_quoted(" ".join(parts.dialogue.split()))),
        _sentence(parts.sound),
        _sentence(parts.place),
    ]
    prompt = " ".join(part for part in told if part)
    if len(prompt) > PROMPT_CHARS_MAX:
        raise OrderRefused(
            _("The parts come to {chars} characters together; a prompt has {most} at most.").format(
                chars=number(len(prompt)), most=number(PROMPT_CHARS_MAX)
            ),
            _("Shorten them and send the form again."),
        )
    return prompt


def advise(prompt: str, *, kind: Kind, duration_s: int, has_sound: bool = True) -> list[Advice]:
    """What would make the clip better, the weightiest first. Empty where nothing comes to mind.

    Rules that look for words are kept to English prompts; what is counted holds in every language.

    Args:
        prompt: as it was typed.
        kind: an animation needs motion; a remix says only what changes.
        duration_s: how long the clip is to be.
        has_sound: whether the model makes sound at all.
    """
    around = spoken.without_dialogue(prompt)
    read = _Read(
        lines=spoken.dialogue(prompt),
        around=around,
        words=spoken.words(around.casefold().replace("close-up", "closeup")),
        kind=kind,
        duration_s=duration_s,
    )
    in_english = english.is_english(read.words)
    found: list[Advice] = []
    for rule in _RULES:
        if (has_sound or not rule.of_sound) and (in_english or not rule.of_english) and kind in rule.kinds:
            text = rule.look(read)
            if text is not None:
                found.append(Advice(code=rule.code, text=text))
    return found


def advise_on_parts(parts: Parts, advice: Sequence[Advice], *, has_sound: bool) -> list[Advice]:
    """The advice on a prompt that was written in its parts: rules know words, the form knows what is empty.

    Args:
        parts: as they were typed.
        advice: what `advise` says of the prompt composed of them.
        has_sound: whether the model makes sound at all.
    """
    written = {code for part, codes in _SAID_BY.items() if getattr(parts, part).strip() for code in codes}
    found = [one for one in advice if one.code not in written]
    heard = parts.sound.strip() or parts.dialogue.strip()
    words = spoken.words(compose(parts).casefold())
    if has_sound and not heard and not english.is_english(words):  # of which the rules say nothing
        told = _(
            "The field for sound is empty, so the model will choose what is heard: name the sounds of the "
            "place, and music or “no music”."
        )
        found.insert(0, Advice(code="no_sound", text=told))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A prompt as the rules look at it: `lines` are spoken, `around` and its `words` are all the rest."""

    lines: list[str]
    around: str
    words: list[str]
    kind: Kind
    duration_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    code: str
    look: Callable[[_Read], str | None]
    of_english: bool = False
    of_sound: bool = False
    kinds: frozenset[Kind] = frozenset({Kind.GENERATE, Kind.ANIMATE, Kind.EXTEND})


def _dialogue_too_long(read: _Read) -> str | None:
    needed = sum(map(spoken.seconds, read.lines))
    if needed <= read.duration_s:
        return None
    return _(
        "The spoken words take about {needed} s and the clip has {length} s: shorten them or choose a "
        "longer clip."
    ).format(needed=math.ceil(needed), length=read.duration_s)


def _dialogue_has_many_sentences(read: _Read) -> str | None:
    if sum(map(spoken.sentences, read.lines)) <= DIALOGUE_SENTENCES_MAX:
        return None
    return _("Keep what is spoken to two to four sentences; in longer speech the lips come apart from it.")


def _dialogue_unquoted(read: _Read) -> str | None:
    if read.lines or not any(f"{word}:" in read.around.casefold() for word in english.SPEAKING):
        return None
    return _("Put the spoken words in quotation marks, so that they are said and not shown.")


def _voice_undescribed(read: _Read) -> str | None:
    if not read.lines or english.any_of(read.words, english.VOICE):
        return None
    return _(
        "Say how the words are spoken: the voice, the mood, how near it is (hoarse, softly, over the wind)."
    )


def _picture_without_sound(read: _Read) -> str | None:
    if len(read.words) < CROWDED_WORDS or english.any_of(read.words, english.SOUND):
        return None
    return ngettext(
        "{n} word of picture and none of sound: cut what matters least, and say what is heard.",
        "{n} words of picture and none of sound: cut what matters least, and say what is heard.",
        len(read.words),
    ).format(n=len(read.words))


def _no_sound(read: _Read) -> str | None:
    if read.lines or len(read.words) >= CROWDED_WORDS or english.any_of(read.words, english.SOUND):
        return None
    return _(
        "Nothing says what is heard, so the model will choose: add the sounds of the place, and music or "
        "“no music”."
    )


def _music_unsaid(read: _Read) -> str | None:
    words = read.words
    if not english.any_of(words, english.SOUND) or english.any_of(words, english.MUSIC):
        return None
    return _("Say whether there is music: without “no background music” the model may add some.")


def _no_motion(read: _Read) -> str | None:
    if read.kind is not Kind.ANIMATE or english.any_form_of(read.words, english.MOTION):
        return None
    return _("The picture is there already: say what moves in it and how the camera moves.")


def _no_ending(read: _Read) -> str | None:
    if read.duration_s < LONG_CLIP_S or english.any_of(read.words, english.ENDING):
        return None
    return _("Say how it ends (“End on …”): a long clip drifts when it does not know where it is going.")


def _bare_sentence(read: _Read) -> str | None:
    text = read.around
    signs = sum(map(_is_kana_or_han, text))
    bare = (
        not read.lines
        and len(read.words) <= BARE_WORDS_MAX
        and signs <= BARE_SIGNS_MAX
        and spoken.sentences(text) <= 1
        and not any(char in _CLAUSE_MARKS for char in text)
    )
    if not bare or read.kind is not Kind.GENERATE:
        return None
    return _(
        "One bare sentence gives a common clip: two to five sentences that also name the camera, the light "
        "and the mood give yours."
    )


def _run_on(read: _Read) -> str | None:
    if len(read.words) < RUN_ON_WORDS * max(1, spoken.sentences(read.around)):
        return None
    return _(
        "Split it into short sentences, the camera and who does what first: long ones confuse the model."
    )


def _no_camera(read: _Read) -> str | None:
    if read.kind is not Kind.GENERATE or english.any_of(read.words, english.CAMERA):
        return None
    return _("Begin with the camera: the angle, the lens, how it moves (“low-angle tracking shot of …”).")


_EVERY_KIND = frozenset(Kind)
_RULES = (
    _Rule(code="dialogue_too_long", look=_dialogue_too_long, of_sound=True, kinds=_EVERY_KIND),
    _Rule(code="dialogue_unquoted", look=_dialogue_unquoted, of_english=True, of_sound=True),
    _Rule(code="no_motion", look=_no_motion, of_english=True),
    _Rule(code="picture_without_sound", look=_picture_without_sound, of_english=True, of_sound=True),
    _Rule(code="no_sound", look=_no_sound, of_english=True, of_sound=True),
    _Rule(code="no_ending", look=_no_ending, of_english=True),
    _Rule(code="bare_sentence", look=_bare_sentence),
    _Rule(
        code="dialogue_has_many_sentences",
        look=_dialogue_has_many_sentences,
        of_sound=True,
        kinds=_EVERY_KIND,
    ),
    _Rule(code="run_on", look=_run_on),
    _Rule(code="voice_undescribed", look=_voice_undescribed, of_english=True, of_sound=True),
    _Rule(code="no_camera", look=_no_camera, of_english=True),
    _Rule(code="music_unsaid", look=_music_unsaid, of_english=True, of_sound=True),
)
"""The weightiest first: money that is wasted for certain, then what is left to chance, then polish."""


def _sentence(part: str) -> str:
    text = " ".join(part.split())
    if all(unicodedata.category(char) in _UNSEEN for char in text):
        return ""
    if text[-1] in _ENDINGS or (text[-1] in _CLOSING and text[-2:-1] in _ENDINGS):
        return text
    return text + ("。" if _has_kana_or_han(text) else ".")


def _quoted(line: str) -> str:
    """A line of the form's field for dialogue, in quotation marks where its writer used none."""
    if not line or any(char in _QUOTES for char in line) or spoken.dialogue(line):
        return line
    who, colon, said = line.partition("：" if "：" in line else ": ")
    if not colon:
        who, said = "", line
    opening, closing = "「」" if _has_kana_or_han(said) else '""'
    return f"{who}{colon}{opening}{said.strip()}{closing}"


def _has_kana_or_han(text: str) -> bool:
    return any(map(_is_kana_or_han, text))


def _is_kana_or_han(char: str) -> bool:
    return "\u3040" <= char <= "\u9fff"
