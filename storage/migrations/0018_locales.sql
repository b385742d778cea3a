-- In which language its member reads: for what they alone are shown, and in servers that have chosen none.
-- Orders of before have none, and are shown in English there.
ALTER TABLE jobs ADD COLUMN locale TEXT
    CONSTRAINT a_locale_is_a_short_name CHECK (locale IS NULL OR length(locale) BETWEEN 2 AND 10);
