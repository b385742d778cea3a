"""What shows clips: cards, delivery, the library, the gallery, and what takes them away again."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.assembly import removing
from bot.assembly.buying import Buying
from bot.assembly.ground import Ground
from bot.assembly.removing import Removing
from bot.clips.cards import Cards
from bot.clips.endings import Endings
from bot.clips.family import Families
from bot.clips.fitting import Fitting
from bot.clips.gallery import Galleries
from bot.clips.library import THUMBNAILS, Library
from bot.clips.packing import Packing
from bot.clips.posting import Posting
from bot.clips.removal import Removals
from bot.clips.showing import Shown
from bot.clips.stills import Stills
from bot.clips.thumbnails import Thumbnails
from bot.clips.whispers import Whispers
from bot.delivery import HeldBack
from bot.domain import Job
from bot.jobs.rendertimes import RenderTimes
from bot.operating.retention import Retention
from bot.places import Places
from cogs.character import character
from cogs.clip_presses import ClipPresses
from cogs.clips import clips as clips_command
from cogs.delivery import DiscordDelivery
from cogs.reactions import Reactions
from cogs.settings import settings as settings_command
from cogs.shelves import Shelves
from cogs.take_choice import TakeChoice
from cogs.wall import DiscordWall


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """From a stored clip to what people see of it."""

    cards: Cards
    posting: Posting
    packing: Packing
    removals: Removals
    removing: Removing
    whispers: Whispers
    times: RenderTimes
    thumbnails: Thumbnails


def opened(ground: Ground, buying: Buying) -> Showing:
    """Everything that posts, edits and removes, with the buttons and commands of clips."""
    database, models, now, client = ground.database, ground.models, ground.now, buying.client
    folder, clips_folder, play_money = ground.folder, ground.clips_folder, ground.play_money
    delivery = DiscordDelivery(client)
    link = None if ground.links is None else ground.links.make
    keep_days, keep_gb = ground.config.clips_keep_days, ground.config.clips_keep_gb
    keep_for = None if keep_days is None else timedelta(days=keep_days)
    packing = Packing(
        database,
        Fitting(credentials=ground.credentials).fit,
        folder=ground.copies_folder,
        level=delivery.upload_limit,
        link=link,
        now=now,
        keep_for=keep_for,
    )
    again = Packing(
        database,
        Fitting(at_once=1, credentials=ground.credentials).fit,
        folder=ground.copies_folder / "again",
        level=delivery.upload_limit,
        link=link,
        now=now,
        keep_for=keep_for,
    )
    times = RenderTimes()
    cards = Cards(
        database,
        models,
        buying.budgets,
        delivery,
        play_money=play_money,
        now=now,
        expected_at=lambda job: times.expected_end_at(job, at=now()),
        held_back=partial(_held_back, ground),
    )
    galleries = Galleries(database, cards, DiscordWall(client, delivery), again, folder=clips_folder, now=now)
    shown = Shown(database, cards, delivery, packing, folder=clips_folder, now=now)
    taken = removing.opened(ground, buying, cards, shown, delivery, galleries.wake)
    removals = taken.removals
    posting = Posting(database, cards, delivery, packing, now=now, delivered=ground.meters.delivered)
    whispers = Whispers(
        database,
        cards,
        delivery,
        packing,
        posting,
        folder=clips_folder,
        now=now,
        hashes=buying.hashes,
        removed=removals.wake,
    )
    cards.untold = Endings(database, delivery, token_of=whispers.token_of).tell
    library = Library(
        database,
        again,
        Stills(),
        models,
        folder=clips_folder,
        thumbnails=folder / THUMBNAILS,
        ids=ground.ids,
        now=now,
    )
    thumbnails = Thumbnails(library)
    families = Families(database, library, folder=folder, clips_folder=clips_folder, want=thumbnails.want)
    client.tree.add_command(
        character(
            client.ordering, buying.material.characters, buying.attachments, models, removed=removals.wake
        )
    )
    client.shelves = Shelves(buying.orders, library, families, galleries, models, play_money=play_money)
    client.reactions = Reactions(client, galleries)
    client.place_used, client.place_changed = cards.place_used, cards.place_changed
    client.tree.add_command(clips_command(client.shelves, models))
    client.tree.add_command(settings_command(Places(database, now=now), galleries))
    client.clip_presses = ClipPresses(
        buying.orders,
        shown,
        removals,
        taken.reporting,
        taken.cases,
        whispers,
        TakeChoice(buying.orders, buying.material),
    )
    retention = Retention(
        database,
        keep_for=keep_for,
        bytes_max=None if keep_gb is None else keep_gb * 10**9,
        wake=removals.wake,
        now=now,
    )
    ground.duties.update(
        {
            "cards": cards.run,
            "galleries": galleries.run,
            "thumbnails": thumbnails.run,
            "retention": retention.run,
        }
    )
    return Showing(
        cards=cards,
        posting=posting,
        packing=packing,
        removals=removals,
        removing=taken,
        whispers=whispers,
        times=times,
        thumbnails=thumbnails,
    )


def _held_back(ground: Ground, job: Job) -> HeldBack | None:
    if ground.halts.holds_back(job):
        return HeldBack.HALT
    if ground.pauses.holds_back(job):
        return HeldBack.PAUSE
    return HeldBack.SPENDING if ground.surge.holds_back(job) else None
