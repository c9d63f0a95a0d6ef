-- Which version of the scanner found it; 0 where that is not known. What an older one found is looked for again
-- when the bytes are put anew.
ALTER TABLE pickles ADD COLUMN scanner BIGINT NOT NULL DEFAULT 0;
