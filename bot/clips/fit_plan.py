"""What a clip is encoded to so that it goes under an upload limit: its frame and its bit rate. Pure.

The recipe was measured with 20 s clips of 40 MB (CPU seconds; VMAF): one pass of x264's `veryfast` whose
buffer is one second of its rate cannot overshoot by more than that, costs two thirds of two passes, and is
within half a point of them at 720 lines. For the same bytes 720 lines look better than 1080 below a tenth
of a bit for each pixel.
"""

from dataclasses import dataclass

FITS_PERCENT = 97
"""Of the limit: what a file may have to be sent."""

_AIM_PERCENT = 95
_CONTAINER_PERCENT = 2  # of the aim, for the MP4's index

SOUND_BPS = 96_000  # what sound is encoded to, where it is
_SOUND_SHARE = 8  # an eighth of all is the most that sound is copied for

_FULL_CENTIBITS_PER_PIXEL = 10
_720_BPS_MIN = 1_500_000
_540_BPS_MIN = 500_000
_BPS_MIN = 200_000
"""Of 360 lines, where SSIM is 0.93 for an easy clip and 0.85 for a hard one (tests/bench/fit.py). Below it a
link to the clip as it was made serves better.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a clip is encoded. Its sound is copied as it is, or encoded to `SOUND_BPS`, where there is any."""

    width: int
    height: int
    video_bps: int
    copies_sound: bool


def fits(size_bytes: int, limit_bytes: int) -> bool:
    """Whether a file can be sent under this limit."""
    return 100 * size_bytes <= FITS_PERCENT * limit_bytes


def plan(
    *, width: int, height: int, millifps: int, duration_ms: int, sound_bps: int | None, limit_bytes: int
) -> Plan | None:
    """The best that goes under the limit; None where nobody would want to see it.

    Args:
        width: of the frame as it is coded, in pixels, as `height`.
        height: see `width`.
        millifps: frames in a thousand seconds.
        duration_ms: of the clip.
        sound_bps: of its sound, where that is AAC and can be copied; 0 without sound; None where it must be
            encoded anew.
        limit_bytes: of the place that it is sent to.
    """
    aim_bps = limit_bytes * 8 * 1_000 * _AIM_PERCENT // 100 // max(1, duration_ms)
    copies = sound_bps is not None and sound_bps * _SOUND_SHARE <= aim_bps
    sound = (sound_bps or 0) if copies else SOUND_BPS
    video_bps = aim_bps - sound - aim_bps * _CONTAINER_PERCENT // 100
    if video_bps < _BPS_MIN:
        return None
    lines = min(width, height)
    if video_bps * 100_000 < _FULL_CENTIBITS_PER_PIXEL * width * height * millifps:
        if video_bps >= _720_BPS_MIN:
            lines = min(lines, 720)
        elif video_bps >= _540_BPS_MIN:
            lines = min(lines, 540)
        else:
            lines = min(lines, 360)
    return Plan(
        width=_scaled(width, lines, min(width, height)),
        height=_scaled(height, lines, min(width, height)),
        video_bps=video_bps,
        copies_sound=copies,
    )


def again(video_bps: int, size_bytes: int, limit_bytes: int) -> int:
    """The rate for the one further try, where the first came out too large."""
    return video_bps * 92 * limit_bytes // (100 * size_bytes)


def _scaled(side: int, lines: int, of: int) -> int:
    """To an even number, which 4:2:0 needs."""
    return max(2, 2 * ((side * lines + of) // (2 * of)))
