-- The twin of sqlite/0005_records.sql.
ALTER TABLE repositories ADD COLUMN uid BYTEA;
ALTER TABLE repositories ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX repositories_uid ON repositories (uid);

CREATE TABLE records (
    object_key TEXT COLLATE "C" PRIMARY KEY,
    repository BIGINT REFERENCES repositories (id) ON DELETE SET NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C",
    revision BIGINT REFERENCES revisions (id) ON DELETE SET NULL,
    generation BIGINT NOT NULL,
    state BIGINT NOT NULL
);
CREATE INDEX records_repository ON records (repository, name);
CREATE INDEX records_revision ON records (revision);
CREATE INDEX records_open ON records (state) WHERE state <> 1;

CREATE TABLE rebuild (
    started_at BIGINT PRIMARY KEY
);
