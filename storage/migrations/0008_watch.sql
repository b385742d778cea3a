-- What watches the operator's money: stops by the breaker on the rate of spending, what providers billed
-- beside what was expected, and what persons have decided about uncertain jobs. Times are integers:
-- microseconds since 1970, UTC; days are days since 1970.

CREATE TABLE stops (
    id INTEGER PRIMARY KEY,
    stopped_at INTEGER NOT NULL,
    -- What was spent and held within the hour, and above what that is stopped.
    spent_micros INTEGER NOT NULL,
    limit_micros INTEGER NOT NULL,
    usual_micros INTEGER NOT NULL,
    resumed_at INTEGER,
    resumed_by TEXT CHECK (length(resumed_by) BETWEEN 1 AND 100),
    CONSTRAINT a_stop_ends_once_and_says_by_whom CHECK ((resumed_at IS NULL) = (resumed_by IS NULL))
) STRICT;

CREATE UNIQUE INDEX spending_is_stopped_once ON stops ((resumed_at IS NULL)) WHERE resumed_at IS NULL;

CREATE TRIGGER a_stop_that_ended_stays BEFORE UPDATE ON stops WHEN OLD.resumed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a stop ends once'); END;
CREATE TRIGGER a_stop_is_kept BEFORE DELETE ON stops
BEGIN SELECT RAISE(ABORT, 'a stop is never deleted'); END;

-- One row for an offer and a day (of UTC) on which its provider said what it billed for clips; an overrun is
-- what was billed above a hold, whatever became of the job.
CREATE TABLE drifts (
    offer_id TEXT NOT NULL,
    day INTEGER NOT NULL,
    jobs INTEGER NOT NULL DEFAULT 0 CHECK (jobs >= 0),
    expected_micros INTEGER NOT NULL DEFAULT 0 CHECK (expected_micros >= 0),
    billed_micros INTEGER NOT NULL DEFAULT 0 CHECK (billed_micros >= 0),
    overrun_micros INTEGER NOT NULL DEFAULT 0 CHECK (overrun_micros >= 0),
    -- What the operator has heard of it.
    told_at INTEGER,
    overrun_told_micros INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (offer_id, day)
) STRICT, WITHOUT ROWID;

-- Append-only: what a person decided about a job of which nobody knew.
CREATE TABLE verdicts (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    verdict TEXT NOT NULL CONSTRAINT a_verdict_is_found_absent_or_lost CHECK (
        verdict IN ('found', 'absent', 'lost')),
    ticket TEXT,
    decided_by TEXT NOT NULL CHECK (length(decided_by) BETWEEN 1 AND 100),
    why TEXT NOT NULL CONSTRAINT a_verdict_says_why CHECK (length(why) BETWEEN 1 AND 500),
    at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER a_verdict_is_never_changed BEFORE UPDATE ON verdicts
BEGIN SELECT RAISE(ABORT, 'what was decided stays on record'); END;
CREATE TRIGGER a_verdict_is_never_deleted BEFORE DELETE ON verdicts
BEGIN SELECT RAISE(ABORT, 'what was decided stays on record'); END;

-- What the operator has stopped until they let it go on: everything, a provider, a model, or a server.
CREATE TABLE halts (
    id INTEGER PRIMARY KEY,
    scope TEXT NOT NULL CONSTRAINT a_halt_is_of_something CHECK (
        scope IN ('everything', 'provider', 'model', 'guild')),
    -- The provider's or model's name, the server's id; empty for everything.
    name TEXT NOT NULL CHECK (length(name) <= 100),
    halted_by TEXT NOT NULL CHECK (length(halted_by) BETWEEN 1 AND 100),
    halted_at INTEGER NOT NULL,
    resumed_by TEXT,
    resumed_at INTEGER,
    CONSTRAINT a_halt_of_everything_has_no_name CHECK ((scope = 'everything') = (name = '')),
    CONSTRAINT a_halt_ends_once_and_says_by_whom CHECK ((resumed_at IS NULL) = (resumed_by IS NULL))
) STRICT;

CREATE UNIQUE INDEX one_halt_at_a_time ON halts (scope, name) WHERE resumed_at IS NULL;

CREATE TRIGGER a_halt_that_ended_stays BEFORE UPDATE ON halts WHEN OLD.resumed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a halt ends once'); END;
CREATE TRIGGER a_halt_is_kept BEFORE DELETE ON halts
BEGIN SELECT RAISE(ABORT, 'a halt is never deleted'); END;

-- When the bot has identified itself at Discord, for a day: Discord resets the token of one that does it too often.
CREATE TABLE identifies (
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX identifies_by_age ON identifies (at);

-- The cards on which the operator is asked about jobs of which nobody knows.
CREATE TABLE unsettled (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES jobs (id),
    tried_at INTEGER NOT NULL,
    message_id INTEGER,
    -- Since when the card says what became of it.
    closed_at INTEGER,
    CONSTRAINT what_is_closed_was_asked CHECK (closed_at IS NULL OR message_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
