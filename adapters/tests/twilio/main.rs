//! The adapter against the simulator, and both against what Twilio has published: every request and every answer.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod emulate;
#[path = "../npm/mod.rs"]
mod npm;
mod port;
mod signatures;
mod spec;
