"""Clips whose every frame is known: of one grey each, or of noise that is hard to make small."""

from collections.abc import Container, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.frame import PictureType
from av.video.stream import VideoStream

SOUND_HZ = 48_000
_SOUND_SAMPLES = 1_024


def film(
    path: Path,
    greys: Sequence[int],
    *,
    size: tuple[int, int] = (128, 96),
    fps: int = 8,
    times_ms: Sequence[int] | None = None,
    group: int = 12,
    noise: int = 0,
    noisy: Container[int] | None = None,
    ramp: bool = False,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    profile: str | None = None,
    crf: int = 10,
    sound: str | None = "aac",
    sound_bps: int = 64_000,
    movflags: str = "faststart",
    turned: int = 0,
    comment: str = "",
) -> Path:
    """A clip of one frame for each of `greys`, with a soft tone.

    `noise` is how far pixels stray from the grey, in all frames or in the `noisy`; a `ramp` is from black at
    the left to white at the right instead. `group` is how many frames apart a player can begin, `times_ms`
    when each frame is shown, where they are not evenly spaced.
    """
    width, height = size
    dice = np.random.default_rng(20261121)
    with av.open(path, "w", format="mp4", options={"movflags": movflags} if movflags else {}) as container:
        if comment:
            container.metadata["comment"] = comment
        options = {"preset": "ultrafast", "crf": str(crf), "g": str(group), "bf": "2", "threads": "1"}
        video = container.add_stream(codec, rate=fps, options=options if codec == "libx264" else {})
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = width, height, pix_fmt
        if profile is not None:
            # The preset leaves out what only the high profile has, and then it says that it is main.
            more = {"x264-params": "8x8dct=1"} if profile == "high" else {}
            video.codec_context.options |= {"profile": profile} | more
        if times_ms is not None:
            video.codec_context.time_base = Fraction(1, 1_000)
        video.set_display_rotation(turned)
        if sound is not None:
            audio = container.add_stream(sound, rate=SOUND_HZ, layout="mono")
            assert isinstance(audio, AudioStream)
            audio.bit_rate = sound_bps
            tone = np.sin(np.arange(SOUND_HZ * len(greys) // fps) / 20).astype(np.float32) * 0.2
            for at in range(0, len(tone), _SOUND_SAMPLES):
                piece = np.ascontiguousarray(tone[None, at : at + _SOUND_SAMPLES])
                heard = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
                heard.sample_rate, heard.pts, heard.time_base = SOUND_HZ, at, Fraction(1, SOUND_HZ)
                container.mux(audio.encode(heard))
            container.mux(audio.encode(None))
        for number, grey in enumerate(greys):
            plane = np.full((height, width), grey, dtype=np.int16)
            if ramp:
                plane[:] = np.linspace(0, 255, width)
            if noise and (noisy is None or number in noisy):
                plane += dice.integers(-noise, noise + 1, plane.shape, dtype=np.int16)
            pixels = np.repeat(np.clip(plane, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = number, Fraction(1, fps)
            if times_ms is not None:
                frame.pts, frame.time_base = times_ms[number], Fraction(1, 1_000)
            frame.pict_type = PictureType.NONE
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def frames_of(path: Path) -> list[tuple[Fraction, int]]:
    """When each frame is shown, in seconds, and its mean grey."""
    with av.open(path) as container:
        return [
            (Fraction(frame.pts or 0) * (frame.time_base or 1), round(frame.to_ndarray(format="gray").mean()))
            for frame in container.decode(video=0)
        ]


def sound_packets(path: Path) -> list[bytes]:
    """The sound as it is coded."""
    with av.open(path) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def picture_packets(path: Path) -> list[bytes]:
    """The pictures as they are coded."""
    with av.open(path) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def seconds_of_sound(path: Path) -> float:
    """How long it can be heard."""
    with av.open(path) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def comment_of(path: Path) -> str | None:
    """What the file says of itself."""
    with av.open(path) as container:
        return container.metadata.get("comment")
