-- How clips are shown, to whom, and how they are taken back. Times are integers: microseconds since 1970, UTC.

-- Channels that a server has named for a purpose: clips that no other place takes, reports, and reviews.
CREATE TABLE places (
    guild_id INTEGER NOT NULL,
    purpose TEXT NOT NULL CONSTRAINT a_purpose_is_one_of_ours CHECK (purpose IN ('clips', 'reports', 'reviews')),
    channel_id INTEGER NOT NULL,
    PRIMARY KEY (guild_id, purpose)
) STRICT, WITHOUT ROWID;

-- What a person has asked for everywhere. Who has no row wants neither.
CREATE TABLE wishes (
    user_id INTEGER NOT NULL PRIMARY KEY,
    direct_messages INTEGER NOT NULL DEFAULT 0 CHECK (direct_messages IN (0, 1)),
    mentions INTEGER NOT NULL DEFAULT 0 CHECK (mentions IN (0, 1))
) STRICT, WITHOUT ROWID;

-- The upload limit that a server has proven to have, where that is below what its level says. 0 is that of
-- direct messages.
CREATE TABLE upload_limits (
    guild_id INTEGER NOT NULL PRIMARY KEY,
    bytes_max INTEGER NOT NULL CHECK (bytes_max > 0),
    learned_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The answers that one member alone sees, of private orders, for as long as Discord lets us edit them.
CREATE TABLE answers (
    interaction_id INTEGER NOT NULL PRIMARY KEY,
    token TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX answers_by_age ON answers (expires_at);

-- The deleting of a clip, everywhere: one row for each step. A step without `done_at` is still to be taken.
CREATE TABLE removals (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    step TEXT NOT NULL CONSTRAINT a_step_is_one_of_ours CHECK (
        step IN ('links', 'clip_message', 'card', 'gallery', 'reviews', 'copies', 'provider', 'hashes', 'picture', 'alike',
                 'file', 'thumbnail')),
    asked_by INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    done_at INTEGER,
    result TEXT,
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    PRIMARY KEY (job_id, step),
    CONSTRAINT a_step_that_is_done_says_what_came_of_it CHECK (done_at IS NULL OR result IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX removals_to_do ON removals (job_id) WHERE done_at IS NULL;

CREATE TABLE reports (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 20),
    job_id TEXT NOT NULL REFERENCES jobs (id),
    guild_id INTEGER NOT NULL,
    reporter_id INTEGER NOT NULL,
    reason TEXT NOT NULL CONSTRAINT a_reason_is_one_of_ours CHECK (
        reason IN ('minor', 'intimate', 'likeness', 'violence', 'rights', 'other')),
    words TEXT NOT NULL DEFAULT '' CONSTRAINT the_words_of_a_report_are_few CHECK (length(words) <= 1000),
    at INTEGER NOT NULL,
    hidden INTEGER NOT NULL CHECK (hidden IN (0, 1)),
    told_tried_at INTEGER,
    told_at INTEGER,
    told_how TEXT,
    CONSTRAINT one_person_gives_a_reason_for_a_clip_once UNIQUE (job_id, reporter_id, reason)
) STRICT, WITHOUT ROWID;

CREATE INDEX reports_untold ON reports (at) WHERE told_at IS NULL;
CREATE INDEX reports_of_a_guild ON reports (guild_id, at);
