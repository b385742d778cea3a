"""What was spent, by day, member, model and channel: read for reports from the holds and their jobs.

A report reads the members that a guild has purses for, and their jobs of the days in question by an index:
it costs what the period holds, and not what the years before it do.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot.domain import ChannelId, GuildId, Micros, Period, UserId
from storage.purses import HOUSE, from_day, to_day
from storage.times import to_us

_SLACK = timedelta(days=2)
"""A guild's day and the day of UTC in which a job was made are never further apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingLine:
    """What one member has spent in one place, on one day of the guild's calendar, at one model.

    `orders` counts the jobs; `spent_micros` is what was charged and not refunded, `held_micros` is set aside.
    """

    guild_id: GuildId
    day: date
    user_id: UserId
    model: str
    channel_id: ChannelId
    orders: int
    spent_micros: Micros
    held_micros: Micros


def of_guild(tx: sqlite3.Connection, guild_id: GuildId, since: date, until: date) -> list[SpendingLine]:
    """A guild's lines of the days from `since` to `until`, both included, in the order of days."""
    rows = tx.execute(
        """
        SELECT h.guild_id, h.guild_day, h.user_id, j.model, h.channel_id, count(*),
               sum(CASE WHEN h.ended_as = 'capture' THEN j.charged_micros ELSE 0 END),
               sum(CASE WHEN h.ended_at IS NULL THEN h.amount_micros ELSE 0 END)
        FROM purses AS p
        CROSS JOIN jobs AS j ON j.guild_id = p.scope_id AND j.user_id = p.user_id
                            AND j.created_at >= ? AND j.created_at < ?
        CROSS JOIN holds AS h ON h.job_id = j.id AND h.ended_at IS NULL
                              OR h.job_id = j.id AND h.ended_at IS NOT NULL
        WHERE p.scope = 'member' AND p.scope_id = ?
          AND h.bearer = 'member' AND h.guild_day BETWEEN ? AND ?
          AND (h.ended_at IS NULL OR h.ended_as = 'capture')
        GROUP BY h.guild_id, h.guild_day, h.user_id, j.model, h.channel_id
        ORDER BY h.guild_day, h.user_id, j.model, h.channel_id
        """,
        (*_made_between(since, until), guild_id, to_day(since), to_day(until)),
    )
    return list(_lines(rows))


def of_all(tx: sqlite3.Connection, since: date, until: date) -> list[SpendingLine]:
    """The same of every guild."""
    rows = tx.execute(
        """
        SELECT h.guild_id, h.guild_day, h.user_id, j.model, h.channel_id, count(*),
               sum(CASE WHEN h.ended_as = 'capture' THEN j.charged_micros ELSE 0 END),
               sum(CASE WHEN h.ended_at IS NULL THEN h.amount_micros ELSE 0 END)
        FROM purses AS p
        CROSS JOIN jobs AS j ON j.guild_id = p.scope_id AND j.user_id = p.user_id
                            AND j.created_at >= ? AND j.created_at < ?
        CROSS JOIN holds AS h ON h.job_id = j.id AND h.ended_at IS NULL
                              OR h.job_id = j.id AND h.ended_at IS NOT NULL
        WHERE p.scope = 'member' AND h.bearer = 'member' AND h.guild_day BETWEEN ? AND ?
          AND (h.ended_at IS NULL OR h.ended_as = 'capture')
        GROUP BY h.guild_id, h.guild_day, h.user_id, j.model, h.channel_id
        ORDER BY h.guild_day, h.guild_id, h.user_id, j.model, h.channel_id
        """,
        (*_made_between(since, until), to_day(since), to_day(until)),
    )
    return list(_lines(rows))


def of_house(tx: sqlite3.Connection, since: date, until: date) -> Micros:
    """What the house has borne on the days (of UTC) from `since` to `until`: refunds, overruns, lost jobs."""
    row = tx.execute(
        """
        SELECT coalesce(sum(spent_micros), 0) FROM totals
        WHERE scope = ? AND scope_id = ? AND user_id = ? AND period = ? AND starts_on BETWEEN ? AND ?
        """,
        (*HOUSE, Period.DAY.value, to_day(since), to_day(until)),
    ).fetchone()
    return Micros(row[0])


def _made_between(since: date, until: date) -> tuple[int, int]:
    begin = datetime.combine(since, time(), UTC) - _SLACK
    end = datetime.combine(until, time(), UTC) + _SLACK
    return to_us(begin), to_us(end)


def _lines(rows: sqlite3.Cursor) -> Iterator[SpendingLine]:
    for row in rows:
        yield SpendingLine(
            guild_id=GuildId(row[0]),
            day=from_day(row[1]),
            user_id=UserId(row[2]),
            model=row[3],
            channel_id=ChannelId(row[4]),
            orders=row[5],
            spent_micros=Micros(row[6]),
            held_micros=Micros(row[7]),
        )
