-- When an invoice should be paid. Empty is allowed: the previous release still writes rows without it.
ALTER TABLE invoices ADD COLUMN due_on TEXT;
UPDATE invoices SET due_on = date(issued_on, '+30 days');
CREATE INDEX invoices_by_due_date ON invoices (due_on) WHERE status = 'sent';
