"""The providers that can be reached, opened; and those of them that call us."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial

from bot import web
from bot.catalogue import Catalogue
from bot.domain import STUDIO, Attempt, OfferId
from bot.jobs.patience import RUNNING_MAX
from bot.offers.keys import FAL, LUMENFALL, OPENAI, OPENAI_URL, REPLICATE, names, told
from bot.offers.origins import files_from, moved
from bot.providers import lumenfall, prodia, replicate
from bot.providers.fal import FalQueue
from bot.providers.fal_addresses import Hosts
from bot.providers.lumenfall import LumenfallVideos
from bot.providers.openai import OpenAIVideos
from bot.providers.prodia import ProdiaJobs
from bot.providers.protocol import Provider, Wire
from bot.providers.replicate import ReplicatePredictions
from bot.settings import Settings

_GIVEN_UP_AFTER_S = round(RUNNING_MAX.total_seconds())
"""When we would ask for a stop ourselves: so a job that nobody waits for ends also while we are away."""


async def opened(
    config: Settings, models: Catalogue, stack: AsyncExitStack, *, now: Callable[[], datetime]
) -> dict[str, Provider]:
    """Every provider that can be reached, by name; each is closed with the stack."""
    providers: dict[str, Provider] = {}
    for name in sorted(names(config)):
        provider = await _opened(name, config, models, stack, now=now)
        stack.push_async_callback(provider.close)
        providers[name] = provider
    return providers


def callers(config: Settings, providers: Mapping[str, Provider]) -> dict[str, web.Caller]:
    """Those of the open providers that send webhooks, where they can reach us."""
    found: dict[str, web.Caller] = {}
    if config.public_url is None:
        return found
    for name, provider in providers.items():
        match provider:
            case FalQueue() | ReplicatePredictions() | LumenfallVideos():
                found[name] = web.Caller(received=provider.received, secret=_mark_secret(name, config))
            case _:
                continue
    return found


def accounts(config: Settings, providers: Mapping[str, Provider]) -> dict[str, web.Verified]:
    """Those of the open providers that send the webhooks of all our jobs to one address."""
    if config.public_url is None or config.openai_webhook_secret is None:
        return {}
    return {
        name: provider.verify
        for name, provider in providers.items()
        if isinstance(provider, OpenAIVideos) and name == OPENAI
    }


def _webhook_url(name: str, config: Settings) -> Callable[[Attempt], str] | None:
    if config.public_url is None:
        return None
    return partial(web.address, config.public_url, name, _mark_secret(name, config))


def _mark_secret(name: str, config: Settings) -> str:
    """What marks the addresses of this provider's webhooks: nobody but the two of us knows it."""
    keys = {FAL: config.fal_key, REPLICATE: config.replicate_api_token, LUMENFALL: config.lumenfall_api_key}
    return told(keys[name])


async def _opened(
    name: str, config: Settings, models: Catalogue, stack: AsyncExitStack, *, now: Callable[[], datetime]
) -> Provider:
    wires, origins = models.wires(name), config.provider_origins
    more = config.file_hosts
    match name:
        case "fal":
            key, calls = told(config.fal_key), _webhook_url(name, config)
            return FalQueue(
                name,
                api_key=key,
                wires=wires,
                now=now,
                hosts=_fal_hosts(origins, more),
                webhook_url=calls,
                start_within_s=_GIVEN_UP_AFTER_S,
            )
        case "replicate":
            key, calls = told(config.replicate_api_token), _webhook_url(name, config)
            return ReplicatePredictions(
                name,
                api_token=key,
                wires=wires,
                now=now,
                base_url=moved(replicate.BASE_URL, origins),
                webhook_url=calls,
                file_hosts=(*files_from(replicate.FILE_HOSTS, origins), *more),
                cancel_after_s=_GIVEN_UP_AFTER_S,
            )
        case "lumenfall":
            key, calls = told(config.lumenfall_api_key), _webhook_url(name, config)
            return LumenfallVideos(
                name,
                api_key=key,
                wires=wires,
                now=now,
                base_url=moved(lumenfall.BASE_URL, origins),
                account_url=moved(lumenfall.ACCOUNT_URL, origins),
                webhook_url=calls,
                file_hosts=(*files_from(lumenfall.FILE_HOSTS, origins), *more),
            )
        case "prodia":
            return ProdiaJobs(
                name,
                token=told(config.prodia_token),
                wires=wires,
                now=now,
                base_url=moved(prodia.BASE_URL, origins),
                file_hosts=more,
            )
        case "openai":
            # The catalogue says of each offer whether a running job is asked to stop.
            return OpenAIVideos(
                name,
                base_url=config.openai_base_url or OPENAI_URL,
                api_key=told(config.openai_api_key) or None,
                wires=wires,
                now=now,
                can_cancel=True,
                lists_all_models=config.openai_base_url is None,
                sends_forms=config.openai_sends_forms,
                webhook_secret=told(config.openai_webhook_secret) or None,
                file_hosts=more,
            )
        case _:
            return await _studio(config, wires, stack, now=now)


async def _studio(
    config: Settings, wires: Mapping[OfferId, Wire], stack: AsyncExitStack, *, now: Callable[[], datetime]
) -> Provider:
    from bot.studio.server import Studio  # noqa: PLC0415 - its pictures and codecs are 60 MB

    studio = Studio(config.data_dir / "studio", renders_at_once=config.studio_workers, now=now)
    stack.push_async_callback(studio.close)
    return OpenAIVideos(
        STUDIO,
        base_url=await studio.start(),
        api_key=None,
        wires=wires,
        now=now,
        can_cancel=True,
        bills_failures=False,
        deletes_characters=True,
    )


def _fal_hosts(origins: Mapping[str, str], more: tuple[str, ...]) -> Hosts:
    own = Hosts()
    return Hosts(
        queue=moved(own.queue, origins),
        rest=moved(own.rest, origins),
        cdn=moved(own.cdn, origins),
        platform=moved(own.platform, origins),
        files=(*files_from(own.files, origins), *more),
    )
