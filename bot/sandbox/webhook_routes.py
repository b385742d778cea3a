"""`/webhooks/{application}/{token}`: follow-ups, and the first answer read, edited and deleted."""

from bot.sandbox.api import Answer, Call, Route
from bot.sandbox.authority import Authority
from bot.sandbox.errors import DiscordRefusal, unknown
from bot.sandbox.interactions import Interaction, Interactions, original_of
from bot.sandbox.message import EPHEMERAL, Message
from bot.sandbox.message_body import check_edit, check_new
from bot.sandbox.messages import Messages
from bot.sandbox.world import World

ORIGINAL = "@original"
# For an application that the user installed and the server did not (receiving-and-responding, "Followup").
USER_INSTALL_FOLLOW_UPS_MAX = 5


class WebhookRoutes:
    """A token speaks for its interaction alone: it reaches no message but those it made."""

    def __init__(
        self, world: World, authority: Authority, messages: Messages, interactions: Interactions
    ) -> None:
        self._world = world
        self._authority = authority
        self._messages = messages
        self._interactions = interactions

    def routes(self) -> list[Route]:
        base = "/webhooks/{application}/{token}"
        one = base + "/messages/{message}"
        return [
            Route("POST", base, self.follow_up, "webhook", "token", overall=False),
            Route("GET", one, self.read, "webhook", "token", overall=False),
            Route("PATCH", one, self.edit, "webhook", "token", overall=False),
            Route("DELETE", one, self.delete, "webhook", "token", overall=False),
        ]

    async def follow_up(self, call: Call) -> Answer:
        interaction = self._held(call)
        body = await call.form(file_bytes_max=self._world.upload_limit(interaction.channel))
        check_new(body, call.uploads)
        original = interaction.original
        if original is not None and original.loading and self._messages.alive(original):
            # The first follow-up takes the place of "thinking…", with the visibility of that moment.
            message = await self._messages.edit(
                original, body, call.take_uploads(), may_mention_everyone=self._loud(interaction)
            )
            return self._messages.wire(message)
        if "1" in interaction.owners and len(interaction.follow_ups) >= USER_INSTALL_FOLLOW_UPS_MAX:
            text = "Maximum number of follow up messages has been reached for this interaction."
            raise DiscordRefusal(400, 40094, text)
        ephemeral = (body.get("flags") or 0) & EPHEMERAL
        message = await self._messages.post(
            channel=interaction.channel,
            author=self._world.bot,
            body=body,
            uploads=call.take_uploads(),
            may_mention_everyone=self._loud(interaction),
            flags=ephemeral,
            reader=interaction.user.id if ephemeral else None,
            reply_to=original,
            interaction=interaction.metadata(),
        )
        interaction.follow_ups.add(message.id)
        return self._messages.wire(message)

    async def read(self, call: Call) -> Answer:
        return self._messages.wire(self._message(call, self._held(call)))

    async def edit(self, call: Call) -> Answer:
        interaction = self._held(call)
        body = await call.form(file_bytes_max=self._world.upload_limit(interaction.channel))
        # Asked for again after the upload: it may have been deleted meanwhile.
        message = self._message(call, interaction)
        check_edit(body, message, call.uploads)
        edited = await self._messages.edit(
            message, body, call.take_uploads(), may_mention_everyone=self._loud(interaction)
        )
        return self._messages.wire(edited)

    async def delete(self, call: Call) -> Answer:
        await self._messages.delete(self._message(call, self._held(call)))
        return None

    def _held(self, call: Call) -> Interaction:
        return self._interactions.holding(call.id("application"), call.text("token"))

    def _message(self, call: Call, interaction: Interaction) -> Message:
        if call.text("message") == ORIGINAL:
            message = original_of(interaction)
        else:
            number = call.id("message")
            own = interaction.original is not None and interaction.original.id == number
            if not own and number not in interaction.follow_ups:
                raise unknown("Message")
            message = self._messages.find(interaction.channel.id, number, interaction.user)
        if not self._messages.alive(message):
            raise unknown("Message")
        return message

    def _loud(self, interaction: Interaction) -> bool:
        return self._authority.may_call_everyone(self._world.bot, interaction.channel)
