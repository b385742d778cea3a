-- The ledger: holds, the append-only entries, and the running totals of every scope and period.

CREATE TABLE holds (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    bearer TEXT NOT NULL CHECK (bearer IN ('member', 'house')),
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    -- The calendar days that decide the purses, for ever: in the guild's time zone, and in UTC.
    guild_day TEXT NOT NULL,
    utc_day TEXT NOT NULL,
    amount_micros INTEGER NOT NULL CONSTRAINT a_hold_is_not_negative CHECK (amount_micros >= 0),
    opened_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_as TEXT CHECK (ended_as IN ('capture', 'release')),
    CONSTRAINT a_hold_ends_once_and_says_how CHECK ((ended_at IS NULL) = (ended_as IS NULL))
) STRICT;

CREATE UNIQUE INDEX at_most_one_open_hold_a_job ON holds (job_id) WHERE ended_at IS NULL;
CREATE INDEX holds_of_a_job ON holds (job_id);

CREATE TRIGGER an_ended_hold_stays_ended BEFORE UPDATE ON holds WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a hold ends exactly once'); END;
CREATE TRIGGER a_hold_is_kept BEFORE DELETE ON holds
BEGIN SELECT RAISE(ABORT, 'a hold is never deleted'); END;

CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL
        CHECK (kind IN ('hold', 'capture', 'release', 'refund', 'grant', 'adjust')),
    hold_id INTEGER NOT NULL REFERENCES holds (id),
    job_id TEXT NOT NULL,
    bearer TEXT NOT NULL CHECK (bearer IN ('member', 'house')),
    amount_micros INTEGER NOT NULL
        CONSTRAINT an_entry_is_not_negative CHECK (amount_micros >= 0 OR kind = 'adjust'),
    at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX a_hold_is_entered_once ON entries (hold_id) WHERE kind = 'hold';
CREATE UNIQUE INDEX a_hold_ends_exactly_once ON entries (hold_id) WHERE kind IN ('capture', 'release');
CREATE UNIQUE INDEX a_hold_is_refunded_at_most_once ON entries (hold_id) WHERE kind = 'refund';
CREATE INDEX entries_of_a_job ON entries (job_id);

CREATE TRIGGER an_entry_is_never_changed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER an_entry_is_never_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- Kept beside the entries in the same transaction, so that a check costs the same at ten million of them.
CREATE TABLE totals (
    scope TEXT NOT NULL CHECK (scope IN ('member', 'channel', 'guild', 'installation', 'house')),
    scope_id TEXT NOT NULL,
    period TEXT NOT NULL CHECK (period IN ('day', 'week', 'month', 'total')),
    starts_on TEXT NOT NULL,
    spent_micros INTEGER NOT NULL CONSTRAINT nothing_is_spent_below_zero CHECK (spent_micros >= 0),
    held_micros INTEGER NOT NULL CONSTRAINT nothing_is_held_below_zero CHECK (held_micros >= 0),
    PRIMARY KEY (scope, scope_id, period, starts_on)
) STRICT, WITHOUT ROWID;
