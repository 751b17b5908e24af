//! Clicks as people make them: twice in a row, and on what nobody else sees.

use adapters::sim::Behaviour;

use crate::harness::{Chat, chat, good, seconds};
use crate::stage::{CHANNEL, last_whisper, of_bot};

/// Between the two clicks of a double click, in milliseconds.
const APART_MS: i64 = 300;

/// Messages of the bot that everybody sees in the channel.
fn in_the_open(t: &Chat) -> usize {
    of_bot(&t.stage, CHANNEL).iter().filter(|it| it.only_for.is_none()).count()
}

#[test]
fn a_double_click_begins_one_run_and_a_later_one_another() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        for runs in [2, 3] {
            for _ in 0..2 {
                let press = t.stage.button("ana", "Retry", false);
                assert_eq!(t.stage.sim.interact(&t.stage.sim.presses("ana", &press)).await.unwrap().kind, 6);
                t.stage.clock.advance(APART_MS);
            }
            t.ticks().await;
            t.settles().await;
            assert_eq!(t.runs().await, runs);
            t.passes(seconds(10)).await;
        }
        t.never_mind_the_rest();
    });
}

#[test]
fn a_click_on_a_private_answer_is_answered_to_the_same_person_alone() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.never_mind_the_rest();
        let command = t.stage.sim.command("ana", CHANNEL, "infra", &[("more", "text me")]);
        t.stage.sim.interact(&command).await.unwrap();
        t.ticks().await;
        t.settles().await;
        let (open, alone) = (in_the_open(t), last_whisper(t, "ana"));
        assert!(alone.content.contains("Of what?"), "{}", alone.content);
        let press = t.stage.button("ana", "text me if a deploy fails", false);
        t.stage.sim.interact(&t.stage.sim.presses("ana", &press)).await.unwrap();
        t.ticks().await;
        t.settles().await;
        let told = last_whisper(t, "ana");
        assert!(told.content.contains("Alert 1 stands") && told.channel == CHANNEL, "{told:?}");
        assert_eq!(in_the_open(t), open, "nobody else is told");
        t.never_mind_the_rest();
    });
}
