-- What clips look like, as far as that was ever taken: JSON lists of looks, of each frame and of it in a mirror.
CREATE TABLE clip_looks (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES jobs (id),
    seen TEXT NOT NULL,
    mirrored TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Clips that look like one that was taken down, for its moderators to look at.
CREATE TABLE alike_clips (
    job_id TEXT NOT NULL REFERENCES takedowns (job_id),
    other_job_id TEXT NOT NULL REFERENCES jobs (id),
    PRIMARY KEY (job_id, other_job_id)
) STRICT, WITHOUT ROWID;
