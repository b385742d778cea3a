"""High dynamic range brought to the standard one, which is all that H.264 of 8 bits shows everywhere.

Done by FFmpeg's own scaler, which maps tones and colours between any two transfers (docs: scale filter,
`in_transfer`, `intent`); zimg's filter is in no PyAV wheel. Its table takes some five seconds of CPU once,
then a frame of 720 lines 19 ms (measured with PyAV 18.1, FFmpeg 8.1).
"""

from collections.abc import Callable
from dataclasses import dataclass

import av
from av.codec.context import CodecContext
from av.filter import Graph
from av.video.stream import VideoStream

_BT709, _LIMITED, _FULL = 1, 1, 2
_BT2020_MATRIX = 9
_TRANSFERS = {16: "smpte2084", 18: "arib-std-b67"}
"""PQ and HLG by their numbers in ITU-T H.273, table 3."""


@dataclass(frozen=True, slots=True)
class Colours:
    """How a stream's numbers are to be read (ITU-T H.273, tables 2 to 4)."""

    colorspace: int = _BT709
    color_range: int = _LIMITED
    color_primaries: int = _BT709
    color_trc: int = _BT709


STANDARD = Colours()


def is_high(context: CodecContext) -> bool:
    """Whether a stream says that it is of high dynamic range."""
    return getattr(context, "color_trc", None) in _TRANSFERS


def mapping(video: VideoStream, width: int, height: int) -> Callable[[av.VideoFrame], av.VideoFrame] | None:
    """Brings each frame of a stream to the standard range and this size; None where it is in it already.

    Raises:
        av.FFmpegError, ValueError: this build of FFmpeg cannot.
    """
    context = video.codec_context
    if not is_high(context):
        return None
    matrix = context.colorspace if context.colorspace in (_BT709, _BT2020_MATRIX) else _BT2020_MATRIX
    full = context.color_range == _FULL
    graph = Graph()
    into = graph.add(
        "buffer",
        f"video_size={context.width}x{context.height}:pix_fmt={context.pix_fmt}:time_base={video.time_base}"
        f":pixel_aspect=1/1:colorspace={matrix}:range={_FULL if full else _LIMITED}",
    )
    scaled = graph.add(
        "scale",
        f"w={width}:h={height}:flags=bicubic:in_primaries=bt2020:in_transfer={_TRANSFERS[context.color_trc]}"
        ":out_primaries=bt709:out_transfer=bt709:out_color_matrix=bt709:out_range=tv:intent=perceptual",
    )
    formatted = graph.add("format", "yuv420p")
    out = graph.add("buffersink")
    into.link_to(scaled)
    scaled.link_to(formatted)
    formatted.link_to(out)
    graph.configure()

    def mapped(frame: av.VideoFrame) -> av.VideoFrame:
        frame.colorspace, frame.color_range = matrix, _FULL if full else _LIMITED
        graph.push(frame)
        standard = graph.pull()
        if not isinstance(standard, av.VideoFrame):
            raise ValueError("the scaler gave no picture")  # noqa: TRY004 - a fault of the file, not of a type
        return standard

    return mapped
