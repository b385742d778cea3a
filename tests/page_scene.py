"""What the page's tests stand on: a sandbox, a bot in it, one browser, and a page that is one's own."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import discord
import pytest
from playwright.async_api import BrowserContext, Locator, Page, async_playwright, expect

from bot.sandbox.server import Sandbox
from cogs.client import use_endpoints
from tests.page_stage import StageBot, write_clip

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LEFT_AS_FOUND = """() =>
  document.querySelector("dialog[open], :popover-open, .command-form, #faults:not([hidden])") === null
  && document.querySelector("#composer-input").value === "" """
# The bot's time to answer, so that the tests of a failure are quick; Discord gives 3 s.
ACKNOWLEDGE_S = 1.2
# What every module of these tests is marked with.
MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install the system's package chromium"),
    pytest.mark.asyncio(loop_scope="module"),
]


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is slow to start, once; `faults` gathers what no test may find on a page."""

    sandbox: Sandbox
    bot: StageBot
    window: BrowserContext
    faults: list[str] = field(default_factory=list)

    @property
    def channel(self) -> discord.TextChannel:
        channel = self.bot.get_channel(self.sandbox.world.channel_named("dailies").id)
        assert isinstance(channel, discord.TextChannel)
        return channel


@asynccontextmanager
async def open_scene(folder: Path) -> AsyncIterator[Scene]:
    """Everything started, and stopped at the end of the block."""
    async with AsyncExitStack() as stack:
        sandbox = Sandbox(folder / "discord", acknowledge_s=ACKNOWLEDGE_S)
        await sandbox.start()
        stack.push_async_callback(sandbox.close)
        before = discord.http.Route.BASE, str(discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY)
        use_endpoints(sandbox.api_url, sandbox.gateway_url)
        stack.callback(use_endpoints, *before)
        bot = await stack.enter_async_context(StageBot(write_clip(folder / "clip.mp4")))
        running = asyncio.create_task(bot.start(sandbox.bot_token))
        stack.push_async_callback(_ended, running)
        await bot.greeted.wait()
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        stack.push_async_callback(browser.close)
        window = await browser.new_context(timezone_id="UTC")
        window.set_default_timeout(8000)
        yield Scene(sandbox, bot, window)


@asynccontextmanager
async def open_page(scene: Scene) -> AsyncIterator[Page]:
    """The page as Ada, in #dailies; a fault of its script, or a request to elsewhere, fails the test."""
    if not scene.window.pages:
        await _new_page(scene)
    opened = scene.window.pages[0]
    await become(opened, scene, "ada")
    yield opened
    # Loading costs most of a test, so the next one goes on with a page that is left as it was found.
    if not await opened.evaluate(LEFT_AS_FOUND):
        await opened.close()
    faults, scene.faults[:] = scene.faults[:], []
    assert faults == []


async def _new_page(scene: Scene) -> None:
    opened = await scene.window.new_page()
    opened.on("pageerror", lambda fault: scene.faults.append(str(fault)))
    opened.on(
        "console", lambda said: scene.faults.append(said.text) if "Security Policy" in said.text else None
    )
    opened.on("request", lambda sent: None if _is_ours(sent.url, scene) else scene.faults.append(sent.url))
    # From here on, not from the press on: the browser is told of a chooser's interception in its own time.
    opened.on("filechooser", lambda _: None)


async def _ended(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def _is_ours(url: str, scene: Scene) -> bool:
    return url.startswith((scene.sandbox.page_url, "blob:", "data:"))


async def become(page: Page, scene: Scene, username: str, channel: str = "dailies") -> None:
    await page.goto(f"{scene.sandbox.page_url}#/{username}/{channel}")
    await expect(page.locator("#channel-name")).to_have_text(channel)
    await expect(page.locator("#connection")).to_be_hidden()


async def choose_command(page: Page, name: str) -> None:
    """Types the name behind `/` and takes the highlighted command."""
    await page.locator("#composer-input").focus()
    await page.keyboard.type(f"/{name}")
    await expect(page.locator("#suggestions [role=option][aria-selected=true]")).to_contain_text(f"/{name}")
    await page.keyboard.press("Enter")
    await expect(page.locator(".command-form")).to_contain_text(f"/{name}")


def message(page: Page, text: str) -> Locator:
    return page.locator("li.message", has_text=text).last


async def post_card(page: Page, scene: Scene) -> tuple[discord.Message, Locator]:
    posted = await scene.bot.post_card(scene.channel)
    card = page.locator(f"#message-{posted.id}")
    await expect(card).to_be_visible()
    return posted, card


def option_names(page: Page) -> Locator:
    return page.locator("#suggestions [role=option] .option-name")
