//! The real program, driven as a person or a script drives it: through its command line, its pipes and its signals.
//! Each test has a data folder and ports of its own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod answers;
mod artifacts;
mod backup;
mod beginnings;
mod canary;
mod crash;
mod database;
mod deploys;
mod editor;
mod emulated;
mod fronts;
mod full_disk;
mod guests;
mod hosted;
mod jobs;
mod lost;
mod master_key;
mod metrics;
#[path = "../../../adapters/tests/npm/mod.rs"]
mod npm;
mod postgres;
mod replicas;
mod settings;
mod texts;
mod troubles;
mod world;
