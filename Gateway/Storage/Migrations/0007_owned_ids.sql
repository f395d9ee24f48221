-- Whose the files, batches and responses at providers are: ids that a provider gave, by the key that was shown when it did.
CREATE TABLE owned_id (
  kind       INTEGER NOT NULL,                            -- 1 file, 2 batch, 3 response
  id         TEXT    NOT NULL,                            -- as the provider gave it
  provider   TEXT    NOT NULL,                            -- which account of the config it was made with
  key_id     TEXT    NOT NULL,                            -- of the key; empty where no keys are configured
  user_id    TEXT    NOT NULL,
  created_ms INTEGER NOT NULL,                            -- Unix milliseconds
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX owned_id_by_key ON owned_id (kind, key_id, created_ms);
