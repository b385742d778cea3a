"""The child process that rewrites a clip with FFmpeg for fitting.py.

`python -m bot.clips.fit_child INTO CLIP remux COMMENT` copies its streams into a file that begins with its
index; `… encode COMMENT LIMIT_BYTES` makes it smaller than that. It prints `{"width": …, "height": …}`, or
`{"unfit": why}`. One thread, so that as many of them as there are cores do not disturb each other.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import PictureType
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from bot.clips import dynamic_range, fit_plan
from bot.clips.fit_plan import Plan
from bot.confinement import confine

_MEMORY_BYTES_MAX = 2 << 30
_CPU_S_MAX = 900  # the parent's clock strikes before
_FILE_BYTES_MAX = 1 << 30
_NICENESS = 10

_FULL_SOUND_HZ = 48_000


class Unfit(Exception):
    """The clip cannot be made to fit; its text says why."""


def remux(clip: str, into: str, comment: str) -> tuple[int, int]:
    """Copy pictures and sound, bit for bit, behind an index; the frame's size."""
    with ExitStack() as files:
        source = files.enter_context(_opened(clip))
        film = files.enter_context(_created(into, source, comment))
        streams = [source.streams.video[0], *source.streams.audio[:1]]
        ways = {stream.index: film.add_stream_from_template(stream) for stream in streams}
        for packet in source.demux(streams):
            if packet.dts is None:  # the end
                continue
            packet.stream = ways[packet.stream.index]
            film.mux(packet)
        return source.streams.video[0].width, source.streams.video[0].height


def encode(clip: str, into: Path, comment: str, limit_bytes: int) -> tuple[int, int]:
    """Encode by the recipe, and once more at a lower rate if that was too large; the frame's size.

    Raises:
        Unfit: no rate that is worth looking at goes under the limit.
        av.FFmpegError: FFmpeg could not read the clip.
    """
    with _opened(clip) as source:
        plan = _plan(source, limit_bytes)
        # The index is begun with the first packet of sound, so it must be known before the pictures are read.
        turned = next((frame.rotation for frame in source.decode(source.streams.video[0])), 0)
    if plan is None:
        raise Unfit("too long for so few bytes")
    rate = plan.video_bps
    for _ in range(2):
        _encode(clip, into, comment, plan, rate, turned)
        size_bytes = into.stat().st_size
        if fit_plan.fits(size_bytes, limit_bytes):
            return plan.width, plan.height
        rate = fit_plan.again(rate, size_bytes, limit_bytes)
    raise Unfit(f"{size_bytes} bytes at the second try, {limit_bytes} allowed")


def _plan(source: InputContainer, limit_bytes: int) -> Plan | None:
    video = source.streams.video[0]
    sound_bps: int | None = 0
    for audio in source.streams.audio[:1]:
        sound_bps = audio.codec_context.bit_rate if audio.codec_context.name == "aac" else None
    return fit_plan.plan(
        width=video.width,
        height=video.height,
        millifps=round((video.average_rate or 24) * 1_000),
        duration_ms=(source.duration or 0) // 1_000,
        sound_bps=sound_bps,
        limit_bytes=limit_bytes,
    )


def _encode(clip: str, into: Path, comment: str, plan: Plan, rate_bps: int, turned: int) -> None:
    with ExitStack() as files:
        source = files.enter_context(_opened(clip))
        film = files.enter_context(_created(str(into), source, comment))
        video = source.streams.video[0]
        heard = source.streams.audio[:1]
        seen = _film_stream(film, video, plan, rate_bps)
        seen.set_display_rotation(turned)
        mapped = dynamic_range.mapping(video, plan.width, plan.height)
        sounds: list[AudioStream] = [
            film.add_stream_from_template(audio) if plan.copies_sound else _sound_stream(film, audio)
            for audio in heard
        ]
        for packet in source.demux([video, *heard]):
            if plan.copies_sound and packet.stream.type == "audio":
                if packet.dts is not None:  # it is at the end
                    packet.stream = sounds[0]
                    film.mux(packet)
                continue
            for frame in packet.decode():
                match frame:
                    case av.VideoFrame():
                        _film(film, seen, mapped(frame) if mapped else frame, plan)
                    case av.AudioFrame():
                        film.mux(sounds[0].encode(frame))
        film.mux(seen.encode(None))
        if not plan.copies_sound:
            for sound in sounds:
                film.mux(sound.encode(None))


def _film(film: OutputContainer, seen: VideoStream, frame: av.VideoFrame, plan: Plan) -> None:
    smaller = frame.reformat(plan.width, plan.height, "yuv420p", interpolation=Interpolation.BICUBIC)
    smaller.pict_type = PictureType.NONE  # the encoder's to choose, not what it was in the source
    film.mux(seen.encode(smaller))


def _film_stream(film: OutputContainer, video: VideoStream, plan: Plan, rate_bps: int) -> VideoStream:
    """H.264 in one pass whose buffer is one second of its rate, so that it cannot overshoot."""
    options = {"preset": "veryfast", "maxrate": str(rate_bps), "bufsize": str(rate_bps)}
    stream = film.add_stream("libx264", rate=video.average_rate or Fraction(24), options=options)
    stream.width, stream.height, stream.pix_fmt = plan.width, plan.height, "yuv420p"
    context, source = stream.codec_context, video.codec_context
    context.profile = "High"
    context.thread_count = 1
    context.bit_rate = rate_bps
    if video.time_base is not None:
        context.time_base = video.time_base  # so that every frame keeps its time
    colours = source if not dynamic_range.is_high(source) else dynamic_range.STANDARD
    context.colorspace, context.color_range = colours.colorspace, colours.color_range
    context.color_primaries, context.color_trc = colours.color_primaries, colours.color_trc
    if source.sample_aspect_ratio:
        context.sample_aspect_ratio = source.sample_aspect_ratio
    source.thread_count = 1
    return stream


def _sound_stream(film: OutputContainer, audio: AudioStream) -> AudioStream:
    layout = "mono" if audio.codec_context.channels == 1 else "stereo"
    sound = film.add_stream("aac", rate=_FULL_SOUND_HZ, layout=layout)
    sound.codec_context.bit_rate = fit_plan.SOUND_BPS
    return sound


def _opened(clip: str) -> InputContainer:
    source = av.open(
        f"file:{clip}", format="mp4", options={"protocol_whitelist": "file", "max_streams": "16"}
    )
    if not source.streams.video:
        source.close()
        raise Unfit("there are no pictures in it")
    return source


def _created(into: str, source: InputContainer, comment: str) -> OutputContainer:
    """An MP4 that will begin with its index, and says of itself what its source did, or what it is."""
    film = av.open(f"file:{into}", "w", format="mp4", options={"movflags": "faststart"})
    said = source.metadata.get("comment") or comment
    if said:
        film.metadata["comment"] = said
    return film


def main(arguments: Sequence[str]) -> None:
    """Write the file, and print the size of its frame."""
    confine(
        memory_bytes_max=_MEMORY_BYTES_MAX,
        cpu_s_max=_CPU_S_MAX,
        file_bytes_max=_FILE_BYTES_MAX,
        niceness=_NICENESS,
    )
    av.logging.set_level(None)
    said: dict[str, str | int]
    try:
        match arguments:
            case [into, clip, "remux", comment]:
                width, height = remux(clip, into, comment)
            case [into, clip, "encode", comment, limit_bytes]:
                width, height = encode(clip, Path(into), comment, int(limit_bytes))
            case _:
                raise SystemExit(2)
        said = {"width": width, "height": height}
    except (av.FFmpegError, Unfit, ValueError) as unfit:
        said = {"unfit": " ".join(str(unfit).split())[:300]}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1:])
