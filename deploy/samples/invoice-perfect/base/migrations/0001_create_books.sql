-- The books: who we bill, what we billed, and who may write.
CREATE TABLE customers (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    email   TEXT NOT NULL UNIQUE,
    country TEXT NOT NULL
);

CREATE TABLE invoices (
    id           INTEGER PRIMARY KEY,
    customer_id  INTEGER NOT NULL REFERENCES customers (id),
    description  TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    tax_percent  INTEGER NOT NULL DEFAULT 20 CHECK (tax_percent BETWEEN 0 AND 50),
    -- Filled by `backfill invoice-totals`: invoices taken over from paper have none yet.
    total_cents  INTEGER,
    status       TEXT NOT NULL DEFAULT 'sent' CHECK (status IN ('draft', 'sent', 'overdue', 'paid', 'void')),
    issued_on    TEXT NOT NULL
);

CREATE INDEX invoices_by_customer ON invoices (customer_id);
CREATE INDEX invoices_by_status ON invoices (status);

CREATE TABLE users (
    email         TEXT PRIMARY KEY,
    salt          TEXT NOT NULL,
    password_hash TEXT NOT NULL
);
