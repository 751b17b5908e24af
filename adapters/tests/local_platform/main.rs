//! The embedded platform with real processes, real git and real SQLite files. The service that it runs is this test
//! program itself, asked to act as one.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod adoption;
mod builds;
mod checks;
mod database;
mod database_postgres;
mod fill;
mod git_far;
mod git_host;
mod git_server;
mod instances;
mod migrate;
#[path = "../npm/project.rs"]
mod npm_project;
mod schedules;
mod sequelize;
mod service;
mod stage;
