-- Where it is morning for whom. Filled by `backfill timezone`, so that this migration stays quick on large tables.
ALTER TABLE customers ADD COLUMN timezone TEXT;
CREATE VIEW customers_without_timezone AS SELECT id, name, country FROM customers WHERE timezone IS NULL;
