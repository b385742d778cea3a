"""How long everything takes to be acknowledged that one can call, press, type or send in, beside a bare bot.

`python -m tests.bench.acknowledgements 5` does each thing so often, one at a time. What there is comes from
the commands that the bot registered and from the messages that it showed on the way, so a new command or
button is measured without a word here. Time runs from the moment at which the sandbox has queued the
interaction to that at which it has read the callback; after it, the bot has its rest before the next.

The floor of each thing is the same way of acknowledging at a bot of nothing but discord.py: a form cannot be
deferred and choices are read at once, so these have floors of their own.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import aiohttp

from bot import rehearsal
from bot.sandbox.client import PersonError
from bot.sandbox.components import walk
from bot.sandbox.person import Event, Person, Press
from bot.sandbox.server import Sandbox
from tests.bench import surface
from tests.bench.acknowledge import admit, bare
from tests.bench.surface import Call, Control, Json
from tests.emulators.openai import OpenAIEmulator
from tests.picture_files import drawing, encoded

TIMES = 5
TIMES_FLOOR = 40
MANAGER = "mika"
REST_S = 0.01
REST_S_MAX = 0.1
FINISHED_WITHIN_S = 2.0
LOOK_EVERY_S = 0.002
LOOKED_AT = 20
LATE = 3.0
"""So many floors at p50 are called slow."""

ROWS_MAX = 5
_A_CLIP = re.compile(r"details:c(?P<job>[0-9a-hjkmnp-tv-z]{16})")

KINDS_MAX = 200
"""Buttons of different kinds: more than there can be without a loop."""

MODELS = """
[[models]]
id = "emulated"
name = "Emulated"
about = "A model of the emulated provider."
kinds = ["generate", "animate", "remix"]
resolutions = ["720p"]
aspect_ratios = ["16:9", "9:16"]
durations_s = [4, 8]

[[offers]]
model = "emulated"
provider = "openai"
protocol = "openai"
endpoint = "sora-2"
kinds = ["generate", "animate"]
usd_per_second = { 720p = "0.10" }
price_read_on = 2026-11-21
price_from = "the emulator"
sizes = { "720p 16:9" = "1280x720", "720p 9:16" = "720x1280" }
source = { media_types = ["image/jpeg", "image/png", "image/webp"] }
can_cancel = true

[[offers]]
model = "emulated"
provider = "openai"
protocol = "openai"
endpoint = "sora-2"
kinds = ["remix"]
usd_per_second = { 720p = "0.10" }
price_read_on = 2026-11-21
price_from = "the emulator"
sizes = { "720p 16:9" = "1280x720", "720p 9:16" = "720x1280" }
fields = { video = "video_id", duration = "" }
can_cancel = true
"""


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
    """One person at one bot, and the milliseconds of everything that they did."""

    sandbox: Sandbox
    person: Person
    picture: Path
    answers: bool
    took: dict[Thing, list[float]] = field(default_factory=dict)

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
            await self.do("form", f"of {name}", sent)
        else:
            await self._finished(press.nonce)
        await self._rest()
        return press

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


_DEFERRED = (5, 6)
"""With an answer to come: a message of its own, or a change of the pressed one."""

_FORM = "INTERACTION_MODAL_CREATE"
_ENDS = ("INTERACTION_SUCCESS", "INTERACTION_FAILURE", _FORM)


async def everything(measured: Measured, times: int) -> None:
    """Call, type, and press all that there is, each so often; what ends things comes last."""
    person = measured.person
    commands = await person.commands()
    chosen: Json = {}
    for name, options in surface.leaves(commands):
        for option in options:
            if option.get("autocomplete"):
                for _ in range(times):
                    proposed = await measured.type_in(name, option["name"])
                if proposed:
                    chosen[option["name"]] = proposed[0]["value"]
    # Managers' commands last: what they set holds for all that comes after.
    later = {one["name"] for one in commands if one.get("default_member_permissions") is not None}
    for name, options in sorted(surface.leaves(commands), key=lambda leaf: leaf[0].split()[0] in later):
        for call in _calls(measured, name, options, chosen):
            for _ in range(times):
                await measured.do("command", f"/{name}", _called(measured, call))
        if name.split()[0] not in later:
            await _controls(measured, times, ending=False)
    for command in commands:
        if command["type"] != surface.SLASH:
            for _ in range(times):
                await measured.do("menu", command["name"], _menu(measured, command))
    await _controls(measured, times, ending=False)
    if measured.answers:  # the bare bot knows no button of ours
        await _show_the_rest(measured)
    for ending in (False, True):
        await _controls(measured, times, ending=ending)


def _calls(measured: Measured, name: str, options: Sequence[Json], chosen: Json) -> list[Call]:
    return list(surface.calls(name, [*options], measured.person, measured.channel, chosen))


def _called(measured: Measured, call: Call) -> Awaitable[Press]:
    files = [measured.picture] * call.files
    return measured.person.slash(call.name, call.options, channel=measured.channel, files=files)


def _menu(measured: Measured, command: Json) -> Awaitable[Press]:
    shown = sorted(measured.person.client.seen.values(), key=lambda one: -int(one["id"]))
    with_film = [one for one in shown if one["attachments"]] or shown
    target = measured.person.id if command["type"] == surface.USER_MENU else with_film[0]["id"]
    return measured.person.menu(command["name"], target, channel=measured.channel)


async def _controls(measured: Measured, times: int, *, ending: bool) -> None:
    """Press every kind that can be seen and was not pressed yet, and what comes to be seen by that."""
    done = {thing.name for thing in measured.took if thing.how == "press"}
    for _ in range(KINDS_MAX):
        seen = [*measured.person.client.seen.values()]
        new = [one for one in surface.controls(seen, measured.person) if one.kind not in done]
        wanted = [one for one in new if ending or not one.ends_things]
        if not wanted:
            return
        first = min(wanted, key=lambda one: one.ends_things)
        done.add(first.kind)
        for _ in range(times):
            seen = [*measured.person.client.seen.values()]
            same = [one for one in surface.controls(seen, measured.person) if one.kind == first.kind]
            if not same:
                break
            await _pressed(measured, same)


async def _show_the_rest(measured: Measured) -> None:
    """Messages of the bot's with every button that was not met on the way."""
    met = {thing.name for thing in measured.took if thing.how == "press"}
    url = f"{measured.sandbox.api_url}/channels/{measured.channel}/messages"
    head = {"Authorization": f"Bot {measured.sandbox.bot_token}"}
    rows = surface.not_met(met, _a_clip(measured))
    async with aiohttp.ClientSession(headers=head) as session:
        for at in range(0, len(rows), ROWS_MAX):
            body = {"content": "More", "components": rows[at : at + ROWS_MAX]}
            mark = measured.person.mark
            async with session.post(url, json=body) as answer:
                answer.raise_for_status()
                message_id = (await answer.json())["id"]
            await measured.person.wait_for_message(partial(_is, message_id), since=mark)


def _a_clip(measured: Measured) -> str:
    """The order of a clip that can be seen; the bare bot has none, and looks at nothing either."""
    shown = (one for each in measured.person.client.seen.values() for one in walk(each["components"]))
    found = (_A_CLIP.fullmatch(str(one.get("custom_id"))) for one in shown)
    return next((one["job"] for one in found if one is not None), "0" * 16)


def _is(message_id: str, message: Json) -> bool:
    return bool(message["id"] == message_id)


async def _pressed(measured: Measured, same: Sequence[Control]) -> None:
    for one in same:
        try:
            press = measured.person.press(one.message, one.custom_id, values=one.values)
            await measured.do("press", one.kind, press)
        except PersonError:  # its message is gone meanwhile; the next one may be there
            measured.person.client.seen.pop(one.message["id"], None)
            continue
        return


async def at_bare(folder: Path, times: int) -> dict[str, float]:
    """The floors: p50 of each way to acknowledge."""
    sandbox = Sandbox(folder / "discord")
    await sandbox.start()
    try:
        async with bare(sandbox) as bot:
            await rehearsal.connected(sandbox, bot)
            took = await _at(sandbox, folder, lambda measured: everything(measured, times), answers=False)
    finally:
        await sandbox.close()
    ways: dict[str, list[float]] = {}
    for thing, each in took.items():
        ways.setdefault(thing.way, []).extend(each)
    return {way: _p(each, 0.5) for way, each in ways.items()}


async def at_ours(folder: Path, times: int) -> dict[Thing, list[float]]:
    """Everything of ours. One clip is made, so that there is something to press; then none ends."""
    sandbox = Sandbox(folder / "discord")
    await sandbox.start()
    models = folder / "models.toml"
    await asyncio.to_thread(models.write_text, MODELS)
    try:
        async with OpenAIEmulator(now=lambda: datetime.now(UTC), asks_to_finish=1) as provider:
            more = {
                "DAILIES_OPENAI_BASE_URL": provider.url,
                "DAILIES_MODELS_FILE": str(models),
                "DAILIES_MEMBER_MONTHLY_USD": "100000",
                "DAILIES_INSTALLATION_MONTHLY_USD": "100000",
                "DAILIES_SURGE_FLOOR_USD": "100000",
                "DAILIES_CONFIRM_ABOVE_USD": "0.50",
                "DAILIES_OPERATOR_IDS": str(sandbox.world.user_named(MANAGER).id),
            }
            await admit(sandbox, folder / "data")
            bot = await rehearsal.start_bot(sandbox, folder / "data", more=more, log=folder / "bot.log")
            try:
                await rehearsal.connected(sandbox, bot)

                async def with_a_clip(measured: Measured) -> None:
                    await _first_clip(measured)
                    provider.asks_to_finish = None
                    await everything(measured, times)

                return await _at(sandbox, folder, with_a_clip)
            finally:
                await rehearsal.stop_bot(bot)
    finally:
        await sandbox.close()


async def _first_clip(measured: Measured) -> None:
    call = Call(name="generate", options={"prompt": surface.PROMPT, "model": "emulated"})
    press = await _called(measured, call)

    def has_film(event: Event) -> bool:
        return event.name == "MESSAGE_CREATE" and bool(event.data["attachments"])

    await measured.person.wait_for(has_film, since=press.mark, timeout_s=30)


async def _at(
    sandbox: Sandbox, folder: Path, work: Callable[[Measured], Awaitable[None]], *, answers: bool = True
) -> dict[Thing, list[float]]:
    picture = folder / "picture.png"
    await asyncio.to_thread(picture.write_bytes, encoded(drawing(1280, 720), "PNG"))
    token = sandbox.world.user_named(MANAGER).token
    async with Person.open(sandbox.api_url, sandbox.gateway_url, token) as person:
        measured = Measured(sandbox=sandbox, person=person, picture=picture, answers=answers)
        await work(measured)
    return measured.took


def table(floors: Mapping[str, float], took: Mapping[Thing, Sequence[float]]) -> list[str]:
    """A line for everything, with its p50 in floors."""
    lines = [f"floor, {way:<24}: p50 {p50:6.2f} ms" for way, p50 in sorted(floors.items())]
    for thing, each in sorted(took.items()):
        floor = floors.get(thing.way, floors[Thing("command", "", thing.opens_form).way])
        p50, p99 = _p(each, 0.5), _p(each, 0.99)
        late = "  slow" if p50 > LATE * floor else ""
        lines.append(
            f"{thing.how:<12} {thing.name:<44} n {len(each):>3}  p50 {p50:7.2f} ms  p99 {p99:7.2f} ms"
            f"  x{p50 / floor:4.1f}{'  (a form)' if thing.opens_form else ''}{late}"
        )
    return lines


def _p(each: Sequence[float], part: float) -> float:
    return sorted(each)[min(len(each) - 1, int(len(each) * part))]


async def report(times: int = TIMES) -> None:
    """Print the floors and the table."""
    with tempfile.TemporaryDirectory() as kept:
        floors = await at_bare(Path(kept), max(times, TIMES_FLOOR))
    with tempfile.TemporaryDirectory() as kept:
        took: dict[Thing, list[float]] = await at_ours(Path(kept), times)
    print("\n".join(table(floors, took)))


if __name__ == "__main__":
    asyncio.run(report(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES))
