//! The real program, driven as a person or a script drives it: through its command line, its pipes and its signals.
//! Each test has a data folder and ports of its own.
#![expect(clippy::unwrap_used, reason = "tests")]

mod answers;
mod crash;
mod database;
mod deploys;
mod guests;
mod settings;
mod world;
