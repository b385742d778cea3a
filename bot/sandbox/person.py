"""A person at a Discord client: uses commands, presses buttons, fills forms; for the demo and for tests."""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.sandbox.client import WAIT_S, Client, Event, PersonError
from bot.sandbox.components import walk
from bot.sandbox.errors import Json
from bot.sandbox.message import LOADING

__all__ = ["Event", "Person", "PersonError", "Press"]

_SUBCOMMAND, _GROUP = 1, 2
_ROW, _TEXT, _LABEL = 1, 10, 18
# Fields of a modal whose answer is a list: selects, files, groups of checkboxes.
_LISTED = (3, 5, 6, 7, 8, 19, 22)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """An interaction that this person began: what comes of it carries `nonce` and follows event `mark`."""

    nonce: str
    mark: int


class Person:
    """One person. What they were told is in `client.events`, the messages as they stand in `client.seen`."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._commands: list[Json] = []
        self._application_id = ""

    @classmethod
    @asynccontextmanager
    async def open(cls, api_url: str, gateway_url: str, token: str) -> AsyncIterator["Person"]:
        """Log in, connect, and wait for the guilds; closed at the end of the block."""
        async with Client.open(api_url, gateway_url, token) as client:
            yield cls(client)

    @property
    def id(self) -> str:
        return str(self.client.user["id"])

    @property
    def mark(self) -> int:
        """The number of the newest event; `wait_for(…, since=mark)` waits for later ones."""
        return self.client.count

    def channel(self, name: str) -> str:
        """The id of a channel that this person sees.

        Raises:
            KeyError: they see none of that name.
        """
        for guild in self.client.guilds.values():
            for channel in guild["channels"]:
                if channel["name"] == name:
                    return str(channel["id"])
        raise KeyError(name)

    async def direct_channel(self, user_id: str) -> str:
        """The id of the direct messages with somebody, opened if they never talked."""
        body = {"recipient_id": user_id}
        opened: Json = await self.client.request("POST", "/users/@me/channels", body=body)
        return str(opened["id"])

    async def slash(
        self,
        name: str,
        options: Json | None = None,
        *,
        channel: str,
        files: Sequence[Path] = (),
        unchecked: bool = False,
    ) -> Press:
        """Use a slash command; `name` may have subcommands ("budget set").

        The value of an option for a file is the number of its file in `files`, as text ("0").

        Raises:
            KeyError: the picker has no such command, or it no such option (unless `unchecked`).
            PersonError: the API refused it.
        """
        data = await self._command_data(name, options or {}, unchecked=unchecked)
        payload = {"type": 2, "channel_id": channel, "data": data}
        return await self.interaction(payload, files=files, unchecked=unchecked)

    async def menu(self, name: str, target_id: str, *, channel: str) -> Press:
        """Use a command of the menu of a message or a user.

        Raises:
            KeyError: there is no such command.
            PersonError: the API refused it.
        """
        command = await self._command(name, kinds=(2, 3))
        data = {key: command[key] for key in ("id", "version", "name", "type")} | {"target_id": target_id}
        return await self.interaction({"type": 2, "channel_id": channel, "data": data})

    async def autocomplete(
        self, name: str, option: str, typed: str, *, channel: str, options: Json | None = None
    ) -> list[Json]:
        """Type in an option; the choices that the bot proposes, none if it does not answer."""
        data = await self._command_data(name, (options or {}) | {option: typed}, focused=option)
        press = await self.interaction({"type": 4, "channel_id": channel, "data": data})
        names = ("APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE", "INTERACTION_FAILURE")
        event = await self.client.wait_for(_of(press, *names), since=press.mark)
        choices: list[Json] = event.data.get("choices", [])
        return choices

    async def press(
        self, message: Json, custom_id: str, *, values: Sequence[str] | None = None, unchecked: bool = False
    ) -> Press:
        """Press a button of a message, or choose `values` in its select.

        Raises:
            PersonError: there is no such control on it, or it is disabled (unless `unchecked`).
        """
        control = next((one for one in walk(message["components"]) if one.get("custom_id") == custom_id), {})
        data: Json = {"component_type": control.get("type", 2), "custom_id": custom_id}
        if values is not None:
            data["values"] = list(values)
        payload = {
            "type": 3,
            "channel_id": message["channel_id"],
            "message_id": message["id"],
            "message_flags": message["flags"],
            "data": data,
        }
        return await self.interaction(payload, unchecked=unchecked)

    async def submit(
        self, modal: Json, values: Json, *, files: Sequence[Path] = (), unchecked: bool = False
    ) -> Press:
        """Send a modal in; `values` maps custom ids to a text, a list, or a truth.

        A field for files takes the numbers of its files in `files`, as texts.

        Raises:
            PersonError: a value is missing or does not fit (unless `unchecked`).
        """
        components = [_filled(component, values) for component in modal["components"]]
        data = {"id": modal["id"], "custom_id": modal["custom_id"], "components": components}
        payload = {"type": 5, "channel_id": modal["channel_id"], "data": data}
        return await self.interaction(payload, files=files, unchecked=unchecked)

    async def interaction(
        self, payload: Json, *, files: Sequence[Path] = (), unchecked: bool = False
    ) -> Press:
        """Send any interaction, a malformed one too; what is missing around `data` is filled in.

        With `unchecked` the sandbox hands the values on to the bot as they are.

        Raises:
            PersonError: the API refused it.
        """
        mark = self.mark
        if not self._application_id:
            await self.commands()
        full: Json = {
            "application_id": self._application_id,
            "session_id": self.client.session_id,
            "guild_id": next(iter(self.client.guilds), None),
            "nonce": str(secrets.randbits(62)),
        } | payload
        data = full.get("data")
        if files and isinstance(data, dict):
            entries = [{"id": str(index), "filename": path.name} for index, path in enumerate(files)]
            data.setdefault("attachments", entries)
        headers = {"X-Sandbox-Unchecked": "1"} if unchecked else None
        await self.client.request("POST", "/interactions", body=full, files=files, headers=headers)
        return Press(nonce=str(full["nonce"]), mark=mark)

    async def say(
        self, channel: str, content: str, *, files: Sequence[Path] = (), reply_to: str | None = None
    ) -> Json:
        """Write a message; it as it was posted.

        Raises:
            PersonError: the API refused it.
        """
        body: Json = {"content": content}
        if reply_to is not None:
            body["message_reference"] = {"message_id": reply_to}
        path = f"/channels/{channel}/messages"
        posted: Json = await self.client.request("POST", path, body=body, files=files)
        return posted

    async def react(self, message: Json, emoji: str, *, remove: bool = False) -> None:
        """Put an emoji under a message, or take one's own away."""
        path = f"/channels/{message['channel_id']}/messages/{message['id']}/reactions/{emoji}/@me"
        await self.client.request("DELETE" if remove else "PUT", path)

    async def delete(self, message: Json) -> None:
        """Delete a message: one's own, or with the right to manage messages any."""
        await self.client.request("DELETE", f"/channels/{message['channel_id']}/messages/{message['id']}")

    async def messages(self, channel: str, **query: int | str) -> list[Json]:
        """The channel's messages, the newest first; `query` as in Discord's API (limit, before, …)."""
        path = f"/channels/{channel}/messages"
        listed: list[Json] = await self.client.request("GET", path, query=query)
        return listed

    async def message(self, channel: str, message_id: str) -> Json:
        """One message, with fresh links.

        Raises:
            PersonError: it is not there, or not for these eyes.
        """
        found: Json = await self.client.request("GET", f"/channels/{channel}/messages/{message_id}")
        return found

    async def commands(self) -> list[Json]:
        """What the command picker shows this person."""
        guild = next(iter(self.client.guilds))
        index = await self.client.request("GET", f"/guilds/{guild}/application-command-index")
        self._application_id = index["applications"][0]["id"]
        self._commands = index["application_commands"]
        return self._commands

    async def download(self, url: str, to: Path) -> int:
        """Save a file of the CDN; its size in bytes.

        Raises:
            PersonError: the link is dead.
        """
        return await self.client.download(url, to)

    async def wait_for(
        self, predicate: Callable[[Event], bool], *, timeout_s: float = WAIT_S, since: int = 0
    ) -> Event:
        """The first event after `since` for which `predicate` holds, seen already or yet to come.

        Raises:
            TimeoutError: none came in time; says what came instead.
        """
        return await self.client.wait_for(predicate, timeout_s=timeout_s, since=since)

    async def wait_for_message(
        self, predicate: Callable[[Json], bool], *, timeout_s: float = WAIT_S, since: int = 0
    ) -> Json:
        """The first message, new or edited, for which `predicate` holds."""

        def wanted(event: Event) -> bool:
            return event.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and predicate(event.data)

        return (await self.client.wait_for(wanted, timeout_s=timeout_s, since=since)).data

    async def outcome(self, press: Press, *, timeout_s: float = WAIT_S) -> str:
        """How a press ended: "INTERACTION_SUCCESS" or "INTERACTION_FAILURE"."""
        wanted = _of(press, "INTERACTION_SUCCESS", "INTERACTION_FAILURE")
        return (await self.client.wait_for(wanted, timeout_s=timeout_s, since=press.mark)).name

    async def answer(self, press: Press, *, timeout_s: float = WAIT_S) -> Json:
        """The message that answers a press, when it is complete."""

        def complete(message: Json) -> bool:
            return message.get("nonce") == press.nonce and not message["flags"] & LOADING

        return await self.wait_for_message(complete, timeout_s=timeout_s, since=press.mark)

    async def modal(self, press: Press, *, timeout_s: float = WAIT_S) -> Json:
        """The modal that a press opened."""
        wanted = _of(press, "INTERACTION_MODAL_CREATE")
        return (await self.client.wait_for(wanted, timeout_s=timeout_s, since=press.mark)).data

    async def _command(self, name: str, kinds: tuple[int, ...] = (1,)) -> Json:
        for asked_anew in (False, True):
            for command in await self.commands() if asked_anew else self._commands:
                if command["name"] == name and command["type"] in kinds:
                    return command
        raise KeyError(f"no command {name!r} in the picker")

    async def _command_data(
        self, name: str, values: Json, *, focused: str | None = None, unchecked: bool = False
    ) -> Json:
        first, *subcommands = name.split()
        command = await self._command(first)
        described: list[Json] = command.get("options", [])
        chain = []
        for subcommand in subcommands:
            found = next(one for one in described if one["name"] == subcommand)
            chain.append(found)
            described = found.get("options", [])
        types = {option["name"]: option["type"] for option in described}
        options: list[Json] = []
        for key, value in values.items():
            kind = types.get(key, _guessed(value)) if unchecked else types[key]
            option: Json = {"name": key, "type": kind, "value": value}
            options.append(option | ({"focused": True} if key == focused else {}))
        for found in reversed(chain):
            options = [{"name": found["name"], "type": found["type"], "options": options}]
        data = {key: command[key] for key in ("id", "version", "name", "type")}
        return data | {"options": options}


def _guessed(value: Any) -> int:
    """The type of an option that the command does not have."""
    if isinstance(value, bool):
        return 5
    return 4 if isinstance(value, int) else 10 if isinstance(value, float) else 3


def _of(press: Press, *names: str) -> Callable[[Event], bool]:
    return lambda event: event.name in names and event.data.get("nonce") == press.nonce


def _filled(component: Json, values: Json) -> Json:
    """A modal's component as a client sends it back."""
    filled: Json = {"type": component["type"], "id": component.get("id", 0)}
    if component["type"] == _ROW:
        return filled | {"components": [_filled(one, values) for one in component["components"]]}
    if component["type"] == _LABEL:
        return filled | {"component": _filled(component["component"], values)}
    if component["type"] == _TEXT:
        return filled
    custom_id = component["custom_id"]
    filled["custom_id"] = custom_id
    if component["type"] in _LISTED:
        filled["values"] = list(values.get(custom_id) or [])
    else:
        filled["value"] = values.get(custom_id, component.get("value"))
    return filled
