"""Shots over given pictures: a still that the camera moves over, or the frames of a clip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

import av
import numpy as np
from av.video.reformatter import Colorspace
from PIL import Image, ImageOps

from bot.studio.camera import Lens, Path
from bot.studio.easel import Easel
from bot.studio.film import SOUND_RATE
from bot.studio.given import UnreadableVideo, format_of
from bot.studio.planes import Floats, Planes
from bot.studio.script import Shot
from bot.studio.spec import FPS

_FINER = 1.2  # a still is kept larger than it is shown, so that it stays sharp when the camera goes near


class Still:
    """A shot over one picture, cropped to fill the frame."""

    def __init__(self, shot: Shot, picture: Image.Image, easel: Easel) -> None:
        width, height = round(easel.width * _FINER / 2) * 2, round(easel.height * _FINER / 2) * 2
        fitted = ImageOps.fit(picture.convert("RGB"), (width, height), Image.Resampling.LANCZOS)
        self._planes = Planes.of_image(fitted)
        self._lens = Lens(width, height)
        self._path = Path(shot.move, shot.frames, easel.width)
        self._weather = easel.weather(shot.weathers)
        self._easel = easel

    def draw(self, frame: int) -> None:
        """Draw the shot's frame, counted from 0, on the easel's picture."""
        picture = self._easel.picture
        self._lens.look(self._planes, self._path.view_of_picture(frame), picture.planes)
        self._weather.draw(picture, frame)


class Footage:
    """A clip's frames, one after the other, cropped to fill the frame; its last one stays when it ends."""

    def __init__(self, path: FilePath, easel: Easel) -> None:
        """UnreadableVideo when not even its first frame can be decoded."""
        self._easel = easel
        self._frames = _frames(path)
        self._next: tuple[float, av.VideoFrame] | None = next(self._frames, None)
        self._shown = self._next[1] if self._next else None

    def advance(self, time: float) -> None:
        """Go on to the frame that is shown at this time, in seconds from the clip's start."""
        while self._next is not None and self._next[0] <= time + 0.5 / FPS:
            self._shown = self._next[1]
            self._next = next(self._frames, None)

    def draw(self, shot: Shot, frame: int) -> None:
        """Draw what is shown now on the easel's picture, under the shot's weather."""
        picture = self._easel.picture
        if self._shown is not None:
            _fill(self._shown, picture.planes)
        self._easel.weather(shot.weathers).draw(picture, frame)

    def shown(self) -> Image.Image:
        """What is shown now, as a picture."""
        if self._shown is None:
            return Image.new("RGB", (self._easel.width, self._easel.height))
        return Image.fromarray(self._shown.to_ndarray(format="rgb24"))


def sound_of(path: FilePath, seconds: float) -> Floats | None:
    """A clip's sound, 2 by samples, up to `seconds`; None if it has none that can be decoded."""
    resampler = av.AudioResampler("fltp", "stereo", SOUND_RATE)
    parts: list[Floats] = []
    samples = 0
    try:
        with av.open(str(path), format=format_of(path)) as container:
            for frame in container.decode(audio=0) if container.streams.audio else ():
                for even in resampler.resample(frame):
                    parts.append(even.to_ndarray().astype(np.float32))
                    samples += parts[-1].shape[1]
                if samples >= seconds * SOUND_RATE:
                    break
    except av.FFmpegError:
        pass  # what was decoded until here is heard
    return np.concatenate(parts, axis=1).clip(-1, 1) if parts else None


def _frames(path: FilePath) -> Iterator[tuple[float, av.VideoFrame]]:
    """Each frame with its time in seconds from the first one; a damaged clip ends where it is damaged."""
    first: float | None = None
    try:
        with av.open(str(path), format=format_of(path)) as container:
            for number, frame in enumerate(container.decode(video=0)):
                time = frame.time if frame.time is not None else number / FPS
                first = time if first is None else first
                yield time - first, frame
    except av.FFmpegError as error:
        if first is None:
            raise UnreadableVideo(f"The video cannot be decoded: {error.strerror}.") from error


def _fill(frame: av.VideoFrame, planes: Planes) -> None:
    """Scale a frame until it covers the planes, and cut off what is too much."""
    scale = max(planes.width / frame.width, planes.height / frame.height)
    width = max(planes.width, round(frame.width * scale / 2) * 2)
    height = max(planes.height, round(frame.height * scale / 2) * 2)
    fitted = frame.reformat(width, height, "yuv420p", dst_colorspace=Colorspace.ITU709)
    left, top = (width - planes.width) // 4 * 2, (height - planes.height) // 4 * 2
    for plane, part, half in zip(
        fitted.planes, (planes.y, planes.uv[0], planes.uv[1]), (1, 2, 2), strict=True
    ):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        part[...] = rows[
            top // half : top // half + part.shape[0], left // half : left // half + part.shape[1]
        ]
