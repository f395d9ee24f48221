-- What was spent: one row per attempt, in the order of writing. Rows are never changed; a correction is a row of its own.
CREATE TABLE ledger (
  id                      INTEGER PRIMARY KEY,
  time_ms                 INTEGER NOT NULL,             -- start of the attempt, Unix milliseconds, UTC
  exchange_id             TEXT    NOT NULL,             -- x-litellm-call-id
  attempt                 INTEGER NOT NULL,             -- 1 for the first attempt of an exchange
  kind                    TEXT    NOT NULL,             -- first, retry, fallback
  key_id                  TEXT    NOT NULL,             -- SHA-256 of the key, lower-case hex; empty without keys
  key_alias               TEXT,
  user_id                 TEXT    NOT NULL,
  team_id                 TEXT,
  end_user                TEXT,
  tags                    TEXT,                         -- JSON array
  route                   TEXT    NOT NULL,
  requested_model         TEXT,                         -- what the client named
  model_group             TEXT    NOT NULL,             -- the public name that served
  deployment_id           TEXT    NOT NULL,
  provider                TEXT    NOT NULL,
  model                   TEXT    NOT NULL,
  dialect                 TEXT,                         -- null: OpenAI's
  status                  INTEGER NOT NULL,             -- of the upstream; 0: not reached
  exception_class         TEXT,                         -- null: succeeded
  input_tokens            INTEGER NOT NULL,             -- the buckets are disjoint: each token is in exactly one
  cached_read_tokens      INTEGER NOT NULL,
  cache_write_tokens      INTEGER NOT NULL,
  cache_write_hour_tokens INTEGER NOT NULL,
  input_audio_tokens      INTEGER NOT NULL,
  output_tokens           INTEGER NOT NULL,
  reasoning_tokens        INTEGER NOT NULL,
  output_audio_tokens     INTEGER NOT NULL,
  raw_usage               TEXT,                         -- the provider's usage object, JSON
  price_id                TEXT,                         -- null: the price is unknown
  cost_nano_usd           INTEGER NOT NULL,
  latency_ms              INTEGER NOT NULL,
  ttft_ms                 INTEGER,                      -- null: no stream, or no event came
  is_estimated            INTEGER NOT NULL,
  is_stream               INTEGER NOT NULL,
  decision_id             TEXT,
  prompt_tokens           INTEGER GENERATED ALWAYS AS
    (input_tokens + cached_read_tokens + cache_write_tokens + cache_write_hour_tokens + input_audio_tokens) VIRTUAL,
  completion_tokens       INTEGER GENERATED ALWAYS AS (output_tokens + reasoning_tokens + output_audio_tokens) VIRTUAL
) STRICT;

CREATE INDEX ledger_time ON ledger (time_ms);

CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;

-- Sums of the ledger, so that a start need not read millions of rows. The writer adds up each group of rows and writes one sum per
-- subject and group, in the transaction of the rows; who adds a row by hand adds to the balance, too.
CREATE TABLE balance (
  kind           TEXT    NOT NULL,                      -- user, key, team
  id             TEXT    NOT NULL,
  spent_nano_usd INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- Keys that the gateway minted itself; of a key only its hash is kept.
CREATE TABLE keys (
  hash       TEXT    NOT NULL PRIMARY KEY,              -- SHA-256 of the key, lower-case hex, as in LiteLLM
  hint       TEXT    NOT NULL,                          -- for people: sk-...abcd
  user_id    TEXT    NOT NULL,
  created_at INTEGER NOT NULL,                          -- Unix milliseconds, UTC
  revoked_at INTEGER                                    -- null: valid
) STRICT, WITHOUT ROWID;

CREATE INDEX keys_user ON keys (user_id);

-- Counts the changes of the table keys, by whichever process, so that a running gateway notices them cheaply.
CREATE TABLE key_generation (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  value INTEGER NOT NULL
) STRICT;

INSERT INTO key_generation (id, value) VALUES (1, 0);

CREATE TRIGGER keys_inserted AFTER INSERT ON keys BEGIN UPDATE key_generation SET value = value + 1; END;
CREATE TRIGGER keys_updated  AFTER UPDATE ON keys BEGIN UPDATE key_generation SET value = value + 1; END;
CREATE TRIGGER keys_deleted  AFTER DELETE ON keys BEGIN UPDATE key_generation SET value = value + 1; END;
