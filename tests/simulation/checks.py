"""What must be true when a world has come to rest, whatever happened in it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bot.domain import ENDED, ClipState, Entry, EntryKind, Job, JobState, MessageId, Scope
from bot.jobs.retrieval import BAD_FILES_MAX
from storage import acts, clips, ledger, removals, reviews
from storage.gates import Gate
from storage.reviews import Decision, Review
from tests.books import every_job
from tests.simulation.discord_side import Message
from tests.simulation.files import body_of, clip_of
from tests.simulation.providers import Fate, Made
from tests.simulation.sky import Mishap
from tests.simulation.world import World

NO_GOOD_CLIP = {Fate.GARBAGE, Fate.EXPIRES, Fate.FORGOTTEN}
UNSAID = {Fate.FORGOTTEN, Fate.FAILS_UNSAID}
UNMADE = {Fate.FAILS, Fate.FAILS_UNSAID, Fate.FAILS_BILLED, Fate.STOPS}


@dataclass(frozen=True, slots=True)
class Found:
    """What there is about all jobs of a world, each read once."""

    made: dict[str, list[Made]]
    entries: dict[str, list[Entry]]
    reviews: dict[str, Review]
    lies: int
    """How many files were none."""


def _found(world: World) -> Found:
    made: dict[str, list[Made]] = {}
    for books in world.books.values():
        for each in books.made.values():
            made.setdefault(each.job_id, []).append(each)
    entries: dict[str, list[Entry]] = {}
    for entry in ledger.entries(world.connection, newest=10_000):
        entries.setdefault(entry.job_id or "", []).append(entry)
    reviewed = world.connection.execute("SELECT DISTINCT job_id FROM reviews").fetchall()
    shown = {row[0]: reviews.of_job(world.connection, row[0], Gate.SHOWING) for row in reviewed}
    lies = sum(
        count
        for (_, call, mishap), count in getattr(world.sky, "struck", {}).items()
        if call == "fetch" and mishap is Mishap.LIE
    )
    return Found(made, entries, {job_id: one for job_id, one in shown.items() if one is not None}, lies)


def wrongs(world: World, every: Sequence[Job] | None = None) -> list[str]:
    """Everything that is wrong with it, in sentences; none where all is well. `every` is all its jobs."""
    found = [*world.discord.wrongs]
    found += [f"fault of ours: {fault}" for fault in world.faults_of_ours]
    found += [f"ledger: {difference}" for difference in ledger.verify(world.connection)]
    broken, _ = acts.first_broken(world.connection)
    if broken is not None:
        found.append(f"the record of acts is broken at {broken}")
    if every is None:
        every = every_job(world.connection)
    takes = Counter(job.order_id for job in every)
    ours = {job.id for job in every}
    for books in world.books.values():
        found += [f"{job_id} was submitted twice at {books.name}" for job_id in books.doubles]
        found += [
            f"{made.job_id} was made at {books.name}, and nobody ordered it"
            for made in books.made.values()
            if made.job_id not in ours
        ]
    found += [
        f"{order_id} was acknowledged with {wanted} takes, and has {takes[order_id]}"
        for order_id, wanted in world.acknowledged.items()
        if takes[order_id] != wanted
    ]
    known = _found(world)
    for job in every:
        found += [
            f"{job.id} ({job.order.model}, {job.state}): {wrong}" for wrong in _of_job(world, job, known)
        ]
    found += _of_holds(world)
    return found


def _of_job(world: World, job: Job, known: Found) -> list[str]:
    found = []
    made = known.made.get(job.id, [])
    if job.state not in ENDED and job.state is not JobState.UNDELIVERABLE:
        found.append(f"has not ended: {job.fault}")
        return found
    if job.card_rev != job.rev:
        found.append("its card does not say how it ended")
    if len(made) > 1:
        found.append(f"was made {len(made)} times")
    found += _of_card(world, job)
    found += _of_money(world, job, made, known)
    found += _of_clip(world, job, made, known)
    return found


def _of_card(world: World, job: Job) -> list[str]:
    """Where it can still be edited, it says how the job ended."""
    discord = world.discord
    card = discord.messages.get(job.card_message_id or MessageId(0))
    if card is None or card.deleted or card.channel_id in discord.refused_in or card.clips:
        return []
    said = card.says.get(job.id)
    return [] if said is job.state else [f"its card says {said}"]


def _of_money(world: World, job: Job, made: list[Made], known: Found) -> list[str]:
    """What is in the ledger for it is what is in the provider's books."""
    booked = 0
    on_the_house = False
    for entry in known.entries.get(job.id, ()):
        if entry.kind in (EntryKind.CAPTURE, EntryKind.ADJUST):
            booked += entry.amount_micros
            on_the_house |= entry.bearer is Scope.HOUSE and entry.kind is EntryKind.CAPTURE
    billed = sum(each.bill(world.time()) for each in made)
    charged = job.charged_micros
    found = []
    unsaid = any(each.fate in UNSAID for each in made) or (
        job.fault is not None and job.fault.code in ("vanished", "lost_at_provider")
    )
    if unsaid and billed < booked <= job.quote.price_micros:
        pass  # nobody said what it cost, so the house has put down what was held
    elif booked != billed:
        found.append(f"{booked} in the ledger, {billed} at the provider")
    if charged > job.quote.price_micros:
        found.append(f"its member was charged {charged}")
    if job.state is JobState.POSTED and made and not charged and not on_the_house:
        found.append("it was posted, and its member paid nothing")
    if job.state is JobState.FAILED and charged and not any(each.fate is Fate.FAILS_BILLED for each in made):
        found.append(f"it failed, and its member paid {charged}")
    review = known.reviews.get(job.id)
    if review is not None and review.refunded and charged:
        found.append(f"it was refunded, and its member paid {charged}")
    if not made and charged:
        found.append("its member paid for nothing")
    return found


def _of_clip(world: World, job: Job, made: list[Made], known: Found) -> list[str]:
    posts, cards = world.discord.clips(job.id), world.discord.cards_with(job.id)
    found = _of_posts(world, job, posts, cards)
    seen = [*posts, *cards]
    was_good = any(
        each.bill(world.time()) and each.fate not in NO_GOOD_CLIP | UNMADE and not each.stopped
        for each in made
    )
    state = clips.state_of(world.connection, job.id)
    if (
        was_good
        and job.state not in (JobState.POSTED, JobState.UNDELIVERABLE)
        and known.lies < BAD_FILES_MAX  # so many bad files are believed
        and not _was_turned_down(known.reviews.get(job.id))
    ):
        found.append(f"was paid for and is lost: {job.fault}")
    if job.state in (JobState.POSTED, JobState.UNDELIVERABLE):
        clip = clips.get(world.connection, job.id, folder=world.folder)
        if state is ClipState.DELETED:
            if clip is not None and clip.path.exists():
                found.append("its clip was deleted, and its file is there")
            if seen and not _was_refused(world, job):
                found.append("its clip was deleted, and is shown")
        elif clip is None or (body := _body(clip.path)) is None:
            found.append("its clip is not on our disk")
        elif sha256(body).hexdigest() != clip.sha256:
            found.append("its clip on our disk is not what was fetched")
        elif job.state is JobState.POSTED and job.clip_message_id not in world.discord.messages:
            found.append("it is posted nowhere")
    elif seen:
        found.append("its clip is shown, and it was not posted")
    return found


def _body(path: Path) -> bytes | None:
    try:
        return body_of(path)
    except FileNotFoundError:
        return None


def _of_posts(world: World, job: Job, posts: list[Message], cards: list[Message]) -> list[str]:
    """It has one post of its own. Where nobody could see whether that is there, its card carries the clip."""
    found = []
    if len(posts) > 1:
        found.append(f"its clip is shown {len(posts)} times")
    if any(message.clips != [sha256(clip_of(job.id)).hexdigest()] for message in posts):
        found.append("its post shows what is not its clip")
    if cards and not job.is_on_card:
        found.append("a card shows its clip, which has a post of its own")
    if any(card.channel_id not in world.discord.unseen_in for card in cards):
        found.append("a card shows its clip where the history could be read")
    return found


def _of_holds(world: World) -> list[str]:
    """Each hold has ended once."""
    rows = world.connection.execute(
        """
        SELECT holds.id, holds.job_id, holds.ended_at,
               (SELECT count(*) FROM entries WHERE hold_id = holds.id AND kind IN ('capture', 'release'))
        FROM holds
        """
    )
    return [
        f"hold {hold_id} of {job_id} has ended {ends} times"
        for hold_id, job_id, ended_at, ends in rows
        if ended_at is None or ends != 1
    ]


def _was_turned_down(review: Review | None) -> bool:
    """Whether moderators, or its member, did not want the clip to be shown, or nobody looked in time."""
    return review is not None and review.decision not in (None, Decision.APPROVED)


def _was_refused(world: World, job: Job) -> bool:
    """Whether its channel was closed to us when its message was to be deleted: a moderator can do that."""
    results = [removal.result for removal in removals.of(world.connection, job.id)]
    return any(result is not None and result.startswith("refused") for result in results)
