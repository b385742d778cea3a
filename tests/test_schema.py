"""The rules that the tables keep by themselves, whatever the code above them does."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import product

import pytest

from bot.domain import ENDED, MOVES, RESTING, EntryKind, JobState, Period, Scope
from storage import records
from storage.budgets import BudgetScope
from storage.migrate import MIGRATIONS
from tests import broken_erasures, broken_people, broken_record, broken_reviews, broken_screening
from tests.new_books import new_tables

PAIRS = [(old, new) for old, new in product(JobState, JobState) if old is not new]
IN_HAND = set(JobState) - RESTING


@pytest.fixture
def tables() -> Iterator[sqlite3.Connection]:
    """A fresh schema."""
    with closing(new_tables()) as connection:
        yield connection


@pytest.fixture
def rows(tables: sqlite3.Connection) -> sqlite3.Connection:
    """The schema with a queued job `a` whose hold 1 is open and entered, and a posted job `b`."""
    a_job(tables, "a", JobState.QUEUED, 1)
    tables.execute(
        """
        INSERT INTO holds (id, job_id, bearer, guild_id, channel_id, user_id, guild_day, utc_day,
                           amount_micros, opened_at)
        VALUES (1, 'a', 'member', 7, 30, 1001, 20778, 20778, 400000, 0)
        """
    )
    tables.execute(
        """
        INSERT INTO grants (id, guild_id, user_id, amount_micros, reason, granted_by, granted_at)
        VALUES (1, 7, 1001, 9, 'for the festival', 5, 0)
        """
    )
    tables.execute("INSERT INTO grant_parts VALUES (1, 1, 1, 5)")
    tables.execute(
        """
        INSERT INTO budget_changes (id, guild_id, what, scope_id, changed_by, reason, at)
        VALUES (1, 7, 'grant', 1001, 5, '', 0)
        """
    )
    a_job(tables, "b", JobState.POSTED, 2)
    tables.execute(
        "INSERT INTO attempts VALUES ('b', 1, 'x/x', 'studio', 0, 0, 'taken', 'theirs-1', NULL, NULL)"
    )
    tables.execute(
        "INSERT INTO attempts VALUES ('a', 1, 'studio/studio', 'studio', 0, 0, NULL, NULL, NULL, NULL)"
    )
    tables.execute("INSERT INTO stops VALUES (1, 0, 2, 1, 1, 1, 'the shell')")
    tables.execute("INSERT INTO halts VALUES (1, 'everything', '', 'the shell', 1, 'the shell', 2)")
    tables.execute("INSERT INTO verdicts VALUES (1, 'a', 'absent', NULL, 'the shell', 'they said so', 0)")
    tables.execute("INSERT INTO costs VALUES ('a', 2, 1, 'the shell', 'their invoice', 0)")
    a_job(tables, "d", JobState.POSTED, 4)
    tables.execute(NEW_CHARACTER.format("", "new", "'Ava'", 1, "new", ""))
    for name, job_id, theirs in (("made", "b", "x"), ("gone", "d", "z")):
        made = f"'{job_id}', 'studio', '{theirs}', 0, "
        tables.execute(NEW_CHARACTER.format(MADE, name, "'Ava'", 1, name, made))
    tables.execute("UPDATE characters SET removed_at = 1 WHERE id = 'gone'")
    for statement in (*broken_people.SEED, *broken_record.SEED, *broken_reviews.SEED, *broken_erasures.SEED):
        tables.execute(statement)
    return tables


def a_job(connection: sqlite3.Connection, job_id: str, state: JobState, interaction_id: int) -> None:
    """Insert a job in any state, with all that the state needs."""
    connection.execute(
        """
        INSERT INTO jobs (id, order_id, interaction_id, take, guild_id, channel_id, user_id, kind, prompt,
                          model, resolution, aspect_ratio, duration_s, offer_id, price_micros,
                          per_second_micros, created_at, state_at, state, attempt, ticket, fault_kind,
                          fault_code,
                          clip_message_id)
        VALUES (?, ?, ?, 1, 7, 30, 1001, 'generate', 'a paper boat', 'studio', '720p', '16:9', 4,
                'studio/studio', 400000, 100000, 0, 0, ?, 1, ?, 'provider', 'made_up', 9)
        """,
        (job_id, job_id, interaction_id, state, ticket_for(state)),
    )


def ticket_for(state: JobState) -> str | None:
    return None if state in {JobState.QUEUED, JobState.SUBMITTING} else '{"id": "theirs-1", "urls": {}}'


def test_the_tables_moves_are_the_domains(tables: sqlite3.Connection) -> None:
    kept = {(row[0], row[1]) for row in tables.execute("SELECT old, new FROM moves")}

    assert kept == {(old.value, new.value) for old, to in MOVES.items() for new in to}


def test_a_row_of_jobs_is_read_by_the_places_that_its_columns_have(tables: sqlite3.Connection) -> None:
    columns = tables.execute("PRAGMA table_info(jobs)").fetchall()

    assert tuple(column[1] for column in columns) == records.JOB_COLUMNS


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_job_moves_along_the_arrows_and_no_other_way(
    tables: sqlite3.Connection, old: JobState, new: JobState
) -> None:
    a_job(tables, "a", old, 1)
    statement = "UPDATE jobs SET state = ?, rev = rev + 1, ticket = ? WHERE id = 'a'"

    if new in MOVES[old]:
        assert tables.execute(statement, (new, ticket_for(new))).rowcount == 1
    else:
        with pytest.raises(sqlite3.IntegrityError, match="a job moves only along the arrows"):
            tables.execute(statement, (new, ticket_for(new)))


@pytest.mark.parametrize("rev", ["rev", "rev + 2", "rev - 1", "0"])
def test_a_move_that_does_not_count_is_refused(rows: sqlite3.Connection, rev: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="every move of a job raises its rev by one"):
        rows.execute(f"UPDATE jobs SET state = 'submitting', rev = {rev} WHERE id = 'a'")


NEW_JOB = """
    INSERT INTO jobs (id, order_id, interaction_id, take, guild_id, channel_id, user_id, kind, prompt,
                      model, resolution, aspect_ratio, duration_s, offer_id, price_micros, per_second_micros,
                      created_at, state_at, state)
    VALUES ('c', 'c', 3, 1, 7, 30, 1001, 'generate', 'a paper boat', 'studio', '720p',
            '16:9', 4, 'studio/studio', 0, 0, 0, 0,
            'queued')
"""
NEW_HOLD = """
    INSERT INTO holds (id, job_id, bearer, guild_id, channel_id, user_id, guild_day, utc_day, amount_micros,
                       opened_at)
    VALUES (2, 'a', 'member', 7, 30, 1001, 20778, 20778, 400000, 0)
"""
NEW_BUDGET = """
    INSERT INTO budgets (guild_id, scope, scope_id, period, limit_micros, set_by, reason, at)
    VALUES ({}, '{}', {}, 'day', {}, 5, '', 0)
"""
NEW_GRANT = """
    INSERT INTO grants (guild_id, user_id, amount_micros, reason, granted_by, granted_at, expires_at)
    VALUES (7, 1001, {}, {}, 5, 10, {})
"""
NEW_PURSE = "INSERT INTO purses VALUES ('guild', 7, 0, 20778, {}, 0, 0, 0, 0, 0, 0, {})"

NEW_CHARACTER = """
    INSERT INTO characters (id, guild_id, user_id, name, shared, consent_version, consent_at, file, sha256,
                            size_bytes, width, height, duration_ms, {}removed_at)
    VALUES ('{}', 7, 1001, {}, 0, {}, 0, 'characters/{}.mp4', printf('%064d', 0), 9, 1280, 720, 2000, {}NULL)
"""
MADE = "job_id, provider, provider_id, made_at, "

NEW_REPORT = "INSERT INTO reports VALUES ('r', 'b', 7, 5, '{}', {}, 0, 0, NULL, NULL, NULL, NULL, 1, 0)"

NEW_PRESET = """
INSERT INTO presets (id, guild_id, channel_id, name, name_key, prefix, suffix, saved_by, saved_at)
VALUES ('p', 7, 0, {}, 'noir', {}, {}, 5, 0)
"""

NEW_ALERT = """
    INSERT INTO alerts (guild_id, kind, scope, scope_id, period, starts_on, limit_micros, percent,
                        used_micros, at, told_at, told_how)
    VALUES (7, '{}', '{}', 0, 'month', 0, 0, {}, 0, 0, {})
    """

BROKEN = [
    ("an_alert_is_a_warning_or_a_statement", NEW_ALERT.format("cheer", "guild", 50, "NULL, NULL")),
    ("an_alert_is_about_a_pool_or_a_member", NEW_ALERT.format("warning", "role", 50, "NULL, NULL")),
    ("an_alert_that_is_done_says_how", NEW_ALERT.format("warning", "guild", 50, "1, NULL")),
    ("a_posted_alert_has_a_message", NEW_ALERT.format("warning", "guild", 50, "1, 'posted'")),
    ("a_statement_is_of_a_month", NEW_ALERT.format("statement", "guild", 50, "NULL, NULL")),
    (
        "a_try_names_its_channel",
        NEW_ALERT.replace(" at, told_at", " at, tried_at, told_at").format(
            "warning", "guild", 50, "1, NULL, NULL"
        ),
    ),
    ("a_name_is_short", NEW_PRESET.format("printf('%.41c', 'a')", "''", "''")),
    ("a_prefix_is_not_long", NEW_PRESET.format("'a'", "printf('%.1001c', 'a')", "''")),
    ("a_suffix_is_not_long", NEW_PRESET.format("'a'", "''", "printf('%.1001c', 'a')")),
    ("a_purpose_is_one_of_ours", "INSERT INTO places VALUES (7, 'chat', 1)"),
    (
        "a_step_is_one_of_ours",
        "INSERT INTO removals (job_id, step, asked_by, asked_at) VALUES ('b', 'prompt', 5, 0)",
    ),
    (
        "a_step_that_is_done_says_what_came_of_it",
        "INSERT INTO removals (job_id, step, asked_by, asked_at, done_at) VALUES ('b', 'file', 5, 0, 1)",
    ),
    ("a_reason_is_one_of_ours", NEW_REPORT.format("dull", "''")),
    ("the_words_of_a_report_are_few", NEW_REPORT.format("other", "printf('%.1001c', 'a')")),
    ("a_job_id_fits_a_nonce", "UPDATE jobs SET id = '123456789012345678901' WHERE id = 'b'"),
    ("a_job_id_fits_a_nonce", "UPDATE jobs SET id = '' WHERE id = 'b'"),
    ("a_kind_is_one_of_ours", "UPDATE jobs SET kind = 'dream'"),
    ("a_prompt_is_at_most_4000_characters", "UPDATE jobs SET prompt = printf('%.4001c', 'x')"),
    ("a_prompt_is_at_most_4000_characters", "UPDATE jobs SET prompt = ''"),
    ("a_locale_is_a_short_name", "UPDATE jobs SET locale = 'the-king-s-english'"),
    ("a_locale_is_a_short_name", "UPDATE jobs SET locale = 'x'"),
    ("a_price_is_not_negative", "UPDATE jobs SET price_micros = -1"),
    ("a_take_is_one_of_its_order", "UPDATE jobs SET take = 0"),
    ("an_order_has_at_most_four_takes", "UPDATE jobs SET takes = 5"),
    ("the_first_take_is_the_orders_own", "UPDATE jobs SET order_id = 'a' WHERE id = 'b'"),
    ("a_source_is_whole", "UPDATE jobs SET source_file = 'pictures/a.png' WHERE id = 'a'"),
    ("a_source_is_whole", "UPDATE jobs SET source_provider_id = 'video_1' WHERE id = 'a'"),
    ("duration_s > 0", "UPDATE jobs SET duration_s = 0"),
    ("per_second_micros >= 0", "UPDATE jobs SET per_second_micros = -1"),
    ("a job moves only along the arrows", "UPDATE jobs SET state = 'done', rev = rev + 1 WHERE id = 'a'"),
    (
        "a_state_is_one_of_ours",
        NEW_JOB.replace("'queued'", "'done'"),
    ),
    ("jobs.interaction_id, jobs.take", "UPDATE jobs SET interaction_id = 1 WHERE id = 'b'"),
    (
        "a_submitted_job_has_an_attempt",
        "UPDATE jobs SET state = 'submitting', rev = rev + 1, attempt = 0 WHERE id = 'a'",
    ),
    ("a_running_job_has_a_ticket", "UPDATE jobs SET ticket = NULL WHERE id = 'b'"),
    ("a_job_with_a_ticket_is_never_submitted_again", "UPDATE jobs SET ticket = '{}' WHERE id = 'a'"),
    (
        "a_failed_job_says_why",
        "UPDATE jobs SET state = 'failed', rev = 1, fault_kind = NULL, fault_code = NULL WHERE id = 'a'",
    ),
    ("a_posted_job_has_a_message", "UPDATE jobs SET clip_message_id = NULL WHERE id = 'b'"),
    ("a_fault_is_whole", "UPDATE jobs SET fault_kind = NULL WHERE id = 'a'"),
    ("a job is never deleted: its ledger entries name it", "DELETE FROM jobs WHERE id = 'b'"),
    (
        "a job is never deleted: its ledger entries name it",
        "INSERT OR REPLACE INTO jobs SELECT * FROM jobs WHERE id = 'b'",
    ),
    (
        "an attempt never costs more than the quote",
        "INSERT INTO attempts VALUES ('a', 2, 'x', 'y', 0, 400001, NULL, NULL, NULL, NULL)",
    ),
    (
        "a job changes its offer only when it is submitted",
        "UPDATE jobs SET offer_id = 'elsewhere/studio' WHERE id = 'b'",
    ),
    ("an_outcome_is_a_proof", "UPDATE attempts SET outcome = 'perhaps' WHERE job_id = 'a'"),
    ("a_taken_attempt_has_a_ticket", "UPDATE attempts SET outcome = 'taken' WHERE job_id = 'a'"),
    ("a_taken_attempt_has_a_ticket", "UPDATE attempts SET outcome = 'not_taken' WHERE job_id = 'b'"),
    ("a_taken_attempt_has_a_ticket", "UPDATE attempts SET outcome = NULL WHERE job_id = 'b'"),
    (
        "attempts.provider, attempts.provider_job_id",
        "UPDATE attempts SET outcome = 'taken', provider_job_id = 'theirs-1' WHERE job_id = 'a'",
    ),
    (
        "attempts.job_id",
        "INSERT INTO attempts VALUES ('b', 2, 'x', 'y', 0, 0, 'taken', 'theirs-2', NULL, NULL)",
    ),
    ("attempts.job_id, attempts.number", "INSERT INTO attempts SELECT * FROM attempts WHERE job_id = 'a'"),
    ("FOREIGN KEY", "INSERT INTO attempts VALUES ('nobody', 1, 'x', 'x', 0, 0, NULL, NULL, NULL, NULL)"),
    (
        "has_sound IN (0, 1)",
        "INSERT INTO clips VALUES ('b', 'f', printf('%.64c', 'a'), 1, 1, 1, 1, 2, 0, 'shown')",
    ),
    ("length(sha256) = 64", "INSERT INTO clips VALUES ('b', 'f', 'abc', 1, 1, 1, 1, 1, 0, 'shown')"),
    (
        "size_bytes > 0",
        "INSERT INTO clips VALUES ('b', 'f', printf('%.64c', 'a'), 0, 1, 1, 1, 1, 0, 'shown')",
    ),
    ("a_limit_is_not_negative", NEW_BUDGET.format(7, "ceiling", 0, -1)),
    ("a_budget_is_of_a_scope_of_ours", NEW_BUDGET.format(7, "house", 0, 1)),
    ("a_budget_stands_where_its_scope_is", NEW_BUDGET.format(0, "guild", 0, 1)),
    ("a_budget_stands_where_its_scope_is", NEW_BUDGET.format(7, "installation", 0, 1)),
    ("a_budget_names_whose_it_is", NEW_BUDGET.format(7, "channel", 0, 1)),
    ("a_budget_names_whose_it_is", NEW_BUDGET.format(7, "default", 3, 1)),
    ("a_price_cap_is_not_negative", "INSERT INTO spending_rules (guild_id, order_max_micros) VALUES (7, -1)"),
    (
        "a_reason_is_short",
        "INSERT INTO budget_changes VALUES (2, 7, 'x', 0, '', '', '', 5, printf('%.501c', 'a'), 0)",
    ),
    ("the record of changes is append-only", "UPDATE budget_changes SET reason = 'else'"),
    ("the record of changes is append-only", "DELETE FROM budget_changes"),
    ("a_grant_is_above_zero", NEW_GRANT.format(0, "'why'", "NULL")),
    ("a_grant_says_why", NEW_GRANT.format(1, "''", "NULL")),
    ("a_grant_expires_after_it_began", NEW_GRANT.format(1, "'why'", "10")),
    ("a_revocation_is_whole", "UPDATE grants SET revoked_at = 1"),
    ("a grant is never changed but by being revoked, once", "UPDATE grants SET amount_micros = 10"),
    (
        "a grant is never changed but by being revoked, once",
        "UPDATE grants SET revoked_at = 1, revoked_by = 1, expires_at = 99",
    ),
    ("a grant is never deleted", "DELETE FROM grants"),
    ("grants_carry_at_most_the_hold", "UPDATE holds SET granted_micros = 400001"),
    ("the_house_has_no_grants", "UPDATE holds SET bearer = 'house', granted_micros = 1"),
    ("a_part_is_above_zero", "INSERT INTO grant_parts VALUES (1, 2, 1, 0)"),
    ("grant_parts.hold_id, grant_parts.grant_id", "INSERT INTO grant_parts VALUES (1, 2, 1, 1)"),
    ("the parts of a hold never change", "UPDATE grant_parts SET amount_micros = 6"),
    ("the parts of a hold never change", "DELETE FROM grant_parts"),
    (
        "an_entry_is_of_a_hold_or_of_a_grant",
        "INSERT INTO entries VALUES (9, 'grant', 1, NULL, 'member', 1, 0)",
    ),
    (
        "an_entry_is_of_a_hold_or_of_a_grant",
        "INSERT INTO entries VALUES (9, 'capture', NULL, 1, 'member', 1, 0)",
    ),
    ("entries.grant_id", "INSERT INTO entries VALUES (9, 'grant', NULL, 1, 'member', 1, 0)"),
    ("holds_are_counted_from_zero", NEW_PURSE.format("0, 0", -1)),
    ("nothing_was_spent_below_zero", "INSERT INTO closed_periods VALUES ('guild', 7, 0, 'day', 0, -1, 0)"),
    ("nothing_was_held_below_zero", "INSERT INTO closed_periods VALUES ('guild', 7, 0, 'day', 0, 0, -1)"),
    ("a_member_never_pays_more_than_the_price", "UPDATE jobs SET charged_micros = price_micros + 1"),
    ("a_hold_is_not_negative", "UPDATE holds SET amount_micros = -1"),
    ("a_hold_ends_once_and_says_how", "UPDATE holds SET ended_at = 1"),
    ("a_hold_ends_once_and_says_how", "UPDATE holds SET ended_as = 'release'"),
    ("ended_as = 'capture' OR ended_as = 'release'", "UPDATE holds SET ended_at = 1, ended_as = 'refund'"),
    ("a hold is never deleted", "DELETE FROM holds"),
    ("a hold is never deleted", "INSERT OR REPLACE INTO holds SELECT * FROM holds"),
    ("holds.job_id", NEW_HOLD),
    ("bearer = 'member' OR bearer = 'house'", "UPDATE holds SET bearer = 'guild'"),
    ("FOREIGN KEY", NEW_HOLD.replace("'a'", "'nobody'")),
    ("the ledger is append-only", "UPDATE entries SET amount_micros = 1"),
    ("the ledger is append-only", "DELETE FROM entries"),
    ("the ledger is append-only", "INSERT OR REPLACE INTO entries SELECT * FROM entries"),
    ("an_entry_is_not_negative", "INSERT INTO entries VALUES (9, 'capture', 1, NULL, 'member', -1, 0)"),
    ("a_hold_is_entered_once", "INSERT INTO entries VALUES (9, 'hold', 1, NULL, 'member', 400000, 0)"),
    ("FOREIGN KEY", "INSERT INTO entries VALUES (9, 'hold', 9, NULL, 'member', 400000, 0)"),
    ("nothing_is_spent_below_zero", NEW_PURSE.format("-1, 0", 0)),
    ("nothing_is_held_below_zero", NEW_PURSE.format("0, -1", 0)),
    ("cannot store TEXT value in INTEGER column", "UPDATE jobs SET price_micros = '1e3 dollars'"),
    ("cannot store REAL value in INTEGER column", "UPDATE jobs SET price_micros = 0.5"),
    (
        "an_aisle_is_one_of_ours",
        "INSERT INTO searches VALUES ('s', 7, 1001, 'theirs', '', NULL, NULL, NULL, NULL, 0)",
    ),
    (
        "a_state_of_a_gallery_post_is_one_of_ours",
        "INSERT INTO gallery_posts (job_id, channel_id, state, due_at) VALUES ('b', 30, 'lost', 0)",
    ),
    (
        "a_shown_gallery_post_has_a_message",
        "INSERT INTO gallery_posts (job_id, channel_id, state, due_at) VALUES ('b', 30, 'shown', 0)",
    ),
    ("a_stop_ends_once_and_says_by_whom", "INSERT INTO stops VALUES (2, 0, 2, 1, 1, 1, NULL)"),
    ("a stop ends once", "UPDATE stops SET resumed_by = 'another'"),
    ("a stop is never deleted", "DELETE FROM stops"),
    ("a_halt_is_of_something", "INSERT INTO halts VALUES (2, 'moon', 'x', 'a', 1, NULL, NULL)"),
    (
        "a_halt_of_everything_has_no_name",
        "INSERT INTO halts VALUES (2, 'everything', 'x', 'a', 1, NULL, NULL)",
    ),
    ("a_halt_ends_once_and_says_by_whom", "INSERT INTO halts VALUES (2, 'model', 'x', 'a', 1, NULL, 2)"),
    ("a halt ends once", "UPDATE halts SET resumed_by = 'another'"),
    ("a halt is never deleted", "DELETE FROM halts"),
    ("what_is_closed_was_asked", "INSERT INTO unsettled VALUES ('job-1', 1, NULL, 2)"),
    (
        "a_verdict_is_found_absent_or_lost",
        "INSERT INTO verdicts VALUES (2, 'a', 'perhaps', NULL, 'the shell', 'they said so', 0)",
    ),
    ("a_verdict_says_why", "INSERT INTO verdicts VALUES (2, 'a', 'absent', NULL, 'the shell', '', 0)"),
    ("what was decided stays on record", "UPDATE verdicts SET verdict = 'found'"),
    ("what was decided stays on record", "DELETE FROM verdicts"),
    ("a_bill_is_not_negative", "INSERT INTO costs VALUES ('b', 2, -1, 'the shell', 'their invoice', 0)"),
    ("a_cost_says_why", "INSERT INTO costs VALUES ('b', 2, 1, 'the shell', '', 0)"),
    ("costs.job_id", "INSERT INTO costs VALUES ('a', 2, 0, 'the shell', 'their invoice', 0)"),
    ("what a bill said stays on record", "UPDATE costs SET billed_micros = 0"),
    ("what a bill said stays on record", "DELETE FROM costs"),
    ("the_name_of_a_character_is_short", NEW_CHARACTER.format("", "y", "''", 1, "y", "")),
    ("the_name_of_a_character_is_short", NEW_CHARACTER.format("", "y", "printf('%081d', 0)", 1, "y", "")),
    ("a_consent_is_to_a_text", NEW_CHARACTER.format("", "y", "'Ava'", 0, "y", "")),
    (
        "a_character_that_is_made_is_whole",
        NEW_CHARACTER.format(MADE, "y", "'Ava'", 1, "y", "'a', 'studio', NULL, 0, "),
    ),
    ("only_a_character_that_is_made_is_removed", "UPDATE characters SET removed_at = 1 WHERE id = 'new'"),
    *(
        (
            "what was agreed to, by whom and for which clip, never changes",
            f"UPDATE characters SET {column} = {column} WHERE id = 'new'",
        )
        for column in ("guild_id", "user_id", "name", "consent_version", "consent_at", "sha256")
    ),
    ("a character is made once", "UPDATE characters SET provider_id = 'other' WHERE id = 'made'"),
    ("a removed character stays removed", "UPDATE characters SET removed_at = NULL WHERE id = 'gone'"),
    (
        "a character that was made is never forgotten: its row holds the consent",
        "DELETE FROM characters WHERE id = 'made'",
    ),
    (
        "UNIQUE constraint failed: characters.provider, characters.provider_id",
        NEW_CHARACTER.format(MADE, "y", "'Ava'", 1, "y", "'a', 'studio', 'x', 0, "),
    ),
    ("a_closed_card_was_tried", "INSERT INTO closed_cards VALUES ('a', 1, 0, 0)"),
    ("a_clip_is_direct_or_not", "UPDATE jobs SET clip_is_direct = 2 WHERE id = 'a'"),
    (
        "a_picture_was_animated_or_not",
        "INSERT INTO pictures VALUES ('p', 7, 1, 'p.png', 'image/png', hex(zeroblob(32)), 1, 1, 1, 0, 2)",
    ),
    *broken_erasures.BROKEN,
    *broken_people.BROKEN,
    *broken_record.BROKEN,
    *broken_reviews.BROKEN,
    *broken_screening.BROKEN,
]


@pytest.mark.parametrize(("sentence", "statement"), BROKEN)
def test_a_broken_rule_is_refused_by_its_name(
    rows: sqlite3.Connection, sentence: str, statement: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=re.escape(sentence)):
        rows.execute(statement)


@pytest.mark.parametrize("again", ["capture", "release"])
@pytest.mark.parametrize("first", ["capture", "release"])
def test_a_hold_ends_exactly_once(rows: sqlite3.Connection, first: str, again: str) -> None:
    rows.execute("UPDATE holds SET ended_at = 1, ended_as = ?", (first,))
    rows.execute("INSERT INTO entries VALUES (9, ?, 1, NULL, 'member', 0, 0)", (first,))

    with pytest.raises(sqlite3.IntegrityError, match="a hold ends exactly once"):
        rows.execute("UPDATE holds SET ended_at = 2, ended_as = ?", (again,))
    with pytest.raises(sqlite3.IntegrityError, match="a hold ends exactly once"):
        rows.execute("UPDATE holds SET ended_at = NULL, ended_as = NULL")
    with pytest.raises(sqlite3.IntegrityError, match="ends_exactly_once"):
        rows.execute("INSERT INTO entries VALUES (10, ?, 1, NULL, 'member', 0, 0)", (again,))


@pytest.mark.parametrize(
    "change",
    [
        "user_id = 5",
        "user_id = -5, amount_micros = 1",
        "user_id = -5, guild_day = 1",
        "user_id = -5, ended_at = 9",
    ],
)
def test_an_ended_hold_gives_up_its_person_for_a_pseudonym_and_nothing_else(
    rows: sqlite3.Connection, change: str
) -> None:
    rows.execute("UPDATE holds SET ended_at = 1, ended_as = 'capture'")

    with pytest.raises(sqlite3.IntegrityError, match="a hold ends exactly once"):
        rows.execute(f"UPDATE holds SET {change}")
    assert rows.execute("UPDATE holds SET user_id = -5").rowcount == 1
    with pytest.raises(sqlite3.IntegrityError, match="a hold ends exactly once"):
        rows.execute("UPDATE holds SET user_id = -6")


@pytest.mark.parametrize("statement", broken_erasures.ALLOWED)
def test_words_about_a_person_may_be_erased_from_rows_that_stand(
    rows: sqlite3.Connection, statement: str
) -> None:
    assert rows.execute(statement).rowcount >= 1


def test_a_hold_is_refunded_at_most_once(rows: sqlite3.Connection) -> None:
    rows.execute("INSERT INTO entries VALUES (9, 'refund', 1, NULL, 'member', 1, 0)")

    with pytest.raises(sqlite3.IntegrityError, match="ends_exactly_once"):
        rows.execute("INSERT INTO entries VALUES (10, 'refund', 1, NULL, 'member', 1, 0)")


def test_a_job_may_have_a_second_hold_when_its_first_has_ended(rows: sqlite3.Connection) -> None:
    rows.execute("UPDATE holds SET ended_at = 1, ended_as = 'release'")

    assert rows.execute(NEW_HOLD).rowcount == 1


def test_the_rows_that_are_refused_above_are_refused_for_one_reason(rows: sqlite3.Connection) -> None:
    assert rows.execute(NEW_JOB).rowcount == 1
    assert rows.execute(NEW_HOLD.replace("'a'", "'c'")).rowcount == 1


def test_every_rule_that_has_a_name_is_broken_above() -> None:
    written = "\n".join(entry.read_text("utf-8") for entry in MIGRATIONS.iterdir())
    named = set(re.findall(r"CONSTRAINT (\w+) CHECK", written)) | set(
        re.findall(r"RAISE\(ABORT, '(.+?)'", written)
    )
    tried = {sentence for sentence, _ in BROKEN} | {
        "a hold ends exactly once",
        "every move of a job raises its rev by one",
    }

    assert len(named) > 20
    assert named - tried == set()


def test_every_table_is_strict(tables: sqlite3.Connection) -> None:
    loose = tables.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict"
    ).fetchall()

    assert [row[0] for row in loose if not row[0].startswith("sqlite_")] == []


def test_no_rule_can_sink_a_whole_batch() -> None:
    written = "\n".join(entry.read_text("utf-8") for entry in MIGRATIONS.iterdir()).upper()

    assert "DEFERR" not in written
    assert "ON CONFLICT ROLLBACK" not in written
    assert set(re.findall(r"RAISE\((\w+)", written)) == {"ABORT"}


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("purses.scope", {scope.value for scope in Scope}),
        ("budgets.period", {period.value for period in Period}),
        ("budgets.scope", {scope.value for scope in BudgetScope}),
        ("entries.kind", {kind.value for kind in EntryKind}),
        ("jobs.state", {state.value for state in JobState}),
    ],
)
def test_the_tables_lists_are_the_domains(tables: sqlite3.Connection, column: str, words: set[str]) -> None:
    table, name = column.split(".")
    written = tables.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    listed = re.search(rf"CHECK \(\s*({name} (?:IN|=) .+?)\),\n", written, re.DOTALL)

    assert listed is not None
    assert set(re.findall(r"'(\w+)'", listed[1])) == words


def test_the_workers_index_holds_the_states_that_are_its_own(tables: sqlite3.Connection) -> None:
    written = tables.execute(
        "SELECT sql FROM sqlite_schema WHERE name = 'jobs_in_the_workers_hands'"
    ).fetchone()[0]

    assert set(re.findall(r"'(\w+)'", written)) == {state.value for state in IN_HAND}


def test_an_ended_state_has_no_way_out_and_every_other_has() -> None:
    assert {state for state in JobState if state not in {old for old, to in MOVES.items() if to}} == ENDED
    assert set(MOVES) == set(JobState)
