//! The load benchmark, shortly: a few people, a few seconds. The whole of it is the example `slack_load`.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../../chat/tests/load/mod.rs"]
mod load;
mod slack;

use std::time::Duration;

use load::Day;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_day_keeps_every_bound() {
    let day = Day {
        people: 20,
        channels: 10,
        runs: 8,
        lasts: Duration::from_secs(3),
        every: Duration::from_secs(1),
        drains: Duration::from_mins(1),
    };
    let report = slack::on_slack(day).await;
    assert_eq!(report.broken(), Vec::<String>::new(), "{report}");
}
