"""Routing for tests: with its own memory, its clock the running loop's, and an operator who remembers."""

import asyncio
from collections.abc import Callable

from bot.catalogue import Catalogue
from bot.offers.health import Health
from bot.offers.throttle import Throttle
from bot.routing import Routing


class Remembering:
    """An operator who remembers what was said."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.sentences: list[str] = []

    def tell(self, code: str, sentence: str) -> None:
        assert sentence
        self.told.append(code)
        self.sentences.append(sentence)


class Steady:
    """A steady clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def loop_time() -> float:
    return asyncio.get_running_loop().time()


def routing(
    models: Catalogue,
    *,
    operator: Remembering | None = None,
    health: Health | None = None,
    clock: Callable[[], float] = loop_time,
) -> Routing:
    """A new process's."""
    operator = operator or Remembering()
    health = health or Health(operator, clock=clock)
    return Routing(models, health, Throttle(models.limits, clock=clock), operator)
