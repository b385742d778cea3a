"""The command that an order's Details name: typed as it stands there, it is quoted as the order was."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.domain import ClipState, Job, Kind, Micros
from bot.offers.options import SEED_MAX
from cogs.making_buttons import Action
from storage import clips
from tests.making_scene import (
    NOTHING_CHARGED,
    buttons,
    filmed,
    form_of,
    made,
    newest,
    placed,
    sent,
)
from tests.stage import Json, Stage, button, custom_ids, open_stage, texts
from tests.typed_line import details, line_in, options_in


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    # Every order is quoted first, so that two quotes can be compared.
    async with open_stage(tmp_path, confirm_above_micros=Micros(0)) as opened:
        yield opened


async def typed(stage: Stage, job: Job, tmp_path: Path, **more: Any) -> Json:
    """Type what its Details say, and what answers that."""
    command, options = await options_in(
        stage.ada, await line_in(stage.ada, await details(stage, job), tmp_path)
    )
    given = {**options, **more}
    files = given.pop("files", ())
    press = await stage.ada.slash(command, given, channel=stage.channel(), files=files)
    return await stage.ada.answer(press)


def offers(quote: Json) -> str:
    """What a quote says beside its seed, which is new each time, and what is left of the budget."""
    lines = texts(quote).splitlines()
    return "\n".join(line for line in lines if " left, " not in line and "The quote ends" not in line)


async def by_button(stage: Stage, clip: Job, action: Action, prompt: str) -> Json:
    form = await form_of(stage.ada, await buttons(stage, clip.id), action)
    return await sent(stage.ada, form, prompt=prompt)


async def test_a_last_frame_with_bars_is_typed_with_bars(stage: Stage, tmp_path: Path) -> None:
    clip = await filmed(stage, tmp_path)
    given = {
        "clip": clip.id,
        "prompt": "it sinks",
        "how": "last_frame",
        "aspect_ratio": "9:16",
        "resolution": "1080p",
        "fit": "pad",
    }
    quote = await stage.ada.answer(await stage.ada.slash("extend", given, channel=stage.channel()))

    again = await typed(stage, await placed(stage, stage.ada, quote), tmp_path)

    assert "bars above and below" in texts(quote)
    assert "From the last frame of [a paper boat](" in texts(quote)
    assert offers(again) == offers(quote)
    assert (await placed(stage, stage.ada, again)).order.aspect_ratio == "9:16"


async def test_a_draft_is_typed_with_the_length_of_its_final(stage: Stage, tmp_path: Path) -> None:
    first = await placed(
        stage, stage.ada, await stage.ask(stage.ada, prompt="a paper boat", draft=True, duration=12)
    )

    await placed(stage, stage.ada, await typed(stage, first, tmp_path))

    second = await newest(stage)
    assert (second.order.draft, second.order.duration_s) == (True, 4)
    assert second.order.seed == first.order.seed
    message = await buttons(stage, second.id)
    final = await stage.ada.answer(
        await stage.ada.press(message, button(message, f"make:{Action.FINAL}:")["custom_id"])
    )
    assert "12 s at" in texts(final)


async def test_a_later_take_is_typed_with_the_seed_that_its_order_had(stage: Stage, tmp_path: Path) -> None:
    await placed(stage, stage.ada, await stage.ask(stage.ada, prompt="a paper boat", takes=3, seed=SEED_MAX))
    third = max(await stage.rows(), key=lambda job: job.take)

    again = await typed(stage, third, tmp_path)

    assert third.order.seed == 1
    assert f"seeds {SEED_MAX}, 0, 1" in texts(again)


async def test_details_link_what_it_was_made_from_to_those_who_see_that(stage: Stage) -> None:
    for channel, seen in (("showcase", True), ("mods", False)):
        clip = await made(stage, stage.mika, "a tin robot", channel=channel)
        given = {"clip": clip.id, "prompt": "it rusts"}
        quote = await stage.mika.answer(await stage.mika.slash("remix", given, channel=stage.channel()))

        told = texts(await details(stage, await placed(stage, stage.mika, quote)))

        assert ("**Made from** [a tin robot](https://discord.com/channels/" in told) == seen
        assert (f"**Made from** the clip of order `{clip.id}`" in told) != seen


async def test_details_tell_nothing_of_a_clip_that_was_hidden_since_something_was_made_of_it(
    stage: Stage,
) -> None:
    clip = await made(stage, stage.mika, "a tin robot", channel="showcase")
    quote = await stage.ada.answer(
        await stage.ada.slash("remix", {"clip": clip.id, "prompt": "it rusts"}, channel=stage.channel())
    )
    remixed = await placed(stage, stage.ada, quote)
    hide = partial(clips.change_state, job_id=clip.id, to=ClipState.HIDDEN, among=frozenset(ClipState))
    assert "a tin robot" in texts(await details(stage, remixed))

    assert await stage.database.write(hide)
    told = texts(await details(stage, remixed))

    assert f"**Made from** the clip of order `{clip.id}`" in told
    assert "a tin robot" not in told


# The command itself


async def extend(stage: Stage, clip: Job, **options: Any) -> Json:
    given = {"clip": clip.id, "prompt": "it sinks", **options}
    return await stage.ada.answer(await stage.ada.slash("extend", given, channel=stage.channel()))


async def test_extend_says_its_way_its_price_and_its_clip_before_anything_is_paid(stage: Stage) -> None:
    clip = await made(stage, stage.ada, "a [paper] boat")

    quote = await extend(stage, clip, duration=8)

    place = f"https://discord.com/channels/{clip.order.member.guild_id}/{clip.clip_channel_id}"
    assert "goes on from its own copy" in texts(quote)
    assert "$0.80 (8 s at" in texts(quote)
    age = f"<t:{int(clip.created_at.timestamp())}:R>"
    assert (
        f"From the clip [a \\[paper\\] boat]({place}/{clip.clip_message_id}) · Studio · {age}"
        in texts(quote).splitlines()
    )


async def test_a_clip_that_nobody_else_was_shown_is_named_without_a_link(stage: Stage) -> None:
    clip = await made(stage, stage.ada, options={"private": True, "takes": 2})

    quote = await extend(stage, clip)

    assert "From the clip a paper boat · take 1 · Studio · <t:" in texts(quote)


async def test_an_order_without_a_clip_names_none(stage: Stage) -> None:
    assert "From the clip" not in texts(await stage.ask(stage.ada, prompt="a paper boat"))


@pytest.mark.parametrize("typed_in", [{"resolution": "1080p"}, {"aspect_ratio": "9:16"}])
async def test_an_extension_keeps_the_clips_size_and_says_so(stage: Stage, typed_in: dict[str, str]) -> None:
    clip = await made(stage, stage.ada)

    quote = await extend(stage, clip, **typed_in)

    assert "- The clip keeps its own size and shape: 720p, 16:9." in texts(quote).replace("\\", "")
    order = (await placed(stage, stage.ada, quote)).order
    assert (order.resolution, order.aspect_ratio) == ("720p", "16:9")


async def test_an_extension_of_the_clips_own_size_needs_no_word_of_it(stage: Stage) -> None:
    clip = await made(stage, stage.ada)

    assert "keeps its own size" not in texts(await extend(stage, clip, resolution="720p"))


async def test_the_models_to_choose_from_are_those_that_can_do_it(stage: Stage) -> None:
    clip = await made(stage, stage.ada)
    for how, kind in ((None, Kind.EXTEND), ("last_frame", Kind.ANIMATE)):
        more = {} if how is None else {"how": how}
        found = await stage.ada.autocomplete(
            "extend", "model", "", channel=stage.channel(), options={"clip": clip.id, "prompt": "x", **more}
        )

        assert [one["value"] for one in found] == [row.id for row in stage.catalogue.models(kind)]


async def test_the_clips_to_choose_from_are_ones_own_and_the_channels(stage: Stage) -> None:
    own = await made(stage, stage.ada, "a lighthouse", channel="showcase")
    here = await made(stage, stage.bruno, "a tin robot")
    await made(stage, stage.mika, "elsewhere", channel="mods")

    found = await stage.ada.autocomplete("extend", "clip", "", channel=stage.channel())

    assert {one["value"] for one in found} == {own.id, here.id}


@pytest.mark.parametrize("clip", ["0000000000000009", "'; DROP TABLE jobs; --"])
async def test_what_is_no_clip_is_refused(stage: Stage, clip: str) -> None:
    given = {"clip": clip, "prompt": "x"}
    answer = await stage.ada.answer(await stage.ada.slash("extend", given, channel=stage.channel()))

    assert "This clip is not known here." in texts(answer)
    assert NOTHING_CHARGED in texts(answer)
    assert custom_ids(answer) == []
