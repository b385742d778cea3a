-- Two gates for each channel, and what waits at them for a moderator. Times are integers: microseconds since
-- 1970, UTC. Money is integers: micro-dollars.

-- Channel 0 is what holds in every channel of the server that has no row of its own.
CREATE TABLE gates (
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    gate TEXT NOT NULL CONSTRAINT a_gate_is_before_rendering_or_before_showing CHECK (
        gate IN ('rendering', 'showing')),
    mode TEXT NOT NULL CONSTRAINT a_gate_is_off_flagged_first_or_all CHECK (
        mode IN ('off', 'flagged', 'first', 'all')),
    first_n INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (guild_id, channel_id, gate),
    CONSTRAINT the_first_of_a_member_are_counted_where_they_wait CHECK (
        (mode = 'first') = (first_n > 0) AND first_n BETWEEN 0 AND 100)
) STRICT, WITHOUT ROWID;

-- How a server reviews. Who has no row reviews as the code says.
CREATE TABLE review_rules (
    guild_id INTEGER NOT NULL PRIMARY KEY,
    -- Above this price two moderators have to agree; NULL is never.
    two_above_micros INTEGER CONSTRAINT a_price_for_two_is_not_negative CHECK (two_above_micros >= 0),
    refunds INTEGER NOT NULL CHECK (refunds IN (0, 1)),
    remind_after_s INTEGER NOT NULL CONSTRAINT a_reminder_comes_within_a_week CHECK (
        remind_after_s BETWEEN 60 AND 604800),
    prompt_expires_s INTEGER NOT NULL CONSTRAINT a_prompt_waits_at_most_a_week CHECK (
        prompt_expires_s BETWEEN 300 AND 604800),
    clip_expires_s INTEGER NOT NULL CONSTRAINT a_clip_waits_at_most_four_weeks CHECK (
        clip_expires_s BETWEEN 300 AND 2419200),
    -- Whoever has this role is a moderator here; NULL is nobody but those who may manage messages.
    moderator_role_id INTEGER
) STRICT;

-- What screening would have had a moderator look at when an order was placed; its later gate asks it again.
CREATE TABLE findings (
    order_id TEXT NOT NULL PRIMARY KEY REFERENCES jobs (id),
    reasons TEXT NOT NULL,
    scores TEXT NOT NULL,
    forbidden INTEGER NOT NULL CHECK (forbidden IN (0, 1))
) STRICT, WITHOUT ROWID;

-- A review is of an order before it is rendered (`job_id` is its first take's), or of one clip before it is
-- shown. `price_micros` is of all that is decided with it. A clip that its member alone has seen and wants to
-- publish waits where it is (`publishes`): no decision moves its money.
CREATE TABLE reviews (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 20),
    gate TEXT NOT NULL CONSTRAINT a_review_is_at_one_of_the_gates CHECK (gate IN ('rendering', 'showing')),
    job_id TEXT NOT NULL REFERENCES jobs (id),
    guild_id INTEGER NOT NULL,
    -- The channel whose gate it is.
    channel_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    why TEXT NOT NULL CONSTRAINT a_review_has_one_of_our_causes CHECK (
        why IN ('all', 'first', 'flagged', 'probation')),
    reasons TEXT NOT NULL DEFAULT '[]',
    scores TEXT NOT NULL DEFAULT '{}',
    -- Screening's last word: moderators can deny it, and nothing else.
    forbidden INTEGER NOT NULL DEFAULT 0 CHECK (forbidden IN (0, 1)),
    price_micros INTEGER NOT NULL CHECK (price_micros >= 0),
    -- So many moderators have to agree.
    needed INTEGER NOT NULL CONSTRAINT one_or_two_moderators_agree CHECK (needed IN (1, 2)),
    asked_at INTEGER NOT NULL,
    remind_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    reminded_at INTEGER,
    assigned_to INTEGER,
    rev INTEGER NOT NULL DEFAULT 0,
    decision TEXT CONSTRAINT a_decision_is_one_of_ours CHECK (
        decision IN ('approved', 'denied', 'struck', 'change', 'expired', 'withdrawn')),
    decided_by INTEGER,
    decided_at INTEGER,
    reason TEXT NOT NULL DEFAULT '' CONSTRAINT the_reason_of_a_decision_is_short CHECK (length(reason) <= 500),
    spoiler INTEGER NOT NULL DEFAULT 0 CHECK (spoiler IN (0, 1)),
    refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded IN (0, 1)),
    publishes INTEGER NOT NULL DEFAULT 0 CHECK (publishes IN (0, 1)),
    card_channel_id INTEGER,
    card_message_id INTEGER,
    card_tried_at INTEGER,
    card_rev INTEGER NOT NULL DEFAULT -1,
    CONSTRAINT a_decision_says_when CHECK ((decision IS NULL) = (decided_at IS NULL)),
    CONSTRAINT a_moderator_decides_all_but_what_ends_by_itself CHECK (
        coalesce(decision IN ('approved', 'denied', 'struck', 'change'), 0) = (decided_by IS NOT NULL)),
    CONSTRAINT nobody_decides_on_their_own_order CHECK (decided_by IS NULL OR decided_by <> user_id),
    CONSTRAINT a_refusal_says_why CHECK (
        decision IS NULL OR decision NOT IN ('denied', 'struck', 'change') OR reason <> ''),
    CONSTRAINT what_screening_forbids_is_not_approved CHECK (decision IS NOT 'approved' OR forbidden = 0),
    CONSTRAINT what_is_published_is_a_clip_and_stays_paid CHECK (
        publishes = 0 OR gate = 'showing' AND refunded = 0),
    CONSTRAINT what_is_approved_is_not_refunded CHECK (decision IS NOT 'approved' OR refunded = 0),
    CONSTRAINT a_posted_review_names_its_channel CHECK (card_message_id IS NULL OR card_channel_id IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- What nobody looked at, or was taken back, may be asked for once more.
CREATE UNIQUE INDEX one_review_of_a_job_at_a_gate ON reviews (job_id, gate)
    WHERE decision IS NULL OR decision NOT IN ('expired', 'withdrawn');
CREATE INDEX reviews_of_a_job ON reviews (job_id, gate, asked_at);
CREATE INDEX reviews_to_publish ON reviews (decided_at) WHERE publishes = 1 AND decision = 'approved';
CREATE INDEX reviews_that_wait ON reviews (guild_id, asked_at) WHERE decision IS NULL;
CREATE INDEX reviews_by_their_end ON reviews (expires_at) WHERE decision IS NULL;
CREATE INDEX reviews_with_a_stale_card ON reviews (asked_at) WHERE card_rev < rev;
CREATE INDEX reviews_of_a_member ON reviews (guild_id, user_id, asked_at);

-- Who has agreed; one person agrees once.
CREATE TABLE approvals (
    review_id TEXT NOT NULL REFERENCES reviews (id),
    moderator_id INTEGER NOT NULL,
    spoiler INTEGER NOT NULL CHECK (spoiler IN (0, 1)),
    at INTEGER NOT NULL,
    PRIMARY KEY (review_id, moderator_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER a_decision_stands BEFORE UPDATE OF decision, decided_by, decided_at, reason, refunded, spoiler
ON reviews WHEN OLD.decision IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'what a moderator decided stands'); END;

CREATE TRIGGER enough_moderators_have_agreed BEFORE UPDATE OF decision ON reviews
WHEN NEW.decision = 'approved'
    AND (SELECT count(*) FROM approvals WHERE review_id = NEW.id) < NEW.needed
BEGIN SELECT RAISE(ABORT, 'a review is approved by as many as it needs'); END;

CREATE TRIGGER nobody_agrees_to_their_own_order BEFORE INSERT ON approvals
WHEN NEW.moderator_id = (SELECT user_id FROM reviews WHERE id = NEW.review_id)
BEGIN SELECT RAISE(ABORT, 'nobody agrees to their own order'); END;
