"""`/privacy` over the sandbox: what a person reads, gets and erases; policies, links and limits by kind."""

import io
import json
import os
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from bot import language
from bot.clips.packing import MIB
from bot.errors import NotYours, SettingsError
from bot.privacy.export_links import ExportLinks
from bot.privacy.exporting import EXPORTS, Exporting
from bot.privacy.forgetting import Forgetting, Limits
from bot.privacy.policy import operators_words, policy
from bot.settings import Settings
from cogs.privacy_buttons import Sure
from tests.privacy_desk import Till
from tests.privacy_scene import SECRET, People, opened
from tests.props import ANN, BEN
from tests.showing_scene import open_scene
from tests.stage import Json, custom_ids, open_stage, texts

DAY = timedelta(days=1)


async def pressed(till: Till, message: Json) -> Json:
    """Press the one button of an answer; what stands there then."""
    (mark,) = custom_ids(message)
    press = await till.stage.ada.press(message, mark)
    return await till.stage.ada.wait_for_message(lambda m: bool(m["id"] == message["id"]), since=press.mark)


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as scene:
        made = Till(scene, tmp_path)
        await made.open()
        yield made


@pytest.fixture
async def linking(tmp_path: Path) -> AsyncIterator[Till]:
    async with open_stage(tmp_path) as stage, open_scene(stage, tmp_path) as scene:
        made = Till(scene, tmp_path)
        made.links = ExportLinks(public_url="https://dailies.example", folder=tmp_path)
        await made.open()
        yield made


def lies_about_its_limit(till: Till, size_bytes: int) -> None:
    """From now on the server refuses larger files, whatever its interactions say."""
    guild = till.stage.sandbox.world.guild
    guild.said_limit, guild.upload_limit = 20 * MIB, size_bytes


async def rest_of(till: Till, answer: Json, count: int) -> list[Json]:
    """So many messages that followed an answer."""
    found: dict[str, Json] = {}

    def is_new(message: Json) -> bool:
        is_one = message["id"] not in {answer["id"], *found} and "my-dailies" in str(message["attachments"])
        if is_one:
            found[message["id"]] = message
        return is_one

    for _ in range(count):
        await till.stage.ada.wait_for_message(is_new)
    return [*found.values()]


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    async with opened(tmp_path) as scene:
        yield scene


async def test_the_policy_names_the_operator_and_where_prompts_go_to_the_asker_alone(till: Till) -> None:
    message = await till.ask("policy")

    told = texts(message)
    assert "Run by Mika, mika@example.org" in told
    assert "fal." in told
    assert "studio" not in told
    assert "Nothing is used to train models" in told
    assert int(str(message["flags"])) & 64


async def test_an_export_arrives_as_a_zip_that_holds_the_clip(till: Till) -> None:
    (job,) = await till.scene.order()
    job = await till.scene.post(job)

    message = await till.ask("export")

    (file,) = message["attachments"]
    path = till.folder / "got.zip"
    await till.stage.ada.download(file["url"], path)
    with zipfile.ZipFile(path) as zipped:
        assert f"clips/{job.id}.mp4" in zipped.namelist()
        assert json.loads(zipped.read("orders.json"))[0]["id"] == job.id
    assert int(str(message["flags"])) & 64
    assert list((till.folder / EXPORTS).iterdir()) == []


async def test_an_export_that_is_refused_for_its_size_comes_in_smaller_parts(till: Till) -> None:
    for job, tenths in zip(await till.scene.order(takes=3), (10, 12, 16), strict=True):
        await till.scene.post(job, os.urandom(MIB * tenths // 10))
    lies_about_its_limit(till, 5 * MIB // 2)

    answer = await till.ask("export")

    others = await rest_of(till, answer, 2)
    files = [one for message in (answer, *others) for one in message["attachments"]]
    assert sorted(one["filename"] for one in files) == [f"my-dailies-{n}.zip" for n in (1, 2, 3)]
    assert max(one["size"] for one in files) < 2 * MIB
    assert max(files, key=lambda one: int(one["size"])) == files[0]
    assert "too large" not in texts(answer)


async def test_an_export_of_which_no_size_is_taken_is_a_sentence_and_leaves_nothing(till: Till) -> None:
    lies_about_its_limit(till, 100)

    answer = await till.ask("export")

    assert texts(answer) == (
        "Discord takes no file of this size here, so your data cannot be sent. That cost nothing. Ask "
        "whoever runs this bot for it."
    )
    assert answer["attachments"] == []
    assert list((till.folder / EXPORTS).iterdir()) == []


async def test_an_export_that_is_refused_for_its_size_is_a_link_where_there_is_an_address(
    linking: Till,
) -> None:
    (job,) = await linking.scene.order()
    await linking.scene.post(job, os.urandom(3 * MIB))
    lies_about_its_limit(linking, 5 * MIB // 2)

    answer = await linking.ask("export")

    (zipped,) = (linking.folder / EXPORTS).iterdir()
    assert f"[one ZIP](https://dailies.example/exports/{zipped.name})" in texts(answer)
    assert answer["attachments"] == []
    assert zipped.stat().st_size > 3 * MIB
    guild_id = job.order.member.guild_id
    assert await linking.scene.packing.limit(guild_id) == 2 * MIB


async def test_where_there_is_an_address_a_file_that_fits_is_sent_all_the_same(linking: Till) -> None:
    answer = await linking.ask("export")
    await linking.ask("policy")

    assert [one["filename"] for one in answer["attachments"]] == ["my-dailies.zip"]
    assert list((linking.folder / EXPORTS).iterdir()) == []


async def test_a_second_export_on_a_day_is_refused_in_a_sentence(till: Till) -> None:
    await till.ask("export")

    assert texts(await till.ask("export")) == (
        "You have had your data within the last day. Nothing was changed. Ask for it again tomorrow."
    )


async def test_erasing_asks_twice_and_takes_the_messages_out_of_the_channel(till: Till) -> None:
    (job,) = await till.scene.order()
    job = await till.scene.post(job)
    ada, channel = till.stage.ada, till.stage.channel()
    first = await till.ask("erase")
    assert await till.erasing.progress(job.order.member.user_id) is None

    second = await pressed(till, first)
    assert await till.erasing.progress(job.order.member.user_id) is None
    begun = await pressed(till, second)
    assert "Your data is being erased" in texts(begun)
    await till.settle()

    assert await ada.messages(channel) == []
    assert not (till.scene.folder / f"{job.id}.mp4").exists()
    assert till.scene.provider.deleted
    assert (await till.scene.job(job.id)).order.prompt == "…"
    told = texts(await till.ask("erase"))
    assert "### Your data was erased" in told
    assert "Clips, cards and the providers' copies: done (1)" in told


@pytest.mark.parametrize("act", Sure)
async def test_nobody_presses_for_another(till: Till, act: Sure) -> None:
    ada, bruno = (till.stage.member(name).user_id for name in ("Ada", "Bruno"))
    press: Any = SimpleNamespace(user=SimpleNamespace(id=bruno))  # Discord itself shows it to nobody else
    assert till.stage.client.privacy is not None

    with pytest.raises(NotYours, match="another person's data"):
        await till.stage.client.privacy.press(press, act, ada)

    assert await till.erasing.progress(ada) is None
    assert await till.erasing.progress(bruno) is None


@pytest.mark.parametrize("code", language.LANGUAGES)
@pytest.mark.parametrize(
    "more", [{}, {"prompts_keep_days": 1, "clips_keep_days": 3, "moderation_api_key": "k" * 20}]
)
def test_a_policy_fits_one_screen_in_every_language(
    code: str, more: dict[str, object], tmp_path: Path
) -> None:
    config = Settings(data_dir=tmp_path, backup_days=12, **more)  # type: ignore[arg-type]  # raw, as given
    with language.use(code):
        told = policy(config, {"studio", "fal", "openai", "replicate", "lumenfall", "prodia"}, "w" * 1_200)

    assert len(told) < 4_000
    assert "12" in told
    assert "  " not in told
    assert "{" not in told.replace("w" * 1_200, "")


def test_what_the_operator_says_of_themselves_is_read_whole_or_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "policy.md"
    assert operators_words(None) is None
    with pytest.raises(SettingsError, match="DAILIES_POLICY_FILE"):
        operators_words(path)
    path.write_text("  Mika, {mika}@example.org \n", "utf-8")
    assert operators_words(path) == "Mika, {mika}@example.org"
    path.write_text("w" * 1_201, "utf-8")
    with pytest.raises(SettingsError, match="1201 characters"):
        operators_words(path)


async def test_a_link_serves_the_export_and_nothing_else_of_the_folder(people: People) -> None:
    await people.clip()
    (people.folder / "links.key").write_bytes(b"secret")
    links = ExportLinks(public_url="https://bot.example", folder=people.folder)
    exporting = Exporting(people.database, folder=people.folder, now=people.clock)
    made = await exporting.make(ANN.user_id, name=links.name(), part_bytes=1 << 30, parts_max=1)
    link = links.link(made.parts[0], at=people.clock())
    app = web.Application()
    app.add_routes(links.routes())
    async with TestServer(app) as server, aiohttp.ClientSession() as session:

        async def got(path: str) -> tuple[int, bytes]:
            async with session.get(server.make_url("/").join(URL(path, encoded=True))) as told:
                return told.status, await told.read()

        path = link.url.removeprefix("https://bot.example")
        status, body = await got(path)
        assert status == 200
        assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None
        for other in (
            "/exports/",
            "/exports/..%2flinks.key",
            "/exports/x-1.zip",
            path.replace("-1.zip", "-2.zip"),
            path.removesuffix(".zip"),
            f"/exports/{'0' * 64}-1.zip",
        ):
            assert (await got(other))[0] == 404, other
        made.parts[0].unlink()
        assert (await got(path))[0] == 404


def forgetting(people: People, *, prompts: timedelta | None = None) -> Forgetting:
    async def nothing() -> None:
        return

    limits = Limits(prompts=prompts, pictures=30 * DAY, texts=365 * DAY)
    return Forgetting(people.database, limits, folder=people.folder, now=people.clock, more=nothing)


async def test_without_a_limit_a_prompt_goes_with_its_clip_and_a_month_after_it_had_none(
    people: People,
) -> None:
    kept, lost = await people.clip(), await people.clip(BEN)
    await people.database.write(
        lambda tx: tx.execute("UPDATE clips SET state = 'expired' WHERE job_id = ?", (lost.id,))
    )
    duty = forgetting(people)
    people.clock.advance(30 * DAY)
    assert (await duty.once())["prompts"] == 0
    people.clock.advance(timedelta(seconds=1))

    assert (await duty.once())["prompts"] == 1

    assert (await people.job(lost.id)).order.prompt == "…"
    assert (await people.job(kept.id)).order.prompt == SECRET


async def test_with_a_limit_no_prompt_of_an_ended_order_is_older(people: People) -> None:
    job = await people.clip()
    duty = forgetting(people, prompts=90 * DAY)
    people.clock.advance(90 * DAY)
    assert (await duty.once())["prompts"] == 0
    people.clock.advance(timedelta(seconds=1))

    assert (await duty.once())["prompts"] == 1

    assert (await people.job(job.id)).order.prompt == "…"
    assert SECRET.encode() not in people.bytes_of_database()


async def test_pictures_forms_and_words_go_each_after_their_own_time(people: People) -> None:
    await people.clip()
    picture = await people.picture()
    await people.belongings()
    duty = forgetting(people)
    people.clock.advance(8 * DAY)
    assert await duty.once() == {"prompts": 0, "pictures": 0, "texts": 0, "forms": 4}
    assert picture.exists()
    people.clock.advance(23 * DAY)
    assert (await duty.once())["pictures"] == 1
    assert list(picture.parent.iterdir()) == []
    await people.database.write(
        lambda tx: tx.execute("UPDATE appeals SET decided_at = at, decided_by = 6, granted = 0")
    )
    await people.database.write(lambda tx: tx.execute("UPDATE sanctions SET lifted_by = 6, lifted_at = at"))
    people.clock.advance(335 * DAY)

    assert (await duty.once())["texts"] == 3

    assert await people.raw("SELECT words FROM reports UNION ALL SELECT words FROM appeals") == [
        ("",),
        ("…",),
    ]
    assert await people.raw("SELECT reason FROM sanctions") == [("…",)]


async def test_a_picture_that_cannot_be_removed_keeps_nothing_else_and_is_tried_again(
    people: People,
) -> None:
    stuck, other = await people.picture(), await people.picture(BEN)
    stuck.unlink()
    stuck.mkdir()
    await people.belongings()
    duty = forgetting(people)
    people.clock.advance(31 * DAY)

    done = await duty.once()
    assert (done["pictures"], done["forms"]) == (1, 4)
    assert not other.exists()
    stuck.rmdir()

    assert (await duty.once())["pictures"] == 1
    assert list(stuck.parent.iterdir()) == []


def test_only_who_asked_for_it_is_written_to_directly() -> None:
    """Every way to a direct message: the one place that opens one, and who calls it."""
    sources = {
        path: path.read_text("utf-8")
        for folder in ("bot", "cogs")
        for path in Path(folder).rglob("*.py")
        if "sandbox" not in path.parts
    }
    opens = {str(path) for path, text in sources.items() if "create_dm" in text}
    calls = {
        str(path)
        for path, text in sources.items()
        if any(call in text for call in (".direct_channel(", ".tell_directly(", ".tell_end("))
    }
    sends = {str(path) for path, text in sources.items() if "user.send(" in text or "author.send(" in text}

    assert opens == {"cogs/delivery.py"}
    assert sends == set()
    for path in calls - {"cogs/delivery.py"}:
        assert "wish" in sources[Path(path)] or "operator" in path, path
