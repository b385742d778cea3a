"""A person with some of everything that is kept of people, on a real data folder."""

import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from bot.domain import (
    ChannelId,
    Clip,
    InteractionId,
    Job,
    JobId,
    Member,
    MessageId,
    Micros,
    Ticket,
)
from bot.jobs import moves
from bot.ordering.asked import Asked
from bot.privacy.erasing import Erasing
from storage import jobs, pictures, quotes, removals, reported, sheets, shelf, states
from storage.database import Database
from storage.pictures import KeptPicture
from storage.quotes import WaitingQuote
from storage.reported import Reason, Report
from storage.times import to_us
from tests.new_books import new_database
from tests.props import ANN, BEN, Clock, Desk, asked

SECRET = "the marzipan lighthouse of Elsinore"


@dataclass(slots=True, kw_only=True)
class People:
    """A data folder at work, whose removals are taken at once by nobody's hand."""

    folder: Path
    database: Database
    clock: Clock
    desk: Desk
    removed: list[JobId]
    cancelled: list[JobId]

    def erasing(self, *, removes: bool = True) -> Erasing:
        """The duty of a new process."""
        return Erasing(
            self.database,
            folder=self.folder,
            ids=self.desk.ids,
            random_bits=lambda bits: (1 << bits) - 77,
            now=self.clock,
            wake=self.removed.append if removes else lambda _: None,
            cancelled=self.cancelled.append,
        )

    async def clip(self, member: Member = ANN, prompt: str = SECRET) -> Job:
        """An order that has become a posted clip."""
        job = await self.desk.place(asked(member, prompt=prompt))
        at, write = self.clock(), self.database.write
        attempt = await write(partial(states.submitting, job=job, provider="studio", at=at))
        await write(partial(states.running, attempt=attempt, ticket=Ticket(provider_job_id=job.id), at=at))
        await write(partial(moves.rendered, job.id, None, at))
        path = self.folder / "clips" / f"{job.id}.mp4"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data := b"\x00\x00\x00\x18ftypmp42" + job.id.encode() * 50)
        clip = Clip(
            job_id=job.id,
            path=path,
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=len(data),
            width=1280,
            height=720,
            duration_ms=4_000,
            has_sound=True,
            stored_at=at,
        )
        await write(partial(moves.stored, clip, at))
        await write(
            partial(states.posted, job_id=job.id, channel_id=ChannelId(30), message_id=MessageId(1), at=at)
        )
        return await self.job(job.id)

    async def job(self, job_id: JobId) -> Job:
        """As it stands."""
        found = await self.database.read(partial(jobs.get, job_id=job_id))
        assert found is not None
        return found

    async def picture(self, member: Member = ANN) -> Path:
        """A picture that somebody gave, with what was made of it for a shape."""
        picture_id = self.desk.ids.new()
        folder = self.folder / "pictures"
        folder.mkdir(exist_ok=True)
        for name in (f"{picture_id}.png", f"{picture_id}-1280x720-crop.png"):
            (folder / name).write_bytes(b"png")
        kept = KeptPicture(
            id=picture_id,
            member=member,
            path=Path("pictures") / f"{picture_id}.png",
            media_type="image/png",
            sha256="a" * 64,
            size_bytes=3,
            width=1,
            height=1,
            kept_at=self.clock(),
        )
        await self.database.write(partial(pictures.insert, picture=kept))
        return folder / f"{picture_id}.png"

    async def belongings(self, member: Member = ANN, words: str = SECRET) -> None:
        """Whatever else is kept of somebody: forms, quotes, favourites, searches, a report, a sanction."""
        other = await self.clip(BEN if member == ANN else ANN, prompt="of another")
        await self.database.write(
            partial(belongings_of, member, words, other.id, self.clock, self.desk.ids.new)
        )

    async def take_removals(self) -> None:
        """Take every step of every removal that was begun, as the duty does."""
        await self.database.write(partial(_removed, self.folder, self.clock))

    async def raw(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Rows as they lie."""
        return await self.database.read(lambda c: [tuple(row) for row in c.execute(sql, values)])

    def bytes_of_database(self) -> bytes:
        """All that is on the disk of it, with its log."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.glob("dailies.db*")))


def belongings_of(
    member: Member, words: str, clip_id: JobId, clock: Clock, new: Callable[[], str], tx: sqlite3.Connection
) -> None:
    at, user_id, guild_id = to_us(clock()), member.user_id, member.guild_id
    interaction_id = InteractionId(user_id ^ 7)
    typed = Asked(
        guild_id=guild_id, user_id=user_id, channel_id=30, interaction_id=interaction_id, prompt=words
    )
    quote = WaitingQuote(
        id=new(),
        interaction_id=interaction_id,
        user_id=user_id,
        asked=asdict(typed),
        price_micros=Micros(5),
        expires_at=clock(),
    )
    quotes.insert(tx, quote, at=clock())
    sheets.insert(tx, new(), member, asdict(typed), at=clock(), forgotten_before=clock())
    shelf.keep(tx, user_id, clip_id, at=clock())
    report = Report(
        id=new(),
        job_id=clip_id,
        guild_id=guild_id,
        reporter_id=user_id,
        reason=Reason.OTHER,
        words=words,
        at=clock(),
        hidden=False,
    )
    reported.insert(tx, report)
    pictures.open_form(tx, new(), member, [words], at=clock())
    for statement, row in (
        (
            """
            INSERT INTO searches (id, guild_id, user_id, aisle, words, searched_at)
            VALUES (?, ?, ?, 'mine', ?, ?)
            """,
            (new(), guild_id, user_id, words, at),
        ),
        (
            """
            INSERT INTO sanctions (id, guild_id, user_id, measure, reason, by_id, at)
            VALUES (?, ?, ?, 'warning', ?, 5, ?)
            """,
            (sanction := new(), guild_id, user_id, words, at),
        ),
        ("INSERT INTO appeals (sanction_id, words, at) VALUES (?, ?, ?)", (sanction, words, at)),
        ("INSERT INTO wishes (user_id, mentions) VALUES (?, 1)", (user_id,)),
        (
            "INSERT INTO reactions (job_id, message_id, user_id, emoji) VALUES (?, 9, ?, 'x')",
            (clip_id, user_id),
        ),
        (
            """
            INSERT INTO grants (guild_id, user_id, amount_micros, reason, granted_by, granted_at)
            VALUES (?, ?, 5, ?, 5, ?)
            """,
            (guild_id, user_id, words, at),
        ),
    ):
        tx.execute(statement, row)


def _removed(folder: Path, clock: Clock, tx: sqlite3.Connection) -> None:
    for job_id in removals.to_do(tx):
        for step in removals.of(tx, job_id):
            removals.done(tx, step, "deleted", at=clock())
        (folder / "clips" / f"{job_id}.mp4").unlink(missing_ok=True)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[People]:
    """A data folder with a desk that takes orders."""
    database = await new_database(folder / "dailies.db")
    clock = Clock()
    try:
        yield People(
            folder=folder,
            database=database,
            clock=clock,
            desk=Desk(database, clock, folder=folder),
            removed=[],
            cancelled=[],
        )
    finally:
        await database.close()
