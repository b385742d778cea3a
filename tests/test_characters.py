"""`/character`, raw over the sandbox: what is taken, who may use it, and a sentence for everything else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from discord import ui

from bot.domain import GuildId, InteractionId, Job, JobId, JobState, Kind, Member, Ticket, UserId
from bot.errors import OrderRefused
from bot.jobs import moves
from bot.ordering.characters import CONSENT, CONSENT_VERSION, KEPT_MAX, UNUSED_FOR
from bot.sandbox.person import Person
from cogs.buttons import DetailsButton
from storage import acts, characters, jobs, states
from storage.acts import Wanted
from storage.characters import Character
from tests.films import film
from tests.making_scene import NOTHING_CHARGED, newest
from tests.picture_files import drawing, encoded
from tests.stage import Json, Stage, custom_ids, open_stage, texts


@dataclass(frozen=True, slots=True)
class Troupe:
    """A stage, and a clip of two seconds."""

    stage: Stage
    clip: Path

    async def say(self, person: Person, command: str, /, *files: Path, **options: Any) -> Json:
        """A command of the group, raw: its options as no form would let them through."""
        channel = self.stage.channel()
        press = await person.slash(
            f"character {command}", options, channel=channel, files=files, unchecked=True
        )
        return await person.answer(press)

    async def add(self, person: Person, /, *files: Path, **options: Any) -> Json:
        given = {"clip": "0", "name": "Ava", "consent": True, **options}
        return await self.say(person, "add", *(files or (self.clip,)), **given)

    async def made(self, person: Person, **options: Any) -> str:
        """A character that its provider has made; its id."""
        answer = await self.add(person, **options)
        assert "Ordered." in texts(answer), texts(answer)
        stage, at = self.stage, self.stage.clock()
        job = await newest(stage)
        attempt = await stage.database.write(partial(states.submitting, job=job, provider="studio", at=at))
        ticket = Ticket(provider_job_id=f"char_{job.id}", urls={"character": ""})
        await stage.database.write(partial(states.running, attempt=attempt, ticket=ticket, at=at))
        await stage.database.write(partial(moves.rendered, job.id, None, at, rendered_id=f"char_{job.id}"))
        await stage.database.write(partial(moves.character_made, job, f"char_{job.id}", at))
        assert job.order.source is not None
        return job.order.source.path.stem

    async def get(self, character_id: str) -> Character:
        found = await self.stage.database.read(partial(characters.get, character_id=character_id))
        assert found is not None
        return found

    async def generate(self, person: Person, **options: Any) -> Json:
        press = await person.slash(
            "generate", {"prompt": "Ava sails", **options}, channel=self.stage.channel(), unchecked=True
        )
        return await person.answer(press)


@pytest.fixture
async def troupe(tmp_path: Path) -> AsyncIterator[Troupe]:
    clip = await asyncio.to_thread(partial(film, tmp_path / "ava.mp4", [90] * 16, size=(320, 180)))
    async with open_stage(tmp_path) as stage:
        yield Troupe(stage, clip)


async def spent(troupe: Troupe) -> int:
    return sum([(await troupe.stage.money(name)).used_micros for name in ("Ada", "Bruno")])


async def test_what_was_agreed_to_is_written_with_its_version_and_time(troupe: Troupe) -> None:
    one = await troupe.get(await troupe.made(troupe.stage.ada))

    commands = await troupe.stage.ada.commands()
    (group,) = [each for each in commands if each["name"] == "character"]
    (add,) = [each for each in group["options"] if each["name"] == "add"]
    (consent,) = [each for each in add["options"] if each["name"] == "consent"]
    assert (consent["description"], consent["required"]) == (CONSENT, True)
    # Whoever changes these words counts the version on, and adds a line here.
    assert {1: "Everyone seen or heard in the clip has agreed that videos of them are made here"}[
        CONSENT_VERSION
    ] == CONSENT
    assert (one.consent_version, one.consent_at) == (CONSENT_VERSION, troupe.stage.clock())
    assert (one.owner, one.shared, one.provider) == (troupe.stage.member("Ada"), False, "studio")


async def test_an_order_is_of_the_clips_length_and_is_paid_like_any_other(troupe: Troupe) -> None:
    await troupe.add(troupe.stage.ada)

    job = await newest(troupe.stage)
    assert (job.order.kind, job.order.prompt, job.order.duration_s) == (Kind.CHARACTER, "Ava", 2)
    assert job.quote.price_micros == 200_000
    assert await spent(troupe) == 200_000


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


async def test_what_cannot_be_made_into_a_character_has_its_sentence_and_costs_nothing(
    troupe: Troupe, tmp_path: Path
) -> None:
    ada, stage = troupe.stage.ada, troupe.stage
    picture = _file(tmp_path, "cat.mp4", encoded(drawing(640, 360), "PNG"))
    long = await asyncio.to_thread(partial(film, tmp_path / "long.mp4", [90] * 48, size=(64, 64)))
    brief = await asyncio.to_thread(partial(film, tmp_path / "brief.mp4", [90] * 4, size=(64, 64)))
    narrow = await asyncio.to_thread(partial(film, tmp_path / "narrow.mp4", [90] * 16, size=(64, 192)))
    half = _file(tmp_path, "half.mp4", troupe.clip.read_bytes()[:2_000])
    refusals = [
        (await troupe.add(ada, consent=False), "needs the consent of everyone"),
        (await troupe.add(ada, picture), "The file is a picture, and a clip is needed."),
        (await troupe.add(ada, _file(tmp_path, "none.mp4", b"")), "The file is empty."),
        (await troupe.add(ada, _file(tmp_path, "words.mp4", b"a film, I promise" * 9)), "no MP4 clip"),
        (await troupe.add(ada, half), "no MP4 clip"),
        (await troupe.add(ada, long), "The clip is 6.0 s long."),
        (await troupe.add(ada, brief), "The clip is 0.5 s long."),
        (await troupe.add(ada, narrow), "The clip is too narrow."),
        (await troupe.add(ada, name=" \u200b "), "no name for a character"),
        (await troupe.add(ada, name="A" * 81), "no name for a character"),
        (await troupe.add(ada, model="studio"), "Studio cannot make a character."),
    ]

    for answer, saying in refusals:
        assert saying in texts(answer), texts(answer)
        assert NOTHING_CHARGED in texts(answer)
        assert custom_ids(answer) == []
    assert await stage.rows() == []
    assert await spent(troupe) == 0


async def test_files_that_were_turned_down_are_not_kept(troupe: Troupe, tmp_path: Path) -> None:
    await troupe.add(troupe.stage.ada, _file(tmp_path, "half.mp4", troupe.clip.read_bytes()[:2_000]))

    assert list((tmp_path / "characters").iterdir()) == []


async def test_a_clip_of_which_no_row_can_be_written_is_not_kept(troupe: Troupe, tmp_path: Path) -> None:
    await troupe.stage.database.write(
        lambda tx: tx.execute(
            "CREATE TEMP TRIGGER full BEFORE INSERT ON characters BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    )

    assert "Something went wrong" in texts(await troupe.add(troupe.stage.ada))
    assert list((tmp_path / "characters").iterdir()) == []


async def of_another_server(troupe: Troupe, like: str) -> str:
    """A character that somebody shares in a server of theirs."""
    owner = Member(guild_id=GuildId(1), user_id=UserId(troupe.stage.member("Ada").user_id))
    one = await troupe.get(like)
    return await made_elsewhere(troupe, replace(one, id="elsewhere", owner=owner, shared=True))


async def made_elsewhere(troupe: Troupe, one: Character, *, provider: str = "studio") -> str:
    """A character that was not made by an order of this test's; its id."""
    stage = troupe.stage
    await stage.ask(stage.ada, prompt="a paper boat")
    one = replace(one, path=Path("characters", f"{one.id}.mp4"))
    await stage.database.write(partial(characters.insert, character=one))
    made = partial(
        characters.made,
        path=one.path,
        job_id=(await newest(stage)).id,
        provider=provider,
        provider_id="x",
        at=one.consent_at,
    )
    assert await stage.database.write(made)
    return one.id


async def test_orders_that_name_characters_wrongly_have_their_sentence_and_cost_nothing(
    troupe: Troupe,
) -> None:
    ada, bruno, stage = troupe.stage.ada, troupe.stage.bruno, troupe.stage
    own = await troupe.made(ada)
    shared = await troupe.made(ada, name="Bo", share=True)
    elsewhere = await of_another_server(troupe, own)
    gone = await troupe.made(ada, name="Di", share=True)
    await troupe.say(ada, "remove", character=gone)
    before, paid = len(await stage.rows()), await spent(troupe)

    refusals = [
        (await troupe.generate(bruno, character1=own), "This character is not known here."),
        (await troupe.generate(ada, character1=elsewhere), "This character is not known here."),
        (await troupe.generate(ada, character1="../../etc"), "This character is not known here."),
        (await troupe.generate(bruno, character1=gone), "The character Di has been removed."),
        (await troupe.generate(ada, character1=gone), "The character Di has been removed."),
        (await troupe.say(bruno, "remove", character=shared), "no character that you can remove"),
        (await troupe.say(ada, "remove", character=gone), "no character that you can remove"),
        (await troupe.say(ada, "remove", character=elsewhere), "no character that you can remove"),
    ]

    for answer, saying in refusals:
        assert saying in texts(answer), texts(answer)
        assert NOTHING_CHARGED in texts(answer)
    assert (len(await stage.rows()), await spent(troupe)) == (before, paid)


async def test_a_name_with_mentions_and_markdown_is_shown_as_text_in_refusals(troupe: Troupe) -> None:
    ada, name = troupe.stage.ada, "@everyone **Di** <#1>"
    gone = await troupe.made(ada, name=name)
    of_fal = await made_elsewhere(troupe, replace(await troupe.get(gone), id="of-fal"), provider="fal")
    await troupe.say(ada, "remove", character=gone)

    refusals = [texts(await troupe.generate(ada, character1=one)) for one in (gone, of_fal)]

    shown = "\\@everyone \\*\\*Di\\*\\* \\<\\#1\\>"
    assert refusals[0].startswith(f"The character {shown} has been removed.")
    assert refusals[1].startswith(f"No model that can be had here knows {shown}.")


async def test_three_characters_are_too_many_for_a_clip(troupe: Troupe) -> None:
    ada, cast = troupe.stage.ada, troupe.stage.material.characters.cast
    ids = [await troupe.made(ada, name=name) for name in ("Ava", "Bo", "Cy")]

    with pytest.raises(OrderRefused, match="too many characters"):
        await cast(ids, troupe.stage.member("Ada"))
    assert (await cast([*ids[:1], *ids[:1]], troupe.stage.member("Ada"))).names == ("Ava",)


async def test_a_shared_character_is_everybodys_until_its_owner_or_a_moderator_removes_it(
    troupe: Troupe,
) -> None:
    stage, channel = troupe.stage, troupe.stage.channel()
    own, shared = await troupe.made(stage.ada), await troupe.made(stage.ada, name="Bo", share=True)

    listed = texts(await troupe.say(stage.bruno, "list"))
    choices = await stage.bruno.autocomplete("generate", "character1", "", channel=channel)
    ordered = await troupe.generate(stage.bruno, prompt="Bo sails", character1=shared)
    removed = await troupe.say(stage.mika, "remove", character=shared)
    private = await troupe.say(stage.mika, "remove", character=own)

    assert ("**Bo**" in listed, "**Ava**" in listed) == (True, False)
    assert [(one["name"], one["value"]) for one in choices] == [("Bo (shared here)", shared)]
    assert "Ordered." in texts(ordered)
    assert (await newest(stage)).order.characters == ((await troupe.get(shared)).provider_id,)
    assert "Bo is removed" in texts(removed)
    assert "no character that you can remove" in texts(private)
    job_id = (await troupe.get(shared)).job_id
    assert stage.removed == [job_id]
    (act,) = await stage.database.read(partial(acts.newest, wanted=Wanted(verb="character.removed"), limit=9))
    assert (act.subject, act.actor_id) == (f"job:{job_id}", int(stage.mika.id))
    assert await stage.bruno.autocomplete("generate", "character1", "", channel=channel) == []


async def test_a_storyboard_has_characters_too(troupe: Troupe) -> None:
    ada, channel = troupe.stage.ada, troupe.stage.channel()
    own = await troupe.made(ada)
    (choice,) = await ada.autocomplete("storyboard", "character1", "av", channel=channel)

    form = await ada.modal(await ada.slash("storyboard", {"character1": choice["value"]}, channel=channel))
    quote = await ada.answer(await ada.submit(form, {"action": "Ava folds a paper boat and sets it afloat."}))
    await troupe.stage.answer_quote(ada, quote, "yes")

    order = (await newest(troupe.stage)).order
    assert choice["value"] == own
    assert order.characters == ((await troupe.get(own)).provider_id,)
    assert "Ava folds" in order.prompt


async def test_details_name_who_is_in_it_to_those_who_may_order_with_them(troupe: Troupe) -> None:
    stage = troupe.stage
    own = await troupe.made(stage.ada)
    shared = await troupe.made(stage.bruno, name="Bo", share=True)
    await troupe.generate(stage.ada, prompt="Ava meets Bo", character1=own, character2=shared)
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.ActionRow(DetailsButton(f"k{(await newest(stage)).id}")))
    sent = await stage.client.get_partial_messageable(int(stage.channel())).send(view=view)
    card = await stage.ada.message(stage.channel(), str(sent.id))

    told = [texts(await stage.press(person, card, "details:")) for person in (stage.ada, stage.mika)]

    assert "**Characters** Ava, Bo" in told[0]
    assert "**Characters** somebody with whom you cannot order, Bo" in told[1]


async def test_an_order_whose_prompt_names_nobody_is_shown_first(troupe: Troupe) -> None:
    own = await troupe.made(troupe.stage.ada)

    quote = await troupe.generate(troupe.stage.ada, prompt="a boat", character1=own)

    assert "does not name Ava" in texts(quote)
    assert "- With Ava\n" in texts(quote)
    await troupe.stage.answer_quote(troupe.stage.ada, quote, "yes")
    assert (await newest(troupe.stage)).order.characters == ((await troupe.get(own)).provider_id,)


async def kept(stage: Stage, job: Job, like: Character, number: int, *, name: str) -> None:
    """One more that was made, by an order of its own."""
    id_ = JobId(f"n{number}")
    order = replace(job.order, interaction_id=InteractionId(number + 1))
    more = replace(like, id=id_, name=name, path=Path(f"characters/{id_}"))
    await stage.database.write(
        partial(jobs.insert, job=replace(job, id=id_, order_id=id_, order=order, state=JobState.QUEUED))
    )
    await stage.database.write(partial(characters.insert, character=more))
    made = partial(
        characters.made, path=more.path, job_id=id_, provider="studio", provider_id=id_, at=stage.clock()
    )
    await stage.database.write(made)


async def test_more_than_can_be_chosen_from_are_not_kept(troupe: Troupe, tmp_path: Path) -> None:
    stage, one = troupe.stage, await troupe.get(await troupe.made(troupe.stage.ada))
    for number in range(KEPT_MAX - 1):
        more = replace(one, id=f"n{number}", path=Path(f"characters/n{number}.mp4"))
        await stage.database.write(partial(characters.insert, character=more))

    never_made = texts(await troupe.add(stage.ada))
    stage.clock.advance(UNUSED_FOR + timedelta(seconds=1))
    a_day_later = texts(await troupe.add(stage.ada))

    assert "You have brought 25 clips for characters, and not all of them were made." in never_made
    assert "Ordered." in a_day_later


async def test_ones_own_characters_come_before_however_many_are_shared_here(troupe: Troupe) -> None:
    stage = troupe.stage
    mine, theirs = await troupe.made(stage.bruno, name="Zoe"), await troupe.made(stage.ada, share=True)
    shared, job = await troupe.get(theirs), await newest(stage)
    for number in range(KEPT_MAX - 1):
        await kept(stage, job, shared, number, name=f"A{number:02}")

    choices = await stage.bruno.autocomplete("generate", "character1", "", channel=stage.channel())
    removable = [
        await person.autocomplete("character remove", "character", "", channel=stage.channel())
        for person in (stage.bruno, stage.mika, stage.ada)
    ]
    refused = texts(await troupe.add(stage.ada))

    assert (len(choices), choices[0]["value"]) == (KEPT_MAX, mine)
    assert [len(one) for one in removable] == [1, KEPT_MAX, KEPT_MAX]
    assert removable[0][0]["value"] == mine
    assert "You have 25 characters here, and more are not kept." in refused


async def test_as_many_characters_are_listed_as_a_message_takes(troupe: Troupe) -> None:
    stage = troupe.stage
    one, job = await troupe.get(await troupe.made(stage.ada, share=True)), await newest(stage)
    for number in range(KEPT_MAX - 1):
        await kept(stage, job, one, number, name=f"{number:02} {'(:) ' * 19}".strip())

    listed = texts(await troupe.say(stage.ada, "list")).splitlines()

    assert len(listed) < KEPT_MAX
    assert listed[-1] == f"… and {KEPT_MAX - len(listed) + 1} more"


async def test_a_clip_that_no_order_started_from_is_forgotten_after_a_day(
    troupe: Troupe, tmp_path: Path
) -> None:
    await troupe.add(troupe.stage.ada, model="studio")
    await troupe.add(troupe.stage.ada)
    job = await newest(troupe.stage)
    assert job.order.source is not None
    troupe.stage.clock.advance(UNUSED_FOR + timedelta(seconds=1))

    await troupe.add(troupe.stage.bruno, model="studio")

    left = {path.name for path in (tmp_path / "characters").iterdir()}
    assert len(left) == 2
    assert job.order.source.path.name in left
