"""Draws a whole clip: every shot of its script, framed by the slate, with its sound, into one MP4."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from PIL import Image

from bot.studio.easel import Easel
from bot.studio.film import Film
from bot.studio.footage import Footage, Still, sound_of
from bot.studio.lettering import Lettering
from bot.studio.palette import Palette, palette_of
from bot.studio.planes import Cel
from bot.studio.scene import Scene
from bot.studio.script import Shot, shots_of
from bot.studio.slate import Layout, Slate
from bot.studio.soundtrack import soundtrack_of
from bot.studio.spec import FPS, Spec

_THUMBNAIL_PIXELS = 640  # its longer side
_SHEET_COLUMNS, _SHEET_ROWS, _SHEET_PIXELS = 5, 4, 320  # of the sprite sheet; pixels of a tile's longer side


class Storyboard:
    def __init__(self, spec: Spec, folder: Path) -> None:
        """`folder` holds the files that the spec names."""
        self._spec, self._folder = spec, folder
        self._layout = Layout(spec.width, spec.height)
        self._slate = Slate(self._layout, Lettering(), spec.take)
        self._easel = Easel(spec.width, self._layout.bottom - self._layout.top, spec.seed)
        self._thumbnail: Image.Image | None = None
        self._tiles: list[Image.Image] = []

    def draw(self, clip: Path, thumbnail: Path, spritesheet: Path, progress: Callable[[int], None]) -> None:
        """Draw the clip into three files; `progress` hears how many frames are done.

        UnreadableVideo when the video that is drawn over cannot be decoded.
        """
        spec = self._spec
        own = None if spec.video is None else sound_of(self._folder / spec.video, spec.segments[0].seconds)
        with Film(clip, spec.width, spec.height, soundtrack_of(spec, own)) as film:
            for done, _ in enumerate(self._filmed(film), 1):
                progress(done)
        self._save(thumbnail, spritesheet)

    def _filmed(self, film: Film) -> Iterator[None]:
        """Film every frame, one at each step."""
        spec = self._spec
        shots = shots_of(spec)
        cast = self._slate.cast([(one.name, Image.open(self._folder / one.picture)) for one in spec.cast])
        footage = Footage(self._folder / spec.video, self._easel) if spec.video is not None else None
        start = 0
        for number, shot in enumerate(shots, 1):
            palette = palette_of(shot, spec.seed)
            above, below = self._slate.bands(shot, number, len(shots), palette.accent)
            film.planes.put(above, 0)
            film.planes.put(below, self._layout.bottom)
            # One shot's drawings are let go before the next one's are made: each takes some 50 MB.
            yield from self._filmed_shot(film, shot, palette, start, cast, footage)
            start += shot.frames

    def _filmed_shot(
        self, film: Film, shot: Shot, palette: Palette, start: int, cast: Cel | None, footage: Footage | None
    ) -> Iterator[None]:
        layout, easel = self._layout, self._easel
        draw = self._drawing(shot, palette, footage)
        subtitles = self._subtitles(shot)
        for frame in range(shot.frames):
            at = start + frame
            if footage is not None and shot.segment == 0:
                footage.advance(at / FPS)
            draw(frame)
            if cast is not None:
                easel.picture.lay(cast, round(20 * layout.unit), round(18 * layout.unit))
            for cel, first, last in subtitles:
                if first <= frame < last:
                    easel.picture.lay(cel, 0, easel.height - cel.height - round(16 * layout.unit))
            film.planes.put(easel.picture.planes, layout.top)
            self._slate.clock(film.planes.y, at, self._spec.frames)
            film.take(cut=frame == 0)
            self._keep(film, at)
            yield

    def _drawing(self, shot: Shot, palette: Palette, footage: Footage | None) -> Callable[[int], None]:
        """What draws each frame of a shot on the easel."""
        if footage is not None and shot.segment == 0:
            return partial(footage.draw, shot)
        if footage is not None:
            return Still(shot, footage.shown(), self._easel).draw
        if self._spec.picture is not None:
            with Image.open(self._folder / self._spec.picture) as picture:
                return Still(shot, picture, self._easel).draw
        return Scene(shot, palette, self._easel, self._spec.seed).draw

    def _subtitles(self, shot: Shot) -> list[tuple[Cel, int, int]]:
        """What is spoken in a shot, with the first frame in which it is read and the first without it."""
        lines = [(line, cel) for line in shot.spoken if (cel := self._slate.subtitle(line)) is not None]
        # The longer a line, the longer it stays.
        weights = [12 + len(line) for line, _ in lines]
        start, span = round(shot.frames * 0.06), shot.frames * 0.9
        ends = [
            start + round(span * sum(weights[: number + 1]) / sum(weights)) for number in range(len(lines))
        ]
        return [
            (cel, first, last) for (_, cel), first, last in zip(lines, [start, *ends], ends, strict=False)
        ]

    def _keep(self, film: Film, at: int) -> None:
        """Keep the frames that the thumbnail and the sprite sheet are made of."""
        frames, tiles = self._spec.frames, _SHEET_COLUMNS * _SHEET_ROWS
        if at == int(len(self._tiles) * frames / tiles + frames / tiles / 2):
            self._tiles.append(film.still(*self._within(_SHEET_PIXELS)))
        if at == frames * 2 // 5:
            self._thumbnail = film.still(*self._within(_THUMBNAIL_PIXELS))

    def _within(self, longer: int) -> tuple[int, int]:
        scale = longer / max(self._spec.width, self._spec.height)
        return round(self._spec.width * scale), round(self._spec.height * scale)

    def _save(self, thumbnail: Path, spritesheet: Path) -> None:
        if self._thumbnail is not None:
            self._thumbnail.save(thumbnail, "WEBP", quality=82)
        width, height = self._within(_SHEET_PIXELS)
        sheet = Image.new("RGB", (width * _SHEET_COLUMNS, height * _SHEET_ROWS))
        for number, tile in enumerate(self._tiles):
            sheet.paste(tile, (number % _SHEET_COLUMNS * width, number // _SHEET_COLUMNS * height))
        sheet.save(spritesheet, "JPEG", quality=82)
