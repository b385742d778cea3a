"""Webhooks of a whole account, to one address without a mark: OpenAI's, by its own SDK's rules too."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from openai import AsyncOpenAI, InvalidWebhookSignatureError
from pydantic import SecretStr

from bot import web
from bot.domain import Attempt, Fault, FaultKind, InteractionId, Job, JobId, JobState, OfferId, Ticket
from bot.jobs.moves import failed
from bot.offers import reachable
from bot.providers.openai import OpenAIVideos
from bot.providers.protocol import Taken
from bot.settings import Settings
from storage import jobs, states
from storage.database import Database
from tests import bookkeeping
from tests.emulators.fal_signing import deliver
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.openai_parts import event_of
from tests.emulators.replicate_parts import new_secret
from tests.openai_scene import KEY, PLAIN
from tests.props import Clock, job_of

OFFER = OfferId("openai/sora")


class Account:
    """Our server, open to an emulated OpenAI whose webhooks all go to one address of it."""

    def __init__(self, database: Database, clock: Clock, emulator: OpenAIEmulator) -> None:
        self.emulator = emulator
        self.woken: list[JobId] = []
        self.found: list[str] = []
        self.provider = OpenAIVideos(
            "openai",
            base_url=emulator.url,
            api_key=KEY,
            wires={OFFER: PLAIN},
            now=clock,
            webhook_secret=emulator.webhooks.secret,
        )
        config = Settings(
            public_url="https://dailies.example",
            openai_webhook_secret=SecretStr(emulator.webhooks.secret),
        )
        self.server = web.Webhooks(
            database,
            {},
            accounts=reachable.accounts(config, {"openai": self.provider}),
            wake=self.woken.append,
            found=lambda attempt, _ticket: self.found.append(attempt.key),
            read_within_s=0.2,
        )
        self._database = database
        self._clock = clock

    async def open(self, stack: AsyncExitStack) -> None:
        stack.push_async_callback(self.provider.close)
        stack.push_async_callback(self.server.close)
        self.url = await self.server.start("127.0.0.1", 0)
        self.emulator.webhook_url = f"{self.url}/webhooks/openai"

    async def submitted(self, number: int = 1) -> tuple[Job, Attempt, Ticket]:
        """A job whose attempt is written, and which the provider has."""
        plain = job_of(number, at=self._clock())
        order = replace(plain.order, interaction_id=InteractionId(number), model="sora")
        job = replace(plain, order=order, quote=replace(plain.quote, offer_id=OFFER))
        await self._database.write(partial(bookkeeping.place, job=job))
        attempt = await self._database.write(
            partial(states.submitting, job=job, provider="openai", at=self._clock())
        )
        taken = await self.provider.submit(job, attempt)
        assert isinstance(taken, Taken), taken
        return job, attempt, taken.ticket

    async def running(self, number: int = 1) -> tuple[Job, Ticket]:
        job, attempt, ticket = await self.submitted(number)
        await self._database.write(partial(states.running, attempt=attempt, ticket=ticket, at=self._clock()))
        return job, ticket

    async def state(self, job: Job) -> JobState:
        row = await self._database.read(partial(jobs.get, job_id=job.id))
        assert row is not None
        return row.state

    def call(self, ticket: Ticket, status: str = "completed") -> tuple[dict[str, str], bytes]:
        body = json.dumps(event_of(ticket.provider_job_id, status, self._clock())).encode()
        return self.emulator.webhooks.signed(body), body

    async def send(self, headers: dict[str, str], body: bytes, *, times: int = 1) -> list[int]:
        return await deliver(f"{self.url}/webhooks/openai", headers, body, times=times)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC))  # the SDK looks at the real time of a webhook


@pytest.fixture
async def account(database: Database, clock: Clock) -> AsyncIterator[Account]:
    async with AsyncExitStack() as stack:
        emulator = OpenAIEmulator(now=clock, api_key=KEY, asks_to_finish=None)
        opened = Account(database, clock, await stack.enter_async_context(emulator))
        await opened.open(stack)
        yield opened


@pytest.mark.parametrize("ends", ["finish", "fail"])
async def test_a_job_that_has_ended_wakes_the_worker_once_however_often_it_is_told(
    account: Account, ends: str
) -> None:
    job, ticket = await account.running()

    getattr(account.emulator, ends)(ticket.provider_job_id)
    await account.emulator.webhooks.all_answered()
    again = await account.send(*account.call(ticket), times=web.UNMARKED_AT_ONCE_MAX)

    assert account.emulator.webhooks.answers + again == [204] * (1 + web.UNMARKED_AT_ONCE_MAX)
    assert account.woken == [job.id]
    assert await account.state(job) is JobState.RUNNING


async def test_what_the_sdk_believes_is_believed_here_and_nothing_else(account: Account) -> None:
    job, ticket = await account.running()
    headers, body = account.call(ticket)
    theirs = AsyncOpenAI(api_key=KEY, webhook_secret=account.emulator.webhooks.secret)

    for changed in (body + b" ", body.replace(b"completed", b"failed"), b""):
        with pytest.raises(InvalidWebhookSignatureError):
            theirs.webhooks.verify_signature(changed, headers)
        assert await account.send(headers, changed) == [401]
    assert account.woken == []
    theirs.webhooks.verify_signature(body, headers)
    assert await account.send(headers, body) == [204]
    await theirs.close()

    assert account.woken == [job.id]


async def test_old_and_early_ones_and_those_of_another_secret_are_refused(
    account: Account, clock: Clock
) -> None:
    job, ticket = await account.running()
    call, now = account.call(ticket), clock()
    answers = []

    for away_s in (301, -301):
        clock.at = now + timedelta(seconds=away_s)
        answers += await account.send(*call)
    clock.at = now
    account.emulator.webhooks.secret = new_secret()
    answers += await account.send(*account.call(ticket))
    answers += await account.send({}, call[1])

    assert answers == [401] * 4
    assert account.woken == []
    assert await account.state(job) is JobState.RUNNING


async def test_a_refusal_is_said_once_so_that_nobody_can_fill_the_log(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    _, ticket = await account.running()

    with caplog.at_level(logging.INFO):
        await account.send({}, b"{}", times=5)
        await account.send(*account.call(ticket))
        await account.send({}, b"{}", times=5)

    codes = [vars(record)["code"] for record in caplog.records if record.name == "bot.web"]
    assert codes == ["webhook_refused", "webhook", "webhook_refused"]


async def test_what_cannot_be_read_is_said_in_no_log(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = account.url.removeprefix("http://").split(":")
    large = b"x" * (web.BODY_BYTES_MAX + 1)
    now = int(datetime.now(UTC).timestamp())
    await account.send({}, b"{}")  # what is refused is said once
    caplog.clear()

    answers = await account.send({}, large)
    for about in (b"Content-Length: 9\r\n\r\n{", b"Content-Length: 2\r\nWebhook-Id: \xff\r\n\r\n{}"):
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /webhooks/openai HTTP/1.1\r\nHost: {host}\r\nWebhook-Timestamp: {now}\r\n"
        writer.write(head.encode() + b"Webhook-Signature: v1,x\r\n" + about)
        answers.append(int((await reader.readuntil(b"\r\n")).split()[1]))
        writer.close()

    assert answers == [413, 408, 401]
    assert [record.getMessage() for record in caplog.records if record.name == "bot.web"] == []


async def test_a_job_of_somebody_else_in_the_account_is_none_of_ours(account: Account) -> None:
    await account.running()

    assert await account.send(*account.call(Ticket(provider_job_id="video_of_another"))) == [204]
    assert account.woken == []


async def test_a_lost_submission_is_not_found_by_it_since_nothing_in_it_is_ours(
    account: Account, database: Database, clock: Clock
) -> None:
    job, attempt, ticket = await account.submitted()
    await database.write(partial(states.uncertain, attempt=attempt, detail="lost", at=clock()))

    assert await account.send(*account.call(ticket)) == [204]

    assert (account.woken, account.found) == ([], [])
    assert await account.state(job) is JobState.UNCERTAIN


async def test_a_job_that_has_ended_here_is_not_woken(
    account: Account, database: Database, clock: Clock
) -> None:
    job, ticket = await account.running()
    fault = Fault(kind=FaultKind.PROVIDER, code="provider_failed")
    await database.write(partial(failed, job.id, fault, None, clock()))

    assert await account.send(*account.call(ticket)) == [204]
    assert account.woken == []


async def test_other_names_and_methods_and_large_bodies_are_turned_away(account: Account) -> None:
    large = b"x" * (web.BODY_BYTES_MAX + 1)

    assert await deliver(f"{account.url}/webhooks/fal", {}, b"{}") == [404]
    assert await account.send({}, large) == [413]


async def test_strangers_who_send_slowly_have_few_places_and_a_time(account: Account) -> None:
    host, port = account.url.removeprefix("http://").split(":")
    head = f"POST /webhooks/openai HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\n".encode()
    slow = [await asyncio.open_connection(host, int(port)) for _ in range(web.UNMARKED_AT_ONCE_MAX + 1)]

    for _, writer in slow:
        writer.write(head)
    answers = [await reader.readuntil(b"\r\n") for reader, _ in slow]
    for _, writer in slow:
        writer.close()

    assert len([line for line in answers if b" 503 " in line]) == 1
    assert len([line for line in answers if b" 408 " in line]) == web.UNMARKED_AT_ONCE_MAX


def test_without_a_public_address_or_a_secret_there_is_no_such_address(clock: Clock) -> None:
    secret = SecretStr(new_secret())

    assert reachable.accounts(Settings(openai_webhook_secret=secret), {}) == {}
    assert reachable.accounts(Settings(public_url="https://dailies.example"), {}) == {}
