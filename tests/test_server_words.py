"""The lists that servers keep: written, taken out, asked, and every change on record."""

import itertools
import time

import pytest

from bot.domain import ChannelId, GuildId, Member, UserId
from bot.errors import ChangeRefused
from bot.screening.classifier import Subject
from bot.screening.rulebook import Rulebook
from bot.screening.rules import read
from bot.screening.server_words import ALIKE_MAX, RULES_MAX, ServerWords, written
from bot.screening.verdict import Outcome
from bot.screening.word_lists import WordLists
from storage import acts
from storage.acts import Act, Wanted
from storage.database import Database
from tests.props import Clock

MIKA = Member(guild_id=GuildId(10), user_id=UserId(5))
OTHERS = Member(guild_id=GuildId(11), user_id=UserId(5))


@pytest.fixture
def words(database: Database, clock: Clock) -> ServerWords:
    return ServerWords(database, now=clock)


async def outcome(words: ServerWords, prompt: str, guild_id: GuildId = MIKA.guild_id) -> Outcome:
    lists = WordLists({"operator": Rulebook(read(["gore"]))}, server_book=words.book)
    return (await lists.look(Subject(text=prompt, guild_id=guild_id, channel_id=ChannelId(1)))).outcome


async def listed(words: ServerWords) -> list[str]:
    return [written(rule) for rule in await words.listed(MIKA.guild_id)]


async def recorded(database: Database) -> list[Act]:
    return await database.read(lambda connection: acts.newest(connection, Wanted(), limit=9))


async def test_a_server_without_a_list_has_none(words: ServerWords) -> None:
    assert await words.book(MIKA.guild_id) is None
    assert await outcome(words, "a clown") is Outcome.PASS


async def test_a_rule_holds_from_the_next_prompt_on_and_in_its_server_alone(words: ServerWords) -> None:
    changed = await words.add(["Clown"], by=MIKA)

    assert (changed.rules, changed.now) == (1, 1)
    assert await outcome(words, "a cl0wn") is Outcome.BLOCK
    assert await outcome(words, "a clown", OTHERS.guild_id) is Outcome.PASS

    await words.remove("CLOWN", by=MIKA)
    assert await outcome(words, "a clown") is Outcome.PASS


async def test_two_who_keep_a_list_ready_see_each_others_changes(
    words: ServerWords, database: Database, clock: Clock
) -> None:
    others = ServerWords(database, now=clock)
    await words.add(["clown"], by=MIKA)
    assert await outcome(others, "a clown") is Outcome.BLOCK
    await words.remove("clown", by=MIKA)

    assert await outcome(others, "a clown") is Outcome.PASS


async def test_a_whole_list_is_written_at_once_and_read_back_as_it_can_be_sent_again(
    words: ServerWords,
) -> None:
    await words.add(
        ["# ours", "? zombie", "+ blood orange", "knife & school", "@t: Bonn, Ulm", "@t & riot"], by=MIKA
    )

    lines = await listed(words)
    assert lines == ["+ blood orange", "bonn & riot", "knife & school", "ulm & riot", "? zombie"]
    assert (await words.add(lines, by=MIKA)).rules == 0
    assert await outcome(words, "a riot in Ulm") is Outcome.BLOCK


async def test_a_rule_of_the_same_words_takes_the_new_action(words: ServerWords) -> None:
    await words.add(["zombie"], by=MIKA)
    changed = await words.add(["? zombie"], by=MIKA)

    assert changed.rules == 1
    assert await listed(words) == ["? zombie"]
    assert await outcome(words, "a zombie") is Outcome.QUEUE


async def test_what_is_no_rule_changes_nothing(words: ServerWords) -> None:
    with pytest.raises(ChangeRefused, match="Line 2: one letter"):
        await words.add(["clown", "x"], by=MIKA)
    with pytest.raises(ChangeRefused, match="No rule was named"):
        await words.add(["", "# nothing"], by=MIKA)
    with pytest.raises(ChangeRefused, match="no such rule"):
        await words.remove("clown", by=MIKA)

    assert await listed(words) == []


@pytest.mark.parametrize("line", ["x" * 65, "cl*wn", "@t & riot", "+ a clown & red", "!!!", "ab*"])
async def test_every_fault_has_its_sentence(words: ServerWords, line: str) -> None:
    with pytest.raises(ChangeRefused, match="Line 1") as refused:
        await words.add([line], by=MIKA)

    assert "Nothing was changed." in refused.value.sentence


async def test_a_section_on_minors_makes_nothing_milder(words: ServerWords) -> None:
    with pytest.raises(ChangeRefused, match="always stopped"):
        await words.add(["[sexual/minors]", "+ child"], by=MIKA)


async def test_a_list_has_an_end(words: ServerWords) -> None:
    await words.add([f"word{number}" for number in range(RULES_MAX)], by=MIKA)

    for more in (["one more"], [f"other{number}" for number in range(RULES_MAX + 1)]):
        with pytest.raises(ChangeRefused, match="at most 1000 rules"):
            await words.add(more, by=MIKA)
    assert len(await listed(words)) == RULES_MAX
    assert await outcome(words, "one more") is Outcome.PASS


async def test_every_change_is_on_record_without_its_words(words: ServerWords, database: Database) -> None:
    await words.add(["clown", "? zombie"], by=MIKA)
    await words.add(["clown"], by=MIKA)
    await words.remove("clown", by=MIKA)

    assert [(act.verb, act.actor_id, act.subject, act.detail) for act in await recorded(database)] == [
        ("screening.changed", 5, "guild:10", '{"removed":1,"terms":1}'),
        ("screening.changed", 5, "guild:10", '{"added":2,"terms":2}'),
    ]


async def test_a_list_of_words_that_all_look_alike_would_make_prompts_slow_and_is_refused(
    words: ServerWords,
) -> None:
    alike = ["".join(letters) for letters in itertools.product("il", repeat=7)]

    with pytest.raises(ChangeRefused, match="would look alike"):
        await words.add(alike[: ALIKE_MAX + 1], by=MIKA)

    assert (await words.add(alike[:ALIKE_MAX], by=MIKA)).rules == ALIKE_MAX
    assert await outcome(words, "a " + alike[0]) is Outcome.BLOCK
    began = time.process_time()
    await outcome(words, "i b " * 1_000)
    assert time.process_time() - began < 1.0  # measured: 0.1; with a thousand such words 1.7
