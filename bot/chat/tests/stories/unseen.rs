//! Other people's words hold characters nobody sees. No card reads as something it is not, and no name has one.

use adapters::sim::Behaviour;
use expect_test::expect;

use crate::harness::{chat, good};

/// A name, a reason and a log line that read as something else where they are shown as they are.
#[test]
fn a_card_reads_as_what_it_is() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("zoe").says("lock staging because of stag\u{2063}ing\u{e0041}").await;
        t.user("zoe").says("deploy v1\u{2063}0 to staging").await;
        t.user("zoe").says("deploy \u{202e}0.0.1v\u{202c} to staging").await;
        t.user("zoe").says("status stag\u{ad}ing").await;
        t.bot_says(expect![]);
    });
}

/// What a build wrote before it failed.
#[test]
fn a_log_reads_as_what_it_is() {
    chat(async |t| {
        t.release(
            "v1.0.0",
            Behaviour::build_fails(&["error: \u{202e}dellac ton\u{202c}", "\u{1b}[31mred\u{7}"]),
        );
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.bot_shows(expect![]);
    });
}
