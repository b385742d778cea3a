"""One offer at each provider, its emulator, and what is open to it: for what asks about offers."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from bot import catalogue
from bot.catalogue import Catalogue
from bot.offers.comparison import compared
from bot.providers.fal import FalQueue
from bot.providers.lumenfall import LumenfallVideos
from bot.providers.openai import OpenAIVideos
from bot.providers.prodia import ProdiaJobs
from bot.providers.protocol import Provider
from bot.providers.replicate import ReplicatePredictions
from tests import fal_scene, lumenfall_scene, openai_scene, replicate_scene
from tests.emulators.fal import FalEmulator
from tests.emulators.lumenfall import LumenfallEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.replicate import ReplicateEmulator
from tests.props import Clock

MODEL = """
[[models]]
id = "m"
name = "M"
about = "Made for a test."
kinds = ["generate"]
resolutions = ["720p", "1080p"]
aspect_ratios = ["16:9"]
durations_s = [4, 8]
"""

OFFERS: Mapping[str, str] = {
    "openai": 'endpoint = "model-1"\nsizes = {"720p 16:9" = "128x72"}',
    "fal": 'endpoint = "fal-ai/sora-2/text-to-video"\nresolutions = {"720p" = "720p"}\n'
    'aspect_ratios = {"16:9" = "16:9"}\nseconds_as = "integer"',
    "lumenfall": 'endpoint = "fal/sora-2-pro"\n'
    'sizes = {"720p 16:9" = "1280x720", "1080p 16:9" = "1920x1080"}',
    "replicate": 'endpoint = "openai/sora-2"\nresolutions = {"720p" = ""}\n'
    'aspect_ratios = {"16:9" = "landscape"}\nseconds_as = "integer"',
    "prodia": 'endpoint = "inference.kling.txt2vid.v1"\nresolutions = {"720p" = ""}\n'
    'aspect_ratios = {"16:9" = "16:9"}\nseconds_as = "integer"',
}
PRICES = dict.fromkeys(OFFERS, '{"720p" = "0.10"}') | {"lumenfall": '{"720p" = "0.30", "1080p" = "0.50"}'}


class Sides:
    """One emulator of each provider, and what is open to them."""

    def __init__(self, clock: Clock, folder: Path) -> None:
        self.clock = clock
        self.openai = OpenAIEmulator(now=clock, api_key=openai_scene.KEY)
        self.fal = FalEmulator(now=clock, api_key=fal_scene.KEY)
        self.lumenfall = LumenfallEmulator(now=clock, api_key=lumenfall_scene.KEY)
        self.replicate = ReplicateEmulator(now=clock, api_token=replicate_scene.TOKEN)
        self._folder = folder

    async def open(self, stack: AsyncExitStack) -> None:
        for emulator in (self.openai, self.fal, self.lumenfall, self.replicate):
            await stack.enter_async_context(emulator)
        self._stack = stack

    def rows(self, name: str, *, more: str = "", price: str | None = None) -> Catalogue:
        priced = PRICES[name] if price is None else price
        offer = f'[[offers]]\nmodel = "m"\nprovider = "{name}"\nprotocol = "{name}"\n{OFFERS[name]}\n'
        if priced:
            offer += f'usd_per_second = {priced}\nprice_read_on = 2026-11-21\nprice_from = "a test"\n'
        overlay = self._folder / f"{name}.toml"
        overlay.write_text(f"{MODEL}\n{offer}{more}\n")
        return catalogue.load(overlay, providers=frozenset({name}), now=self.clock)

    def provider(self, name: str, rows: Catalogue) -> Provider:
        opened = self._opened(name, rows)
        self._stack.push_async_callback(opened.close)
        return opened

    def _opened(self, name: str, rows: Catalogue) -> Provider:
        wires, now = rows.wires(name), self.clock
        match name:
            case "openai":
                url, key = self.openai.url, openai_scene.KEY
                return OpenAIVideos(
                    name, base_url=url, api_key=key, wires=wires, now=now, lists_all_models=True
                )
            case "fal":
                return FalQueue(name, api_key=fal_scene.KEY, wires=wires, now=now, hosts=self.fal.hosts)
            case "lumenfall":
                url, account = self.lumenfall.url, self.lumenfall.account_url
                return LumenfallVideos(
                    name,
                    api_key=lumenfall_scene.KEY,
                    wires=wires,
                    now=now,
                    base_url=url,
                    account_url=account,
                )
            case "replicate":
                url, token = self.replicate.url, replicate_scene.TOKEN
                return ReplicatePredictions(name, api_token=token, wires=wires, now=now, base_url=url)
            case _:
                return ProdiaJobs(name, token="token", wires=wires, now=now, base_url="http://127.0.0.1:9/v2")

    async def said(self, name: str, *, more: str = "", price: str | None = None) -> tuple[str, bool]:
        rows = self.rows(name, more=more, price=price)
        providers = {name: self.provider(name, rows)}
        found = [each async for each in compared(rows, providers, today=self.clock().date())]
        (only,) = [each for each in found if each.offer.id == f"{name}/m"]
        return only.words, only.differs
