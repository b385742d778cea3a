"""How many frames a second the studio draws, in one process as it renders, with sound and all."""

import resource
import tempfile
import time
from pathlib import Path

from bot.studio.spec import Segment, Spec
from bot.studio.storyboard import Storyboard

PROMPT = "a paper boat crossing a rain puddle, soft rain, no music"
SECONDS = 4


def measure(width: int, height: int) -> tuple[float, float]:
    """Frames a second, and megabytes of the clip."""
    spec = Spec(width=width, height=height, seed=1, segments=(Segment(prompt=PROMPT, seconds=SECONDS),))
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        clip = folder / "clip.mp4"
        began = time.perf_counter()
        Storyboard(spec, folder).draw(clip, folder / "thumb.webp", folder / "sheet.jpg", lambda _: None)
        took = time.perf_counter() - began
        return spec.frames / took, clip.stat().st_size / 1_000_000


def report() -> None:
    """Print a line for each size."""
    for width, height in ((1280, 720), (1920, 1080)):
        rate, size_mb = measure(width, height)
        print(
            f"studio, {width}x{height}: {rate:.0f} frames/s ({rate / 24:.1f} times as fast as the clip), "
            f"{size_mb:.1f} MB for {SECONDS} s"
        )
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"studio, peak memory: {peak_mib:.0f} MiB")


if __name__ == "__main__":
    report()
