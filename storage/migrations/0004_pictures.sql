-- Pictures that orders start from, and what is known of an order beside its jobs.

-- A clean file of ours in the data folder. `last-…` is the last frame of that job's clip; every other id is
-- of a picture that its member gave.
CREATE TABLE pictures (
    id TEXT NOT NULL PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    file TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    kept_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX pictures_of_a_member ON pictures (guild_id, user_id);
CREATE INDEX pictures_by_age ON pictures (kept_at);

-- The pictures of a message for which a form was opened; it says only which of them. Kept for a day.
CREATE TABLE opened_forms (
    id TEXT NOT NULL PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    addresses TEXT NOT NULL,
    opened_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX opened_forms_by_age ON opened_forms (opened_at);

-- What was typed for an order, but for its prompt: what Again and Make final go by. A picture that no order
-- starts from is forgotten after a day.
CREATE TABLE typed (
    order_id TEXT NOT NULL PRIMARY KEY REFERENCES jobs (id),
    options TEXT NOT NULL,
    picture_id TEXT REFERENCES pictures (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_of_a_picture ON typed (picture_id) WHERE picture_id IS NOT NULL;

-- The clips of a channel, the newest first, for those who choose one.
CREATE INDEX jobs_shown_in_a_channel ON jobs (clip_channel_id, created_at) WHERE clip_channel_id IS NOT NULL;
