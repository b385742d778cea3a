"""What the tables of screening refuse, and how each rule is broken."""

_RULE = "INSERT INTO word_rules VALUES (7, {}, {}, {}, 5, 0)"

BROKEN = [
    ("a_phrase_has_letters_and_is_short", _RULE.format("''", "''", "'block'")),
    ("a_phrase_has_letters_and_is_short", _RULE.format("printf('%066d', 0)", "''", "'block'")),
    ("a_second_phrase_is_short", _RULE.format("'a'", "printf('%066d', 0)", "'block'")),
    ("a_rule_blocks_queues_or_allows", _RULE.format("'a'", "''", "'warn'")),
    ("two_words_together_are_not_allowed", _RULE.format("'a'", "'b'", "'allow'")),
    ("a_digest_is_of_sha256", "INSERT INTO rulings VALUES (x'00', '{}', 0)"),
    ("scores_are_an_object", "INSERT INTO rulings VALUES (zeroblob(32), '[]', 0)"),
]
