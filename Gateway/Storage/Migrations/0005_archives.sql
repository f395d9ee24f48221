-- Old months of the ledger lie in files of their own, whose rows come before those here: the chain goes through all of them.
CREATE TABLE archive (
  number   INTEGER PRIMARY KEY,                           -- from 1, in the order of the chain
  file     TEXT    NOT NULL UNIQUE,                       -- name of the file, beside the database
  until_ms INTEGER NOT NULL,                              -- end of its month, UTC; later attempts are in later files
  first_id INTEGER NOT NULL,
  last_id  INTEGER NOT NULL,                              -- of the rows that were moved; the file may hold more after a crash
  count    INTEGER NOT NULL,                              -- rows from the first of all to last_id
  hash     BLOB    NOT NULL CHECK (length(hash) = 32)     -- of last_id
) STRICT;

-- What was moved may be removed, and nothing else. What was moved stays moved.
DROP TRIGGER ledger_no_delete;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger WHEN OLD.id > coalesce((SELECT max(last_id) FROM archive), 0)
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER archive_no_delete BEFORE DELETE ON archive
BEGIN SELECT raise(ABORT, 'rows of the ledger stay archived'); END;
CREATE TRIGGER archive_only_grows BEFORE UPDATE ON archive WHEN NEW.last_id < OLD.last_id OR NEW.file <> OLD.file
BEGIN SELECT raise(ABORT, 'rows of the ledger stay archived'); END;

-- What the rows of an archive add up to, so that nobody need open it to know what was spent since the beginning.
CREATE TABLE archived_sum (
  archive  INTEGER NOT NULL REFERENCES archive (number),
  kind     INTEGER NOT NULL,                              -- of the subject, in the order of refusals, from the gateway, 0
  id       TEXT    NOT NULL,
  by_model INTEGER NOT NULL,                              -- 0: all models, of a user since the last reset
  model    TEXT    NOT NULL,                              -- the model group; empty where by_model is 0
  nano_usd INTEGER NOT NULL,
  PRIMARY KEY (archive, kind, id, by_model, model)
) STRICT, WITHOUT ROWID;

-- What of each balance comes from archived rows, resets included.
CREATE TABLE archived_balance (
  kind     TEXT    NOT NULL,
  id       TEXT    NOT NULL,
  nano_usd INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
