"""What always holds between our rows, the provider's books and the channel, whatever happened."""

import sqlite3
from collections import Counter
from hashlib import sha256
from pathlib import Path

from bot.domain import ENDED, EntryKind, Job, JobState, Scope
from storage import clips, ledger
from tests.books import entries_of, every_job
from tests.channel import Channel
from tests.emulators.openai import OpenAIEmulator


def check(book: sqlite3.Connection, channel: Channel, emulator: OpenAIEmulator, *, folder: Path) -> None:
    """Fail where money was spent twice or lost, or something was made or shown twice or lost.

    Args:
        book: our rows.
        channel: where clips are posted.
        emulator: the provider, and who else bills us has no books.
        folder: of the clips.
    """
    assert ledger.verify(book) == []
    every = every_job(book)
    for job in every:
        made = [made for made in emulator.jobs.values() if made.prompt == job.order.prompt]
        assert len(made) <= 1, f"{job.id} was made twice"
        # One that was deleted before we knew of it cannot be told, later, from one that never was.
        assert sum(not clip.deleted for clip in channel.clips(job.id)) <= 1, f"{job.id} was posted twice"
        assert sum(not card.deleted for card in channel.cards(job.id)) <= 1, f"{job.id} has two cards"
        if job.state in ENDED:
            assert ledger.open_hold(book, job.id) is None
        if job.state is JobState.POSTED:
            _check_posted(book, channel, job, folder)
    keys = Counter(made.key for made in emulator.jobs.values() if made.key is not None)
    assert set(keys.values()) <= {1}
    _check_bill(book, emulator, [job for job in every if job.quote.offer_id.startswith("emulator/")])


def _check_posted(book: sqlite3.Connection, channel: Channel, job: Job, folder: Path) -> None:
    """The clip that is shown is the one on our disk, and the one that was fetched."""
    (message,) = [message for message in channel.messages if message.id == job.clip_message_id]
    clip = clips.get(book, job.id, folder=folder)
    assert clip is not None
    assert sha256(clip.path.read_bytes()).hexdigest() == clip.sha256
    assert clip.sha256 in message.clips


def _check_bill(book: sqlite3.Connection, emulator: OpenAIEmulator, theirs: list[Job]) -> None:
    """What the emulator billed is spent or held by somebody here; members paid for nothing else.

    The house may hold or pay what in the end nobody bills: that is what it is for.
    """
    captured: Counter[Scope] = Counter()
    held = 0
    for job in theirs:
        for entry in entries_of(book, job.id):
            if entry.kind is EntryKind.CAPTURE:
                captured[entry.bearer] += entry.amount_micros
        open_hold = ledger.open_hold(book, job.id)
        held += 0 if open_hold is None else open_hold.amount_micros
    assert captured[Scope.MEMBER] <= emulator.billed_micros <= captured.total() + held
