-- Rows are chained: each holds a hash of the row before and of its own values, so that a row that is changed, removed, swapped or put
-- in between shows. The rows so far are chained as they are (by the program, after these statements).
-- A row's kind may also be recovered, correction or reset.
ALTER TABLE ledger ADD COLUMN reference INTEGER;        -- the row that a correction corrects; the last row that a reset covers
ALTER TABLE ledger ADD COLUMN booked_ms INTEGER;        -- when a correction was made, whose time_ms is that of what it corrects
ALTER TABLE ledger ADD COLUMN hash BLOB CHECK (length(hash) = 32);

CREATE INDEX ledger_reference ON ledger (reference) WHERE reference IS NOT NULL;

-- A row of before gets its hash, once.
DROP TRIGGER ledger_no_update;
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger WHEN OLD.hash IS NOT NULL
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;

-- The end of the chain, kept by whoever writes rows, in the same transaction.
CREATE TABLE ledger_head (
  only          INTEGER PRIMARY KEY CHECK (only = 1),
  count         INTEGER NOT NULL,                         -- rows
  hash          BLOB    NOT NULL CHECK (length(hash) = 32), -- of the last row; zeros without one
  last_id       INTEGER NOT NULL,                         -- of the last row; 0 without one
  correction_id INTEGER NOT NULL                          -- of the last correction or reset; 0 without one
) STRICT;

-- What a balance holds that is in no row: with disable_spend_logs none is written.
ALTER TABLE balance ADD COLUMN unlogged_nano_usd INTEGER NOT NULL DEFAULT 0;
