-- What is to be done in the background, whichever server does it then: commits that were promised,
-- and anything else that takes long. A server of the version before goes on to work with its columns.
CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL DEFAULT 'commit',
    state TEXT NOT NULL DEFAULT 'queued',
    key TEXT UNIQUE,                   -- the same thing is there once; null for commits
    upload BLOB UNIQUE REFERENCES uploads (id) ON DELETE CASCADE, -- whose commit it is
    repository BIGINT REFERENCES repositories (id) ON DELETE CASCADE,
    what TEXT,                         -- for people
    payload TEXT NOT NULL,             -- what was asked, in JSON
    memory TEXT,                       -- what a later attempt goes on from, in JSON
    created_at BIGINT NOT NULL DEFAULT 0,
    not_before BIGINT NOT NULL DEFAULT 0,
    leased_until BIGINT,               -- while somebody works on it
    runner TEXT,                       -- who did so last
    attempts BIGINT NOT NULL DEFAULT 0, -- how often it was begun; tells a lease from an earlier one
    fruitless BIGINT NOT NULL DEFAULT 0, -- how often since it last got on
    started_at BIGINT,
    ended_at BIGINT,
    done BIGINT NOT NULL DEFAULT 0,
    total BIGINT NOT NULL DEFAULT 0,
    note TEXT,
    result TEXT,                       -- in the JSON of the API
    error_code TEXT,
    error_message TEXT
);
INSERT INTO queue (upload, payload, created_at, leased_until, attempts, fruitless)
    SELECT j.upload, j.payload, u.created_at, j.leased_until, j.attempts, j.attempts
    FROM jobs j JOIN uploads u ON u.id = j.upload;
DROP TABLE jobs;
ALTER TABLE queue RENAME TO jobs;
CREATE INDEX jobs_state ON jobs (kind, state);
CREATE INDEX jobs_repository ON jobs (repository) WHERE repository IS NOT NULL;

-- The most work that went into a chunk's blob, or was tried: 1 is fast, 2 default, 3 max.
ALTER TABLE chunks ADD COLUMN level BIGINT;

-- A blob that was replaced is kept for those who were told of it.
ALTER TABLE garbage ADD COLUMN not_before BIGINT NOT NULL DEFAULT 0;
ALTER TABLE garbage ADD COLUMN chunk BLOB;
ALTER TABLE garbage ADD COLUMN blob BLOB;
CREATE INDEX garbage_blob ON garbage (blob) WHERE blob IS NOT NULL;
