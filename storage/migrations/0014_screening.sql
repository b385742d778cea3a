-- What servers screen for, and what a classifier said. No prompt and no picture is kept here.

-- A rule of a server's own list. `phrase` and `beside` are folded as they are looked for; `beside` is '' but
-- where a rule is of two words together.
CREATE TABLE word_rules (
    guild_id INTEGER NOT NULL,
    phrase TEXT NOT NULL CONSTRAINT a_phrase_has_letters_and_is_short CHECK (length(phrase) BETWEEN 1 AND 65),
    beside TEXT NOT NULL DEFAULT '' CONSTRAINT a_second_phrase_is_short CHECK (length(beside) <= 65),
    action TEXT NOT NULL CONSTRAINT a_rule_blocks_queues_or_allows CHECK (
        action = 'block' OR action = 'queue' OR action = 'allow'),
    added_by INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (guild_id, phrase, beside),
    CONSTRAINT two_words_together_are_not_allowed CHECK (action <> 'allow' OR beside = '')
) STRICT, WITHOUT ROWID;

-- Grows with every change of a server's list, so that whoever made it ready knows when to do so again.
CREATE TABLE word_lists (
    guild_id INTEGER NOT NULL PRIMARY KEY,
    rev INTEGER NOT NULL
) STRICT;

-- Scores of a classifier, by a hash of its snapshot and of what it looked at.
CREATE TABLE rulings (
    digest BLOB NOT NULL PRIMARY KEY CONSTRAINT a_digest_is_of_sha256 CHECK (length(digest) = 32),
    scores TEXT NOT NULL CONSTRAINT scores_are_an_object CHECK (json_type(scores) = 'object'),
    ruled_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX rulings_by_age ON rulings (ruled_at);
