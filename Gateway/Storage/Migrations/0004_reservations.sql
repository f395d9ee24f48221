-- What is in flight: one row per attempt from before its call leaves until its row in the ledger is written, which takes it away in the
-- same transaction. What is found here at a start was cut off by a crash, and is booked at its bound.
CREATE TABLE reservation (
  id             INTEGER PRIMARY KEY,                   -- of one run of the gateway
  bound_nano_usd INTEGER NOT NULL,                      -- what the attempt can cost at most
  facts          BLOB    NOT NULL                       -- what else its row will need; the first byte is the format
) STRICT;

-- The number of the writer's last transaction: tells one whose commit failed, but that took place all the same, from one that did not.
CREATE TABLE writer_mark (
  only  INTEGER PRIMARY KEY CHECK (only = 1),
  value INTEGER NOT NULL
) STRICT;

INSERT INTO writer_mark VALUES (1, 0);
