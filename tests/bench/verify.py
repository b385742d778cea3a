"""`python -m tests.bench.verify [ENTRIES | FILE.db]`: what one order's check and `ledger verify` cost, by entries.

The book is written in bulk: every hold captured, over a month, 200 guilds and 10,000 members.
"""

# ruff: noqa: E501 - statements of SQL read best whole

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from math import lcm
from pathlib import Path

from bot import budgets
from bot.domain import ChannelId, GuildId, Limits, Member, Micros, OfferId, Quote, UserId
from storage import guilds, ledger
from storage.connection import BookConnection
from storage.database import open_for_reading, prepare
from storage.migrate import migrate
from tests.bench.resident import peak_mib
from tests.props import NOON

ENTRIES = 10_000_000
VERIFIED = 100_000
DAYS, GUILDS, MEMBERS, PRICE = 30, 200, 10_000, 400_000
FIRST_DAY = (NOON.date() - NOON.date().replace(1970, 1, 1)).days - DAYS
ORDERS = 200
SLOW_S = 0.1
"""What takes longer is not asked twenty times."""
ASKER = Member(guild_id=GuildId(7), user_id=UserId(7))
"""One of the members in the book."""
LIMITS = Limits(installation_monthly_micros=Micros(10**15))
"""More than what ten million entries of a month come to."""
DAY_US = 86_400_000_000

JOBS = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    INSERT INTO jobs (id, interaction_id, order_id, take, guild_id, channel_id, user_id, kind, prompt, model,
                      resolution, aspect_ratio, duration_s, offer_id, price_micros, per_second_micros,
                      charged_micros, state, created_at, state_at, attempt, ticket, clip_message_id, card_rev)
    SELECT printf('j%08d', i), i, printf('j%08d', i), 1, 1 + i % ?, 1 + i % ?, 1 + i % ?, 'generate', 'a boat', 'reel', '720p',
           '16:9', 4, 'somebody/reel', ?, 100000, ?, 'posted', 0, 0, 1, '{}', 1, 0
    FROM n
"""
HOLDS = """
    INSERT INTO holds (job_id, bearer, guild_id, channel_id, user_id, guild_day, utc_day, amount_micros, opened_at,
                       ended_at, ended_as)
    SELECT id, 'member', guild_id, channel_id, user_id, day, day, price_micros, day * :us, day * :us, 'capture'
    FROM (SELECT *, :first + interaction_id * :days / :jobs AS day FROM jobs) ORDER BY interaction_id
"""
ENTRIES_OF = """
    INSERT INTO entries (kind, hold_id, bearer, amount_micros, at)
    SELECT kind, holds.id, bearer, amount_micros, opened_at
    FROM holds CROSS JOIN (SELECT 'hold' AS kind UNION ALL SELECT 'capture')
"""
MEMBERS_DAYS = """
    CREATE TEMP TABLE members_days AS
    WITH RECURSIVE
    residues (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM residues WHERE i + 1 < min(:every, :jobs)),
    days (day) AS (SELECT 0 UNION ALL SELECT day + 1 FROM days WHERE day + 1 < :days),
    bounds AS (
        SELECT day, max(1, (day * :jobs + :days - 1) / :days) AS first,
               ((day + 1) * :jobs + :days - 1) / :days - 1 AS last
        FROM days
    ),
    counted AS (
        SELECT i, day, (last - i + :every) / :every - (first - 1 - i + :every) / :every AS count
        FROM residues CROSS JOIN bounds
    )
    SELECT CAST(1 + i % :guilds AS INTEGER) AS guild_id, CAST(1 + i % (5 * :guilds) AS INTEGER) AS channel_id,
           CAST(1 + i % :members AS INTEGER) AS user_id, CAST(:first + day AS INTEGER) AS day, count * :price AS spent
    FROM counted WHERE count > 0
"""
"""What five million holds would have to be sorted for: how many of the jobs' numbers fall on a day and, divided
by `every`, leave the same rest, so that they are of one member, server and channel. They are cast for the affinity
of the columns made of them: without it the index below is not used."""
DAYS_OF = """
    CREATE TEMP TABLE days AS
    SELECT 'member' AS scope, guild_id AS scope_id, user_id, day, sum(spent) AS spent
    FROM members_days GROUP BY 2, 3, 4
    UNION ALL SELECT 'guild', guild_id, 0, day, sum(spent) FROM members_days GROUP BY 2, 4
    UNION ALL SELECT 'channel', channel_id, 0, day, sum(spent) FROM members_days GROUP BY 2, 4
    UNION ALL SELECT 'installation', 0, 0, day, sum(spent) FROM members_days GROUP BY 4
"""
PERIODS = """
    CREATE TEMP TABLE periods AS
    SELECT d.scope, d.scope_id, d.user_id, p.period,
           CASE p.period WHEN 'day' THEN d.day WHEN 'week' THEN d.day - (d.day + 3) % 7
           WHEN 'month' THEN unixepoch(d.day * 86400, 'unixepoch', 'start of month') / 86400 ELSE 0 END AS starts,
           sum(d.spent) AS spent
    FROM days AS d CROSS JOIN (SELECT 'day' AS period UNION SELECT 'week' UNION SELECT 'month' UNION SELECT 'total') AS p
    GROUP BY 1, 2, 3, 4, 5
"""
INDEX = "CREATE INDEX temp.by_purse ON periods (scope, scope_id, user_id, period, starts)"
PURSES = """
    INSERT INTO purses
    SELECT scope, scope_id, user_id, max(CASE period WHEN 'day' THEN starts END),
           0, 0, 0, 0, 0, 0, max(CASE period WHEN 'total' THEN spent END), 0, 0
    FROM periods GROUP BY 1, 2, 3
"""


BULK = (
    "journal_mode = OFF",
    "synchronous = OFF",
    "secure_delete = OFF",
    "ignore_check_constraints = ON",
    "foreign_keys = OFF",
    "cache_size = -1000000",
    "threads = 2",
)
"""For a file that is thrown away when it cannot be finished; what is written is right, and `verify` says so."""
LATER = """
    SELECT type, name, sql FROM sqlite_schema
    WHERE tbl_name IN ('jobs', 'holds', 'entries', 'closed_periods') AND type IN ('index', 'trigger') AND sql IS NOT NULL
"""


def book(path: Path, entries: int, *, members: int = MEMBERS) -> None:
    """Write a book of so many entries of so many members: bare tables first, their indexes and triggers when all rows are there."""
    jobs = entries // 2
    with closing(sqlite3.connect(path, isolation_level=None, factory=BookConnection)) as tx:
        prepare(tx)
        migrate(tx)
        for pragma in BULK:
            tx.execute(f"PRAGMA {pragma}")
        later = tx.execute(LATER).fetchall()
        for kind, name, _sql in later:
            tx.execute(f"DROP {kind} {name}")
        tx.execute("BEGIN")
        tx.execute(JOBS, (jobs, GUILDS, GUILDS * 5, members, PRICE, PRICE))
        tx.execute(HOLDS, {"first": FIRST_DAY, "days": DAYS, "jobs": jobs + 1, "us": DAY_US})
        tx.execute(ENTRIES_OF)
        every = lcm(members, 5 * GUILDS)
        counted = {"first": FIRST_DAY, "days": DAYS, "jobs": jobs + 1, "every": every}
        tx.execute(MEMBERS_DAYS, counted | {"guilds": GUILDS, "members": members, "price": PRICE})
        for statement in (DAYS_OF, PERIODS, INDEX, PURSES):
            tx.execute(statement)
        for period, starts in (
            ("day", "day"),
            ("week", "day - (day + 3) % 7"),
            ("month", "unixepoch(day * 86400, 'unixepoch', 'start of month') / 86400"),
        ):
            tx.execute(
                f"UPDATE purses SET {period}_spent_micros = (SELECT spent FROM periods AS p WHERE p.scope = "
                "purses.scope AND p.scope_id = purses.scope_id AND p.user_id = purses.user_id "
                f"AND p.period = '{period}' AND p.starts = {starts})"
            )
        tx.execute(
            "INSERT INTO closed_periods SELECT scope, scope_id, user_id, period, starts, spent, 0 FROM periods "
            "EXCEPT SELECT scope, scope_id, user_id, period, starts_on, spent_micros, 0 FROM totals"
        )
        tx.execute("DELETE FROM closed_periods WHERE period = 'total'")
        for _kind, _name, sql in later:
            tx.execute(sql)
        guilds.admit(tx, ASKER.guild_id, Micros(10**15), at=NOON)
        tx.execute("COMMIT")
        tx.execute("PRAGMA journal_mode = WAL")


def admission_us(path: Path) -> float:
    """How long one order is asked about, by the whole rule set, with nothing of it in memory; the best of 20."""
    quote = Quote(
        offer_id=OfferId("somebody/reel"), price_micros=Micros(PRICE), per_second_micros=Micros(100_000)
    )
    best = float("inf")
    with closing(sqlite3.connect(path, isolation_level=None, factory=BookConnection)) as tx:
        prepare(tx)
        for _ in range(20):
            began = time.thread_time()
            for _ in range(ORDERS):
                budgets.admit(tx, ASKER, quote, LIMITS, NOON, channel_id=ChannelId(7))
            best = min(best, time.thread_time() - began)
    return best / ORDERS * 1e6


def verified(path: Path) -> None:
    """Verify a book, and print how long it took and how much memory this process ever had."""
    with closing(open_for_reading(path)) as connection:
        began = time.perf_counter()
        differences = ledger.verify(connection)
        took, busy = time.perf_counter() - began, time.process_time()
        entries = connection.execute("SELECT count(*) FROM entries").fetchone()[0]
    memory = peak_mib()
    print(
        f"ledger, verify of {entries:,} entries: {took:.1f} s ({busy:.1f} s of a core), {memory:.0f} MiB, "
        f"{len(differences)} differences"
    )
    for each in differences[:3]:
        print(f"  {each}")


def row_us(path: Path) -> float:
    """The floor: one row, by its key; the best of 20."""
    return _asked_us(path, "SELECT amount_micros FROM holds WHERE id = ?", (1,))


def summed_us(path: Path) -> float:
    """What is usually done: what the member and their server have spent, summed; the best of 20."""
    of_member = "SELECT sum(amount_micros) FROM holds WHERE user_id = ? AND guild_id = ?"
    of_guild = "SELECT sum(charged_micros) FROM jobs WHERE guild_id = ?"
    member = _asked_us(path, of_member, (int(ASKER.user_id), int(ASKER.guild_id)))
    return member + _asked_us(path, of_guild, (int(ASKER.guild_id),))


def _asked_us(path: Path, sql: str, parameters: tuple[int, ...]) -> float:
    best = float("inf")
    with closing(open_for_reading(path)) as connection:
        for _ in range(20):
            began = time.thread_time()
            connection.execute(sql, parameters).fetchall()
            best = min(best, took := time.thread_time() - began)
            if took > SLOW_S:
                break
    return best * 1e6


def report(entries: int, verified_entries: int) -> None:
    """Print what one order's check costs in a small book and in a large one, and what verifying costs.

    A book of ten million entries is verified in minutes, so a smaller one is here: each entry costs the same.
    """
    with tempfile.TemporaryDirectory(dir=os.environ.get("DAILIES_BENCH_DIR")) as kept:
        small, large = Path(kept, "small.db"), Path(kept, "large.db")
        book(small, 1_000)
        began = time.process_time()
        book(large, entries)
        built = time.process_time() - began
        for path, count in ((small, 1_000), (large, entries)):
            print(
                f"ledger, one order's check at {count:,} entries: Dailies {admission_us(path):.0f} us  "
                f"a bare row by its key {row_us(path):.0f} us  summing what was spent {summed_us(path):,.0f} us"
            )
        size = large.stat().st_size / (1 << 20)
        print(f"ledger, {entries:,} entries are {size:,.0f} MB, written in {built:.0f} s of a core")
        large.unlink()
        middle = Path(kept, "middle.db")
        book(middle, verified_entries)
        for path in (small, middle):
            # Each in a process of its own, whose memory is that of verifying alone.
            alone = [sys.executable, "-m", "tests.bench.verify", str(path)]
            print(subprocess.run(alone, check=True, capture_output=True, text=True).stdout, end="")


if __name__ == "__main__":
    match sys.argv[1:]:
        case [path] if path.endswith(".db"):
            verified(Path(path))
        case [count]:
            report(int(count), int(count))
        case _:
            report(ENTRIES, VERIFIED)
