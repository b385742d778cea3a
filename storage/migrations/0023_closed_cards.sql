-- Cards that show an old state of an order at rest, since their place takes no edits of ours. They are looked at
-- again so many times, when their place may be open again.
CREATE TABLE closed_cards (
    order_id TEXT NOT NULL PRIMARY KEY REFERENCES jobs (id),
    channel_id INTEGER NOT NULL,
    tries INTEGER NOT NULL CONSTRAINT a_closed_card_was_tried CHECK (tries > 0),
    refused_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX closed_cards_by_time ON closed_cards (refused_at);

-- A clip that no channel took and that its member was sent by direct message, where nobody else can follow.
ALTER TABLE jobs ADD COLUMN clip_is_direct INTEGER NOT NULL DEFAULT 0
    CONSTRAINT a_clip_is_direct_or_not CHECK (clip_is_direct = 0 OR clip_is_direct = 1);
