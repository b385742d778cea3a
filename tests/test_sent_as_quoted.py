"""What a quote says is what each provider's server receives: every offer of the catalogue, over real HTTP."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from PIL import Image

from bot.domain import Attempt, Kind, Source
from bot.offers.rows import Offer
from bot.providers.lumenfall import LumenfallVideos
from bot.providers.openai import OpenAIVideos
from bot.providers.prodia import ProdiaJobs
from bot.providers.protocol import Provider
from bot.providers.replicate import ReplicatePredictions
from bot.providers.wording import Worded
from tests import fal_scene, lumenfall_scene, openai_scene, prodia_scene, replicate_scene
from tests.emulators.fal import FalEmulator
from tests.emulators.lumenfall import LumenfallEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.prodia import ProdiaEmulator
from tests.emulators.replicate import ReplicateEmulator
from tests.emulators.site import Seen, parts_of
from tests.props import NOON, job_of
from tests.test_normalising import MODELS, ROWS, carried, combinations, of, order, sold, source_of

COMBINATIONS_MAX = 6
"""Of each offer: the words of all of them are compared in test_normalising, without a server."""

DIRECT = [
    pytest.param(offer, id=offer.id)
    for offer in ROWS.offers
    if {Kind.GENERATE, Kind.ANIMATE} & set(offer.row.kinds)
]


Fields = dict[str, object]


def received(seen: list[Seen]) -> Fields:
    """What the newest submission says."""
    return next(fields_of(each) for each in reversed(seen) if each.method == "POST" and each.body)


def noted(openai: OpenAIEmulator) -> Fields:
    """The same at the emulator that reads forms and JSON itself."""
    body = openai.seen[-1].body
    assert isinstance(body, dict)
    return body


@asynccontextmanager
async def served(offer: Offer) -> AsyncIterator[tuple[Provider, Callable[[], Fields]]]:
    """The offer's provider at an emulator of it, and what the newest submission there says."""
    wires = {offer.id: offer.wire}

    match offer.row.protocol:
        case "fal":
            async with (
                FalEmulator(now=lambda: NOON, api_key=fal_scene.KEY) as fal,
                fal_scene.provider_at(fal.hosts, wires=wires) as queue,
            ):
                yield queue, lambda: received(fal.queue.seen)
        case "replicate":
            async with ReplicateEmulator(now=lambda: NOON, api_token=replicate_scene.TOKEN) as replicate:
                predictions = ReplicatePredictions(
                    "emulator",
                    api_token=replicate_scene.TOKEN,
                    wires=wires,
                    now=lambda: NOON,
                    base_url=replicate.url,
                )
                yield predictions, lambda: received(replicate.api.seen)
                await predictions.close()
        case "prodia":
            async with ProdiaEmulator(now=lambda: NOON, token=prodia_scene.TOKEN) as prodia:
                jobs = ProdiaJobs(
                    "emulator",
                    token=prodia_scene.TOKEN,
                    wires=wires,
                    now=lambda: NOON,
                    base_url=prodia.url,
                )
                yield jobs, lambda: received(prodia.site.seen)
                await jobs.close()
        case "lumenfall":
            async with LumenfallEmulator(now=lambda: NOON, api_key=lumenfall_scene.KEY) as lumenfall:
                videos = LumenfallVideos(
                    "emulator",
                    api_key=lumenfall_scene.KEY,
                    wires=wires,
                    now=lambda: NOON,
                    base_url=lumenfall.url,
                    account_url=lumenfall.account_url,
                )
                yield videos, lambda: received(lumenfall.api.seen)
                await videos.close()
        case _:
            async with OpenAIEmulator(now=lambda: NOON, api_key=openai_scene.KEY) as openai:
                made = OpenAIVideos(
                    "emulator",
                    base_url=openai.url,
                    api_key=openai_scene.KEY,
                    wires=wires,
                    now=lambda: NOON,
                    can_cancel=True,
                )
                yield made, lambda: noted(openai)
                await made.close()


def fields_of(seen: Seen) -> Fields:
    """What a submission's body says, whatever it is wrapped in."""
    kind = next(value for name, value in seen.headers.items() if name.lower() == "content-type")
    if kind.startswith("multipart/"):
        parts = {part.name: part for part in parts_of(seen.headers, seen.body)}
        if "job" in parts:
            said: dict[str, object] = json.loads(parts["job"].data)
        else:
            return {part.name: part.data.decode() for part in parts.values() if part.file_name is None}
    else:
        said = json.loads(seen.body)
    inner = said.get("input", said.get("config", said))
    assert isinstance(inner, dict)
    return inner


def some(offer: Offer) -> Iterator[tuple[Kind, str, str, int]]:
    """The first, the last, and some between."""
    every = [
        each
        for each in combinations(offer, MODELS[offer.row.model])
        if each[0] in {Kind.GENERATE, Kind.ANIMATE}
    ]
    step = max(1, len(every) // COMBINATIONS_MAX)
    yield from islice(every[::-1], 0, None, step)


def real(source: Source, folder: Path) -> Source:
    """The same picture as a file on the disk."""
    path = folder / f"{source.width}x{source.height}.png"
    Image.new("RGB", (source.width, source.height)).save(path)
    return replace(source, path=path, provider_video_id=None)


@pytest.mark.parametrize("offer", DIRECT)
async def test_a_server_receives_what_the_quote_says(offer: Offer, tmp_path: Path) -> None:
    offer = sold(offer)
    catalogue = of([offer], MODELS[offer.row.model])
    checked = 0
    async with served(offer) as (provider, newest):
        for kind, resolution, aspect_ratio, seconds in some(offer):
            source = source_of(kind, aspect_ratio, resolution)
            if source is not None and offer.source_fault(source, 1) is not None:
                continue
            priced = order(
                catalogue,
                kind=kind,
                model=offer.row.model,
                resolution=resolution,
                aspect_ratio=aspect_ratio,
                duration_s=seconds,
                source=source and real(source, tmp_path),
                source_bytes=1,
            )
            placed = replace(job_of(), order=priced.order, quote=priced.quote)

            sent = Attempt(job_id=placed.id, number=1, offer_id=offer.id, sent_at=NOON)
            await provider.submit(placed, sent)

            said = carried(Worded(fields=newest(), source_field=""), offer)
            assert said.pop("duration_s", seconds) == priced.order.duration_s == seconds
            assert said.pop("resolution", [resolution]) == [priced.order.resolution]
            assert said.pop("aspect_ratio", [aspect_ratio]) == [priced.order.aspect_ratio]
            assert said.pop("size", [f"{resolution} {aspect_ratio}"]) == [f"{resolution} {aspect_ratio}"]
            assert priced.quote.price_micros == offer.per_second_micros[resolution] * seconds
            checked += 1
    assert checked
