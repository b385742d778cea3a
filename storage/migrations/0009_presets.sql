-- Presets that managers save, and sheets: what a member is filling in, kept between a form and its quote.

-- A style and its settings, for a channel, or where `channel_id` is 0 for the whole server. NULL and '' are
-- what it leaves open.
CREATE TABLE presets (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 20),
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    name TEXT NOT NULL CONSTRAINT a_name_is_short CHECK (length(name) BETWEEN 1 AND 40),
    -- The name as it is compared: `Noir` and `noir` are one preset.
    name_key TEXT NOT NULL,
    model TEXT,
    resolution TEXT,
    aspect_ratio TEXT,
    duration_s INTEGER,
    prefix TEXT NOT NULL CONSTRAINT a_prefix_is_not_long CHECK (length(prefix) <= 1000),
    suffix TEXT NOT NULL CONSTRAINT a_suffix_is_not_long CHECK (length(suffix) <= 1000),
    saved_by INTEGER NOT NULL,
    saved_at INTEGER NOT NULL,
    CONSTRAINT a_place_has_one_preset_of_a_name UNIQUE (guild_id, channel_id, name_key)
) STRICT, WITHOUT ROWID;

-- The preset that a channel's orders take where they name none.
CREATE TABLE preset_defaults (
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    preset_id TEXT NOT NULL REFERENCES presets (id) ON DELETE CASCADE,
    set_by INTEGER NOT NULL,
    set_at INTEGER NOT NULL,
    PRIMARY KEY (guild_id, channel_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX defaults_of_a_preset ON preset_defaults (preset_id);

-- `asked` is the order as it was typed, `parts` what stands in the form, `quote_id` its newest quote, and
-- `interaction_id` what that quote answers. Kept for a day.
CREATE TABLE sheets (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 20),
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    asked TEXT NOT NULL,
    parts TEXT NOT NULL,
    quote_id TEXT,
    interaction_id INTEGER,
    opened_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sheets_by_age ON sheets (opened_at);
