//! Migrations a plan lists: their statements, and what is wrong with them.

use expect_test::expect;

use crate::harness::{chat, good};

#[test]
fn a_dry_run_lists_pending_migrations_with_their_statements() {
    chat(async |t| {
        t.migration(
            "0001_create.sql",
            "CREATE TABLE invoices (id INTEGER PRIMARY KEY, total INTEGER, code TEXT);",
        );
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.migration(
            "0002_add_due_dates.sql",
            "-- When an invoice should be paid; empty is allowed.\nALTER TABLE invoices ADD COLUMN due TEXT;\n\
             UPDATE invoices SET due = date('now');\nCREATE INDEX by_due\n    ON invoices (due);\n\
             CREATE TRIGGER fill AFTER INSERT ON invoices BEGIN UPDATE invoices SET due = date('now') WHERE id = NEW.id; \
             INSERT INTO invoices (code) VALUES ('a;b'); END;\nINSERT INTO invoices (code) VALUES ('x');\n\
             INSERT INTO invoices (code) VALUES ('y');",
        );
        t.migration(
            "0003_tidy.sql",
            "ALTER TABLE invoices DROP COLUMN total; ALTER TABLE invoices FROBNICATE;",
        );
        t.release("v1.1.0", good());
        t.user("ana").says("dry run migrations on staging ref v1.1.0").await;
        t.bot_says(expect![[r#"
            · Dry run: Run migrations of 1232e4c on staging. Nothing was written.
              Changes:
                migration 0002: new, add_due_dates
                migration 0003: new, tidy
              Migrations:
                0002 add_due_dates: ALTER TABLE invoices ADD COLUMN due TEXT
                0002 add_due_dates: UPDATE invoices SET due = date('now')
                0002 add_due_dates: CREATE INDEX by_due ON invoices (due)
                0002 add_due_dates: CREATE TRIGGER fill AFTER INSERT ON invoices BEGIN UPDATE invoices SET due = date('now') WHERE id = NEW.id; INSERT INTO… (35 more characters)
                0002 add_due_dates: and 2 more statements
                0003 tidy: ALTER TABLE invoices DROP COLUMN total
                0003 tidy: ALTER TABLE invoices FROBNICATE
              Breaks what runs:
                0003 tidy drops the column total of invoices (ALTER TABLE invoices DROP COLUMN total): the running release reads and writes it until the end, and nobody can go back to it afterwards. Instead, contract later: deploy what does without the column first, and drop it in a later release
              Locks for long:
                0002 add_due_dates changes every row of invoices at once (UPDATE invoices SET due = date('now')): who writes one of them waits until the migration is over. Instead, expand in the migration, then a backfill in batches
              Not understood:
                0003 tidy has a statement that could not be read (ALTER TABLE invoices FROBNICATE): nobody knows whether the running release can live with it; Expected: ADD, RENAME, PARTITION, SWAP, DROP, REPLICA IDENTITY, SET, or SET TBLPROPERTIES after ALTER TABLE, found: FROB… (29 more characters). Instead, read it yourself before you say yes
              risk: high: migration 0002 add_due_dates changes every row of invoices at once; migration 0003 tidy has a statement that could not be read; the live release can't live with the schema: migration 0003 tidy drops the column total of invoices
              way back: migrations stay once applied; each is applied whole or not at all
              Proved:
                the live release stays
              Not proved:
                it can't live with the schema: migration 0003 tidy drops the column total of invoices; deploy first what can do without, and migrate afterwards
              Steps:
                 1. resolve ref: 1232e4c, Work for v1.1.0
                 2. preflight: the platform is there and ready
                 3. reconcile shape: the database is there
                 4. migrations: 2 pending, each in a transaction
                 5. finalize: the new state is recorded
              It would need no approval.
              [Do it!]
              > dry run migrate in staging v1.1.0
        "#]]);
        t.effects(expect![[r#"
            1/do    build_start       4b76448-e16904025285
            2/do    shape_ensure      staging
            3/do    config_put        staging api@1
            3/do    config_put        staging web@1
            3/do    config_put        staging cron@1
            4/do    migration_apply   staging postgres 0001
            5/do    instances_ensure  staging api@1
            5/do    instances_ensure  staging web@1
            6/do    schedule_put      staging cron@1 on
            7/do    weights_set       staging api @1=100%
            7/do    weights_set       staging web @1=100%
        "#]]);
    });
}
