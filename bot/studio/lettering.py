"""Letters in any script that this machine has a font for.

Pillow's own font is always there and holds plain English only. For anything else the machine's fonts are
looked through; what none of them has is written with its plain letters (é as e), or left out: never a box.
"""

from __future__ import annotations

import functools
import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bot.studio.planes import Colour

_HOME = Path(os.environ.get("HOME", "/nonexistent"))  # a container's user may have none
FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    _HOME / ".fonts",
    _HOME / ".local/share/fonts",
    Path("/System/Library/Fonts"),
    Path("/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)
_FILES_MAX = 1500  # font files that are listed, and ...
_TRIED_MAX = 60  # ... opened at most, to find one for a text
_TEXT_CHARS_MAX = 600
_LIKED = ("notosans", "dejavusans", "liberationsans", "opensans", "roboto", "arial", "segoeui", "helvetica")
_DISLIKED = (
    "bold",
    "italic",
    "oblique",
    "mono",
    "light",
    "thin",
    "black",
    "condensed",
    "emoji",
    "serif",
    "math",
)
_EMOJI_STYLES = "\ufe0e\ufe0f"  # say that the sign before them is an emoji; no picture of their own
_NO_GLYPH = "\U0010fffe"  # no font has it, so its picture is that of a missing letter
# Signs that plain ones stand for: no other font is looked for because of a dash.
_PLAIN_SIGNS = str.maketrans(
    dict.fromkeys("–—―−‐‑", "-")  # noqa: RUF001 - dashes of all kinds
    | dict.fromkeys("„«»", '"')
    | dict.fromkeys("‚‹›", "'")  # noqa: RUF001 - quotes of all kinds
    | dict.fromkeys("•‣●", "·")
)
_PLAIN_LETTERS = str.maketrans(
    {"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "đ": "d"}
)


class Face:
    """One font: which letters it has, and itself in any size."""

    def __init__(self, path: Path | None) -> None:
        """None is Pillow's own font; OSError when the file is no font."""
        self._path = path
        self._known: dict[str, bool] = {}
        self._missing = self._picture(_NO_GLYPH)

    @functools.cache  # noqa: B019 - faces live as long as the process, which ends with its clip
    def sized(self, size: int) -> ImageFont.FreeTypeFont:
        if self._path is not None:
            return ImageFont.truetype(self._path, size)
        font = ImageFont.load_default(size)
        if not isinstance(font, ImageFont.FreeTypeFont):
            raise OSError("This Pillow was built without FreeType, which draws all letters.")
        return font

    def has(self, letter: str) -> bool:
        if letter not in self._known:
            # Spaces and joiners have no picture of their own and are left to the layout.
            bare = letter.isspace() or unicodedata.category(letter) == "Cf"
            self._known[letter] = bare or self._picture(letter) != self._missing
        return self._known[letter]

    def _picture(self, letter: str) -> bytes:
        return bytes(self.sized(16).getmask(letter))


class Lettering:
    def __init__(self, folders: Sequence[Path] = FONT_FOLDERS) -> None:
        self._folders = folders
        self._faces = [Face(None)]
        self._files: Iterator[Path] | None = None
        self._tried = 0

    def clean(self, text: str) -> str:
        """The text in one line, with only such letters as can be drawn; perhaps empty."""
        short = " ".join(text[:_TEXT_CHARS_MAX].split())
        letters = []
        for letter in unicodedata.normalize("NFC", short).translate(_PLAIN_SIGNS):
            if letter in _EMOJI_STYLES or unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn"):
                continue
            if self._face_of(letter) is not None:
                letters.append(letter)
                continue
            plain = unicodedata.normalize("NFKD", letter.translate(_PLAIN_LETTERS))
            letters += [part for part in plain if self._faces[0].has(part) and part.isprintable()]
        return " ".join("".join(letters).split())

    def wrap(self, text: str, size: int, width: float, lines_max: int) -> list[str]:
        """The clean text in lines no wider than `width` pixels; what does not fit ends in three dots."""
        lines = [""]
        for word in _words(self.clean(text)):
            longer = lines[-1] + word
            if self.length(longer.strip(), size) <= width:
                lines[-1] = longer
            elif self.length(word.strip(), size) <= width:
                lines.append(word)
            else:  # a word longer than a line, or a script without spaces
                for letter in word:
                    if self.length((lines[-1] + letter).strip(), size) > width:
                        lines.append("")
                    lines[-1] += letter
        lines = [line.strip() for line in lines if line.strip()]
        if len(lines) > lines_max:
            last = lines[lines_max - 1]
            while last and self.length(last + "...", size) > width:
                last = last[:-1]
            lines = [*lines[: lines_max - 1], last.rstrip(" ,.;:") + "..."]
        return lines

    def length(self, text: str, size: int) -> float:
        """How wide a clean text is, in pixels."""
        return sum(face.sized(size).getlength(run) for face, run in self._runs(text))

    def write(
        self,
        image: Image.Image,
        at: tuple[float, float],
        text: str,
        size: int,
        colour: Colour,
        stroke: int = 0,
    ) -> None:
        """Write a clean text with its baseline's left end at `at`; `stroke` is a dark edge in pixels."""
        pen = ImageDraw.Draw(image)
        x, y = at
        for face, run in self._runs(text):
            font = face.sized(size)
            pen.text(
                (x, y), run, fill=colour, font=font, anchor="ls", stroke_width=stroke, stroke_fill=(8, 8, 10)
            )
            x += font.getlength(run)

    def _runs(self, text: str) -> list[tuple[Face, str]]:
        """One face for all of it if one has all of it; otherwise the text in pieces."""
        for face in self._faces:
            if all(face.has(letter) for letter in text):
                return [(face, text)]
        runs: list[tuple[Face, str]] = []
        for letter in text:
            face = (
                runs[-1][0] if runs and runs[-1][0].has(letter) else self._face_of(letter) or self._faces[0]
            )
            if runs and runs[-1][0] is face:
                runs[-1] = (face, runs[-1][1] + letter)
            else:
                runs.append((face, letter))
        return runs

    def _face_of(self, letter: str) -> Face | None:
        known = next((face for face in self._faces if face.has(letter)), None)
        if known is not None:
            return known
        if self._files is None:
            self._files = iter(_font_files(self._folders))
        while self._tried < _TRIED_MAX and (path := next(self._files, None)) is not None:
            self._tried += 1
            try:
                face = Face(path)
            except OSError:  # not a font, or a kind that FreeType does not read
                continue
            self._faces.append(face)
            if face.has(letter):
                return face
        return None


def _words(text: str) -> Iterator[str]:
    """Words with the space before them."""
    for number, word in enumerate(text.split(" ")):
        yield word if number == 0 else f" {word}"


def _font_files(folders: Iterable[Path]) -> list[Path]:
    """The machine's fonts, plain ones that hold many scripts first."""
    found: list[Path] = []
    for folder in folders:
        for root, inner, names in os.walk(folder):
            inner.sort()
            found += [
                Path(root, name) for name in sorted(names) if name.lower().endswith((".ttf", ".otf", ".ttc"))
            ]
            if len(found) > _FILES_MAX:
                break

    def rank(path: Path) -> tuple[int, int, str]:
        name = path.name.lower().replace("-", "").replace("_", "")
        liked = next((number for number, word in enumerate(_LIKED) if name.startswith(word)), len(_LIKED))
        return sum(word in name for word in _DISLIKED), liked, name

    return sorted(found[:_FILES_MAX], key=rank)
