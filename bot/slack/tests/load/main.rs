//! The load benchmark, shortly: a few people, a few seconds. The whole of it is the example `slack_load`.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../../chat/tests/load/mod.rs"]
mod load;
mod slack;

use load::Day;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_day_keeps_every_bound() {
    let report = slack::on_slack(Day::short()).await;
    assert_eq!(report.broken(), Vec::<String>::new(), "{report}");
}
