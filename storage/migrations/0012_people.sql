-- Pauses, the rules of channels, what moderators do about members, and what members have said about pictures
-- and clips of themselves. Times are integers: microseconds since 1970, UTC.

-- A place in which nothing is taken and nothing submitted until somebody ends it.
CREATE TABLE pauses (
    id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    -- 0 is the whole server.
    channel_id INTEGER NOT NULL,
    paused_by INTEGER NOT NULL,
    paused_at INTEGER NOT NULL,
    resumed_by INTEGER,
    resumed_at INTEGER,
    CONSTRAINT a_pause_ends_once_and_says_by_whom CHECK ((resumed_at IS NULL) = (resumed_by IS NULL))
) STRICT;

CREATE UNIQUE INDEX a_place_is_paused_once ON pauses (guild_id, channel_id) WHERE resumed_at IS NULL;
CREATE INDEX pauses_of_a_place ON pauses (guild_id, channel_id, resumed_at);

CREATE TRIGGER a_pause_that_ended_stays BEFORE UPDATE ON pauses WHEN OLD.resumed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a pause ends once'); END;
CREATE TRIGGER a_pause_is_kept BEFORE DELETE ON pauses
BEGIN SELECT RAISE(ABORT, 'a pause is never deleted'); END;

-- What may be ordered where. NULL takes the value of the channel above: of a thread its channel's, of a
-- channel the server's (`channel_id` 0); NULL there is the bot's own. Numbers of -1 are no limit.
CREATE TABLE channel_rules (
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    -- Lists as JSON; an empty one is everybody or everything.
    roles TEXT,
    kinds TEXT,
    models TEXT,
    duration_max_s INTEGER CHECK (duration_max_s >= -1),
    price_max_micros INTEGER CHECK (price_max_micros >= -1),
    people TEXT CONSTRAINT pictures_of_people_are_off_own_or_all CHECK (people IN ('off', 'own', 'all')),
    remix TEXT CONSTRAINT remixes_of_others_are_off_asked_or_on CHECK (remix IN ('off', 'asked', 'on')),
    -- Minutes after midnight in the server's zone; the same twice is no quiet hours.
    quiet_from INTEGER CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_until INTEGER CHECK (quiet_until BETWEEN 0 AND 1439),
    slow_s INTEGER CHECK (slow_s BETWEEN 0 AND 604800),
    PRIMARY KEY (guild_id, channel_id),
    CONSTRAINT quiet_hours_begin_and_end CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
) STRICT, WITHOUT ROWID;

-- What was done about a member: by whom, why, until when. `guild_id` 0 is everywhere, by the operator.
CREATE TABLE sanctions (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 20),
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    measure TEXT NOT NULL CONSTRAINT a_measure_is_one_of_ours CHECK (
        measure IN ('warning', 'strike', 'cooldown', 'block', 'probation')),
    reason TEXT NOT NULL CONSTRAINT a_reason_of_a_sanction_is_short CHECK (length(reason) <= 500),
    -- 0 where strikes led to it by the server's own rule; `cause` is then the last of them.
    by_id INTEGER NOT NULL,
    cause TEXT REFERENCES sanctions (id),
    at INTEGER NOT NULL,
    -- NULL is until it is lifted.
    until INTEGER,
    lifted_by INTEGER,
    lifted_at INTEGER,
    CONSTRAINT a_sanction_is_lifted_by_somebody CHECK ((lifted_at IS NULL) = (lifted_by IS NULL)),
    CONSTRAINT a_cooldown_and_a_strike_end CHECK (until IS NOT NULL OR measure NOT IN ('cooldown', 'strike')),
    CONSTRAINT a_sanction_ends_after_it_began CHECK (until > at),
    CONSTRAINT what_holds_everywhere_is_a_block CHECK (guild_id <> 0 OR measure = 'block')
) STRICT, WITHOUT ROWID;

CREATE INDEX sanctions_of_a_member ON sanctions (user_id, guild_id, at);

-- The words of the reason alone may be erased later.
CREATE TRIGGER a_sanction_changes_only_by_being_lifted BEFORE UPDATE ON sanctions
WHEN (OLD.lifted_at IS NOT NULL AND (OLD.lifted_at IS NOT NEW.lifted_at OR OLD.lifted_by IS NOT NEW.lifted_by))
    OR OLD.id <> NEW.id OR OLD.guild_id <> NEW.guild_id
    OR OLD.user_id <> NEW.user_id OR OLD.measure <> NEW.measure OR OLD.by_id <> NEW.by_id
    OR OLD.at <> NEW.at OR OLD.until IS NOT NEW.until
BEGIN SELECT RAISE(ABORT, 'a sanction changes only by being lifted'); END;
CREATE TRIGGER a_sanction_is_kept BEFORE DELETE ON sanctions
BEGIN SELECT RAISE(ABORT, 'a sanction is never deleted'); END;

-- After how long a strike counts no more, and what so many of them lead to; 0 strikes lead to nothing.
CREATE TABLE discipline (
    guild_id INTEGER NOT NULL PRIMARY KEY,
    strike_days INTEGER NOT NULL CHECK (strike_days BETWEEN 1 AND 3650),
    cooldown_strikes INTEGER NOT NULL CHECK (cooldown_strikes BETWEEN 0 AND 100),
    cooldown_hours INTEGER NOT NULL CHECK (cooldown_hours BETWEEN 1 AND 8760),
    block_strikes INTEGER NOT NULL CHECK (block_strikes BETWEEN 0 AND 100),
    block_days INTEGER NOT NULL CHECK (block_days BETWEEN 1 AND 3650)
) STRICT;

-- A member's one word against a sanction, and another moderator's decision.
CREATE TABLE appeals (
    sanction_id TEXT NOT NULL PRIMARY KEY REFERENCES sanctions (id),
    words TEXT NOT NULL CONSTRAINT an_appeal_says_something CHECK (length(words) BETWEEN 1 AND 1000),
    at INTEGER NOT NULL,
    told_at INTEGER,
    decided_by INTEGER,
    decided_at INTEGER,
    granted INTEGER CHECK (granted IN (0, 1)),
    CONSTRAINT an_appeal_is_decided_by_somebody CHECK (
        (decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (granted IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX appeals_untold ON appeals (at) WHERE told_at IS NULL;

CREATE TRIGGER an_appeal_is_decided_once BEFORE UPDATE ON appeals WHEN OLD.decided_at IS NOT NULL AND (OLD.decided_at IS NOT NEW.decided_at
    OR OLD.decided_by IS NOT NEW.decided_by OR OLD.granted IS NOT NEW.granted)
BEGIN SELECT RAISE(ABORT, 'an appeal is decided once'); END;

-- "Do not depict me", "do not remix mine": in one server, by the member alone.
CREATE TABLE objections (
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    matter TEXT NOT NULL CONSTRAINT an_objection_is_to_being_depicted_or_remixed CHECK (
        matter IN ('depict', 'remix')),
    since INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id, matter)
) STRICT, WITHOUT ROWID;

-- The names, as they are compared, by which a prompt may mean somebody who is not to be depicted.
CREATE TABLE objected_names (
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL CONSTRAINT a_name_is_short CHECK (length(name) BETWEEN 1 AND 100),
    PRIMARY KEY (guild_id, user_id, name)
) STRICT, WITHOUT ROWID;

-- Append-only: what somebody has ticked about a picture, and which words they were.
CREATE TABLE consents (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 20),
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    statement TEXT NOT NULL CONSTRAINT a_consent_says_who_is_seen CHECK (statement IN ('nobody', 'agreed')),
    text_version INTEGER NOT NULL CONSTRAINT a_consent_is_to_words CHECK (text_version >= 1),
    -- Of the picture's file, so that it says what was meant after the picture is gone.
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX consents_of_a_member ON consents (guild_id, user_id, at);

CREATE TRIGGER a_consent_record_is_never_changed BEFORE UPDATE ON consents
BEGIN SELECT RAISE(ABORT, 'what was agreed to stays as it was'); END;

-- Whether a member's clip may be remixed by another: asked once of each, with an end.
CREATE TABLE remix_asks (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 20),
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    clip_job_id TEXT NOT NULL REFERENCES jobs (id),
    owner_id INTEGER NOT NULL,
    asker_id INTEGER NOT NULL CONSTRAINT nobody_asks_themselves CHECK (asker_id <> owner_id),
    asked_at INTEGER NOT NULL,
    -- Until when the owner may answer; after a yes, until when it holds.
    expires_at INTEGER NOT NULL,
    told_at INTEGER,
    message_id INTEGER,
    answered_at INTEGER,
    allowed INTEGER CHECK (allowed IN (0, 1)),
    CONSTRAINT an_answer_is_yes_or_no CHECK ((answered_at IS NULL) = (allowed IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX remix_asks_of_a_clip ON remix_asks (clip_job_id, asker_id, asked_at);
CREATE INDEX remix_asks_by_asker ON remix_asks (guild_id, asker_id, asked_at);
CREATE INDEX remix_asks_untold ON remix_asks (asked_at) WHERE told_at IS NULL;
