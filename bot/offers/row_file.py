"""A models file as it stands: its rows, before any rule of theirs is asked, and what of them is no TOML."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bot.domain import Kind, OfferId
from bot.errors import SettingsError
from bot.offers.row_faults import Place, sentences
from bot.offers.rows import Offer
from bot.offers.torn_rows import Tear, Unsearchable, Whole, mended

TABLES = ("models", "offers", "routes", "providers")

FILE_BYTES_MAX = 8 << 20
"""A hundred times ours."""

SAYS_WHICH = {"models": ("id",), "offers": ("provider", "model"), "routes": ("model",), "providers": ("id",)}

T = TypeVar("T", bound=BaseModel)


class Wrong(Exception):
    """A row that no rule of its own refuses, and its fellows do."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(what)
        self.key = key


class Torn(Exception):
    """A row that would be right, had all of it been read."""


class RowFile:
    """The rows of one file as they stand there, and those of which lines are no TOML."""

    def __init__(self, path: Path) -> None:
        whole = _whole(path)
        self.tables = whole.tables
        self.place = Place(path, whole.text)
        self._torn = whole.torn
        self._know_all()

    def rows(self, table: str) -> Iterator["Row"]:
        """Those of one table, in the file's order."""
        rows = self.tables.get(table, [])
        for index, raw in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(raw, dict):
                yield Row(self.place, table, index, raw, self._torn.get((table, index), ()))

    def torn(self, table: str) -> list["Row"]:
        """Those of which not all can be read."""
        return [row for row in self.rows(table) if row.tears]

    def _know_all(self) -> None:
        """What a row was to replace is not sold either; so each has to say which row it is."""
        for table, keys in SAYS_WHICH.items():
            for row in self.torn(table):
                if unread := [key for key in keys if not row.names(key)]:
                    said = f"[[{table}]]: write its {' and '.join(unread)}, or none of this file can be used"
                    at = self.place.of(table, row.index, "")
                    raise SettingsError("; ".join([*self.place.torn("", row.tears), f"{at}: {said}"]))


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the file; `tears` are its lines that cannot be read."""

    place: Place
    table: str
    index: int
    raw: Mapping[str, object]
    tears: Sequence[Tear]

    def read(self, shape: type[T]) -> T:
        """The row in its shape.

        Raises:
            ValidationError: by its own rules it is wrong.
            Torn: it would be right, but for lines that cannot be read.
        """
        row = shape.model_validate(self.raw)
        if self.tears:
            raise Torn
        return row

    @property
    def name(self) -> str:
        """What it is called in the lines about it."""
        if self.table == "offers":
            return offer_id({**self._legible, **self.raw})
        return min(self.names(), default=f"row {self.index + 1}")

    def names(self, key: str = "") -> set[str]:
        """Whatever its key may say, of the key that says which row it is if no other is named."""
        key = key or SAYS_WHICH[self.table][-1]
        said = {str(self.raw[key])} if key in self.raw else set()
        return said | {tear.legible for tear in self.tears if tear.key == key and tear.legible}

    def may_mean(self, offer: Offer) -> bool:
        """Whether it is to replace an offer, as far as can be read."""
        if {tear.key for tear in self.tears}.isdisjoint(("provider", "model", "kinds", "route")):
            return offer.id == self.name
        return offer.row.provider in self.names("provider") and offer.row.model in self.names("model")

    def fault(self, key: str, what: str) -> str:
        """One line of what is wrong at a key."""
        return f"{self.place_of(key)}: {self.name}: {key}: {what}"

    def place_of(self, key: str) -> str:
        """Where a key of it stands, as `path:line`."""
        return self.place.of(self.table, self.index, key)

    def faults(self, wrong: ValidationError | Wrong | Torn, shape: type[BaseModel]) -> list[str]:
        """All that is wrong with it, a line each."""
        found: Iterable[tuple[str, str]] = ()
        if isinstance(wrong, Wrong):
            found = [(wrong.key, str(wrong))]
        elif isinstance(wrong, ValidationError):
            found = sentences(wrong, shape)
        unread = {tear.key for tear in self.tears}  # that such a key is missing is no news
        said = [self.fault(key, what) for key, what in found if key.partition(".")[0] not in unread]
        return self.place.torn(self.name, self.tears) + said

    @property
    def _legible(self) -> dict[str, str]:
        return {tear.key: tear.legible for tear in self.tears if tear.legible}


def offer_id(raw: Mapping[str, object]) -> OfferId:
    """`provider/model`, with the kind where the endpoint is not the one for words alone, and the route."""
    kinds = raw.get("kinds")
    kind = kinds[0] if isinstance(kinds, list) and kinds and Kind.GENERATE not in kinds else ""
    route = raw.get("route")
    own = f"{raw.get('provider', '?')}/{raw.get('model', '?')}"
    return OfferId(own + (f"/{kind}" if kind else "") + (f"@{route}" if route else ""))


def _whole(path: Path) -> Whole:
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as gone:
        raise SettingsError(f"{path} cannot be read ({gone.strerror})") from gone
    if len(raw) > FILE_BYTES_MAX:
        raise SettingsError(f"{path} has more than {FILE_BYTES_MAX:,} bytes: it is no list of models")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        raise SettingsError(f"{path}: not a TOML file: {broken}") from broken
    try:
        return Whole(text, tomllib.loads(text), {})
    except (ValueError, RecursionError) as broken:
        try:
            return mended(text, TABLES)
        except Unsearchable:
            raise SettingsError(f"{path}: not a TOML file: {broken}") from broken
