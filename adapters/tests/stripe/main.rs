//! Stripe: keys and modes, webhooks, products and prices, against its description and through every trouble.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and the matrix says its count"
)]

mod keys;
#[path = "../matrix/mod.rs"]
mod matrix;
mod reliability;
mod shop;
mod signatures;
#[path = "../spec/mod.rs"]
mod spec;
mod stage;
mod webhooks;
