-- The twin of sqlite/0004_pickles.sql.
CREATE TABLE pickles (
    content BIGINT NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    named BIGINT NOT NULL,
    verdict TEXT COLLATE "C",
    PRIMARY KEY (content, named)
);
