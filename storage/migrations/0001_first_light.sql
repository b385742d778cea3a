-- Jobs, their attempts and clips, quotes, and the ledger. Times are integers: microseconds since 1970,
-- UTC. Money is integers: micro-dollars. Every rule that a bug could break is a constraint whose name is
-- the sentence that the error says.

CREATE TABLE moves (
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    PRIMARY KEY (old, new)
) STRICT, WITHOUT ROWID;

INSERT INTO moves (old, new) VALUES
    ('review', 'queued'), ('review', 'rejected'), ('review', 'cancelled'),
    ('queued', 'submitting'), ('queued', 'cancelled'), ('queued', 'failed'),
    ('submitting', 'running'), ('submitting', 'queued'), ('submitting', 'failed'), ('submitting', 'uncertain'),
    ('uncertain', 'running'), ('uncertain', 'queued'), ('uncertain', 'failed'),
    ('running', 'rendered'), ('running', 'failed'), ('running', 'cancelled'), ('running', 'uncertain'),
    ('rendered', 'stored'), ('rendered', 'failed'),
    ('stored', 'withheld'), ('stored', 'posted'), ('stored', 'undeliverable'),
    ('withheld', 'posted'), ('withheld', 'rejected'), ('withheld', 'cancelled'),
    ('undeliverable', 'posted');

CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY
        CONSTRAINT a_job_id_fits_a_nonce CHECK (length(id) BETWEEN 1 AND 20),
    interaction_id INTEGER NOT NULL,
    take INTEGER NOT NULL CHECK (take >= 1),
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    kind TEXT NOT NULL
        CONSTRAINT a_kind_is_one_of_ours CHECK (kind IN ('generate', 'animate', 'remix', 'extend')),
    prompt TEXT NOT NULL
        CONSTRAINT a_prompt_is_at_most_4000_characters CHECK (length(prompt) BETWEEN 1 AND 4000),
    model TEXT NOT NULL,
    resolution TEXT NOT NULL,
    aspect_ratio TEXT NOT NULL,
    duration_s INTEGER NOT NULL CHECK (duration_s > 0),
    seed INTEGER,
    offer_id TEXT NOT NULL,
    price_micros INTEGER NOT NULL CONSTRAINT a_price_is_not_negative CHECK (price_micros >= 0),
    per_second_micros INTEGER NOT NULL CHECK (per_second_micros >= 0),
    -- What its member paid for it in the end, by the entries.
    charged_micros INTEGER NOT NULL DEFAULT 0 CONSTRAINT a_member_never_pays_more_than_the_price
        CHECK (charged_micros BETWEEN 0 AND price_micros),
    state TEXT NOT NULL CONSTRAINT a_state_is_one_of_ours CHECK (state IN (
        'review', 'queued', 'submitting', 'uncertain', 'running', 'rendered', 'stored', 'withheld',
        'undeliverable', 'posted', 'failed', 'rejected', 'cancelled')),
    rev INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    state_at INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    ticket TEXT,
    cancel_asked_at INTEGER,
    fault_kind TEXT,
    fault_code TEXT,
    fault_detail TEXT,
    card_message_id INTEGER,
    card_tried_at INTEGER,
    card_rev INTEGER NOT NULL DEFAULT -1,
    clip_message_id INTEGER,
    clip_channel_id INTEGER,
    clip_tried_at INTEGER,
    CONSTRAINT one_press_is_one_order UNIQUE (interaction_id, take),
    CONSTRAINT a_submitted_job_has_an_attempt CHECK (
        state NOT IN ('submitting', 'uncertain', 'running', 'rendered', 'stored', 'withheld',
                      'undeliverable', 'posted')
        OR attempt >= 1),
    CONSTRAINT a_running_job_has_a_ticket CHECK (
        state NOT IN ('running', 'rendered', 'stored', 'withheld', 'undeliverable', 'posted')
        OR ticket IS NOT NULL),
    CONSTRAINT a_job_with_a_ticket_is_never_submitted_again CHECK (
        state NOT IN ('queued', 'submitting') OR ticket IS NULL),
    CONSTRAINT a_failed_job_says_why CHECK (state <> 'failed' OR fault_code IS NOT NULL),
    CONSTRAINT a_posted_job_has_a_message CHECK (state <> 'posted' OR clip_message_id IS NOT NULL),
    CONSTRAINT a_fault_is_whole CHECK ((fault_kind IS NULL) = (fault_code IS NULL))
) STRICT;

CREATE INDEX jobs_in_the_workers_hands ON jobs (state_at)
    WHERE state IN ('queued', 'submitting', 'uncertain', 'running', 'rendered', 'stored');
CREATE INDEX jobs_with_a_stale_card ON jobs (id) WHERE card_rev < rev;
CREATE INDEX jobs_of_a_member ON jobs (guild_id, user_id, created_at);

CREATE TRIGGER a_job_moves_only_along_the_arrows BEFORE UPDATE OF state ON jobs
WHEN OLD.state <> NEW.state
    AND NOT EXISTS (SELECT 1 FROM moves WHERE old = OLD.state AND new = NEW.state)
BEGIN SELECT RAISE(ABORT, 'a job moves only along the arrows'); END;

CREATE TRIGGER a_move_counts BEFORE UPDATE OF state ON jobs
WHEN OLD.state <> NEW.state AND NEW.rev <> OLD.rev + 1
BEGIN SELECT RAISE(ABORT, 'every move of a job raises its rev by one'); END;

CREATE TRIGGER a_job_is_kept BEFORE DELETE ON jobs
BEGIN SELECT RAISE(ABORT, 'a job is never deleted: its ledger entries name it'); END;

CREATE TABLE attempts (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    offer_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    outcome TEXT CONSTRAINT an_outcome_is_a_proof CHECK (outcome IN ('taken', 'not_taken', 'unknown')),
    provider_job_id TEXT,
    detail TEXT,
    PRIMARY KEY (job_id, number),
    CONSTRAINT a_taken_attempt_has_a_ticket CHECK ((outcome IS 'taken') = (provider_job_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX one_job_of_the_provider_is_one_attempt_of_ours
    ON attempts (provider, provider_job_id) WHERE provider_job_id IS NOT NULL;
CREATE UNIQUE INDEX a_job_is_taken_once ON attempts (job_id) WHERE outcome = 'taken';

CREATE TABLE clips (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES jobs (id),
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    has_sound INTEGER NOT NULL CHECK (has_sound IN (0, 1)),
    stored_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'shown'
        CHECK (state IN ('shown', 'hidden', 'taken_down', 'deleted', 'expired'))
) STRICT, WITHOUT ROWID;

-- An order that waits for its member's yes. It holds no money and no promise but its price.
CREATE TABLE quotes (
    id TEXT NOT NULL PRIMARY KEY,
    interaction_id INTEGER NOT NULL UNIQUE,
    user_id INTEGER NOT NULL,
    asked TEXT NOT NULL,
    price_micros INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    answered_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX quotes_by_age ON quotes (expires_at);

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
