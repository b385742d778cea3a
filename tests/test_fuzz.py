"""Raw interactions by the thousand: the real client answers each, with no traceback and no money moved."""

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from discord.http import Route
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import cogs
from bot.control import carry_out
from bot.domain import EntryKind, GuildId, Job, JobId, Limits, Member, Micros, UserId
from bot.gates import Gate, Mode
from bot.sandbox.errors import DiscordRefusal
from cogs.operator import operator
from cogs.operator_people import add_operator_blocks
from cogs.unsettled import Settling
from storage import audit, ledger
from tests import fuzzing
from tests.fuzzing import COMPONENT, Input, Known
from tests.library_scene import open_shelf
from tests.props import count
from tests.review_stage import open_office
from tests.showing_scene import place
from tests.stage import Json, Stage, open_stage, texts

BATCH = 25
"""As many as one message of ours has buttons for."""

BATCHES = count(60, 4_000)

BROKE = Limits(member_monthly_micros=Micros(0), installation_monthly_micros=Micros(0))
"""With no budget at all, nothing that is ordered can be valid."""

PATIENCE_S = 60.0
"""For an acknowledgement: how busy the machine is with something else is not what is tested."""

ELSEWHERE = GuildId(999_999_999_999)
"""A server in which nobody here is."""

_TASKS = ("discord.py: on_interaction", "CommandTree-invoker", "discord-ui-")


class Loud(logging.Handler):
    """What was logged that says that something broke, or that an answer was not taken."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.levelno >= logging.ERROR or getattr(record, "code", "") == "answer_lost":
            self.heard.append(logging.Formatter().format(record))


@dataclass(slots=True)
class Fuzzed:
    """The stage, what its forgers know, and what came of their inputs so far."""

    stage: Stage
    known: Known
    surface: st.SearchStrategy[Input]
    before: Json
    withheld: JobId
    loud: Loud = field(default_factory=Loud)
    tally: Counter[str] = field(default_factory=Counter)

    async def send(self, batch: list[Input]) -> None:
        """Hand all of a batch to the bot at once, and hold to the rules when it has done with them."""
        sandbox = self.stage.sandbox
        channel = self.stage.channel()
        sent, requests = 0, sandbox.log.count
        message_id = await self._post([one.data for one in batch if one.type == COMPONENT])
        for one in batch:
            body = {
                "type": one.type,
                "application_id": str(sandbox.world.application.id),
                "channel_id": channel,
                "message_id": message_id,
                "data": one.data,
            }
            try:
                await sandbox.press(sandbox.world.user_named(one.person), body, unchecked=True)
            except DiscordRefusal:
                self.tally["turned away by Discord"] += 1
            else:
                self.tally[f"type {one.type}"] += 1
                sent += 1
        # The last in line: when it is answered, the bot has heard all those before it.
        press = await self.stage.ada.slash("help", channel=channel)
        helped = texts(await self.stage.ada.answer(press, timeout_s=60))
        while tasks := [one for one in asyncio.all_tasks() if one.get_name().startswith(_TASKS)]:
            await asyncio.wait(tasks)
        await self._hold(batch, sent, requests, helped)

    async def _hold(self, batch: list[Input], sent: int, requests: int, helped: str) -> None:
        sandbox = self.stage.sandbox
        heard, self.loud.heard = self.loud.heard, []
        assert not heard, ("\n".join(heard), batch)
        assert "/generate" in helped
        refused = [
            (one.method, one.path, one.status, one.body)
            for one in sandbox.log.since(requests)
            if one.status >= 400
        ]
        assert not refused, (refused, batch)
        silent = [
            one
            for one in sandbox.interactions.logged()[-sent - 1 :]
            if one["answered_with"] is None and one["type"] != fuzzing.AUTOCOMPLETE
        ]
        assert not silent, (silent[:3], len(silent), batch)
        assert await self.stage.database.read(partial(money, but_for=self.withheld)) == self.before, batch

    async def _post(self, presses: list[Json]) -> str:
        """A message of the bot's with every control that is going to be pressed; a forger's old one, say."""
        unique = {one["custom_id"]: one for one in presses}
        rows = [{"type": 1, "components": [_control(one)]} for one in unique.values()]
        body = {"flags": 1 << 15, "components": [{"type": 10, "content": "old"}, *rows[:19]]}
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=int(self.stage.channel()))
        posted = await self.stage.client.http.request(route, json=body)
        return str(posted["id"])


def _control(data: Json) -> Json:
    kind, custom_id = data["component_type"], data["custom_id"]
    if kind == fuzzing.BUTTON:
        return {"type": kind, "style": 2, "label": "x", "custom_id": custom_id}
    options = {"options": [{"label": "x", "value": "x"}]} if kind == 3 else {}
    return {"type": kind, "custom_id": custom_id, **options}


def money(tx: sqlite3.Connection, *, but_for: JobId) -> Json:
    """Every line of the ledger, and what does not add up.

    What moderators may rightly do with the one job that waits for them, let its money go, is left out.
    """
    lines = [
        one for one in ledger.entries(tx, newest=1_000) if one.job_id != but_for or one.kind is EntryKind.HOLD
    ]
    return {"entries": lines, "differences": audit.verify(tx)}


def _sources() -> list[str]:
    return [path.read_text() for path in sorted(Path(cogs.__path__[0]).glob("*.py"))]


async def _elsewhere(stage: Stage) -> Job:
    """A job of another server, with its money held: nobody here may move it."""
    job = stage.job(999)
    abroad = Member(guild_id=ELSEWHERE, user_id=job.order.member.user_id)
    job = replace(job, order=replace(job.order, member=abroad))
    await stage.database.write(partial(place, job))
    return job


@asynccontextmanager
async def open_fuzzed(folder: Path) -> AsyncIterator[Fuzzed]:
    """Every command, with clips, jobs and a review that exist; nobody can pay for anything."""
    async with (
        open_stage(folder, limits=BROKE, acknowledge_s=PATIENCE_S) as stage,
        open_shelf(stage, folder) as shelf,
        open_office(stage, shelf, folder) as office,
    ):
        people = {name: UserId(stage.sandbox.world.user_named(name).id) for name in stage.people}
        operators = frozenset({people["Bruno"]})
        carry = partial(carry_out, stage.database, now=stage.clock)

        async def urls(job_id: JobId) -> dict[str, str]:
            return {"of": job_id}

        stage.client.settling = Settling(operators, carry, settled=stage.woken.append, urls=urls)
        stage.client.tree.add_command(operator(operators, carry, resumed=lambda: None))
        add_operator_blocks(stage.client.tree, operators, stage.moderated.people)
        await stage.client.tree.sync()
        await office.gate(Gate.SHOWING, Mode.ALL)
        mine = [await shelf.clip(), await shelf.clip("a kite", member="Bruno")]
        theirs = await _elsewhere(stage)
        withheld = await office.withheld()
        review = await office.review(withheld, gate=Gate.SHOWING)
        world = stage.sandbox.world
        snowflakes = [
            world.guild.id,
            world.bot.id,
            *world.channels,
            *people.values(),
            ELSEWHERE,
            1,
            2**63 - 1,
        ]
        newest = await stage.ada.messages(stage.channel(), limit=20)
        known = Known(
            ours=(*(one.id for one in mine), theirs.id, withheld.id, review.id, "z" * 16),
            snowflakes=tuple(str(one) for one in snowflakes),
            messages=tuple(one["id"] for one in newest),
        )
        listed = stage.sandbox.commands.listed(None)
        for command in listed:  # as where an owner has opened every command to all, under Integrations
            command["default_member_permissions"] = None
        surface = fuzzing.inputs(listed, fuzzing.fields(_sources()), known)
        before = await stage.database.read(partial(money, but_for=withheld.id))
        fuzzed = Fuzzed(stage, known, surface, before, withheld.id)
        logging.getLogger().addHandler(fuzzed.loud)
        try:
            yield fuzzed
        finally:
            logging.getLogger().removeHandler(fuzzed.loud)


def test_no_raw_interaction_breaks_the_bot_or_moves_money(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        opened = open_fuzzed(tmp_path)
        fuzzed = runner.run(opened.__aenter__())
        try:
            began, cpu = time.monotonic(), time.process_time()
            _fuzz(runner, fuzzed)
            took = time.monotonic() - began
            print(f"{dict(fuzzed.tally)} in {took:.1f} s, {time.process_time() - cpu:.1f} s of CPU")
        finally:
            runner.run(opened.__aexit__(None, None, None))
    assert sum(fuzzed.tally.values()) >= BATCHES * BATCH
    assert fuzzed.tally["turned away by Discord"] < sum(fuzzed.tally.values()) / 10
    assert all(fuzzed.tally[f"type {kind}"] for kind in (2, 3, 4, 5))


def _fuzz(runner: asyncio.Runner, fuzzed: Fuzzed) -> None:
    @settings(
        max_examples=BATCHES,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(fuzzed.surface, min_size=BATCH, max_size=BATCH))
    def sent(batch: list[Input]) -> None:
        runner.run(fuzzed.send(batch))

    sent()


async def test_a_form_that_nothing_sent_out_is_answered(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        data = {"id": "1", "custom_id": "nobody:knows", "components": []}
        payload = {"type": 5, "channel_id": stage.channel(), "data": data}

        answer = await stage.ada.answer(await stage.ada.interaction(payload, unchecked=True))

        assert texts(answer).startswith("This form is not known any more.")


async def test_a_verdict_that_claims_to_be_from_a_list_and_has_no_message_is_answered(tmp_path: Path) -> None:
    async with (
        open_stage(tmp_path) as stage,
        open_shelf(stage, tmp_path) as shelf,
        open_office(stage, shelf, tmp_path),
    ):
        data = {"id": "1", "custom_id": f"verdict:no:{'z' * 16}:clips", "components": []}
        payload = {"type": 5, "channel_id": stage.channel(), "data": data}

        answer = await stage.mika.answer(await stage.mika.interaction(payload, unchecked=True))

        assert "went wrong" not in texts(answer)


async def test_an_id_that_leads_to_nobody_and_to_no_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        nobody = {"member": "1", "reason": "spam"}
        press = await stage.mika.slash(
            "moderation member strike", nobody, channel=stage.channel(), unchecked=True
        )
        assert texts(await stage.mika.answer(press)).startswith("This person is not a member of this server.")

        for file in ("1", "-0.0"):
            press = await stage.mika.slash(
                "moderation words import", {"file": file}, channel=stage.channel(), unchecked=True
            )
            assert "went wrong" not in texts(await stage.mika.answer(press))


async def test_a_proposal_is_asked_for_one_readable_option_or_not_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_stage(tmp_path) as stage:
        for option in (
            {"name": "prompt", "type": 3, "value": "a", "focused": True},
            {"name": "model", "type": 4, "value": 3, "focused": True},
            {"name": "model", "type": 3, "value": "stu"},
        ):
            command = next(one for one in await stage.ada.commands() if one["name"] == "generate")
            data = {"id": command["id"], "name": "generate", "type": 1, "options": [option]}
            payload = {"type": 4, "channel_id": stage.channel(), "data": data}
            await stage.ada.interaction(payload, unchecked=True)
        # Answered last, so the three before it are done with.
        assert await stage.ada.autocomplete("generate", "model", "", channel=stage.channel())

    assert not [one for one in caplog.records if one.exc_info or one.levelno >= logging.WARNING]
