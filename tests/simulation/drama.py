"""A plan as it is played: what people do and what befalls them, then nothing more, until all has ended."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

from bot.domain import ChannelId, JobId, Member, UserId
from bot.operating.control import SettleJob
from bot.ordering.asked import Asked
from storage import verdicts
from storage.verdicts import Verdict
from tests.simulation.faults import GATED, MEMBERS, Event, Kind, Plan
from tests.simulation.gateway import PRESSES, Gateway
from tests.simulation.moderators import Moderation
from tests.simulation.process import Process
from tests.simulation.providers import Books, Made
from tests.simulation.scene import GUILD, NO_END, Scene
from tests.simulation.weather import Weather
from tests.simulation.world import World

CRASH_WITHIN_S = 5.0
"""A process that has nothing to do dies all the same."""

QUIET_S = 30.0
ENDS_WITHIN_S = 6 * 86_400.0
"""After the last fault: the longest chain of waits that the program allows itself is below this."""


def world_of(scene: Scene, plan: Plan) -> World:
    """The world of a plan, at its beginning."""
    return World(
        scene,
        lambda world: Weather(plan, die=world.die, agenda=world.agenda, time=world.time),
        seed=plan.seed,
        with_surge=plan.with_surge,
        staged=plan.seed % 10 != 0 and all(event.kind is not Kind.FULL for event in plan.events),
    )


class Drama:
    """Plays a plan in its world."""

    def __init__(self, world: World, plan: Plan) -> None:
        self.world = world
        self.plan = plan
        self._hooks: dict[str, tuple[float, str]] = {}
        self._gateway = Gateway(world.agenda, world.time, self._happen)
        world.promised = self._promised
        self._moderation = Moderation(world)
        self._is_moderated = any(
            event.kind is Kind.ORDER and event.what == str(GATED) for event in plan.events
        )

    def run(self) -> None:
        """All that the plan says, then until everything that can end has ended."""
        world = self.world
        for event in self.plan.events:
            if event.kind is Kind.WEBHOOKS:
                self._hooks[event.where] = (event.at_s, event.what)
            elif event.kind not in (Kind.CALL, Kind.FATE):
                world.agenda.at(event.at_s, partial(self._happen, event))
        world.start()
        last_s = max((event.at_s + event.lasts_s for event in self.plan.events), default=0.0)
        world.pass_until(last_s + QUIET_S)
        self._heal()
        wait_s, until_s = QUIET_S, world.time() + ENDS_WITHIN_S
        while not world.is_at_rest() and world.time() < until_s:
            world.pass_until(world.time() + wait_s)
            wait_s = min(wait_s * 2, 3_600.0)
            self._operate()

    def _happen(self, event: Event) -> None:
        world = self.world
        if event.kind in PRESSES and not self._gateway.brings(event):
            return
        match event.kind:
            case Kind.ORDER:
                world.press(partial(self._order, event))
            case Kind.CANCEL:
                self._of_a_job(event.number, _cancel)
            case Kind.DELETE:
                self._of_a_job(event.number, _delete)
            case Kind.CRASH:
                self._crash(event)
            case Kind.STOP:
                world.press(partial(Process.stop, died=partial(self._stopped, event.lasts_s)))
            case Kind.CLOCK:
                world.set_clock(timedelta(seconds=event.number))
                if event.lasts_s:
                    back = partial(world.set_clock, -timedelta(seconds=event.number))
                    world.agenda.at(world.time() + event.lasts_s, back)
            case Kind.FULL:
                (pages,) = world.connection.execute("PRAGMA page_count").fetchone()
                self._may_grow_to(pages)
                world.agenda.at(world.time() + event.lasts_s, partial(self._may_grow_to, NO_END))
            case Kind.CLOSED | Kind.UNREAD:
                channels = world.discord.closed if event.kind is Kind.CLOSED else world.discord.unread
                channel_id = ChannelId(int(event.where))
                channels.add(channel_id)
                world.agenda.at(world.time() + event.lasts_s, partial(channels.discard, channel_id))
            case Kind.GONE:
                world.discord.remove_channel(ChannelId(int(event.where)))
            case Kind.DELETED:
                if every := list(world.discord.messages):
                    world.discord.delete(every[event.number % len(every)])
            case Kind.LEFT:
                world.discord.departed.add(UserId(MEMBERS[event.number % len(MEMBERS)]))
            case Kind.DECISION:
                self._moderation.decide(event.number)
            case Kind.GATEWAY:
                self._gateway.drop(event)
            case Kind.CALL | Kind.FATE | Kind.WEBHOOKS:
                return

    # People

    async def _order(self, event: Event, process: Process) -> None:
        asked = Asked(
            guild_id=GUILD,
            user_id=int(event.call),
            channel_id=int(event.what),
            interaction_id=self._press_of(event),
            prompt=f"order of {event.at_s:.4f}",
            model=event.where,
            takes=event.number,
        )
        placed = await process.orders.order(asked, await process.orders.propose(asked))
        self.world.acknowledged[placed.id] = event.number

    def _press_of(self, event: Event) -> int:
        """The interaction's id: the same event twice is the same press."""
        return 1 + self.plan.events.index(event)

    def _of_a_job(
        self, number: int, act: Callable[[JobId, Member, Process], Coroutine[Any, Any, object]]
    ) -> None:
        """A member's press on one of the jobs there are."""
        every = self.world.connection.execute("SELECT id, user_id FROM jobs ORDER BY rowid").fetchall()
        if every:
            job_id, user_id = every[number % len(every)]
            self.world.press(partial(act, JobId(job_id), Member(guild_id=GUILD, user_id=UserId(user_id))))

    def _operate(self) -> None:
        """What a person does who looks after the installation now and then."""
        world = self.world
        for case in verdicts.uncertain(world.connection):
            if (world.now() - case.since).total_seconds() > self.plan.patience_s:
                settled = judged(world, case.job_id, has_ticket=case.has_ticket)
                world.press(partial(Process.settle, case=settled))
        if self._is_moderated:
            self._moderation.decide(int(world.time()) % 7)
        if self.plan.with_surge:
            world.press(Process.resume)

    # Processes and disks

    def _crash(self, event: Event) -> None:
        """After so many steps of the process, and soon in any case."""
        world, process = self.world, self.world.process
        if process is None:
            return
        process.loop.cut_at_step = process.loop.steps + event.number
        soon_s = world.time() + CRASH_WITHIN_S
        world.agenda.at(soon_s, lambda: world.die() if world.process is process else None)
        world.agenda.at(soon_s + event.lasts_s, world.start)

    def _stopped(self, down_s: float) -> None:
        self.world.die()
        self.world.agenda.at(self.world.time() + down_s, self.world.start)

    def _may_grow_to(self, pages: int) -> None:
        self.world.connection.execute(f"PRAGMA max_page_count = {pages}")

    def _heal(self) -> None:
        if any(event.kind is Kind.FULL for event in self.plan.events):
            self._may_grow_to(NO_END)
        self.world.discord.closed.clear()
        self.world.discord.unread.clear()
        self.world.start()

    # Webhooks

    def _promised(self, books: Books, made: Made) -> None:
        """A provider has taken a job: when it ends, it tells us, if it does that here."""
        since_s, how = self._hooks.get(books.name, (float("inf"), ""))
        if made.created_s < since_s:
            return
        match how:
            case "once":
                times = [made.ready_s + 0.1]
            case "twice":
                times = [made.ready_s + 0.1, made.ready_s + 0.2]
            case "late":
                times = [made.ready_s + 300.0]
            case _:
                times = [made.created_s + 0.001, made.ready_s + 0.1]
        for at_s in times:
            self.world.agenda.at(at_s, partial(self._call_back, books.name, made, 3))

    def _call_back(self, name: str, made: Made, tries: int) -> None:
        """Sent again, some times, where nobody answered."""
        if not self.world.called_back(name, made) and tries:
            again = partial(self._call_back, name, made, tries - 1)
            self.world.agenda.at(self.world.time() + 60.0, again)


def judged(world: World, job_id: JobId, *, has_ticket: bool) -> SettleJob:
    """The truth about an uncertain job, as the provider's support finds it in the books."""
    made = [made for books in world.books.values() for made in books.of_job(job_id)]
    if made:
        ticket = None if has_ticket else made[-1].id
        verdict = Verdict.FOUND
    else:
        ticket, verdict = None, Verdict.LOST if has_ticket else Verdict.ABSENT
    return SettleJob(job_id=job_id, verdict=verdict, ticket=ticket, by="operator", why="looked")


async def _cancel(job_id: JobId, member: Member, process: Process) -> None:
    await process.orders.cancel_order(job_id, by=member, moderator=False)


async def _delete(job_id: JobId, member: Member, process: Process) -> None:
    await process.removals.ask(job_id, by=member, whole_order=False)
