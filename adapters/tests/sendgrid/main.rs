//! SendGrid: keys, domains and their records, senders and mails, against its descriptions and through every trouble.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and the matrix says its count"
)]

mod domains;
mod keys;
mod mails;
#[path = "../matrix/mod.rs"]
mod matrix;
#[path = "../spec/mod.rs"]
mod spec;
mod stage;
