-- The record of acts: what moderators, managers, members and the operator did, in one chain of hashes. It is
-- never changed: it holds ids, numbers and codes, so that a person can be erased without breaking it. Times
-- are integers: microseconds since 1970, UTC.

CREATE TABLE acts (
    number INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    verb TEXT NOT NULL CONSTRAINT a_verb_is_a_short_code CHECK (
        length(verb) BETWEEN 3 AND 40 AND verb NOT GLOB '*[^a-z_.]*'),
    -- NULL where nobody at Discord did it: the operator at the shell, or the program itself.
    actor_id INTEGER,
    -- 0 where it holds for the whole installation.
    guild_id INTEGER NOT NULL,
    -- What it was done to, such as `job:01ABC` or `member:123`.
    subject TEXT NOT NULL CONSTRAINT a_subject_is_a_kind_and_an_id CHECK (
        length(subject) <= 80 AND subject GLOB '[a-z]*:?*' AND subject NOT GLOB '*[^A-Za-z0-9_.:/-]*'),
    -- A canonical JSON object of numbers and codes.
    detail TEXT NOT NULL CONSTRAINT a_detail_is_short CHECK (length(detail) BETWEEN 2 AND 1000),
    -- The hash of the act before (zeros for the first), and SHA-256 over it and all that stands above.
    previous TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE CONSTRAINT a_hash_of_an_act_is_sha256 CHECK (
        length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*')
) STRICT;

CREATE INDEX acts_of_a_guild ON acts (guild_id, number);
CREATE INDEX acts_on_a_subject ON acts (subject, number);

CREATE TRIGGER an_act_follows_the_one_before BEFORE INSERT ON acts
WHEN NEW.number <> coalesce((SELECT max(number) FROM acts), 0) + 1
  OR NEW.previous <> coalesce((SELECT hash FROM acts ORDER BY number DESC LIMIT 1),
                              '0000000000000000000000000000000000000000000000000000000000000000')
BEGIN SELECT RAISE(ABORT, 'an act follows the one before it'); END;

CREATE TRIGGER an_act_is_never_changed BEFORE UPDATE ON acts
BEGIN SELECT RAISE(ABORT, 'the record of acts is append-only'); END;
CREATE TRIGGER an_act_is_never_deleted BEFORE DELETE ON acts
BEGIN SELECT RAISE(ABORT, 'the record of acts is append-only'); END;

-- The channels in which servers want their acts shown. `told_number` is the last act of which that is done;
-- acts up to `trying_number` are in the message that was last tried, at `tried_at`, and may be there.
CREATE TABLE act_channels (
    guild_id INTEGER NOT NULL PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    chosen_by INTEGER NOT NULL,
    chosen_at INTEGER NOT NULL,
    told_number INTEGER NOT NULL,
    trying_number INTEGER,
    tried_at INTEGER,
    -- Why the channel takes nothing any more, where it does not.
    refused TEXT,
    CONSTRAINT a_try_to_show_acts_is_whole CHECK ((trying_number IS NULL) = (tried_at IS NULL)),
    CONSTRAINT acts_are_shown_in_order CHECK (trying_number IS NULL OR trying_number > told_number)
) STRICT, WITHOUT ROWID;
