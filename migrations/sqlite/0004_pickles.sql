-- What the pickles in a file would do when loaded, as a scan of its bytes found. A file whose name says
-- that it is a pickle is judged more strictly. Bytes without pickles have a row without verdict, so that
-- they are not scanned again.
CREATE TABLE pickles (
    content BIGINT NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    named BIGINT NOT NULL,
    verdict TEXT,                      -- in the JSON of the API
    PRIMARY KEY (content, named)
) WITHOUT ROWID;
