-- Since when nothing has held a row: a collection notes it, and a later one takes the row once it has
-- been so for long enough.
ALTER TABLE revisions ADD COLUMN unreachable_since BIGINT; -- no ref reaches it
CREATE INDEX revisions_unreachable ON revisions (unreachable_since)
    WHERE unreachable_since IS NOT NULL;
ALTER TABLE chunks ADD COLUMN unused_since BIGINT;         -- in no file, pinned by no upload
CREATE INDEX chunks_unused ON chunks (unused_since) WHERE unused_since IS NOT NULL;

-- Objects that no row names any more and that are being deleted: a key is here from the transaction
-- that took its row away until the object is gone.
CREATE TABLE garbage (
    object_key TEXT PRIMARY KEY,
    stored_len BIGINT NOT NULL         -- 0 where it is not known
);
