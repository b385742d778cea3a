"""What the bot says of itself over HTTP: on a socket in the data folder, and on a port where one is set.

==============  ============================================================================
`/healthz`      200 while the loop answers at all: for those who restart what hangs
`/readyz`       200 where database, gateway and worker do their work, else 503; which, as JSON
`/metrics`      every number, for Prometheus
`/status`       the same and the readiness as JSON, for `dailies status`
==============  ============================================================================

No id of a person, server, channel or job is in any of them, nor any text of theirs.
"""

import asyncio
import os
from dataclasses import asdict
from pathlib import Path

from aiohttp import web

from bot.errors import SettingsError
from bot.operating import exposition
from bot.operating.instruments import Instruments
from bot.operating.vitals import Vitals
from bot.sockets import address

SOCKET = "vitals.sock"

_CLOSE_S = 1.0
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class VitalsServer:
    """Answers those who watch.

    Args:
        folder: the data folder, in which the socket lies.
    """

    def __init__(self, vitals: Vitals, instruments: Instruments, *, folder: Path) -> None:
        self._vitals = vitals
        self._instruments = instruments
        self._folder = folder
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int | None) -> None:
        """Listen. To be closed even where this raises.

        Raises:
            SettingsError: the port cannot be had.
        """
        app = web.Application(client_max_size=1)
        app.add_routes(
            [
                web.get("/healthz", self._alive),
                web.get("/readyz", self._ready),
                web.get("/metrics", self._metrics),
                web.get("/status", self._status),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSE_S)
        await self._runner.setup()
        with address(self._folder, SOCKET) as path:
            await web.UnixSite(self._runner, path).start()  # one that a dead process left is replaced
            os.chmod(path, 0o600)  # noqa: PTH101 - the address may lead through a descriptor
        if port is None:
            return
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as fault:
            raise SettingsError(
                f"DAILIES_VITALS_HOST and DAILIES_VITALS_PORT: they cannot be had ({fault.strerror})"
            ) from fault

    async def close(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            await asyncio.to_thread((self._folder / SOCKET).unlink, missing_ok=True)

    async def _alive(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n", headers=_HEADERS)

    async def _ready(self, _: web.Request) -> web.Response:
        readiness = await self._vitals.readiness()
        status = 200 if readiness.is_ready else 503
        body = {"ready": readiness.is_ready, **asdict(readiness)}
        return web.json_response(body, status=status, headers=_HEADERS)

    async def _metrics(self, _: web.Request) -> web.Response:
        text = exposition.text(await self._instruments.families())
        return web.Response(body=text.encode(), headers=_HEADERS | {"Content-Type": exposition.CONTENT_TYPE})

    async def _status(self, _: web.Request) -> web.Response:
        readiness = await self._vitals.readiness()
        families = await self._instruments.families()
        body = {
            "ready": readiness.is_ready,
            **asdict(readiness),
            "numbers": [
                {"name": family.name + sample.suffix, "labels": sample.labels, "value": sample.value}
                for family in families
                for sample in family.samples
                if sample.suffix != "_bucket"
            ],
        }
        return web.json_response(body, headers=_HEADERS)
