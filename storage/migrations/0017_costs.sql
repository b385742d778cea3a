-- What a job that ended without a clip has cost in truth, as its provider's bill says: the house had carried
-- its price, since nobody knew. The book has the money; here stands who said so, and how they know.
CREATE TABLE costs (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES jobs (id),
    carried_micros INTEGER NOT NULL CHECK (carried_micros >= 0),
    billed_micros INTEGER NOT NULL CONSTRAINT a_bill_is_not_negative CHECK (billed_micros >= 0),
    decided_by TEXT NOT NULL CHECK (length(decided_by) BETWEEN 1 AND 100),
    why TEXT NOT NULL CONSTRAINT a_cost_says_why CHECK (length(why) BETWEEN 1 AND 500),
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER a_cost_is_never_changed BEFORE UPDATE ON costs
BEGIN SELECT RAISE(ABORT, 'what a bill said stays on record'); END;
CREATE TRIGGER a_cost_is_never_deleted BEFORE DELETE ON costs
BEGIN SELECT RAISE(ABORT, 'what a bill said stays on record'); END;
