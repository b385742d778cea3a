-- When a submission was last sent again under its key, to find out whether it had arrived. Written before the call.
ALTER TABLE attempts ADD COLUMN sent_again_at INTEGER;
