"""What one person did at one bot, and how long each of it took to be acknowledged."""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from bot.sandbox.person import Person, Press
from bot.sandbox.server import Sandbox
from tests.bench import kinds, surface
from tests.bench.surface import Json

REST_S = 0.01
REST_S_MAX = 0.1
FINISHED_WITHIN_S = 2.0
LOOK_EVERY_S = 0.002
LOOKED_AT = 20
NOBODY = "0" * 16
"""The id of an order that never was."""


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """What is done, how, and whether a form was the answer."""

    how: str
    name: str
    opens_form: bool = False

    @property
    def way(self) -> str:
        return f"{self.how}, opens a form" if self.opens_form else self.how


@dataclass(slots=True, kw_only=True)
class Measured:
    """One person at one bot, and the milliseconds of everything that they did.

    `met` are the `custom_id`s that were pressed and of the forms that were sent in; `commands` what the bot
    has registered.
    """

    sandbox: Sandbox
    person: Person
    picture: Path
    answers: bool
    took: dict[Thing, list[float]] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)
    commands: list[Json] = field(default_factory=list)

    @property
    def channel(self) -> str:
        return self.person.channel("dailies")

    async def do(self, how: str, name: str, doing: Awaitable[Press]) -> Press:
        """Do it, note how long it took, send in the form that it may open, and let the bot come to rest."""
        press = await doing
        told = await self.person.wait_for(
            lambda event: event.data.get("nonce") == press.nonce and event.name in _ENDS,
            since=press.mark,
            timeout_s=10,
        )
        self._note(Thing(how, name, told.name == _FORM), press.nonce)
        if told.name == _FORM:
            values, files = surface.filled(told.data, self.person)
            sent = self.person.submit(told.data, values, files=[self.picture] * files)
            await self.send_in(told.data["custom_id"], sent)
        else:
            await self._finished(press.nonce)
        await self._rest()
        return press

    async def press(self, custom_id: str, pressing: Awaitable[Press]) -> None:
        """Press a control."""
        await self.do("press", surface.kind_of(custom_id), pressing)
        self.met.add(custom_id)

    async def send_in(self, custom_id: str, sending: Awaitable[Press]) -> None:
        """Send a form in."""
        await self.do("form", surface.kind_of(custom_id), sending)
        self.met.add(custom_id)

    async def type_in(self, name: str, option: str) -> list[Json]:
        """Type in an option that completes itself."""
        choices = await self.person.autocomplete(name, option, "", channel=self.channel)
        self._note(Thing("autocomplete", f"/{name} {option}"), None)
        await self._rest()
        return choices

    def _note(self, thing: Thing, nonce: str | None) -> None:
        logged = self.sandbox.interactions.logged()
        line = next(one for one in reversed(logged) if nonce in {None, one["nonce"]})
        self.took.setdefault(thing, []).append(float(line["acknowledged_ms"] or "inf"))

    async def _finished(self, nonce: str) -> None:
        """Until a deferred answer is there: the bot works on it, and the next thing would wait for that.

        It comes from another process, so it can only be looked for. The bare bot never gives one.
        """
        logged = self.sandbox.interactions._logged
        mine = next(one for one in reversed(logged) if one.nonce == nonce)
        if not self.answers or mine.answered_with not in _DEFERRED:
            return
        clock = asyncio.get_running_loop().time
        ends_at = clock() + FINISHED_WITHIN_S
        while clock() < ends_at and not self._has_followed(mine.token):  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK_EVERY_S)

    def _has_followed(self, token: str) -> bool:
        newest = self.sandbox.log.since(self.sandbox.log.count - LOOKED_AT)
        return any(one.path.startswith("/webhooks/") and token in one.path for one in newest)

    async def _rest(self) -> None:
        """Until the bot has asked nothing of Discord for a moment."""
        clock = asyncio.get_running_loop().time
        ends_at, seen = clock() + REST_S_MAX, -1
        while seen != self.sandbox.log.count and clock() < ends_at:
            seen = self.sandbox.log.count
            await asyncio.sleep(REST_S)


def unmeasured(
    commands: list[Json], took: Mapping[Thing, Sequence[float]], met: Collection[str]
) -> list[str]:
    """What was registered, and every kind of control and form, that has no number, or one that is none.

    Args:
        commands: as they were registered.
        took: milliseconds; infinite where there was no answer.
        met: see `Measured`.
    """
    silent = [(one.how, one.name) for one, times in took.items() if not all(map(isfinite, times))]
    numbered = {(one.how, one.name) for one in took} - {*silent}
    wanted = [("menu", one["name"]) for one in commands if one["type"] != surface.SLASH]
    for name, options in surface.leaves(commands):
        wanted.append(("command", f"/{name}"))
        wanted += [("autocomplete", f"/{name} {one['name']}") for one in options if one.get("autocomplete")]
    heard = [one for one in met if {("press", kind := surface.kind_of(one)), ("form", kind)} & numbered]
    wanted += [("press", surface.kind_of(one.custom_id)) for one in kinds.components(heard, NOBODY)]
    wanted += [("form", surface.kind_of(one.custom_id)) for one in kinds.forms(heard, NOBODY)]
    left = [*silent, *(one for one in wanted if one not in numbered)]
    return [f"{how} {name}" for how, name in dict.fromkeys(left)]


_DEFERRED = (5, 6)
"""With an answer to come: a message of its own, or a change of the pressed one."""

_FORM = "INTERACTION_MODAL_CREATE"
_ENDS = ("INTERACTION_SUCCESS", "INTERACTION_FAILURE", _FORM)
