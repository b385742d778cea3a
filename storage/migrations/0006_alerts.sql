-- What a server's managers are told about its money, by itself: warnings and monthly statements. Times are
-- integers: microseconds since 1970, UTC; days are days since 1970.

CREATE TABLE alert_channels (
    guild_id INTEGER NOT NULL PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    chosen_by INTEGER NOT NULL,
    chosen_at INTEGER NOT NULL,
    -- The first day of the first month that gets a statement: the one in which alerts were first asked for.
    stated_from INTEGER NOT NULL
) STRICT;

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    kind TEXT NOT NULL CONSTRAINT an_alert_is_a_warning_or_a_statement CHECK (
        kind IN ('warning', 'statement')),
    -- Whose limit it is about, as in `budgets`; a statement is about the guild's month.
    scope TEXT NOT NULL CONSTRAINT an_alert_is_about_a_pool_or_a_member CHECK (
        scope IN ('ceiling', 'guild', 'channel', 'member')),
    scope_id INTEGER NOT NULL,
    period TEXT NOT NULL CHECK (period IN ('day', 'week', 'month', 'total')),
    starts_on INTEGER NOT NULL,
    limit_micros INTEGER NOT NULL CHECK (limit_micros >= 0),
    percent INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100),
    used_micros INTEGER NOT NULL,
    at INTEGER NOT NULL,
    tried_at INTEGER,
    channel_id INTEGER,
    told_at INTEGER,
    -- `posted`, or a code that says why not.
    told_how TEXT,
    message_id INTEGER,
    -- A limit that was changed is another limit: its thresholds are reached anew.
    CONSTRAINT an_alert_is_given_once UNIQUE (
        guild_id, kind, scope, scope_id, period, starts_on, limit_micros, percent),
    CONSTRAINT a_try_names_its_channel CHECK ((tried_at IS NULL) = (channel_id IS NULL)),
    CONSTRAINT an_alert_that_is_done_says_how CHECK ((told_at IS NULL) = (told_how IS NULL)),
    CONSTRAINT a_posted_alert_has_a_message CHECK ((message_id IS NULL) = (told_how IS NOT 'posted')),
    CONSTRAINT a_statement_is_of_a_month CHECK (
        kind = 'warning' OR (scope = 'guild' AND period = 'month' AND percent = 0 AND limit_micros = 0))
) STRICT;

CREATE INDEX alerts_untold ON alerts (id) WHERE told_at IS NULL;
