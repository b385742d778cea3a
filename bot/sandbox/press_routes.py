"""`POST /interactions`: what a person's client sends for a command, a press, a choice, a form."""

import asyncio
from typing import Any

from bot.sandbox.api import Answer, Call, Route
from bot.sandbox.attachments import Attachments
from bot.sandbox.authority import Authority
from bot.sandbox.command_options import check_values, focused_kind, resolve_values
from bot.sandbox.command_rules import ATTACHMENT, MESSAGE, SLASH, TO_USER, USER
from bot.sandbox.commands import Commands
from bot.sandbox.controls import SELECTS, STRING_SELECT, USER_SELECT
from bot.sandbox.errors import Form, Json, invalid, missing_permissions, unauthorized, unknown
from bot.sandbox.interaction_payloads import interaction_payload
from bot.sandbox.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
    Interactions,
    new_token,
)
from bot.sandbox.message import COMMAND as COMMAND_REPLY
from bot.sandbox.message import CONTEXT_MENU, DEFAULT, EPHEMERAL, LOADING, REPLY, Message
from bot.sandbox.messages import Messages
from bot.sandbox.modals import FILE_UPLOAD, check_submission, fields_of
from bot.sandbox.permissions import Permission
from bot.sandbox.resolve import Resolver
from bot.sandbox.world import Channel, User, World

# The kind of option that resolves what a select of users, roles, both or channels holds.
_SELECT_TO_OPTION = {5: 6, 6: 8, 7: 9, 8: 7}


class PressRoutes:
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

    def routes(self) -> list[Route]:
        return [Route("POST", "/interactions", self.press)]

    async def press(self, call: Call) -> Answer:
        user = call.actor
        if user.bot:
            raise unauthorized()
        body = await call.form(file_bytes_max=self._world.guild.upload_limit)
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
        press = _Press(user, channel, body["data"], body, call.unchecked)
        match body["type"]:
            case 3:
                await self._component(press)
            case 5:
                await self._modal(press, call)
            case _:
                await self._command(press, call)
        return None

    def _place(self, user: User, body: Json) -> Channel:
        text = str(body.get("channel_id"))
        channel = self._authority.channel(user, int(text) if text.isdecimal() else 0)
        if channel.guild_id is not None:
            self._authority.require(user, channel, Permission.USE_APPLICATION_COMMANDS)
        return channel

    async def _command(self, press: "_Press", call: Call) -> None:
        data, guild = press.data, self._world.guild_of(press.channel)
        command = self._commands.find(press.channel.guild_id, _number(data.get("id")))
        if command is None and not press.unchecked:
            raise unknown("application command")
        if command is not None and guild is not None:
            member = guild.members[press.user.id]
            if not self._commands.allowed(command, guild, member):
                raise missing_permissions()
        if command is not None and not press.unchecked:
            self._check_command(command, press)
        name = command["name"] if command is not None else str(data.get("name"))
        kind = command["type"] if command is not None else data.get("type") or SLASH
        resolver = await self._resolver(press, call)
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

    def _check_command(self, command: Json, press: "_Press") -> None:
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

    def _target(self, press: "_Press", kind: int, given: Json, resolver: Resolver) -> None:
        target = _number(press.data.get("target_id"))
        given["target_id"] = str(target)
        if kind == USER:
            if target not in self._world.users:
                raise unknown("User")
            resolver.add(TO_USER, str(target))
        elif kind == MESSAGE:
            message = self._messages.find(press.channel.id, target, press.user)
            resolver.add_message(self._messages.wire(message))

    async def _component(self, press: "_Press") -> None:
        data = press.data
        message = self._messages.find(press.channel.id, _number(press.body.get("message_id")), press.user)
        control = self._messages.controls(message).get(str(data.get("custom_id")))
        values = data.get("values")
        if not press.unchecked:
            _check_press(control, data)
            if message.author is not self._world.bot or message.flags & LOADING:
                raise _not_pressable()
        kind = control["type"] if control is not None else data.get("component_type")
        given: Json = {"custom_id": str(data.get("custom_id")), "component_type": kind}
        if control is not None and "id" in control:
            given["id"] = control["id"]
        if kind in SELECTS:
            given["values"] = values or []
            if kind >= USER_SELECT:
                resolver = await self._resolver(press, None)
                for value in given["values"]:
                    resolver.add(_SELECT_TO_OPTION[kind], str(value))
                given["resolved"] = resolver.found
        self._begin(press, given, source=message, message_kind=REPLY)

    async def _modal(self, press: "_Press", call: Call) -> None:
        data = press.data
        opened = self._interactions.modal_shown(_number(data.get("id")), press.user)
        if opened is None and not press.unchecked:
            raise unknown("Interaction")
        components = data.get("components")
        if not isinstance(components, list):
            raise invalid(("data", "components"), "BASE_TYPE_REQUIRED", "This field is required")
        modal = None if opened is None else opened.modal
        values = _submitted(components)
        if modal is not None and not press.unchecked:
            check_submission(modal, values)
        fields = {} if modal is None else fields_of(modal)
        resolver = await self._resolver(press, call)
        given: Json = {
            "custom_id": str(data.get("custom_id", "") if modal is None else modal["custom_id"]),
            "components": [_filled(one, fields, resolver) for one in components],
        }
        if resolver.found:
            given["resolved"] = resolver.found
        source = None if opened is None else opened.source
        kind = DEFAULT if opened is None else opened.message_kind
        self._begin(press, given, source=source, message_kind=kind)

    async def _resolver(self, press: "_Press", call: Call | None) -> Resolver:
        """Keep the files that came along, under the numbers that the values name them by."""
        entries = press.data.get("attachments") or []
        by_index = {str(entry.get("id")): entry for entry in entries if isinstance(entry, dict)}
        kept = {}
        for upload in [] if call is None else call.take_uploads():
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
        press: "_Press",
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
            created_at=self._world.now(),
            queued_at=asyncio.get_running_loop().time(),
            source=source,
            message_kind=message_kind,
            focused_type=focused_kind(data.get("options")),
        )
        shown = None
        if source is not None:
            shown = self._messages.wire(source)
            if source.flags & EPHEMERAL:
                shown["flags"] |= EPHEMERAL
        payload = interaction_payload(self._world, self._authority, interaction, data, shown)
        self._interactions.begin(interaction, payload)


class _Press:
    """What every kind of press has."""

    def __init__(self, user: User, channel: Channel, data: Json, body: Json, unchecked: bool) -> None:  # noqa: FBT001
        self.user = user
        self.channel = channel
        self.data = data
        self.body = body
        self.unchecked = unchecked


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isdecimal() else 0


def _not_pressable() -> Exception:
    return invalid(("data", "custom_id"), "COMPONENT_VALIDATION_FAILED", "Component validation failed")


def _check_press(control: Json | None, data: Json) -> None:
    if control is None or control.get("disabled") or control["type"] != data.get("component_type"):
        raise _not_pressable()
    if control["type"] not in SELECTS:
        return
    values = data.get("values")
    low, high = control.get("min_values"), control.get("max_values") or 1
    if not isinstance(values, list) or not (1 if low is None else low) <= len(values) <= high:
        raise _not_pressable()
    if control["type"] == STRING_SELECT:
        offered = {option["value"] for option in control["options"]}
        if not offered.issuperset(str(value) for value in values):
            raise _not_pressable()


def _submitted(components: list[Any]) -> dict[str, Any]:
    """A submission's values by custom id."""
    values: dict[str, Any] = {}
    for component in components:
        if not isinstance(component, dict):
            continue
        if isinstance(component.get("component"), dict):
            values |= _submitted([component["component"]])
        elif isinstance(component.get("components"), list):
            values |= _submitted(component["components"])
        elif "custom_id" in component:
            values[str(component["custom_id"])] = component.get("values", component.get("value"))
    return values


def _filled(component: Any, fields: dict[str, Json], resolver: Resolver) -> Any:
    """A submitted component with its number, and with ids in place of upload numbers."""
    if not isinstance(component, dict):
        return component
    copy = dict(component)
    if isinstance(copy.get("component"), dict):
        copy["component"] = _filled(copy["component"], fields, resolver)
    if isinstance(copy.get("components"), list):
        copy["components"] = [_filled(one, fields, resolver) for one in copy["components"]]
    field = fields.get(str(copy.get("custom_id")))
    if field is not None:
        copy["id"] = field.get("id", 0)
    kind = copy.get("type")
    if isinstance(copy.get("values"), list):
        option = ATTACHMENT if kind == FILE_UPLOAD else _SELECT_TO_OPTION.get(kind)  # type: ignore[arg-type]
        if option is not None:
            copy["values"] = [resolver.add(option, str(value)) for value in copy["values"]]
    return copy
