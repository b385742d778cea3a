"""`/clips`: what is found, by whom, and what each press does."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from discord import ui

from bot.clips.library import ON_A_PAGE, Aisle
from bot.domain import ClipState, GuildId, Job, Kind
from bot.errors import NotYours
from bot.moderation.people import Measure
from bot.sandbox.person import Person
from cogs.library_buttons import ShelfAct, ShelfButton
from storage import clips, guilds
from storage.budgets import OPERATOR
from storage.guilds import SpendingRules
from storage.shelf import fold
from tests.library_scene import AllSeen, Shelf, found, media, open_shelf, opens
from tests.stage import Json, button, custom_ids, open_stage, texts

ALL = frozenset(ClipState)


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_stage(tmp_path) as stage, open_shelf(stage, tmp_path) as opened:
        yield opened


async def set_state(shelf: Shelf, job: Job, state: ClipState) -> None:
    write = shelf.stage.database.write
    assert await write(partial(clips.change_state, job_id=job.id, to=state, among=ALL))


async def press(shelf: Shelf, person: Person, item: ui.Item[Any]) -> Json:
    """A press on one of our buttons, in a message that everybody sees."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.ActionRow(item))
    stage = shelf.stage
    sent = await stage.client.get_partial_messageable(int(stage.channel("dailies"))).send(view=view)
    message = await person.message(stage.channel("dailies"), str(sent.id))
    return await person.answer(await person.press(message, custom_ids(message)[0]))


# what is found


async def test_favourites_are_those_of_the_server_that_one_is_in(shelf: Shelf) -> None:
    job = await shelf.clip("a kite")
    here = job.order.member
    await shelf.library.favourite(job.id, AllSeen(), by=here)

    elsewhere = replace(here, guild_id=GuildId(here.guild_id - 1))
    pages = [
        await shelf.library.search(Aisle.FAVOURITES, AllSeen(), by=member) for member in (here, elsewhere)
    ]

    assert [page.total for page in pages] == [1, 0]


async def test_a_clip_is_seen_in_no_other_server_whoever_sees_its_channel(shelf: Shelf) -> None:
    job = await shelf.clip("a kite")
    bruno = shelf.stage.member("Bruno")

    assert await shelf.library.may_see(job, AllSeen(), by=bruno)
    abroad = replace(bruno, guild_id=GuildId(bruno.guild_id - 1))
    assert not await shelf.library.may_see(job, AllSeen(), by=abroad)


async def test_ones_own_clips_are_found_the_private_ones_too_and_nobody_elses(shelf: Shelf) -> None:
    await shelf.clip("a paper boat")
    await shelf.clip("a secret garden", posted=False, private=True)
    await shelf.clip("a kite", member="Bruno")

    page = await shelf.ask(shelf.stage.ada, "mine")

    assert found(page) == ["a secret garden", "a paper boat"]
    assert "only you see it" in texts(page)


async def test_a_page_says_by_what_it_was_filtered_and_how_long_its_clips_are(shelf: Shelf) -> None:
    job = await shelf.clip("a paper boat", kind=Kind.EXTEND)
    month = f"{job.created_at:%Y-%m}"

    page = await shelf.ask(
        shelf.stage.bruno,
        "server",
        words="paper",
        model="studio",
        kind="extend",
        member=str(shelf.stage.ada.id),
        month=month,
    )

    blank = texts(await shelf.ask(shelf.stage.bruno, "server", words="   "))
    assert blank.splitlines()[1] == "-# 1 clip"
    head = texts(page).splitlines()[1]
    assert head == f"-# 1 clip · with paper · Studio · extended · <@{shelf.stage.ada.id}> · {month}"
    clip = await shelf.stored(job)
    assert f"-# Studio · {(clip.duration_ms + 500) // 1_000} s · extended" in texts(page)


async def test_the_servers_clips_are_found_without_what_others_keep_private(shelf: Shelf) -> None:
    await shelf.clip("a paper boat")
    await shelf.clip("a secret garden", posted=False, private=True)
    await shelf.clip("a kite that no place took", posted=False)

    page = await shelf.ask(shelf.stage.bruno, "server")

    assert found(page) == ["a paper boat"]


async def test_a_private_clip_that_was_published_is_found_by_all(shelf: Shelf) -> None:
    await shelf.clip("a secret garden", private=True)

    assert found(await shelf.ask(shelf.stage.bruno, "server")) == ["a secret garden"]


@pytest.mark.parametrize("state", sorted(ALL - {ClipState.SHOWN}))
async def test_what_is_hidden_or_gone_is_found_by_nobody_and_nowhere(shelf: Shelf, state: ClipState) -> None:
    job = await shelf.clip()
    await shelf.stage.bruno.react(await shelf.scene.message(job), "👍")
    await shelf.ask(shelf.stage.ada, "show", clip=job.id)  # which counts who likes it
    assert "1 clip" in texts(await shelf.ask(shelf.stage.ada, "best"))
    await shelf.library.favourite(job.id, AllSeen(), by=job.order.member)
    await set_state(shelf, job, state)

    for aisle in ("mine", "server", "favourites", "best"):
        page = await shelf.ask(shelf.stage.ada, aisle)
        assert found(page) == []
        assert "Nothing was charged." in texts(page)
    assert "not known here" in texts(await shelf.ask(shelf.stage.ada, "show", clip=job.id))


async def test_a_channel_that_one_cannot_see_shows_nothing_of_its_clips(shelf: Shelf) -> None:
    job = await shelf.clip("a plan of the moderators", member="Mika", channel="mods")
    await shelf.clip("a kite", channel="showcase")
    ada, mika = shelf.stage.ada, shelf.stage.mika

    assert found(await shelf.ask(ada, "server")) == ["a kite"]
    assert found(await shelf.ask(mika, "server")) == ["a kite", "a plan of the moderators"]
    assert "not known here" in texts(await shelf.ask(ada, "show", clip=job.id))
    for act in ShelfAct:
        assert "not known here" in texts(await press(shelf, ada, ShelfButton(act, job.id)))
    assert await ada.autocomplete("clips show", "clip", "plan", channel=shelf.stage.channel()) == []


async def test_what_is_for_adults_is_found_among_adults_alone(shelf: Shelf) -> None:
    await shelf.clip("a night", channel="after-dark")
    bruno = shelf.stage.bruno

    assert found(await shelf.ask(bruno, "server")) == []
    assert found(await shelf.ask(bruno, "server", place="after-dark")) == ["a night"]


async def test_a_channel_that_is_closed_later_takes_its_clips_along(shelf: Shelf) -> None:
    await shelf.clip("a kite", channel="showcase")
    assert found(await shelf.ask(shelf.stage.bruno, "server")) == ["a kite"]

    shelf.close("showcase", like="mods")

    assert found(await shelf.ask(shelf.stage.bruno, "server")) == []


# filters


@pytest.mark.parametrize(
    ("words", "hits"),
    [
        ("boat", ["The Paper Boat, 100% waterproof"]),
        ("PAPER boat", ["The Paper Boat, 100% waterproof"]),
        ("ｐａｐｅｒ", ["The Paper Boat, 100% waterproof"]),  # noqa: RUF001 - full width on purpose
        ("boat the", ["The Paper Boat, 100% waterproof"]),
        ("100%", ["The Paper Boat, 100% waterproof"]),
        ("1_0", []),
        ("%", ["The Paper Boat, 100% waterproof"]),
        ("boat kite", []),
        ("提灯", ["雨の夜、提灯が揺れる"]),
        ("!", []),
        ("\\", []),
    ],
)
async def test_words_are_found_in_any_case_width_and_order(shelf: Shelf, words: str, hits: list[str]) -> None:
    await shelf.clip("The Paper Boat, 100% waterproof")
    await shelf.clip("雨の夜、提灯が揺れる")

    page = await shelf.ask(shelf.stage.ada, "mine", words=words)

    assert found(page) == hits
    if not hits:
        assert "Nothing was found." in texts(page)


async def test_filters_narrow_what_is_found(shelf: Shelf) -> None:
    ada, bruno = shelf.stage.ada, shelf.stage.bruno
    await shelf.clip("a paper boat")
    await shelf.clip("a kite", member="Bruno")
    month = f"{shelf.stage.clock():%Y-%m}"

    assert found(await shelf.ask(ada, "server", member=bruno.id)) == ["a kite"]
    assert found(await shelf.ask(ada, "server", month=month)) == ["a kite", "a paper boat"]
    assert found(await shelf.ask(ada, "server", month="2020-02")) == []
    assert found(await shelf.ask(ada, "server", kind="remix")) == []
    assert found(await shelf.ask(ada, "server", kind="generate", model="studio", words="kite")) == ["a kite"]
    assert found(await shelf.ask(ada, "mine", model="sora-2")) == []


async def test_a_month_begins_and_ends_at_midnight(shelf: Shelf) -> None:
    shelf.stage.clock.at = datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC)
    await shelf.clip("the last of the year")  # a second before midnight
    await shelf.clip("the first of the year")

    assert found(await shelf.ask(shelf.stage.ada, "mine", month="2026-12")) == ["the last of the year"]
    assert found(await shelf.ask(shelf.stage.ada, "mine", month="2027-01")) == ["the first of the year"]


async def test_a_month_is_that_of_the_servers_own_clock(shelf: Shelf) -> None:
    stage = shelf.stage
    at = datetime(2026, 12, 31, 14, 59, 58, tzinfo=UTC)
    rules = partial(
        guilds.set_rules,
        guild_id=stage.member("Mika").guild_id,
        wanted=SpendingRules(time_zone="Asia/Tokyo"),  # nine hours before UTC
        by=OPERATOR,
        reason="",
        at=at,
    )
    await stage.database.write(rules)
    stage.clock.at = at
    await shelf.clip("the last of the year")
    await shelf.clip("the first of the year")

    assert found(await shelf.ask(stage.ada, "mine", month="2026-12")) == ["the last of the year"]
    assert found(await shelf.ask(stage.ada, "mine", month="2027-01")) == ["the first of the year"]


async def test_the_clips_of_one_prompt_are_told_apart_as_they_are_chosen(shelf: Shelf) -> None:
    stage = shelf.stage
    first, second = await shelf.scene.order(takes=2)
    third = await shelf.clip(first.order.prompt)
    for job in (first, second):
        await shelf.scene.post(job, shelf.film)

    chosen = await stage.ada.autocomplete("clips show", "clip", "boat", channel=stage.channel())

    names = {one["value"]: one["name"] for one in chosen}
    assert len(set(names.values())) == 3
    assert " · take 1 · " in names[first.id]
    assert " · take 2 · " in names[second.id]
    assert "take" not in names[third.id]
    assert names[third.id].endswith(f" · {third.id[-5:]}")

    page = texts(await shelf.ask(stage.ada, "mine", words="boat"))
    shown = texts(await shelf.ask(stage.ada, "show", clip=first.id))
    assert page.count("-# take 1 of 2 · Studio") == page.count("-# take 2 of 2 · Studio") == 1
    assert page.count("\n-# Studio · ") == 1
    assert "Its family" not in shown  # of takes none was made from another


@pytest.mark.parametrize("month", ["2026-13", "may", "0000-01", "9999-12", "99999-01", "2026-1"])
async def test_a_month_that_is_none_is_refused(shelf: Shelf, month: str) -> None:
    answer = await shelf.ask(shelf.stage.ada, "mine", month=month)

    assert texts(answer).startswith("That is no month. Nothing was charged.")


# pages


async def many(shelf: Shelf, count: int) -> None:
    for number in range(1, count + 1):
        await shelf.clip(f"kite {number}")


async def test_pages_are_turned_by_buttons_that_outlive_a_restart(shelf: Shelf) -> None:
    await many(shelf, 6)
    ada = shelf.stage.ada
    page = await shelf.ask(ada, "server")
    assert found(page) == ["kite 6", "kite 5", "kite 4", "kite 3"]
    previous, next_ = (one for one in custom_ids(page) if one.startswith("lib:page:"))
    assert button(page, previous)["disabled"]

    second = await shelf.turn(ada, page, next_)

    assert found(second) == ["kite 2", "kite 1"]
    assert "6 clips · page 2 of 2" in texts(second)
    back = next(one for one in custom_ids(second) if one.endswith(":1"))
    assert found(await shelf.turn(ada, second, back)) == found(page)


async def test_a_page_does_not_shift_when_new_clips_come(shelf: Shelf) -> None:
    await many(shelf, 5)
    page = await shelf.ask(shelf.stage.ada, "server")
    await shelf.clip("a kite that came later")

    next_ = next(one for one in custom_ids(page) if one.endswith(":2"))

    assert found(await shelf.turn(shelf.stage.ada, page, next_)) == ["kite 1"]


async def test_a_search_is_turned_by_its_searcher_alone(shelf: Shelf) -> None:
    await many(shelf, 5)
    page = await shelf.library.search(Aisle.MINE, AllSeen(), by=shelf.stage.member("Ada"))

    with pytest.raises(NotYours, match="not known any more"):
        await shelf.library.turn(page.search.id, 2, AllSeen(), by=shelf.stage.member("Bruno"))


async def test_a_page_that_a_hand_has_written_is_the_nearest_that_there_is(shelf: Shelf) -> None:
    await many(shelf, 5)
    page = await shelf.ask(shelf.stage.ada, "mine")
    search = next(one for one in custom_ids(page) if one.startswith("lib:page:")).split(":")[2]

    last = await shelf.library.turn(search, 9_999, AllSeen(), by=shelf.stage.member("Ada"))
    first = await shelf.library.turn(search, -1, AllSeen(), by=shelf.stage.member("Ada"))

    assert (last.number, first.number) == (2, 1)


async def test_a_search_is_forgotten_after_a_week(shelf: Shelf) -> None:
    await shelf.clip()
    page = await shelf.library.search(Aisle.MINE, AllSeen(), by=shelf.stage.member("Ada"))
    shelf.stage.clock.advance(timedelta(days=8))
    await shelf.library.search(Aisle.MINE, AllSeen(), by=shelf.stage.member("Ada"))

    with pytest.raises(NotYours, match="not known any more"):
        await shelf.library.turn(page.search.id, 1, AllSeen(), by=shelf.stage.member("Ada"))


async def test_a_page_plays_what_its_messages_show_and_shows_stills_of_the_rest(shelf: Shelf) -> None:
    posted = await shelf.clip("a paper boat")
    gone = await shelf.clip("a kite")
    await shelf.clip("a secret garden", posted=False, private=True)
    await shelf.stage.mika.delete(await shelf.scene.message(gone))

    page = await shelf.ask(shelf.stage.ada, "mine")

    private, deleted, player = media(page)
    clip = media(await shelf.scene.message(posted))[0]["media"]["url"].partition("?")[0]
    assert player["media"]["url"].partition("?")[0] == clip
    assert ".jpg" in private["media"]["url"]
    assert ".jpg" in deleted["media"]["url"]
    assert "Video (storyboard, not AI): a kite" in deleted["description"]


def test_a_text_is_folded_so_that_case_width_and_spaces_make_no_difference() -> None:
    assert fold("  The\n ＰＡＰＥＲ  Straße ") == "the paper strasse"  # noqa: RUF001 - full width on purpose


async def test_who_is_blocked_presses_nothing_here_and_finds_what_they_may_delete(shelf: Shelf) -> None:
    bruno, told = shelf.stage.bruno, "You are blocked from this bot on this server."
    jobs = [await shelf.clip(f"boat {number}", member="Bruno") for number in range(ON_A_PAGE + 1)]
    page = await shelf.ask(bruno, "mine")
    onward = [one for one in custom_ids(page) if one.startswith("lib:page:")][-1]
    await shelf.stage.moderated.people.sanction(
        shelf.stage.member("Bruno"),
        Measure.BLOCK,
        by=shelf.stage.member("Mika").user_id,
        reason="enough",
    )

    for act in ShelfAct:
        assert texts(await press(shelf, bruno, ShelfButton(act, jobs[0].id))).startswith(told)
    assert texts(await shelf.turn(bruno, page, onward)).startswith(told)
    for aisle in ("server", "favourites", "best"):
        assert texts(await shelf.ask(bruno, aisle)).startswith(told)

    assert len(opens(await shelf.ask(bruno, "mine"))) == ON_A_PAGE
    assert f"clip:delete:{jobs[0].id}" in custom_ids(await shelf.ask(bruno, "show", clip=jobs[0].id))
