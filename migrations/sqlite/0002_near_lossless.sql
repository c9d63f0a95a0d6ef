-- What was done to a file before it was pushed, as its pusher says: its weights were rounded down to
-- multiples of 2^-bits. One row for each commit of such a file; revisions that keep the file keep the
-- row too.
CREATE TABLE near_lossless (
    id INTEGER PRIMARY KEY,
    repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    bits BIGINT NOT NULL,
    original BLOB NOT NULL,            -- the SHA-256 of the file as it was
    tensors TEXT NOT NULL              -- those that were changed, in the JSON of the API
);
CREATE INDEX near_lossless_repository ON near_lossless (repository);

ALTER TABLE revision_files ADD COLUMN near_lossless BIGINT REFERENCES near_lossless (id);
CREATE INDEX revision_files_near_lossless ON revision_files (near_lossless)
    WHERE near_lossless IS NOT NULL;
