"""What a press on one of our buttons does. Person and place are checked here, at every press."""

from collections.abc import Sequence

from discord import ui

from bot.catalogue import Catalogue
from bot.delivery import Take
from bot.domain import NO_CHANNEL, ClipState, Job, JobId, JobState, Member, UserId
from bot.errors import NotYours
from bot.language import _
from bot.money import format_usd
from bot.ordering.material import Material
from bot.ordering.presets import Presets
from bot.orders import Cancelled, Orders
from cogs import sentences
from cogs.answers import Interaction, acknowledge, acknowledge_press, answer, mark_ordering, said
from cogs.cards import STANDS, UNSEEN
from cogs.details import details_view
from cogs.letting_in import let_in
from cogs.ordering import Ordering
from cogs.sight import sees_clip
from cogs.whereabouts import member_of, roles_of, timed_out_until

__all__ = ("Presses", "member_of")


class Presses:
    """The buttons of cards, clips and quotes."""

    def __init__(
        self,
        orders: Orders,
        ordering: Ordering,
        material: Material,
        presets: Presets,
        catalogue: Catalogue,
        *,
        play_money: bool,
    ) -> None:
        self._orders = orders
        self._material = material
        self._characters = material.characters
        self._presets = presets
        self._ordering = ordering
        self._catalogue = catalogue
        self._play_money = play_money

    async def cancel(self, interaction: Interaction, job_id: JobId) -> None:
        """Cancel: for the member who ordered, and for those who may manage messages here."""
        await acknowledge(interaction)
        await self._job_here(interaction, job_id)
        takes = await self._orders.cancel_order(
            job_id, by=member_of(interaction), moderator=interaction.permissions.manage_messages
        )
        if len(takes) == 1:
            await answer(interaction, said(self._cancelled(*takes[0])))
            return
        told: dict[str, list[str]] = {}  # what is true of several takes is said once
        for job, outcome in takes:
            told.setdefault(self._cancelled(job, outcome), []).append(str(job.take))
        lines = [sentences.of_takes(numbers, sentence) for sentence, numbers in told.items()]
        await answer(interaction, said("\n".join(lines)))

    async def details(self, interaction: Interaction, job_id: JobId, *, whole_order: bool) -> None:
        """Details of a clip, or of all takes of an order, from its card.

        For everybody who sees the message, or the clip from elsewhere with `/clips`.
        """
        await acknowledge(interaction)
        direct = await self._material.sent_directly(
            job_id, to=UserId(interaction.user.id), channel_id=interaction.channel_id
        )
        if direct is not None:
            reader = direct.order.member
            await self._orders.check_person(reader, timed_out_until=timed_out_until(interaction))
            await self._answer_details(interaction, [await self._take(direct)], reader, is_here=False)
            return
        await let_in(self._orders, interaction)
        member = member_of(interaction)
        job = await self._orders.job(job_id, seen_in=member.guild_id)
        if whole_order or not await sees_clip(interaction, job):
            job = await self._job_here(interaction, job_id)
        takes = await self._takes(job) if whole_order else [await self._take(job)]
        is_own = job.order.member == member
        if job.order.private and not is_own and not any(_is_posted(take) for take in takes):
            raise NotYours(_("This order is private."), _("Only its member sees what it is."))
        await self._answer_details(interaction, takes, member)

    async def _answer_details(
        self, interaction: Interaction, takes: Sequence[Take], reader: Member, *, is_here: bool = True
    ) -> None:
        """Answer one who may; `is_here` is whether it is in the server of the order."""
        job = takes[0].job
        is_unseen = any(take.clip_state in UNSEEN for take in takes)
        is_own = job.order.member == reader
        if is_unseen and not is_own and not interaction.permissions.manage_messages:
            raise NotYours(
                _("This clip was reported or taken down."),
                _("Only its member and moderators see what it was."),
            )
        typed = await self._orders.typed_for(job) or {}
        view, files = details_view(
            takes,
            self._catalogue.describe(job.order.model),
            play_money=self._play_money,
            typed=typed,
            cast=await self._cast(typed.get("characters") or (), reader),
            source=await self._source(interaction, job) if is_here else None,
            has_default_preset=await self._presets.has_default(job.order.member.guild_id),
            shared=await self._characters.is_shared(typed.get("character")),
            is_here=is_here,
        )
        await answer(interaction, view, files=files)

    async def _takes(self, job: Job) -> Sequence[Take]:
        states = await self._material.clip_states(job.order_id)
        return [
            Take(job=one, clip_state=states.get(one.id, ClipState.SHOWN))
            for one in await self._orders.takes(job)
        ]

    async def _take(self, job: Job) -> Take:
        return Take(job=job, clip_state=await self._material.clip_state(job.id))

    async def _source(self, interaction: Interaction, job: Job) -> Job | None:
        """The job that one was made from, where the presser sees its clip, which still is to be seen."""
        if job.order.source_job_id is None:
            return None
        try:
            source = await self._orders.job(job.order.source_job_id, seen_in=member_of(interaction).guild_id)
        except NotYours:  # forgotten since
            return None
        stands = await self._material.clip_state(source.id) in STANDS
        return source if stands and await sees_clip(interaction, source) else None

    async def _cast(self, ids: Sequence[str], reader: Member) -> list[str]:
        """Who is in an order, by the names of those with whom its reader may order too."""
        if not ids:
            return []
        known = {one.id: one.name for one in await self._characters.usable_by(reader)}
        return [known.get(one, _("somebody with whom you cannot order")) for one in dict.fromkeys(ids)]

    async def accept(self, interaction: Interaction, quote_id: str) -> None:
        """Yes to a quote."""
        await acknowledge_press(interaction)
        await let_in(self._orders, interaction)
        mark_ordering(interaction)
        await answer(interaction, await self._accepted(interaction, quote_id))

    async def _accepted(self, interaction: Interaction, quote_id: str) -> ui.LayoutView:
        return await self._ordering.accept(quote_id, member_of(interaction), role_ids=roles_of(interaction))

    async def decline(self, interaction: Interaction, quote_id: str) -> None:
        """No to a quote."""
        await acknowledge_press(interaction)
        await answer(interaction, await self._ordering.decline(quote_id, member_of(interaction).user_id))

    async def _job_here(self, interaction: Interaction, job_id: JobId) -> Job:
        """The job, if the pressed message can be its card or its clip."""
        job = await self._orders.job(job_id, seen_in=member_of(interaction).guild_id)
        if job.order.channel_id == NO_CHANNEL and job.order.member == member_of(interaction):
            return job
        if interaction.channel_id not in {job.order.channel_id, job.clip_channel_id}:
            raise NotYours(_("This order is not known here."), _("Order again with /generate."))
        return job

    def _cancelled(self, job: Job, outcome: Cancelled) -> str:
        match outcome:
            case Cancelled.DONE if job.charged_micros:
                return _("Cancelled. The provider billed {money} of it all the same.").format(
                    money=format_usd(job.charged_micros)
                )
            case Cancelled.DONE:
                return _("Cancelled. Nothing was charged.")
            case Cancelled.ASKED if job.state is JobState.RUNNING and not self._catalogue.can_cancel(
                job.quote.offer_id
            ):
                return _(
                    "This provider cannot stop it: it is paid for already, and the clip will be posted. "
                    "Nothing more is charged."
                )
            case Cancelled.ASKED:
                return _(
                    "Asked for. It ends when the provider says so; the card shows what becomes of it. "
                    "If it can no longer be stopped, the clip is posted at the price you know."
                )
            case Cancelled.WITHDRAWN:
                return _("Taken back: nobody sees the clip. It was made before, so it stays paid.")
            case Cancelled.TOO_LATE:
                return _("Too late: it has ended already, or its clip is made. Nothing more is charged.")


def _is_posted(take: Take) -> bool:
    return take.job.state is JobState.POSTED
