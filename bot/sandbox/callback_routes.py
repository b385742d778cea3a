"""`POST /interactions/{id}/{token}/callback`: the bot's first answer.

Source: interactions/receiving-and-responding.
"""

from bot.sandbox.api import Answer, Call, Route
from bot.sandbox.authority import Authority
from bot.sandbox.command_rules import check_choice_value
from bot.sandbox.component_trees import with_ids
from bot.sandbox.errors import Form, Json
from bot.sandbox.interactions import (
    COMPONENT,
    Interaction,
    Interactions,
)
from bot.sandbox.message import EPHEMERAL, LOADING, Message
from bot.sandbox.message_body import check_edit, check_new
from bot.sandbox.messages import Messages
from bot.sandbox.modals import check_modal
from bot.sandbox.world import World

MESSAGE, DEFER_MESSAGE, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
_ON_MESSAGE = (MESSAGE, DEFER_MESSAGE, DEFER_UPDATE, UPDATE)
CHOICES_MAX = 25


class CallbackRoutes:
    """The first answer: once, in three seconds, and of a kind that fits the question."""

    def __init__(
        self,
        world: World,
        authority: Authority,
        messages: Messages,
        interactions: Interactions,
    ) -> None:
        self._world = world
        self._authority = authority
        self._messages = messages
        self._interactions = interactions

    def routes(self) -> list[Route]:
        path = "/interactions/{interaction}/{token}/callback"
        return [Route("POST", path, self.answer, "callback", "interaction", overall=False)]

    async def answer(self, call: Call) -> Answer:
        interaction = self._interactions.awaiting(call.id("interaction"), call.text("token"))
        body = await call.form(file_bytes_max=self._world.upload_limit(interaction.channel))
        form = Form()
        form.choice(("type",), body.get("type"), _answers_to(interaction))
        data = body.get("data") or {}
        if not isinstance(data, dict):
            form.wrong(("data",), "MODEL_TYPE_CONVERT", "Only dictionaries may be used here")
        form.settle()
        message = await self._carry_out(interaction, body["type"], data, call)
        if call.query.get("with_response") not in ("1", "true", "True"):
            return None
        return self._wire(interaction, message)

    async def _carry_out(
        self, interaction: Interaction, answer: int, data: Json, call: Call
    ) -> Message | None:
        interactions = self._interactions
        message: Message | None = None
        match answer:
            case 4:
                check_new(data, call.uploads, root=("data",))
                interactions.acknowledge(interaction, answer)
                message = await self._post(interaction, data, call, flags=0)
            case 5:
                interactions.acknowledge(interaction, answer)
                message = await self._post(interaction, {"flags": data.get("flags")}, call, flags=LOADING)
            case 6:
                interactions.acknowledge(interaction, answer)
                interaction.original = interaction.source
            case 7 if interaction.source is not None:
                check_edit(data, interaction.source, call.uploads, root=("data",))
                interactions.acknowledge(interaction, answer)
                message = await self._messages.edit(
                    interaction.source,
                    data,
                    call.take_uploads(),
                    may_mention_everyone=self._may_mention_everyone(interaction),
                )
                interaction.original = message
            case 8:
                choices = self._choices(interaction, data)
                interactions.acknowledge(interaction, answer)
                interactions.tell_choices(interaction, choices)
            case _:
                check_modal(data)
                interactions.acknowledge(interaction, answer)
                interaction.modal = data | {"components": with_ids(data["components"])}
                interactions.tell_modal(interaction, interaction.modal)
        interactions.succeed(interaction)
        return message

    async def _post(self, interaction: Interaction, data: Json, call: Call, *, flags: int) -> Message:
        ephemeral = (data.get("flags") or 0) & EPHEMERAL
        message = await self._messages.post(
            channel=interaction.channel,
            author=self._world.bot,
            body=data,
            uploads=call.take_uploads(),
            may_mention_everyone=self._may_mention_everyone(interaction),
            kind=interaction.message_kind,
            flags=flags | ephemeral,
            reader=interaction.user.id if ephemeral else None,
            reply_to=interaction.source if interaction.type == COMPONENT else None,
            interaction=interaction.metadata(),
            nonce=interaction.nonce,
        )
        interaction.original = message
        return message

    def _may_mention_everyone(self, interaction: Interaction) -> bool:
        return self._authority.may_call_everyone(self._world.bot, interaction.channel)

    def _choices(self, interaction: Interaction, data: Json) -> list[Json]:
        form = Form(("data",))
        choices = data.get("choices")
        if choices is None:
            form.required(("choices",))
        elif form.count(("choices",), choices, 0, CHOICES_MAX):
            for index, choice in enumerate(choices):
                named = isinstance(choice, dict) and choice.get("name") is not None
                if not named:
                    form.required(("choices", index, "name"))
                else:
                    form.length(("choices", index, "name"), choice["name"], 1, 100)
                    kind = interaction.focused_type or 3
                    check_choice_value(form, ("choices", index, "value"), choice.get("value"), kind)
        form.settle()
        return list(choices or [])

    def _wire(self, interaction: Interaction, message: Message | None) -> Json:
        about: Json = {"id": str(interaction.id), "type": interaction.type}
        answer: Json = {"interaction": about}
        if message is not None:
            about |= {
                "response_message_id": str(message.id),
                "response_message_loading": message.loading,
                "response_message_ephemeral": bool(message.flags & EPHEMERAL),
                "channel_id": str(message.channel_id),
            }
            if message.guild_id is not None:
                about["guild_id"] = str(message.guild_id)
            kind = UPDATE if interaction.answered_with == UPDATE else MESSAGE
            answer["resource"] = {"type": kind, "message": self._messages.wire(message)}
        return answer


def _answers_to(interaction: Interaction) -> tuple[int, ...]:
    match interaction.type:
        case 2:
            return MESSAGE, DEFER_MESSAGE, MODAL
        case 4:
            return (CHOICES,)
        case 3:
            return (*_ON_MESSAGE, MODAL)
        case _:
            return _ON_MESSAGE if interaction.source is not None else (MESSAGE, DEFER_MESSAGE)
