"""What an operator changes from the shell: through the running bot's socket, or alone where none runs.

Only one process writes to a data folder. So a command that changes something is a line of JSON to the Unix
socket in that folder, which its owner alone can open; where nobody listens, the command takes the lock.
"""

import asyncio
import contextlib
import json
import logging
import os
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from bot import language
from bot.domain import NOWHERE, GuildId, JobId, Micros
from bot.errors import DailiesError, StorageError
from bot.moderation import blocks, operators_takedowns
from bot.money import MICROS_PER_USD, USD_MAX, format_usd
from bot.sockets import address
from bot.spend import costing, settling
from bot.spend.costing import Bill
from bot.spend.settling import Case
from storage import acts, guilds, halts, stops
from storage.acts import Verb
from storage.cases import OPERATOR
from storage.database import Database, open_database
from storage.halts import Halted, HaltScope
from storage.lock import FolderLock
from storage.takedowns import Cause
from storage.verdicts import Verdict

log = logging.getLogger(__name__)

SOCKET = "dailies.sock"
LINE_BYTES_MAX = 64 * 1024
ANSWER_WITHIN_S = 10.0
TICKET_CHARS_MAX = 200

GuildOrNowhere = Annotated[int, Field(ge=NOWHERE, lt=2**63)]
"""A server's id; `NOWHERE` is all direct messages together."""


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AdmitGuild(_Change):
    """Let a server, or all direct messages together, spend so much in a month at paid providers."""

    change: Literal["admit_guild"] = "admit_guild"
    guild_id: GuildOrNowhere
    ceiling_monthly_micros: Annotated[int, Field(ge=0, le=USD_MAX * MICROS_PER_USD)]


class DismissGuild(_Change):
    """Let a server, or all direct messages, spend nothing from now on."""

    change: Literal["dismiss_guild"] = "dismiss_guild"
    guild_id: GuildOrNowhere


class ResumeSpending(_Change):
    """Let paid orders go on that the breaker has stopped."""

    change: Literal["resume_spending"] = "resume_spending"
    by: Annotated[str, Field(min_length=1, max_length=100)]


class _OfSomething(_Change):
    scope: HaltScope
    name: Annotated[str, Field(max_length=100)] = ""
    by: Annotated[str, Field(min_length=1, max_length=100)]

    @property
    def what(self) -> Halted:
        """What is stopped, or goes on."""
        return Halted(self.scope, self.name)

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        if (self.scope is HaltScope.EVERYTHING) != (self.name == ""):
            raise ValueError("everything has no name, and all else has one")
        if self.scope is HaltScope.GUILD and not self.name.isdecimal():
            raise ValueError("a server is named by its id")
        return self


class Halt(_OfSomething):
    """Take no new orders of everything, a provider, a model or a server, and submit none that wait."""

    change: Literal["halt"] = "halt"


class GoOn(_OfSomething):
    """Let it go on."""

    change: Literal["go_on"] = "go_on"


class SettleJob(_Change):
    """Decide about an uncertain job: the provider has it as `ticket`, never had it, or its clip is lost."""

    change: Literal["settle_job"] = "settle_job"
    job_id: Annotated[str, Field(min_length=1, max_length=20)]
    verdict: Verdict
    ticket: Annotated[str, Field(min_length=1, max_length=TICKET_CHARS_MAX)] | None = None
    urls: Annotated[dict[str, str], Field(max_length=4)] = {}
    by: Annotated[str, Field(min_length=1, max_length=100)]
    why: Annotated[str, Field(min_length=1, max_length=500)]


class CorrectCost(_Change):
    """Say what a provider billed for a job whose price the house carries, since nobody knew."""

    change: Literal["correct_cost"] = "correct_cost"
    job_id: Annotated[str, Field(min_length=1, max_length=20)]
    billed_micros: Annotated[int, Field(ge=0, le=USD_MAX * MICROS_PER_USD)]
    by: Annotated[str, Field(min_length=1, max_length=100)]
    why: Annotated[str, Field(min_length=1, max_length=500)]


class TakeDown(_Change):
    """Take a clip down, and block what it was in its server, or everywhere."""

    change: Literal["take_down"] = "take_down"
    job_id: Annotated[str, Field(min_length=1, max_length=20)]
    cause: Cause
    everywhere: bool = False


class ResumeTakedown(_Change):
    """Take those steps of a removal again that were given up or refused."""

    change: Literal["resume_takedown"] = "resume_takedown"
    job_id: Annotated[str, Field(min_length=1, max_length=20)]


class LiftBlock(_Change):
    """Let a file come back that a take-down has blocked."""

    change: Literal["lift_block"] = "lift_block"
    hash_id: Annotated[int, Field(ge=1, lt=2**63)]


Change = (
    AdmitGuild
    | DismissGuild
    | ResumeSpending
    | Halt
    | GoOn
    | SettleJob
    | CorrectCost
    | TakeDown
    | ResumeTakedown
    | LiftBlock
)
_CHANGES: TypeAdapter[Change] = TypeAdapter(Annotated[Change, Field(discriminator="change")])


async def _nobody_cares(made: Change) -> None:
    del made


class Control:
    """The socket of a running bot.

    Args:
        folder: the data folder.
        database: in it.
        now: the clock.
        changed: told of every change that was made, for those who keep what it changes in mind.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        *,
        now: Callable[[], datetime],
        changed: Callable[[Change], Awaitable[None]] = _nobody_cares,
    ) -> None:
        self._folder = folder
        self._database = database
        self._now = now
        self._changed = changed
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. The folder's lock is ours, so a socket that is left there is a dead process's."""
        with address(self._folder, SOCKET) as path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)  # noqa: PTH108 - the address may lead through a descriptor
            self._server = await asyncio.start_unix_server(self._answer, path, limit=LINE_BYTES_MAX)
            os.chmod(path, 0o600)  # noqa: PTH101

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            with contextlib.suppress(FileNotFoundError):
                await asyncio.to_thread(os.unlink, self._folder / SOCKET)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._answered(reader)
            writer.write(json.dumps(answer).encode() + b"\n")
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        finally:
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader) -> dict[str, str]:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                line = await reader.readline()
            wanted = _CHANGES.validate_json(line)
            done = await carry_out(self._database, wanted, now=self._now)
        except (
            ValueError,
            TimeoutError,
            ConnectionError,
            DailiesError,
        ) as fault:  # pydantic's, too
            return {"refused": str(fault)}
        try:
            await self._changed(wanted)
        except Exception:  # it is made, and must not be called refused; the next start knows it
            log.exception("a change is made, and not all were told", extra={"code": "change_untold"})
        return {"done": done}


async def change(folder: Path, wanted: Change, *, now: Callable[[], datetime]) -> str:
    """Have the running bot make a change, or make it where none runs; what was done, as a sentence.

    Raises:
        StorageError: it was refused, or the folder is in use by a process that does not answer.
    """
    try:
        return await _ask(folder, wanted)
    except (FileNotFoundError, ConnectionRefusedError):
        pass  # nobody listens
    await asyncio.to_thread(partial(folder.mkdir, mode=0o700, parents=True, exist_ok=True))
    with FolderLock(folder):
        database = await open_database(folder / "dailies.db")
        try:
            return await carry_out(database, wanted, now=now)
        finally:
            await database.close()


async def carry_out(database: Database, wanted: Change, *, now: Callable[[], datetime]) -> str:
    """Make one change, in one transaction; what was done, as a sentence."""
    match wanted:
        case AdmitGuild(guild_id=guild_id, ceiling_monthly_micros=micros):
            await database.write(
                partial(guilds.admit, guild_id=GuildId(guild_id), ceiling_micros=Micros(micros), at=now())
            )
            with language.use(language.ENGLISH):  # the operator's texts are, also in a command's answer
                return f"{guild_words(guild_id)} may spend {format_usd(micros)} a month at paid providers"
        case DismissGuild(guild_id=guild_id):
            if await database.write(partial(guilds.dismiss, guild_id=GuildId(guild_id), at=now())):
                return f"{guild_words(guild_id)} may spend nothing from now on"
            return f"{guild_words(guild_id)} was not admitted"
        case ResumeSpending(by=by):
            if await database.write(partial(_resume, by, now())):
                return "paid orders go on"
            return "paid orders were not stopped"
        case Halt():
            if await database.write(partial(_halt, wanted, now())):
                what = _of(wanted.what)
                return f"{what} stopped: nothing new is taken or submitted; what a provider has goes on"
            return f"{_of(wanted.what)} stopped already"
        case GoOn():
            if await database.write(partial(_go_on, wanted, now())):
                return f"{_of(wanted.what)} going on, and so does what waited"
            return f"{_of(wanted.what)} not stopped"
        case SettleJob():
            case = Case(
                job_id=JobId(wanted.job_id),
                verdict=wanted.verdict,
                ticket=wanted.ticket,
                urls=wanted.urls,
                by=wanted.by,
                why=wanted.why,
            )
            return await database.write(partial(settling.settle, case, now()))
        case CorrectCost():
            bill = Bill(
                job_id=JobId(wanted.job_id),
                billed_micros=Micros(wanted.billed_micros),
                by=wanted.by,
                why=wanted.why,
            )
            return await database.write(partial(costing.correct, bill, now()))
        case TakeDown(job_id=job_id, cause=cause, everywhere=everywhere):
            start = partial(operators_takedowns.started, JobId(job_id), cause, now(), everywhere=everywhere)
            return await database.write(start)
        case ResumeTakedown(job_id=job_id):
            return await database.write(partial(operators_takedowns.resumed, JobId(job_id), now()))
        case LiftBlock(hash_id=hash_id):
            lifted = await database.write(partial(blocks.lift, hash_id=hash_id, by=OPERATOR, at=now()))
            what = f"a {lifted.blocked.kind} of {lifted.blocked.job_id}"
            return f"block {hash_id} is lifted: {what} may come back"


def _resume(by: str, at: datetime, tx: sqlite3.Connection) -> bool:
    if not stops.resume(tx, by=by, at=at):
        return False
    acts.on_installation(tx, Verb.SPENDING_RESUMED, at=at)
    return True


def _halt(wanted: Halt, at: datetime, tx: sqlite3.Connection) -> bool:
    changed = halts.halt(tx, wanted.what, by=wanted.by, at=at)
    if changed:
        _note(tx, Verb.ORDERS_PAUSED, wanted.what, at)
    return changed


def _go_on(wanted: GoOn, at: datetime, tx: sqlite3.Connection) -> bool:
    changed = halts.resume(tx, wanted.what, by=wanted.by, at=at)
    if changed:
        _note(tx, Verb.ORDERS_RESUMED, wanted.what, at)
    return changed


def _note(tx: sqlite3.Connection, verb: Verb, what: Halted, at: datetime) -> None:
    acts.record(
        tx,
        verb=verb,
        actor_id=None,
        guild_id=acts.EVERYWHERE,
        subject="installation:0" if not what.name else f"{what.scope}:{what.name}",
        detail={"waited": halts.waiting(tx)},
        at=at,
    )


def _of(what: Halted) -> str:
    return "everything is" if not what.name else f"{what.scope} {what.name} is"


def guild_words(guild_id: int) -> str:
    """A server, or what stands in its place, as the operator reads it."""
    return f"server {guild_id}" if guild_id != NOWHERE else "use outside servers (direct messages)"


async def _ask(folder: Path, wanted: Change) -> str:
    with address(folder, SOCKET) as path:
        reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(wanted.model_dump_json().encode() + b"\n")
        async with asyncio.timeout(ANSWER_WITHIN_S):
            answer = json.loads(await reader.readline())
    except (TimeoutError, ValueError, ConnectionError) as silent:
        raise StorageError("the running bot did not answer; nothing is known of the change") from silent
    finally:
        writer.close()
    match answer:
        case {"done": str(done)}:
            return done
        case _:
            raise StorageError(f"the running bot refused: {answer.get('refused')}")
