//! The edge, seen from outside: real sockets, small real servers behind it. Nothing here sleeps; tests wait for signals.
#![allow(missing_docs, unreachable_pub, reason = "tests")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod change;
mod client;
mod door;
mod failure;
mod instance;
mod sticky;
mod traffic;
mod tunnel;
mod world;
