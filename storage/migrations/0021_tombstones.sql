-- What was deleted lately is noted beside the backups, so that none brings it back: found by its age.
CREATE INDEX removals_by_age ON removals (asked_at) WHERE step = 'clip_message';
CREATE INDEX erasures_by_age ON erasures (asked_at);
