"""Health, readiness and numbers: each is true of a bot that does its work, and of one that does not."""

import argparse
import asyncio
import json
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from bot.commands import status
from bot.commands.status import Number, Status, lines
from bot.domain import Attempt, ChannelId, Fault, FaultKind, JobId, Micros, OfferId, Ticket
from bot.errors import ProviderUnavailable, SettingsError
from bot.offers.health import Health
from bot.operating.exposition import Family, text
from bot.operating.instruments import Instruments
from bot.operating.metered import Metered
from bot.operating.meters import Meters
from bot.operating.notices import LoggedOperator
from bot.operating.room import FULL_BYTES
from bot.operating.vitals import KEPT_S, LATE_MAX_S, Readiness, Vitals
from bot.operating.vitals_server import SOCKET, VitalsServer
from bot.providers.protocol import NotTaken, Provider, Taken, Unknown, Waiting
from bot.sockets import address
from storage import gauges, halts, ledger, pauses, purses
from storage.database import Database, open_database
from storage.halts import Halted, HaltScope
from storage.pauses import WHOLE_SERVER, Pause
from tests import bookkeeping
from tests.props import ANN, NOON, Clock, job_of
from tests.told_provider import ToldProvider

WELL = Readiness(database="ok", gateway="ok", worker="ok")


@dataclass(slots=True)
class Body:
    """What can be well or ill; the clock moves when a test moves it."""

    latency_s: float | None = 0.04
    late_s: float | None = 0.0
    free_bytes: int = FULL_BYTES
    at: float = 0.0
    now: Clock = field(default_factory=Clock)


@asynccontextmanager
async def watched(folder: Path, body: Body) -> AsyncIterator[tuple[Database, Vitals, Instruments, Meters]]:
    database = await open_database(folder / "dailies.db")
    try:
        vitals = Vitals(
            database,
            gateway_latency_s=lambda: body.latency_s,
            worker_late_s=lambda: body.late_s,
            free_bytes=lambda: body.free_bytes,
            clock=lambda: body.at,
        )
        meters = Meters()
        health = Health(LoggedOperator(), clock=lambda: body.at)
        limit = Micros(100_000_000)
        yield (
            database,
            vitals,
            Instruments(folder, meters, health, vitals, limit_micros=limit, now=body.now),
            meters,
        )
    finally:
        await database.close()


def values(families: list[Family], name: str) -> dict[str, float]:
    """Of a number: the values by the values of its labels."""
    (family,) = [family for family in families if family.name == name]
    return {" ".join(sample.labels.values()): sample.value for sample in family.samples}


async def test_a_bot_that_does_its_work_is_ready(tmp_path: Path) -> None:
    async with watched(tmp_path, Body()) as (_, vitals, _, _):
        assert await vitals.readiness() == WELL


@pytest.mark.parametrize(
    ("ill", "expected"),
    [
        (Body(latency_s=None), Readiness(database="ok", gateway="disconnected", worker="ok")),
        (Body(late_s=None), Readiness(database="ok", gateway="ok", worker="stopped")),
        (Body(late_s=LATE_MAX_S + 1), Readiness(database="ok", gateway="ok", worker="late")),
        (Body(late_s=LATE_MAX_S), WELL),
        (Body(free_bytes=FULL_BYTES - 1), Readiness(database="full", gateway="ok", worker="ok")),
    ],
)
async def test_what_is_ill_is_named_and_the_bot_is_not_ready(
    tmp_path: Path, ill: Body, expected: Readiness
) -> None:
    async with watched(tmp_path, ill) as (_, vitals, _, _):
        readiness = await vitals.readiness()

    assert readiness == expected
    assert readiness.is_ready == (expected == WELL)


async def test_a_database_that_takes_no_write_is_not_ready_and_asked_again_only_after_a_while(
    tmp_path: Path,
) -> None:
    body = Body()
    async with watched(tmp_path, body) as (database, vitals, _, _):
        await database.read(lambda connection: connection.execute("PRAGMA query_only = ON"))
        assert (await vitals.readiness()).database == "unwritable"
        await database.read(lambda connection: connection.execute("PRAGMA query_only = OFF"))
        assert (await vitals.readiness()).database == "unwritable"
        body.at += KEPT_S + 0.1
        assert await vitals.readiness() == WELL


async def test_feeling_the_pulse_really_writes_to_the_disk(tmp_path: Path) -> None:
    wal = tmp_path / "dailies.db-wal"
    async with watched(tmp_path, Body()) as (_, vitals, _, _):
        before = (await asyncio.to_thread(wal.stat)).st_size
        await vitals.readiness()
        after = (await asyncio.to_thread(wal.stat)).st_size

    assert after > before


async def test_the_numbers_of_jobs_and_money_are_those_of_the_rows(tmp_path: Path) -> None:
    body = Body()
    async with watched(tmp_path, body) as (database, _, instruments, _):
        for number in (1, 2, 3):
            await database.write(partial(bookkeeping.place, job=job_of(number)))
        await database.write(partial(bookkeeping.start, job=job_of(1), at=NOON + timedelta(seconds=5)))
        body.now.advance(timedelta(seconds=90))
        found = await instruments.families()
        price = job_of(1).quote.price_micros

        assert values(found, "dailies_jobs") | {"queued": 2, "running": 1} == values(found, "dailies_jobs")
        assert values(found, "dailies_oldest_waiting_seconds")["queued"] == 90
        assert values(found, "dailies_oldest_waiting_seconds")["running"] == 85
        assert values(found, "dailies_held_micros") == {"": 3 * price}
        assert values(found, "dailies_holds_open") == {"": 3}
        assert values(found, "dailies_held_month_micros") == {"": 3 * price}
        assert values(found, "dailies_ledger_entries_total")["hold"] == 3

        await database.write(partial(ledger.capture, job_id=JobId(job_of(1).id), billed_micros=None, at=NOON))
        found = await instruments.families()

        assert values(found, "dailies_spent_month_micros") == {"": price}
        assert values(found, "dailies_ledger_entries_total") | {"hold": 3, "capture": 1, "refund": 0} == (
            values(found, "dailies_ledger_entries_total")
        )
        assert values(found, "dailies_ledger_micros_total")["capture"] == price
        assert values(found, "dailies_installation_limit_micros") == {"": 100_000_000}
        assert values(found, "dailies_database_bytes")["dailies.db"] > 0


async def test_what_is_stopped_and_paused_is_counted_by_scope_until_it_goes_on(tmp_path: Path) -> None:
    fal, sora = Halted(HaltScope.PROVIDER, "fal"), Halted(HaltScope.MODEL, "sora-2")
    here = Pause(guild_id=ANN.guild_id, channel_id=ChannelId(30), paused_by=ANN.user_id, paused_at=NOON)
    whole = replace(here, channel_id=WHOLE_SERVER)
    async with watched(tmp_path, Body()) as (database, _, instruments, _):
        for what in (fal, sora):
            await database.write(partial(halts.halt, what=what, by="a test", at=NOON))
        for place in (here, whole):
            await database.write(partial(pauses.pause, wanted=place))
        stopped = await instruments.families()
        await database.write(partial(halts.resume, what=fal, by="a test", at=NOON))
        await database.write(
            partial(pauses.resume, guild_id=ANN.guild_id, channel_id=ChannelId(30), by=ANN.user_id, at=NOON)
        )
        after = await instruments.families()

    assert values(stopped, "dailies_halts") == {"everything": 0, "provider": 1, "model": 1, "guild": 0}
    assert values(stopped, "dailies_pauses") == {"channel": 1, "server": 1}
    assert values(after, "dailies_halts") == {"everything": 0, "provider": 0, "model": 1, "guild": 0}
    assert values(after, "dailies_pauses") == {"channel": 0, "server": 1}


def said_of_stops(*stopped: str, **paused: int) -> list[str]:
    """What `dailies status` says where the operator has stopped that, and moderators paused so much."""
    numbers = [
        Number(name="dailies_pauses", labels={"scope": scope}, value=count) for scope, count in paused.items()
    ]
    status = Status(ready=True, database="ok", gateway="ok", worker="ok", numbers=numbers)
    said = lines(status, stopped=stopped)
    return [line for line in said if line.startswith(("STOPPED", "paused"))]


def test_the_status_says_what_is_stopped_and_by_which_command_it_goes_on() -> None:
    assert said_of_stops(channel=0) == []
    assert said_of_stops("everything", "provider fal", channel=3, server=1) == [
        "STOPPED    everything, by the operator: python -m bot resume everything",
        "STOPPED    provider fal, by the operator: python -m bot resume provider fal",
        "paused     3 of scope channel, 1 of scope server, by moderators",
    ]


async def test_the_status_says_which_offers_and_accounts_rest_and_why(tmp_path: Path) -> None:
    async with watched(tmp_path, Body()) as (_, vitals, _, meters):
        health = Health(LoggedOperator(), clock=lambda: 0.0)
        health.failed(OfferId("fal/x"), "provider_out_of_credit")
        for _ in range(5):
            health.failed(OfferId("replicate/y"), "provider_busy")
        instruments = Instruments(tmp_path, meters, health, vitals, limit_micros=Micros(0), now=Clock())
        (family,) = [each for each in await instruments.families() if each.name == "dailies_breaker"]
    numbers = [
        Number(name=family.name, labels=dict(each.labels), value=each.value) for each in family.samples
    ]

    said = lines(Status(ready=True, database="ok", gateway="ok", worker="ok", numbers=numbers))

    assert [line for line in said if line.startswith("breaker")] == [
        "breaker    fal is open: provider_out_of_credit",
        "breaker    replicate/y is open: provider_busy",
    ]


async def test_a_month_that_is_over_is_not_this_months_spending(tmp_path: Path) -> None:
    async with watched(tmp_path, Body()) as (database, _, _, _):
        await database.write(partial(bookkeeping.place, job=job_of(1)))
        today = NOON.date()
        later = today.replace(month=12)

        assert await database.read(partial(gauges.of_the_month, today=today)) == (0, 400_000)
        assert await database.read(partial(gauges.of_the_month, today=later)) == (0, 0)
        assert purses.INSTALLATION[1] == 0


async def test_the_book_is_read_on_from_where_it_was_read_to(tmp_path: Path) -> None:
    async with watched(tmp_path, Body()) as (database, _, _, _):
        await database.write(partial(bookkeeping.place, job=job_of(1)))
        last, first = await database.read(partial(gauges.entered_after, last=0))
        await database.write(partial(bookkeeping.place, job=job_of(2)))
        again, second = await database.read(partial(gauges.entered_after, last=last))

        assert [line.entries for line in first] == [line.entries for line in second] == [1]
        assert again == last + 1
        assert await database.read(partial(gauges.entered_after, last=again)) == (again, [])


async def test_a_provider_is_timed_and_counted_by_offer_and_by_what_it_proved() -> None:
    meters, time_s = Meters(), iter(range(100))
    fault = Fault(kind=FaultKind.PROVIDER, code="provider_busy")
    told = ToldProvider("studio")
    metered = Metered(told, meters, clock=lambda: float(next(time_s)))
    job = job_of(1)
    attempt = Attempt(job_id=job.id, number=1, offer_id=job.quote.offer_id, sent_at=NOON)
    ticket = Ticket(provider_job_id="x")

    told.submissions.extend([Taken(ticket), NotTaken(fault), Unknown("lost")])
    for _ in range(3):
        await metered.submit(job, attempt)
    told.answers = deque([Waiting(), ProviderUnavailable("silence")])
    await metered.ask(ticket)
    with pytest.raises(ProviderUnavailable):
        await metered.ask(ticket)

    written = text(meters.families())
    offer = attempt.offer_id
    provider: Provider = metered
    assert provider.name == told.name
    for line in (
        f'calls_total{{provider="{told.name}",offer="{offer}",call="submit",outcome="taken"}} 1',
        f'calls_total{{provider="{told.name}",offer="{offer}",call="submit",outcome="provider_busy"}} 1',
        f'calls_total{{provider="{told.name}",offer="{offer}",call="submit",outcome="unknown"}} 1',
        f'calls_total{{provider="{told.name}",offer="",call="ask",outcome="waiting"}} 1',
        f'calls_total{{provider="{told.name}",offer="",call="ask",outcome="provider_unavailable"}} 1',
        f'call_seconds_sum{{provider="{told.name}",offer="{offer}",call="submit"}} 3',
    ):
        assert f"dailies_provider_{line}\n" in written


@pytest.mark.parametrize(
    ("status", "scope", "limited", "invalid"),
    [(200, "", 0, 0), (404, "", 0, 0), (403, "", 0, 1), (429, "user", 1, 1), (429, "shared", 1, 0)],
)
def test_discords_answers_are_counted_as_discord_counts_them(
    status: int, scope: str, limited: int, invalid: int
) -> None:
    meters = Meters()

    meters.discord_answered(status, scope)

    families = list(meters.families())
    assert sum(values(families, "dailies_discord_rate_limited_total").values()) == limited
    assert sum(values(families, "dailies_discord_invalid_requests_total").values()) == invalid
    assert values(families, "dailies_discord_answers_total") == {str(status): 1}


async def test_sessions_left_are_asked_for_and_a_silence_keeps_the_last_answer() -> None:
    meters, answers, pauses = Meters(), iter([990, None, 500]), []
    seen: list[int | None] = []

    async def sessions_left() -> int | None:
        return next(answers)

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        seen.append(meters.identifies_left)
        if len(pauses) == 4:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await meters.watch_identifies(sessions_left, pause=pause)

    assert seen == [None, 990, 990, 500]


async def test_a_status_of_many_numbers_is_read_whole(tmp_path: Path) -> None:
    """A socket gives some 200 KB at a time, whatever was asked for."""
    (tmp_path / "bot.env").write_text(f"DAILIES_DATA_DIR={tmp_path}\n")
    chosen = argparse.Namespace(alive=False, json=True, once=False, env_file=tmp_path / "bot.env")
    said: list[str] = []
    async with watched(tmp_path, Body()) as (_, vitals, instruments, meters):
        for number in range(1_900):
            meters.calls.add("fal", f"fal/model-{number:0200}", "submit", "taken")
        server = VitalsServer(vitals, instruments, folder=tmp_path)
        await server.start("127.0.0.1", None)

        code = await asyncio.to_thread(status.run, chosen, say=said.append)

        await server.close()
    calls = Status.model_validate_json(said[0]).all("dailies_provider_calls_total")
    assert (code, len(calls)) == (0, 1_900)


@asynccontextmanager
async def served(folder: Path, body: Body, port: int | None = None) -> AsyncIterator[aiohttp.ClientSession]:
    async with watched(folder, body) as (_, vitals, instruments, _):
        server = VitalsServer(vitals, instruments, folder=folder)
        try:
            await server.start("127.0.0.1", port)
            with address(folder, SOCKET) as path:
                async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(path=path)) as session:
                    yield session
        finally:
            await server.close()


async def test_health_readiness_and_numbers_are_answered_on_the_socket_of_the_owner(tmp_path: Path) -> None:
    body = Body()
    async with served(tmp_path, body) as session:
        mode = (await asyncio.to_thread((tmp_path / SOCKET).stat)).st_mode & 0o777
        async with session.get("http://bot/healthz") as response:
            assert (response.status, await response.text()) == (200, "ok\n")
        async with session.get("http://bot/readyz") as response:
            assert response.status == 200
            assert await response.json() == {"ready": True, "database": "ok", "gateway": "ok", "worker": "ok"}
        async with session.get("http://bot/metrics") as response:
            assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert "dailies_jobs{" in await response.text()
        body.latency_s, body.at = None, KEPT_S + 1
        async with session.get("http://bot/readyz") as response:
            assert response.status == 503
            assert json.loads(await response.text())["gateway"] == "disconnected"
        async with session.post("http://bot/metrics", data=b"x") as response:
            assert response.status == 405
    assert mode == 0o600
    assert not await asyncio.to_thread((tmp_path / SOCKET).exists)


async def test_a_port_that_another_program_has_is_a_setting_that_is_wrong(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SettingsError) as refused:
        async with served(tmp_path, Body(), port=taken.getsockname()[1]):
            raise AssertionError("it was not had by two")

    assert "DAILIES_VITALS_PORT" in str(refused.value)


async def test_a_socket_that_a_dead_process_left_is_replaced(tmp_path: Path) -> None:
    async with served(tmp_path, Body()):
        pass
    left = tmp_path / SOCKET
    server = await asyncio.start_unix_server(lambda _r, _w: None, left)
    server.close()

    async with served(tmp_path, Body()) as session, session.get("http://bot/healthz") as response:
        assert response.status == 200
