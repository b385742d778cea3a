"""What all shots of a clip are drawn with: two stages, the lens, the weather sheets and the dark corners."""

from __future__ import annotations

import numpy as np

from bot.studio.camera import Lens
from bot.studio.planes import Stage
from bot.studio.vocabulary import Weather
from bot.studio.weather import Curtains


class Easel:
    def __init__(self, width: int, height: int, seed: int) -> None:
        self.width, self.height = width, height
        self.stage = Stage(width, height)  # what is before the camera
        self.picture = Stage(width, height)  # what the camera sees
        self.lens = Lens(width, height)
        across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        corner = np.clip(np.hypot(across, down) - 0.55, 0, 1)
        self.vignette = (256 - 70 * corner**1.5).astype(np.uint16)
        self._seed = seed
        self._curtains: dict[frozenset[Weather], Curtains] = {}

    def weather(self, weathers: frozenset[Weather]) -> Curtains:
        """The weather before the camera; made once for all shots of the same weather."""
        if weathers not in self._curtains:
            rng = np.random.default_rng([self._seed, 11])
            self._curtains[weathers] = Curtains(weathers, self.width, self.height, rng)
        return self._curtains[weathers]
