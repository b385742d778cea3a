-- The ledger: holds and the parts of them that grants carry, the append-only entries, and the running
-- totals of every scope and period. Days are integers: days since 1970. Lists of words are written as `OR`:
-- SQLite would build a table for each `IN` of more than two, at every insert.

CREATE TABLE grants (
    id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    amount_micros INTEGER NOT NULL CONSTRAINT a_grant_is_above_zero CHECK (amount_micros > 0),
    reason TEXT NOT NULL CONSTRAINT a_grant_says_why CHECK (length(reason) BETWEEN 1 AND 500),
    granted_by INTEGER NOT NULL,
    granted_at INTEGER NOT NULL,
    expires_at INTEGER CONSTRAINT a_grant_expires_after_it_began CHECK (expires_at > granted_at),
    revoked_at INTEGER,
    revoked_by INTEGER,
    CONSTRAINT a_revocation_is_whole CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
) STRICT;

CREATE INDEX grants_of_a_member ON grants (guild_id, user_id) WHERE revoked_at IS NULL;

CREATE TRIGGER a_grant_is_only_revoked BEFORE UPDATE ON grants
WHEN OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
    OR NEW.id <> OLD.id OR NEW.guild_id <> OLD.guild_id OR NEW.user_id <> OLD.user_id
    OR NEW.amount_micros <> OLD.amount_micros OR NEW.reason <> OLD.reason
    OR NEW.granted_by <> OLD.granted_by OR NEW.granted_at <> OLD.granted_at
    OR NEW.expires_at IS NOT OLD.expires_at
BEGIN SELECT RAISE(ABORT, 'a grant is never changed but by being revoked, once'); END;
CREATE TRIGGER a_grant_is_kept BEFORE DELETE ON grants
BEGIN SELECT RAISE(ABORT, 'a grant is never deleted'); END;

CREATE TABLE holds (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    bearer TEXT NOT NULL CHECK (bearer = 'member' OR bearer = 'house'),
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    -- The calendar days that decide the purses, for ever: in the guild's time zone, and in UTC.
    guild_day INTEGER NOT NULL,
    utc_day INTEGER NOT NULL,
    amount_micros INTEGER NOT NULL CONSTRAINT a_hold_is_not_negative CHECK (amount_micros >= 0),
    -- What of it grants carry, by `grant_parts`; the rest is the member's own budget's.
    granted_micros INTEGER NOT NULL DEFAULT 0
        CONSTRAINT grants_carry_at_most_the_hold CHECK (granted_micros BETWEEN 0 AND amount_micros),
    opened_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_as TEXT CHECK (ended_as = 'capture' OR ended_as = 'release'),
    CONSTRAINT a_hold_ends_once_and_says_how CHECK ((ended_at IS NULL) = (ended_as IS NULL)),
    CONSTRAINT the_house_has_no_grants CHECK (bearer = 'member' OR granted_micros = 0)
) STRICT;

CREATE UNIQUE INDEX at_most_one_open_hold_a_job ON holds (job_id) WHERE ended_at IS NULL;
CREATE INDEX ended_holds_of_a_job ON holds (job_id) WHERE ended_at IS NOT NULL;

CREATE TRIGGER an_ended_hold_stays_ended BEFORE UPDATE ON holds WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a hold ends exactly once'); END;
CREATE TRIGGER a_hold_is_kept BEFORE DELETE ON holds
BEGIN SELECT RAISE(ABORT, 'a hold is never deleted'); END;

-- What each grant carries of a hold, in the order in which they were drawn on.
CREATE TABLE grant_parts (
    hold_id INTEGER NOT NULL REFERENCES holds (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    grant_id INTEGER NOT NULL REFERENCES grants (id),
    amount_micros INTEGER NOT NULL CONSTRAINT a_part_is_above_zero CHECK (amount_micros > 0),
    PRIMARY KEY (hold_id, number),
    CONSTRAINT a_grant_carries_one_part_of_a_hold UNIQUE (hold_id, grant_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER a_part_is_never_changed BEFORE UPDATE ON grant_parts
BEGIN SELECT RAISE(ABORT, 'the parts of a hold never change'); END;
CREATE TRIGGER a_part_is_never_deleted BEFORE DELETE ON grant_parts
BEGIN SELECT RAISE(ABORT, 'the parts of a hold never change'); END;

CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind = 'hold' OR kind = 'capture' OR kind = 'release' OR kind = 'refund'
                              OR kind = 'grant' OR kind = 'adjust'),
    hold_id INTEGER REFERENCES holds (id),
    grant_id INTEGER REFERENCES grants (id),
    bearer TEXT NOT NULL CHECK (bearer = 'member' OR bearer = 'house'),
    amount_micros INTEGER NOT NULL CONSTRAINT an_entry_is_not_negative CHECK (amount_micros >= 0),
    at INTEGER NOT NULL,
    CONSTRAINT an_entry_is_of_a_hold_or_of_a_grant CHECK (
        (hold_id IS NULL) = (kind = 'grant') AND (grant_id IS NULL) = (kind <> 'grant'))
) STRICT;

-- One index for four rules: a hold is entered, ended, refunded and overrun at most once.
CREATE UNIQUE INDEX a_hold_is_entered_once_and_ends_exactly_once ON entries (
    hold_id, (CASE kind WHEN 'hold' THEN 1 WHEN 'refund' THEN 3 WHEN 'adjust' THEN 4 ELSE 2 END));
CREATE UNIQUE INDEX a_grant_is_entered_once ON entries (grant_id) WHERE grant_id IS NOT NULL;

CREATE TRIGGER a_hold_is_entered AFTER INSERT ON holds
BEGIN
    INSERT INTO entries (kind, hold_id, bearer, amount_micros, at)
    VALUES ('hold', NEW.id, NEW.bearer, NEW.amount_micros, NEW.opened_at);
END;
CREATE TRIGGER a_grant_is_entered AFTER INSERT ON grants
BEGIN
    INSERT INTO entries (kind, grant_id, bearer, amount_micros, at)
    VALUES ('grant', NEW.id, 'member', NEW.amount_micros, NEW.granted_at);
END;

CREATE TRIGGER an_entry_is_never_changed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER an_entry_is_never_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- Kept beside the entries in the same transaction, so that a check costs the same at ten million of them:
-- one row for a purse, with what counts in the day, week and month of the newest day that it was used on,
-- and since ever. `user_id` is 0 but for a member, whose `scope_id` is the guild's.
CREATE TABLE purses (
    scope TEXT NOT NULL CHECK (scope = 'member' OR scope = 'channel' OR scope = 'guild'
                               OR scope = 'installation' OR scope = 'house' OR scope = 'grant'),
    scope_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    day_spent_micros INTEGER NOT NULL,
    day_held_micros INTEGER NOT NULL,
    week_spent_micros INTEGER NOT NULL,
    week_held_micros INTEGER NOT NULL,
    month_spent_micros INTEGER NOT NULL,
    month_held_micros INTEGER NOT NULL,
    total_spent_micros INTEGER NOT NULL,
    total_held_micros INTEGER NOT NULL,
    open_holds INTEGER NOT NULL CONSTRAINT holds_are_counted_from_zero CHECK (open_holds >= 0),
    PRIMARY KEY (scope, scope_id, user_id),
    CONSTRAINT nothing_is_spent_below_zero CHECK (
        day_spent_micros >= 0 AND week_spent_micros >= 0 AND month_spent_micros >= 0
        AND total_spent_micros >= 0),
    CONSTRAINT nothing_is_held_below_zero CHECK (
        day_held_micros >= 0 AND week_held_micros >= 0 AND month_held_micros >= 0 AND total_held_micros >= 0)
) STRICT, WITHOUT ROWID;

-- The days, weeks and months of a purse that are over (or that a clock set back has gone back to).
CREATE TABLE closed_periods (
    scope TEXT NOT NULL,
    scope_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    period TEXT NOT NULL CHECK (period = 'day' OR period = 'week' OR period = 'month'),
    starts_on INTEGER NOT NULL,
    spent_micros INTEGER NOT NULL
        CONSTRAINT nothing_was_spent_below_zero CHECK (spent_micros >= 0),
    held_micros INTEGER NOT NULL
        CONSTRAINT nothing_was_held_below_zero CHECK (held_micros >= 0),
    PRIMARY KEY (scope, scope_id, user_id, period, starts_on)
) STRICT, WITHOUT ROWID;

-- Every total, open or closed, a row each: for reports and for whoever looks with a tool.
CREATE VIEW totals (scope, scope_id, user_id, period, starts_on, spent_micros, held_micros) AS
SELECT scope, scope_id, user_id, 'day', day, day_spent_micros, day_held_micros FROM purses
UNION ALL
SELECT scope, scope_id, user_id, 'week', day - (day + 3) % 7, week_spent_micros, week_held_micros FROM purses
UNION ALL
SELECT scope, scope_id, user_id, 'month', CAST(strftime('%s', day * 86400, 'unixepoch', 'start of month') AS INTEGER) / 86400,
       month_spent_micros, month_held_micros
FROM purses
UNION ALL
SELECT scope, scope_id, user_id, 'total', 0, total_spent_micros, total_held_micros FROM purses
UNION ALL
SELECT scope, scope_id, user_id, period, starts_on, spent_micros, held_micros FROM closed_periods;
