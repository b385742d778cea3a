-- Jobs, their attempts and clips, and quotes. Times are integers: microseconds since 1970, UTC. Money is
-- integers: micro-dollars. Every rule that a bug could break is a constraint whose name is the sentence
-- that the error says. Lists that are asked at every insert are written as `OR`, the commonest word first:
-- for an `IN` of more than two, SQLite builds a table each time (measured: a third of the insert).

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
    ('withheld', 'stored'), ('withheld', 'rejected'), ('withheld', 'cancelled'),
    ('undeliverable', 'posted');

CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY
        CONSTRAINT a_job_id_fits_a_nonce CHECK (length(id) BETWEEN 1 AND 20),
    interaction_id INTEGER NOT NULL,
    -- The job of the order's first take, whose card is the order's.
    order_id TEXT NOT NULL REFERENCES jobs (id),
    take INTEGER NOT NULL,
    takes INTEGER NOT NULL DEFAULT 1
        CONSTRAINT an_order_has_at_most_four_takes CHECK (takes BETWEEN 1 AND 4),
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    -- The channel that it is a thread of.
    parent_id INTEGER,
    user_id INTEGER NOT NULL,
    kind TEXT NOT NULL
        CONSTRAINT a_kind_is_one_of_ours CHECK (
            kind = 'generate' OR kind = 'animate' OR kind = 'remix' OR kind = 'extend'
            OR kind = 'character'),
    prompt TEXT NOT NULL
        CONSTRAINT a_prompt_is_at_most_4000_characters CHECK (length(prompt) BETWEEN 1 AND 4000),
    model TEXT NOT NULL,
    resolution TEXT NOT NULL,
    aspect_ratio TEXT NOT NULL,
    duration_s INTEGER NOT NULL CHECK (duration_s > 0),
    seed INTEGER,
    -- The picture or clip that it starts from, a file of ours in the data folder: all of it or nothing.
    source_file TEXT,
    source_media_type TEXT,
    source_width INTEGER,
    source_height INTEGER,
    source_provider_id TEXT,
    -- The clip that it was made from, also where only its last frame was.
    source_job_id TEXT REFERENCES jobs (id),
    characters TEXT NOT NULL DEFAULT '[]',
    remixable INTEGER NOT NULL DEFAULT 0 CHECK (remixable IN (0, 1)),
    blocks_ip INTEGER NOT NULL DEFAULT 0 CHECK (blocks_ip IN (0, 1)),
    draft INTEGER NOT NULL DEFAULT 0 CHECK (draft IN (0, 1)),
    private INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1)),
    spoiler INTEGER NOT NULL DEFAULT 0 CHECK (spoiler IN (0, 1)),
    -- Where the job is placed now; the price never changes, and what it may cost never exceeds it.
    offer_id TEXT NOT NULL,
    price_micros INTEGER NOT NULL CONSTRAINT a_price_is_not_negative CHECK (price_micros >= 0),
    per_second_micros INTEGER NOT NULL CHECK (per_second_micros >= 0),
    -- What its member paid for it in the end, by the entries.
    charged_micros INTEGER NOT NULL DEFAULT 0 CONSTRAINT a_member_never_pays_more_than_the_price
        CHECK (charged_micros BETWEEN 0 AND price_micros),
    state TEXT NOT NULL CONSTRAINT a_state_is_one_of_ours CHECK (
        state = 'queued' OR state = 'review' OR state = 'submitting' OR state = 'uncertain'
        OR state = 'running' OR state = 'rendered' OR state = 'stored' OR state = 'withheld'
        OR state = 'undeliverable' OR state = 'posted' OR state = 'failed' OR state = 'rejected'
        OR state = 'cancelled'),
    rev INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    state_at INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    ticket TEXT,
    -- The provider's own id of what it made (a clip to remix, a character), where that is not the job's.
    rendered_id TEXT,
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
    CONSTRAINT a_take_is_one_of_its_order CHECK (take BETWEEN 1 AND takes),
    CONSTRAINT the_first_take_is_the_orders_own CHECK ((take = 1) = (order_id = id)),
    CONSTRAINT a_source_is_whole CHECK (
        (source_file IS NULL) = (source_media_type IS NULL)
        AND (source_file IS NULL) = (source_width IS NULL)
        AND (source_file IS NULL) = (source_height IS NULL)
        AND (source_file IS NOT NULL OR source_provider_id IS NULL)),
    CONSTRAINT a_submitted_job_has_an_attempt CHECK (
        state = 'queued' OR state = 'review' OR state = 'failed' OR state = 'rejected'
        OR state = 'cancelled'
        OR attempt >= 1),
    CONSTRAINT a_running_job_has_a_ticket CHECK (
        state = 'queued' OR state = 'submitting' OR state = 'uncertain' OR state = 'review'
        OR state = 'failed' OR state = 'rejected' OR state = 'cancelled'
        OR ticket IS NOT NULL),
    CONSTRAINT a_job_with_a_ticket_is_never_submitted_again CHECK (
        state NOT IN ('queued', 'submitting') OR ticket IS NULL),
    CONSTRAINT a_failed_job_says_why CHECK (state <> 'failed' OR fault_code IS NOT NULL),
    CONSTRAINT a_posted_job_has_a_message CHECK (state <> 'posted' OR clip_message_id IS NOT NULL),
    CONSTRAINT a_fault_is_whole CHECK ((fault_kind IS NULL) = (fault_code IS NULL))
) STRICT;

CREATE INDEX jobs_in_the_workers_hands ON jobs (state_at)
    WHERE state = 'queued' OR state = 'submitting' OR state = 'uncertain' OR state = 'running'
          OR state = 'rendered' OR state = 'stored';
CREATE INDEX jobs_with_a_stale_card ON jobs (id) WHERE card_rev < rev;
CREATE INDEX jobs_of_a_member ON jobs (guild_id, user_id, created_at);
CREATE INDEX jobs_of_an_order ON jobs (order_id);
CREATE INDEX jobs_made_from_a_clip ON jobs (source_job_id) WHERE source_job_id IS NOT NULL;

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
    -- What this offer asks for it.
    price_micros INTEGER NOT NULL CHECK (price_micros >= 0),
    outcome TEXT CONSTRAINT an_outcome_is_a_proof CHECK (outcome IN ('taken', 'not_taken', 'unknown')),
    provider_job_id TEXT,
    detail TEXT,
    PRIMARY KEY (job_id, number),
    CONSTRAINT a_taken_attempt_has_a_ticket CHECK ((outcome IS 'taken') = (provider_job_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER an_attempt_never_costs_more_than_the_quote BEFORE INSERT ON attempts
WHEN NEW.price_micros > (SELECT price_micros FROM jobs WHERE id = NEW.job_id)
BEGIN SELECT RAISE(ABORT, 'an attempt never costs more than the quote'); END;

CREATE TRIGGER a_job_changes_its_offer_only_when_it_is_submitted BEFORE UPDATE OF offer_id ON jobs
WHEN OLD.offer_id <> NEW.offer_id AND NOT (OLD.state = 'queued' AND NEW.state = 'submitting')
BEGIN SELECT RAISE(ABORT, 'a job changes its offer only when it is submitted'); END;

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
