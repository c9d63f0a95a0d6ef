-- The twin of sqlite/0003_collection.sql.
ALTER TABLE revisions ADD COLUMN unreachable_since BIGINT;
CREATE INDEX revisions_unreachable ON revisions (unreachable_since)
    WHERE unreachable_since IS NOT NULL;
ALTER TABLE chunks ADD COLUMN unused_since BIGINT;
CREATE INDEX chunks_unused ON chunks (unused_since) WHERE unused_since IS NOT NULL;

CREATE TABLE garbage (
    object_key TEXT COLLATE "C" PRIMARY KEY,
    stored_len BIGINT NOT NULL
);
