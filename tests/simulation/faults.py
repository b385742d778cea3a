"""What happens in a world, drawn from its seed: what people do, and what goes wrong."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from tests.simulation.process import NAMES
from tests.simulation.providers import Fate
from tests.simulation.sky import Mishap

FIRST_S, LAST_S = 1.0, 60.0
"""When orders are placed. Most of what happens does so soon after one of them."""

ORDERS_MAX = 4
CROWDS, CROWD, CROWD_LAST_S = 0.02, 24, 4.0
"""The share of worlds in which so many orders come within seconds."""
CHANNELS = (30, 31, 32, 33)
GATED = 33
"""Here moderators look at every order before it is made, and at every clip before it is shown."""
MEMBERS = (1001, 1002, 1003)


class Kind(StrEnum):
    """What can happen."""

    ORDER = "order"
    CANCEL = "cancel"
    DELETE = "delete"
    CALL = "call"
    FATE = "fate"
    CRASH = "crash"
    STOP = "stop"
    CLOCK = "clock"
    FULL = "disk full"
    CLOSED = "channel closed"
    UNREAD = "history closed"
    GONE = "channel gone"
    DELETED = "message deleted"
    LEFT = "member left"
    WEBHOOKS = "webhooks"
    DECISION = "moderators decide"
    GATEWAY = "gateway drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happens, at a time or from then on for a while.

    `where` is an actor, model or channel, `call` what it is asked, `what` what becomes of it, and `number`
    which one, or how many.
    """

    at_s: float
    kind: Kind
    where: str = ""
    call: str = ""
    what: str = ""
    lasts_s: float = 0.0
    number: int = 0

    def __str__(self) -> str:
        words = [f"{self.at_s:7.2f} s  {self.kind}", self.where, self.call, self.what]
        if self.number:
            words.append(f"#{self.number}")
        if self.lasts_s:
            words.append(f"for {self.lasts_s:.0f} s")
        return " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole world: all else follows from it."""

    seed: int
    events: tuple[Event, ...]
    patience_s: float
    with_surge: bool

    @property
    def faults(self) -> Counter[str]:
        """How often what went wrong, by its name."""
        return Counter(
            event.what if event.kind in (Kind.CALL, Kind.FATE) else event.kind.value
            for event in self.events
            if event.kind not in (Kind.ORDER, Kind.DECISION)
        )

    def only(self, kept: Iterable[int]) -> "Plan":
        """The same world with some of its events, by their place."""
        events = tuple(self.events[place] for place in kept)
        return Plan(seed=self.seed, events=events, patience_s=self.patience_s, with_surge=self.with_surge)


_PROVIDER_CALLS = ("submit", "submit", "submit", "ask", "ask", "fetch", "list", "cancel", "delete")
_DISCORD_CALLS = (
    "post card",
    "edit card",
    "post clip",
    "post clip",
    "find card",
    "find clip",
    "delete message",
)
_SUBMIT = tuple(
    each
    for each in Mishap
    if each not in (Mishap.TOO_LARGE, Mishap.DIE_BEFORE, Mishap.DIE_AFTER, Mishap.REPEATED)
)
_SUBMIT += (Mishap.LATE, Mishap.LATE)
_SUBMIT_TO = {"keyed": (*_SUBMIT, Mishap.REPEATED)}
"""Whoever takes a key takes the same order once; from the others nobody can want that."""
_ASKED = (
    Mishap.UNREACHED,
    Mishap.BUSY,
    Mishap.REQUEST_LOST,
    Mishap.ANSWER_LOST,
    Mishap.BROKEN,
    Mishap.SLOW,
    Mishap.LIE,
    Mishap.REPEATED,
)
_POSTED = (
    Mishap.UNREACHED,
    Mishap.BUSY,
    Mishap.REQUEST_LOST,
    Mishap.ANSWER_LOST,
    Mishap.ANSWER_LOST,
    Mishap.BROKEN,
    Mishap.BROKEN_AFTER,
    Mishap.SLOW,
    Mishap.REFUSED,
    Mishap.REPEATED,
)
_ONCE_MORE = (0.0, 0.0, 0.0, 30.0, 200.0)
"""How long a mishap goes on: mostly for one call."""


def draw(seed: int) -> Plan:
    """The world of a seed."""
    chance = random.Random(f"world {seed}")
    models = (*NAMES, *NAMES, "either")
    clock_is_right = chance.random() < 0.8
    events: list[Event] = []
    is_crowd = chance.random() < CROWDS
    for _ in range(CROWD if is_crowd else chance.randint(1, ORDERS_MAX)):
        model = chance.choice(models)
        order = Event(
            at_s=round(chance.uniform(FIRST_S, CROWD_LAST_S if is_crowd else LAST_S), 4),
            kind=Kind.ORDER,
            where=model,
            call=str(chance.choice(MEMBERS)),
            what=str(chance.choice(CHANNELS)),
            number=chance.choice((1, 1, 1, 1, 2)),
        )
        events.append(order)
        if chance.random() < 0.15:  # pressed twice, or replayed by the gateway
            events.append(order)
    placed = [event.at_s for event in events]
    if any(event.what == str(GATED) for event in events):
        events += [
            Event(at_s=round(at_s + chance.expovariate(1 / 8.0), 3), kind=Kind.DECISION, number=number)
            for at_s in placed
            for number in (chance.randint(1, 20), chance.randint(1, 20))
        ]
    for _ in range(chance.choice((0, 1, 2, 2, 3, 3, 4, 5, 6, 8, 12))):
        soon_s = chance.uniform(0.0, 0.2) if chance.random() < 0.4 else chance.expovariate(1 / 6.0)
        events += _happens(chance, round(chance.choice(placed) + soon_s, 3), clock_is_right=clock_is_right)
    return Plan(
        seed=seed,
        events=tuple(sorted(events, key=lambda event: event.at_s)),
        patience_s=chance.choice((600.0, 600.0, 600.0, 600.0, 7_200.0, 7_200.0, 7_200.0, 93_600.0)),
        with_surge=chance.random() < 0.05,
    )


def _happens(chance: random.Random, at_s: float, *, clock_is_right: bool) -> list[Event]:
    kinds: tuple[tuple[int, Callable[[random.Random, float], list[Event]]], ...] = (
        (8, _crash),
        (8, _provider_call),
        (7, _discord_call),
        (5, _fate),
        (4, _person),
        (3, _storm),
        (2, _stepped_clock),
        (1, _stop),
        (2, _place),
        (1, _unseen),
        (1, _outage),
        (1, _full),
        (2, _webhooks),
        (2, _gateway),
        (1 if clock_is_right else 4, _small_jump if clock_is_right else _jump),
    )
    ((_, drawn),) = chance.choices(kinds, [weight for weight, _ in kinds])
    return drawn(chance, at_s)


def _crash(chance: random.Random, at_s: float) -> list[Event]:
    down_s = chance.choice((0.5, 5.0, 5.0, 130.0, 3_700.0))
    return [Event(at_s=at_s, kind=Kind.CRASH, number=chance.randint(1, 60), lasts_s=down_s)]


def _stop(chance: random.Random, at_s: float) -> list[Event]:
    return [Event(at_s=at_s, kind=Kind.STOP, lasts_s=chance.choice((1.0, 30.0)))]


def _provider_call(chance: random.Random, at_s: float) -> list[Event]:
    call, where = chance.choice(_PROVIDER_CALLS), chance.choice(NAMES)
    mishaps = (*_ASKED, *[Mishap.FULL] * 4) if call == "fetch" else _ASKED
    if call == "submit":
        mishaps = _SUBMIT_TO.get(where, _SUBMIT)
    return [
        Event(
            at_s=at_s,
            kind=Kind.CALL,
            where=where,
            call=call,
            what=chance.choice(mishaps).value,
            lasts_s=chance.choice(_ONCE_MORE),
        )
    ]


def _discord_call(chance: random.Random, at_s: float) -> list[Event]:
    call = chance.choice(_DISCORD_CALLS)
    mishaps = [each for each in _POSTED if each is not Mishap.REFUSED or call == "post clip"]
    if call == "post clip":
        mishaps += [Mishap.TOO_LARGE] * 3
    return [
        Event(
            at_s=at_s,
            kind=Kind.CALL,
            where="discord",
            call=call,
            what=chance.choice(mishaps).value,
            lasts_s=chance.choice(_ONCE_MORE),
        )
    ]


def _fate(chance: random.Random, at_s: float) -> list[Event]:
    del at_s
    return [Event(at_s=0.0, kind=Kind.FATE, where=chance.choice(NAMES), what=chance.choice(list(Fate)).value)]


def _person(chance: random.Random, at_s: float) -> list[Event]:
    kind = chance.choice((Kind.CANCEL, Kind.CANCEL, Kind.DELETE, Kind.DELETED, Kind.LEFT))
    return [Event(at_s=at_s, kind=kind, number=chance.randint(1, 20))]


def _place(chance: random.Random, at_s: float) -> list[Event]:
    kind = chance.choice((Kind.CLOSED, Kind.UNREAD, Kind.GONE))
    channel = str(chance.choice(CHANNELS))
    return [Event(at_s=at_s, kind=kind, where=channel, lasts_s=chance.choice((20.0, 200.0)))]


def _unseen(chance: random.Random, at_s: float) -> list[Event]:
    """Nobody hears whether a clip was posted, nobody can look, and then its member deletes it."""
    closed = [
        Event(at_s=at_s, kind=Kind.UNREAD, where=str(channel), lasts_s=chance.choice((200.0, 900.0)))
        for channel in CHANNELS
    ]
    deleted_s = at_s + chance.uniform(150.0, 600.0)
    deleted = Event(at_s=deleted_s, kind=Kind.DELETE, number=chance.randint(1, 20))
    return [*closed, *_call(at_s, "discord", "post clip", Mishap.ANSWER_LOST), deleted]


def _full(chance: random.Random, at_s: float) -> list[Event]:
    return [Event(at_s=at_s, kind=Kind.FULL, lasts_s=chance.choice((1.0, 40.0)))]


def _small_jump(chance: random.Random, at_s: float) -> list[Event]:
    return [Event(at_s=at_s, kind=Kind.CLOCK, number=chance.choice((-500, -60, 60, 500)))]


def _jump(chance: random.Random, at_s: float) -> list[Event]:
    number, lasts_s = chance.choice((-90_000, -4_000, 4_000, 90_000)), chance.choice((0.0, 5.0, 200.0))
    return [Event(at_s=at_s, kind=Kind.CLOCK, number=number, lasts_s=lasts_s)]


def _webhooks(chance: random.Random, at_s: float) -> list[Event]:
    return [
        Event(
            at_s=at_s / 8,
            kind=Kind.WEBHOOKS,
            where=chance.choice(NAMES),
            what=chance.choice(("once", "twice", "late", "early")),
        )
    ]


def _gateway(chance: random.Random, at_s: float) -> list[Event]:
    """No press arrives for a while. Afterwards a resumed session brings them, a new one does not."""
    what = chance.choice(("resumed", "resumed", "new"))
    lasts_s = chance.choice((0.5, 2.0, 2.0, 30.0))
    return [Event(at_s=max(0.0, at_s - lasts_s / 2), kind=Kind.GATEWAY, what=what, lasts_s=lasts_s)]


def _storm(chance: random.Random, at_s: float) -> list[Event]:
    """A provider that turns everything down for a while, and a member who does not want to wait."""
    what = chance.choice((Mishap.BUSY, Mishap.BUSY, Mishap.UNREACHED, Mishap.BROKEN)).value
    lasts_s = chance.choice((20.0, 100.0, 400.0))
    storms = [
        Event(at_s=0.0, kind=Kind.CALL, where=where, call=call, what=what, lasts_s=at_s + lasts_s)
        for where in NAMES
        for call in ("submit", "ask")
    ]
    return [*storms, Event(at_s=at_s + 3.0, kind=Kind.CANCEL, number=chance.randint(1, 20))]


def _outage(chance: random.Random, at_s: float) -> list[Event]:
    """Discord itself is not well for a while, whatever it is asked."""
    what = chance.choice((Mishap.BUSY, Mishap.BUSY, Mishap.BROKEN, Mishap.BROKEN_AFTER, Mishap.REQUEST_LOST))
    lasts_s = chance.choice((20.0, 100.0, 400.0))
    return [
        Event(at_s=at_s, kind=Kind.CALL, where="discord", call=call, what=what.value, lasts_s=lasts_s)
        for call in sorted(set(_DISCORD_CALLS))
    ]


def _stepped_clock(chance: random.Random, at_s: float) -> list[Event]:
    """A clock that is set while a limit in time is all that stands between us and a mistake."""
    by_s, why = chance.choice(
        (
            (-100, _call(at_s, "discord", "post clip", Mishap.ANSWER_LOST)),  # an old nonce would look young
            (500, [Event(at_s=0.0, kind=Kind.FATE, where=name, what=Fate.SHY.value) for name in NAMES]),
            (4_000, _late_in_a_list(chance, at_s)),  # the list without it would prove that it is not there
            (90_000, [each for name in NAMES for each in _call(at_s, name, "fetch", Mishap.BROKEN)]),
        )
    )
    after_s = chance.uniform(5.0, 90.0) if by_s < 0 else chance.uniform(0.0, 20.0)
    return [*why, Event(at_s=at_s + after_s, kind=Kind.CLOCK, number=by_s)]


def _late_in_a_list(chance: random.Random, at_s: float) -> list[Event]:
    """Two orders where there is a list: one that it shows, and one that it shows minutes later."""
    late = Event(at_s=at_s, kind=Kind.CALL, where="listed", call="submit", what=Mishap.LATE.value)
    orders = [
        Event(
            at_s=round(ordered_s, 4),
            kind=Kind.ORDER,
            where="listed",
            call=str(chance.choice(MEMBERS)),
            what=str(CHANNELS[0]),
            number=1,
        )
        for ordered_s in (max(FIRST_S, at_s - 5.0), at_s + 0.01)
    ]
    return [*orders, late]


def _call(at_s: float, where: str, call: str, what: Mishap) -> list[Event]:
    return [Event(at_s=at_s, kind=Kind.CALL, where=where, call=call, what=what.value, lasts_s=200.0)]
