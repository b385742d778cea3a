-- Cases that reports open, take-downs, and hashes that may not come back. Times are integers: microseconds
-- since 1970, UTC.

-- What is reported of one clip until a moderator has decided. `due_at` is when a clock that the law sets runs
-- out; `hidden_at` is when it was hidden in the rows, `unseen_at` when its message no longer showed it.
CREATE TABLE cases (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    guild_id INTEGER NOT NULL,
    reason TEXT NOT NULL CONSTRAINT a_case_is_of_a_reason_of_ours CHECK (
        reason IN ('minor', 'intimate', 'likeness', 'violence', 'rights', 'other')),
    opened_at INTEGER NOT NULL,
    due_at INTEGER,
    hidden_at INTEGER,
    unseen_at INTEGER,
    -- The fewest hours left of which somebody was told.
    reminded_hours INTEGER,
    decided_at INTEGER,
    -- 0 for the operator at the shell.
    decided_by INTEGER,
    outcome TEXT CONSTRAINT an_outcome_is_one_of_ours CHECK (
        outcome IN ('dismissed', 'kept_hidden', 'taken_down')),
    CONSTRAINT a_decision_is_whole CHECK (
        (decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (outcome IS NULL)),
    CONSTRAINT what_is_unseen_was_hidden CHECK (unseen_at IS NULL OR hidden_at IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX a_clip_has_one_open_case ON cases (job_id) WHERE decided_at IS NULL;
CREATE INDEX cases_of_a_clip ON cases (job_id, id);
CREATE INDEX cases_of_a_guild ON cases (guild_id, id) WHERE decided_at IS NULL;
CREATE INDEX cases_with_a_clock ON cases (due_at) WHERE decided_at IS NULL AND due_at IS NOT NULL;

CREATE TRIGGER a_case_that_is_dismissed_or_taken_down_stays_so
BEFORE UPDATE OF decided_at, decided_by, outcome ON cases
WHEN OLD.outcome = 'dismissed' OR OLD.outcome = 'taken_down'
BEGIN SELECT RAISE(ABORT, 'a case is dismissed, or its clip taken down, once'); END;
CREATE TRIGGER a_case_is_kept BEFORE DELETE ON cases
BEGIN SELECT RAISE(ABORT, 'a case is never deleted'); END;

ALTER TABLE reports ADD COLUMN case_id INTEGER REFERENCES cases (id);
-- Whether it counts among those that hide a clip together: not where its maker was wrong too often.
ALTER TABLE reports ADD COLUMN counts INTEGER NOT NULL DEFAULT 1 CHECK (counts IN (0, 1));
-- Whether it alone hid the clip.
ALTER TABLE reports ADD COLUMN alone INTEGER NOT NULL DEFAULT 0 CHECK (alone IN (0, 1));

CREATE INDEX reports_of_a_case ON reports (case_id);
CREATE INDEX reports_of_a_member ON reports (guild_id, reporter_id, at);

CREATE TABLE report_rules (
    guild_id INTEGER NOT NULL PRIMARY KEY,
    reporters_to_hide INTEGER NOT NULL CONSTRAINT a_clip_is_hidden_by_one_to_fifty CHECK (
        reporters_to_hide BETWEEN 1 AND 50)
) STRICT;

-- A take-down: its steps stand in `removals`.
CREATE TABLE takedowns (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES jobs (id),
    -- Where its hashes are blocked: 0 is everywhere.
    guild_id INTEGER NOT NULL,
    cause TEXT NOT NULL CONSTRAINT a_cause_is_one_of_ours CHECK (
        cause IN ('minor', 'intimate', 'likeness', 'violence', 'rights', 'other', 'hash')),
    begun_by INTEGER NOT NULL,
    begun_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX takedowns_by_age ON takedowns (begun_at);
CREATE INDEX clips_by_file ON clips (sha256);

-- A file that may not come back: `sha256` is of its bytes, or of what we made of them.
CREATE TABLE blocked_hashes (
    id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    sha256 TEXT NOT NULL CONSTRAINT a_blocked_hash_is_sha256 CHECK (
        length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    kind TEXT NOT NULL CONSTRAINT a_picture_or_a_clip_is_blocked CHECK (kind IN ('picture', 'clip')),
    job_id TEXT NOT NULL REFERENCES jobs (id),
    blocked_at INTEGER NOT NULL,
    lifted_at INTEGER,
    CONSTRAINT a_file_is_blocked_once UNIQUE (guild_id, sha256)
) STRICT;

CREATE INDEX blocked_hashes_of_a_clip ON blocked_hashes (job_id);
CREATE INDEX blocked_hashes_by_file ON blocked_hashes (sha256) WHERE lifted_at IS NULL;

-- What it looks like: two hashes of 64 bits, of the picture, or of some frames of the clip.
CREATE TABLE blocked_looks (
    hash_id INTEGER NOT NULL REFERENCES blocked_hashes (id),
    number INTEGER NOT NULL,
    look TEXT NOT NULL CONSTRAINT a_look_is_two_hashes CHECK (
        length(look) = 32 AND look NOT GLOB '*[^0-9a-f]*'),
    PRIMARY KEY (hash_id, number)
) STRICT, WITHOUT ROWID;

-- A clip that was sent once more, to somebody alone: for as long as Discord lets us take it back.
CREATE TABLE sent_copies (
    interaction_id INTEGER NOT NULL PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    token TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sent_copies_of_a_clip ON sent_copies (job_id);
CREATE INDEX sent_copies_by_age ON sent_copies (expires_at);
