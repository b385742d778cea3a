"""What waits for moderators: the gates, the duty that shows it, their commands and buttons."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.assembly.buying import Buying
from bot.assembly.ground import Ground
from bot.assembly.showing import Showing
from bot.clips.fitting import Fitting
from bot.clips.packing import Packing
from bot.domain import JobId
from bot.moderation.gate_settings import GateSettings
from bot.moderation.gatehouse import Gatehouse
from bot.moderation.rechecking import Rechecking
from bot.moderation.reviewing import Reviewing
from bot.places import Places
from bot.reviews import Reviews
from cogs.delivery import DiscordDelivery
from cogs.gates import add_gates
from cogs.review import review as review_command
from cogs.review_desk import ReviewDesk
from cogs.review_presses import ReviewPresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What the worker asks before it shows a clip, and what is told of orders that wait."""

    gatehouse: Gatehouse
    reviewing: Reviewing


def opened(ground: Ground, buying: Buying, showing: Showing, *, moved: Callable[[JobId], None]) -> Gates:
    """The gates with their moderators; `moved` is told of every job that a decision moved."""
    database, now, client = ground.database, ground.now, buying.client
    copies = ground.copies_folder / "reviews"
    copies.mkdir()
    packing = Packing(
        database,
        Fitting(at_once=1, credentials=ground.credentials).fit,
        folder=copies,
        level=DiscordDelivery(client).upload_limit,
        link=None if ground.links is None else ground.links.make,
        now=now,
    )

    def told(job_id: JobId) -> None:
        moved(job_id)
        showing.cards.touch(job_id)

    reviewing = Reviewing(
        database,
        ground.models,
        ReviewDesk(client),
        packing,
        folder=ground.folder,
        clips_folder=ground.clips_folder,
        play_money=ground.play_money,
        now=now,
        moved=told,
    )
    reviews = Reviews(
        database,
        ground.models,
        ids=ground.ids,
        now=now,
        moved=told,
        changed=reviewing.wake,
        rechecking=Rechecking(ground.screens.screening, buying.hashes),
    )
    client.review_presses = ReviewPresses(reviews, reviewing)
    client.tree.add_command(review_command(client.review_presses))
    add_gates(client.tree, GateSettings(database, now=now), Places(database, now=now), reviewing)
    ground.duties["reviews"] = reviewing.run
    gatehouse = Gatehouse(
        database, ids=ground.ids, now=now, look=ground.screens.clips.look, asked=reviewing.wake
    )
    showing.whispers.gatehouse = gatehouse
    return Gates(gatehouse=gatehouse, reviewing=reviewing)
