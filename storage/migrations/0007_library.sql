-- What members find again: the shelf of all clips, searches of it, favourites, reactions and the gallery.
-- Times are integers: microseconds since 1970, UTC.

-- What a clip is found by. `words` is its prompt as `storage/library.py` folds it.
CREATE TABLE shelf (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES clips (job_id),
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    model TEXT NOT NULL,
    kind TEXT NOT NULL,
    words TEXT NOT NULL
) STRICT;

CREATE INDEX shelf_of_a_guild ON shelf (guild_id, made_at);
CREATE INDEX shelf_of_a_member ON shelf (guild_id, user_id, made_at);

-- What somebody looked for: the buttons below its pages carry its id. Kept for a week.
CREATE TABLE searches (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 20),
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    aisle TEXT NOT NULL CONSTRAINT an_aisle_is_one_of_ours CHECK (
        aisle IN ('mine', 'server', 'favourites', 'best')),
    words TEXT NOT NULL CHECK (length(words) <= 200),
    model TEXT,
    kind TEXT,
    member_id INTEGER,
    month INTEGER,
    searched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX searches_by_age ON searches (searched_at);

CREATE TABLE favourites (
    user_id INTEGER NOT NULL,
    job_id TEXT NOT NULL REFERENCES clips (job_id),
    kept_at INTEGER NOT NULL,
    CONSTRAINT a_clip_is_a_persons_favourite_once PRIMARY KEY (user_id, job_id)
) STRICT, WITHOUT ROWID;

-- Who has reacted to a clip with what, below its message or below that of the gallery.
CREATE TABLE reactions (
    job_id TEXT NOT NULL REFERENCES clips (job_id),
    message_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    emoji TEXT NOT NULL CHECK (length(emoji) BETWEEN 1 AND 64),
    CONSTRAINT a_reaction_counts_once PRIMARY KEY (message_id, user_id, emoji)
) STRICT, WITHOUT ROWID;

CREATE INDEX reactions_to_a_clip ON reactions (job_id, user_id);

-- How many people they are, written with the reactions.
CREATE TABLE stars (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES clips (job_id),
    guild_id INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX stars_of_a_guild ON stars (guild_id, count) WHERE count > 0;

CREATE INDEX jobs_by_the_message_of_their_clip ON jobs (clip_message_id) WHERE clip_message_id IS NOT NULL;

CREATE TABLE galleries (
    guild_id INTEGER NOT NULL PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    stars_min INTEGER NOT NULL CHECK (stars_min BETWEEN 1 AND 100)
) STRICT, WITHOUT ROWID;

-- A clip goes to its server's gallery at most once. `state` is what its message there shows.
CREATE TABLE gallery_posts (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES clips (job_id),
    channel_id INTEGER NOT NULL,
    state TEXT NOT NULL CONSTRAINT a_state_of_a_gallery_post_is_one_of_ours CHECK (
        state IN ('due', 'shown', 'hidden', 'gone', 'refused')),
    due_at INTEGER NOT NULL,
    tried_at INTEGER,
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    message_id INTEGER,
    CONSTRAINT a_shown_gallery_post_has_a_message CHECK (
        state NOT IN ('shown', 'hidden') OR message_id IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX gallery_posts_to_watch ON gallery_posts (state) WHERE state IN ('due', 'shown', 'hidden');
CREATE INDEX gallery_posts_by_message ON gallery_posts (message_id) WHERE message_id IS NOT NULL;
