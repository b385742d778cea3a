"""The real `dailies check` at installations in which much is really broken at once: each thing is named."""

import asyncio
import json
import os
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import PIL
from aiohttp import web

from bot.checks.channels import GUILDS_MAX
from bot.domain import ChannelId, GuildId, UserId
from bot.sandbox.server import Sandbox
from storage import acts, places, upload_limits
from storage.acts import Verb
from storage.database import Database, open_database
from storage.lock import FolderLock
from storage.places import Purpose
from tests import bookkeeping
from tests.model_rows import model_row, offer_row
from tests.props import NOON, job_of
from tests.sandboxes import running

Json = dict[str, Any]

NOBODY = "127.0.0.1:9"
"""Where nobody listens."""


async def checked(*arguments: str, **variables: str) -> tuple[int, set[str]]:
    """The exit code, and the codes of what was found, with no setting of the surroundings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DAILIES_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "check", "--json", *arguments,
        env=clean | variables, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, {finding["code"] for finding in json.loads(said)["findings"]}


@dataclass(slots=True)
class Crooked:
    """A Discord that is set up otherwise: it asks the sandbox, and changes what that says.

    `changes` are by the end of a path; each makes a status and a body of those that the sandbox gave. Of the
    servers that were `left` it knows nothing.
    """

    sandbox: Sandbox
    session: aiohttp.ClientSession
    changes: dict[str, Callable[[int, Any], tuple[int, Any]]] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    clock_off: timedelta = timedelta()
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        headers = {"Authorization": request.headers["Authorization"]}
        if request.path.split("/guilds/")[-1] in self.left:
            return web.json_response({"code": 10004, "message": "Unknown Guild"}, status=404)
        url = self.sandbox.api_url.partition("/api/")[0] + str(request.rel_url)
        async with self.session.get(url, headers=headers) as response:
            status, body = response.status, await response.json(content_type=None)
        for end, change in self.changes.items():
            if request.path.endswith(end):
                status, body = change(status, body)
        date = format_datetime(datetime.now(UTC) + self.clock_off, usegmt=True)
        return web.json_response(body, status=status, headers={"Date": date})


@asynccontextmanager
async def crooked(sandbox: Sandbox) -> AsyncIterator[Crooked]:
    session = aiohttp.ClientSession()
    made = Crooked(sandbox, session)
    app = web.Application()
    app.router.add_get("/{path:.*}", made.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        made.url = f"http://{host}:{port}/api/v10"
        yield made
    finally:
        await runner.cleanup()
        await session.close()


def put(**changed: object) -> Callable[[int, Any], tuple[int, Any]]:
    """The same answer with other fields."""
    return lambda status, body: (status, body | changed)


def refuse(status: int, code: int) -> Callable[[int, Any], tuple[int, Any]]:
    return lambda _status, _body: (status, {"code": code, "message": "no"})


async def name(database: Database, guild_id: int, channel_id: int, purpose: Purpose) -> None:
    await database.write(
        partial(places.put, guild_id=GuildId(guild_id), purpose=purpose, channel_id=ChannelId(channel_id))
    )


async def test_discord_set_up_wrongly_in_every_way_is_told_way_by_way(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    gone, hidden = 900_002, 900_003
    async with running(tmp_path / "discord") as sandbox, crooked(sandbox) as discord:
        guild, odd = sandbox.world.guild.id, sandbox.world.guild.id + 1
        read_only = sandbox.world.channel_named("read-only").id
        discord.clock_off = timedelta(minutes=10)
        discord.changes = {
            "/applications/@me": put(
                interactions_endpoint_url="https://elsewhere.example/",
                bot_require_code_grant=True,
                integration_types_config={"1": {}},
                flags=1 << 19,
            ),
            "/gateway/bot": put(
                shards=2,
                session_start_limit={"total": 1000, "remaining": 10, "reset_after": 9, "max_concurrency": 1},
            ),
            f"/guilds/{guild}/commands": refuse(403, 50001),
            f"/channels/{hidden}": refuse(403, 50001),
            f"/channels/{gone}": refuse(404, 10003),
            f"/guilds/{odd}": lambda _status, _body: (200, {"id": "banana"}),
        }
        database = await open_database(folder / "dailies.db")
        try:
            await name(database, guild, read_only, Purpose.CLIPS)
            await name(database, guild, hidden, Purpose.REPORTS)
            await name(database, odd, gone, Purpose.CLIPS)
            for left in range(odd + 1, odd + GUILDS_MAX):
                discord.left.add(str(left))
                await name(database, left, gone, Purpose.CLIPS)
            at = datetime.now(UTC)
            await database.write(
                partial(upload_limits.put, guild_id=GuildId(guild), bytes_max=8 << 20, at=at)
            )
        finally:
            await database.close()
        code, found = await checked(
            "--online",
            "--env-file",
            os.devnull,
            DAILIES_DATA_DIR=str(folder),
            DAILIES_DISCORD_TOKEN=sandbox.bot_token,
            DAILIES_DISCORD_API_URL=discord.url,
            DAILIES_DISCORD_GATEWAY_URL=f"ws://{NOBODY}/",
            DAILIES_OPERATOR_CHANNEL_ID=str(gone),
        )

    assert code == 1
    assert found >= {
        "clock_wrong",
        "interactions_elsewhere",
        "code_grant_required",
        "install_scopes",
        "intents_unneeded",
        "shards_wanted",
        "identifies_low",
        "gateway_unreachable",
        "commands_scope_missing",
        "permission_missing",
        "channel_gone",
        "channel_hidden",
        "discord_unreadable",
        "server_left",
        "servers_not_looked_at",
        "upload_limit_lower",
    }


def spoil_the_books(folder: Path) -> None:
    """What no code of ours does: rows that were changed by hand."""
    with closing(sqlite3.connect(folder / "dailies.db", isolation_level=None)) as connection:
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'acts'"
        ).fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        connection.execute("UPDATE acts SET actor_id = 6")
        connection.execute("UPDATE purses SET total_held_micros = 5")
        connection.execute("UPDATE jobs SET source_job_id = 'x' WHERE rowid = 1")


async def wreck(folder: Path) -> None:
    """A data folder whose rows were meddled with, beside an old copy of them and a backup that is none."""
    database = await open_database(folder / "dailies.db")
    try:
        await database.write(partial(bookkeeping.place, job=job_of(1)))
        await database.write(
            partial(
                acts.record,
                verb=Verb.ORDERS_PAUSED,
                actor_id=UserId(5),
                guild_id=GuildId(7),
                subject="guild:7",
                detail={},
                at=NOON,
            )
        )
    finally:
        await database.close()
    spoil_the_books(folder)
    former = folder / "before-schema-9-dailies.db"
    former.touch(0o600)
    os.utime(former, (0, 0))
    broken = folder / "backups" / "20260101T000000Z"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{")


async def test_an_installation_that_was_let_go_is_told_whole(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    await wreck(folder)
    folder.chmod(0o755)
    (folder / "dailies.db").chmod(0o644)
    today = datetime.now(UTC).date()
    models = tmp_path / "models.toml"
    long_ago, soon = today - timedelta(days=99), today + timedelta(days=5)
    models.write_text(
        model_row("paper")
        + offer_row("paper", "openai", price_read_on=long_ago, retires_on=soon)
        + model_row("ended")
        + offer_row("ended", "openai", endpoint="sora-1", price_read_on=long_ago, retires_on=long_ago)
        + '[[models]]\nid = "wrong"\ncolour = "red"\n'
    )
    env = tmp_path / ".env"
    with socket.create_server(("127.0.0.1", 0)) as taken, FolderLock(folder):
        lines = {
            "DISCORD_TOKEN": "a.b.c d.e.f ",
            "DISCORD_API_URL": f"http://{NOBODY}/api/v10",
            "DATA_DIR": f"'{folder}'",
            "OPENAI_BASE_URL": f"http://{NOBODY}/v1",
            "MODERATION_API_KEY": "sk-of-nobody",
            "MODERATION_BASE_URL": f"http://{NOBODY}/v1",
            "MODELS_FILE": str(models),
            "DRY_RUN": "true",
            "PUBLIC_URL": f"https://{NOBODY}",
            "WEB_PORT": str(taken.getsockname()[1]),
            "POLICY_FILE": str(tmp_path / "none.txt"),
        }
        written = "".join(f"DAILIES_{name}={value}\r\n" for name, value in lines.items())
        env.write_text("\ufeff" + written, "utf-8", newline="")
        env.chmod(0o644)
        code, found = await checked("--online", "--env-file", str(env))

    assert code == 1
    assert found - {"sqlite_wal_reset", "volume_unconfirmed"} == {
        "env_file_bom",
        "env_file_crlf",
        "env_file_quotes",
        "env_file_trailing_space",
        "secret_file_open",
        "data_folder_open",
        "data_file_open",
        "data_folder_in_use",
        "token_wrong",
        "no_spending_limit",
        "dry_run",
        "operator_not_told",
        "acts_broken",
        "ledger_differs",
        "database_orphans",
        "backups_unreadable",
        "backups_none",
        "backups_on_the_same_disk",
        "copies_older_than_promised",
        "policy_unreadable",
        "model_row_wrong",
        "model_retired",
        "model_retires_soon",
        "price_old",
        "provider_unreachable",
        "moderation_unreachable",
        "public_url_silent",
    }


POOR = """
import sqlite3
import av.codec.codec

sqlite3.sqlite_version, sqlite3.sqlite_version_info = "3.36.0", (3, 36, 0)
av.formats_available.discard("webm")
whole = av.codec.codec.Codec

def built_without(name, mode="r"):
    if name in ("libx264", "av1"):
        raise av.codec.codec.UnknownCodecError(name)
    return whole(name, mode)

av.codec.Codec = built_without
"""
"""A machine whose Python has an old SQLite, and whose FFmpeg was built without a few things."""


def lay_poor(poor: Path) -> None:
    (poor / "PIL").mkdir(parents=True)
    for part in Path(PIL.__path__[0]).iterdir():  # Pillow, but for two of its libraries
        if not part.name.startswith(("_webp.", "_avif.")):
            (poor / "PIL" / part.name).symlink_to(part)
    libraries = Path(PIL.__path__[0]).with_name("pillow.libs")
    if libraries.is_dir():  # beside it in a wheel of Linux
        (poor / "pillow.libs").symlink_to(libraries)
    (poor / "sitecustomize.py").write_text(POOR)


async def test_a_machine_that_lacks_parts_is_told_which(tmp_path: Path) -> None:
    poor = tmp_path / "poor"
    lay_poor(poor)
    paths = os.pathsep.join([str(poor), os.environ.get("PYTHONPATH", "")])

    code, found = await checked(
        "--env-file",
        os.devnull,
        DAILIES_DATA_DIR=str(tmp_path / "data"),
        DAILIES_DISCORD_TOKEN="a.b.c",
        PYTHONPATH=paths,
    )

    assert code == 1
    assert found >= {"sqlite_too_old", "codec_missing", "picture_format_missing"}
