-- What is written to the object store too, so that it alone is enough to make this catalog anew.
ALTER TABLE repositories ADD COLUMN uid BLOB;      -- 16 random bytes; given with the first record
ALTER TABLE repositories ADD COLUMN generation BIGINT NOT NULL DEFAULT 0; -- of its newest record
CREATE UNIQUE INDEX repositories_uid ON repositories (uid);

-- One row for each record that is in the object store or is to be: from the transaction that makes it
-- true until its object is deleted.
CREATE TABLE records (
    object_key TEXT PRIMARY KEY,
    repository BIGINT REFERENCES repositories (id) ON DELETE SET NULL,
    kind TEXT NOT NULL,                -- repository, deleted, branch, tag, unset or revision
    name TEXT,                         -- of a ref; empty for the repository; none for a revision
    revision BIGINT REFERENCES revisions (id) ON DELETE SET NULL, -- that it is, or points to
    generation BIGINT NOT NULL,
    state BIGINT NOT NULL              -- 0 to be written, 1 written, 2 to be deleted
);
CREATE INDEX records_repository ON records (repository, name);
CREATE INDEX records_revision ON records (revision);
CREATE INDEX records_open ON records (state) WHERE state <> 1;

-- Has a row while the catalog is made anew: nobody may serve it then.
CREATE TABLE rebuild (
    started_at BIGINT PRIMARY KEY
);
