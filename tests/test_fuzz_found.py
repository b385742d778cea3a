"""What the fuzzer has found, each once more by itself."""

import logging
from functools import partial
from pathlib import Path

import pytest
from discord.http import Route

from tests.fuzz_world import open_world
from tests.library_scene import open_shelf
from tests.review_stage import open_office
from tests.showing_scene import place
from tests.stage import Stage, open_stage, texts


async def pressed(stage: Stage, custom_id: str) -> str:
    """What Ada is answered who presses a button of an old message, edited by herself."""
    row = {"type": 1, "components": [{"type": 2, "style": 2, "label": "x", "custom_id": custom_id}]}
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=int(stage.channel()))
    message = await stage.client.http.request(route, json={"flags": 1 << 15, "components": [row]})
    return texts(await stage.ada.answer(await stage.ada.press(message, custom_id, unchecked=True)))


async def test_a_new_link_to_a_clip_that_was_never_made_is_refused(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage, open_shelf(stage, tmp_path):
        job = stage.job()
        await stage.database.write(partial(place, job))

        answer = await pressed(stage, f"clip:link:{job.id}")

        assert answer.startswith("This clip is not shown here.")


async def test_an_id_above_what_the_rows_can_hold_is_refused(tmp_path: Path) -> None:
    most = str(10**19 - 1)
    async with open_stage(tmp_path) as stage:
        field = {"type": 18, "component": {"type": 4, "custom_id": "limit", "value": "5"}}
        for custom_id in (f"budget:limit:role:{most}:month:-", f"budget:defaults:month:{most}:-:-:-"):
            data = {"id": "1", "custom_id": custom_id, "components": [field]}
            payload = {"type": 5, "channel_id": stage.channel(), "data": data}
            answer = await stage.mika.answer(await stage.mika.interaction(payload, unchecked=True))
            assert texts(answer).startswith("This form is not known any more.")

        press = await stage.mika.slash("budget set", {"role": most}, channel=stage.channel(), unchecked=True)
        answer = await stage.mika.answer(press)
        assert texts(answer).startswith("The command came in a form that this bot does not know.")


async def test_choices_roles_and_people_that_nobody_was_offered_are_refused(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world, world.person("Mika") as mika, world.person("Bruno") as bruno:
        for person, command, options, saying in (
            (mika, "moderation reports", {"reason": "boring"}, "The command came in a form"),
            (mika, "settings reviews", {"role": "1"}, "There is no such role here."),
            (bruno, "operator block", {"member": "1", "reason": "x"}, "<@1>"),
        ):
            press = await person.slash(command, options, channel=world.place("dailies"), unchecked=True)
            assert texts(await person.answer(press)).startswith(saying), command


async def test_a_form_that_nothing_sent_out_is_answered(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        data = {"id": "1", "custom_id": "nobody:knows", "components": []}
        payload = {"type": 5, "channel_id": stage.channel(), "data": data}

        answer = await stage.ada.answer(await stage.ada.interaction(payload, unchecked=True))

        assert texts(answer).startswith("This form is not known any more.")


async def test_a_verdict_that_claims_to_be_from_a_list_and_has_no_message_is_answered(tmp_path: Path) -> None:
    async with (
        open_stage(tmp_path) as stage,
        open_shelf(stage, tmp_path) as shelf,
        open_office(stage, shelf, tmp_path),
    ):
        data = {"id": "1", "custom_id": f"verdict:no:{'z' * 16}:clips", "components": []}
        payload = {"type": 5, "channel_id": stage.channel(), "data": data}

        answer = await stage.mika.answer(await stage.mika.interaction(payload, unchecked=True))

        assert "went wrong" not in texts(answer)


async def test_an_id_that_leads_to_nobody_and_to_no_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        nobody = {"member": "1", "reason": "spam"}
        press = await stage.mika.slash(
            "moderation member strike", nobody, channel=stage.channel(), unchecked=True
        )
        assert texts(await stage.mika.answer(press)).startswith("This person is not a member of this server.")

        for file in ("1", "-0.0"):
            press = await stage.mika.slash(
                "moderation words import", {"file": file}, channel=stage.channel(), unchecked=True
            )
            assert "went wrong" not in texts(await stage.mika.answer(press))


async def test_a_proposal_is_asked_for_one_readable_option_or_not_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_stage(tmp_path) as stage:
        typed = {"name": "model", "type": 3, "value": "stu", "focused": True}
        for options in (
            [{"name": "prompt", "type": 3, "value": "a", "focused": True}],
            [{"name": "model", "type": 4, "value": 3, "focused": True}],
            [typed | {"focused": False}],
            [{"name": "seed", "type": 10, "value": "agreed"}, typed],
        ):
            command = next(one for one in await stage.ada.commands() if one["name"] == "generate")
            data = {"id": command["id"], "name": "generate", "type": 1, "options": options}
            payload = {"type": 4, "channel_id": stage.channel(), "data": data}
            await stage.ada.interaction(payload, unchecked=True)
        # Answered last, so the three before it are done with.
        assert await stage.ada.autocomplete("generate", "model", "", channel=stage.channel())

        group = next(one for one in await stage.mika.commands() if one["name"] == "moderation")
        lift = [
            {"name": "member", "type": 3, "value": "Ada"},
            {"name": "sanction", "type": 3, "value": "", "focused": True},
        ]
        member = {"name": "member", "type": 2, "options": [{"name": "lift", "type": 1, "options": lift}]}
        data = {"id": group["id"], "name": "moderation", "type": 1, "options": [member]}
        payload = {"type": 4, "channel_id": stage.channel(), "data": data}
        await stage.mika.interaction(payload, unchecked=True)
        assert await stage.ada.autocomplete("generate", "model", "", channel=stage.channel())

    assert not [one for one in caplog.records if one.exc_info or one.levelno >= logging.WARNING]
