//! GitHub: what a name means, what continuous integration says, what changes, and whose token it is, against its description.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ci;
mod commits;
mod limits;
#[path = "../spec/mod.rs"]
mod spec;
mod stage;
mod tokens;
