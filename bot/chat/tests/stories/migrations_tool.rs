//! Migrations that the application's own tool applies: what can be read of them, and what becomes of them.

use expect_test::expect;

use adapters::sim::Behaviour;

use crate::harness::{Chat, Project, chat_about, good, seconds};

const CREATE: &str = "module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.createTable('invoices', { id: { type: Sequelize.INTEGER, primaryKey: true }, total: Sequelize.INTEGER });
  },
  async down(queryInterface) { await queryInterface.dropTable('invoices'); },
};";
const ZONE: &str = "module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.addColumn('invoices', 'zone', { type: Sequelize.STRING });
  },
};";
const TIDY: &str = "module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.sequelize.query('UPDATE invoices SET zone = 0');
    await queryInterface.removeColumn('invoices', 'total');
  },
};";
const MORE: &str = "module.exports = { up: (q) => q.removeColumn('invoices', 'total') };";
const FILL: &str = "const { fill } = require('./helpers');
module.exports = { up: (queryInterface) => fill(queryInterface) };";

fn sequelize() -> Project {
    Project::usual().with(
        "migrations: { path: migrations, component: postgres }",
        "migrations: { path: migrations, component: postgres, runner: sequelize, service: api }",
    )
}

/// Staging runs v1.0.0, with its migration.
async fn lives(t: &mut Chat) {
    t.migration("20260101000000-create.js", CREATE);
    t.release("v1.0.0", good());
    t.deployed("staging", "v1.0.0").await;
}

#[test]
fn a_dry_run_shows_their_calls_and_says_what_nobody_could_read() {
    chat_about(&sequelize(), async |t| {
        lives(t).await;
        t.migration("20260102000000-zone.js", ZONE);
        t.migration("20260103000000-tidy.js", TIDY);
        t.migration("20260104000000-fill.js", FILL);
        t.migration("README.md", "no migration");
        t.release("v1.1.0", good());
        t.user("ana").says("dry run migrations on staging ref v1.1.0").await;
        t.bot_says(expect![[r#"
            · Dry run: Run migrations of 1232e4c on staging. Nothing was written.
              Changes:
                migration 20260102000000-zone: new, to be applied
                migration 20260103000000-tidy: new, to be applied
                migration 20260104000000-fill: new, to be applied
              Migrations:
                20260102000000-zone: addColumn('invoices', 'zone', { type: Sequelize.STRING })
                20260103000000-tidy: query('UPDATE invoices SET zone = 0')
                20260103000000-tidy: removeColumn('invoices', 'total')
                20260104000000-fill: module.exports = { up: (queryInterface) => fill(queryInterface) };
              Breaks what runs:
                20260103000000-tidy drops the column total of invoices (removeColumn('invoices', 'total')): the running release reads and writes it until the end, and nobody can go back to it afterwards. Instead, contract later: deploy what does without the column first, and drop it in a later release
              Locks for long:
                20260103000000-tidy changes every row of invoices at once (query('UPDATE invoices SET zone = 0')): who writes one of them waits until the migration is over. Instead, expand in the migration, then a backfill in batches
              Not understood:
                20260104000000-fill does more than can be read (module.exports = { up: (queryInterface) => fill(queryInterface) };): what this line and those around it come to is only known when they run, and nobody knows whether the running release can live with it. Instead, look at it yourself before you say yes
              risk: high: migration 20260103000000-tidy changes every row of invoices at once; migration 20260104000000-fill does more than can be read; the live release can't live with the schema: migration 20260103000000-tidy drops the column total of invoices
              way back: migrations stay once applied; they are in no transaction, so one that fails may be done in part
              Proved:
                the live release stays
              Not proved:
                it can't live with the schema: migration 20260103000000-tidy drops the column total of invoices; deploy first what can do without, and migrate afterwards
              Notes:
                migrations are applied by `npx sequelize-cli db:migrate` in api: in no transaction, and only as safe as what can be read of them
              Steps:
                 1. resolve ref: 1232e4c, Work for v1.1.0
                 2. preflight: tools, disk and ports are there; 1232e4c builds
                 3. reconcile shape: the database is there
                 4. migrations: 3 pending, in no transaction
                 5. finalize: the new state is recorded
              It would need no approval.
              [Do it!]
              > dry run migrate in staging v1.1.0
        "#]]);
    });
}

#[test]
fn a_failure_in_the_middle_says_what_was_applied_and_is_retried_once_it_is_mended() {
    chat_about(&sequelize(), async |t| {
        lives(t).await;
        t.migration("20260102000000-zone.js", ZONE);
        t.migration(
            "20260103000000-tidy.js",
            "module.exports = { up: (q) => q.addColumn('nobody', 'x', 'TEXT') };",
        );
        t.release("v1.1.0", Behaviour::migration_fails("20260103000000-tidy"));
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✗ r-2 · Deploy v1.1.0 (1232e4c) to staging · failed after 0 ms: migration-failed
              `npx sequelize-cli db:migrate` failed (exit code 1); applied: 20260102000000-zone; not applied: 20260103000000-tidy. 20260103000000-tidy may be done in part, as it is in no transaction
              | == 20260103000000-tidy: migrating =======
              | ERROR: relation "invoices" does not exist
              Next: look how far 20260103000000-tidy came, mend it, and deploy again: what is applied is not repeated
              staging is as it was before, but for what stays.
              Stays:
                migrations: 20260102000000-zone was applied and stays: what ran before can live with it; 20260103000000-tidy may be done in part: it is in no transaction
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              ↩ reconcile shape: nothing to undo
              ↩ reconcile config: configuration removed
              ! migrations: 20260102000000-zone was applied and stays: what ran before can live with it; 20260103000000-tidy may be done in part: it is in no transaction
              not begun: api and web, cron, canary, verification, finalize
              [Retry]
              > deploy v1.1.0 to staging
        "#]]);
        // What is applied is not repeated.
        t.migration(
            "20260103000000-tidy.js",
            "module.exports = { up: (q) => q.addColumn('invoices', 'x', 'TEXT') };",
        );
        t.release("v1.1.1", good());
        t.user("ana").says("deploy staging ref v1.1.1").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-3 · Deploy v1.1.1 (cbee613) to staging · succeeded in 0 ms
              asked by: ana
              open: api http://127.0.0.1:7401 · web http://127.0.0.1:7400
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              ✓ resolve ref: v1.1.1 is cbee613 (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: applied 20260103000000-tidy (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 3, web: 100% to release 3 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              [Roll back!]
              > deploy v1.1.1 to staging
        "#]]);
        t.user("ana").says("run migrations on staging").await;
        t.settles().await;
        t.bot_shows(expect![[r#"
            ✓ r-4 · Run migrations of cbee613 on staging · succeeded in 0 ms
              asked by: ana
              way back: migrations stay once applied; they are in no transaction, so one that fails may be done in part
              ✓ resolve ref: cbee613 is there (0 ms)
              ✓ preflight: ready (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ finalize: recorded (0 ms)
              > migrate in staging
        "#]]);
        t.effects(expect![[r#"
            1/do    build_start       4b76448-e16904025285
            2/do    shape_ensure      staging
            3/do    config_put        staging api@1
            3/do    config_put        staging web@1
            3/do    config_put        staging cron@1
            4/do    migrate_start     staging 20260101000000-create
            5/do    instances_ensure  staging api@1
            5/do    instances_ensure  staging web@1
            6/do    schedule_put      staging cron@1 on
            7/do    weights_set       staging api @1=100%
            7/do    weights_set       staging web @1=100%
            1/do    build_start       1232e4c-9b356b00d330
            3/do    config_put        staging api@2
            3/do    config_put        staging web@2
            3/do    config_put        staging cron@2
            4/do    migrate_start     staging 20260102000000-zone 20260103000000-tidy
            3/undo  config_put        staging api@2 none
            3/undo  config_put        staging web@2 none
            3/undo  config_put        staging cron@2 none
            1/do    build_start       cbee613-091fa5ce6f12
            3/do    config_put        staging api@3
            3/do    config_put        staging web@3
            3/do    config_put        staging cron@3
            4/do    migrate_start     staging 20260103000000-tidy
            5/do    instances_ensure  staging api@3
            5/do    instances_ensure  staging web@3
            6/do    schedule_put      staging cron@3 on
            7/do    weights_set       staging api @3=100%
            7/do    weights_set       staging web @3=100%
            9/do    instances_stop    staging api@1
            9/do    instances_stop    staging web@1
        "#]]);
    });
}

/// A deploy whose command has applied the first of its two migrations, and is at the second.
async fn in_the_middle(t: &mut Chat) {
    lives(t).await;
    t.migration("20260102000000-zone.js", ZONE);
    t.migration("20260103000000-more.js", MORE);
    t.release("v1.1.0", Behaviour::migrates_in(seconds(60)));
    t.user("ana").says("deploy staging ref v1.1.0").await;
    for _ in 0..70 {
        t.second_passes().await;
    }
    t.never_mind_the_rest();
}

#[test]
fn cancelled_in_the_middle_it_is_ended_and_what_is_there_is_named() {
    chat_about(&sequelize(), async |t| {
        in_the_middle(t).await;
        t.user("ana").says("cancel r-2").await;
        t.settles().await;
        t.bot_shows_run(2, expect![[r#"
            ✗ r-2 · Deploy v1.1.0 (1232e4c) to staging · failed after 1 min 9 s: cancelled
              cancelled by ana
              | Not undone, needs a person: migrations: applied and not taken back: 20260102000000-zone; 20260103000000-more may be done in part: it is in no transaction; the release before can't live with the schema now: migration 20260103000000-more drops the column total of invoices
              Next: retry r-2
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              ↩ reconcile shape: nothing to undo
              ↩ reconcile config: configuration removed
              ! migrations: applied and not taken back: 20260102000000-zone; 20260103000000-more may be done in part: it is in no transaction; the release before can't live with the schema now: migration 20260103000000-more drops the column total of invoices
              not begun: api and web, cron, canary, verification, finalize
              [Retry]
              > deploy v1.1.0 to staging
        "#]]);
    });
}

#[test]
fn killed_in_the_middle_it_goes_on_where_the_database_says() {
    chat_about(&sequelize(), async |t| {
        in_the_middle(t).await;
        let staging = t.key("staging");
        t.world.drift(|it| it.migrations_interrupt(&staging));
        t.crash_and_restart().await;
        t.settles().await;
        t.bot_shows_run(2, expect![[r#"
            ✓ r-2 · Deploy v1.1.0 (1232e4c) to staging · succeeded in 2 min 9 s
              asked by: ana
              open: api http://127.0.0.1:7401 · web http://127.0.0.1:7400
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              ✓ resolve ref: v1.1.0 is 1232e4c (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: applied 2 migrations (2 min 9 s)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 2, web: 100% to release 2 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              [Roll back!]
              > deploy v1.1.0 to staging
        "#]]);
    });
}

#[test]
fn killed_in_the_middle_and_cancelled_what_may_be_half_done_counts() {
    chat_about(&sequelize(), async |t| {
        in_the_middle(t).await;
        let staging = t.key("staging");
        t.world.drift(|it| it.migrations_interrupt(&staging));
        t.user("ana").says("cancel r-2").await;
        t.settles().await;
        t.bot_shows_run(2, expect![[r#"
            ✗ r-2 · Deploy v1.1.0 (1232e4c) to staging · failed after 1 min 9 s: cancelled
              cancelled by ana
              | Not undone, needs a person: migrations: applied and not taken back: 20260102000000-zone; 20260103000000-more may be done in part: it is in no transaction; the release before can't live with the schema now: migration 20260103000000-more drops the column total of invoices
              Next: retry r-2
              asked by: ana
              ↩ resolve ref: nothing to undo
              ↩ preflight: no build is running
              ↩ reconcile shape: nothing to undo
              ↩ reconcile config: configuration removed
              ! migrations: applied and not taken back: 20260102000000-zone; 20260103000000-more may be done in part: it is in no transaction; the release before can't live with the schema now: migration 20260103000000-more drops the column total of invoices
              not begun: api and web, cron, canary, verification, finalize
              [Retry]
              > deploy v1.1.0 to staging
        "#]]);
    });
}

#[test]
fn nobody_goes_back_over_one_that_drops_what_the_release_before_needs() {
    chat_about(&sequelize(), async |t| {
        lives(t).await;
        t.migration("20260102000000-zone.js", ZONE);
        t.migration("20260103000000-tidy.js", TIDY);
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        t.user("ana").says("rollback staging").await;
        t.whispers("ana", expect![[r#"
            ✗ Release 1 (v1.0.0) can't live with the schema as it is now: migration 20260103000000-tidy drops the column total of invoices.
              Next: deploy a mended release, or one that is newer than these migrations
              > rollback in staging
        "#]]);
    });
}

#[test]
fn alone_they_need_a_release_whose_variables_they_run_with() {
    chat_about(&sequelize(), async |t| {
        t.migration("20260101000000-create.js", CREATE);
        t.release("v1.0.0", good());
        t.user("ana").says("run migrations on staging ref v1.0.0").await;
        t.whispers("ana", expect![[r#"
            ✗ The migrations run in api with its variables, and api is not live in staging: the first deploy brings them along.
              Next: deploy staging
              > migrate in staging v1.0.0
        "#]]);
    });
}
