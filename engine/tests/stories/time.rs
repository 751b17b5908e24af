//! Clocks that jump, and runs that are only asked about.

use adapters::sim::Behaviour;
use engine::model::Change;

use crate::backfill::backfill;
use crate::world::changes::*;
use crate::world::{Story, on_both};

const HOUR_MS: i64 = 3_600_000;

#[test]
fn asking_what_would_happen_writes_nothing_outside() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy("v2")).await;
        let (effects, picture) = (t.world.ledger().len(), t.picture("staging").await);
        let desired = t.desired("staging").await;
        let asked: [Change; 9] = [
            deploy("v3"),
            rollback(),
            migrate("v3"),
            scale(&[], 3),
            restart(&[]),
            cron_disable(),
            cron_enable(),
            clear_cache(),
            backfill(500),
        ];
        for change in asked {
            t.previews("ana", "staging", change).await;
        }
        t.settle_all().await;
        assert_eq!(t.world.ledger().len(), effects);
        assert_eq!((t.picture("staging").await, t.desired("staging").await), (picture, desired));
        assert!(t.engine().store().run_live().await.unwrap().is_empty());
    });
}

/// A deploy in the middle of which the clock jumps, at each commit in turn until there are no more.
async fn jumps(t: &mut Story, by_ms: i64) {
    for commits in 1.. {
        t.begin_again().await;
        t.does("ana", "staging", deploy("v1")).await;
        let run = t.asks("ana", "staging", deploy("v2")).await;
        if !t.settles_or_dies_after(commits).await {
            return;
        }
        let before = t.now_ms();
        t.passes(by_ms);
        t.settle_all().await;
        let told = t.told(&run).await;
        if by_ms < 0 {
            assert_eq!(t.outcome(&run).await, "succeeded", "after {commits} commits: {told}");
            assert!(t.now_ms() < before, "it waited until the old time came again: {told}");
        } else {
            // What was waited for may have run out, by no more than the jump; half a change is never left.
            let ended = t.outcome(&run).await;
            assert!(["succeeded", "failed: unhealthy"].contains(&ended.as_str()), "{ended}: {told}");
        }
        let expected = t.engine().expected_ms(&t.environment("staging"), "deploy").await.unwrap();
        assert!(expected.values().all(|took_ms| *took_ms >= 0), "{expected:?}");
        t.end().await;
    }
}

#[test]
fn a_clock_put_back_in_the_middle_of_a_run_does_not_hold_it_up() {
    on_both(async |t| jumps(t, -HOUR_MS).await);
}

#[test]
fn a_clock_put_forward_in_the_middle_of_a_run_leaves_nothing_half_done() {
    on_both(async |t| jumps(t, HOUR_MS).await);
}

#[test]
fn a_clock_put_back_does_not_close_a_question() {
    on_both(async |t| {
        let run = t.asks("ana", "production", deploy("v1")).await;
        t.passes(-HOUR_MS);
        t.settle().await;
        assert_eq!(t.state(&run).await, "awaiting-approval");
        t.approves("ben", &run).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
    });
}

#[test]
fn a_clock_put_back_in_the_midst_of_a_canary_does_not_stop_its_judge() {
    on_both(async |t| {
        t.judges_by(5).await;
        t.does("ana", "staging", deploy("v1")).await;
        t.world.traffic_set(&t.environment("staging"), 20);
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 10)).await;
        t.settle().await;
        for _ in 0..3 {
            t.passes(1_000);
            t.settle().await;
        }
        t.passes(-42 * HOUR_MS);
        let put_back_ms = t.now_ms();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
        // Both stages, and not the 42 hours before it is as late as it was.
        assert!(t.now_ms() - put_back_ms < 120_000, "{}", t.told(&run).await);
    });
}

#[test]
fn a_clock_put_back_does_not_keep_a_bad_canary_among_users() {
    on_both(async |t| {
        t.judges_by(5).await;
        t.does("ana", "staging", deploy("v1")).await;
        t.world.traffic_set(&t.environment("staging"), 100);
        let run = t.asks("ana", "staging", deploy_canary("v2", &[50, 100], 60)).await;
        t.settle().await;
        for _ in 0..3 {
            t.passes(1_000);
            t.settle().await;
        }
        t.world.behaviour("v2", Behaviour::fails_requests(40)).unwrap();
        t.passes(-HOUR_MS);
        let put_back_ms = t.now_ms();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "rolled-back: canary-failed", "{}", t.told(&run).await);
        assert!(t.now_ms() - put_back_ms < 60_000, "{}", t.told(&run).await);
    });
}
