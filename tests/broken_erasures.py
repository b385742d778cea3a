"""What the tables of erasures refuse, and the narrow ways in which a person may leave rows that stand."""

SEED = (
    "INSERT INTO erasures VALUES ('e', 1001, 0)",
    "INSERT INTO erasure_steps (erasure_id, step, due_at) VALUES ('e', 'words', 0)",
)

BROKEN = [
    (
        "a_step_of_an_erasure_is_one_of_ours",
        "INSERT INTO erasure_steps (erasure_id, step, due_at) VALUES ('e', 'money', 0)",
    ),
    ("an_erasing_that_is_done_says_what_came_of_it", "UPDATE erasure_steps SET done_at = 1"),
    ("a grant is never changed but by being revoked, once", "UPDATE grants SET user_id = -5"),
    ("a grant is never changed but by being revoked, once", "UPDATE grants SET user_id = 5, reason = '…'"),
    ("a grant is never changed but by being revoked, once", "UPDATE grants SET reason = 'kinder words'"),
    ("what a moderator decided stands", "UPDATE reviews SET reason = 'kinder' WHERE id = 'done'"),
    (
        "what was agreed to, by whom and for which clip, never changes",
        "UPDATE characters SET name = '…', user_id = 5 WHERE id = 'made'",
    ),
    (
        "a removed character stays removed",
        "UPDATE characters SET name = '…', shared = 1 - shared WHERE id = 'gone'",
    ),
]

ALLOWED = [
    "UPDATE grants SET reason = '…'",
    "UPDATE grants SET user_id = -5, reason = '…'",
    "UPDATE reviews SET reason = '…' WHERE id = 'done'",
    "UPDATE characters SET name = '…'",
]
