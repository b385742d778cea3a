"""What the library's commands and buttons do. Who may see what is asked anew at every one of them."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import ui

from bot.catalogue import Catalogue
from bot.clips.family import Families, Family
from bot.clips.gallery import Galleries
from bot.clips.library import Aisle, Library, Page, Shelved, Wishes
from bot.clips.packing import Packed
from bot.delivery import Link
from bot.domain import InteractionId, JobId, JobState, Kind, MessageId, UserId
from bot.language import _
from bot.ordering.material import Shown
from bot.orders import Orders
from cogs import amounts
from cogs.answers import Interaction, acknowledge, acknowledge_press, answer, answer_whole, said
from cogs.cards import clip_alt, clip_file_name
from cogs.delivery import shown_url
from cogs.letting_in import let_in
from cogs.library_buttons import ShelfAct
from cogs.library_views import (
    FAMILY_FILE,
    Still,
    clip_view,
    page_view,
    sent_view,
    thumbnail_name,
    way_told,
)
from cogs.presses import member_of
from cogs.sight import MemberSight

log = logging.getLogger(__name__)

MESSAGE_WITHIN_S = 5.0
"""For so long a clip's message is waited for; its small picture does as well."""

EMOJIS_READ_MAX = 5
PEOPLE_READ_MAX = 200


class Shelves:
    """The library in Discord.

    Args:
        orders: says who may press. Whoever may not still finds their own clips with the commands, so that
            they can delete them.
    """

    def __init__(
        self,
        orders: Orders,
        library: Library,
        families: Families,
        galleries: Galleries,
        catalogue: Catalogue,
        *,
        play_money: bool,
    ) -> None:
        self._orders = orders
        self._library = library
        self._families = families
        self._galleries = galleries
        self._catalogue = catalogue
        self._play_money = play_money

    async def search(
        self,
        interaction: Interaction,
        aisle: Aisle,
        *,
        words: str = "",
        model: str | None = None,
        kind: Kind | None = None,
        member_id: UserId | None = None,
        month: date | None = None,
    ) -> None:
        """The first page of one of the aisles."""
        await acknowledge(interaction)
        if aisle is not Aisle.MINE:
            await let_in(self._orders, interaction)
        page = await self._library.search(
            aisle,
            MemberSight(interaction),
            by=member_of(interaction),
            words=words,
            model=model,
            kind=kind,
            member_id=member_id,
            month=month,
        )
        await self._show_page(interaction, page)

    async def turn(self, interaction: Interaction, search_id: str, number: int) -> None:
        """Next or Previous: in the place of the page that is there."""
        await acknowledge_press(interaction)
        await let_in(self._orders, interaction)
        page = await self._library.turn(
            search_id, number, MemberSight(interaction), by=member_of(interaction)
        )
        await self._show_page(interaction, page)

    async def press(self, interaction: Interaction, act: ShelfAct, job_id: JobId) -> None:
        """One of the buttons of a clip."""
        await acknowledge(interaction)
        await let_in(self._orders, interaction)
        match act:
            case ShelfAct.SHOW | ShelfAct.HUNG:
                await self._shown(interaction, job_id)
            case ShelfAct.HEART:
                shelved = await self._library.favourite(
                    job_id, MemberSight(interaction), by=member_of(interaction)
                )
                told = (
                    _("It is among your favourites now. /clips favourites shows them.")
                    if shelved.favourite
                    else _("It is no favourite of yours any more.")
                )
                await answer(interaction, said(told))
            case ShelfAct.GET:
                await self._send(interaction, job_id)

    async def show(self, interaction: Interaction, job_id: JobId) -> None:
        """One clip, with its family."""
        await acknowledge(interaction)
        await self._shown(interaction, job_id)

    async def _shown(self, interaction: Interaction, job_id: JobId) -> None:
        member = member_of(interaction)
        sight = MemberSight(interaction)
        shelved = await self._library.clip(job_id, sight, by=member)
        family = await self._families.of(shelved.job, sight, by=member)
        if not member_owns(shelved, member.user_id) or shelved.job.state is JobState.POSTED:
            await self._show(interaction, shelved, family)
            return

        async def show(packed: Packed | None) -> None:  # nobody else was shown it: it plays here
            way = way_told(packed, shelved.clip)
            if packed is None or packed.path is None:
                link = None if packed is None else packed.link
                await self._show(interaction, shelved, family, way=way, link=link)
            else:
                await self._show(interaction, shelved, family, way=way, path=packed.path)

        await self._library.bring(shelved, show)

    async def choices(self, interaction: Interaction, typed: str, *, limit: int) -> Sequence[Shown]:
        """The clips that can be chosen by what was typed, the newest first."""
        sight = MemberSight(interaction, fetches=False)
        return await self._library.choices(typed, sight, by=member_of(interaction), limit=limit)

    async def models(self, interaction: Interaction) -> list[tuple[str, str]]:
        """The models of the clips here: id and name."""
        ids = await self._library.models(member_of(interaction))
        return [(one, self._catalogue.describe(one).name) for one in ids]

    async def notify(self, interaction: Interaction, *, direct: bool | None, mention: bool | None) -> None:
        """What a member is told, and how."""
        await acknowledge(interaction)
        user_id = member_of(interaction).user_id
        wished = await self._library.wishes(user_id)
        if direct is not None or mention is not None:
            wished = await self._library.wishes(
                user_id,
                Wishes(
                    direct_messages=wished.direct_messages if direct is None else direct,
                    mentions=wished.mentions if mention is None else mention,
                ),
            )
        lines = [
            _(
                "This bot writes to you directly when a private clip is ready, no channel takes a clip, or "
                "an order fails where no card can say so."
            )
            if wished.direct_messages
            else _("This bot never writes to you directly."),
            _("It mentions you when a clip of yours is posted.")
            if wished.mentions
            else _("It never mentions you."),
        ]
        await answer(interaction, said("\n".join(lines)))

    async def _show_page(self, interaction: Interaction, page: Page) -> None:
        players = await asyncio.gather(*(self._player(interaction, one) for one in page.shelved))
        stills, files = {}, []
        for one, player in zip(page.shelved, players, strict=True):
            still, file = await self._still(one, player)
            stills[one.job.id] = still
            files += [file] if file is not None else []
        models = {one.job.order.model for one in page.shelved}
        described = {model: self._catalogue.describe(model) for model in models}
        await answer(interaction, page_view(page, stills, described), files=files)

    async def _show(
        self,
        interaction: Interaction,
        shelved: Shelved,
        family: Family,
        *,
        way: Sequence[ui.Item[Any]] = (),
        path: Path | None = None,
        link: Link | None = None,
    ) -> None:
        job = shelved.job
        model = self._catalogue.describe(job.order.model)
        files: list[discord.File] = []
        if path is not None:
            still = Still(attached=clip_file_name(job.id))
            files.append(await _opened(path, clip_file_name(job.id), clip_alt(job, model.label)))
            await self._library.sent_alone(job.id, InteractionId(interaction.id), interaction.token)
        else:
            still, file = await self._still(shelved, await self._player(interaction, shelved))
            files += [file] if file is not None else []
        if len(family.relatives) > 1:
            picture = await self._families.picture(family)
            files.append(discord.File(io.BytesIO(picture), FAMILY_FILE))
        view = clip_view(
            shelved,
            still,
            model,
            family,
            price=amounts.price(job.quote, job.order, play_money=self._play_money),
            own=job.order.member == member_of(interaction),
            can_extend=self._can_extend(),
            way=way,
            link=link,
        )
        await (answer if path is None else answer_whole)(interaction, view, files=files)

    async def _send(self, interaction: Interaction, job_id: JobId) -> None:
        """A clip once more from its file. An edit of one answer: however often it is tried, it is one."""
        shelved = await self._library.clip(job_id, MemberSight(interaction), by=member_of(interaction))
        job = shelved.job
        label = self._catalogue.describe(job.order.model).label

        async def send(packed: Packed | None) -> None:
            files = []
            if packed is not None and packed.path is not None:
                files.append(await _opened(packed.path, clip_file_name(job.id), clip_alt(job, label)))
                await self._library.sent_alone(job.id, InteractionId(interaction.id), interaction.token)
            await answer_whole(interaction, sent_view(shelved, label, packed), files=files)

        await self._library.bring(shelved, send)

    async def _still(self, one: Shelved, player: str | None) -> tuple[Still, discord.File | None]:
        """What is seen of a clip, and the file that has to be sent for it."""
        if player is not None:
            return Still(player=player), None
        path = await self._library.thumbnail(one.clip)
        if path is None:
            return Still(), None
        name = thumbnail_name(one.job.id)
        label = self._catalogue.describe(one.job.order.model).label
        return Still(attached=name), await _opened(path, name, clip_alt(one.job, label))

    async def _player(self, interaction: Interaction, one: Shelved) -> str | None:
        """The fresh address of a clip's attachment: those of Discord are dead after a day.

        The message says who likes it, too: what we have missed of that is counted now.
        """
        job = one.job
        if job.state is not JobState.POSTED or job.clip_message_id is None or job.clip_channel_id is None:
            return None
        channel = interaction.client.get_partial_messageable(job.clip_channel_id)
        try:
            async with asyncio.timeout(MESSAGE_WITHIN_S):
                message = await channel.fetch_message(job.clip_message_id)
                counts = {emoji_key(each.emoji): each.count for each in message.reactions}
                await self._galleries.recount(
                    job.id, MessageId(message.id), counts, _people(message.reactions)
                )
        except (
            discord.HTTPException,
            discord.RateLimited,
            aiohttp.ClientError,
            OSError,
            TimeoutError,
        ) as fault:
            log.info("no player: %s", fault, extra={"job": job.id, "code": "no_player"})
            return None
        return shown_url(message)

    def _can_extend(self) -> bool:
        return bool(self._catalogue.models(Kind.EXTEND))


def member_owns(shelved: Shelved, user_id: UserId) -> bool:
    """Whether somebody ordered a clip."""
    return shelved.job.order.member.user_id == user_id


def emoji_key(emoji: discord.PartialEmoji | discord.Emoji | str) -> str:
    """What an emoji is counted by: a server's own by its id, since it can be renamed."""
    if isinstance(emoji, str):
        return emoji[:64]
    return str(emoji.id or emoji.name)[:64]


def _people(
    reactions: Sequence[discord.Reaction],
) -> Callable[[], Awaitable[Iterable[tuple[UserId, str]]]]:
    """Reads who has reacted, robots apart; the commonest emojis first, as far as is bearable."""

    async def read() -> list[tuple[UserId, str]]:
        found: list[tuple[UserId, str]] = []
        for reaction in sorted(reactions, key=lambda one: -one.count)[:EMOJIS_READ_MAX]:
            people = reaction.users(limit=PEOPLE_READ_MAX)
            key = emoji_key(reaction.emoji)
            found += [(UserId(user.id), key) async for user in people if not user.bot]
        return found

    return read


async def _opened(path: Path, name: str, alt: str) -> discord.File:
    return await asyncio.to_thread(discord.File, path, name, description=alt)
