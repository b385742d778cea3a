"""The moderators' side of what waits at the gates: it is looked at, decided, handed over.

`deciding` has the transactions; what follows one (the card of the order, the message of the review, the
worker) is told after it and works from the rows.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from bot.catalogue import Catalogue
from bot.domain import GuildId, JobId, UserId
from bot.errors import NotYours
from bot.ids import Ids
from bot.language import _
from bot.moderation import deciding
from bot.moderation.deciding import Case, Moderator, Passed
from bot.moderation.rechecking import Rechecking
from storage import gates, review_queue
from storage.database import Database
from storage.review_queue import History
from storage.reviews import REASON_CHARS_MAX, Decision, Review, Why

# Cogs never see storage: what they show of it they know from here.
__all__ = [
    "REASON_CHARS_MAX",
    "Case",
    "Decision",
    "History",
    "Moderator",
    "Passed",
    "Review",
    "Reviews",
    "Why",
]


class Reviews:
    """What moderators can do.

    Args:
        moved: told of every job that a decision moved, for its card and the worker.
        changed: told when the message of a review is to show something else.
        rechecking: looks again at what is approved; without one only the rows are asked.
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        *,
        ids: Ids,
        now: Callable[[], datetime],
        moved: Callable[[JobId], None],
        changed: Callable[[], None],
        rechecking: Rechecking | None = None,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._ids = ids
        self._now = now
        self._moved = moved
        self._changed = changed
        self._rechecking = rechecking

    async def moderator_role(self, guild_id: GuildId) -> int | None:
        """The role that makes a moderator in a server, beside the permission to manage messages."""
        rules = await self._database.read(partial(gates.rules, guild_id=guild_id))
        return rules.moderator_role_id

    async def case(self, review_id: str, by: Moderator) -> Case:
        """What is to be decided, or was.

        Raises:
            NotYours: there is no such review in this server, or who asks is no moderator.
        """
        return await self._database.read(partial(deciding.case, review_id, by, self._now()))

    async def open_case(self, review_id: str, by: Moderator) -> Case:
        """The same, where it can still be decided by them.

        Raises:
            NotYours: as `deciding.open_case`.
        """
        return await self._database.read(partial(deciding.open_case, review_id, by, self._now()))

    async def told(self, job_id: JobId, by: Moderator) -> Review:
        """The decision on a job, for its member and for moderators.

        Raises:
            NotYours: as `deciding.told`.
        """
        return await self._database.read(partial(deciding.told, job_id, by))

    async def waiting(self, by: Moderator) -> list[Review]:
        """What waits in the moderator's server, the oldest first.

        Raises:
            NotYours: they are none.
        """
        deciding.check_moderates(by)
        return await self._database.read(partial(review_queue.waiting, guild_id=by.member.guild_id))

    async def approve(self, review_id: str, by: Moderator, *, spoiler: bool) -> Passed:
        """Let it pass, or be the first of the two who have to.

        Raises:
            NotYours: as `deciding.approve` and `Rechecking.look`.
        """
        if self._rechecking is not None:
            case = await self.open_case(review_id, by)
            await self._rechecking.look(case.review, case.job)
        approve = partial(deciding.approve, review_id, by, self._catalogue, self._now(), spoiler=spoiler)
        passed, touched = await self._database.write(approve)
        self._tell(touched)
        return passed

    async def deny(
        self, review_id: str, by: Moderator, reason: str, *, refund: bool, strike: bool = False
    ) -> Review:
        """Turn it down, with a reason for its member.

        Raises:
            NotYours: as `deciding.refuse`; or no reason is given.
        """
        decision = Decision.STRUCK if strike else Decision.DENIED
        return await self._refuse(review_id, by, decision, reason, refund=refund)

    async def ask_change(self, review_id: str, by: Moderator, reason: str) -> Review:
        """Turn it down as it is: its member gets the money back and may order it anew, changed.

        Raises:
            NotYours: as `deny`.
        """
        return await self._refuse(review_id, by, Decision.CHANGE, reason, refund=True)

    async def hand_over(self, review_id: str, by: Moderator, to: UserId | None) -> Review:
        """Name who looks at it; None names nobody.

        Raises:
            NotYours: as `deciding.hand_over`.
        """
        hand_over = partial(deciding.hand_over, review_id, by, to, self._now())
        review = await self._database.write(hand_over)
        self._changed()
        return review

    async def _refuse(
        self, review_id: str, by: Moderator, decision: Decision, reason: str, *, refund: bool
    ) -> Review:
        words = reason.strip()[:REASON_CHARS_MAX]
        if not words:
            raise NotYours(_("No reason was given, so nothing was decided."), _("Say one and send it again."))
        refuse = partial(
            deciding.refuse, review_id, by, decision, words, self._now(), refund=refund, ids=self._ids
        )
        review, touched = await self._database.write(refuse)
        self._tell(touched)
        return review

    def _tell(self, touched: Iterable[JobId]) -> None:
        for job_id in touched:
            self._moved(job_id)
        self._changed()
