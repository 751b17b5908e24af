//! The simulated world, told as the stories an engine's test would tell with it.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod code_and_builds;
mod effects;
mod faults;
mod story;
