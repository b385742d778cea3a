"""Small real clips: H.264 and AAC in an MP4, of any size and length, made in a few hundredths of a second."""

from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer

_SOUND_HZ = 16_000
_SOUND_SAMPLES = 1_024


@cache
def clip(
    width: int, height: int, seconds: int, *, sound: bool = True, movflags: str = "faststart", turned: int = 0
) -> bytes:
    """A grey clip of one picture a second, with silence; of the true size and length.

    `turned` is by how many degrees a player shall turn it.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"  # a file, since FFmpeg opens it again to move the index to its front
        with av.open(path, "w", options={"movflags": movflags} if movflags else {}) as container:
            video = container.add_stream("libx264", rate=1, options={"preset": "ultrafast", "crf": "40"})
            video.width, video.height, video.pix_fmt = width, height, "yuv420p"
            video.codec_context.thread_count = 1
            video.set_display_rotation(turned)
            audio = container.add_stream("aac", rate=_SOUND_HZ, layout="mono") if sound else None
            picture = av.VideoFrame(width, height, "yuv420p")
            for plane in picture.planes:
                plane.update(bytes([128]) * plane.buffer_size)
            for second in range(seconds):
                picture.pts, picture.time_base = second, Fraction(1, 1)
                container.mux(video.encode(picture))
            container.mux(video.encode())
            if audio is not None:
                _be_silent(container, audio, seconds)
        return path.read_bytes()


def sound_alone(seconds: int) -> bytes:
    """An MP4 with no pictures in it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        with av.open(path, "w") as container:
            _be_silent(container, container.add_stream("aac", rate=_SOUND_HZ, layout="mono"), seconds)
        return path.read_bytes()


def _be_silent(container: OutputContainer, audio: AudioStream, seconds: int) -> None:
    silence = np.zeros((1, _SOUND_SAMPLES), dtype=np.float32)
    for at in range(0, seconds * _SOUND_HZ, _SOUND_SAMPLES):
        heard = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        heard.sample_rate, heard.pts = _SOUND_HZ, at
        container.mux(audio.encode(heard))
    container.mux(audio.encode())
