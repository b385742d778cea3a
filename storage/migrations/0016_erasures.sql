-- What is erased because a person asked for it: one row for each step, as deletions of clips have them. Times
-- are integers: microseconds since 1970, UTC. Words that are erased become '…'; in the book a person becomes
-- a number below zero, which says nothing of them.

CREATE TABLE erasures (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 20),
    user_id INTEGER NOT NULL,
    -- What is newer is not meant.
    asked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX erasures_of_a_person ON erasures (user_id, asked_at);

CREATE TABLE erasure_steps (
    erasure_id TEXT NOT NULL REFERENCES erasures (id),
    step TEXT NOT NULL CONSTRAINT a_step_of_an_erasure_is_one_of_ours CHECK (
        step IN ('orders', 'words', 'clips', 'characters', 'pictures', 'log', 'book')),
    due_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    -- A code and a count, also while there is more to do.
    result TEXT,
    done_at INTEGER,
    PRIMARY KEY (erasure_id, step),
    CONSTRAINT an_erasing_that_is_done_says_what_came_of_it CHECK (done_at IS NULL OR result IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX erasure_steps_to_do ON erasure_steps (due_at) WHERE done_at IS NULL;
CREATE INDEX jobs_of_a_person ON jobs (user_id, created_at);
CREATE INDEX pictures_of_a_person ON pictures (user_id, kept_at);
CREATE INDEX holds_of_a_person ON holds (user_id, opened_at);

-- An ended hold, and a grant, change in one more way: their person becomes a pseudonym, once. The words of a
-- grant are about a person, and may be erased.
DROP TRIGGER an_ended_hold_stays_ended;
CREATE TRIGGER an_ended_hold_stays_ended BEFORE UPDATE ON holds WHEN OLD.ended_at IS NOT NULL
    AND NOT (OLD.user_id > 0 AND NEW.user_id < 0
        AND NEW.id = OLD.id AND NEW.job_id = OLD.job_id AND NEW.bearer = OLD.bearer
        AND NEW.guild_id = OLD.guild_id AND NEW.channel_id = OLD.channel_id
        AND NEW.guild_day = OLD.guild_day AND NEW.utc_day = OLD.utc_day
        AND NEW.amount_micros = OLD.amount_micros AND NEW.granted_micros = OLD.granted_micros
        AND NEW.opened_at = OLD.opened_at AND NEW.ended_at IS OLD.ended_at AND NEW.ended_as IS OLD.ended_as)
BEGIN SELECT RAISE(ABORT, 'a hold ends exactly once'); END;

DROP TRIGGER a_grant_is_only_revoked;
CREATE TRIGGER a_grant_is_only_revoked BEFORE UPDATE ON grants
WHEN NEW.id <> OLD.id OR NEW.guild_id <> OLD.guild_id
    OR NEW.amount_micros <> OLD.amount_micros
    OR NEW.granted_by <> OLD.granted_by OR NEW.granted_at <> OLD.granted_at
    OR NEW.expires_at IS NOT OLD.expires_at
    OR NOT ((OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL
             AND NEW.user_id = OLD.user_id AND NEW.reason = OLD.reason)
        OR (NEW.revoked_at IS OLD.revoked_at AND NEW.revoked_by IS OLD.revoked_by
            AND (NEW.user_id = OLD.user_id OR (OLD.user_id > 0 AND NEW.user_id < 0)) AND NEW.reason = '…'))
BEGIN SELECT RAISE(ABORT, 'a grant is never changed but by being revoked, once'); END;

-- What a moderator decided stands, but for its words, which may be erased.
DROP TRIGGER a_decision_stands;
CREATE TRIGGER a_decision_stands BEFORE UPDATE OF decision, decided_by, decided_at, reason, refunded, spoiler
ON reviews WHEN OLD.decision IS NOT NULL
    AND NOT (NEW.decision IS OLD.decision AND NEW.decided_by IS OLD.decided_by
        AND NEW.decided_at IS OLD.decided_at AND NEW.refunded IS OLD.refunded AND NEW.spoiler IS OLD.spoiler
        AND NEW.reason IS '…')
BEGIN SELECT RAISE(ABORT, 'what a moderator decided stands'); END;

-- A character's name is its member's word, and may be erased; that there was consent stays.
DROP TRIGGER a_consent_is_never_changed;
CREATE TRIGGER a_consent_is_never_changed
BEFORE UPDATE OF guild_id, user_id, name, consent_version, consent_at, sha256 ON characters
WHEN NOT (NEW.guild_id = OLD.guild_id AND NEW.user_id = OLD.user_id AND NEW.name = '…'
    AND NEW.consent_version = OLD.consent_version AND NEW.consent_at = OLD.consent_at
    AND NEW.sha256 = OLD.sha256)
BEGIN SELECT RAISE(ABORT, 'what was agreed to, by whom and for which clip, never changes'); END;

DROP TRIGGER a_removed_character_stays_removed;
CREATE TRIGGER a_removed_character_stays_removed BEFORE UPDATE ON characters
WHEN OLD.removed_at IS NOT NULL
    AND NOT (NEW.removed_at IS OLD.removed_at AND NEW.name = '…' AND NEW.job_id IS OLD.job_id
        AND NEW.provider_id IS OLD.provider_id AND NEW.shared = OLD.shared AND NEW.file = OLD.file)
BEGIN SELECT RAISE(ABORT, 'a removed character stays removed'); END;
