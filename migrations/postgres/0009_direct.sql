-- Of what readers were given addresses in the bucket, which the servers did not send themselves.
ALTER TABLE repositories ADD COLUMN direct_raw BIGINT NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN direct_wire BIGINT NOT NULL DEFAULT 0;
