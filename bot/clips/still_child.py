"""The child process that takes one picture out of a clip with FFmpeg for stills.py.

`python -m bot.clips.still_child INTO CLIP MOMENT SIDE` writes the picture and prints its media type, width
and height as JSON, or `{"unusable": why}`. A SIDE of 0 keeps the clip's size, as a PNG; else it is the longer
side's most, as a JPEG. Where MOMENT is a number, INTO is a folder: so many frames from all over the clip are
written there, as `0.jpg` and so on, and `{"frames": how many}` is printed.
"""

import json
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import av
from av.video.reformatter import Colorspace
from PIL import Image, ImageStat

from bot.clips import reel
from bot.clips.reel import Reel
from bot.confinement import confine
from bot.ordering.picture_child import write

_MEMORY_BYTES_MAX = 1 << 30
_CPU_S_MAX = 60
_FILE_BYTES_MAX = 64_000_000

_SAMPLES = 8
_FRAMES_TO_MIDDLE_MAX = 1_200
_JUDGED_SIDE_PX = 64  # what a frame is judged by
_HD_LINES_MIN = 720
_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED, which PyAV has no name for


class Moment(StrEnum):
    """Which frame of a clip."""

    FIRST = "first"
    LAST = "last"
    TELLING = "telling"


def still(path: str, moment: Moment) -> Image.Image:
    """That frame, in RGB and turned as a player shows it.

    Raises:
        ValueError: there is no such frame.
        av.FFmpegError: FFmpeg could not read the file.
    """
    with reel.opened(path) as clip:
        match moment:
            case Moment.FIRST:
                frame = next(clip.frames(), None)
            case Moment.LAST:
                frame = _last(clip)
            case Moment.TELLING:
                frame = _most_telling(clip)
        if frame is None:
            raise ValueError("none of its pictures can be decoded")
        return _as_seen(frame)


def frames(path: str, count: int) -> Iterator[Image.Image]:
    """So many frames, evenly spread over the clip, or as many as it has; decoded in one go.

    Raises:
        ValueError: there is none.
        av.FFmpegError: FFmpeg could not read the file.
    """
    with reel.opened(path) as clip:
        wanted = deque(clip.at(2 * part + 1, 2 * count) for part in range(count))
        shown, last = 0, None
        for last in clip.frames():
            if wanted and last.pts is not None and last.pts >= wanted[0]:
                while wanted and last.pts >= wanted[0]:
                    wanted.popleft()
                shown += 1
                yield _as_seen(last)
            elif not wanted:
                break
        if wanted and last is not None:  # it ends before its header says
            shown += 1
            yield _as_seen(last)
        if not shown:
            raise ValueError("none of its pictures can be decoded")


def _last(clip: Reel) -> av.VideoFrame | None:
    """The last one that can be decoded: of the last group of pictures, else of the whole clip."""
    frame = None
    clip.seek(clip.at(1, 1))
    for frame in clip.frames():  # noqa: B007 - the last one is what is wanted
        pass
    if frame is None:
        clip.seek(clip.at(0, 1))
        for frame in clip.frames():  # noqa: B007
            pass
    return frame


def _most_telling(clip: Reel) -> av.VideoFrame | None:
    """Of a few frames over the clip's length the one with the most contrast: no black, no fade, no blank.

    Where a player can begin (which costs one frame each), and in the middle, up to which is decoded.
    """
    candidates: list[av.VideoFrame] = []
    for part in range(_SAMPLES):
        clip.seek(clip.at(part, _SAMPLES))
        found = next(clip.frames(), None)
        if found is not None and all(found.pts != one.pts for one in candidates):
            candidates.append(found)
    middle = clip.at(1, 2)
    clip.seek(middle)
    for count, frame in enumerate(clip.frames()):
        if count == _FRAMES_TO_MIDDLE_MAX or (frame.pts is not None and frame.pts >= middle):
            candidates.append(frame)
            break
    return max(candidates, key=_contrast, default=None)


def _contrast(frame: av.VideoFrame) -> float:
    side = _JUDGED_SIDE_PX
    return ImageStat.Stat(Image.fromarray(frame.reformat(side, side, "gray").to_ndarray())).stddev[0]


def _as_seen(frame: av.VideoFrame) -> Image.Image:
    colours = frame.colorspace if frame.colorspace != _UNSPECIFIED else None
    if colours is None and min(frame.width, frame.height) >= _HD_LINES_MIN:
        colours = Colorspace.ITU709  # what players take for granted of anything from 720 lines on
    shown = frame.reformat(format="rgb24", src_colorspace=colours).to_ndarray()
    # FFmpeg's angle is counterclockwise, as Pillow's.
    return Image.fromarray(shown).rotate(frame.rotation, expand=True)


def main(arguments: Sequence[str]) -> None:
    """Write the picture, and print what it is."""
    confine(memory_bytes_max=_MEMORY_BYTES_MAX, cpu_s_max=_CPU_S_MAX, file_bytes_max=_FILE_BYTES_MAX)
    av.logging.set_level(None)
    into, clip, moment, side = arguments
    said: dict[str, str | int]
    try:
        if moment.isdecimal():
            written = 0
            for picture in frames(clip, int(moment)):
                picture.thumbnail((int(side), int(side)), Image.Resampling.LANCZOS)
                write(picture, Path(into, f"{written}.jpg"), lossless=False)
                written += 1
            sys.stdout.write(json.dumps({"frames": written}))
            return
        picture = still(clip, Moment(moment))
        if int(side):
            picture.thumbnail((int(side), int(side)), Image.Resampling.LANCZOS)
        media_type = write(picture, Path(into), lossless=not int(side))
        said = {"media_type": media_type, "width": picture.width, "height": picture.height}
    except (av.FFmpegError, ValueError) as unusable:
        said = {"unusable": " ".join(str(unusable).split())[:300]}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1:])
