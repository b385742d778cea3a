"""What the tables of gates and reviews refuse: rows to begin with, and how each rule is broken."""

_REVIEW = """
    INSERT INTO reviews (id, gate, job_id, guild_id, channel_id, user_id, why, price_micros, needed, asked_at,
                         remind_at, expires_at)
    VALUES ('{}', '{}', '{}', 7, 30, 1001, '{}', 0, {}, 0, 0, 0)
"""
_RULES = "INSERT INTO review_rules VALUES (7, {}, 0, {}, {}, {}, NULL)"
_DECIDE = "UPDATE reviews SET decision = '{}', decided_by = {}, decided_at = 1, {} WHERE id = 'open'"

SEED = (
    _REVIEW.format("open", "rendering", "a", "all", 2),
    _REVIEW.format("done", "showing", "b", "all", 1),
    "UPDATE reviews SET decision = 'expired', decided_at = 1 WHERE id = 'done'",
)

BROKEN = [
    (
        "a_gate_is_before_rendering_or_before_showing",
        "INSERT INTO gates VALUES (7, 0, 'posting', 'all', 0)",
    ),
    ("a_gate_is_off_flagged_first_or_all", "INSERT INTO gates VALUES (7, 0, 'showing', 'some', 0)"),
    *(
        (
            "the_first_of_a_member_are_counted_where_they_wait",
            f"INSERT INTO gates VALUES (7, 0, 'showing', {mode_and_number})",
        )
        for mode_and_number in ("'first', 0", "'all', 3", "'first', 101", "'first', -1")
    ),
    ("a_price_for_two_is_not_negative", _RULES.format(-1, 60, 300, 300)),
    ("a_reminder_comes_within_a_week", _RULES.format(0, 59, 300, 300)),
    ("a_prompt_waits_at_most_a_week", _RULES.format(0, 60, 604_801, 300)),
    ("a_clip_waits_at_most_four_weeks", _RULES.format(0, 60, 300, 2_419_201)),
    ("a_review_is_at_one_of_the_gates", _REVIEW.format("r", "posting", "b", "all", 1)),
    ("a_review_has_one_of_our_causes", _REVIEW.format("r", "rendering", "b", "boredom", 1)),
    ("one_or_two_moderators_agree", _REVIEW.format("r", "rendering", "b", "all", 3)),
    ("reviews.job_id, reviews.gate", _REVIEW.format("r", "rendering", "a", "all", 1)),
    ("a_decision_is_one_of_ours", _DECIDE.format("perhaps", 5, "reason = 'x'")),
    ("a_decision_says_when", "UPDATE reviews SET decided_at = 1 WHERE id = 'open'"),
    (
        "a_moderator_decides_all_but_what_ends_by_itself",
        _DECIDE.format("denied", "NULL", "reason = 'x'"),
    ),
    ("a_moderator_decides_all_but_what_ends_by_itself", _DECIDE.format("expired", 5, "reason = 'x'")),
    (
        "a_moderator_decides_all_but_what_ends_by_itself",
        "UPDATE reviews SET decided_by = 5 WHERE id = 'open'",
    ),
    ("nobody_decides_on_their_own_order", _DECIDE.format("denied", 1001, "reason = 'x'")),
    *(
        ("a_refusal_says_why", _DECIDE.format(decision, 5, "reason = ''"))
        for decision in ("denied", "struck", "change")
    ),
    ("the_reason_of_a_decision_is_short", _DECIDE.format("denied", 5, "reason = printf('%.501c', 'a')")),
    ("a review is approved by as many as it needs", _DECIDE.format("approved", 5, "needed = 1")),
    (
        "what_is_published_is_a_clip_and_stays_paid",
        _REVIEW.replace("expires_at)", "expires_at, publishes)")
        .replace("0, 0, 0)", "0, 0, 0, 1)")
        .format("r", "rendering", "b", "all", 1),
    ),
    (
        "what_is_published_is_a_clip_and_stays_paid",
        _REVIEW.replace("expires_at)", "expires_at, publishes, refunded)")
        .replace("0, 0, 0)", "0, 0, 0, 1, 1)")
        .format("r", "showing", "b", "all", 1),
    ),
    (
        "what_is_approved_is_not_refunded",
        _REVIEW.replace("needed,", "needed, decision, decided_by, decided_at, refunded,")
        .replace("{}, 0, 0, 0)", "{}, 'approved', 5, 1, 1, 0, 0, 0)")
        .format("r", "rendering", "b", "all", 1),
    ),
    (
        "what_screening_forbids_is_not_approved",
        _REVIEW.replace("needed,", "needed, decision, decided_by, decided_at, forbidden,")
        .replace("{}, 0, 0, 0)", "{}, 'approved', 5, 1, 1, 0, 0, 0)")
        .format("r", "rendering", "b", "all", 1),
    ),
    ("a_posted_review_names_its_channel", "UPDATE reviews SET card_message_id = 9 WHERE id = 'open'"),
    *(
        ("what a moderator decided stands", f"UPDATE reviews SET {column} = NULL WHERE id = 'done'")
        for column in ("decision", "decided_by", "decided_at", "reason", "refunded", "spoiler")
    ),
    ("nobody agrees to their own order", "INSERT INTO approvals VALUES ('open', 1001, 0, 0)"),
]
