"""Every state of a card and a clip on the sandbox's page; with DAILIES_SHOTS=folder also as pictures.

DAILIES_SHOTS_LOCALE=de takes them in the language of a German server.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.delivery import Card, Copy, HeldBack, Link, Post
from bot.domain import (
    ChannelId,
    ClipState,
    Fault,
    FaultKind,
    Job,
    JobId,
    JobState,
    Kind,
    MessageId,
    Micros,
    Ticket,
)
from bot.providers.protocol import Rendering, Waiting
from bot.reviews import Decision
from tests.page_scene import ARGUMENTS, CHROMIUM
from tests.page_stage import write_clip
from tests.stage import Stage, card_of, open_stage, post_of, review_of, texts

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install the system's package chromium"),
]
TICKET = Ticket(provider_job_id="video_1")
LOCALE = os.environ.get("DAILIES_SHOTS_LOCALE", "en-US")
LIKENESS = Fault(kind=FaultKind.LIKENESS, code="refused")
FAULT = Fault(kind=FaultKind.PROVIDER, code="failed")


def cards(stage: Stage) -> Mapping[str, Card]:
    """Every state that a card can be in, by name."""
    number = iter(range(1, 100))

    def job(**changes: Any) -> Job:
        return stage.job(next(number), ticket=TICKET, **changes)

    states = {state.value: card_of(job(state=state, fault=FAULT)) for state in JobState}
    soon = stage.clock() + timedelta(seconds=80)
    running = job(state=JobState.RUNNING)
    takes = _takes(job(), (JobState.POSTED, JobState.RUNNING, JobState.FAILED, JobState.QUEUED))
    done = _takes(job(), (JobState.POSTED, JobState.FAILED, JobState.POSTED))
    private = job(state=JobState.UNDELIVERABLE)
    draft, character = job(state=JobState.POSTED), job(state=JobState.POSTED, prompt="Captain Gull")
    no_limit = replace(card_of(running).allowance, limit_micros=None, left_micros=None)
    return {
        **states,
        "in the queue": card_of(job(state=JobState.RUNNING), progress=Waiting(3)),
        "rendering": card_of(running, progress=Rendering(42), expected_at=soon),
        "cancel asked for": card_of(job(state=JobState.RUNNING, cancel_asked_at=stage.clock())),
        "cannot be stopped": card_of(job(state=JobState.RUNNING), can_cancel=False),
        "takes on their way": card_of(*takes),
        "takes all done": card_of(*done),
        "private": card_of(replace(private, order=replace(private.order, private=True))),
        "draft": card_of(replace(draft, order=replace(draft.order, draft=True))),
        "deleted": card_of(job(state=JobState.POSTED), clip_state=ClipState.DELETED),
        "hidden": card_of(job(state=JobState.POSTED), clip_state=ClipState.HIDDEN),
        "taken down": card_of(job(state=JobState.POSTED), clip_state=ClipState.TAKEN_DOWN),
        "expired": card_of(job(state=JobState.POSTED), clip_state=ClipState.EXPIRED),
        "in line again": card_of(job(attempt=1)),
        "paused": card_of(job(), held_back=HeldBack.PAUSE),
        "halted": card_of(job(), held_back=HeldBack.HALT),
        "spending stopped": card_of(job(), held_back=HeldBack.SPENDING),
        "failed and billed": card_of(
            job(state=JobState.FAILED, fault=LIKENESS, charged_micros=Micros(400_000))
        ),
        "free and without limit": card_of(
            job(price_micros=0, state=JobState.RUNNING), allowance=no_limit, play_money=False
        ),
        "waits for a moderator": _reviewed(job(state=JobState.REVIEW), None),
        "clip waits for a moderator": _reviewed(job(state=JobState.WITHHELD), None),
        "change asked for": _reviewed(job(state=JobState.REJECTED), Decision.CHANGE),
        "nobody looked": _reviewed(job(state=JobState.REJECTED), Decision.EXPIRED),
        "character": card_of(replace(character, order=replace(character.order, kind=Kind.CHARACTER))),
        "sent directly": card_of(
            job(
                state=JobState.POSTED,
                clip_is_direct=True,
                clip_channel_id=ChannelId(9),
                clip_message_id=MessageId(9),
            )
        ),
        "long prompt": card_of(job(prompt="A very long walk along the sea, in the rain. " * 60)),
    }


def _reviewed(job: Job, decision: Decision | None) -> Card:
    """The card of an order that a moderator looks at, or has looked at."""
    return card_of(job, review=review_of(job, decision=decision))


def _takes(first: Job, states: tuple[JobState, ...]) -> list[Job]:
    order = replace(first.order, takes=len(states))
    ids = [JobId(f"{first.id[1:]}{mark}") for mark in "abcd"]
    paid = {JobState.POSTED: first.quote.price_micros}
    return [
        replace(
            first,
            id=ids[at],
            take=at + 1,
            order=order,
            state=state,
            fault=FAULT,
            charged_micros=paid.get(state, Micros(0)),
        )
        for at, state in enumerate(states)
    ]


def clips(stage: Stage, film: Path) -> Mapping[str, Post]:
    """The ways in which a clip is posted."""
    link = Link(
        url="https://dailies.example/clips/x.mp4",
        expires_at=stage.clock() + timedelta(days=7),
        size_bytes=63_000_000,
    )
    job = stage.job(201, state=JobState.STORED, ticket=TICKET)
    spoiler = replace(job, id=JobId(f"{202:016d}"), order=replace(job.order, spoiler=True))
    linked = replace(job, id=JobId(f"{203:016d}"))
    draft = replace(job, id=JobId(f"{204:016d}"), order=replace(job.order, draft=True, takes=4), take=2)
    copied = replace(job, id=JobId(f"{205:016d}"))
    copy = Copy(size_bytes=9_800_000, whole_bytes=41_000_000, original=link)
    away = stage.job(206, channel="showcase", state=JobState.STORED, card_message_id=MessageId(9))
    here = {"channel_id": job.order.channel_id, "copy": replace(copy, original=None)}
    direct = replace(away, id=JobId(f"{207:016d}"))
    return {
        "clip": post_of(job, film, can_extend=True),
        "clip that is a smaller copy": post_of(copied, film, copy=copy),
        "clip ordered elsewhere": post_of(away, film, **here),
        "clip sent directly": post_of(direct, film, direct=True, **here),
        "clip behind a spoiler": post_of(spoiler, film),
        "clip behind a link": post_of(linked, None, link=link),
        "clip of a draft": post_of(draft, film),
    }


async def test_every_state_is_shown_whole(tmp_path: Path) -> None:
    async with open_stage(tmp_path, guild_locale=LOCALE) as stage, open_window(stage) as page:
        film = await asyncio.to_thread(write_clip, tmp_path / "film.mp4")
        shown: dict[str, MessageId] = {}
        for name, card in cards(stage).items():
            shown[name] = await stage.delivery.post_card(card)
        for name, post in clips(stage, film).items():
            shown[name] = await stage.delivery.post_clip(post)
        shown["takes all there"] = await _gallery(stage, film)
        hidden = post_of(stage.job(301, state=JobState.POSTED, ticket=TICKET), film)
        shown["hidden clip"] = message_id = await stage.delivery.post_clip(hidden)
        await stage.delivery.edit_clip(hidden, message_id, shown=False, upload=False)

        shown["details"] = await _details(stage, "A boat, seen from below. Duration: 8 s. " * 30)
        shown["details of long words"] = await _details(stage, "A boat, low in the water. " * 150)

        for name, message_id in shown.items():
            await _is_whole(page, name, message_id)


async def _details(stage: Stage, prompt: str) -> MessageId:
    """What Details answer of an order of these words."""
    answer = await stage.ask(stage.ada, prompt=prompt)
    assert "Ordered." in texts(answer), texts(answer)
    ordered = max(await stage.rows(), key=lambda job: job.order.interaction_id)
    message_id = await stage.delivery.post_card(card_of(ordered))
    card = await stage.ada.message(stage.channel(), str(message_id))
    return MessageId(int((await stage.press(stage.ada, card, "details:"))["id"]))


async def _gallery(stage: Stage, film: Path) -> MessageId:
    """A card whose takes are all there, and shown together."""
    takes = _takes(stage.job(401, ticket=TICKET), (JobState.POSTED,) * 3)
    message_id = await stage.delivery.post_card(card_of(*takes))
    posted = [
        replace(
            take,
            card_message_id=message_id,
            clip_message_id=await stage.delivery.post_clip(post_of(take, film)),
            clip_channel_id=take.order.channel_id,
        )
        for take in takes
    ]
    await stage.delivery.edit_card(card_of(*posted))
    return message_id


async def _is_whole(page: Page, name: str, message_id: MessageId) -> None:
    message = page.locator(f"#message-{message_id}")
    await message.scroll_into_view_if_needed()
    await expect(message).to_be_visible()
    assert await message.evaluate("one => one.scrollWidth <= one.clientWidth + 1"), f"{name} is cut off"
    if folder := os.environ.get("DAILIES_SHOTS"):
        await asyncio.to_thread(Path(folder).mkdir, parents=True, exist_ok=True)
        await message.screenshot(path=Path(folder, f"{name.replace(' ', '-')}.png"))


@asynccontextmanager
async def open_window(stage: Stage) -> AsyncIterator[Page]:
    """The page as Ada, in #dailies."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            window = await browser.new_context(
                timezone_id="UTC", viewport={"width": 900, "height": 900}, color_scheme="dark"
            )
            window.set_default_timeout(8_000)
            page = await window.new_page()
            origin = stage.sandbox.api_url.partition("/api")[0]
            await page.goto(f"{origin}/#/ada/dailies")
            await expect(page.locator("#bot-state")).to_contain_text("connected")
            yield page
        finally:
            await browser.close()
