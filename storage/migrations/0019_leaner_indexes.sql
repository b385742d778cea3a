-- What every order has to write is what orders wait for: a key that comes in no order costs a page of its own,
-- and each index a step. A person's jobs, and those in one server, stand together in one; a person's holds are
-- found by their jobs; the first take of an order by its id; a card that is stale in the worker's hands there.

DROP INDEX jobs_of_a_member;
DROP INDEX jobs_of_a_person;
DROP INDEX holds_of_a_person;
DROP INDEX jobs_of_an_order;
DROP INDEX jobs_with_a_stale_card;

CREATE INDEX jobs_of_a_member ON jobs (user_id, guild_id, created_at);
CREATE INDEX further_takes_of_an_order ON jobs (order_id) WHERE take > 1;
CREATE INDEX jobs_that_rest_with_a_stale_card ON jobs (id)
    WHERE card_rev < rev
          AND NOT (state = 'queued' OR state = 'submitting' OR state = 'uncertain' OR state = 'running'
                   OR state = 'rendered' OR state = 'stored');
