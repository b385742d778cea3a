"""Moderators: what they decide, and what may be made and seen by it."""

from functools import partial

from bot.domain import JobId, Member, UserId
from bot.moderation.deciding import Moderator
from bot.moderation.gates import Gate
from tests.simulation.faults import GATED
from tests.simulation.process import Process
from tests.simulation.scene import GUILD
from tests.simulation.world import World

ANSWERS = ("approve", "approve", "approve", "deny", "refund", "change", "leave")


class Moderation:
    """What moderators have said, and the truth of what may be made and seen by it.

    Whoever looks at it takes the press for the deed: what they let pass may be shown from then on.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._may_be_made: set[JobId] = set()
        self._may_be_seen: set[JobId] = set()
        self._left: set[str] = set()
        self._rows: dict[JobId, tuple[int, JobId]] = {}
        world.passed = self._is_passed
        world.may_be_made = self._is_wanted

    def decide(self, number: int) -> None:
        """Somebody decides about the review of this number; may leave it for good."""
        opened = self._world.connection.execute(
            "SELECT id, job_id, gate FROM reviews WHERE decision IS NULL ORDER BY asked_at, id"
        ).fetchall()
        opened = [row for row in opened if row[0] not in self._left]
        if not opened:
            return
        review_id, job_id, gate = opened[number % len(opened)]
        answer = ANSWERS[number % len(ANSWERS)]
        if answer == "leave":
            self._left.add(review_id)
        else:
            if answer == "approve":
                passed = self._may_be_made if gate == Gate.RENDERING else self._may_be_seen
                passed.add(JobId(job_id))
            self._world.press(partial(_decided, review_id, answer))

    def _row(self, job_id: JobId) -> tuple[int, JobId]:
        """Where a job was ordered, and its order, which never change."""
        found = self._rows.get(job_id)
        if found is None:
            row = self._world.connection.execute(
                "SELECT channel_id, order_id FROM jobs WHERE id = ?", (job_id,)
            ).fetchone()
            found = self._rows[job_id] = row[0], row[1]
        return found

    def _is_wanted(self, job_id: JobId) -> bool:
        channel_id, order_id = self._row(job_id)
        return channel_id != GATED or order_id in self._may_be_made

    def _is_passed(self, job_id: JobId) -> bool:
        return self._row(job_id)[0] != GATED or job_id in self._may_be_seen


async def _decided(review_id: str, answer: str, process: Process) -> None:
    by = Moderator(member=Member(guild_id=GUILD, user_id=UserId(2_000)), is_moderator=True)
    match answer:
        case "approve":
            await process.reviews.approve(review_id, by, spoiler=False)
        case "change":
            await process.reviews.ask_change(review_id, by, "another one")
        case _:
            await process.reviews.deny(review_id, by, "not here", refund=answer == "refund")
