//! The table of cases: a statement, and what is said of it.

#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

fn migration(version: &str, sql: &str) -> Migration {
    Migration {
        version: version.into(),
        name: "change".into(),
        sql: sql.into(),
        checksum: String::new(),
        language: Language::Sql,
    }
}

const BOOKS: &str = "
    CREATE TABLE a (id INTEGER PRIMARY KEY, due TEXT NOT NULL DEFAULT '', amount INT, code VARCHAR(20), price NUMERIC(8, 2));
    CREATE TABLE b (id INTEGER PRIMARY KEY);";

fn said(dialect: Dialect, sql: &str) -> Vec<String> {
    let findings = lint(&[migration("0004", sql)], &[migration("0001", BOOKS)], dialect);
    let word = |finding: &Finding| match finding.effect {
        Effect::Breaks => "breaks",
        Effect::Locks => "locks",
        Effect::Unread => "unread",
    };
    findings.iter().map(|finding| format!("{}: {}", word(finding), finding.does)).collect()
}

#[track_caller]
fn check(dialect: Dialect, cases: &[(&str, &[&str])]) {
    for (sql, expected) in cases {
        assert_eq!(said(dialect, sql), *expected, "{dialect:?}: {sql}");
    }
}

const ALL: [Dialect; 3] = [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite];

#[test]
fn what_every_database_understands_alike() {
    for dialect in ALL {
        check(
            dialect,
            &[
                ("CREATE TABLE c (id INTEGER NOT NULL)", &[]),
                ("ALTER TABLE a ADD COLUMN paid TEXT", &[]),
                ("ALTER TABLE a ADD COLUMN paid TEXT NOT NULL DEFAULT ''", &[]),
                (
                    "ALTER TABLE a ADD COLUMN paid TEXT NOT NULL",
                    &["breaks: adds the column paid to a, which must have a value and has no default"],
                ),
                (
                    "ALTER TABLE a ADD paid TEXT NOT NULL DEFAULT NULL",
                    &["breaks: adds the column paid to a, which must have a value and has no default"],
                ),
                ("ALTER TABLE a DROP COLUMN due", &["breaks: drops the column due of a"]),
                ("alter table A drop column DUE", &["breaks: drops the column due of a"]),
                (
                    "ALTER TABLE a RENAME COLUMN due TO due_on",
                    &["breaks: renames the column due of a to due_on"],
                ),
                ("ALTER TABLE a RENAME TO c", &["breaks: renames the table a to c"]),
                ("DROP TABLE a, b", &["breaks: drops the table a", "breaks: drops the table b"]),
                ("DROP TABLE IF EXISTS a", &["breaks: drops the table a"]),
                ("DROP VIEW v", &["breaks: drops the view v"]),
                ("DROP VIEW v; CREATE VIEW v AS SELECT id FROM a", &[]),
                ("DROP INDEX by_due", &[]),
                ("DELETE FROM a", &["breaks: deletes every row of a"]),
                ("DELETE FROM a WHERE id = 1", &[]),
                ("UPDATE a SET due = ''", &["locks: changes every row of a at once"]),
                ("UPDATE a SET due = '' WHERE id < 100", &[]),
                ("INSERT INTO a (due) VALUES ('DROP TABLE a; DROP TABLE b')", &[]),
                ("-- drop table a\nSELECT 1 /* ; DROP TABLE b */", &[]),
                ("", &[]),
                // What the plan itself makes is in nobody's way.
                ("CREATE TABLE c (id INT); ALTER TABLE c ADD COLUMN n INT NOT NULL; DROP TABLE c", &[]),
                (
                    "ALTER TABLE a ADD COLUMN n INT; ALTER TABLE a RENAME COLUMN n TO m; ALTER TABLE a DROP COLUMN m",
                    &[],
                ),
                // But not what only looks new.
                (
                    "ALTER TABLE a RENAME TO c; ALTER TABLE c DROP COLUMN due",
                    &["breaks: renames the table a to c", "breaks: drops the column due of c"],
                ),
            ],
        );
    }
}

#[test]
fn what_postgresql_can_and_can_not_do_beside_traffic() {
    check(
        Dialect::Postgres,
        &[
            ("CREATE INDEX by_due ON a (due)", &["locks: builds an index on a"]),
            ("CREATE UNIQUE INDEX by_due ON public.a (due)", &["locks: builds an index on a"]),
            ("CREATE INDEX CONCURRENTLY by_due ON a (due)", &[]),
            ("CREATE TABLE c (id INT); CREATE INDEX by_id ON c (id)", &[]),
            ("ALTER TABLE a ADD COLUMN at TIMESTAMPTZ NOT NULL DEFAULT now()", &[]),
            ("ALTER TABLE a ADD COLUMN kind VARCHAR(20) DEFAULT 'x'::varchar(20)", &[]),
            (
                "ALTER TABLE a ADD COLUMN key UUID NOT NULL DEFAULT gen_random_uuid()",
                &["locks: adds the column key to a with a value of its own for each row"],
            ),
            (
                "ALTER TABLE a ADD COLUMN n BIGSERIAL",
                &["locks: adds the column n to a with a value of its own for each row"],
            ),
            (
                "ALTER TABLE a ADD COLUMN n BIGINT GENERATED ALWAYS AS IDENTITY",
                &["locks: adds the column n to a with a value of its own for each row"],
            ),
            (
                "ALTER TABLE a ADD COLUMN twice INT GENERATED ALWAYS AS (amount * 2) STORED",
                &["locks: adds the column twice to a with a value of its own for each row"],
            ),
            (
                "ALTER TABLE a ADD COLUMN n INT UNIQUE",
                &["locks: builds a unique index on a for the column n"],
            ),
            ("ALTER TABLE a ADD COLUMN b_id INT REFERENCES b (id)", &["locks: adds a foreign key to a"]),
            (
                "ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (amount) REFERENCES b (id)",
                &["locks: adds a foreign key to a"],
            ),
            ("ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (amount) REFERENCES b (id) NOT VALID", &[]),
            ("ALTER TABLE a VALIDATE CONSTRAINT f", &[]),
            ("ALTER TABLE a ADD CONSTRAINT c CHECK (amount > 0)", &["locks: adds a check to a"]),
            ("ALTER TABLE a ADD CONSTRAINT c CHECK (amount > 0) NOT VALID", &[]),
            (
                "ALTER TABLE a ADD CONSTRAINT u UNIQUE (code)",
                &["locks: builds a unique index on a for a constraint"],
            ),
            ("ALTER TABLE a ADD CONSTRAINT u UNIQUE USING INDEX by_code", &[]),
            ("ALTER TABLE a DROP CONSTRAINT u", &[]),
            (
                "ALTER TABLE a ALTER COLUMN code SET NOT NULL",
                &["breaks: makes code of a mandatory", "locks: has a read whole before code is NOT NULL"],
            ),
            (
                "ALTER TABLE a ADD COLUMN n INT DEFAULT 0; ALTER TABLE a ALTER COLUMN n SET NOT NULL",
                &["locks: has a read whole before n is NOT NULL"],
            ),
            ("ALTER TABLE a ALTER COLUMN due DROP NOT NULL", &[]),
            ("ALTER TABLE a ALTER COLUMN due DROP DEFAULT", &["breaks: takes the default of due of a away"]),
            ("ALTER TABLE a ALTER COLUMN amount DROP DEFAULT", &[]),
            ("ALTER TABLE a ALTER COLUMN due SET DEFAULT 'x'", &[]),
            ("ALTER TABLE a ALTER COLUMN code TYPE VARCHAR(40)", &[]),
            ("ALTER TABLE a ALTER COLUMN code TYPE TEXT", &[]),
            ("ALTER TABLE a ALTER COLUMN price TYPE NUMERIC(12, 2)", &[]),
            (
                "ALTER TABLE a ALTER COLUMN code SET DATA TYPE VARCHAR(10)",
                &[
                    "breaks: changes the type of code of a from VARCHAR(20) to VARCHAR(10)",
                    "locks: writes a anew for the type of code",
                ],
            ),
            (
                "ALTER TABLE a ALTER COLUMN amount TYPE BIGINT",
                &["locks: writes a anew for the type of amount"],
            ),
            (
                "ALTER TABLE a ALTER COLUMN amount TYPE SMALLINT",
                &[
                    "breaks: changes the type of amount of a from INT to SMALLINT",
                    "locks: writes a anew for the type of amount",
                ],
            ),
            (
                "ALTER TABLE elsewhere ALTER COLUMN amount TYPE BIGINT",
                &[
                    "breaks: changes the type of amount of elsewhere to BIGINT",
                    "locks: writes elsewhere anew for the type of amount",
                ],
            ),
            ("ALTER TABLE a SET UNLOGGED", &["locks: writes a anew"]),
            ("TRUNCATE a", &["breaks: deletes every row of a"]),
            ("ALTER TYPE mood ADD VALUE 'calm'", &[]),
            (
                "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
                &["breaks: renames the value sad of the type mood"],
            ),
            ("DROP TYPE mood", &["breaks: drops the type mood"]),
            ("VACUUM FULL a", &["locks: writes tables anew"]),
            ("LOCK TABLE a IN ACCESS EXCLUSIVE MODE", &["locks: locks tables itself"]),
            ("REINDEX TABLE a", &["locks: builds indexes anew"]),
            ("REINDEX TABLE CONCURRENTLY a", &[]),
            ("REFRESH MATERIALIZED VIEW m", &["locks: fills a view anew"]),
            ("COMMENT ON COLUMN a.due IS 'when; DROP TABLE b'", &[]),
            (
                "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN DROP TABLE a; RETURN NEW; END; $$ LANGUAGE plpgsql",
                &[],
            ),
            ("CREATE EXTENSION IF NOT EXISTS pgcrypto", &[]),
            (
                "ALTER TABLE a ADD COLUMN x INT NOT NULL, DROP COLUMN due, ADD COLUMN y TEXT",
                &[
                    "breaks: adds the column x to a, which must have a value and has no default",
                    "breaks: drops the column due of a",
                ],
            ),
        ],
    );
}

#[test]
fn what_mysql_copies_tables_for() {
    check(
        Dialect::Mysql,
        &[
            ("CREATE INDEX by_due ON a (due)", &[]),
            (
                "ALTER TABLE `a` ADD COLUMN `n` INT NOT NULL AUTO_INCREMENT UNIQUE",
                &["locks: adds the column n to a with a value of its own for each row"],
            ),
            (
                "ALTER TABLE a MODIFY COLUMN amount SMALLINT",
                &[
                    "breaks: changes the type of amount of a from INT to SMALLINT",
                    "locks: writes a anew for the type of amount",
                ],
            ),
            ("ALTER TABLE a MODIFY COLUMN code VARCHAR(40)", &[]),
            ("ALTER TABLE a MODIFY COLUMN code VARCHAR(20) NOT NULL", &["breaks: makes code of a mandatory"]),
            (
                "ALTER TABLE a CHANGE COLUMN due due_on TEXT",
                &["breaks: renames the column due of a to due_on"],
            ),
            ("RENAME TABLE a TO c", &["breaks: renames the table a to c"]),
            (
                "ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (amount) REFERENCES b (id)",
                &["locks: adds a foreign key to a"],
            ),
            ("ALTER TABLE a MODIFY COLUMN amount BIGINT, LOCK = NONE", &[]),
            ("CREATE FULLTEXT INDEX words ON a (due)", &["locks: builds a full-text or spatial index"]),
            ("ALTER TABLE a DROP PRIMARY KEY", &["locks: writes a anew without its primary key"]),
        ],
    );
}

#[test]
fn what_sqlite_does_its_own_way() {
    check(
        Dialect::Sqlite,
        &[
            ("CREATE INDEX by_due ON a (due)", &[]),
            (
                "CREATE TABLE a_new (id INTEGER PRIMARY KEY); INSERT INTO a_new SELECT id FROM a; DROP TABLE a;
                 ALTER TABLE a_new RENAME TO a; ALTER TABLE a DROP COLUMN id",
                &["breaks: makes the table a anew", "breaks: drops the column id of a"],
            ),
            ("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; UPDATE a SET due = CASE WHEN 1 THEN 2 END; END;", &[]),
            ("PRAGMA foreign_keys = ON", &[]),
        ],
    );
}

#[test]
fn what_cannot_be_read_is_never_silently_fine() {
    let unread = said(Dialect::Postgres, "DO $$ BEGIN PERFORM 1; END $$; ALTER TABLE a DROP COLUMN due");
    assert_eq!(unread.len(), 2, "{unread:?}");
    assert_eq!(unread[0], "unread: has a statement that could not be read");
    assert_eq!(unread[1], "breaks: drops the column due of a");
    // Words that say enough are believed.
    check(
        Dialect::Postgres,
        &[
            ("DO $$ BEGIN EXECUTE 'DROP TABLE a'; END $$", &["breaks: drops something"]),
            ("ALTER TABLE a SET SCHEMA old", &["breaks: moves something to another schema"]),
            ("ALTER TABLE a FROBNICATE, DROP COLUMN due", &["breaks: drops a column"]),
        ],
    );
    // A string without an end is no reason to say nothing.
    assert_eq!(said(Dialect::Sqlite, "INSERT INTO a VALUES ('x); DROP TABLE b"), Vec::<String>::new());
    assert_eq!(said(Dialect::Sqlite, "UPDATE a SET due = 'x; DROP TABLE b"), ["breaks: drops something"]);
    assert!(said(Dialect::Sqlite, "UPDATE a SET due = 'x")[0].starts_with("unread: "));
    // Nor is a statement that is too long, or too deep.
    let long = format!("UPDATE a SET amount = 1{}", " + 1".repeat(8_000));
    let found = lint(&[migration("0004", &long)], &[], Dialect::Postgres);
    assert_eq!(found[0].why, "nobody knows whether the running release can live with it; it is very long");
    let just = format!("UPDATE a SET amount = 1{}", "+1".repeat(8_000));
    assert_eq!(said(Dialect::Postgres, &just), ["locks: changes every row of a at once"]);
    let deep = format!("UPDATE a SET amount = {}1{}", "(".repeat(4_000), ")".repeat(4_000));
    assert!(said(Dialect::Postgres, &deep)[0].starts_with("unread: "));
}

#[test]
fn a_finding_says_which_statement_why_and_what_instead() {
    let sql = "-- tidy\nALTER TABLE a\n  DROP COLUMN due,\n  DROP COLUMN code, DROP COLUMN amount, DROP COLUMN price, \
               DROP COLUMN and_a_column_with_a_long_name;";
    let found = &lint(&[migration("0004", sql)], &[], Dialect::Postgres)[0];
    assert_eq!(found.line(), "migration 0004 change drops the column due of a");
    assert_eq!(
        found.statement,
        "ALTER TABLE a DROP COLUMN due, DROP COLUMN code, DROP COLUMN amount, DROP COLUMN price, DROP COLUMN… (29 more \
         characters)"
    );
    assert!(found.why.contains("running release"), "{found:?}");
    assert!(found.instead.contains("later release"), "{found:?}");
}

#[test]
fn a_file_is_told_apart_into_its_statements() {
    let check = |dialect, sql: &str, expected: &[&str]| {
        assert_eq!(statements(sql, dialect).unwrap(), expected, "{sql}");
    };
    for dialect in ALL {
        check(dialect, "SELECT 1; ;\n-- last\nSELECT ';';", &["SELECT 1", "SELECT ';'"]);
        check(dialect, "SELECT 'it''s'  -- why\n  , 2", &["SELECT 'it''s' , 2"]);
    }
    check(
        Dialect::Postgres,
        "CREATE FUNCTION f() RETURNS int AS $x$ BEGIN; RETURN 1; END $x$ LANGUAGE plpgsql; SELECT f()",
        &["CREATE FUNCTION f() RETURNS int AS $x$ BEGIN; RETURN 1; END $x$ LANGUAGE plpgsql", "SELECT f()"],
    );
    check(
        Dialect::Sqlite,
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; SELECT CASE 1 WHEN 1 THEN 2 END; END; SELECT 1",
        &[
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; SELECT CASE 1 WHEN 1 THEN 2 END; END",
            "SELECT 1",
        ],
    );
    check(
        Dialect::Mysql,
        "CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT 1; END IF; SELECT 2; END; SELECT 3",
        &["CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT 1; END IF; SELECT 2; END", "SELECT 3"],
    );
    check(Dialect::Postgres, "BEGIN; SELECT 1; COMMIT", &["BEGIN", "SELECT 1", "COMMIT"]);
}
