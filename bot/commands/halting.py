"""`dailies pause` and `dailies resume`: what the operator stops and lets go on, without a restart."""

import argparse
import asyncio
import difflib
import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot import catalogue, settings
from bot.commands import ids
from bot.errors import SettingsError
from bot.operating import control
from bot.operating.halts import HaltScope
from bot.settings import Settings

SPENDING = "spending"


def add_pause_to(parser: argparse.ArgumentParser) -> None:
    """The options of `dailies pause`."""
    _add_to(parser, [*HaltScope])


def add_resume_to(parser: argparse.ArgumentParser) -> None:
    """The options of `dailies resume`; `spending` is what the breaker on its rate has stopped."""
    _add_to(parser, [*HaltScope, SPENDING])


def pause(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Take nothing new and submit nothing of it."""
    config = settings.load(env_file=chosen.env_file)
    scope, name = _named(config, chosen)
    say(changed(config, control.Halt(scope=scope, name=name, by=who())))
    return 0


def resume(chosen: argparse.Namespace, *, say: Callable[[str], None]) -> int:
    """Let it go on."""
    config = settings.load(env_file=chosen.env_file)
    if chosen.what == SPENDING:
        say(changed(config, control.ResumeSpending(by=who())))
        return 0
    scope, name = _named(config, chosen)
    say(changed(config, control.GoOn(scope=scope, name=name, by=who())))
    return 0


def changed(config: Settings, wanted: control.Change) -> str:
    """Have it changed by the running bot, or alone; what was done."""
    return asyncio.run(control.change(config.data_dir, wanted, now=lambda: datetime.now(UTC)))


def who() -> str:
    """Who types, as the shell knows them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        name = "somebody"
    return f"{name} at the shell"[:100]


def _add_to(parser: argparse.ArgumentParser, choices: list[str]) -> None:
    parser.add_argument("what", choices=choices, nargs="?", default=HaltScope.EVERYTHING)
    parser.add_argument("name", nargs="?", default="", help="the provider, the model, or the server's id")
    parser.add_argument("--env-file", type=Path, default=Path(".env"))


def _named(config: Settings, chosen: argparse.Namespace) -> tuple[HaltScope, str]:
    scope, name = HaltScope(chosen.what), str(chosen.name)
    if scope is HaltScope.EVERYTHING:
        if name:
            raise SettingsError(f"everything has no name; did you mean `pause provider {name}`?")
        return scope, ""
    if scope is HaltScope.GUILD:
        if not ids.is_number(name):
            raise SettingsError("a server is named by its id, such as 1198622483471925248")
        return scope, name
    if not name:
        raise SettingsError(f"name the {scope}; `python -m bot models --all` lists them")
    offers = catalogue.all_rows(config.models_file).offers
    known = {each.row.provider if scope is HaltScope.PROVIDER else each.row.model for each in offers}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1) or sorted(known)[:8]
        raise SettingsError(f"there is no {scope} {name!r}; there is {', '.join(near)}")
    return scope, name
