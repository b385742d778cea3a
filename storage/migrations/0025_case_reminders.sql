-- Messages that remind those who decide of a reported clip's clock. They are taken away once it is decided.
CREATE TABLE case_reminders (
    message_id INTEGER NOT NULL PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    case_id INTEGER NOT NULL REFERENCES cases (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX reminders_of_a_case ON case_reminders (case_id);
