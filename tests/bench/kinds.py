"""Every kind of button, select and form that the bot reads, from its own patterns: what is to be met yet."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tests import fuzz_ids
from tests.fuzz_ids import BUTTON, CHANNEL_SELECT, SELECT, Pattern, Run, Shape
from tests.stage import Json

_CONTROLS, _FORMS = fuzz_ids.of_components(), fuzz_ids.of_forms()
A_NUMBER = "7"
_ID_CHARS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """One `custom_id` that stands for what was not met of a pattern: the whole, or words of its groups."""

    pattern: Pattern
    custom_id: str

    def component(self) -> Json:
        """The control that has it, as a message of the bot's shows it."""
        kind = self.pattern.kind
        if kind == BUTTON:
            return {"type": kind, "style": 2, "label": self.custom_id[:20], "custom_id": self.custom_id}
        more: Json = {"options": [{"label": "x", "value": "x"}]} if kind == SELECT else {}
        more |= {"channel_types": [0]} if kind == CHANNEL_SELECT else {}
        return {"type": kind, "custom_id": self.custom_id, **more}

    def form(self, words: str) -> Json:
        """The form that has it, sent in with so many words in each of its fields."""
        fields: list[Json] = [
            {"type": 4, "id": 1, "custom_id": name, "value": words} for name in self.pattern.names
        ]
        rows = [{"type": 18, "id": 2, "component": one} for one in fields]
        return {"id": "1", "custom_id": self.custom_id, "components": rows}


def components(met: Collection[str], about: str) -> list[Unmet]:
    """What is needed of buttons and selects beside those of the `custom_id`s that were met."""
    return [one for pattern in _CONTROLS for one in _unmet(pattern, met, about)]


def forms(met: Collection[str], about: str) -> list[Unmet]:
    """Likewise of forms. A pattern of one module that reads a button's mark in another has no fields."""
    return [one for pattern in _FORMS if pattern.names for one in _unmet(pattern, met, about)]


def _unmet(pattern: Pattern, met: Collection[str], about: str) -> Iterator[Unmet]:
    left: set[tuple[str, str]] = {("", ""), *pattern.variants}
    for custom_id in met:
        left -= _told(pattern, custom_id)
    for shape in pattern.shapes if left else ():
        custom_id = _written(shape, about)
        if told := left & _told(pattern, custom_id):
            left -= told
            yield Unmet(pattern=pattern, custom_id=custom_id)
        if not left:
            return
    assert not left, (pattern.regex.pattern, left)


def _told(pattern: Pattern, custom_id: str) -> set[tuple[str, str]]:
    held = pattern.read(custom_id)
    return set() if held is None else {("", ""), *held.items()}


def _written(shape: Shape, about: str) -> str:
    return "".join(one if isinstance(one, str) else _run(one, about) for one in shape)


def _run(run: Run, about: str) -> str:
    if run.is_of_digits and run.most > 1:
        return A_NUMBER
    return about if run.most >= _ID_CHARS else min(run.chars) * run.least
