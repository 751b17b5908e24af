//! An environment on a simulated Railway with its traffic split by a simulated Cloudflare, through the engine's ports alone. At the end of every test
//! each call and each answer is held against the vendors' own descriptions.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod canary;
#[allow(dead_code, reason = "not all of it is needed here")]
#[path = "../railway/check.rs"]
mod check;
mod ended;
mod killed;
mod ports;
mod schedules;
mod single;
#[allow(dead_code, reason = "not all of it is needed here")]
#[path = "../spec/mod.rs"]
mod spec;
mod stage;
mod traffic;
