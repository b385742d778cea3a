"""The choices of commands' options, and how many of them Discord takes."""

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, TypeVar

from discord.app_commands import Choice, locale_str

from bot.catalogue import Catalogue
from bot.domain import Kind
from bot.language import _, later, ngettext
from bot.ordering.framing import Framing
from bot.quoting import shortened
from cogs.answers import Interaction
from cogs.wording import said_as

CHOICES_MAX = 25
CHOICE_NAME_UNITS_MAX = 100
PRESET_OPTION = locale_str("A style of this server; the channel's own if you leave this out")
ADD_BARS = later("Add bars")
FROM_LAST_FRAME = later("Its last frame is animated")
Autocompletion = Callable[[Interaction, str], Coroutine[Any, Any, list[Choice[str]]]]
T = TypeVar("T", str, int)


def matching_models(catalogue: Catalogue, kind: Kind, typed: str) -> list[Choice[str]]:
    """The models for a kind of order that have what was typed in their name."""
    return [
        Choice(name=shortened(f"{row.name}: {_(row.about)}", CHOICE_NAME_UNITS_MAX), value=row.id)
        for row in catalogue.models(kind)
        if typed.casefold() in f"{row.name} {row.id}".casefold()
    ][:CHOICES_MAX]


def text_choices(values: Iterable[str]) -> list[Choice[str]]:
    """Resolutions or shapes to choose from."""
    return _choices(values, str)


def length_choices(values: Iterable[int]) -> list[Choice[int]]:
    """Lengths to choose from, the shortest first."""
    return _choices(sorted(values), seconds_choice)


def seconds_choice(n: int) -> str:
    """A length as it is named there, which is what is typed to choose it."""
    return ngettext("{n} second", "{n} seconds", n).format(n=n)


def fit_choices() -> list[Choice[str]]:
    """What may happen to a picture of another shape than the clip's."""
    return [
        Choice(name=said_as(lambda: _("Cut off what is too much")), value=Framing.CROP.value),
        Choice(name=said_as(partial(_, ADD_BARS)), value=Framing.PAD.value),
    ]


def _choices(values: Iterable[T], say: Callable[[T], str]) -> list[Choice[T]]:
    """Every value once; none at all where Discord's list is too short for them, since a list is closed."""
    distinct = dict.fromkeys(values)
    if len(distinct) > CHOICES_MAX:
        return []
    return [Choice(name=said_as(partial(say, value)), value=value) for value in distinct]
