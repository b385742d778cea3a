-- Whether what a member gave moved: of such a picture the first frame alone is kept, which its quotes say.
ALTER TABLE pictures ADD COLUMN was_animated INTEGER NOT NULL DEFAULT 0
    CONSTRAINT a_picture_was_animated_or_not CHECK (was_animated = 0 OR was_animated = 1);
