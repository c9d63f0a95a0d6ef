-- Since when a chunk's blob is known to be damaged. To whoever would push the chunk it is missing then,
-- and what is pushed takes its place.
ALTER TABLE chunks ADD COLUMN damaged_since BIGINT;
CREATE INDEX chunks_damaged ON chunks (damaged_since) WHERE damaged_since IS NOT NULL;
