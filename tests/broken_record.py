"""What the tables of the record, of cases and take-downs refuse: rows first, and how each rule is broken."""

_ACT = "INSERT INTO acts VALUES ({}, 0, {}, 5, 7, {}, {}, {}, {})"
_FIRST, _ZEROS = "printf('%064d', 1)", "printf('%064d', 0)"
_ACT_CHANNEL = "INSERT INTO act_channels VALUES (7, 31, 5, 0, 4, {}, NULL)"
_CASE = "INSERT INTO cases (job_id, guild_id, reason, opened_at, {}) VALUES ('b', 7, '{}', 0, {})"
_HASH = "INSERT INTO blocked_hashes VALUES ({}, 7, {}, '{}', 'b', 0, NULL)"

SEED = (
    _ACT.format(1, "'clip.shown'", "'job:a'", "'{}'", _ZEROS, _FIRST),
    "INSERT INTO cases VALUES (1, 'b', 7, 'other', 0, NULL, NULL, NULL, NULL, 1, 5, 'dismissed')",
    "INSERT INTO cases VALUES (2, 'b', 7, 'minor', 0, 9, NULL, NULL, NULL, NULL, NULL, NULL)",
    _HASH.format(1, _FIRST, "clip"),
)

BROKEN = [
    ("a_verb_is_a_short_code", _ACT.format(2, "'Did it'", "'job:b'", "'{}'", _FIRST, _ZEROS)),
    *(
        ("a_subject_is_a_kind_and_an_id", _ACT.format(2, "'clip.shown'", subject, "'{}'", _FIRST, _ZEROS))
        for subject in ("'a paper boat'", "'job:a boat'", "':b'", "'job:'")
    ),
    (
        "a_detail_is_short",
        _ACT.format(2, "'clip.shown'", "'job:b'", "printf('%.1001c', 'a')", _FIRST, _ZEROS),
    ),
    ("a_hash_of_an_act_is_sha256", _ACT.format(2, "'clip.shown'", "'job:b'", "'{}'", _FIRST, "'abc'")),
    ("an act follows the one before it", _ACT.format(3, "'clip.shown'", "'job:b'", "'{}'", _FIRST, _ZEROS)),
    ("an act follows the one before it", _ACT.format(2, "'clip.shown'", "'job:b'", "'{}'", _ZEROS, _ZEROS)),
    ("the record of acts is append-only", "UPDATE acts SET actor_id = 6"),
    ("the record of acts is append-only", "DELETE FROM acts"),
    ("an act follows the one before it", "INSERT OR REPLACE INTO acts SELECT * FROM acts"),
    ("a_try_to_show_acts_is_whole", _ACT_CHANNEL.format("5, NULL")),
    ("acts_are_shown_in_order", _ACT_CHANNEL.format("4, 1")),
    ("a_case_is_of_a_reason_of_ours", _CASE.format("due_at", "dull", "NULL")),
    (
        "an_outcome_is_one_of_ours",
        "UPDATE cases SET decided_at = 1, decided_by = 5, outcome = 'x' WHERE id = 2",
    ),
    ("a_decision_is_whole", "UPDATE cases SET decided_at = 1 WHERE id = 2"),
    ("a_decision_is_whole", "UPDATE cases SET outcome = 'dismissed', decided_at = 1 WHERE id = 2"),
    ("what_is_unseen_was_hidden", "UPDATE cases SET unseen_at = 1 WHERE id = 2"),
    ("cases.job_id", _CASE.format("due_at", "other", "NULL")),
    (
        "a case is dismissed, or its clip taken down, once",
        "UPDATE cases SET outcome = 'taken_down' WHERE id = 1",
    ),
    ("a case is never deleted", "DELETE FROM cases"),
    (
        "counts IN (0, 1)",
        "INSERT INTO reports VALUES ('r', 'b', 7, 5, 'other', '', 0, 0, NULL, NULL, NULL, 2, 2, 0)",
    ),
    (
        "alone IN (0, 1)",
        "INSERT INTO reports VALUES ('r', 'b', 7, 5, 'other', '', 0, 0, NULL, NULL, NULL, 2, 1, 2)",
    ),
    ("a_clip_is_hidden_by_one_to_fifty", "INSERT INTO report_rules VALUES (7, 0)"),
    ("a_clip_is_hidden_by_one_to_fifty", "INSERT INTO report_rules VALUES (7, 51)"),
    ("a_cause_is_one_of_ours", "INSERT INTO takedowns VALUES ('b', 7, 'dull', 5, 0, NULL)"),
    ("a_blocked_hash_is_sha256", _HASH.format(2, "'abc'", "clip")),
    ("a_picture_or_a_clip_is_blocked", _HASH.format(2, _ZEROS, "song")),
    ("blocked_hashes.guild_id, blocked_hashes.sha256", _HASH.format(2, _FIRST, "clip")),
    ("a_look_is_two_hashes", "INSERT INTO blocked_looks VALUES (1, 0, 'abc')"),
    ("a_look_is_two_hashes", "INSERT INTO blocked_looks VALUES (1, 0, printf('%.32c', 'z'))"),
]
