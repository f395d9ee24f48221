-- How requests were decided: one row per answer, for some days. rowid is the order of writing, in which old rows are deleted.
CREATE TABLE decisions (
  id         TEXT    NOT NULL PRIMARY KEY,              -- x-gateway-decision
  created_at INTEGER NOT NULL,                          -- start of the request, Unix milliseconds, UTC
  key_id     TEXT,                                      -- as in the ledger; null: nobody was authenticated
  user_id    TEXT,
  status     INTEGER NOT NULL,                          -- what the client was sent
  document   TEXT    NOT NULL                           -- JSON; no prompt, no answer, no key
) STRICT;

-- Nobody's rows have a bound of their own, so that they cannot push out the others. In the order of rowid.
CREATE INDEX decisions_nobody ON decisions (key_id) WHERE key_id IS NULL;
