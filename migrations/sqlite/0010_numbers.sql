-- no-transaction
-- A row's number is never another row's, also after the row is gone: a reader keeps the numbers of what
-- it reads, which may be deleted meanwhile. SQLite promises that to AUTOINCREMENT alone, which a table
-- has from when it is made. Keys are not looked at meanwhile: to drop a table would drop what points
-- to it. Done twice, it does no harm.
PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

CREATE TABLE new_repositories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    private BIGINT NOT NULL,
    deleted BIGINT NOT NULL DEFAULT 0,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    sent_raw BIGINT NOT NULL DEFAULT 0,
    sent_wire BIGINT NOT NULL DEFAULT 0,
    uid BLOB,
    generation BIGINT NOT NULL DEFAULT 0,
    direct_raw BIGINT NOT NULL DEFAULT 0,
    direct_wire BIGINT NOT NULL DEFAULT 0
);
INSERT INTO new_repositories SELECT id, key, namespace, name, private, deleted, description,
    created_at, updated_at, sent_raw, sent_wire, uid, generation, direct_raw, direct_wire FROM repositories;
DROP TABLE repositories;
ALTER TABLE new_repositories RENAME TO repositories;
CREATE UNIQUE INDEX repositories_uid ON repositories (uid);

CREATE TABLE new_chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chunk BLOB NOT NULL UNIQUE,
    raw_len BIGINT NOT NULL,
    blob BLOB NOT NULL,
    object_key TEXT NOT NULL UNIQUE,
    stored_len BIGINT NOT NULL,
    unused_since BIGINT,
    level BIGINT,
    damaged_since BIGINT
);
INSERT INTO new_chunks SELECT id, chunk, raw_len, blob, object_key, stored_len, unused_since, level,
    damaged_since FROM chunks;
DROP TABLE chunks;
ALTER TABLE new_chunks RENAME TO chunks;
CREATE INDEX chunks_blob ON chunks (blob);
CREATE INDEX chunks_unused ON chunks (unused_since) WHERE unused_since IS NOT NULL;
CREATE INDEX chunks_damaged ON chunks (damaged_since) WHERE damaged_since IS NOT NULL;

CREATE TABLE new_contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 BLOB NOT NULL,
    list BLOB NOT NULL,
    size BIGINT NOT NULL,
    UNIQUE (sha256, list)
);
INSERT INTO new_contents SELECT id, sha256, list, size FROM contents;
DROP TABLE contents;
ALTER TABLE new_contents RENAME TO contents;

CREATE TABLE new_revisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    revision BLOB NOT NULL,
    parent BIGINT REFERENCES revisions (id),
    message TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    files BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    unreachable_since BIGINT,
    UNIQUE (repository, revision)
);
INSERT INTO new_revisions SELECT id, repository, revision, parent, message, created_at, files, bytes,
    unreachable_since FROM revisions;
DROP TABLE revisions;
ALTER TABLE new_revisions RENAME TO revisions;
CREATE INDEX revisions_parent ON revisions (parent);
CREATE INDEX revisions_unreachable ON revisions (unreachable_since)
    WHERE unreachable_since IS NOT NULL;

CREATE TABLE new_near_lossless (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    bits BIGINT NOT NULL,
    original BLOB NOT NULL,
    tensors TEXT NOT NULL
);
INSERT INTO new_near_lossless SELECT id, repository, bits, original, tensors FROM near_lossless;
DROP TABLE near_lossless;
ALTER TABLE new_near_lossless RENAME TO near_lossless;
CREATE INDEX near_lossless_repository ON near_lossless (repository);

COMMIT;
PRAGMA foreign_keys = ON;
