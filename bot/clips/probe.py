"""The child process that reads a clip with FFmpeg for media.py: `python -m bot.clips.probe PATH`.

It limits itself before it opens the file: memory, processor time, few files and none of any size. FFmpeg is
told that this is an MP4 (by itself it would also take a playlist and open what that names) and that there
is no other protocol than files.
"""

import json
import sys

import av

from bot.confinement import confine

SIDE_PX_MAX = 8_192
SIDE_PX_MIN = 16
DURATION_MS_MAX = 600_000
DURATION_MS_MIN = 100

_MEMORY_BYTES_MAX = 2 << 30
_CPU_S_MAX = 20
_FILE_BYTES_MAX = 4_096  # it writes none


def probe(path: str) -> dict[str, int | bool | str]:
    """The fields of `Probe` but for `faststart`.

    Raises:
        ValueError: no clip; says why.
        av.FFmpegError: FFmpeg could not read it.
    """
    options = {"protocol_whitelist": "file", "max_streams": "16"}
    with av.open(f"file:{path}", format="mp4", options=options) as container:
        if not container.streams.video:
            raise ValueError("there are no pictures in it")
        stream = container.streams.video[0]
        picture = next(container.decode(stream), None)
        if picture is None:
            raise ValueError("none of its pictures can be decoded")
        width, height = picture.width, picture.height
        if picture.rotation % 180:
            width, height = height, width
        if not all(SIDE_PX_MIN <= side <= SIDE_PX_MAX for side in (width, height)):
            raise ValueError(f"{width}x{height} is no size of a clip")
        if stream.duration is not None and stream.time_base is not None:
            duration_ms = round(stream.duration * stream.time_base * 1_000)
        else:
            duration_ms = (container.duration or 0) // 1_000
        if not DURATION_MS_MIN <= duration_ms <= DURATION_MS_MAX:
            raise ValueError(f"{duration_ms} ms is no length of a clip")
        return {
            "width": width,
            "height": height,
            "duration_ms": duration_ms,
            "has_sound": bool(container.streams.audio),
            "video_codec": stream.codec_context.codec.canonical_name,
            "pix_fmt": picture.format.name,
        }


def main(path: str) -> None:
    """Print the fields as JSON, or `{"unusable": why}`; anything else ends in an exit code that is not 0."""
    confine(memory_bytes_max=_MEMORY_BYTES_MAX, cpu_s_max=_CPU_S_MAX, file_bytes_max=_FILE_BYTES_MAX)
    av.logging.set_level(None)
    said: dict[str, int | bool | str]
    try:
        said = probe(path)
    except (av.FFmpegError, ValueError) as unusable:
        said = {"unusable": " ".join(str(unusable).split())[:300]}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1])
