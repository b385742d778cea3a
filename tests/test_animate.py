"""`/animate`, the menu of a message, and the last frame of a clip: what is taken, shown and ordered."""

import struct
import zlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from discord import ui
from PIL import Image

from bot.domain import ChannelId, Job, JobState, Kind
from bot.errors import NotYours
from bot.ordering.framing import Framing
from bot.sandbox.permissions import Permission
from bot.sandbox.person import Person
from cogs.fit_button import FitButton
from cogs.forms import filled
from cogs.making_buttons import Action
from storage import pictures
from tests.making_scene import (
    NOTHING_CHARGED,
    animate,
    buttons,
    filmed,
    form_of,
    made,
    newest,
    pressed,
    sent,
)
from tests.picture_files import SECRET, ZIP_TRAILER, drawing, encoded, exif
from tests.showing_scene import open_scene
from tests.stage import Json, Stage, button, custom_ids, open_stage, texts

MENU = "Animate this picture"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Where members have their files."""
    folder = tmp_path / "members"
    folder.mkdir()
    return folder


def picture(folder: Path, width: int = 640, height: int = 360, *, name: str = "cat.png") -> Path:
    """A picture of this size; 16:9 needs no fitting."""
    path = folder / name
    path.write_bytes(encoded(drawing(width, height), "PNG"))
    return path


async def assert_refused(stage: Stage, answer: Json, *, saying: str) -> None:
    assert answer["flags"] & 64
    assert saying in texts(answer), texts(answer)
    assert NOTHING_CHARGED in texts(answer)
    assert custom_ids(answer) == []
    assert (await stage.money("Ada")).used_micros == 0


def kept_files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "pictures").iterdir())


async def source_file(stage: Stage, tmp_path: Path) -> tuple[Job, Image.Image]:
    """The newest job, and the picture that goes to its provider."""
    job = await newest(stage)
    assert job.order.source is not None
    shown = Image.open(tmp_path / job.order.source.path)
    shown.load()
    return job, shown


async def test_a_picture_that_fits_is_ordered_at_once(stage: Stage, tmp_path: Path, files: Path) -> None:
    answer = await animate(stage, stage.ada, picture(files))

    job, shown = await source_file(stage, tmp_path)
    assert "Ordered. $0.40 of play money" in texts(answer)
    assert (job.order.kind, job.order.prompt, job.order.aspect_ratio) == (Kind.ANIMATE, "it moves", "16:9")
    assert shown.size == (1280, 720)
    assert not job.order.source.path.is_absolute()  # type: ignore[union-attr]  # it has one
    assert stage.woken == [job.id]


async def test_a_picture_of_another_shape_is_quoted_with_what_is_cut_off(
    stage: Stage, tmp_path: Path, files: Path
) -> None:
    quote = await animate(stage, stage.ada, picture(files, 400, 400))

    assert await stage.rows() == []
    assert "1\\:1" in texts(quote)
    assert "cropped to 16\\:9" in texts(quote)
    assert "44 % of it is lost" in texts(quote)

    await stage.answer_quote(stage.ada, quote, "yes")

    _, shown = await source_file(stage, tmp_path)
    assert shown.size == (1280, 720)


async def test_a_picture_can_get_bars_instead(stage: Stage, tmp_path: Path, files: Path) -> None:
    quote = await animate(stage, stage.ada, picture(files, 400, 400), fit="pad")
    await stage.answer_quote(stage.ada, quote, "yes")

    assert "44 % of the frame is bars" in texts(quote)
    _, shown = await source_file(stage, tmp_path)
    assert shown.getpixel((2, 360)) == (0, 0, 0)


async def test_the_other_way_is_one_press_away_on_the_quote_and_back(
    stage: Stage, tmp_path: Path, files: Path
) -> None:
    quote = await animate(stage, stage.ada, picture(files, 400, 400), duration=8, seed=7)

    padded = await refitted(stage.ada, quote)
    cropped = await refitted(stage.ada, padded)
    again = await refitted(stage.ada, cropped)
    await stage.answer_quote(stage.ada, again, "yes")

    assert [one["id"] for one in (padded, cropped, again)] == [quote["id"]] * 3
    assert "44 % of the frame is bars" in texts(padded)
    assert "44 % of it is lost" in texts(cropped)
    job, shown = await source_file(stage, tmp_path)
    assert shown.getpixel((2, 360)) == (0, 0, 0)
    assert (job.order.duration_s, job.order.seed) == (8, 7)
    assert (await stage.money("Ada")).held_micros == 800_000


async def fit_buttons(stage: Stage, quote: Json) -> list[Json]:
    """Two more messages with the button of this quote, as a second window may still show it."""
    (fit,) = [one for one in custom_ids(quote) if one.startswith("fit:")]
    shown = []
    for _ in range(2):
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.ActionRow(FitButton(Framing.PAD, fit.rpartition(":")[2])))
        message = await stage.client.get_partial_messageable(int(stage.channel())).send(view=view)
        shown.append(await stage.bruno.message(stage.channel(), str(message.id)))
    return shown


async def test_a_quote_that_was_replaced_or_answered_is_not_fitted_again(stage: Stage, files: Path) -> None:
    replaced = await animate(stage, stage.ada, picture(files, 400, 400))
    first, second = await fit_buttons(stage, replaced)
    padded = await refitted(stage.ada, first)
    answered, _ = await fit_buttons(stage, padded)
    await stage.answer_quote(stage.ada, padded, "yes")

    for message in (second, answered):
        assert "was answered before" in texts(await refitted(stage.ada, message))
    assert len(await stage.rows()) == 1


async def test_a_quote_that_cannot_be_fitted_now_can_be_a_little_later(stage: Stage, files: Path) -> None:
    quote = await animate(stage, stage.ada, picture(files, 400, 400))
    by, here = stage.member("Mika"), ChannelId(int(stage.channel()))

    await stage.moderated.pauses.pause(by, here)
    refused = await refitted(stage.ada, quote)
    await stage.moderated.pauses.resume(by, here)
    again = await refitted(stage.ada, refused)

    assert texts(refused).startswith("The moderators have paused the orders of this channel.")
    assert again["id"] == quote["id"]
    assert texts(again).partition("The quote ends")[0] == texts(quote).partition("The quote ends")[0]
    await stage.answer_quote(stage.ada, again, "yes")
    assert len(await stage.rows()) == 1


async def test_nobody_fits_the_picture_of_another_and_a_closed_place_fits_none(
    stage: Stage, files: Path
) -> None:
    quote = await animate(stage, stage.ada, picture(files, 400, 400))
    shown, _ = await fit_buttons(stage, quote)

    assert "has expired or is not yours" in texts(await refitted(stage.bruno, shown))
    stage.deny(Permission.ATTACH_FILES)
    assert "it lacks: Attach Files" in texts(await refitted(stage.ada, quote))


async def test_a_picture_of_the_clips_shape_has_no_other_way(stage: Stage, files: Path) -> None:
    quote = await animate(stage, stage.ada, picture(files), duration=12)

    assert not any(one.startswith("fit:") for one in custom_ids(quote))


async def refitted(person: Person, quote: Json) -> Json:
    """What stands in a quote's place after its picture's button was pressed."""
    press = await person.press(quote, button(quote, "fit:")["custom_id"])
    return await person.wait_for_message(lambda m: bool(m["id"] == quote["id"]), since=press.mark)


async def test_a_tall_picture_becomes_a_tall_clip(stage: Stage, files: Path) -> None:
    await animate(stage, stage.ada, picture(files, 360, 640))

    assert (await newest(stage)).order.aspect_ratio == "9:16"


async def test_every_option_reaches_the_order(stage: Stage, files: Path) -> None:
    quote = await animate(
        stage,
        stage.ada,
        picture(files),
        model="studio",
        resolution="1080p",
        duration=8,
        seed=7,
        takes=2,
        private=True,
        spoiler=True,
    )
    await stage.answer_quote(stage.ada, quote, "yes")

    rows = sorted(await stage.rows(), key=lambda job: job.take)
    order = rows[0].order
    assert (order.resolution, order.duration_s, order.takes) == ("1080p", 8, 2)
    assert (order.private, order.spoiler) == (True, True)
    assert [job.order.seed for job in rows] == [7, 8]
    assert "$1.60" in texts(quote)


async def test_nothing_of_the_members_file_but_its_pixels_is_kept(
    stage: Stage, tmp_path: Path, files: Path
) -> None:
    path = files / "holiday.jpg"
    path.write_bytes(encoded(drawing(640, 360), "JPEG", exif=exif()) + ZIP_TRAILER)

    await animate(stage, stage.ada, path)

    kept = [(tmp_path / "pictures" / name).read_bytes() for name in kept_files(tmp_path)]
    assert kept
    assert all(SECRET not in one and b"PK\x03\x04" not in one for one in kept)


async def test_a_picture_of_which_no_row_can_be_written_is_not_kept(
    stage: Stage, tmp_path: Path, files: Path
) -> None:
    await stage.database.write(
        lambda tx: tx.execute(
            "CREATE TEMP TRIGGER full BEFORE INSERT ON pictures BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    )

    assert "Something went wrong" in texts(await animate(stage, stage.ada, picture(files)))
    assert kept_files(tmp_path) == []


async def test_a_polyglot_is_taken_for_the_picture_that_it_is(stage: Stage, files: Path) -> None:
    path = files / "page.html"
    path.write_bytes(encoded(drawing(640, 360), "GIF") + b"<script>alert(1)</script>")

    answer = await animate(stage, stage.ada, path)

    assert "Ordered." in texts(answer)


async def test_the_quote_of_a_moving_picture_says_that_its_first_frame_is_used(
    stage: Stage, files: Path
) -> None:
    frames = [drawing(1280, 720), drawing(1280, 720, "L").convert("RGB")]
    path = files / "dance.gif"
    path.write_bytes(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    note = "its first frame alone is used"

    quote = await animate(stage, stage.ada, path)
    await stage.answer_quote(stage.ada, quote, "yes")
    again = await stage.ada.answer(
        await pressed(stage.ada, await buttons(stage, (await newest(stage)).id), Action.AGAIN)
    )

    assert note in texts(quote)
    assert any(one.endswith(":yes") for one in custom_ids(quote))
    assert note in texts(again)
    path.write_bytes(encoded(frames[0], "GIF"))
    assert note not in texts(await animate(stage, stage.ada, path))


def chunk(kind: bytes, content: bytes) -> bytes:
    """A piece of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 80

BOMB = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 13_300, 13_300, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(bytes(10_000)))
    + chunk(b"IEND", b"")
)

BAD_PICTURES = {
    "a bomb": (BOMB, "32 million"),
    "an empty file": (b"", "The file is empty."),
    "a telephone's own format": (HEIC, "The picture is an HEIC"),
    "a video": (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1" + b"\0" * 80, "The file is a video"),
    "words": (b"a picture, I promise", "The file is no JPG, PNG, WebP, GIF or AVIF"),
    "half a picture": (encoded(drawing(640, 360), "PNG")[:900], "The picture is damaged"),
    "a tiny picture": (encoded(drawing(20, 20), "PNG"), "fewer than 64 pixels"),
}


@pytest.mark.parametrize("case", BAD_PICTURES)
async def test_what_is_no_picture_gets_one_plain_sentence(
    stage: Stage, tmp_path: Path, files: Path, case: str
) -> None:
    content, saying = BAD_PICTURES[case]
    path = files / "cat.png"
    path.write_bytes(content)

    answer = await animate(stage, stage.ada, path)

    await assert_refused(stage, answer, saying=saying)
    assert kept_files(tmp_path) == []
    assert await stage.rows() == []


async def test_a_picture_that_is_deleted_meanwhile_is_asked_for_again(stage: Stage, files: Path) -> None:
    said = await stage.ada.say(stage.channel(), "look", files=[picture(files)])
    form = await opened(stage, stage.ada, said)
    await stage.ada.delete(said)

    answer = await sent(stage.ada, form, prompt="it moves")

    await assert_refused(stage, answer, saying="The file was deleted")


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://cdn.discordapp.com.example.org/attachments/1/2/cat.png",
        "https://example.org/?https://cdn.discordapp.com/cat.png",
        "https://cdn.discordapp.com:8443/attachments/1/2/cat.png",
        "http://cdn.discordapp.com/attachments/1/2/cat.png",
        "file:///etc/passwd",
        "nonsense",
    ],
)
async def test_only_discords_own_hosts_are_read(stage: Stage, address: str) -> None:
    assert not stage.attachments.is_one(address)


@pytest.mark.parametrize(
    "address", ["https://cdn.discordapp.com/attachments/1/2/a.png?ex=1", "https://media.discordapp.net/a"]
)
async def test_discords_own_hosts_are_read(stage: Stage, address: str) -> None:
    assert stage.attachments.is_one(address)


async def raw(stage: Stage, options: list[Json]) -> Json:
    """What answers an `/animate` with any options."""
    command = next(one for one in await stage.ada.commands() if one["name"] == "animate")
    data = {key: command[key] for key in ("id", "version", "name", "type")} | {"options": options}
    payload = {"type": 2, "channel_id": stage.channel(), "data": data}
    return await stage.ada.answer(await stage.ada.interaction(payload, unchecked=True))


async def test_an_attachment_that_did_not_come_is_said(stage: Stage) -> None:
    answer = await raw(stage, [IMAGE, PROMPT])

    await assert_refused(stage, answer, saying="No picture came with the command.")


IMAGE = {"type": 11, "name": "image", "value": "123456789012345678"}
PROMPT = {"type": 3, "name": "prompt", "value": "it moves"}


@pytest.mark.parametrize(
    "options",
    [
        [],
        [IMAGE],
        [PROMPT],
        [PROMPT, IMAGE | {"type": 3}],
        [PROMPT, IMAGE, {"type": 3, "name": "draft", "value": "yes"}],
        [PROMPT, IMAGE, {"type": 5, "name": "draft", "value": 1}],
        [PROMPT, IMAGE, {"type": 5, "name": "takes", "value": True}],
        [PROMPT, IMAGE, {"type": 3, "name": "address", "value": "https://example.org/cat.png"}],
    ],
)
async def test_options_that_no_form_lets_through_are_refused(stage: Stage, options: list[Json]) -> None:
    answer = await raw(stage, options)

    await assert_refused(stage, answer, saying="Pick it again from the list")
    assert await stage.rows() == []


# The menu of a message


async def opened(stage: Stage, person: Person, message: Json) -> Json:
    """The form of a message's menu."""
    return await person.modal(await person.menu(MENU, message["id"], channel=stage.channel()))


async def test_the_picture_of_any_message_can_be_animated(stage: Stage, files: Path) -> None:
    said = await stage.bruno.say(stage.channel(), "my cat", files=[picture(files)])
    form = await opened(stage, stage.ada, said)

    answer = await sent(stage.ada, form, prompt="the cat purrs", framing="crop")

    job = await newest(stage)
    assert "Ordered." in texts(answer)
    assert (job.order.kind, job.order.prompt, job.order.member) == (
        Kind.ANIMATE,
        "the cat purrs",
        stage.member("Ada"),
    )


async def test_of_several_pictures_one_is_chosen(stage: Stage, tmp_path: Path, files: Path) -> None:
    several = [picture(files, 640, 360, name="wide.png"), picture(files, 360, 640, name="tall.png")]
    said = await stage.bruno.say(stage.channel(), "two", files=[*several, *[files / "notes.txt"][:0]])
    form = await opened(stage, stage.ada, said)
    shown = [one["label"] for one in form["components"][0]["component"]["options"]]

    await sent(stage.ada, form, picture="1", prompt="it moves", framing="crop")

    assert shown == ["1. wide.png", "2. tall.png"]
    job, kept = await source_file(stage, tmp_path)
    assert job.order.aspect_ratio == "9:16"
    assert kept.size == (720, 1280)


async def test_a_message_without_a_picture_is_refused(stage: Stage, files: Path) -> None:
    (files / "notes.txt").write_text("no picture")
    said = await stage.bruno.say(stage.channel(), "words", files=[files / "notes.txt"])

    answer = await stage.ada.answer(await stage.ada.menu(MENU, said["id"], channel=stage.channel()))

    await assert_refused(stage, answer, saying="This message has no picture")


async def test_a_form_is_only_for_who_opened_it(stage: Stage, files: Path) -> None:
    said = await stage.bruno.say(stage.channel(), "my cat", files=[picture(files)])
    form = await opened(stage, stage.ada, said)
    await stage.database.write(
        lambda tx: tx.execute("UPDATE opened_forms SET user_id = ?", (int(stage.bruno.id),)).rowcount
    )

    answer = await sent(stage.ada, form, prompt="it moves")

    await assert_refused(stage, answer, saying="This form has expired or is not yours.")
    assert await stage.rows() == []


def submission(custom_id: str, **values: str) -> Any:
    """What Discord sends of a form, as far as we look at it."""
    fields = [
        {"type": 18, "component": {"type": 4, "custom_id": name, "value": value}}
        for name, value in values.items()
    ]
    return SimpleNamespace(data={"custom_id": custom_id, "components": fields})


@pytest.mark.parametrize(
    "custom_id",
    ["form:picture:", "form:oops:0000000000000001", "form:remix:0000000000000001x", "form:remix:../../etc"],
)
def test_a_forged_form_is_none_of_ours(custom_id: str) -> None:
    with pytest.raises(NotYours):
        filled(submission(custom_id))


@pytest.mark.parametrize("number", ["-1", "10", "1e3", "", "None"])
def test_a_picture_that_was_not_offered_is_not_chosen(number: str) -> None:
    chosen = filled(submission("form:picture:0000000000000001", picture=number, prompt="x")).picture

    assert chosen == (0 if number == "" else -1)


# The last frame of a clip


async def test_the_last_frame_of_a_clip_is_animated(stage: Stage, tmp_path: Path) -> None:
    clip = await filmed(stage, tmp_path)
    form = await form_of(stage.bruno, await buttons(stage, clip.id), Action.FRAME)

    answer = await sent(stage.bruno, form, prompt="it sails away")

    job, shown = await source_file(stage, tmp_path)
    assert "Ordered." in texts(answer)
    assert (job.order.kind, job.order.source_job_id) == (Kind.ANIMATE, clip.id)
    assert job.order.member == stage.member("Bruno")
    assert shown.convert("L").getpixel((640, 360)) > 240  # type: ignore[operator]  # of one band
    assert shown.size == (1280, 720)


async def test_a_last_frame_is_taken_once(stage: Stage, tmp_path: Path) -> None:
    clip = await filmed(stage, tmp_path)
    message = await buttons(stage, clip.id)

    for _ in range(2):
        await sent(stage.ada, await form_of(stage.ada, message, Action.FRAME), prompt="on")

    assert kept_files(tmp_path) == [f"last-{clip.id}.png"]
    assert [job.state for job in await stage.rows()].count(JobState.QUEUED) == 2


async def test_a_clip_whose_file_is_gone_gives_no_frame(stage: Stage, tmp_path: Path) -> None:
    clip = await made(stage, stage.ada)
    form = await form_of(stage.ada, await buttons(stage, clip.id), Action.FRAME)

    answer = await sent(stage.ada, form, prompt="on")

    assert "No picture can be taken from the end of this clip. Nothing was charged." in texts(answer)
    assert len(await stage.rows()) == 1


async def test_the_last_frame_goes_with_its_clip(stage: Stage, tmp_path: Path) -> None:
    async with open_scene(stage, tmp_path) as scene:
        clip = await filmed(stage, tmp_path)
        form = await form_of(stage.ada, await buttons(stage, clip.id), Action.FRAME)
        await sent(stage.ada, form, prompt="on")
        assert kept_files(tmp_path) == [f"last-{clip.id}.png"]

        await scene.removals.ask(clip.id, by=stage.member("Ada"), whole_order=False)
        steps = await scene.removals.settled([clip.id], within_s=5)

        assert all(step.done_at is not None for step in steps)
        assert kept_files(tmp_path) == []
        left = await stage.database.read(partial(pictures.get, picture_id=f"last-{clip.id}"))
        assert left is None
