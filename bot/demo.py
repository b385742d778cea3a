"""A member types `/generate` and gets a clip: what a person in the channel would see, on a terminal."""

import asyncio
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.operating import reports
from bot.rehearsal import started
from bot.sandbox.components import walk
from bot.sandbox.person import Event, Person
from bot.settings import Settings

Message = dict[str, Any]

MEMBER = "ada"
CHANNEL = "dailies"
CLIP_WITHIN_S = 180.0

_BUTTON, _TEXT = 2, 10
_EPHEMERAL = 1 << 6
_MARKUP = re.compile(r"^(?:#+ |-# |> ?)|\\(?=[^\w\s])", re.MULTILINE)
_TIME = re.compile(r"<t:(\d+)(?::\w)?>")
_MENTION = re.compile(r"<@(\d+)>")
_CHANNEL = re.compile(r"<#(\d+)>")


async def play(prompt: str, *, folder: Path) -> int:
    """Run the whole of it once; the clip, the bot's log and its ledger are left in `folder`.

    Returns 0 when the clip was posted and saved and the ledger is right, 1 when not.
    """
    run = folder / "run"
    await asyncio.to_thread(shutil.rmtree, run, ignore_errors=True)
    await asyncio.to_thread(run.mkdir, parents=True)
    print("Starting a Discord of your own, the bot, and its studio …")
    began = time.monotonic()
    async with started(run, log=folder / "bot.log") as (sandbox, _):
        token = sandbox.world.user_named(MEMBER).token
        async with Person.open(sandbox.api_url, sandbox.gateway_url, token) as person:
            saved = await _order(person, prompt, into=folder)
    config = Settings(data_dir=run / "data")
    print("\nThe ledger says:")
    for line in reports.ledger_lines(config, newest=20):
        print(f"  {line}")
    differences = reports.ledger_differences(config)
    for line in differences or ["the totals are the sums of their entries"]:
        print(f"  {line}")
    if saved is None:
        print(f"\nNo clip was posted. The bot's log: {folder / 'bot.log'}")
        return 1
    size_mb = saved.stat().st_size / 1_000_000
    print(f"\nSaved {saved} ({size_mb:.1f} MB) after {time.monotonic() - began:.1f} s.")
    return 1 if differences else 0


async def _order(person: Person, prompt: str, *, into: Path) -> Path | None:
    """Order the clip and watch the channel until it is there, or the card says that it will not be."""
    channel = person.channel(CHANNEL)
    print(f"\n#{CHANNEL}  {MEMBER} types  /generate prompt: {prompt}\n")
    press = await person.slash("generate", {"prompt": prompt}, channel=channel)
    answer = await person.answer(press, timeout_s=10)
    _show("only you can see this", answer)
    if (yes := _custom_id(answer, "quote:", ":yes")) is not None:
        print(f"{MEMBER} presses  {_labels(answer)[0]}\n")
        await person.press(answer, yes)
    shown: set[str] = set()
    mark = press.mark
    while True:
        try:
            event = await person.wait_for(_is_news, timeout_s=CLIP_WITHIN_S, since=mark)
        except TimeoutError:
            return None
        mark = event.number
        message = event.data
        text = _text(message)
        if text in shown or not text:
            continue
        clip = _clip(message)
        if clip is None and shown:
            print(f"  · the card: {text.splitlines()[0]}")
        else:
            _show("a reply to the card" if clip else "the card", message)
        shown.add(text)
        if clip is not None:
            path = into / str(clip["filename"])
            await person.download(clip["url"], path)
            await _card_done(person)
            return path
        if text.startswith(("Failed", "Cancelled", "Ready, but")):
            return None


async def _card_done(person: Person) -> None:
    """The card's last edit, which may come a moment after the clip."""
    message = await person.wait_for_message(lambda message: _text(message).startswith("Done"), timeout_s=10)
    _show("the card", message)


def _is_news(event: Event) -> bool:
    return event.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and not event.data["flags"] & _EPHEMERAL


def _show(whose: str, message: Message) -> None:
    print(f"  ┌ {message['author']['username']} · {whose}")
    for line in _text(message).splitlines():
        print(f"  │ {line}")
    for attachment in message.get("attachments", []):
        print(f"  │ ▶ {attachment['filename']} ({attachment['size'] / 1_000_000:.1f} MB)")
    if labels := _labels(message):
        print("  │ " + "  ".join(f"[ {label} ]" for label in labels))
    print("  └")


def _text(message: Message) -> str:
    """The words of a message as a client shows them, without the marks that only style them."""
    texts = [message["content"]] if message["content"] else []
    texts += [part["content"] for part in walk(message["components"]) if part["type"] == _TEXT]
    text = _MARKUP.sub("", "\n".join(texts))
    text = _TIME.sub(lambda match: time.strftime("%d %B %Y", time.gmtime(int(match[1]))), text)
    return _CHANNEL.sub(f"#{CHANNEL}", _MENTION.sub(f"@{MEMBER}", text))


def _labels(message: Message) -> list[str]:
    return [part["label"] for part in _buttons(message)]


def _buttons(message: Message) -> Iterator[Message]:
    return (part for part in walk(message["components"]) if part["type"] == _BUTTON and part.get("label"))


def _custom_id(message: Message, start: str, end: str) -> str | None:
    ids = [part.get("custom_id", "") for part in _buttons(message)]
    return next((one for one in ids if one.startswith(start) and one.endswith(end)), None)


def _clip(message: Message) -> Message | None:
    found: list[Message] = [a for a in message.get("attachments", []) if a["filename"].endswith(".mp4")]
    return found[0] if found else None
