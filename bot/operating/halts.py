"""What the operator has stopped: everything, a provider, a model, or a server, without a restart.

New orders of it are refused (or go to another provider's offer), what is queued waits with its price set
aside for a day at most, and what a provider has already is finished: it is paid for.
"""

from datetime import datetime, timedelta
from functools import partial

from bot.domain import FaultKind, GuildId, Job, JobId, JobState, OfferId
from bot.errors import Paused
from bot.language import _
from storage import halts
from storage.database import Database
from storage.halts import Halted, HaltScope

__all__ = ("HaltScope", "Halted", "Halts")

REMEMBERED_FOR = timedelta(days=2)
"""Longer than a queued job waits: when something went on again counts for those that waited for it."""

EVERYTHING = Halted(HaltScope.EVERYTHING, "")


class Halts:
    """Kept in mind for those who ask at every order and every submission; the rows say it."""

    def __init__(self) -> None:
        self._open: set[Halted] = set()
        self._resumed: dict[Halted, datetime] = {}

    async def begin(self, database: Database, *, at: datetime) -> None:
        """Learn at start-up what a past process knew."""
        self._open = await database.read(halts.open_)
        self._resumed = await database.read(partial(halts.resumed_since, since=at - REMEMBERED_FOR))

    async def halted(self, what: Halted, database: Database) -> list[JobId]:
        """It has just been stopped: what waits for nothing else from now on."""
        self._open.add(what)
        return await database.read(partial(halts.waiting_of, what=what))

    def resumed(self, what: Halted, *, at: datetime) -> None:
        """It has just been let go on."""
        self._open.discard(what)
        self._resumed[what] = at

    def stops_offer(self, offer_id: OfferId) -> bool:
        """Whether nothing new goes to an offer, by its provider or its model."""
        return not self._open.isdisjoint(_of_offer(offer_id))

    def stops(self, job: Job) -> bool:
        """Whether a job is not submitted for now."""
        return not self._open.isdisjoint(_of_job(job))

    def holds_back(self, job: Job) -> bool:
        """Whether a job waits for nothing but the operator's word; its card says so."""
        return job.state is JobState.QUEUED and self.stops(job)

    def resumed_at(self, job: Job) -> datetime | None:
        """When what it is of last went on again; None where it did not lately."""
        return max((self._resumed[what] for what in _of_job(job) if what in self._resumed), default=None)

    def check(self, guild_id: GuildId) -> None:
        """Take no new order where all or this server's are stopped.

        Raises:
            Paused: they are.
        """
        if not self._open or self._open.isdisjoint((EVERYTHING, Halted(HaltScope.GUILD, str(guild_id)))):
            return
        raise Paused(
            _("Whoever runs this bot has paused orders for now."),
            _("Order again later."),
            kind=FaultKind.PERMISSIONS,
        )


def _of_offer(offer_id: OfferId) -> tuple[Halted, ...]:
    provider, _slash, rest = offer_id.partition("/")
    model = rest.partition("/")[0].partition("@")[0]
    return Halted(HaltScope.PROVIDER, provider), Halted(HaltScope.MODEL, model)


def _of_job(job: Job) -> tuple[Halted, ...]:
    guild = Halted(HaltScope.GUILD, str(job.order.member.guild_id))
    return (EVERYTHING, guild, *_of_offer(job.quote.offer_id))
