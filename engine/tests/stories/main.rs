//! Stories of the engine: what people ask for, what goes wrong, and what becomes of it, on both databases.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]
#![expect(unreachable_pub, clippy::format_push_string, reason = "tests")]
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

#[path = "../world/mod.rs"]
mod world;

mod approval;
mod backfill;
mod bundle;
mod ci;
mod components;
mod deploy;
mod description;
mod destroy;
mod failure;
mod going_back;
mod line;
mod operate;
mod people;
mod proofs;
mod reconcile;
mod record;
mod replicas;
mod rollback;
mod rotate;
mod secrets;
mod set_variable;
mod stages;
mod steer;
mod time;
mod trials;
mod undoing;
