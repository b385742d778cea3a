"""Measurements as they are kept: the printed lines, their numbers, a picture of them, and what got slower."""

import json
import os
import platform
import re
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TextIO

from PIL import Image, ImageDraw, ImageFont

SLOWER = 1.15
"""So many times worse is worth a line: less is what the same code differs by from run to run."""

_NUMBER = re.compile(r"(?<![\w.])([\d,]+(?:\.\d+)?) ?(%|[a-zA-Z]+(?: ?/ ?s)?|/s)?")
_LOWER_IS_BETTER = {"us", "ms", "s", "MiB", "KiB", "%", "GB", "MB"}
_HIGHER_IS_BETTER = {"/s", "times", "frames/s", "SSIM"}


class Took(NamedTuple):
    """How long a part took by the clock, and of a core."""

    seconds: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.cpu_s:.1f} s of a core"


@dataclass(slots=True)
class Results:
    """One run: when, on what, the lines of each measurement, and how long it took."""

    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    machine: str = field(
        default_factory=lambda: (
            f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
            f"Python {platform.python_version()}"
        )
    )
    parts: dict[str, list[str]] = field(default_factory=dict)
    took: dict[str, Took] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """All of them."""
        return [line for part in self.parts.values() for line in part]

    def times(self) -> list[str]:
        """How long each part took, and all of them; it is not compared, since it says more of the machine."""
        return [f"-- {name}: {took}" for name, took in (*self.took.items(), ("all", self.whole))]

    @property
    def whole(self) -> Took:
        """All parts together."""
        return Took(
            sum(one.seconds for one in self.took.values()), sum(one.cpu_s for one in self.took.values())
        )

    def save(self, folder: Path) -> Path:
        """Keep it as JSON, as a table, and as a picture; the JSON file."""
        folder.mkdir(parents=True, exist_ok=True)
        name = self.at.replace(":", "").replace("-", "")[:15]
        kept = folder / f"{name}.json"
        kept.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")
        table = [f"{self.machine}, {self.at}", *self.lines(), *self.times()]
        (folder / "latest.txt").write_text("\n".join(table) + "\n", "utf-8")
        picture(table).save(folder / "latest.png")
        return kept


def loaded(path: Path) -> Results:
    """A run that was kept."""
    kept = json.loads(path.read_text("utf-8"))
    took = {name: Took(*numbers) for name, numbers in kept.pop("took", {}).items()}
    return Results(**kept, took=took)


def newest(folder: Path, *, before: int = 1) -> Path | None:
    """The newest run that was kept, or the one before it."""
    kept = sorted(folder.glob("*.json"))
    return kept[-before] if len(kept) >= before else None


def numbers(line: str) -> tuple[str, list[tuple[float, str]]]:
    """What a line is about, and its measured numbers with their units; counts and sizes name the line."""
    found: list[tuple[float, str]] = []

    def taken(match: re.Match[str]) -> str:
        unit = (match[2] or "").replace(" ", "")
        if unit in _LOWER_IS_BETTER or unit in _HIGHER_IS_BETTER:
            found.append((float(match[1].replace(",", "")), unit))
            return f"# {unit}"
        return match[0]

    head, colon, rest = line.partition(": ")
    name = re.sub(r"\s+", " ", head + colon + _NUMBER.sub(taken, rest)).strip()
    return re.sub(r"\(load before: .*", "", name), found


def worse(old: Results, new: Results) -> list[str]:
    """What got slower, larger or less, a line each."""
    before = dict(map(numbers, old.lines()))
    said = []
    for line in new.lines():
        name, now = numbers(line)
        for (was, unit), (is_, _unit) in zip(before.get(name, ()), now, strict=False):
            if not was or not is_:
                continue
            times = was / is_ if unit in _HIGHER_IS_BETTER else is_ / was
            if times >= SLOWER:
                said.append(f"{times:.2f} times worse: {name}: {was:g} {unit} was, {is_:g} {unit} is")
    return said


def picture(lines: list[str]) -> Image.Image:
    """The lines as a picture, dark on light, every other line shaded."""
    font = ImageFont.load_default(15)
    height = 24
    width = max(int(font.getlength(line)) for line in lines) + 40
    drawn = Image.new("RGB", (width, height * len(lines) + 24), "#ffffff")
    draw = ImageDraw.Draw(drawn)
    for place, line in enumerate(lines):
        top = 12 + place * height
        if place % 2:
            draw.rectangle((0, top, width, top + height), fill="#f0f4f8")
        draw.text((20, top + 3), line, fill="#1b1f24" if place else "#0072b2", font=font)
    return drawn


def compare(folder: Path, say: TextIO = sys.stdout) -> int:
    """The two newest runs beside each other; the exit code is 1 where something got slower."""
    new, old = newest(folder), newest(folder, before=2)
    if new is None or old is None:
        print(f"there are not two runs in {folder}: `make bench` makes one", file=say)
        return 2
    said = worse(loaded(old), loaded(new))
    print(f"{new.stem} beside {old.stem}", file=say)
    print("\n".join(said) or "nothing got slower", file=say)
    return 1 if said else 0
