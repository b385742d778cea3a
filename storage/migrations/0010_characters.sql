-- Characters: somebody whom a member has brought from a clip, with the consent of everyone in it. Times are
-- integers: microseconds since 1970, UTC.

CREATE TABLE characters (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 20),
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL CONSTRAINT the_name_of_a_character_is_short CHECK (length(name) BETWEEN 1 AND 80),
    shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
    -- The version of the words that were agreed to, and when its owner said so.
    consent_version INTEGER NOT NULL CONSTRAINT a_consent_is_to_a_text CHECK (consent_version >= 1),
    consent_at INTEGER NOT NULL,
    -- The clip that it is made from. The file goes when nobody needs it any more; its hash stays.
    file TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    duration_ms INTEGER NOT NULL CHECK (duration_ms > 0),
    -- What made it, and as what its provider knows it: all of it or nothing.
    job_id TEXT UNIQUE REFERENCES jobs (id),
    provider TEXT,
    provider_id TEXT,
    made_at INTEGER,
    removed_at INTEGER,
    CONSTRAINT a_character_that_is_made_is_whole CHECK (
        (made_at IS NULL) = (job_id IS NULL) AND (made_at IS NULL) = (provider IS NULL)
        AND (made_at IS NULL) = (provider_id IS NULL)),
    CONSTRAINT only_a_character_that_is_made_is_removed CHECK (removed_at IS NULL OR made_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX characters_of_a_guild ON characters (guild_id) WHERE made_at IS NOT NULL AND removed_at IS NULL;
CREATE INDEX characters_of_a_member ON characters (guild_id, user_id) WHERE removed_at IS NULL;
CREATE INDEX characters_not_made ON characters (consent_at) WHERE made_at IS NULL;
CREATE UNIQUE INDEX a_character_of_a_provider_is_one_of_ours
    ON characters (provider, provider_id) WHERE provider_id IS NOT NULL;

CREATE TRIGGER a_consent_is_never_changed
BEFORE UPDATE OF guild_id, user_id, name, consent_version, consent_at, sha256 ON characters
BEGIN SELECT RAISE(ABORT, 'what was agreed to, by whom and for which clip, never changes'); END;

CREATE TRIGGER a_character_is_made_once BEFORE UPDATE OF job_id, provider, provider_id, made_at ON characters
WHEN OLD.made_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a character is made once'); END;

CREATE TRIGGER a_removed_character_stays_removed BEFORE UPDATE ON characters WHEN OLD.removed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a removed character stays removed'); END;

CREATE TRIGGER a_character_that_was_made_is_kept BEFORE DELETE ON characters WHEN OLD.made_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a character that was made is never forgotten: its row holds the consent'); END;

CREATE INDEX jobs_that_make_characters ON jobs (source_file) WHERE kind = 'character';
