"""The signed-in bot: what it asks of Discord, which commands and buttons it has, and where Discord is."""

import asyncio
import math
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NoReturn, Protocol

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import language
from bot.budgets import Budgets
from bot.catalogue import Catalogue
from bot.domain import ChannelId, Micros
from bot.errors import DeliveryRefused, DeliveryUnavailable, NotYours, SettingsError
from bot.language import _
from bot.operating.identifies import Identifies
from bot.ordering.attachments import Attachments
from bot.ordering.material import Material
from bot.ordering.presets import Presets
from bot.ordering.sheets import Sheets
from bot.orders import Orders
from cogs import (
    advising,
    budget_forms,
    clip_presses,
    desk,
    forms,
    review_presses,
    setup_view,
    storyboard_form,
    unsettled,
)
from cogs.advising import Advising
from cogs.animate import animate, animate_this
from cogs.answers import Interaction, answered, tell
from cogs.buttons import DYNAMIC_ITEMS, is_ours
from cogs.character import character_choices
from cogs.clip_presses import ClipPresses
from cogs.create import generate
from cogs.desk import Desk
from cogs.extend import extend
from cogs.help import help_
from cogs.making import Making
from cogs.managing import Managing
from cogs.ordering import Ordering
from cogs.preset_commands import preset
from cogs.preset_option import preset_choices
from cogs.presses import Presses
from cogs.privacy import Privacy
from cogs.reactions import Reactions
from cogs.refitting import Refitting
from cogs.remix import remix, remix_this
from cogs.report_menu import report_this
from cogs.review_presses import ReviewPresses
from cogs.sent import sent_id
from cogs.setup import SettingUp
from cogs.shelves import Shelves
from cogs.storyboard import Storyboards, storyboard
from cogs.tree import Tree
from cogs.unsettled import Settling
from cogs.wording import Wording

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    attach_files=True,  # the clip
    read_message_history=True,  # to reply to the card, and to find a post whose answer got lost
)
"""The least that works. Components need no Embed Links, and pings need nothing, since we never ping."""

RATELIMIT_WAIT_MAX_S = 30.0
"""discord.py's own least. What has to wait longer comes back to the worker, which waits without a lane."""

GUILDS_READY_S = 0.0
"""Nothing of ours needs the guilds' cache, so `ready` does not wait for the last of them."""


def _nobody_cares(channel_id: ChannelId) -> None:
    del channel_id


class Client(discord.Client):
    """One shard, nothing privileged, no cache of members or messages.

    Args:
        confirm_above_micros: an order that costs more is quoted and confirmed first.
        http_trace: is told of every answer of Discord's API.
        play_money: whether prices are for trying out only, and say so.
        direct_messages: whether members may order outside servers too.
    """

    def __init__(
        self,
        *,
        orders: Orders,
        budgets: Budgets,
        catalogue: Catalogue,
        material: Material,
        attachments: Attachments,
        presets: Presets,
        sheets: Sheets,
        http_trace: aiohttp.TraceConfig | None = None,
        confirm_above_micros: Micros,
        play_money: bool = False,
        direct_messages: bool = False,
    ) -> None:
        # Said at every start otherwise: that voice, which we never use, lacks two libraries.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        intents = discord.Intents.none()
        intents.guilds = True
        intents.guild_reactions = True
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=RATELIMIT_WAIT_MAX_S,
            guild_ready_timeout=GUILDS_READY_S,
            http_trace=http_trace or aiohttp.TraceConfig(),
        )
        self.ready = asyncio.Event()
        self._is_connected = False
        self.direct_messages = direct_messages
        self._ordering = Ordering(
            orders,
            budgets,
            catalogue,
            presets,
            confirm_above_micros=confirm_above_micros,
            play_money=play_money,
        )
        self.making = Making(orders, self._ordering, material, attachments, catalogue)
        self.identifies: Identifies | None = None
        self.settling: Settling | None = None
        self.clip_presses: ClipPresses | None = None
        self.managing: Managing | None = None
        self.shelves: Shelves | None = None
        self.desk: Desk | None = None
        self.privacy: Privacy | None = None
        self.reactions: Reactions | None = None
        self.review_presses: ReviewPresses | None = None
        self.setting_up: SettingUp | None = None
        self.place_used: Callable[[ChannelId], None] = _nobody_cares
        self.place_changed: Callable[[ChannelId], None] = _nobody_cares
        self.presses = Presses(orders, self._ordering, material, presets, catalogue, play_money=play_money)
        self.storyboards = Storyboards(orders, self._ordering, sheets, catalogue)
        self.advising = Advising(orders, self._ordering, catalogue)
        self.refitting = Refitting(orders, self._ordering)
        styles = preset_choices(presets)
        self.tree = Tree(self)
        cast = character_choices(material.characters)
        self.tree.add_command(generate(self._ordering, catalogue, styles, cast))
        self.tree.add_command(storyboard(self.storyboards, styles, cast, catalogue))
        self.tree.add_command(preset(presets, catalogue))
        self.tree.add_command(animate(self.making, catalogue, styles))
        self.tree.add_command(animate_this(self.making))
        self.tree.add_command(remix(self.making, catalogue, styles))
        self.tree.add_command(extend(self.making, catalogue, styles))
        self.tree.add_command(remix_this(self.making))
        self.tree.add_command(report_this())
        self.tree.add_command(
            help_(catalogue, confirm_above_micros=confirm_above_micros, play_money=play_money)
        )

    @property
    def ordering(self) -> Ordering:
        """Takes the orders of commands that are added later."""
        return self._ordering

    @property
    def invite_url(self) -> str:
        """The link that adds the bot to a server with exactly what it needs. Known once signed in."""
        if self.application_id is None:
            raise RuntimeError("the invite link is known once the client has signed in")
        return discord.utils.oauth_url(
            self.application_id, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
        )

    @property
    def heartbeat_s(self) -> float | None:
        """How long the last heartbeat took, 0 before the first; None while there is no connection."""
        if not self._is_connected:
            return None
        return self.latency if math.isfinite(self.latency) else 0.0

    async def sessions_left(self) -> int | None:
        """How many sessions may still be started within the day; None where Discord does not say."""
        try:
            told = await self.http.request(Route("GET", "/gateway/bot"))
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError):
            return None
        match told:
            case {"session_start_limit": {"remaining": int(left)}}:
                return left
            case _:
                return None

    async def sign_in(self, token: str) -> None:
        """Show the token and register the commands; `connect` then listens.

        Where it fails it can be called again: a session is not begun by it, and no identify is spent.

        Raises:
            SettingsError: Discord does not take the token.
            DeliveryUnavailable: Discord cannot be reached, or asks us to wait.
            DeliveryRefused: what answers there is not Discord.
        """
        try:
            await self.login(token)
        except discord.LoginFailure as refused:
            raise SettingsError(
                "DAILIES_DISCORD_TOKEN: Discord does not take this token; copy it again from the portal"
            ) from refused
        except (aiohttp.ClientError, OSError, discord.DiscordServerError) as silence:
            await self._forget_session()
            _give_up(type(silence).__name__, silence)
        except discord.HTTPException as odd:
            await self._forget_session()
            if odd.status == HTTPStatus.TOO_MANY_REQUESTS:
                _give_up(str(odd.status), odd)
            raise DeliveryRefused(
                f"what answers at {Route.BASE} is not Discord ({odd.status}): "
                "look at DAILIES_DISCORD_API_URL and at proxies"
            ) from odd

    async def connect(self, *, reconnect: bool = True) -> None:
        """Listen until closed, coming back after whatever can be come back from.

        Where its first connection of all fails, discord.py 2 waits, and then falls over the socket that it
        never had; it is begun anew then. No identify is spent by that.
        """
        while True:
            try:
                await super().connect(reconnect=reconnect)
            except AttributeError:
                if vars(self)["ws"] is not None:
                    raise
            else:
                return

    async def _forget_session(self) -> None:
        """So that the next try opens its own; discord.py would leave this one open, and its connector."""
        await self.http.close()
        self.http.connector = discord.utils.MISSING

    async def setup_hook(self) -> None:
        """Called once by `login`. Discord counts commands that are new, not those that stayed the same."""
        self.add_dynamic_items(*DYNAMIC_ITEMS)
        if self.direct_messages:
            self.tree.open_outside_servers()
        await self.tree.set_translator(Wording())
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Called by discord.py before each identify.

        Raises:
            TooManyIdentifies: the bot should stop.
        """
        if self.identifies is not None:
            await self.identifies.one_more()
        await super().before_identify_hook(shard_id, initial=initial)

    async def on_ready(self) -> None:
        """Called by discord.py after every new session."""
        self.ready.set()
        self._is_connected = True

    async def on_resumed(self) -> None:
        """Called by discord.py when a lost connection goes on."""
        self._is_connected = True

    async def on_disconnect(self) -> None:
        """Called by discord.py when a connection is lost, and at each try that comes to nothing."""
        self._is_connected = False

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Called by discord.py beside its own dispatch.

        That drops a press on a button that we lost, and forms that it was not told to remember.
        """
        if interaction.channel_id is not None:
            self.place_used(ChannelId(interaction.channel_id))
        if interaction.type is discord.InteractionType.autocomplete:
            return  # every key that is pressed; it is answered with a list and nothing else
        if self.clip_presses is not None:
            self.clip_presses.heard(interaction)
        if interaction.type is discord.InteractionType.modal_submit:
            await answered(interaction, self._sent_in(interaction))
        if interaction.type is discord.InteractionType.component and not is_ours(interaction):
            language.settle(interaction.locale.value)
            await tell(
                interaction,
                NotYours(_("This button is not known any more."), _("Order again with /generate.")),
            )

    async def _sent_in(self, interaction: discord.Interaction) -> None:
        """Answer a form.

        Raises:
            NotYours: nothing here sent out such a form.
        """
        known = [taker for prefix, taker in FORMS.items() if sent_id(interaction).startswith(prefix)]
        taker = known[0](self) if known else None
        if taker is None:
            raise NotYours(
                _("This form is not known any more."), _("Open it again, or order with a command.")
            )
        await taker.submitted(interaction)

    async def on_raw_thread_update(self, payload: discord.RawThreadUpdateEvent) -> None:
        """Called by discord.py: a thread was archived or woken, locked or unlocked, or named anew."""
        if not payload.data["thread_metadata"]["archived"]:
            self.place_changed(ChannelId(payload.thread_id))

    async def on_guild_channel_update(
        self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        """Called by discord.py: a channel has other permissions, or another name."""
        if before.overwrites != after.overwrites:
            for place in (after, *getattr(after, "threads", ())):
                self.place_changed(ChannelId(place.id))

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Called by discord.py for every message of every server."""
        if self.reactions is not None:
            await self.reactions.added(payload)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        """Called by discord.py likewise."""
        if self.reactions is not None:
            await self.reactions.removed(payload)

    async def on_raw_reaction_clear(self, payload: discord.RawReactionClearEvent) -> None:
        """Called by discord.py likewise."""
        if self.reactions is not None:
            await self.reactions.cleared(payload.message_id, None)

    async def on_raw_reaction_clear_emoji(self, payload: discord.RawReactionClearEmojiEvent) -> None:
        """Called by discord.py likewise."""
        if self.reactions is not None:
            await self.reactions.cleared(payload.message_id, payload.emoji)

    def stop_taking_orders(self) -> None:
        """From here on an order is refused with a sentence; everything else still answers."""
        self._ordering.close()


class TakesForms(Protocol):
    """Whoever answers what was sent in with a form of theirs."""

    async def submitted(self, interaction: Interaction) -> None:
        """A form was sent in, which claims to be theirs."""


FORMS: Mapping[str, Callable[[Client], TakesForms | None]] = {
    forms.PREFIX: lambda client: client.making,
    storyboard_form.PREFIX: lambda client: client.storyboards,
    advising.PREFIX: lambda client: client.advising,
    clip_presses.PREFIX: lambda client: client.clip_presses,
    budget_forms.PREFIX: lambda client: client.managing,
    desk.PREFIX: lambda client: client.desk,
    review_presses.PREFIX: lambda client: client.review_presses,
    setup_view.PREFIX: lambda client: client.setting_up,
    unsettled.PREFIX: lambda client: client.settling,
}
"""How the `custom_id`s of forms begin, and whose they are; None where this process has nobody for them."""


def use_endpoints(api_url: str, gateway_url: str) -> None:
    """Point discord.py at another Discord: a sandbox, or a proxy in front of the real one.

    discord.py keeps both addresses on classes, so this holds for the whole process. A client that is not
    sharded never asks the API for the gateway's address.
    """
    Route.BASE = api_url.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


def _give_up(why: str, cause: Exception) -> NoReturn:
    raise DeliveryUnavailable(
        f"Discord cannot be reached at {Route.BASE}: {why}; "
        "look at the network and at DAILIES_DISCORD_API_URL"
    ) from cause
