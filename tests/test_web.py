"""Webhooks over real sockets: whom they are believed from, what they wake, and what they never do."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

import aiohttp
import pytest
from yarl import URL

from bot import web
from bot.clock import steady_s
from bot.domain import (
    Attempt,
    Fault,
    FaultKind,
    JobId,
    JobState,
    OfferId,
    Ticket,
)
from bot.jobs.moves import not_taken
from bot.providers.standard_webhooks import WebhookRefused
from storage import jobs, states
from storage.database import Database
from tests.emulators.fal_signing import deliver
from tests.emulators.faults import PROXY_502_BEFORE_WORK
from tests.props import NOON, Clock, job_of
from tests.web_scene import SIDES, Call, Scene, called_by


@pytest.fixture(params=SIDES)
async def scene(request: pytest.FixtureRequest, database: Database, clock: Clock) -> AsyncIterator[Scene]:
    async with called_by(request.param, database, clock) as opened:
        yield opened


@pytest.fixture
async def fal(database: Database, clock: Clock) -> AsyncIterator[Scene]:
    async with called_by("fal", database, clock) as opened:
        yield opened


async def test_a_good_webhook_wakes_the_worker_once_however_often_it_comes(scene: Scene) -> None:
    job, _, ticket = await scene.ordered()

    answers = await scene.side.end(ticket.provider_job_id)
    answers += await scene.side.again(ticket.provider_job_id, times=20)

    assert answers == [204] * 21
    assert scene.woken == [job.id]
    assert scene.found == []
    assert await scene.state(job) == (JobState.RUNNING, 2)


async def test_a_lost_submission_is_told_of_until_its_row_has_the_ticket(scene: Scene, clock: Clock) -> None:
    job, attempt, theirs = await scene.lost()

    first = await scene.side.end(theirs)
    state = await scene.state(job)
    ticket = Ticket(provider_job_id=theirs)
    await scene.database.write(partial(states.running, attempt=attempt, ticket=ticket, at=clock()))
    second = await scene.side.again(theirs)

    assert (first, second) == ([503], [204])
    assert state == (JobState.UNCERTAIN, 2)
    assert scene.found == [(attempt.key, theirs)]
    assert scene.woken == [job.id]
    assert scene.side.made() == [theirs]


async def test_what_is_not_genuine_does_nothing_and_is_shown_in_no_log(
    scene: Scene, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    job, attempt, ticket = await scene.ordered(1)
    lost_job, lost, theirs = await scene.lost(2)
    rows = [await scene.state(each) for each in (job, lost_job)]
    answers = []

    with caplog.at_level(logging.DEBUG):
        for of, job_id in ((attempt, ticket.provider_job_id), (lost, theirs)):
            address = scene.here(of)
            headers, body = call = scene.side.call(job_id)
            altered: list[Call] = [({}, body), (headers, body + b" "), (headers, b"")]
            forgeries = [scene.side.forged(job_id), *altered]
            answers += [await scene.send(address, forged) for forged in forgeries]
            other = scene.here(attempt if of is lost else lost)
            answers += [
                await scene.send(marked, call)
                for marked in (
                    address.with_query(None),
                    address.update_query(mark=""),
                    address.update_query(mark="\u00e9" * 32),
                    address.with_query(other.query),
                )
            ]
            clock.advance(timedelta(seconds=301))
            answers.append(await scene.send(address, call))
            clock.advance(timedelta(seconds=-602))
            answers.append(await scene.send(address, call))
            clock.advance(timedelta(seconds=301))

    assert answers == [401] * 20
    assert (scene.woken, scene.found) == ([], [])
    assert [await scene.state(each) for each in (job, lost_job)] == rows
    ours = [record for record in caplog.records if record.name.startswith("bot")]
    assert {vars(record)["code"] for record in ours} == {"webhook_refused"}
    assert {vars(record)["job"] for record in ours} == {job.id, lost_job.id}
    logged = " ".join(record.getMessage() for record in caplog.records if "asyncio" not in record.name)
    assert "mark" not in logged
    assert theirs not in logged


async def test_the_mark_of_an_address_is_made_with_our_key_at_that_provider(fal: Scene) -> None:
    _, attempt, ticket = await fal.ordered()
    call = fal.side.call(ticket.provider_job_id)
    address = fal.here(attempt)
    by_another = URL(web.address(fal.url, "fal", "another key", attempt)).query["mark"]
    for_another = URL(web.address(fal.url, "replicate", fal.secret, attempt)).query["mark"]

    statuses = [
        await fal.send(address.update_query(mark=mark), call)
        for mark in (by_another, for_another, address.query["mark"])
    ]

    assert statuses == [401, 401, 204]


async def test_a_job_that_we_do_not_know_is_not_found_and_not_made(scene: Scene) -> None:
    stranger = Attempt(job_id=JobId("nobodys"), number=1, offer_id=scene.offer_id, sent_at=NOON)
    job = replace(job_of(9), id=stranger.job_id, quote=replace(job_of(9).quote, offer_id=scene.offer_id))
    await scene.provider.submit(job, stranger)
    (theirs,) = scene.side.made()

    answers = await scene.side.end(theirs)

    assert answers == [404]
    assert (scene.woken, scene.found) == ([], [])
    assert await scene.database.read(partial(jobs.get, job_id=stranger.job_id)) is None


async def test_another_jobs_ticket_finds_nothing_at_a_lost_submissions_address(scene: Scene) -> None:
    """Who has read a call to one of our addresses, and the other address: the signature covers neither."""
    job, _, ticket = await scene.ordered(1)
    lost_job, lost, _ = await scene.lost(2)

    status = await scene.send(scene.here(lost), scene.side.call(ticket.provider_job_id))

    assert status == 404
    assert (scene.woken, scene.found) == ([], [])
    assert await scene.state(job) == (JobState.RUNNING, 2)
    assert await scene.state(lost_job) == (JobState.UNCERTAIN, 2)


async def test_a_job_of_one_provider_is_not_woken_at_the_address_of_another(
    database: Database, clock: Clock
) -> None:
    async with called_by("replicate", database, clock) as other, called_by("fal", database, clock) as ours:
        job, attempt, _ = await ours.ordered()
        call = other.side.call("p1")

        status = await other.send(other.here(attempt), call)

        assert status == 404
        assert (other.woken, other.found) == ([], [])
        assert await ours.state(job) == (JobState.RUNNING, 2)


async def test_a_job_that_was_counted_as_not_taken_changes_nothing_and_a_person_is_told(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    job, attempt, theirs = await scene.lost()
    fault = Fault(kind=FaultKind.PROVIDER, code="proven_absent")
    await scene.database.write(partial(not_taken, attempt, fault, NOON))
    queued = await scene.state(job)

    answers = await scene.side.end(theirs)

    assert answers == [204]
    assert (scene.woken, scene.found) == ([], [])
    assert await scene.state(job) == queued
    (told,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert (vars(told)["code"], vars(told)["job"]) == ("webhook_of_a_stray", job.id)
    assert theirs in told.getMessage()


async def test_a_second_job_of_one_attempt_changes_nothing_and_a_person_is_told(
    fal: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    job, attempt, _ = await fal.ordered()
    await fal.provider.submit(job, attempt)
    _, second = fal.side.made()

    answers = await fal.side.end(second)

    assert answers == [204]
    assert (fal.woken, fal.found) == ([], [])
    assert [vars(r)["code"] for r in caplog.records if r.levelno == logging.ERROR] == ["webhook_of_a_stray"]


async def test_a_job_that_has_ended_is_not_woken(scene: Scene) -> None:
    job, _, ticket = await scene.ordered()
    await scene.database.write(partial(states.rendered, job_id=job.id, at=NOON))

    assert await scene.side.end(ticket.provider_job_id) == [204]
    assert scene.woken == []


async def test_what_cannot_be_verified_now_is_to_be_sent_again(scene: Scene, clock: Clock) -> None:
    job, _, ticket = await scene.ordered()
    scene.side.faults.next(scene.side.keys, PROXY_502_BEFORE_WORK)

    first = await scene.side.end(ticket.provider_job_id)
    clock.advance(timedelta(minutes=1))
    second = await scene.side.again(ticket.provider_job_id)

    assert (first, second) == ([503], [204])
    assert scene.woken == [job.id]


async def test_a_storm_of_forgeries_asks_the_provider_for_its_keys_once(scene: Scene) -> None:
    _, attempt, ticket = await scene.ordered()
    forged = scene.side.forged(ticket.provider_job_id)

    unmarked = await deliver(str(scene.here(attempt).with_query(None)), *forged, times=20)
    asked_unmarked = scene.keys_asked
    marked = await deliver(str(scene.here(attempt)), *forged, times=20)

    assert set(unmarked + marked) == {401}
    assert (asked_unmarked, scene.keys_asked) == (0, 1)


# The door


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/webhooks", 404),
        ("/webhooks/fal", 404),
        ("/webhooks/fal/", 404),
        ("/webhooks/fal/job-1/more", 404),
        ("/webhooks/openai/job-1", 404),
        ("/webhooks/fal/job", 404),
        ("/webhooks/fal/job-0", 404),
        ("/webhooks/fal/-1", 404),
        ("/webhooks/fal/job-1234567", 404),
        ("/webhooks/fal/j%C3%B6b-1", 404),
        ("/webhooks/fal/job-1%0A", 404),
        ("/webhooks/fal/" + "j" * 21 + "-1", 404),
        ("/webhooks/fal/job-1", 401),
    ],
)
async def test_there_is_one_kind_of_door(fal: Scene, path: str, status: int) -> None:
    assert await fal.send(URL(fal.url + path, encoded=True), ({}, b"{}")) == status


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_it_opens_to_a_post_alone(fal: Scene, method: str) -> None:
    _, attempt, _ = await fal.ordered()

    async with (
        aiohttp.ClientSession() as session,
        session.request(method, fal.here(attempt)) as response,
    ):
        assert response.status == 405
    assert fal.woken == []


@pytest.mark.parametrize("sent", ["whole", "in pieces"])
async def test_a_body_of_more_than_a_megabyte_is_not_taken_in(fal: Scene, sent: str) -> None:
    _, attempt, ticket = await fal.ordered()
    headers, body = fal.side.call(ticket.provider_job_id)
    large = body + b" " * web.BODY_BYTES_MAX

    async def pieces() -> AsyncIterator[bytes]:
        yield large

    async with (
        aiohttp.ClientSession() as session,
        session.post(
            fal.here(attempt), data=large if sent == "whole" else pieces(), headers=headers
        ) as response,
    ):
        assert response.status == 413
    assert fal.woken == []
    assert fal.keys_asked == 0


async def test_a_packed_body_is_verified_as_it_came(fal: Scene) -> None:
    """A megabyte of zeros packs into a kilobyte, and the signature is over what was sent."""
    _, attempt, ticket = await fal.ordered()
    headers, body = fal.side.call(ticket.provider_job_id)

    status = await fal.send(fal.here(attempt), (headers | {"Content-Encoding": "gzip"}, body))

    assert status == 204


@asynccontextmanager
async def open_to(
    received: Callable[..., Awaitable[Ticket]],
    database: Database,
    *,
    read_within_s: float = 5,
    seconds: Callable[[], float] = steady_s,
) -> AsyncIterator[str]:
    """An address at which a provider calls that has no protocol."""
    attempt = Attempt(job_id=JobId("job"), number=1, offer_id=OfferId("slow/model"), sent_at=NOON)
    server = web.Webhooks(
        database,
        {"slow": web.Caller(received=received, secret="secret")},
        wake=lambda _: None,
        found=lambda *_: None,
        read_within_s=read_within_s,
        seconds=seconds,
    )
    try:
        yield web.address(await server.start("127.0.0.1", 0), "slow", "secret", attempt)
    finally:
        await server.close()


async def test_too_many_at_once_are_sent_away_and_come_again(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    inside, leave = asyncio.Semaphore(0), asyncio.Event()
    at = [1_000.0]

    async def received(*_: object) -> Ticket:
        inside.release()
        await leave.wait()
        raise WebhookRefused("enough")

    async with asyncio.timeout(60), open_to(received, database, seconds=lambda: at[0]) as address:
        first = asyncio.create_task(deliver(address, {}, b"{}", times=web.AT_ONCE_MAX))
        for _ in range(web.AT_ONCE_MAX):
            await inside.acquire()
        over = await deliver(address, {}, b"{}", times=3)
        at[0] += web.FULL_SAID_EVERY_S
        over += await deliver(address, {}, b"{}", times=2)
        leave.set()
        answers = await first
        after = await deliver(address, {}, b"{}")

    assert over == [503] * 5
    assert answers == [401] * web.AT_ONCE_MAX
    assert after == [401]
    said = [record.getMessage() for record in caplog.records if vars(record).get("code") == "webhooks_full"]
    assert said == [f"too many webhooks at once: {n} to come again" for n in (1, 3)], "once a minute"


async def test_a_body_that_does_not_come_is_not_waited_for(database: Database) -> None:
    async def received(*_: object) -> Ticket:
        raise AssertionError("there was nothing to verify")

    async with asyncio.timeout(60), open_to(received, database, read_within_s=0.05) as address:
        url = URL(address)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        head = f"POST {url.raw_path_qs} HTTP/1.1\r\nHost: {url.authority}\r\nContent-Length: 9\r\n\r\n"
        writer.write(head.encode() + b"{")
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_fault_of_ours_is_logged_and_the_webhook_is_to_be_sent_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    job, _, ticket = await scene.ordered()
    await scene.database.close()

    assert await scene.side.end(ticket.provider_job_id) == [503]
    (told,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert (vars(told)["code"], vars(told)["job"]) == ("webhook_failed", job.id)
    assert told.exc_info is not None


def test_an_addresss_secret_is_not_shown() -> None:
    async def received(*_: object) -> Ticket:
        raise WebhookRefused("never asked")

    assert "hush" not in repr(web.Caller(received=received, secret="hush"))
