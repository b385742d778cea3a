"""Every kind of order, read from its Details and typed again: the second order is the first one."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.domain import PROMPT_CHARS_MAX, InteractionId, Job, Kind, Micros, Order
from bot.offers.options import SEED_MAX
from bot.ordering.asked import NO_PRESET
from bot.ordering.presets import WHOLE_SERVER
from bot.sandbox.person import Person
from cogs.making_buttons import Action
from cogs.typed_again import OPTIONS, PASTE_UNITS_MAX, Command
from tests.films import film
from tests.making_scene import animate, buttons, filmed, form_of, made, newest, placed, sent
from tests.picture_files import drawing, encoded
from tests.stage import RICH, Json, Stage, button, open_stage, texts
from tests.test_characters import Troupe
from tests.typed_line import LEFT_OPEN, details, line_in, options_in

WEALTHY = replace(RICH, member_monthly_micros=Micros(90_000_000))
OPTIONS_OF_WORDS: tuple[dict[str, Any], ...] = (
    {},
    {"resolution": "1080p", "aspect_ratio": "9:16", "duration": 12, "seed": 0, "spoiler": True, "takes": 3},
    {"private": True, "takes": 2, "seed": SEED_MAX},
    {"draft": True, "duration": 12, "aspect_ratio": "9:16", "takes": 2},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Ada at a stage on which every order is quoted first, and what she has on her disk."""

    stage: Stage
    folder: Path

    async def slash(self, command: str, /, *files: Path, **options: Any) -> Job:
        """An order by a command, and the yes to its quote."""
        stage = self.stage
        press = await stage.ada.slash(command, options, channel=stage.channel(), files=files)
        return await placed(stage, stage.ada, await stage.ada.answer(press))

    async def typed(
        self, job: Job, /, *files: Path, person: Person | None = None, locale: str = "en-US", **left_open: Any
    ) -> Job:
        """The order that is made by typing what the Details of one say."""
        person = person or self.stage.ada
        line = await line_in(person, await details(self.stage, job, person), self.folder)
        command, options = await options_in(person, line, locale=locale)
        assert {name for name, value in options.items() if value == LEFT_OPEN} == left_open.keys()
        press = await person.slash(
            command, options | left_open, channel=self.stage.channel(), files=list(files)
        )
        return await placed(self.stage, person, await person.answer(press))

    def same(self, one: Job, other: Job, *, lineage: bool = True) -> bool:
        """Whether two orders are of the same clips; says where they differ."""
        before, after = self._said(one.order), self._said(other.order)
        if not lineage:
            before["source_job_id"] = after["source_job_id"] = None
        assert before == after
        assert one.id != other.id
        assert one.quote == other.quote
        return True

    def _said(self, order: Order) -> dict[str, Any]:
        """All of an order but the press that made it, with the bytes of what it starts from."""
        said = {each.name: getattr(order, each.name) for each in fields(order)}
        said["interaction_id"] = InteractionId(0)
        if order.source is not None:
            path = order.source.path
            said["source"] = replace(order.source, path=Path()), (self.folder / path).read_bytes()
        return said


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_stage(tmp_path, limits=WEALTHY, confirm_above_micros=Micros(0)) as stage:
        yield Desk(stage=stage, folder=tmp_path)


async def pressed(stage: Stage, clip: Job, action: Action, prompt: str) -> Job:
    form = await form_of(stage.ada, await buttons(stage, clip.id), action)
    return await placed(stage, stage.ada, await sent(stage.ada, form, prompt=prompt))


async def test_words_with_any_of_their_options(desk: Desk) -> None:
    for options in OPTIONS_OF_WORDS:
        first = await desk.slash("generate", prompt="a paper boat, `quietly` -- it *sinks*", **options)
        takes = [job for job in await desk.stage.rows() if job.order_id == first.order_id]

        again = await desk.typed(max(takes, key=lambda job: job.take))

        assert len(takes) == options.get("takes", 1)
        assert desk.same(first, again)


async def test_a_final_of_a_draft(desk: Desk) -> None:
    draft = await desk.slash("generate", prompt="a paper boat", draft=True, duration=12)
    message = await buttons(desk.stage, draft.id)
    press = await desk.stage.ada.press(message, button(message, f"make:{Action.FINAL}:")["custom_id"])
    final = await placed(desk.stage, desk.stage.ada, await desk.stage.ada.answer(press))

    # No command names the draft that it is the final of.
    assert desk.same(final, await desk.typed(final), lineage=False)


async def test_a_picture_with_bars_and_what_was_said_of_it(desk: Desk) -> None:
    picture = desk.folder / "cat.png"
    picture.write_bytes(encoded(drawing(400, 400), "PNG"))
    stage = desk.stage
    quote = await animate(stage, stage.ada, picture, fit="pad", people="nobody", duration=8, draft=True)
    first = await placed(stage, stage.ada, quote)

    answer = await details(stage, first)
    again = await desk.typed(first, picture, image="0")

    assert "Attach the picture again where the command has “…”." in texts(answer)
    assert desk.same(first, again)
    before, after = [await stage.orders.typed_for(job) for job in (first, again)]
    assert before is not None
    assert after is not None
    kept = ("framing", "people", "final_s", "final_resolution")
    assert [before[each] for each in kept] == [after[each] for each in kept] == ["pad", "nobody", 8, None]


async def test_what_starts_from_a_clip(desk: Desk) -> None:
    clip = await filmed(desk.stage, desk.folder)
    for action in (Action.REMIX, Action.EXTEND, Action.FRAME):
        first = await pressed(desk.stage, clip, action, "and it sinks: the end")

        assert desk.same(first, await desk.typed(first))


async def test_what_a_form_was_filled_in_with(desk: Desk) -> None:
    stage = desk.stage
    form = await stage.ada.modal(await stage.ada.slash("storyboard", {}, channel=stage.channel()))
    parts = {"camera": "Low angle", "action": "A cat crosses", "dialogue": "She says: Not again"}
    first = await placed(stage, stage.ada, await sent(stage.ada, form, **parts))

    assert first.order.prompt == 'Low angle. A cat crosses. She says: "Not again".'
    assert desk.same(first, await desk.typed(first))


async def test_presets_chosen_taken_by_themselves_and_left_out(desk: Desk) -> None:
    stage = desk.stage
    clip = await filmed(stage, desk.folder)
    order = partial(desk.slash, "generate", prompt="a cat")
    none = await order()
    mika = stage.member("Mika")
    named = {}
    for name, words in (("Noir", "Film noir."), ("Rain", "Rain.")):
        saved = await stage.presets.save(name, by=mika, channel_id=WHOLE_SERVER, prefix=words)
        named[name] = saved.preset.id
    chosen = await order(preset=named["Noir"])
    default = partial(stage.presets.set_default, by=mika)
    await default(named["Rain"], channel_id=none.order.channel_id)
    by_itself, without = await order(), await order(preset=NO_PRESET)
    frame = await desk.slash("extend", prompt="a cat", clip=clip.id, how="last_frame", preset=NO_PRESET)

    for job in (none, chosen, by_itself, without, frame):
        assert desk.same(job, await desk.typed(job))
    assert by_itself.order.prompt == "Rain. a cat"
    assert {job.order.prompt for job in (without, none, frame)} == {"a cat"}


async def test_a_character_whose_clip_and_consent_are_given_again(desk: Desk) -> None:
    clip = await asyncio.to_thread(partial(film, desk.folder / "ava.mp4", [90] * 16, size=(320, 180)))
    stage = desk.stage
    for share in (True, False):
        first = await desk.slash("character add", clip, clip="0", name="Ava", consent=True, share=share)
        again = await desk.typed(first, clip, clip="0", consent=True)

        assert first.order.kind is again.order.kind is Kind.CHARACTER
        assert desk.same(first, again)
        typed = [await stage.orders.typed_for(job) for job in (first, again)]
        shared = [await stage.material.characters.is_shared((one or {})["character"]) for one in typed]
        assert shared == [share, share]
    assert "say again whether all in it have agreed" in texts(await details(stage, again))


async def test_those_who_are_in_an_order(tmp_path: Path) -> None:
    clip = await asyncio.to_thread(partial(film, tmp_path / "ava.mp4", [90] * 16, size=(320, 180)))
    async with open_stage(tmp_path) as stage:
        troupe, desk = Troupe(stage, clip), Desk(stage=stage, folder=tmp_path)
        ava, bo = await troupe.made(stage.ada), await troupe.made(stage.ada, name="Bo")
        first = await desk.slash("generate", prompt="Ava and Bo sail", character1=ava, character2=bo)

        again = await desk.typed(first)

        assert len(first.order.characters) == 2
        assert desk.same(first, again)


async def test_any_words_are_there_whole(desk: Desk) -> None:
    for prompt, files in (
        ("a paper boat " * 100, 0),
        ("Ein Kartonboot überquert " * 160, 3),
        ("🎬" * PROMPT_CHARS_MAX, 5),
        ("a ```block``` of code", 1),
        ("a family 👨‍👩‍👧 at sea,  two spaces", 1),
        ("x" * 1_900 + " " * 200 + "y", 2),
    ):
        first = await desk.slash("generate", prompt=prompt)

        answer = await details(desk.stage, first)
        again = await desk.typed(first)

        names = [one["filename"] for one in answer["attachments"]]
        assert len([name for name in names if name.startswith("command")]) == files
        assert desk.same(first, again)
        assert again.order.prompt == prompt.strip()


async def test_the_lines_of_a_prompt_are_joined_and_it_is_said(desk: Desk) -> None:
    stage = desk.stage
    words = "Camera: low.\n\n  Sound: rain.\r\nEnd on the boat."
    first = await pressed(stage, await made(stage, stage.ada), Action.REMIX, words)

    answer = await details(stage, first)
    again = await desk.typed(first)

    assert "the lines of the prompt are joined; Again keeps them." in texts(answer)
    assert again.order.prompt == "Camera: low. Sound: rain. End on the boat."
    assert replace(again.order, prompt="", interaction_id=InteractionId(0)) == replace(
        first.order, prompt="", interaction_id=InteractionId(0)
    )


async def test_words_that_look_like_an_option_are_named(desk: Desk) -> None:
    told = texts(await details(desk.stage, await desk.slash("generate", prompt="a boat. Duration: 8 s")))
    calm = texts(await details(desk.stage, await desk.slash("generate", prompt="sound: rain, no-model: x")))

    assert "Discord may take `Duration:` in the prompt for an option; if it does, press Again" in told
    assert "for an option" not in calm


async def test_every_option_of_what_makes_something_is_known(desk: Desk) -> None:
    registered = {one["name"]: one["options"] for one in await desk.stage.ada.commands() if "options" in one}
    (add,) = [one["options"] for one in registered["character"] if one["name"] == "add"]
    making = [add, *(registered[each] for each in ("generate", "animate", "remix", "extend"))]

    assert {one["name"] for options in making for one in options} == set(OPTIONS)


async def test_a_reader_of_another_language_types_it_as_their_picker_names_it(desk: Desk) -> None:
    stage = desk.stage
    world = stage.sandbox.world
    world.user_named("Bruno").locale = "de"
    picture = desk.folder / "cat.png"
    picture.write_bytes(encoded(drawing(400, 400), "PNG"))
    quote = await animate(stage, stage.bruno, picture, fit="pad", people="agreed", duration=8)
    first = await placed_in_german(stage, quote)

    answer = await details(stage, first, stage.bruno)
    line = await line_in(stage.bruno, answer, desk.folder)
    command, options = await options_in(stage.bruno, line, locale="de")

    assert line.startswith("/animieren modell:studio bild:… ")
    assert command == "animate"
    assert {**options, "model": "studio"} == {
        "model": "studio",
        "image": "…",
        "resolution": first.order.resolution,
        "aspect_ratio": first.order.aspect_ratio,
        "duration": 8,
        "fit": "pad",
        "people": "agreed",
        "prompt": "it moves",
    }


async def placed_in_german(stage: Stage, quote: Json) -> Job:
    await stage.answer_quote(stage.bruno, quote, "yes")
    return await newest(stage)


def test_pieces_are_as_long_as_can_be_and_end_within_words() -> None:
    line = "/generate prompt:" + "ab " * 3_000

    pieces = Command(line=line.strip()).pieces()

    assert "".join(pieces) == line.strip()
    assert {len(piece) for piece in pieces[:-1]} <= set(range(PASTE_UNITS_MAX - 2, PASTE_UNITS_MAX + 1))
    assert Command(line=" " * 4_100).pieces() == [" " * 2_000, " " * 2_000, " " * 100]
