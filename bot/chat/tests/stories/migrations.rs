//! Migrations a plan lists: their statements, and what is wrong with them.

use expect_test::expect;

use adapters::sim::{Call, Fault, FaultKind};

use crate::harness::{Project, chat, chat_about, good};

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

#[test]
fn a_database_elsewhere_is_where_a_secret_says() {
    let elsewhere = Project::usual()
        .with("postgres: { kind: database }", "postgres: { kind: database, url: { secret: db-url } }");
    chat_about(&elsewhere, async |t| {
        t.migration("0001_create.sql", "CREATE TABLE invoices (id INTEGER PRIMARY KEY, code VARCHAR(20));");
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ The database postgres is where the secret `db-url` says, and staging has none by that name.
              Next: infra-chat secret set invoice-perfect/staging/db-url
              > deploy v1.0.0 to staging
        "#]],
        );
        t.sets_secret("staging", "db-url", "postgres://app:hunter2hunter2@db.example/app").await.unwrap();
        t.deployed("staging", "v1.0.0").await;
        // What PostgreSQL locks for long is a warning.
        t.migration("0002_index.sql", "CREATE INDEX by_code ON invoices (code);");
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        t.migration("0003_index.sql", "CREATE UNIQUE INDEX one_code ON invoices (code);");
        t.migration("0004_index.sql", "CREATE INDEX CONCURRENTLY by_id_and_code ON invoices (id, code);");
        t.release("v1.2.0", good());
        t.user("ana").says("dry run migrations on staging ref v1.2.0").await;
        t.bot_says(expect![[r#"
            · Dry run: Run migrations of fdac9be on staging. Nothing was written.
              Changes:
                migration 0003: new, index
                migration 0004: new, index
              Migrations:
                0003 index: CREATE UNIQUE INDEX one_code ON invoices (code)
                0004 index: CREATE INDEX CONCURRENTLY by_id_and_code ON invoices (id, code)
              Locks for long:
                0003 index builds an index on invoices (CREATE UNIQUE INDEX one_code ON invoices (code)): nobody can write to it while the index is built. Instead, CREATE INDEX CONCURRENTLY, alone in a migration of its own
              risk: medium: migration 0003 index builds an index on invoices
              way back: migrations stay once applied, each whole or not at all but for 0004
              Proved:
                the live release stays
              Steps:
                 1. resolve ref: fdac9be, Work for v1.2.0
                 2. preflight: the platform is there and ready
                 3. reconcile shape: the database is there
                 4. migrations: 2 pending, each in a transaction but for 0004
                 5. finalize: the new state is recorded
              It would need no approval.
              [Do it!]
              > dry run migrate in staging v1.2.0
        "#]]);
        // Going back does not wait for a database that is down.
        t.world.fault(Fault::of(Call::MigrationsApplied, FaultKind::FailBefore));
        t.user("ana").says("dry run rollback staging").await;
        t.bot_says(expect![[r#"
            · Dry run: Roll staging back to release 1 (v1.0.0). Nothing was written.
              Changes:
                api: v1.1.0 (1232e4c) → v1.0.0 (4b76448)
                web: v1.1.0 (1232e4c) → v1.0.0 (4b76448)
                cron: v1.1.0 (1232e4c) → v1.0.0 (4b76448)
              risk: high: whether it can live with the schema could not be checked: migrations_applied of staging postgres was refused
              way back: rollback staging to release 2 brings release 2 back
              Proved:
                release 2 keeps running until release 1 is verified
              Not proved:
                whether the releases can live with the schema could not be checked: `dry run rollback staging` tries it again
              Notes:
                migrations stay: going back over a schema loses data
              Steps:
                 1. preflight: tools, disk and ports are there; the build is
                 2. config: as it was in release 1, secrets as they are now
                 3. bring up: api, web, cron of release 1, until healthy
                 4. traffic: all of it to release 1, read back
                 5. cron: schedules run release 1
                 6. verification: 20 requests through the edge to each service
                 7. release: release 2 ended, automatic deploys held until a person deploys
              It would need no approval.
              [Do it!]
              > dry run rollback in staging
        "#]]);
        t.world.fault(Fault::of(Call::MigrationsApplied, FaultKind::FailBefore));
        t.user("ana").says("deploy staging ref v1.2.0").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Migrations_applied of staging postgres was refused.
              Next: This is a simulated fault; switch it off and try again.
              > deploy v1.2.0 to staging
        "#]],
        );
    });
}
