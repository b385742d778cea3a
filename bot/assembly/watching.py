"""What those who watch the bot read: its pulse, its numbers, and the server that answers with them."""

import shutil
import time
from functools import partial

from bot.assembly.buying import Buying
from bot.assembly.ground import Ground
from bot.operating.instruments import Instruments
from bot.operating.vitals import Vitals
from bot.operating.vitals_server import VitalsServer
from bot.worker import Worker


async def listening(ground: Ground, buying: Buying, worker: Worker) -> None:
    """Answer health, readiness and metrics, and measure what nobody else does."""
    config, client, meters = ground.config, buying.client, ground.meters
    vitals = Vitals(
        ground.database,
        gateway_latency_s=lambda: client.heartbeat_s,
        worker_late_s=lambda: worker.late_s,
        free_bytes=lambda: shutil.disk_usage(ground.folder).free,
        clock=time.monotonic,
    )
    instruments = Instruments(
        ground.folder,
        meters,
        ground.health,
        vitals,
        limit_micros=ground.limits.installation_monthly_micros,
        now=ground.now,
    )
    server = VitalsServer(vitals, instruments, folder=ground.folder)
    ground.stack.push_async_callback(server.close)
    await server.start(config.vitals_host, config.vitals_port)
    ground.duties["lag"] = meters.watch_lag
    ground.duties["identifies"] = partial(meters.watch_identifies, client.sessions_left)
