//! The load benchmark, shortly: a few people, a few seconds. The whole of it is the example `discord_load`.
#![expect(clippy::unwrap_used, reason = "tests")]

mod discord;
#[path = "../../../chat/tests/load/mod.rs"]
mod load;

use load::Day;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_day_keeps_every_bound() {
    let report = discord::on_discord(Day::short()).await;
    assert_eq!(report.broken(), Vec::<String>::new(), "{report}");
}
