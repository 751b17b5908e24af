//! What the log says while something is away: once, and not with every try.

use crate::harness::{Log, chat, minutes};
use crate::stage::CHANNEL;

#[test]
fn a_database_that_is_away_is_logged_once() {
    let (log, _kept) = Log::kept();
    let written = "what Slack delivered can't be written down";
    chat(async |t| {
        let before = log.lines(written);
        t.database_goes_away().await;
        for minute in 0..2 {
            let mut telling = Vec::new();
            for number in 0..20 {
                let (sim, text) = (t.stage.sim.clone(), format!("line {number}"));
                let said = sim.writes("ana", CHANNEL, None, &text);
                telling.push(tokio::spawn(async move { sim.deliver("events_api", &said, false).await }));
            }
            for told in telling {
                assert!(told.await.unwrap().is_none(), "it can't be acknowledged");
            }
            assert_eq!(log.lines(written) - before, minute + 1, "after {minute} minutes");
            t.time_goes_by(minutes(1));
        }
        t.database_comes_back().await;
        t.settles().await;
        t.never_mind_the_rest();
    });
}
