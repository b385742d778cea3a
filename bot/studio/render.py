"""The process that draws one clip: `python -m bot.studio.render FOLDER`, the spec being its first input line.

It answers in lines of JSON: {"frames": 12} for every few frames done, {"refused": "…"} when what was handed
in cannot be drawn over. Exit code 0 means that the clip, its thumbnail and its sprite sheet are in the
folder. It ends at once when its input ends, that is, when the process that started it is gone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

from bot.studio.given import UnreadableVideo
from bot.studio.spec import CLIP, PART, SPRITESHEET, THUMBNAIL, Spec
from bot.studio.storyboard import Storyboard

_NICENESS = 10  # drawing never takes the processor from the bot
_REPORT_EVERY_S = 0.08


def main(folder: Path) -> None:
    os.nice(_NICENESS)
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no report
    spec = Spec.from_json(json.loads(sys.stdin.buffer.readline()))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    parts = clip, thumbnail, spritesheet = (
        folder / (CLIP + PART),
        folder / (THUMBNAIL + PART),
        folder / (SPRITESHEET + PART),
    )
    try:
        Storyboard(spec, folder).draw(clip, thumbnail, spritesheet, _Reporter(report))
    except UnreadableVideo as refused:
        _say(report, {"refused": str(refused)})
        return
    for part in parts:
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(part.with_suffix(""))


class _Reporter:
    """Says how many frames are done, not too often."""

    def __init__(self, report: TextIO) -> None:
        self._report, self._next = report, 0.0

    def __call__(self, frames: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _REPORT_EVERY_S
            _say(self._report, {"frames": frames})


def _say(report: TextIO, line: dict[str, object]) -> None:
    report.write(json.dumps(line) + "\n")
    report.flush()


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(4)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
