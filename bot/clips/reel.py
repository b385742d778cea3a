"""A stranger's MP4 opened for its pictures, in a child process that is confined already."""

from collections.abc import Iterator
from contextlib import contextmanager

import av
from av.container import InputContainer
from av.video.stream import VideoStream

_STREAMS_MAX = "16"


class Reel:
    """The first video stream of an open clip."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self._container = container
        self._stream = stream

    def frames(self) -> Iterator[av.VideoFrame]:
        """The frames from here to the end, in the order of time, without those that are damaged."""
        for packet in self._container.demux(self._stream):
            try:
                yield from packet.decode()
            except av.InvalidDataError:
                continue

    def at(self, part: int, of: int) -> int:
        """That part of the clip's length, in the stream's own units."""
        if self._stream.duration is not None:
            length = self._stream.duration
        elif self._stream.time_base is not None:
            length = int((self._container.duration or 0) / av.time_base / self._stream.time_base)
        else:
            length = 0
        return (self._stream.start_time or 0) + length * part // of

    def seek(self, moment: int) -> None:
        """Go to where a player can begin, at that moment or before it."""
        self._container.seek(moment, stream=self._stream)


@contextmanager
def opened(path: str) -> Iterator[Reel]:
    """Open a clip; nothing but this file is read.

    Raises:
        ValueError: there are no pictures in it.
        av.FFmpegError: FFmpeg could not read it.
    """
    options = {"protocol_whitelist": "file", "max_streams": _STREAMS_MAX}
    with av.open(f"file:{path}", format="mp4", options=options) as container:
        if not container.streams.video:
            raise ValueError("there are no pictures in it")
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        yield Reel(container, stream)
