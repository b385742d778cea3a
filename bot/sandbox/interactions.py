"""Interactions from a person's press to the token's end: who asked, what was answered, and in time or not."""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from bot.sandbox.errors import Json, already_acknowledged, invalid_token, unknown
from bot.sandbox.events import Events
from bot.sandbox.message import Message
from bot.sandbox.wire import user_wire
from bot.sandbox.world import Channel, User, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
# Interactions that are remembered, and how many of them the log for tests shows.
KEPT_MAX = 20_000
LOGGED_MAX = 5_000


@dataclass(slots=True, kw_only=True)
class Interaction:
    """One press. `queued_at` and `acknowledged_at` are the loop's time, for measuring.

    `original` is what "@original" means: the answer, or for a component the message it sits on.
    """

    id: int
    token: str
    type: int
    name: str | None
    user: User
    channel: Channel
    nonce: str | None
    owners: Json
    created_at: datetime
    queued_at: float
    message_kind: int = 20
    source: Message | None = None
    acknowledged_at: float | None = None
    answered_with: int | None = None
    original: Message | None = None
    follow_ups: set[int] = field(default_factory=set)
    focused_type: int | None = None
    modal: Json | None = None
    deadline: asyncio.TimerHandle | None = None

    def metadata(self) -> Json:
        """What a message born of this interaction says about its birth."""
        metadata: Json = {
            "id": str(self.id),
            "type": self.type,
            "user": user_wire(self.user),
            "authorizing_integration_owners": self.owners,
        }
        if self.name is not None:
            metadata["name"] = self.name
        if self.type != COMMAND and self.source is not None:
            metadata["interacted_message_id"] = str(self.source.id)
        return metadata

    def wire(self) -> Json:
        """The line of the log."""
        took = None if self.acknowledged_at is None else self.acknowledged_at - self.queued_at
        return {
            "id": str(self.id),
            "type": self.type,
            "name": self.name,
            "user_id": str(self.user.id),
            "nonce": self.nonce,
            "answered_with": self.answered_with,
            "acknowledged_ms": None if took is None else round(took * 1000, 3),
        }


def owners_of(world: World, channel: Channel, user: User) -> Json:
    """By whose installation an interaction came: the guild's ("0" in a direct message), or the user's own."""
    guild = world.guild_of(channel)
    if guild is None:
        return {"0": "0"}
    return {"0": str(guild.id)} if world.bot.id in guild.members else {"1": str(user.id)}


class Interactions:
    """All interactions. `acknowledge_s` and `token_s` are Discord's 3 seconds and 15 minutes."""

    def __init__(
        self,
        world: World,
        events: Events,
        *,
        now: Callable[[], datetime],
        acknowledge_s: float,
        token_s: float,
    ) -> None:
        self._world = world
        self._events = events
        self._now = now
        self._acknowledge_s = acknowledge_s
        self._acknowledge_life = timedelta(seconds=acknowledge_s)
        self._token_life = timedelta(seconds=token_s)
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self._logged: deque[Interaction] = deque(maxlen=LOGGED_MAX)

    def begin(self, interaction: Interaction, payload: Json) -> None:
        """Hand an interaction to the bot and start its clock."""
        self._by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction
        self._logged.append(interaction)
        if len(self._by_id) > KEPT_MAX:
            self._forget(next(iter(self._by_id.values())))
        loop = asyncio.get_running_loop()
        interaction.deadline = loop.call_later(self._acknowledge_s, self._too_late, interaction)
        interaction.queued_at = loop.time()
        guild_id = interaction.channel.guild_id
        if self._events.to_bot("INTERACTION_CREATE", payload, guild_id):
            self._tell(interaction, "INTERACTION_CREATE")

    def awaiting(self, interaction_id: int, token: str) -> Interaction:
        """The interaction, if it can still be acknowledged.

        Raises:
            DiscordRefusal: 10062 when it is unknown or three seconds old, 40060 when it was answered;
                10003 when its channel is gone.
        """
        interaction = self._by_id.get(interaction_id)
        if interaction is None or not secrets.compare_digest(interaction.token.encode(), token.encode()):
            raise unknown("Interaction")
        if interaction.answered_with is not None:
            raise already_acknowledged()
        if self._now() - interaction.created_at >= self._acknowledge_life:
            raise unknown("Interaction")
        self._still_there(interaction.channel)
        return interaction

    def acknowledge(self, interaction: Interaction, answer: int) -> None:
        """Take note of the first answer; a second one is refused.

        Raises:
            DiscordRefusal: 40060.
        """
        if interaction.answered_with is not None:
            raise already_acknowledged()
        interaction.answered_with = answer
        interaction.acknowledged_at = asyncio.get_running_loop().time()
        if interaction.deadline is not None:
            interaction.deadline.cancel()
            interaction.deadline = None

    def succeed(self, interaction: Interaction) -> None:
        """Tell the person's client that the bot has answered."""
        self._tell(interaction, "INTERACTION_SUCCESS")

    def tell_modal(self, interaction: Interaction, modal: Json) -> None:
        application = self._world.application
        data = {
            "id": str(interaction.id),
            "nonce": interaction.nonce,
            "channel_id": str(interaction.channel.id),
            "application": {"id": str(application.id), "name": application.name, "icon": None},
            "custom_id": modal["custom_id"],
            "title": modal["title"],
            "components": modal["components"],
        }
        self._events.to_person("INTERACTION_MODAL_CREATE", data, interaction.user)

    def tell_choices(self, interaction: Interaction, choices: list[Json]) -> None:
        data = {"nonce": interaction.nonce, "choices": choices}
        self._events.to_person("APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE", data, interaction.user)

    def holding(self, application_id: int, token: str) -> Interaction:
        """The interaction of a webhook token that is still good.

        Raises:
            DiscordRefusal: 10015 for an unknown one or one not answered yet, 50027 for an old one;
                10003 when its channel is gone.
        """
        interaction = self._by_token.get(token)
        if interaction is None or application_id != self._world.application.id:
            raise unknown("Webhook")
        if self._now() - interaction.created_at >= self._token_life:
            raise invalid_token()
        if interaction.answered_with is None:
            raise unknown("Webhook")
        self._still_there(interaction.channel)
        return interaction

    def modal_shown(self, modal_id: int, user: User) -> Interaction | None:
        """The interaction that showed this modal to this person."""
        interaction = self._by_id.get(modal_id)
        if interaction is None or interaction.user is not user or interaction.modal is None:
            return None
        return interaction

    def logged(self, newest: int = LOGGED_MAX) -> list[Json]:
        """The newest so many, the oldest of them first."""
        kept = islice(reversed(self._logged), newest)
        return [interaction.wire() for interaction in kept][::-1]

    def close(self) -> None:
        """Stop every clock."""
        for interaction in self._by_id.values():
            if interaction.deadline is not None:
                interaction.deadline.cancel()

    def _still_there(self, channel: Channel) -> None:
        if channel.id not in self._world.channels:
            raise unknown("Channel")

    def _too_late(self, interaction: Interaction) -> None:
        interaction.deadline = None
        if interaction.answered_with is None:
            self._tell(interaction, "INTERACTION_FAILURE", reason_code=2)

    def _tell(self, interaction: Interaction, event: str, **more: int) -> None:
        data = {"id": str(interaction.id), "nonce": interaction.nonce, **more}
        self._events.to_person(event, data, interaction.user)

    def _forget(self, interaction: Interaction) -> None:
        if interaction.deadline is not None:
            interaction.deadline.cancel()
        del self._by_id[interaction.id]
        del self._by_token[interaction.token]


def new_token() -> str:
    """A token of the length that Discord's have."""
    return secrets.token_urlsafe(132)


def original_of(interaction: Interaction) -> Message:
    """What "@original" means.

    Raises:
        DiscordRefusal: 10008, there is no such message.
    """
    if interaction.original is None:
        raise unknown("Message")
    return interaction.original
