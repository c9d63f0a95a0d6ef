-- Times are microseconds since 1970, booleans 0 or 1, ids and hashes raw bytes.

CREATE TABLE repositories (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,          -- namespace/name in lower case
    namespace TEXT NOT NULL,           -- in lower case
    name TEXT NOT NULL,                -- namespace/name as created
    private BIGINT NOT NULL,
    deleted BIGINT NOT NULL DEFAULT 0, -- then the key is nobody's, and its rows go bit by bit
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    sent_raw BIGINT NOT NULL DEFAULT 0,
    sent_wire BIGINT NOT NULL DEFAULT 0
);

-- One row for each chunk that is stored, with the blob that holds it. It is there only once the
-- blob is durable, and goes before the blob does.
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    chunk BLOB NOT NULL UNIQUE,
    raw_len BIGINT NOT NULL,
    blob BLOB NOT NULL,
    object_key TEXT NOT NULL UNIQUE,
    stored_len BIGINT NOT NULL
);
CREATE INDEX chunks_blob ON chunks (blob);

-- Object keys that are being written, or were when a server died. Going live takes the row away;
-- what is left belongs to objects that no row names.
CREATE TABLE intents (
    object_key TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL
);

-- The bytes of a file, however many paths and revisions have it: found to have this SHA-256.
CREATE TABLE contents (
    id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL,
    list BLOB NOT NULL,                -- the BLAKE3 of the list of chunks
    size BIGINT NOT NULL,
    UNIQUE (sha256, list)
);

CREATE TABLE content_chunks (
    content BIGINT NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    start BIGINT NOT NULL,             -- where in the file
    chunk BIGINT NOT NULL REFERENCES chunks (id),
    PRIMARY KEY (content, start)
) WITHOUT ROWID;
CREATE INDEX content_chunks_chunk ON content_chunks (chunk);

CREATE TABLE revisions (
    id INTEGER PRIMARY KEY,
    repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    revision BLOB NOT NULL,
    parent BIGINT REFERENCES revisions (id),
    message TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    files BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    UNIQUE (repository, revision)
);
CREATE INDEX revisions_parent ON revisions (parent);

CREATE TABLE revision_files (
    revision BIGINT NOT NULL REFERENCES revisions (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    content BIGINT NOT NULL REFERENCES contents (id),
    PRIMARY KEY (revision, path)
) WITHOUT ROWID;
CREATE INDEX revision_files_content ON revision_files (content);

CREATE TABLE refs (
    repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    revision BIGINT NOT NULL REFERENCES revisions (id) ON DELETE CASCADE,
    PRIMARY KEY (repository, name)
);
CREATE INDEX refs_revision ON refs (revision);

CREATE TABLE uploads (
    id BLOB PRIMARY KEY,
    repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revision BIGINT REFERENCES revisions (id) ON DELETE CASCADE,
    error_code TEXT,
    error_message TEXT
);
CREATE INDEX uploads_repository ON uploads (repository);
CREATE INDEX uploads_revision ON uploads (revision);
CREATE INDEX uploads_expiry ON uploads (expires_at);

-- Keeps a chunk for an upload from when the client was told that it need not send it.
CREATE TABLE upload_pins (
    upload BLOB NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    chunk BIGINT NOT NULL REFERENCES chunks (id),
    PRIMARY KEY (upload, chunk)
) WITHOUT ROWID;
CREATE INDEX upload_pins_chunk ON upload_pins (chunk);

-- Commits that a server has promised to finish, whichever server that is then.
CREATE TABLE jobs (
    upload BLOB PRIMARY KEY REFERENCES uploads (id) ON DELETE CASCADE,
    payload TEXT NOT NULL,
    leased_until BIGINT NOT NULL,
    attempts BIGINT NOT NULL
);

CREATE TABLE tokens (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,         -- the BLAKE3 of the secret, which has 256 bits of its own
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
