"""What moves jobs: the worker, the socket of the command line, the web server that providers call."""

import asyncio
import logging
import random
from functools import partial

from bot import media
from bot.assembly.buying import Buying
from bot.assembly.ground import Ground
from bot.assembly.reviewing import Gates
from bot.assembly.showing import Showing
from bot.checks import reach
from bot.clips.link_key import key_in
from bot.domain import STUDIO, ChannelId, JobId
from bot.jobs.fetching import Fetching
from bot.jobs.pace import Pace
from bot.moderation.comebacks import Comebacks
from bot.moderation.takedowns import Takedowns
from bot.offers import reachable
from bot.offers.throttle import Throttle
from bot.operating.control import (
    Change,
    Control,
    GoOn,
    Halt,
    ResumeSpending,
    ResumeTakedown,
    SettleJob,
    TakeDown,
    carry_out,
)
from bot.operating.metered import Metered
from bot.operating.unsettled import Unsettled
from bot.privacy.export_links import ExportLinks
from bot.routing import Routing
from bot.spend.settling import ticket_urls
from bot.web import Webhooks
from bot.worker import Worker
from cogs.unsettled import OperatorBoard, Settling
from storage import jobs

log = logging.getLogger(__name__)


def made(ground: Ground, buying: Buying, showing: Showing, gates: Gates) -> Worker:
    """The one loop that follows every job to its end."""
    throttle = Throttle(ground.models.limits, clock=asyncio.get_running_loop().time)
    worker = Worker(
        ground.database,
        ground.models,
        {
            name: Metered(provider, ground.meters, traced=ground.traced)
            for name, provider in ground.providers.items()
        },
        showing.cards,
        Fetching(ground.clips_folder, check=media.check, now=ground.now),
        showing.posting,
        Routing(ground.models, ground.health, throttle, ground.notices),
        folder=ground.folder,
        now=ground.now,
        dice=random.Random(),  # noqa: S311 - spreads questions in time, guards nothing
        times=showing.times,
        whispers=showing.whispers,
        paces={STUDIO: Pace(first_s=0.3, factor=1.1, cap_s=1.0)},
        surge=ground.surge,
        pauses=ground.pauses,
        halts=ground.halts,
        gatehouse=gates.gatehouse,
        comebacks=Comebacks(
            ground.database, buying.hashes, gates.gatehouse, now=ground.now, wake=showing.removals.wake
        ),
        operator=ground.notices,
        dry_run=ground.config.dry_run,
        traced=ground.traced,
        stored=showing.thumbnails.want,
    )
    ground.surge.woken = worker.go_on
    ground.duties["worker"] = worker.run
    return worker


def asking_operator(ground: Ground, buying: Buying, worker: Worker) -> None:
    """Ask in the operator's channel about jobs of which nobody knows, where there is one and an operator."""
    config, client = ground.config, buying.client
    if config.operator_channel_id is None or not config.operator_ids:
        return

    async def urls(job_id: JobId) -> dict[str, str]:
        job = await ground.database.read(partial(jobs.get, job_id=job_id))
        return {} if job is None else ticket_urls(ground.models, job.quote.offer_id, job.order.kind)

    carry = partial(carry_out, ground.database, now=ground.now)
    client.settling = Settling(config.operator_ids, carry, settled=worker.wake, urls=urls)
    board = OperatorBoard(client, ChannelId(config.operator_channel_id))
    ground.duties["unsettled"] = Unsettled(ground.database, board, now=ground.now).run


async def listening(
    ground: Ground, worker: Worker, takedowns: Takedowns, exports: ExportLinks | None
) -> None:
    """Take changes from the command line, and providers' webhooks where there is a public address."""

    async def changed(change: Change) -> None:
        match change:
            case ResumeSpending():
                ground.surge.resumed()
            case Halt():
                for job_id in await ground.halts.halted(change.what, ground.database):
                    worker.wake(job_id)  # its card is to say so now
            case GoOn():
                ground.halts.resumed(change.what, at=ground.now())
                worker.go_on()
            case SettleJob(job_id=job_id):
                worker.wake(JobId(job_id))
            case TakeDown() | ResumeTakedown():
                await takedowns.go_on()

    control = Control(ground.folder, ground.database, now=ground.now, changed=changed)
    await control.start()
    ground.stack.push_async_callback(control.close)
    config = ground.config
    if config.public_url is None:
        return
    webhooks = Webhooks(
        ground.database,
        reachable.callers(config, ground.providers),
        accounts=reachable.accounts(config, ground.providers),
        routes=[
            *reach.routes(key_in(ground.folder)),
            *([] if ground.links is None else ground.links.routes()),
            *([] if exports is None else exports.routes()),
        ],
        wake=worker.wake,
        found=worker.found,
    )
    ground.stack.push_async_callback(webhooks.close)
    listening = await webhooks.start(config.web_host, config.web_port)
    log.info("webhooks come to %s", listening, extra={"code": "webhooks_open"})
