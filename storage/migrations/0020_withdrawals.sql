-- That a member has taken back what they said of pictures: their statements up to then count no more. What
-- was agreed to stays as it was written. Times are integers: microseconds since 1970, UTC.
CREATE TABLE consents_withdrawn (
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id, at)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER a_withdrawal_is_never_changed BEFORE UPDATE ON consents_withdrawn
BEGIN SELECT RAISE(ABORT, 'what was taken back stays so'); END;
CREATE TRIGGER a_withdrawal_is_kept BEFORE DELETE ON consents_withdrawn
BEGIN SELECT RAISE(ABORT, 'what was taken back is never deleted'); END;
