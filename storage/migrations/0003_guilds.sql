-- Budgets: what may be spent in a period, and every change of them. `guild_id` is 0 for what holds
-- everywhere. A guild without a `ceiling` may spend nothing at paid providers: whoever invites the bot does
-- not spend the operator's money.

CREATE TABLE budgets (
    guild_id INTEGER NOT NULL,
    scope TEXT NOT NULL CONSTRAINT a_budget_is_of_a_scope_of_ours CHECK (
        scope IN ('installation', 'ceiling', 'guild', 'channel', 'role', 'member', 'default')),
    -- The channel's, role's or user's.
    scope_id INTEGER NOT NULL,
    period TEXT NOT NULL CHECK (period IN ('day', 'week', 'month', 'total')),
    limit_micros INTEGER NOT NULL CONSTRAINT a_limit_is_not_negative CHECK (limit_micros >= 0),
    -- 0 is the operator's shell.
    set_by INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (guild_id, scope, scope_id, period),
    CONSTRAINT a_budget_stands_where_its_scope_is CHECK (
        scope = 'default' OR scope = 'ceiling' OR (guild_id = 0) = (scope = 'installation')),
    CONSTRAINT a_budget_names_whose_it_is CHECK (
        (scope_id = 0) = (scope IN ('installation', 'ceiling', 'guild', 'default')))
) STRICT, WITHOUT ROWID;

-- How a guild spends: its calendar, the most that one order may cost, and how many may be on their way.
CREATE TABLE spending_rules (
    guild_id INTEGER NOT NULL PRIMARY KEY,
    time_zone TEXT NOT NULL DEFAULT 'UTC',
    order_max_micros INTEGER CONSTRAINT a_price_cap_is_not_negative CHECK (order_max_micros >= 0),
    member_in_flight_max INTEGER CHECK (member_in_flight_max >= 0),
    guild_in_flight_max INTEGER CHECK (guild_in_flight_max >= 0)
) STRICT;

-- Append-only. `what` is a scope of `budgets`, a column of `spending_rules`, `grant` or `revoke`; `was` and
-- `now` are its values, NULL where there was or is none.
CREATE TABLE budget_changes (
    id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    what TEXT NOT NULL,
    scope_id INTEGER NOT NULL,
    period TEXT,
    was TEXT,
    now TEXT,
    changed_by INTEGER NOT NULL,
    reason TEXT NOT NULL CONSTRAINT a_reason_is_short CHECK (length(reason) <= 500),
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX budget_changes_of_a_guild ON budget_changes (guild_id, id);

CREATE TRIGGER a_change_is_never_changed BEFORE UPDATE ON budget_changes
BEGIN SELECT RAISE(ABORT, 'the record of changes is append-only'); END;
CREATE TRIGGER a_change_is_never_deleted BEFORE DELETE ON budget_changes
BEGIN SELECT RAISE(ABORT, 'the record of changes is append-only'); END;
