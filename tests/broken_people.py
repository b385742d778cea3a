"""What the tables of pauses, people and consent refuse: rows to begin with, and how each rule is broken."""

SEED = (
    "INSERT INTO pauses VALUES (1, 7, 30, 5, 0, 5, 1)",
    "INSERT INTO sanctions VALUES ('s1', 7, 1001, 'block', 'spam', 5, NULL, 0, NULL, 6, 1)",
    "INSERT INTO sanctions VALUES ('s2', 7, 1001, 'strike', 'spam', 5, NULL, 0, 9, NULL, NULL)",
    "INSERT INTO appeals VALUES ('s1', 'it was not me', 0, NULL, 6, 1, 1)",
    "INSERT INTO consents VALUES ('c1', 7, 1001, 'agreed', 1, printf('%064d', 0), 0)",
    "INSERT INTO consents_withdrawn VALUES (7, 1001, 0)",
)

_SANCTION = "INSERT INTO sanctions VALUES ('s9', {}, 1001, '{}', '{}', 5, NULL, 5, {}, {}, {})"
_RULES = "INSERT INTO channel_rules (guild_id, channel_id, {}) VALUES (7, 30, {})"
_ASK = "INSERT INTO remix_asks VALUES ('r1', 7, 30, 'b', {}, 1002, 0, 9, NULL, NULL, {}, {})"

BROKEN = [
    ("a_pause_ends_once_and_says_by_whom", "INSERT INTO pauses VALUES (2, 7, 30, 5, 0, 5, NULL)"),
    ("a pause ends once", "UPDATE pauses SET resumed_by = 9"),
    ("a pause is never deleted", "DELETE FROM pauses"),
    ("pictures_of_people_are_off_own_or_all", _RULES.format("people", "'some'")),
    ("remixes_of_others_are_off_asked_or_on", _RULES.format("remix", "'some'")),
    ("quiet_hours_begin_and_end", _RULES.format("quiet_from", "60")),
    ("a_measure_is_one_of_ours", _SANCTION.format(7, "spanking", "", "NULL", "NULL", "NULL")),
    (
        "a_reason_of_a_sanction_is_short",
        _SANCTION.format(7, "block", "x" * 501, "NULL", "NULL", "NULL"),
    ),
    ("a_sanction_is_lifted_by_somebody", _SANCTION.format(7, "block", "", "NULL", 6, "NULL")),
    ("a_cooldown_and_a_strike_end", _SANCTION.format(7, "strike", "", "NULL", "NULL", "NULL")),
    ("a_sanction_ends_after_it_began", _SANCTION.format(7, "block", "", 5, "NULL", "NULL")),
    ("what_holds_everywhere_is_a_block", _SANCTION.format(0, "probation", "", "NULL", "NULL", "NULL")),
    *(
        ("a sanction changes only by being lifted", f"UPDATE sanctions SET {change}")
        for change in (
            "lifted_at = 5 WHERE id = 's1'",
            "lifted_by = 5 WHERE id = 's1'",
            "until = 8 WHERE id = 's2'",
            "user_id = 5 WHERE id = 's2'",
            "guild_id = 8 WHERE id = 's2'",
            "measure = 'block' WHERE id = 's2'",
            "by_id = 8 WHERE id = 's2'",
            "at = 8 WHERE id = 's2'",
        )
    ),
    ("a sanction is never deleted", "DELETE FROM sanctions WHERE id = 's2'"),
    ("an_appeal_says_something", "INSERT INTO appeals VALUES ('s2', '', 0, NULL, NULL, NULL, NULL)"),
    ("an_appeal_is_decided_by_somebody", "INSERT INTO appeals VALUES ('s2', 'x', 0, NULL, 5, NULL, NULL)"),
    ("an_appeal_is_decided_by_somebody", "INSERT INTO appeals VALUES ('s2', 'x', 0, NULL, 5, 6, NULL)"),
    ("an appeal is decided once", "UPDATE appeals SET granted = 0"),
    ("an appeal is decided once", "UPDATE appeals SET decided_by = 7"),
    (
        "an_objection_is_to_being_depicted_or_remixed",
        "INSERT INTO objections VALUES (7, 1001, 'drawn', 0)",
    ),
    ("a_name_is_short", "INSERT INTO objected_names VALUES (7, 1001, '')"),
    (
        "a_consent_says_who_is_seen",
        "INSERT INTO consents VALUES ('c2', 7, 1001, 'perhaps', 1, printf('%064d', 0), 0)",
    ),
    (
        "a_consent_is_to_words",
        "INSERT INTO consents VALUES ('c2', 7, 1001, 'agreed', 0, printf('%064d', 0), 0)",
    ),
    ("what was agreed to stays as it was", "UPDATE consents SET text_version = 2"),
    ("what was taken back stays so", "UPDATE consents_withdrawn SET at = 1"),
    ("what was taken back is never deleted", "DELETE FROM consents_withdrawn"),
    ("nobody_asks_themselves", _ASK.format(1002, "NULL", "NULL")),
    ("an_answer_is_yes_or_no", _ASK.format(1001, 3, "NULL")),
]
