"""How long everything takes to be acknowledged that one can call, press, type or send in, beside a bare bot.

`python -m tests.bench.acknowledgements 3` does each thing so often, one at a time. What there is comes from
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
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import aiohttp

from bot import rehearsal
from bot.sandbox.client import PersonError
from bot.sandbox.components import walk
from bot.sandbox.person import Event, Person, Press
from bot.sandbox.server import Sandbox
from tests.bench import kinds, surface
from tests.bench.acknowledge import admit, bare
from tests.bench.kinds import Unmet
from tests.bench.measured import NOBODY, Measured, Thing, unmeasured
from tests.bench.surface import Call, Control, Json
from tests.emulators.openai import OpenAIEmulator
from tests.fuzz_ids import BUTTON
from tests.picture_files import drawing, encoded

TIMES = 3
TIMES_FLOOR = 20
MANAGER = "mika"
LATE = 3.0
"""So many floors at p50 are called slow."""

CONTROLS_MAX = 15
"""On one message, of the forty components that Discord lets it have."""
COMPONENTS_V2 = 1 << 15
_A_CLIP = re.compile(r"details:c(?P<job>[0-9a-hjkmnp-tv-z]{16})")

KINDS_MAX = 200
"""Buttons of different kinds: more than there can be without a loop."""

MODELS = """
[[models]]
id = "emulated"
name = "Emulated"
about = "A model of the emulated provider."
kinds = ["generate", "animate", "remix"]
resolutions = ["720p", "1080p"]
aspect_ratios = ["16:9", "9:16"]
durations_s = [4, 8]

[[models]]
id = "another"
name = "Another"
about = "Another of them, so that there is a choice."
kinds = ["generate"]
resolutions = ["720p"]
aspect_ratios = ["16:9"]
durations_s = [4]

[[offers]]
model = "another"
provider = "openai"
protocol = "openai"
endpoint = "sora-2-pro"
usd_per_second = { 720p = "0.30" }
price_read_on = 2026-11-21
price_from = "the emulator"
sizes = { "720p 16:9" = "1280x720" }

[[offers]]
model = "emulated"
provider = "openai"
protocol = "openai"
endpoint = "sora-2"
kinds = ["generate", "animate"]
usd_per_second = { 720p = "0.10", 1080p = "0.20" }
price_read_on = 2026-11-21
price_from = "the emulator"
source = { media_types = ["image/jpeg", "image/png", "image/webp"] }
can_cancel = true
[offers.sizes]
"720p 16:9" = "1280x720"
"720p 9:16" = "720x1280"
"1080p 16:9" = "1920x1080"
"1080p 9:16" = "1080x1920"

[[offers]]
model = "emulated"
provider = "openai"
protocol = "openai"
endpoint = "sora-2"
kinds = ["remix"]
usd_per_second = { 720p = "0.10", 1080p = "0.20" }
price_read_on = 2026-11-21
price_from = "the emulator"
fields = { video = "video_id", duration = "" }
can_cancel = true
[offers.sizes]
"720p 16:9" = "1280x720"
"720p 9:16" = "720x1280"
"1080p 16:9" = "1920x1080"
"1080p 9:16" = "1080x1920"
"""


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
    await _controls(measured, times, ending=True)
    if measured.answers:  # the bare bot knows no button of ours
        await _the_rest(measured, times)


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


async def _the_rest(measured: Measured, times: int) -> None:
    """Press and send in whatever was not met on the way: a moderator's verdict, a gallery, an expired quote.

    They are acknowledged all the same, before anybody looks at what they are about.
    """
    about = _a_clip(measured)
    left = kinds.components(measured.met, about)
    for at in range(0, len(left), CONTROLS_MAX):
        await _shown(measured, left[at : at + CONTROLS_MAX], times)
    for form in kinds.forms(measured.met, about):
        data = form.form(surface.PROMPT)
        payload = {"type": 5, "channel_id": measured.channel, "data": data}
        for _ in range(times):
            await measured.send_in(form.custom_id, measured.person.interaction(payload, unchecked=True))


async def _shown(measured: Measured, controls: Sequence[Unmet], times: int) -> None:
    """Show them on a message of the bot's, and press each."""
    url = f"{measured.sandbox.api_url}/channels/{measured.channel}/messages"
    rows = [{"type": 1, "components": [one.component()]} for one in controls]
    body = {"flags": COMPONENTS_V2, "components": [{"type": 10, "content": "More"}, *rows]}
    mark = measured.person.mark
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bot {measured.sandbox.bot_token}"}) as session,
        session.post(url, json=body) as answer,
    ):
        answer.raise_for_status()
        message_id = (await answer.json())["id"]
    message = await measured.person.wait_for_message(partial(_is, message_id), since=mark)
    for one in controls:
        for _ in range(times):
            values = (
                None if one.pattern.kind == BUTTON else surface.values_of(one.component(), measured.person)
            )
            await measured.press(
                one.custom_id,
                measured.person.press(message, one.custom_id, values=values, unchecked=True),
            )


def _a_clip(measured: Measured) -> str:
    """The order of a clip that can be seen; the bare bot has none, and looks at nothing either."""
    shown = (one for each in measured.person.client.seen.values() for one in walk(each["components"]))
    found = (_A_CLIP.fullmatch(str(one.get("custom_id"))) for one in shown)
    return next((one["job"] for one in found if one is not None), NOBODY)


def _is(message_id: str, message: Json) -> bool:
    return bool(message["id"] == message_id)


async def _pressed(measured: Measured, same: Sequence[Control]) -> None:
    for one in same:
        try:
            press = measured.person.press(one.message, one.custom_id, values=one.values)
            await measured.press(one.custom_id, press)
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
            took = (await _at(sandbox, folder, lambda each: everything(each, times), answers=False)).took
    finally:
        await sandbox.close()
    ways: dict[str, list[float]] = {}
    for thing, each in took.items():
        ways.setdefault(thing.way, []).extend(each)
    return {way: _p(each, 0.5) for way, each in ways.items()}


async def at_ours(folder: Path, times: int) -> Measured:
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
                "DAILIES_OPERATOR_CHANNEL_ID": str(sandbox.world.channel_named("mods").id),
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
) -> Measured:
    picture = folder / "picture.png"
    await asyncio.to_thread(picture.write_bytes, encoded(drawing(1280, 720), "PNG"))
    token = sandbox.world.user_named(MANAGER).token
    async with Person.open(sandbox.api_url, sandbox.gateway_url, token) as person:
        measured = Measured(sandbox=sandbox, person=person, picture=picture, answers=answers)
        await work(measured)
        measured.commands = await person.commands()
    return measured


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
    return lines + summary(took)


def summary(took: Mapping[Thing, Sequence[float]]) -> list[str]:
    """A line for each way: a few presses of one thing say little, all of them do."""
    ways: dict[str, list[float]] = {}
    for thing, each in took.items():
        ways.setdefault(thing.way, []).extend(each)
    return [
        f"acknowledged, every {way} ({len(each)}): p50 {_p(each, 0.5):.2f} ms  p99 {_p(each, 0.99):.2f} ms"
        for way, each in sorted(ways.items())
    ]


def _p(each: Sequence[float], part: float) -> float:
    return sorted(each)[min(len(each) - 1, int(len(each) * part))]


async def report(times: int = TIMES) -> None:
    """Print the floors and the table; fails where something has no number."""
    with tempfile.TemporaryDirectory() as kept:
        floors = await at_bare(Path(kept), max(times, TIMES_FLOOR))
    with tempfile.TemporaryDirectory() as kept:
        measured = await at_ours(Path(kept), times)
    print("\n".join(table(floors, measured.took)))
    if without := unmeasured(measured.commands, measured.took, measured.met):
        sys.exit("acknowledged, no number: " + ", ".join(without))


if __name__ == "__main__":
    asyncio.run(report(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES))
