-- The servers whose members may order at paid providers, and how much in a month. A server that is not
-- here may spend nothing: whoever invites the bot does not spend the operator's money.
CREATE TABLE guilds (
    guild_id INTEGER NOT NULL PRIMARY KEY,
    ceiling_monthly_micros INTEGER NOT NULL
        CONSTRAINT a_ceiling_is_not_negative CHECK (ceiling_monthly_micros >= 0),
    changed_at INTEGER NOT NULL
) STRICT;
