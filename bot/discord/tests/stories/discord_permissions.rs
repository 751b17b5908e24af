//! What the bot may not do on Discord, found before it is needed; what it must wait for, and what goes on meanwhile; and messages
//! that take no more edits.

use discord::sim::{BOT_ROLE, Fault, GUILD};

use crate::harness::{chat, good, hours, seconds};
use crate::stage::{CHANNEL, cards, of_bot, settings};

/// *Attach Files*.
const ATTACH_FILES: u64 = 1 << 15;
/// *Send Messages*.
const SEND_MESSAGES: u64 = 1 << 11;

#[test]
fn a_permission_that_is_needed_later_is_missed_at_once() {
    chat(async |t| {
        t.stage.sim.denies(ATTACH_FILES).await;
        for _ in 0..2 {
            t.connected().discord.rest().await;
            let told = ::chat::front_troubles(t.engine());
            assert!(told[0].contains("on Simulated: Attach Files"), "{told:?}");
            assert!(told[0].contains("*Server Settings*"), "{told:?}");
            t.user("ana").says("status").await;
            assert!(t.said().contains("Attach Files"));
            t.never_mind_the_rest();
            // Noticed when it is taken away, and found at each start.
            t.crash_and_restart().await;
        }
        t.stage.sim.denies(0).await;
        t.connected().discord.rest().await;
        assert_eq!(::chat::front_troubles(t.engine()), [""; 0], "it was given meanwhile");
    });
}

#[test]
fn a_channel_that_says_otherwise_than_the_server_is_named() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        // Nobody may write there but whoever has the role of admins.
        sim.overwrites(CHANNEL, &[(GUILD, 0, 0, SEND_MESSAGES | ATTACH_FILES), ("502", 0, SEND_MESSAGES, 0)])
            .await;
        for _ in 0..2 {
            t.connected().discord.rest().await;
            let told = ::chat::front_troubles(t.engine());
            assert!(told[0].contains("in #deploys on Simulated: Send Messages, Attach Files"), "{told:?}");
            assert!(told[0].contains("*Edit Channel*, *Permissions*"), "{told:?}");
            t.user("ana").says("status").await;
            assert!(t.said().contains("in #deploys on Simulated: Send Messages, Attach Files"));
            t.never_mind_the_rest();
            t.crash_and_restart().await;
        }
        let checked = discord::check(&settings(&sim)).await;
        let discord::Checked::Known { missing, .. } = checked else { panic!("{checked:?}") };
        assert_eq!(missing, ["in #deploys on Simulated: Send Messages, Attach Files"]);
        sim.overwrites(CHANNEL, &[(GUILD, 0, 0, SEND_MESSAGES), (BOT_ROLE, 0, SEND_MESSAGES, 0)]).await;
        t.connected().discord.rest().await;
        assert_eq!(::chat::front_troubles(t.engine()), [""; 0], "the bot's own role may");
    });
}

#[test]
fn what_is_not_taken_in_a_channel_holds_no_other_answer_up() {
    chat(async |t| {
        t.stage.sim.fault("POST messages", Fault::Refused(403, 50_013));
        for person in ["ana", "ben"] {
            assert!(t.stage.sim.says(person, CHANNEL, "whoami").await);
        }
        t.ticks().await;
        t.never_mind_the_rest();
        let calls = t.stage.sim.calls().into_iter();
        let posts: Vec<_> =
            calls.filter(|call| call.method == "POST" && call.path.ends_with("/messages")).collect();
        let says = |at: usize| posts[at].body["content"].as_str().unwrap().to_owned();
        assert!(says(0).contains("ana") && says(1).contains("ben") && says(2).contains("ana"), "{posts:#?}");
        assert!(posts[1].at_ms - posts[0].at_ms < seconds(5), "{posts:#?}");
        assert!(posts[2].at_ms - posts[0].at_ms >= seconds(60), "{posts:#?}");
        assert_eq!(of_bot(&t.stage, CHANNEL).len(), 2, "nothing is lost");
    });
}

#[test]
fn a_card_that_takes_no_more_edits_goes_on_in_a_new_message() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let first = cards(t).remove(0).id;
        t.stage.sim.wears_out(0);
        t.stage.clock.advance(hours(2));
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
        let shown = cards(t);
        assert!(shown.len() == 2 && shown[1].content.contains("cancelled"), "{shown:#?}");
        let calls = t.stage.sim.calls();
        let edited = calls.iter().rfind(|call| call.method == "PATCH").unwrap().at_ms;
        let posted = calls.iter().rfind(|call| call.method == "POST").unwrap().at_ms;
        assert!(posted - edited < seconds(10), "nothing had to wait: {edited}, {posted}");
        // What is said under the former one is about the same run.
        assert!(t.stage.sim.says("ana", &first, "retry").await);
        t.ticks().await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, cards(t).len()), (2, 3));
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}
