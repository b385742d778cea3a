"""What fitting a clip under an upload limit costs, and what is left of it: CPU seconds and SSIM by limit.

The clip is drawn by the studio, twice: as it is (like what models make, easy) and with grain (hard). Beside
it reading the clip alone (the floor), and what is usually typed: all lines kept, x264's own preset, an
average rate.
"""

import asyncio
import resource
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from bot.clips.fitting import Fitting
from bot.errors import ClipTooLarge
from bot.studio.spec import Segment, Spec
from bot.studio.storyboard import Storyboard

SECONDS = 3
PROMPT = "a paper boat crossing a rain puddle in the wind, soft rain, no music"
GRAIN = 4
COMPARED_EVERY = 12
# Of one second of clip, in kbit: 10 MiB for 20 s are 4,194, 20 MiB 8,389, and 10 MiB for a minute 1,398.
KBITS_A_SECOND = (8_389, 4_194, 1_398, 320)

USUAL_KBITS = 1_398

Picture = NDArray[np.float64]


def draw(folder: Path) -> Path:
    """The easy clip, 1080p."""
    clip = folder / "easy.mp4"
    spec = Spec(width=1920, height=1080, seed=1, segments=(Segment(prompt=PROMPT, seconds=SECONDS),))
    Storyboard(spec, folder).draw(clip, folder / "thumb.webp", folder / "sheet.jpg", lambda _: None)
    return clip


def with_grain(clip: Path, into: Path) -> Path:
    """The same clip as a grainy camera would have it, at a rate that keeps the grain."""
    grain = np.random.default_rng(1).integers(-GRAIN, GRAIN + 1, (1_080 + 64, 1_920 + 64), dtype=np.int16)
    shifts = np.random.default_rng(2).integers(0, 64, (10_000, 2))
    with av.open(clip) as source, av.open(into, "w", options={"movflags": "faststart"}) as film:
        video = source.streams.video[0]
        out = film.add_stream("libx264", rate=Fraction(24), options={"preset": "ultrafast", "crf": "18"})
        out.width, out.height, out.pix_fmt = video.width, video.height, "yuv420p"
        for number, frame in enumerate(source.decode(video)):
            down, across = shifts[number]
            rows = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(-1, frame.planes[0].line_size)
            seen = rows[: frame.height, : frame.width]
            grainy = seen + grain[down : down + frame.height, across : across + frame.width]
            other = av.VideoFrame(frame.width, frame.height, "yuv420p")
            for plane, kept in zip(other.planes[1:], frame.planes[1:], strict=True):
                plane.update(bytes(kept))
            target = np.frombuffer(memoryview(other.planes[0]), np.uint8).reshape(
                -1, other.planes[0].line_size
            )
            target[: frame.height, : frame.width] = np.clip(grainy, 0, 255)
            other.pts, other.time_base = number, Fraction(1, 24)
            film.mux(out.encode(other))
        film.mux(out.encode(None))
    return into


def luma(clip: Path, width: int, height: int) -> list[Picture]:
    """Some of its frames, at a common size."""
    with av.open(clip) as container:
        return [
            frame.reformat(width, height, "gray").to_ndarray().astype(np.float64)
            for number, frame in enumerate(container.decode(video=0))
            if number % COMPARED_EVERY == 0
        ]


def ssim(one: Picture, other: Picture, window: int = 8) -> float:
    """Structural similarity (Wang et al. 2004), over windows of 8 x 8 without overlap."""

    def mean(picture: Picture) -> Picture:
        height, width = (side // window * window for side in picture.shape)
        cut = picture[:height, :width].reshape(height // window, window, width // window, window)
        return np.asarray(cut.mean(axis=(1, 3)))

    mean_1, mean_2 = mean(one), mean(other)
    spread_1, spread_2 = mean(one * one) - mean_1**2, mean(other * other) - mean_2**2
    together = mean(one * other) - mean_1 * mean_2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = ((2 * mean_1 * mean_2 + c1) * (2 * together + c2)) / (
        (mean_1**2 + mean_2**2 + c1) * (spread_1 + spread_2 + c2)
    )
    return float(likeness.mean())


def read_alone(clip: Path) -> None:
    """Decode every frame, and no more."""
    with av.open(clip) as container:
        for _ in container.decode(video=0):
            pass


def usual(clip: Path, into: Path, *, limit_bytes: int) -> Path:
    """What `ffmpeg -i clip -c:a copy -b:v …` makes of it."""
    with av.open(clip) as source, av.open(into, "w", options={"movflags": "faststart"}) as film:
        video = source.streams.video[0]
        sound = next(iter(source.streams.audio), None)
        out = film.add_stream("libx264", rate=Fraction(24))
        out.width, out.height, out.pix_fmt = video.width, video.height, "yuv420p"
        out.bit_rate = limit_bytes * 8 // SECONDS - (0 if sound is None else sound.bit_rate or 0)
        copied = None if sound is None else film.add_stream_from_template(sound)
        for packet in source.demux():
            if packet.stream is sound and packet.dts is not None and copied is not None:
                packet.stream = copied
                film.mux(packet)
            elif packet.stream is video:
                for frame in packet.decode():
                    assert isinstance(frame, av.VideoFrame)
                    film.mux(out.encode(frame))
        film.mux(out.encode(None))
    return into


def beside(name: str, clip: Path, folder: Path, original: list[Picture]) -> None:
    """A line for the floor, and one for what is usually typed."""
    began = time.process_time()
    read_alone(clip)
    print(f"fit, {name}, read alone (the floor): {(time.process_time() - began) / SECONDS:.2f} s of a core/s")
    limit_bytes = USUAL_KBITS * 1_000 * SECONDS // 8
    began = time.process_time()
    made = usual(clip, folder / "usual.mp4", limit_bytes=limit_bytes)
    cpu = time.process_time() - began
    print(
        f"fit, {name}, {USUAL_KBITS:>5,} kbit/s, as usually typed: {cpu / SECONDS:.2f} s of a core/s  "
        f"{likeness(made, original):.3f} SSIM  ({made.stat().st_size / limit_bytes:.0%} of the limit)"
    )


def likeness(made: Path, original: list[Picture]) -> float:
    """The SSIM of a clip, of those of its frames that were kept of the original."""
    return sum(map(ssim, original, luma(made, 1920, 1080))) / len(original)


async def measure(name: str, clip: Path, folder: Path) -> None:
    """A line for each limit."""
    fitting = Fitting(at_once=1)
    original = luma(clip, 1920, 1080)
    size = clip.stat().st_size  # noqa: ASYNC240 - nothing else runs
    print(f"fit, {name}, the clip: 1080p24, {SECONDS} s, {size * 8 / SECONDS / 1_000:,.0f} kbit/s")
    for kbits in KBITS_A_SECOND:
        limit_bytes = kbits * 1_000 * SECONDS // 8
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        try:
            fitted = await fitting.fit(clip, folder / "fitted.mp4", limit_bytes=limit_bytes)
        except ClipTooLarge as too_large:
            print(f"fit, {name}, {kbits:>5,} kbit/s: linked, {too_large}")
            continue
        wall = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        with av.open(fitted.path) as container:
            frame = f"{container.streams.video[0].width}x{container.streams.video[0].height}"
        print(
            f"fit, {name}, {kbits:>5,} kbit/s, {fitted.touch}, {frame}: {cpu / SECONDS:.2f} s of a core/s  "
            f"{wall / SECONDS:.2f} s by the clock/s  {likeness(fitted.path, original):.3f} SSIM  "
            f"({fitted.size_bytes / limit_bytes:.0%} of the limit)"
        )
    beside(name, clip, folder, original)


async def report() -> None:
    """Print the lines of the easy and of the hard clip; seconds are for each second of clip."""
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        easy = draw(folder)
        await measure("easy", easy, folder)
        await measure("hard", with_grain(easy, folder / "hard.mp4"), folder)


if __name__ == "__main__":
    asyncio.run(report())
