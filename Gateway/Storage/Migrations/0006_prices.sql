-- What was paid for each unit, so that a cost can be counted again when prices have changed: JSON, the lines of the cost with their rates in
-- USD per million, and what was taken off and put on. Null: the price is unknown, the provider said the cost, or the row is of before.
ALTER TABLE ledger ADD COLUMN price TEXT;
