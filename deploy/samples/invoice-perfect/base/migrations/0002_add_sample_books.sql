-- Books to look at: a few customers, a quarter of invoices, and one user (password: perfect).
INSERT INTO customers (id, name, email, country) VALUES
    (1, 'Lovelace & Daughters', 'ada@lovelace.example', 'GB'),
    (2, 'Noether Symmetrics', 'emmy@noether.example', 'DE'),
    (3, 'Curie Glow', 'marie@curie.example', 'FR'),
    (4, 'Hopper Bugs Inc.', 'grace@hopper.example', 'US'),
    (5, 'Ramanujan Series', 'srinivasa@ramanujan.example', 'IN');

INSERT INTO invoices (id, customer_id, description, amount_cents, tax_percent, total_cents, status, issued_on) VALUES
    (1, 1, 'Notes on an engine', 125000, 20, NULL, 'paid', date('now', '-95 days')),
    (2, 2, 'Conserved quantities', 240000, 19, NULL, 'paid', date('now', '-90 days')),
    (3, 3, 'Radiation shielding', 99000, 20, NULL, 'paid', date('now', '-80 days')),
    (4, 4, 'Moth removal', 4500, 0, NULL, 'paid', date('now', '-75 days')),
    (5, 5, 'Partition functions', 172900, 18, NULL, 'sent', date('now', '-61 days')),
    (6, 1, 'Punched cards, 500', 31250, 20, NULL, 'sent', date('now', '-48 days')),
    (7, 2, 'Ideals, noetherian', 88000, 19, 104720, 'paid', date('now', '-44 days')),
    (8, 4, 'Nanoseconds of wire', 1180, 0, 1180, 'sent', date('now', '-33 days')),
    (9, 3, 'Laboratory notebook', 2400, 20, 2880, 'sent', date('now', '-21 days')),
    (10, 5, 'Taxicab fares', 1729, 18, 2040, 'sent', date('now', '-12 days')),
    (11, 1, 'Bernoulli numbers', 64000, 20, 76800, 'sent', date('now', '-6 days')),
    (12, 4, 'Compiler course', 350000, 0, 350000, 'sent', date('now', '-2 days')),
    (13, 2, 'Ring theory retreat', 510000, 19, 606900, 'draft', date('now'));

INSERT INTO users (email, salt, password_hash) VALUES
    ('demo@invoice-perfect.example', 'books-of-1847', '667f08f4e958eaf9e9673212d8197ab4b3c7efab764f5c6b9942d6ca8e5b8ac4');
