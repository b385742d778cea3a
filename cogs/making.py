"""What commands, menus, buttons and forms that start from a picture or a clip do.

Person and place are checked here, at every one of them. A form is the first answer to what opens it; before
everything else stands the acknowledgement.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import discord

from bot.catalogue import Catalogue
from bot.domain import ChannelId, Job, JobId, Kind
from bot.errors import NotYours, OrderRefused
from bot.language import _
from bot.ordering import repeats
from bot.ordering.asked import Asked
from bot.ordering.attachments import Attachments
from bot.ordering.framing import Framing
from bot.ordering.material import Material, Shown
from bot.orders import Orders
from cogs.answers import Interaction, acknowledge, answer, mark_ordering
from cogs.asking import asked_by
from cogs.cards import UNSEEN
from cogs.forms import Purpose, filled, form, show
from cogs.letting_in import let_in
from cogs.making_buttons import Action, MakingButton
from cogs.marks import Mark
from cogs.ordering import Ordering
from cogs.posting_place import check_place
from cogs.presses import member_of
from cogs.sight import MemberSight, sees_clip
from cogs.take_choice import TakeChoice

_PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".heic", ".heif")


class Making:
    """The one way from Discord to orders that have a source."""

    def __init__(
        self,
        orders: Orders,
        ordering: Ordering,
        material: Material,
        attachments: Attachments,
        catalogue: Catalogue,
    ) -> None:
        self._orders = orders
        self._ordering = ordering
        self._material = material
        self._attachments = attachments
        self._catalogue = catalogue
        self._choice = TakeChoice(orders, material)

    async def animate(self, interaction: Interaction, image: object, prompt: str, **options: Any) -> None:
        """`/animate`: with a picture that was attached to it."""
        await acknowledge(interaction)
        if not isinstance(image, discord.Attachment):
            raise OrderRefused(_("No picture came with the command."), _("Attach one to it and order again."))
        await self._animate(interaction, image.url, prompt, **options)

    async def go_on(
        self, interaction: Interaction, kind: Kind, clip: str, prompt: str, **options: Any
    ) -> None:
        """`/remix`, and `/extend` (or its last frame animated): from a clip that was chosen by its id."""
        await acknowledge(interaction)
        await self._order(interaction, asked_by(interaction, prompt, kind=kind, clip=clip, **options))

    async def animate_menu(self, interaction: Interaction, message: discord.Message) -> None:
        """Apps > Animate this picture: asks which when there are several, and for the prompt."""
        await let_in(self._orders, interaction)
        member = member_of(interaction)
        check_place(interaction)
        pictures = [one for one in pictures_of(message) if self._attachments.is_one(one)]
        if not pictures:
            raise OrderRefused(
                _("This message has no picture that was uploaded to Discord."),
                _("Choose a message with one; a clip of this bot has a button for its last frame."),
            )
        names = [urlsplit(one).path.rpartition("/")[2] for one in pictures]
        form_id = await self._material.open_form(member, pictures)
        models = self._catalogue.models(Kind.ANIMATE)
        await show(interaction, form(Purpose.PICTURE, form_id, models=models, pictures=names))

    async def remix_menu(self, interaction: Interaction, mark: Mark | None) -> None:
        """Apps > Remix this clip; `mark` is what the message's own buttons say.

        On the card of several takes it asks which one.
        """
        if mark is None:
            raise NotYours(
                _("This message shows no clip of this bot."), _("Choose one that does, or use /remix.")
            )
        job_id: JobId | None = mark.job_id
        if mark.is_card:
            await let_in(self._orders, interaction)
            job_id = await self._which(interaction, mark.job_id, Action.REMIX)
        if job_id is not None:
            await self.press(interaction, Action.REMIX, job_id)

    async def press(self, interaction: Interaction, action: Action, job_id: JobId) -> None:
        """One of our buttons under a clip or on a card."""
        match action:
            case Action.REMIX:
                await self._open(interaction, Purpose.REMIX, job_id)
            case Action.EXTEND:
                await self._open(interaction, Purpose.EXTEND, job_id)
            case Action.FRAME:
                await self._open(interaction, Purpose.FRAME, job_id)
            case Action.CHANGE:
                await self._open_change(interaction, job_id)
            case Action.FINALS:
                await acknowledge(interaction)
                await let_in(self._orders, interaction)
                take = await self._which(interaction, job_id, Action.FINAL)
                if take is not None:
                    await self._repeat(interaction, Action.FINAL, take)
            case Action.AGAIN | Action.FINAL:
                await acknowledge(interaction)
                await let_in(self._orders, interaction)
                await self._repeat(interaction, action, job_id)

    async def submitted(self, interaction: Interaction) -> None:
        """A form was sent in."""
        await acknowledge(interaction)
        sent = filled(interaction)
        if sent.purpose is Purpose.PICTURE:
            address = await self._material.of_form(sent.about, member_of(interaction), sent.picture)
            await self._animate(
                interaction,
                address,
                sent.prompt,
                model=sent.model,
                framing=sent.framing,
                people=sent.people,
                preset=None,
            )
            return
        if sent.purpose is Purpose.CHANGE:
            await self._order(interaction, await self._changed(interaction, JobId(sent.about), sent.prompt))
            return
        kinds = {Purpose.REMIX: Kind.REMIX, Purpose.EXTEND: Kind.EXTEND, Purpose.FRAME: Kind.ANIMATE}
        asked = asked_by(
            interaction,
            sent.prompt,
            kind=kinds[sent.purpose],
            clip=sent.about,
            model=sent.model,
            preset=None,
        )
        await self._order(interaction, asked)

    async def choices(self, interaction: Interaction, typed: str, *, limit: int) -> Sequence[Shown]:
        """The clips that can be chosen here, the newest first."""
        return await self._material.choices(
            typed,
            member=member_of(interaction),
            channel_id=ChannelId(interaction.channel_id or 0),
            limit=limit,
        )

    async def _animate(
        self,
        interaction: Interaction,
        address: str,
        prompt: str,
        *,
        framing: Framing = Framing.CROP,
        **options: Any,
    ) -> None:
        member = member_of(interaction)
        check_place(interaction)
        picture = await self._material.keep(self._attachments.read(address), member)
        asked = asked_by(interaction, prompt, kind=Kind.ANIMATE, picture=picture, framing=framing, **options)
        await self._order(interaction, asked)

    async def _open(self, interaction: Interaction, purpose: Purpose, job_id: JobId) -> None:
        """The form of a button. What it says comes from short reads, which fit into the three seconds."""
        await let_in(self._orders, interaction)
        footage = await self._material.footage(
            job_id, seen_by=member_of(interaction), seen_in=await self._seen_in(interaction, job_id)
        )
        check_place(interaction)
        prompt = footage.job.order.prompt if purpose is Purpose.REMIX else ""
        models = self._catalogue.models(Kind.ANIMATE) if purpose is Purpose.FRAME else ()
        await show(interaction, form(purpose, job_id, prompt=prompt, models=models))

    async def _open_change(self, interaction: Interaction, job_id: JobId) -> None:
        """The form of an order of which a moderator wants a change, as it was filled in."""
        await let_in(self._orders, interaction)
        job = await self._own(interaction, job_id)
        check_place(interaction)
        await show(interaction, form(Purpose.CHANGE, job_id, prompt=job.order.prompt))

    async def _changed(self, interaction: Interaction, job_id: JobId, prompt: str) -> Asked:
        """The same order with other words, which is shown with its price first."""
        job = await self._own(interaction, job_id)
        press = asked_by(interaction, prompt)
        return repeats.reworded(repeats.again(job, await self._orders.typed_for(job), press), press)

    async def _own(self, interaction: Interaction, job_id: JobId) -> Job:
        member = member_of(interaction)
        job = await self._orders.job(job_id, seen_in=member.guild_id)
        if job.order.member != member:
            raise NotYours(_("This order is somebody else's."), _("Order your own with /generate."))
        return job

    async def _repeat(self, interaction: Interaction, action: Action, job_id: JobId) -> None:
        job = await self._orders.job(job_id, seen_in=member_of(interaction).guild_id)
        order = job.order
        here = interaction.channel_id == order.channel_id and not order.private
        if not here and not await sees_clip(interaction, job):
            raise NotYours(_("This order is not known here."), _("Order again with /generate."))
        if await self._material.clip_state(job.id) in UNSEEN:
            raise NotYours(_("This clip was reported or taken down."), _("Order something else."))
        options = await self._orders.typed_for(job)
        press = asked_by(interaction, order.prompt)
        if action is Action.FINAL:
            asked = repeats.final(job, options, press, self._catalogue)
        else:
            asked = repeats.again(job, options, press)
        await self._order(interaction, asked)

    async def _which(self, interaction: Interaction, job_id: JobId, action: Action) -> JobId | None:
        """The take that is meant; None where that is asked."""
        return await self._choice.one(
            interaction, job_id, lambda take, label: MakingButton(action, take, label=label)
        )

    async def _seen_in(self, interaction: Interaction, clip_id: str) -> ChannelId:
        """The channel that shows the presser a clip: its own wherever they can read that, else this one."""
        place = await self._material.shown_in(clip_id)
        if place is not None and await MemberSight(interaction).sees(place):
            return place
        return ChannelId(interaction.channel_id or 0)

    async def _order(self, interaction: Interaction, asked: Asked) -> None:
        mark_ordering(interaction)
        check_place(interaction)
        if asked.clip is not None:
            asked = replace(asked, seen_in=await self._seen_in(interaction, asked.clip))
        await answer(interaction, await self._ordering.ask(asked, at=interaction.created_at))


def pictures_of(message: discord.Message) -> list[str]:
    """The addresses of a message's pictures: attached, in a gallery, or forwarded with it."""
    found = [one.url for one in message.attachments if _is_picture(one.filename, one.content_type)]
    for snapshot in message.message_snapshots:
        found += [one.url for one in snapshot.attachments if _is_picture(one.filename, one.content_type)]
    found += [media.url for media in _media(message.components) if _is_picture(media.url, media.content_type)]
    return list(dict.fromkeys(found))


def _media(components: Sequence[Any]) -> Iterator[discord.UnfurledMediaItem]:
    for component in components:
        if isinstance(component, discord.MediaGalleryComponent):
            yield from (item.media for item in component.items)
        yield from _media(getattr(component, "children", ()))


def _is_picture(name: str, content_type: str | None) -> bool:
    """What is offered as one. Whether it is one, its bytes will say."""
    if content_type is not None:
        return content_type.startswith("image/")
    return urlsplit(name).path.lower().endswith(_PICTURE_ENDINGS)
