"""Writing the MP4: H.264 and AAC, ready to play from its first byte."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from PIL import Image

from bot.studio.planes import Floats, Planes
from bot.studio.spec import FPS

COMMENT = "storyboard drawn by the Dailies studio, not AI-generated"
SOUND_RATE = 48_000
_SOUND_CHUNK = 1024  # what AAC encodes at once
# So that 20 s stay below 10 MB, the largest file that every Discord server takes.
_BITS_PER_SECOND_MAX = 3_500_000
_OPTIONS = {
    "preset": "superfast",
    "crf": "23",
    # What this preset spends on deciding, and drawings do not need; shots say themselves where they begin.
    "x264-params": "b-adapt=0:weightp=0:scenecut=0:subme=0",
    "threads": "1",  # the same bytes every time, and one core for one clip
    "g": str(2 * FPS),
    "maxrate": str(_BITS_PER_SECOND_MAX),
    "bufsize": str(2 * _BITS_PER_SECOND_MAX),
}


class Film:
    """An MP4 that is being written.

    Frames are drawn into `planes`, which stay as they were left. Each is encoded on a thread of its own while
    the next one is drawn: FFmpeg and numpy both let go of the interpreter's lock.
    """

    def __init__(self, path: Path, width: int, height: int, sound: Floats) -> None:
        """`sound` is 2 by samples in -1 to 1; it is interleaved as the frames come."""
        self.planes = Planes.blank(width, height)
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._container.metadata["comment"] = COMMENT
        self._video = self._container.add_stream("libx264", rate=FPS, options=_OPTIONS)
        self._video.width, self._video.height, self._video.pix_fmt = width, height, "yuv420p"
        context = self._video.codec_context
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        self._audio = self._container.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        self._audio.bit_rate = 128_000
        self._sound, self._sounded = sound, 0
        self._frames = [av.VideoFrame(width, height, "yuv420p") for _ in range(2)]
        self._taken = 0
        self._encoder = ThreadPoolExecutor(1, "encoder")
        self._encoding: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file; after an error it is closed as it is."""
        try:
            while self._encoding:
                self._encoding.pop(0).result()
            if error is None:
                self._sound_until(self._sound.shape[1])
                self._container.mux(self._video.encode(None))
                self._container.mux(self._audio.encode(None))
        finally:
            self._encoder.shutdown()
            self._container.close()

    def take(self, *, cut: bool = False) -> None:
        """Film what is in the planes now as the next frame; `cut` where a shot begins."""
        # x264 copies a frame before it answers (it has one thread), so two take turns.
        if len(self._encoding) == len(self._frames):
            self._encoding.pop(0).result()
        frame = self._frames[self._taken % len(self._frames)]
        _fill(frame, self.planes)
        frame.pts, frame.time_base = self._taken, Fraction(1, FPS)
        frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
        frame.pict_type = PictureType.I if cut else PictureType.NONE
        self._taken += 1
        self._encoding.append(self._encoder.submit(self._encode, frame, self._taken * SOUND_RATE // FPS))

    def still(self, width: int, height: int) -> Image.Image:
        """What is in the planes now as a picture."""
        frame = av.VideoFrame(self.planes.width, self.planes.height, "yuv420p")
        _fill(frame, self.planes)
        small = frame.reformat(
            width, height, "rgb24", src_colorspace=Colorspace.ITU709, interpolation=Interpolation.BILINEAR
        )
        return Image.fromarray(small.to_ndarray())

    def _encode(self, frame: av.VideoFrame, sound_until: int) -> None:
        self._container.mux(self._video.encode(frame))
        self._sound_until(sound_until)

    def _sound_until(self, end: int) -> None:
        last = end >= self._sound.shape[1]
        while self._sounded + (1 if last else _SOUND_CHUNK) <= min(end, self._sound.shape[1]):
            chunk = np.ascontiguousarray(self._sound[:, self._sounded : self._sounded + _SOUND_CHUNK])
            frame = av.AudioFrame.from_ndarray(chunk, format="fltp", layout="stereo")
            frame.sample_rate = SOUND_RATE
            frame.pts, frame.time_base = self._sounded, Fraction(1, SOUND_RATE)
            self._container.mux(self._audio.encode(frame))
            self._sounded += chunk.shape[1]


def _fill(frame: av.VideoFrame, planes: Planes) -> None:
    for plane, part in zip(frame.planes, (planes.y, planes.uv[0], planes.uv[1]), strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[: part.shape[0], : part.shape[1]] = part
