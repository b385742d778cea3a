"""What is spoken in a prompt: the words in quotation marks, and how long it takes to say them."""

import re
import unicodedata
from collections.abc import Iterator

WORDS_PER_SECOND = 2.5
"""150 words a minute: how fast people talk to each other, in most languages that put spaces between words."""

SIGNS_PER_SECOND = 6.0
"""Of Chinese, Japanese and Korean, which are counted by signs: about 350 a minute when read aloud."""

_CLOSES = {
    '"': '"',
    "'": "'",
    "“": "”",
    "‘": "’",
    "„": "“”",
    "«": "»",
    "»": "«",
    "「": "」",
    "『": "』",
    "﹁": "﹂",
}
_STRAIGHT = frozenset("\"'‘")  # what is also an apostrophe, a foot or an inch, told by what stands beside it
_SENTENCE_ENDS = frozenset(".!?…。！？｡؟।")
_WORD = re.compile(r"\w+(?:['’]\w+)*")

NAMED_WORDS_MAX = 2
"""So short a quotation without the end of a sentence is a name ('invisible' action-cam), not speech."""


def dialogue(prompt: str) -> list[str]:
    """The lines that somebody says: what stands in quotation marks of any language. One pass, no nesting."""
    return [
        line
        for lead, line in _quotations(prompt)
        if len(_WORD.findall(line)) > NAMED_WORDS_MAX
        or lead in (":", "：")
        or any(sign in _SENTENCE_ENDS for sign in line)
        or any(_is_sign(char) for char in line)
    ]


def without_dialogue(prompt: str) -> str:
    """The prompt without anything in quotation marks: what is to be seen and heard around the words."""
    kept: list[str] = []
    start = 0
    for _, at, end in _spans(prompt):
        kept.append(prompt[start:at])
        start = end
    return " ".join((*kept, prompt[start:]))


def seconds(line: str) -> float:
    """About how long it takes to say a line."""
    signs = sum(_is_sign(char) for char in line)
    words = sum(not any(_is_sign(char) for char in word) for word in _WORD.findall(line))
    return words / WORDS_PER_SECOND + signs / SIGNS_PER_SECOND


def words(text: str) -> list[str]:
    """The words of a text in lower case; in scripts without spaces a word may be a whole clause."""
    return [word.replace("’", "'") for word in _WORD.findall(text.casefold())]


def sentences(text: str) -> int:
    """How many sentences: runs of letters that end at a full stop, its kin, or the end of the text."""
    count = 0
    open_ = False
    for at, char in enumerate(text):
        if char in _SENTENCE_ENDS:
            # A dot inside `1.5` or `f/2.8` ends nothing.
            inside = char == "." and text[at + 1 : at + 2].isalnum()
            count += open_ and not inside
            open_ = open_ and inside
        elif char.isalnum():
            open_ = True
    return count + open_


def _quotations(prompt: str) -> Iterator[tuple[str, str]]:
    """Every quotation, with the last visible character before it."""
    for lead, at, end in _spans(prompt):
        yield lead, prompt[at + 1 : end - 1].strip()


def _spans(prompt: str) -> Iterator[tuple[str, int, int]]:
    lead = before = closing = ""
    opened = -1
    for at, char in enumerate(prompt):
        after = prompt[at + 1 : at + 2]
        if opened >= 0:
            # An apostrophe inside a line in single quotes has a letter behind it.
            if char in closing and not (char in "'’" and after.isalnum()):
                yield lead, opened, at + 1
                opened = -1
        elif char in _CLOSES and not (char in _STRAIGHT and (before.isalnum() or after.isspace())):
            opened, closing = at, _CLOSES[char]
        elif not char.isspace():
            lead = char
        before = char


def _is_sign(char: str) -> bool:
    """Whether a character is one of those scripts in which a sign is about a syllable."""
    if char < "\u1100":
        return False
    name = unicodedata.name(char, "")
    return name.startswith(("CJK UNIFIED", "HIRAGANA LETTER", "KATAKANA LETTER", "HANGUL SYLLABLE"))
