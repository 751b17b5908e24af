//! Clicks as people make them: twice in a row, and on what nobody else sees.

use adapters::sim::Behaviour;

use crate::harness::{Chat, chat, good, seconds};
use crate::stage::{CHANNEL, of_bot};

/// Between the two clicks of a double click, in milliseconds.
const APART_MS: i64 = 300;

/// Clicks twice: Slack tells of two clicks, a moment apart.
async fn double_clicks(t: &mut Chat, who: &str, label: &str) {
    for _ in 0..2 {
        let press = t.stage.button(who, label, false);
        let click = t.stage.sim.presses(who, &press);
        t.stage.sim.deliver("interactive", &click, false).await.unwrap();
        t.stage.clock.advance(APART_MS);
    }
    t.ticks().await;
    t.settles().await;
}

#[test]
fn a_double_click_begins_one_run_and_a_later_one_another() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        double_clicks(t, "ana", "Retry").await;
        assert_eq!(t.runs().await, 2);
        t.passes(seconds(10)).await;
        double_clicks(t, "ana", "Retry").await;
        assert_eq!(t.runs().await, 3, "who has seen what came of it may mean it again");
        t.never_mind_the_rest();
    });
}

#[test]
fn an_ordering_click_over_both_sockets_is_done_once() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.stage.sim.until(|sim| sim.sockets() == 2).await;
        let click = t.stage.sim.presses("ana", &t.stage.button("ana", "Retry", false));
        t.stage.sim.deliver("interactive", &click, true).await.unwrap();
        t.ticks().await;
        t.settles().await;
        assert_eq!(t.runs().await, 2);
        t.never_mind_the_rest();
    });
}

/// An order that comes late, behind what was said after it, and then once more.
#[test]
fn what_comes_out_of_order_is_done_once_each() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let first = t.stage.sim.writes("ana", CHANNEL, None, "deploy staging ref v1.0.0");
        let second = t.stage.sim.writes("ana", CHANNEL, None, "restart staging");
        for said in [&second, &first, &second, &first] {
            t.stage.sim.deliver("events_api", said, false).await.unwrap();
            t.ticks().await;
            t.settles().await;
        }
        // Nothing was there to be restarted yet: that is answered, and does not come to pass later.
        assert_eq!(t.runs().await, 1);
        t.never_mind_the_rest();
    });
}

#[test]
fn two_people_who_click_at_once_are_both_heard() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        for who in ["ben", "zoe"] {
            let click = t.stage.sim.presses(who, &t.stage.button(who, "Approve", false));
            t.stage.sim.deliver("interactive", &click, false).await.unwrap();
        }
        t.ticks().await;
        t.settles().await;
        let told = t.stage.sim.messages().into_iter().rev().find(|it| it.only_for.as_deref() == Some("zoe"));
        assert!(told.unwrap().text.contains("was approved by ben already"));
        assert_eq!(t.decisions().await, 1);
        t.never_mind_the_rest();
    });
}

#[test]
fn a_look_may_be_taken_twice() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.never_mind_the_rest();
        let files =
            |t: &Chat| of_bot(&t.stage, CHANNEL).iter().filter(|it| it.text.contains("receipts")).count();
        double_clicks(t, "ana", "Files").await;
        let of_two = files(t);
        t.passes(seconds(10)).await;
        t.user("ana").clicks("Files").await;
        t.settles().await;
        assert_eq!(of_two, 2 * (files(t) - of_two), "each click is answered");
        t.never_mind_the_rest();
    });
}

#[test]
fn a_secret_that_looks_like_a_word_is_noticed_and_kept_nowhere() {
    chat(async |t| {
        for said in ["set secret STRIPE_KEY to tangerine in staging", "the password of the db is hunter2"] {
            t.stage.sim.says("ana", CHANNEL, None, said).await.unwrap();
            assert!(t.engine().store().inbox_list("slack", 10).await.unwrap().is_empty(), "{said}");
            t.settles().await;
            let told =
                t.stage.sim.messages().into_iter().rev().find(|it| it.only_for.as_deref() == Some("ana"));
            assert!(told.unwrap().text.contains("looks like a secret"), "{said}");
        }
        let sent = format!("{:?}", t.stage.sim.calls());
        assert!(!sent.contains("tangerine") && !sent.contains("hunter2"), "the bot sends it nowhere");
        t.never_mind_the_rest();
    });
}
