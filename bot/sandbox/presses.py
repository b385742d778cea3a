"""From what a person's client sends, a command, a press, a choice, a form, to the interaction."""

import asyncio
from dataclasses import dataclass

from bot.sandbox.attachments import Attachments
from bot.sandbox.authority import Authority
from bot.sandbox.command_options import check_values, focused_kind, resolve_values
from bot.sandbox.command_rules import MESSAGE, SLASH, TO_USER, USER
from bot.sandbox.commands import Commands, outside_servers
from bot.sandbox.controls import SELECTS, USER_SELECT
from bot.sandbox.errors import Form, Json, invalid, missing_permissions, unknown
from bot.sandbox.interaction_payloads import interaction_payload
from bot.sandbox.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
    Interactions,
    new_token,
    owners_of,
)
from bot.sandbox.message import COMMAND as COMMAND_REPLY
from bot.sandbox.message import CONTEXT_MENU, DEFAULT, LOADING, REPLY, Message
from bot.sandbox.messages import Messages
from bot.sandbox.modals import check_submission, fields_of
from bot.sandbox.permissions import Permission
from bot.sandbox.resolve import Resolver
from bot.sandbox.submissions import RESOLVED_AS, check_press, filled, not_pressable, submitted
from bot.sandbox.uploads import Upload
from bot.sandbox.world import Channel, User, World


@dataclass(frozen=True, slots=True, kw_only=True)
class _Press:
    """What every kind of press has; `uploads` is emptied as its files are kept."""

    user: User
    channel: Channel
    data: Json
    body: Json
    uploads: list[Upload]
    unchecked: bool


class Presses:
    """Checks what a person's client may send, makes the interaction and hands it to the bot."""

    def __init__(
        self,
        world: World,
        authority: Authority,
        commands: Commands,
        messages: Messages,
        attachments: Attachments,
        interactions: Interactions,
    ) -> None:
        self._world = world
        self._authority = authority
        self._commands = commands
        self._messages = messages
        self._attachments = attachments
        self._interactions = interactions

    async def take(self, user: User, body: Json, uploads: list[Upload], *, unchecked: bool) -> None:
        """Hand on what a client sent; with `unchecked` its values are not looked at.

        Files are taken out of `uploads` as they are kept.

        Raises:
            DiscordRefusal: 50035, or what stands in the way of this person here.
        """
        form = Form()
        form.choice(("type",), body.get("type"), (COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT))
        if str(body.get("application_id")) != str(self._world.application.id):
            form.wrong(("application_id",), "APPLICATION_UNKNOWN", "Unknown application")
        if not isinstance(body.get("data"), dict):
            form.required(("data",))
        if not isinstance(body.get("nonce"), (str, type(None))):
            form.wrong(("nonce",), "NONCE_TYPE_INVALID", "Must be a string.")
        form.settle()
        channel = self._place(user, body)
        press = _Press(
            user=user, channel=channel, data=body["data"], body=body, uploads=uploads, unchecked=unchecked
        )
        match body["type"]:
            case 3:
                await self._component(press)
            case 5:
                await self._modal(press)
            case _:
                await self._command(press)

    def _place(self, user: User, body: Json) -> Channel:
        text = str(body.get("channel_id"))
        channel = self._authority.channel(user, int(text) if text.isdecimal() else 0)
        if channel.guild_id is not None:
            self._authority.require(user, channel, Permission.USE_APPLICATION_COMMANDS)
        return channel

    async def _command(self, press: _Press) -> None:
        data, guild = press.data, self._world.guild_of(press.channel)
        command = self._commands.find(press.channel.guild_id, _number(data.get("id")))
        if command is None and not press.unchecked:
            raise unknown("application command")
        if command is not None and guild is None and not outside_servers(command):
            raise unknown("application command")
        if command is not None and guild is not None:
            member = guild.members[press.user.id]
            if not self._commands.allowed(command, guild, member):
                raise missing_permissions()
        if command is not None and not press.unchecked:
            self._check_command(command, press)
        name = command["name"] if command is not None else str(data.get("name"))
        kind = command["type"] if command is not None else data.get("type") or SLASH
        resolver = await self._resolver(press)
        given: Json = {"id": str(data.get("id", "0")), "name": name, "type": kind}
        if command is not None and "guild_id" in command:
            given["guild_id"] = command["guild_id"]
        if kind == SLASH:
            values = resolve_values(name, data.get("options") or [], resolver)
            name = values.path
            if values.options:
                given["options"] = values.options
        else:
            self._target(press, kind, given, resolver)
        if resolver.found:
            given["resolved"] = resolver.found
        kind_of_reply = COMMAND_REPLY if kind == SLASH else CONTEXT_MENU
        self._begin(press, given, name=name, message_kind=kind_of_reply)

    def _check_command(self, command: Json, press: _Press) -> None:
        data, form = press.data, Form()
        if str(data.get("version")) != command["version"]:
            raise invalid(
                ("data", "version"),
                "INTERACTION_APPLICATION_COMMAND_INVALID_VERSION",
                "This command is outdated, please try again in a few minutes",
            )
        if command["nsfw"] and not press.channel.nsfw:
            raise invalid(
                ("channel_id",),
                "INTERACTION_APPLICATION_COMMAND_NSFW",
                "Age-restricted commands can only be used in age-restricted channels",
            )
        if command["type"] == SLASH:
            partial = press.body["type"] == AUTOCOMPLETE
            described, given = command.get("options") or [], data.get("options") or []
            check_values(form, ("data", "options"), described, given, partial=partial)
        form.settle()

    def _target(self, press: _Press, kind: int, given: Json, resolver: Resolver) -> None:
        target = _number(press.data.get("target_id"))
        given["target_id"] = str(target)
        if kind == USER:
            if target not in self._world.users:
                raise unknown("User")
            resolver.add(TO_USER, str(target))
        elif kind == MESSAGE:
            message = self._messages.find(press.channel.id, target, press.user)
            resolver.add_message(self._messages.wire(message))

    async def _component(self, press: _Press) -> None:
        data = press.data
        message = self._messages.find(press.channel.id, _number(press.body.get("message_id")), press.user)
        control = self._messages.controls(message).get(str(data.get("custom_id")))
        values = data.get("values")
        if not press.unchecked:
            check_press(control, data)
            if message.author is not self._world.bot or message.flags & LOADING:
                raise not_pressable()
        kind = control["type"] if control is not None else data.get("component_type")
        given: Json = {"custom_id": str(data.get("custom_id")), "component_type": kind}
        if control is not None and "id" in control:
            given["id"] = control["id"]
        if kind in SELECTS:
            given["values"] = values or []
            if kind >= USER_SELECT:
                resolver = await self._resolver(press)
                for value in given["values"]:
                    resolver.add(RESOLVED_AS[kind], str(value))
                given["resolved"] = resolver.found
        self._begin(press, given, source=message, message_kind=REPLY)

    async def _modal(self, press: _Press) -> None:
        data = press.data
        opened = self._interactions.modal_shown(_number(data.get("id")), press.user)
        if opened is None and not press.unchecked:
            raise unknown("Interaction")
        components = data.get("components")
        if not isinstance(components, list):
            raise invalid(("data", "components"), "BASE_TYPE_REQUIRED", "This field is required")
        modal = None if opened is None else opened.modal
        values = submitted(components)
        if modal is not None and not press.unchecked:
            check_submission(modal, values)
        fields = {} if modal is None else fields_of(modal)
        resolver = await self._resolver(press)
        given: Json = {
            "custom_id": str(data.get("custom_id", "") if modal is None else modal["custom_id"]),
            "components": [filled(one, fields, resolver) for one in components],
        }
        if resolver.found:
            given["resolved"] = resolver.found
        source = None if opened is None else opened.source
        kind = DEFAULT if opened is None else opened.message_kind
        self._begin(press, given, source=source, message_kind=kind)

    async def _resolver(self, press: _Press) -> Resolver:
        """Keep the files that came along, under the numbers that the values name them by."""
        entries = press.data.get("attachments") or []
        by_index = {str(entry.get("id")): entry for entry in entries if isinstance(entry, dict)}
        kept = {}
        while press.uploads:
            upload = press.uploads.pop(0)
            number = str(upload.index)
            entry = by_index.get(number, {})
            kept[number] = await self._attachments.keep(
                upload, channel_id=press.channel.id, entry=entry, ephemeral=True
            )
        guild = self._world.guild_of(press.channel)
        return Resolver(
            self._world, self._authority, self._attachments, user=press.user, guild=guild, uploads=kept
        )

    def _begin(
        self,
        press: _Press,
        data: Json,
        *,
        message_kind: int,
        name: str | None = None,
        source: Message | None = None,
    ) -> None:
        interaction = Interaction(
            id=self._world.snowflakes.next(),
            token=new_token(),
            type=press.body["type"],
            name=name,
            user=press.user,
            channel=press.channel,
            nonce=press.body.get("nonce"),
            owners=owners_of(self._world, press.channel, press.user),
            created_at=self._world.now(),
            queued_at=asyncio.get_running_loop().time(),
            source=source,
            message_kind=message_kind,
            focused_type=focused_kind(data.get("options")),
        )
        shown = None if source is None else self._messages.wire(source)
        payload = interaction_payload(self._world, self._authority, interaction, data, shown)
        self._interactions.begin(interaction, payload)


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isdecimal() else 0
