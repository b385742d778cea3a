"""What takes clips away again: deletions, reports and their cases, take-downs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bot.assembly.buying import Buying
from bot.assembly.ground import Ground
from bot.clips.cards import Cards
from bot.clips.library import THUMBNAILS
from bot.clips.removal import Removals
from bot.clips.removal_steps import RemovalSteps
from bot.clips.showing import Screen, Shown
from bot.domain import Job
from bot.errors import DeliveryRefused
from bot.moderation.cases import Cases
from bot.moderation.deadlines import Deadlines
from bot.moderation.fingerprints import Fingerprints
from bot.moderation.lookalikes import Lookalikes
from bot.moderation.reporting import Reporting
from bot.moderation.takedowns import Takedowns
from bot.ordering.material import PICTURES
from storage import review_cards


@dataclass(frozen=True, slots=True, kw_only=True)
class Removing:
    """From a report, or a wish, to a clip that is nowhere."""

    removals: Removals
    reporting: Reporting
    cases: Cases
    takedowns: Takedowns


def opened(
    ground: Ground, buying: Buying, cards: Cards, shown: Shown, screen: Screen, gone: Callable[[], None]
) -> Removing:
    """Everything that hides and removes; `gone` is told when clips are to be seen nowhere any more."""
    database, now = ground.database, ground.now
    steps = RemovalSteps(
        database,
        cards,
        screen,
        ground.providers,
        buying.hashes,
        reviews=partial(_reviews_removed, ground, screen),
        lookalikes=Lookalikes(database, Fingerprints(), folder=ground.clips_folder, now=now),
        folder=ground.clips_folder,
        thumbnails=ground.folder / THUMBNAILS,
        frames=ground.folder / PICTURES,
        now=now,
    )
    removals = Removals(database, steps, now=now, gone=gone)
    reporting = Reporting(database, shown, screen, ids=ground.ids, now=now, hidden=gone)
    takedowns = Takedowns(database, now=now, wake=removals.wake, gone=gone)
    cases = Cases(database, shown, takedowns, now=now, hidden=gone)
    ground.duties.update(
        {
            "removals": removals.run,
            "reports": reporting.run,
            "deadlines": Deadlines(database, screen, ground.notices, now=now).run,
        }
    )
    return Removing(removals=removals, reporting=reporting, cases=cases, takedowns=takedowns)


async def _reviews_removed(ground: Ground, screen: Screen, job: Job) -> str:
    """Delete what moderators were shown of a clip, and of what its order starts from."""
    there = await ground.database.read(partial(review_cards.copies_of, job_id=job.id))
    refused = ""
    for channel_id, message_id in there:
        try:
            await screen.delete_message(channel_id, message_id)
        except DeliveryRefused as fault:
            refused = f"refused: {fault.code}"
    return refused or (f"deleted: {len(there)}" if there else "never posted")
