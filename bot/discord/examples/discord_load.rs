//! The load benchmark: 200 people in 50 channels type and click for a minute and watch 100 runs move, on a simulated Discord that
//! keeps to Discord's limits. Prints a table; ends with 1 when a bound is broken.
//!
//! ```text
//! cargo run --release -p discord --example discord_load          # or with a number of seconds
//! ```
#![expect(clippy::unwrap_used, reason = "a benchmark is a test")]

#[path = "../tests/load/discord.rs"]
mod discord_under_load;
#[path = "../../chat/tests/load/mod.rs"]
mod load;

use std::process::ExitCode;

use load::Day;

/// How long the day lasts unless told otherwise, in seconds.
const SECONDS: u64 = 60;

#[tokio::main]
async fn main() -> ExitCode {
    let seconds = std::env::args().nth(1).and_then(|seconds| seconds.parse().ok()).unwrap_or(SECONDS);
    discord_under_load::on_discord(Day::whole(seconds)).await.print()
}
