"""The child process that takes the looks of a picture or a clip for fingerprints.py.

`python -m bot.moderation.fingerprint_child FILE picture|clip` prints `{"seen": […], "mirrored": […]}`, of
each frame one look of 32 hexadecimal digits, or `{"unusable": why}`.
"""

import json
import sys
from collections.abc import Iterator, Sequence

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from bot.clips import reel
from bot.confinement import confine

_MEMORY_BYTES_MAX = 1 << 30
_CPU_S_MAX = 60
_FILE_BYTES_MAX = 1_000_000

_FRAMES = 6
_FRAMES_DECODED_MAX = 3_600  # a minute at 60 a second
_SIDE_PX = 32  # what a picture is brought to before its waves are looked at
_COARSEST = 8
_FLAT = 3.0
"""Of 255: a picture whose brightness varies by less shows nothing, and would look like all such others."""


def look(picture: Image.Image) -> str | None:
    """Its dHash and pHash; None where there is nothing to be seen."""
    grey = picture.convert("L")
    small = np.asarray(grey.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BOX), dtype=np.float64)
    if small.std() < _FLAT:
        return None
    steps = np.asarray(grey.resize((9, 8), Image.Resampling.BOX), dtype=np.float64)
    brighter = steps[:, 1:] > steps[:, :-1]
    waves = (_cosines() @ small @ _cosines().T)[:_COARSEST, :_COARSEST].flatten()
    waves[0] = 0.0  # the mean, which says how bright it is and nothing of what is in it
    above = waves > np.median(waves[1:])
    return f"{_digits(brighter.flatten())}{_digits(above)}"


def _cosines() -> NDArray[np.float64]:
    """The matrix of the discrete cosine transform (DCT-II), without its scale, which no comparison needs."""
    places = np.arange(_SIDE_PX)
    return np.cos(np.pi * np.outer(places, places + 0.5) / _SIDE_PX)


def _digits(bits: NDArray[np.bool_]) -> str:
    return np.packbits(bits).tobytes().hex()


def frames_of(path: str) -> Iterator[Image.Image]:
    """A clip's first frame, and five more over its length.

    Raises:
        ValueError: there are none.
        av.FFmpegError: FFmpeg could not read the file.
    """
    with reel.opened(path) as clip:
        times = [clip.at(0, 1), *(clip.at(2 * part + 1, 10) for part in range(_FRAMES - 1))]
        for count, frame in enumerate(clip.frames(), start=1):
            if times and (frame.pts is None or frame.pts >= times[0]):
                times.pop(0)
                grey = Image.fromarray(frame.reformat(format="gray").to_ndarray())
                yield grey.rotate(frame.rotation, expand=True)
            if not times or count >= _FRAMES_DECODED_MAX:
                return


def main(arguments: Sequence[str]) -> None:
    """Print the looks of the file."""
    confine(memory_bytes_max=_MEMORY_BYTES_MAX, cpu_s_max=_CPU_S_MAX, file_bytes_max=_FILE_BYTES_MAX)
    av.logging.set_level(None)
    path, kind = arguments
    said: dict[str, list[str] | str]
    try:
        if kind == "clip":
            pictures = list(frames_of(path))
        else:
            with Image.open(path, formats=("PNG", "JPEG")) as picture:
                picture.load()
                pictures = [picture.convert("L")]
        pairs = [(look(one), look(ImageOps.mirror(one))) for one in pictures]
        whole = [(seen, mirrored) for seen, mirrored in pairs if seen is not None and mirrored is not None]
        said = {"seen": [seen for seen, _ in whole], "mirrored": [mirrored for _, mirrored in whole]}
    except (av.FFmpegError, OSError, ValueError) as unusable:
        said = {"unusable": " ".join(str(unusable).split())[:300]}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1:])
