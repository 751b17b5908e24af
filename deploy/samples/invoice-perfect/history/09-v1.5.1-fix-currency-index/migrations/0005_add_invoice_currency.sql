-- The currency an invoice is in. What we have billed so far was in euros.
ALTER TABLE invoices ADD COLUMN currency TEXT NOT NULL DEFAULT 'EUR';
CREATE INDEX invoices_by_currency ON invoices (currency);
