"""How many frames a second the studio draws, with sound and all, and the memory that it takes for it.

Each size is drawn in a process of its own, as the studio renders. Beside it what no renderer can do without:
the same frames handed to the same encoder, nothing drawn.
"""

import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import PictureType

from bot.studio.spec import Segment, Spec
from bot.studio.storyboard import Storyboard
from tests.bench.resident import peak_mib

PROMPT = "a paper boat crossing a rain puddle, soft rain, no music"
SECONDS = 4
RATE = 24
ENCODER = {"preset": "superfast", "crf": "23"}
"""As the studio has it (bot/studio/film.py)."""
SIZES = ((1280, 720), (1920, 1080))


def drawn(width: int, height: int) -> None:
    """Print what drawing a clip of this size took this process."""
    spec = Spec(width=width, height=height, seed=1, segments=(Segment(prompt=PROMPT, seconds=SECONDS),))
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        clip = folder / "clip.mp4"
        began = time.perf_counter()
        Storyboard(spec, folder).draw(clip, folder / "thumb.webp", folder / "sheet.jpg", lambda _: None)
        rate = spec.frames / (time.perf_counter() - began)
        memory = peak_mib()
        size_mb = clip.stat().st_size / 1_000_000
        print(
            f"studio, {width}x{height}: {rate:.0f} frames/s ({rate / RATE:.1f} as fast as the clip)  "
            f"encoding alone {encoded(clip, folder / 'floor.mp4'):.0f} frames/s  "
            f"{memory:.0f} MiB at most  ({size_mb:.1f} MB for {SECONDS} s)"
        )


def encoded(clip: Path, into: Path) -> float:
    """The floor: so many of a clip's own frames a second."""
    with av.open(clip) as source:
        frames = list(source.decode(video=0))
    began = time.perf_counter()
    with av.open(into, "w") as film:
        out = film.add_stream("libx264", rate=Fraction(RATE), options=ENCODER)
        out.width, out.height, out.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        for frame in frames:
            frame.pict_type = PictureType.NONE
            film.mux(out.encode(frame))
        film.mux(out.encode(None))
    return len(frames) / (time.perf_counter() - began)


def report() -> None:
    """Print a line for each size."""
    for width, height in SIZES:
        alone = [sys.executable, "-u", "-m", "tests.bench.studio", str(width), str(height)]
        print(subprocess.run(alone, check=True, capture_output=True, text=True).stdout, end="")


if __name__ == "__main__":
    drawn(int(sys.argv[1]), int(sys.argv[2]))
