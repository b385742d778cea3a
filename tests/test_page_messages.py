"""What the sandbox's page shows, and keeps while it changes: messages, films, cards, channels, faults."""

import base64
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import discord
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.sandbox.server import Sandbox
from tests.page_scene import (
    MARKS,
    Scene,
    become,
    message,
    open_page,
    open_scene,
    post_card,
)
from tests.page_stage import Layout

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
pytestmark = MARKS


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path_factory.mktemp("page")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def page(scene: Scene) -> AsyncIterator[Page]:
    async with open_page(scene) as opened:
        yield opened


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
