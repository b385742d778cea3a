"""The sandbox's page, used as a person uses it: in a real browser, mostly by keyboard."""

import asyncio
import base64
import contextlib
import io
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import discord
import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, FilePayload, Locator, Page, async_playwright, expect

from bot.sandbox.server import Sandbox
from cogs.client import use_endpoints
from tests.page_stage import Layout, StageBot, write_clip

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
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
LEFT_AS_FOUND = """() =>
  document.querySelector("dialog[open], :popover-open, .command-form, #faults:not([hidden])") === null
  && document.querySelector("#composer-input").value === "" """
# The bot's time to answer, so that the tests of a failure are quick; Discord gives 3 s.
ACKNOWLEDGE_S = 1.2

pytestmark = [
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("page")
    async with contextlib.AsyncExitStack() as stack:
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


@pytest_asyncio.fixture(loop_scope="module")
async def page(scene: Scene) -> AsyncIterator[Page]:
    """The page as Ada, in #dailies; a fault of its script, or a request to elsewhere, fails the test."""
    if not scene.window.pages:
        await _open_page(scene)
    opened = scene.window.pages[0]
    await become(opened, scene, "ada")
    yield opened
    # Loading costs most of a test, so the next one goes on with a page that is left as it was found.
    if not await opened.evaluate(LEFT_AS_FOUND):
        await opened.close()
    faults, scene.faults[:] = scene.faults[:], []
    assert faults == []


async def _open_page(scene: Scene) -> None:
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


async def test_the_slash_key_lists_the_commands_that_the_bot_synced_for_this_member(
    page: Page, scene: Scene
) -> None:
    everyone = ["/animate", "/card", "/generate", "/quota", "/silent", "/storyboard"]
    await page.locator("#faults-toggle").focus()

    await page.keyboard.press("/")
    await expect(option_names(page)).to_have_text(everyone)
    await page.keyboard.press("Escape")
    await expect(page.locator("#suggestions")).to_be_hidden()
    await page.keyboard.press("Alt+3")
    await page.keyboard.press("/")

    await expect(option_names(page)).to_have_text([everyone[0], "/budget set", *everyone[1:]])
    await expect(page).to_have_url(f"{scene.sandbox.page_url}#/mika/dailies")


async def test_a_command_is_filled_by_keyboard_with_choices_a_range_and_autocomplete(
    page: Page, scene: Scene
) -> None:
    scene.bot.release.clear()
    problem = page.locator("#suggestions .problem")

    await choose_command(page, "generate")
    await page.keyboard.press("Enter")
    await expect(problem).to_have_text("This option is required.")
    await page.keyboard.type("a paper boat")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(option_names(page)).to_have_text(["Sora-2", "Veo-3", "Wan-2.2"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.get_by_role("button", name="Add option length").press("Enter")
    await page.keyboard.type("3")
    await page.get_by_role("button", name="Add option style").press("Enter")
    await page.keyboard.type("wash")
    await expect(option_names(page)).to_have_text(["Ink wash"])
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(problem).to_have_text("This must be at least 4.")
    await page.keyboard.press("ControlOrMeta+A")
    await page.keyboard.type("12")
    await page.keyboard.press("Enter")

    await expect(message(page, "Dailies is thinking")).to_contain_text("Ada used /generate")
    scene.bot.release.set()
    answer = message(page, "Order: a paper boat / veo-3 / 12 / ink wash")
    await expect(answer).to_contain_text("Only you can see this")
    await expect(page.locator("#composer-input")).to_be_focused()


async def test_a_command_typed_faster_than_the_list_comes_is_sent_with_two_enters(page: Page) -> None:
    await page.locator("#composer-input").focus()

    await page.keyboard.type("/quota")
    await page.keyboard.press("Enter")
    await expect(page.locator("#suggestions .note")).to_contain_text("Enter sends, Tab goes to the options")
    await page.keyboard.press("Enter")
    await expect(message(page, "Left for None: $12.40")).to_be_visible()
    await choose_command(page, "quota")
    await page.keyboard.press("Tab")
    await expect(page.locator("#suggestions .note")).to_contain_text("Enter adds it")
    await page.keyboard.press("Enter")
    await page.keyboard.type("mika")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")

    await expect(message(page, "Left for mika: $12.40")).to_be_visible()


async def test_files_are_attached_by_the_picker_and_by_pasting(page: Page) -> None:
    frame = FilePayload(name="frame.png", mimeType="image/png", buffer=b"\x89PNG" * 10)

    await choose_command(page, "animate")
    async with page.expect_file_chooser() as choosing:
        await page.keyboard.press("Enter")
    await (await choosing.value).set_files(files=[frame])
    await page.keyboard.press("Enter")
    await expect(message(page, "Picture frame.png, 40 bytes, None")).to_be_visible()
    await choose_command(page, "animate")
    await page.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File(["twelve bytes"], "pasted.png", { type: "image/png" }));
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }"""
    )
    await page.keyboard.press("Enter")

    await expect(message(page, "Picture pasted.png, 12 bytes, None")).to_be_visible()


async def test_a_posted_film_plays_inline_with_sound_and_can_be_sought(page: Page, scene: Scene) -> None:
    await scene.channel.send("The clip", file=discord.File(scene.bot.clip))
    film = message(page, "The clip").locator("video")

    await film.evaluate("film => { film.muted = true; return film.play(); }")
    await page.wait_for_function("film => film.currentTime > 0.2", arg=await film.element_handle())
    played = await film.evaluate("film => [film.readyState, film.duration, film.webkitAudioDecodedByteCount]")
    sought = await film.evaluate(
        """film => new Promise((resolve) => {
          film.pause();
          film.addEventListener("seeked", () => resolve(film.currentTime), { once: true });
          film.currentTime = 1.5;
        })"""
    )

    assert played[0] >= 2
    assert played[1] == pytest.approx(2, abs=0.1)
    assert played[2] > 0
    assert sought == pytest.approx(1.5, abs=0.05)


async def test_a_card_changes_live_while_its_film_plays_on_and_the_focus_stays(
    page: Page, scene: Scene
) -> None:
    posted, card = await post_card(page, scene)
    film = card.locator("video")
    again = card.get_by_role("button", name="Again")
    await film.evaluate("film => { film.muted = true; film.playbackRate = 0.1; return film.play(); }")
    handle = await film.element_handle()
    await again.focus()

    await scene.bot.edit_card(posted, state="Posted")
    await expect(card).to_contain_text("Posted · ready")
    at = await film.evaluate("film => film.currentTime")

    await page.wait_for_function("([film, at]) => film.currentTime > at", arg=[handle, at])
    assert await film.evaluate("(film, same) => film === same && !film.paused", handle)
    await expect(again).to_be_focused()


async def test_a_pressed_button_is_answered_to_the_one_who_pressed_it_alone(page: Page, scene: Scene) -> None:
    _, card = await post_card(page, scene)
    secret = message(page, "Again by ada")

    await card.get_by_role("button", name="Again").press("Enter")
    await expect(secret).to_contain_text("Only you can see this")
    await page.get_by_role("radio", name="Bruno").check(force=True)
    await expect(page).to_have_title("Bruno · The cutting room")
    await expect(card).to_contain_text("A paper boat")
    seen_by_bruno = await secret.count()
    await page.get_by_role("radio", name="Ada").check(force=True)
    await secret.get_by_role("button", name="Dismiss").click()

    assert seen_by_bruno == 0
    await expect(secret).to_have_count(0)


async def test_a_select_is_opened_and_chosen_from_by_keyboard(page: Page, scene: Scene) -> None:
    _, card = await post_card(page, scene)
    select = card.get_by_role("button", name="Another shape")

    await select.press("Enter")
    await expect(page.locator(".chooser [role=option]")).to_have_text(["Landscape", "Portrait", "Square"])
    await page.keyboard.type("po")
    await page.keyboard.press("Enter")

    await expect(message(page, "Shape Portrait")).to_be_visible()
    await expect(select).to_be_focused()


async def test_sections_files_hidden_pictures_and_member_selects_are_shown_and_work(
    page: Page, scene: Scene
) -> None:
    files = [
        discord.File(io.BytesIO(PIXEL), "thumb.png"),
        discord.File(io.BytesIO(PIXEL), "hidden.png"),
        discord.File(io.BytesIO(b"a,b"), "report.csv"),
    ]
    posted = await scene.channel.send(view=Layout(), files=files)
    layout = page.locator(f"#message-{posted.id}")
    end = layout.locator("img[alt='The end']")

    await expect(layout.get_by_role("img", name="First frame")).to_have_js_property("naturalWidth", 1)
    await expect(layout.get_by_role("button", name="Details")).to_be_visible()
    await expect(layout.locator("[inert] img[alt='The end']")).to_have_count(1)
    await layout.get_by_role("button", name="Spoiler").press("Enter")
    await expect(layout.locator("[inert]")).to_have_count(0)
    await expect(end).to_be_visible()
    async with page.expect_download() as downloading:
        await layout.get_by_role("link", name="Download report.csv").click()
    report = await (await downloading.value).path()
    await layout.get_by_role("button", name="Share with").press("Enter")
    for name in ("bru", "mik"):
        await page.keyboard.type(name)
        await page.keyboard.press("Space")
    await page.keyboard.press("Enter")

    await expect(message(page, "Shared with Bruno and Mika")).to_be_visible()
    assert report.read_bytes() == b"a,b"


async def test_an_interaction_that_the_bot_does_not_answer_is_shown_as_failed(
    page: Page, scene: Scene
) -> None:
    _, card = await post_card(page, scene)
    fail = card.get_by_role("button", name="Fail")

    await choose_command(page, "silent")
    await page.keyboard.press("Enter")
    await expect(message(page, "Sending command")).to_contain_text("Ada used /silent")
    await fail.click()
    await expect(fail).to_have_attribute("aria-busy", "true")

    await expect(message(page, "This interaction failed")).to_contain_text("The application did not respond")
    await expect(card.locator(".failure")).to_contain_text("This interaction failed")
    await expect(fail).not_to_have_attribute("aria-busy", "true")


async def test_a_form_is_filled_and_submitted(page: Page) -> None:
    form = page.locator("dialog[open]")
    frame = FilePayload(name="first.png", mimeType="image/png", buffer=b"12345")

    await choose_command(page, "storyboard")
    await page.keyboard.press("Enter")
    line = form.get_by_role("textbox", name="Subject and action")
    await expect(line).to_be_focused()
    await page.keyboard.type("Boat")
    await form.get_by_role("button", name="Submit").click()
    await expect(form.locator(".problem:not(:empty)")).to_have_text(
        ["At least 5 characters; these are 4.", "This field is required.", "This field is required."]
    )
    await line.fill("A boat")
    await form.get_by_role("radio", name="Pan").check()
    await form.get_by_role("checkbox", name="Rain").check()
    async with page.expect_file_chooser() as choosing:
        await form.locator(".upload").press("Enter")
    await (await choosing.value).set_files(files=[frame])
    await form.get_by_role("button", name="Submit").click()

    await expect(message(page, "Brief: A boat / pan / rain / first.png of 5 bytes")).to_be_visible()
    await expect(form).to_have_count(0)


async def test_what_people_write_is_never_taken_for_html(page: Page) -> None:
    attack = '<img src=x onerror="window.pwned=1"> [press](javascript:pwned=1) <script>pwned=1</script>'

    await page.locator("#composer-input").fill(f"{attack} **<b>bold</b>**")
    await page.keyboard.press("Enter")
    text = message(page, "<b>bold</b>").locator(".text")

    await expect(text).to_have_text(f"{attack} <b>bold</b>")
    await expect(text.locator("img, script, a, b")).to_have_count(0)
    await expect(text.locator("strong")).to_have_text("<b>bold</b>")
    assert await page.evaluate("window.pwned") is None


MARKDOWN = [
    ("**b** *i* __u__ ~~s~~ `c`", "<p><strong>b</strong> <em>i</em> <u>u</u> <s>s</s> <code>c</code></p>"),
    ("***b***\nsnake_case_word", "<p><strong><em>b</em></strong><br>snake_case_word</p>"),
    ("# One\n### Three\n-# small", '<h3>One</h3><h5>Three</h5><p class="subtext">small</p>'),
    ("> a\n> b\nc", "<blockquote><p>a<br>b</p></blockquote><p>c</p>"),
    ("- a\n  - b\n- c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
    ("```py\n<x>\n```", '<pre><code data-language="py">&lt;x&gt;</code></pre>'),
    (r"\*plain\* 2 * 3 * 4", "<p>*plain* 2 * 3 * 4</p>"),
    ("<@7> <#8>", '<p><span class="mention">@someone</span> #place</p>'),
    ("<t:0:t>", "<p><time>00:00</time></p>"),
    (
        "[a](https://e.org) https://e.org/x_y.",
        '<p><a href="https://e.org">a</a> <a href="https://e.org/x_y">https://e.org/x_y</a>.</p>',
    ),
]


async def test_markdown_is_shown_as_discord_shows_it(scene: Scene) -> None:
    bare = await scene.window.new_page()
    await bare.goto(f"{scene.sandbox.page_url}tokens.css")

    shown = await bare.evaluate(
        """async (texts) => {
          const { markdown } = await import("/markdown.js");
          const names = { user: () => "someone", channel: () => "place", role: () => "role" };
          return texts.map((text) => {
            const box = document.createElement("div");
            box.append(markdown(text, { names, spoiler: () => ({ key: "1", revealed: false }) }));
            for (const one of box.querySelectorAll("button")) one.replaceWith(one.textContent);
            for (const one of box.querySelectorAll("a, time")) {
              for (const name of one.getAttributeNames()) if (name !== "href") one.removeAttribute(name);
            }
            return box.innerHTML;
          });
        }""",
        [text for text, _ in MARKDOWN],
    )
    await bare.close()

    assert shown == [html for _, html in MARKDOWN]


async def test_a_relative_time_counts_by_itself(scene: Scene) -> None:
    later = await scene.window.new_page()
    sent = await scene.channel.send("Ready soon")
    at = sent.created_at
    await later.clock.install(time=at)
    await become(later, scene, "ada")

    await sent.edit(content=f"Ready <t:{int(at.timestamp()) + 125}:R>")
    moment = message(later, "Ready in").locator("time[data-relative]")
    await expect(moment).to_have_text("in 2 minutes")
    await later.clock.run_for(95_000)

    await expect(moment).to_have_text(re.compile(r"^in \d\d seconds$"))
    await later.close()


async def test_a_spoiler_stays_hidden_until_it_is_asked_for_and_open_afterwards(
    page: Page, scene: Scene
) -> None:
    sent = await scene.channel.send("The end: ||they sink||")
    spoiler = message(page, "The end").locator(".spoiler")
    await expect(spoiler).to_have_attribute("aria-label", "Spoiler, show")

    await spoiler.press("Enter")
    await expect(spoiler).to_have_class("spoiler revealed")
    await sent.edit(content="The end, edited: ||they sink||")

    await expect(message(page, "The end, edited").locator(".spoiler")).to_have_class("spoiler revealed")


async def test_a_reply_shows_what_it_answers_as_it_stands_and_links_lead_to_messages(
    page: Page, scene: Scene
) -> None:
    first = await scene.channel.send("Being made")
    reply = await first.reply("Here it is")
    elsewhere = scene.bot.get_channel(scene.sandbox.world.channel_named("showcase").id)
    assert isinstance(elsewhere, discord.TextChannel)
    await elsewhere.send(f"See [the card]({first.jump_url})")
    context = page.locator(f"#message-{reply.id} .context")
    await expect(context).to_have_text("DailiesBeing made")

    await first.edit(content="Done")
    await expect(context).to_have_text("DailiesDone")
    await page.keyboard.press("Alt+ArrowDown")
    await message(page, "See the card").get_by_role("link").press("Enter")

    await expect(page.locator("#channel-name")).to_have_text("dailies")
    await expect(page.locator(f"#message-{first.id}")).to_be_focused()


async def test_the_end_stays_the_end_and_a_reader_further_up_is_left_there(page: Page, scene: Scene) -> None:
    newest = page.get_by_role("button", name="New messages below")
    for number in range(12):
        await scene.channel.send(f"Line {number}\n" * 5)
    last = message(page, "Line 11")
    await page.keyboard.press("Alt+ArrowDown")
    await page.keyboard.press("Alt+ArrowUp")

    await expect(last).to_be_in_viewport(ratio=0.9)
    await page.set_viewport_size({"width": 390, "height": 600})
    await expect(last).to_be_in_viewport(ratio=0.9)
    await page.set_viewport_size({"width": 1280, "height": 720})
    await expect(last).to_be_in_viewport(ratio=0.9)
    await page.locator("#scroller").hover()
    await page.mouse.wheel(0, -900)
    await expect(last).not_to_be_in_viewport()
    await scene.channel.send("News")
    await expect(newest).to_be_visible()
    await expect(message(page, "News")).not_to_be_in_viewport()
    await newest.click()

    await expect(message(page, "News")).to_be_in_viewport(ratio=0.9)
    await expect(newest).to_be_hidden()


async def test_a_message_has_a_menu_with_the_synced_message_commands(page: Page, scene: Scene) -> None:
    sent = await scene.channel.send("Take me")
    await message(page, "Take me").click(button="right")

    await page.get_by_role("menuitem", name="Remix this clip").click()
    await expect(message(page, f"Remix of {sent.id}")).to_contain_text("Ada used Remix this clip")
    await message(page, "Take me").get_by_role("button", name="Apps").press("Enter")
    await expect(page.get_by_role("menuitem")).to_have_text(["Remix this clip"])
    await expect(page.get_by_role("menuitem")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.locator("#composer-input").press("ArrowUp")
    await page.keyboard.press("Shift+F10")
    await page.keyboard.press("r")

    await expect(page.get_by_role("menuitem", name="Remix this clip")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("li.message").last).to_be_focused()


async def test_a_reaction_counts_everybody_and_is_taken_back_by_pressing_it(page: Page, scene: Scene) -> None:
    sent = await scene.channel.send("Applause?")
    await sent.add_reaction("🎬")
    pill = message(page, "Applause?").locator(".reaction")
    await expect(pill).to_have_attribute("aria-label", "🎬, 1 reaction")

    await pill.click()
    await expect(pill).to_have_attribute("aria-label", "🎬, 2 reactions")
    await expect(pill).to_have_attribute("aria-pressed", "true")
    await pill.click()

    await expect(pill).to_have_attribute("aria-label", "🎬, 1 reaction")


async def test_the_manager_sets_a_limit_with_a_subcommand_and_a_member_option(
    page: Page, scene: Scene
) -> None:
    await become(page, scene, "mika")

    await choose_command(page, "budget set")
    await page.keyboard.type("bru")
    await page.keyboard.press("Enter")
    await page.keyboard.type("12.5")
    await page.keyboard.press("Enter")

    await expect(message(page, "may spend $12.50")).to_contain_text("@Bruno may spend")


async def test_channels_are_those_that_the_member_may_see(page: Page) -> None:
    channels = page.locator("#channels a span:first-of-type")
    await expect(channels).to_have_text(["dailies", "showcase", "read-only", "after-dark"])

    await page.keyboard.press("Alt+3")
    await expect(channels).to_have_text(["dailies", "showcase", "read-only", "mods", "after-dark"])
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page.locator("#channel-name")).to_have_text("showcase")
    await page.keyboard.press("Alt+1")
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page.locator("#channel-name")).to_have_text("read-only")
    await page.keyboard.type("hush")
    await page.keyboard.press("Enter")

    refused = page.get_by_role("alert").filter(has_text="(50013)")
    await expect(refused).to_be_visible()
    await expect(page.locator("#composer-input")).to_have_value("hush")


async def test_faults_are_listed_switched_on_and_off(page: Page, scene: Scene) -> None:
    switch = page.get_by_role("switch", name="Slow answers")
    await page.locator("#faults-toggle").click()

    await page.locator("#fault-slow-seconds").fill("0.01")
    await page.locator("#fault-slow-count").fill("3")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    on = [(fault["name"], fault["seconds"], fault["count"]) for fault in scene.sandbox.faults.listed()]
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    await page.locator("#faults-close").click()

    assert on == [("slow", 0.01, 3)]
    assert scene.sandbox.faults.listed() == []


async def test_the_page_says_whether_the_bot_is_connected_and_outlives_a_new_sandbox(
    scene: Scene, tmp_path: Path
) -> None:
    old, new = Sandbox(tmp_path / "old"), Sandbox(tmp_path / "new")
    port = await old.start()
    page = await scene.window.new_page()
    state = page.locator("#bot-state")
    try:
        await page.goto(f"{old.page_url}#/bruno/showcase")
        await expect(state).to_have_text("Dailies is not connected")
        await old.close()
        await new.start(port=port)
        async with aiohttp.ClientSession() as client, client.ws_connect(f"{new.gateway_url}?v=10") as bot:
            await bot.send_json({"op": 2, "d": {"token": new.bot_token, "intents": 1, "properties": {}}})

            await expect(state).to_have_text("Dailies is connected")
            await expect(page.locator("#connection")).to_be_hidden()
            await expect(page).to_have_title("Bruno · The cutting room")
            await expect(page.locator("#channel-name")).to_have_text("showcase")
    finally:
        await page.close()
        await old.close()
        await new.close()


async def test_a_lost_connection_is_taken_up_again_without_losing_messages(page: Page, scene: Scene) -> None:
    banner = page.locator("#connection")
    missed = page.locator("li.message", has_text="While you were away")

    for session in [one for one in scene.sandbox.gateway._sessions.values() if not one.user.bot]:
        assert session.connection is not None
        session.connection.abort()
    await expect(banner).to_have_text("The connection was lost. Trying again…")
    await scene.channel.send("While you were away")

    await expect(missed).to_have_count(1)
    await expect(banner).to_be_hidden()
