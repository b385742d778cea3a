"""Everything that is kept of one person, as rows with names: what an export hands out.

Of others nothing: no moderator's id, nobody's report of a clip. A test walks the schema and fails when a
table that names people is neither here nor among those whose reason to be left out stands beside them.
"""

import sqlite3
from collections.abc import Iterator, Mapping

from bot.domain import UserId

AT_ONCE = 200
"""Rows in memory at a time."""

TABLES: Mapping[str, str] = {
    "orders": """
        SELECT id, order_id, take, takes, guild_id, channel_id, kind, prompt, model, resolution, aspect_ratio,
               duration_s, seed, source_job_id, characters, draft, private, spoiler, locale, offer_id,
               price_micros, charged_micros, state, created_at, state_at, fault_kind, fault_code,
               clip_message_id, clip_channel_id
        FROM jobs WHERE user_id = ? ORDER BY created_at, id
        """,
    "typed": """
        SELECT typed.order_id, typed.options FROM typed JOIN jobs ON jobs.id = typed.order_id
        WHERE jobs.user_id = ? ORDER BY typed.order_id
        """,
    "clips": """
        SELECT clips.job_id, clips.sha256, clips.size_bytes, clips.width, clips.height, clips.duration_ms,
               clips.has_sound, clips.stored_at, clips.state
        FROM clips JOIN jobs ON jobs.id = clips.job_id WHERE jobs.user_id = ? ORDER BY clips.job_id
        """,
    "pictures": """
        SELECT id, guild_id, media_type, sha256, size_bytes, width, height, kept_at FROM pictures
        WHERE user_id = ? ORDER BY kept_at, id
        """,
    "characters": """
        SELECT id, guild_id, name, shared, consent_version, consent_at, sha256, duration_ms, provider,
               made_at, removed_at
        FROM characters WHERE user_id = ? ORDER BY consent_at, id
        """,
    "book": """
        SELECT entries.id, entries.kind, entries.amount_micros, entries.bearer, entries.at, holds.job_id,
               holds.guild_id
        FROM jobs JOIN holds ON job_id = jobs.id AND ended_at IS NULL
                             OR job_id = jobs.id AND ended_at IS NOT NULL
            JOIN entries ON entries.hold_id = holds.id
        WHERE jobs.user_id = ? ORDER BY entries.id
        """,
    "totals": """
        SELECT scope_id AS guild_id, period, starts_on, spent_micros, held_micros FROM totals
        WHERE scope = 'member' AND user_id = ? ORDER BY 1, 2, 3
        """,
    "grants": """
        SELECT id, guild_id, amount_micros, reason, granted_at, expires_at, revoked_at FROM grants
        WHERE user_id = ? ORDER BY id
        """,
    "budgets": """
        SELECT guild_id, period, limit_micros, reason, at FROM budgets
        WHERE scope = 'member' AND scope_id = ? ORDER BY 1, 2
        """,
    "alerts": """
        SELECT guild_id, period, starts_on, percent, limit_micros, used_micros, at FROM alerts
        WHERE scope = 'member' AND scope_id = ? ORDER BY id
        """,
    "quotes": "SELECT id, asked, price_micros, expires_at, answered_at FROM quotes WHERE user_id = ?",
    "forms": "SELECT id, guild_id, asked, parts, opened_at FROM sheets WHERE user_id = ?",
    "opened_forms": "SELECT id, guild_id, addresses, opened_at FROM opened_forms WHERE user_id = ?",
    "searches": """
        SELECT guild_id, aisle, words, model, kind, month, searched_at FROM searches WHERE user_id = ?
        """,
    "favourites": "SELECT job_id, kept_at FROM favourites WHERE user_id = ? ORDER BY kept_at",
    "reactions": "SELECT job_id, message_id, emoji FROM reactions WHERE user_id = ?",
    "wishes": "SELECT direct_messages, mentions FROM wishes WHERE user_id = ?",
    "reports_made": """
        SELECT id, job_id, guild_id, reason, words, at FROM reports WHERE reporter_id = ? ORDER BY at
        """,
    "reviews": """
        SELECT id, gate, job_id, guild_id, why, reasons, scores, asked_at, decision, decided_at, reason,
               refunded
        FROM reviews WHERE user_id = ? ORDER BY asked_at
        """,
    "sanctions": """
        SELECT id, guild_id, measure, reason, at, until, lifted_at FROM sanctions
        WHERE user_id = ? ORDER BY at
        """,
    "appeals": """
        SELECT appeals.sanction_id, appeals.words, appeals.at, appeals.decided_at, appeals.granted
        FROM appeals JOIN sanctions ON sanctions.id = appeals.sanction_id WHERE sanctions.user_id = ?
        """,
    "objections": "SELECT guild_id, matter, since FROM objections WHERE user_id = ?",
    "objected_names": "SELECT guild_id, name FROM objected_names WHERE user_id = ?",
    "consents": """
        SELECT id, guild_id, statement, text_version, sha256, at FROM consents WHERE user_id = ? ORDER BY at
        """,
    "consents_withdrawn": "SELECT guild_id, at FROM consents_withdrawn WHERE user_id = ? ORDER BY at",
    "remix_asks_made": """
        SELECT clip_job_id, guild_id, asked_at, answered_at, allowed FROM remix_asks WHERE asker_id = ?
        """,
    "remix_asks_answered": """
        SELECT clip_job_id, guild_id, asked_at, answered_at, allowed FROM remix_asks WHERE owner_id = ?
        """,
    "acts_by_you": """
        SELECT number, at, verb, guild_id, subject, detail FROM acts WHERE actor_id = ? ORDER BY number
        """,
    "acts_about_you": """
        SELECT number, at, verb, guild_id, detail FROM acts WHERE subject = 'member:' || ? ORDER BY number
        """,
    "erasures": "SELECT id, asked_at FROM erasures WHERE user_id = ? ORDER BY asked_at",
}
"""What each part of an export is called, and the question that brings it."""

LEFT_OUT: Mapping[str, str] = {
    "act_channels": "chosen_by: what was chosen is in acts_by_you",
    "alert_channels": "chosen_by: what was chosen is in acts_by_you",
    "approvals": "moderator_id: what was decided is in acts_by_you",
    "budget_changes": "changed_by: what was changed is in acts_by_you",
    "cases": "decided_by: what was decided is in acts_by_you",
    "closed_periods": "in the view of totals",
    "pauses": "paused_by: in acts_by_you",
    "preset_defaults": "set_by: the server's",
    "presets": "saved_by: the server's",
    "purses": "in the view of totals",
    "removals": "asked_by: in acts_by_you",
    "shelf": "the prompt of the order again, folded for searching",
    "takedowns": "begun_by: in acts_by_you",
    "word_rules": "added_by: the server's",
}
"""Tables that name people and hold nothing of theirs beyond what an export has; why."""


def rows(connection: sqlite3.Connection, part: str, user_id: UserId) -> Iterator[dict[str, object]]:
    """The rows of one part of a person's data, read a few at a time."""
    cursor = connection.execute(TABLES[part], (user_id,))
    while found := cursor.fetchmany(AT_ONCE):
        for row in found:
            yield dict(row)


def files(connection: sqlite3.Connection, user_id: UserId) -> list[tuple[str, str, int]]:
    """The files of a person's that are kept and that nothing hides: kind, path in its folder, bytes."""
    clips = connection.execute(
        """
        SELECT clips.file, clips.size_bytes FROM clips JOIN jobs ON jobs.id = clips.job_id
        WHERE jobs.user_id = ? AND clips.state = 'shown' ORDER BY clips.stored_at
        """,
        (user_id,),
    )
    found = [("clips", str(row[0]), int(row[1])) for row in clips]
    given = connection.execute(
        "SELECT file, size_bytes FROM pictures WHERE user_id = ? AND id NOT LIKE 'last-%' ORDER BY kept_at",
        (user_id,),
    )
    return found + [("pictures", str(row[0]), int(row[1])) for row in given]
