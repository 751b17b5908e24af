//! Stories: what people say, what they see, and what becomes of it, on the whole bot below the fronts: desk, reporter,
//! engine and a real database, in a simulated world with a clock in the story's hands. Each story is told twice, on SQLite
//! and on PostgreSQL. `harness` says what a story can do and what it may not leave behind.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod approvals;
mod artifacts;
mod backfill;
mod beside;
mod canary;
mod components;
mod connections;
mod corrections;
mod crashes;
mod create_environment;
mod create_environment_odd;
mod data_jobs;
mod deploy;
mod deploy_troubles;
mod destroy;
mod files;
mod going_back;
mod gone_once;
mod harness;
mod incident;
mod lines;
mod looking;
mod migrations;
mod migrations_tool;
mod not_yet;
mod operate;
mod parsed;
mod plain_words;
mod projects;
mod proved;
mod questions;
mod questions_free;
mod questions_kept;
mod questions_meant;
mod questions_more;
mod questions_odd;
mod questions_shared;
mod questions_spoken;
mod reconcile;
mod rehearse;
mod rollback;
mod rotate;
mod rules;
mod rules_act;
mod rules_runs;
mod setup;
mod setup_answers;
mod setup_machine;
mod setup_there;
mod several;
mod small;
mod sql_jobs;
mod stage;
mod stages;
mod standing;
mod steering;
mod texts;
mod texts_killed;
mod threads;
mod trouble;
mod unseen;
mod variables;
