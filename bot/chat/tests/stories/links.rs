//! A run's card has an address, and what speaks of the run elsewhere gives it. For fronts whose messages have addresses.

use adapters::sim::Behaviour;

use crate::harness::{chat, good};

#[test]
fn how_things_stand_gives_the_way_to_a_runs_card() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        let run = t.engine().store().run_recent(1).await.unwrap().remove(0).id;
        let address = t.stage.address_of(&run);
        assert_eq!(t.stage.times_said(&address), 0, "its own card does not point at itself");
        t.user("ana").says("status production").await;
        assert_eq!(t.stage.times_said(&address), 1);
        // It is kept with what was shown.
        t.crash_and_restart().await;
        t.user("ana").says(&format!("status {run}")).await;
        assert_eq!(t.stage.times_said(&address), 2);
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        assert_eq!(t.stage.times_said(&address), 2, "who approves it there is there");
        t.never_mind_the_rest();
    });
}

#[test]
fn several_runs_are_told_apart_by_their_cards() {
    chat(async |t| {
        for tag in ["v1.0.0", "v1.1.0"] {
            t.release(tag, good());
            t.user("ana").says(&format!("deploy production ref {tag}")).await;
        }
        t.user("ben").says("approve").await;
        for run in t.engine().store().run_recent(2).await.unwrap() {
            assert_eq!(t.stage.times_said(&t.stage.address_of(&run.id)), 1, "{}", run.id);
        }
        t.never_mind_the_rest();
    });
}

#[test]
fn what_waits_already_and_what_is_that_retry_have_the_way_to_their_card() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::never_healthy());
        t.user("ana").says("deploy production ref v1.0.0").await;
        let run = t.engine().store().run_recent(1).await.unwrap().remove(0).id;
        t.user("ben").says("deploy production ref v1.0.0").await;
        assert_eq!(t.stage.times_said(&t.stage.address_of(&run)), 1);
        t.user("ana").says("reject").await;
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.user("ana").clicks("Retry").await;
        let retry = t.engine().store().run_recent(1).await.unwrap().remove(0).id;
        t.user("ben").says("retry r-2").await;
        assert_eq!(t.stage.times_said(&t.stage.address_of(&retry)), 1);
        t.settles().await;
        t.user("ben").says("retry r-2").await;
        assert_eq!(t.stage.times_said(&t.stage.address_of(&retry)), 2, "it is over, and still there");
        t.never_mind_the_rest();
    });
}
