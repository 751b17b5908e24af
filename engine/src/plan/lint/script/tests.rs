//! The table of cases: what stands in `up`, and what is said of it.

#![expect(clippy::unwrap_used, reason = "tests")]
use crate::model::Dialect;
use crate::plan::lint::{Effect, Finding, lint, shown};
use crate::ports::{Language, Migration};

fn migration(version: &str, text: &str) -> Migration {
    Migration {
        version: version.into(),
        name: String::new(),
        sql: text.into(),
        checksum: String::new(),
        language: Language::Script,
    }
}

const EARLIER: &str = "module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.createTable('users', {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      name: { type: Sequelize.STRING(40) },
      code: { type: Sequelize.STRING, allowNull: false, defaultValue: '' },
    });
  },
  async down(queryInterface) { await queryInterface.dropTable('users'); },
};";

fn of_file(text: &str) -> Vec<String> {
    let earlier = [migration("20260101-users", EARLIER)];
    let word = |finding: &Finding| match finding.effect {
        Effect::Breaks => "breaks",
        Effect::Locks => "locks",
        Effect::Unread => "unread",
    };
    let findings = lint(&[migration("20260102-x", text)], &earlier, Dialect::Postgres);
    findings.iter().map(|finding| format!("{}: {}", word(finding), finding.does)).collect()
}

fn up(body: &str) -> String {
    format!(
        "'use strict';\n/** @type {{import('sequelize-cli').Migration}} */\nmodule.exports = {{\n  async up (queryInterface, \
         Sequelize) {{\n{body}\n  }},\n  async down (queryInterface) {{ await queryInterface.removeColumn('users', 'x'); }}\n}};\n"
    )
}

#[track_caller]
fn check(cases: &[(&str, &[&str])]) {
    for (body, expected) in cases {
        assert_eq!(of_file(&up(body)), *expected, "{body}");
    }
}

const UNREAD: &str = "unread: does more than can be read";

#[test]
fn calls_are_judged_like_the_sql_they_stand_for() {
    check(&[
        ("await queryInterface.createTable('teams', { name: Sequelize.STRING });", &[]),
        ("await queryInterface.addColumn('users', 'zone', { type: Sequelize.STRING });", &[]),
        ("await queryInterface.addColumn('users', 'zone', Sequelize.STRING);", &[]),
        (
            "await queryInterface.addColumn('users', 'zone', { type: Sequelize.STRING, allowNull: false });",
            &["breaks: adds the column zone to users, which must have a value and has no default"],
        ),
        (
            "await queryInterface.addColumn('users', 'zone', { type: Sequelize.STRING, allowNull: false, defaultValue: 'UTC' });",
            &[],
        ),
        // Sequelize fills these in itself, and the release that runs does not know the column.
        (
            "await queryInterface.addColumn('users', 'at', { type: Sequelize.DATE, allowNull: false, defaultValue: Sequelize.NOW });",
            &["breaks: adds the column at to users, which must have a value and has no default"],
        ),
        (
            "await queryInterface.addColumn('users', 'at', { type: Sequelize.DATE, allowNull: false, defaultValue: \
             Sequelize.fn('now') });",
            &[],
        ),
        ("await queryInterface.removeColumn('users', 'name')", &["breaks: drops the column name of users"]),
        (
            "await queryInterface.removeColumn({ tableName: 'users', schema: 'app' }, 'name', { transaction });",
            &["breaks: drops the column name of users"],
        ),
        (
            "return queryInterface.renameColumn('users', \"name\", `title`);",
            &["breaks: renames the column name of users to title"],
        ),
        ("await queryInterface.dropTable('users');", &["breaks: drops the table users"]),
        (
            "await queryInterface.renameTable('users', 'people');",
            &["breaks: renames the table users to people"],
        ),
        (
            "await queryInterface.changeColumn('users', 'name', { type: Sequelize.STRING(20) });",
            &[
                "breaks: changes the type of name of users from VARCHAR(40) to VARCHAR(20)",
                "locks: writes users anew for the type of name",
            ],
        ),
        ("await queryInterface.changeColumn('users', 'name', { type: Sequelize.TEXT });", &[]),
        ("await queryInterface.addIndex('users', ['name']);", &["locks: builds an index on users"]),
        ("await queryInterface.addIndex('users', ['name'], { concurrently: true });", &[]),
        (
            "await queryInterface.addConstraint('users', { fields: ['team'], type: 'foreign key', references: { table: 'teams', \
             field: 'id' } });",
            &["locks: adds a foreign key to users"],
        ),
        ("await queryInterface.bulkInsert('users', rows(3));", &[]),
        (
            "await queryInterface.bulkUpdate('users', { name: 'x' }, {});",
            &["locks: changes every row of users at once"],
        ),
        ("await queryInterface.bulkDelete('users', null, {});", &["breaks: deletes every row of users"]),
        ("await queryInterface.bulkDelete('users', { name: 'x' });", &[]),
    ]);
}

#[test]
fn raw_sql_is_read_by_the_lint_of_sql() {
    check(&[
        (
            "await queryInterface.sequelize.query('ALTER TABLE users DROP COLUMN name; UPDATE users SET code = 1');",
            &["breaks: drops the column name of users", "locks: changes every row of users at once"],
        ),
        ("await queryInterface.sequelize.query(`SELECT 1`, { type: 'SELECT' });", &[]),
        (
            "await queryInterface.sequelize.query('ALTER TABLE users FROBNICATE');",
            &["unread: has a statement that could not be read"],
        ),
        (
            "await queryInterface.sequelize.query(`DROP TABLE ${Sequelize.name}`);",
            &["unread: calls sequelize.query, which can't be read"],
        ),
    ]);
}

#[test]
fn what_is_not_written_out_is_never_passed_over() {
    check(&[
        ("await fill(queryInterface);", &[UNREAD]),
        (
            "if (process.env.X) await queryInterface.dropTable('users');",
            &["breaks: drops the table users", UNREAD],
        ),
        ("await queryInterface.removeColumn(TABLE, 'name');", &["breaks: drops a column"]),
        (
            "await queryInterface.addColumn('users', 'x', definition);",
            &["unread: calls addColumn, which can't be read"],
        ),
        (
            "await queryInterface.addColumn('users', 'x', { type: Sequelize.STRING, ...rest });",
            &["unread: calls addColumn, which can't be read"],
        ),
        ("const qi = queryInterface; await qi.dropTable('users');", &[UNREAD]),
        ("await queryInterface['dropTable']('users');", &[UNREAD]),
        (
            "await queryInterface.upgradeEverything();",
            &["unread: calls upgradeEverything, which can't be read"],
        ),
        ("/* nothing */", &[]),
    ]);
    assert_eq!(of_file("module.exports = require('./other');"), ["unread: can't be read"]);
    assert_eq!(
        of_file("module.exports = { async up(q) { await q.dropTable('users' "),
        ["unread: can't be read"]
    );
    assert_eq!(of_file("module.exports = { up: 'it"), ["unread: can't be read"]);
}

#[test]
fn every_usual_way_to_write_the_function_is_found() {
    let drops = ["breaks: drops the table users"];
    for text in [
        "module.exports = { up: (queryInterface, Sequelize) => queryInterface.dropTable('users'), down: (q) => q.x() };",
        "module.exports = { up: async (qi) => { await qi.dropTable('users'); } };",
        "module.exports = { up: function (qi) { return qi.dropTable('users'); } };",
        "exports.up = async function up(qi) { await qi.dropTable('users'); };",
        "exports.up = qi => qi.dropTable('users');",
        "module.exports.up = async ({ context: qi }) => { await qi.dropTable('users'); };",
        "export async function up(qi: QueryInterface): Promise<void> { await qi.dropTable('users'); }",
        "export const up: Migration = async ({ context }) => { await context.dropTable('users'); };",
        "module.exports = { down(q) { up(q); }, async up(qi) {\n// it's gone\nawait qi.dropTable('users') } };",
        "module.exports = { async up(qi) { await qi.sequelize.transaction(async (t) => { await qi.dropTable('users', \
         { transaction: t }); }); } };",
        "module.exports = { async up(qi) { const t = await qi.sequelize.transaction(); try { await qi.dropTable('users', { \
         transaction: t }); await t.commit(); } catch (err) { await t.rollback(); throw err; } } };",
        "module.exports = { up: (qi) => Promise.all([qi.dropTable('users')]) };",
    ] {
        assert_eq!(of_file(text), drops, "{text}");
    }
}

#[test]
fn people_are_shown_the_calls_as_they_stand() {
    let text = up(
        "    await queryInterface.addColumn(\n      'users', 'zone',\n      { type: Sequelize.STRING }\n    );\n    await \
         queryInterface.changeColumn('users', 'name', { type: Sequelize.TEXT });\n    await fill(queryInterface);",
    );
    assert_eq!(
        shown(&migration("1", &text), Dialect::Postgres),
        [
            "addColumn( 'users', 'zone', { type: Sequelize.STRING } )",
            "changeColumn('users', 'name', { type: Sequelize.TEXT })",
            "await fill(queryInterface);",
        ]
    );
    let unread = Migration { language: Language::Other, ..migration("1", "def upgrade(): pass") };
    let findings = lint(std::slice::from_ref(&unread), &[], Dialect::Postgres);
    assert_eq!(findings.first().unwrap().line(), "migration 1 can't be read");
}
