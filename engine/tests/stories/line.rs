use adapters::sim::Behaviour;
use engine::control::LockChange;

use crate::world::changes::*;
use crate::world::{Story, on_both};

const HOUR_MS: i64 = 3_600_000;

/// v1 is live, and ana's deploy of a slow v2 is on its way.
async fn busy(t: &Story) -> engine::model::RunId {
    t.does("ana", "staging", deploy("v1")).await;
    t.world.behaviour("v2", Behaviour::healthy_after(5_000)).unwrap();
    let first = t.asks("ana", "staging", deploy("v2")).await;
    t.settle().await;
    assert_eq!(t.state(&first).await, "running");
    first
}

#[test]
fn the_second_waits_in_line_says_its_place_and_goes_on() {
    on_both(async |t| {
        let first = busy(t).await;
        let second = t.asks("ben", "staging", deploy("v3")).await;
        let third = t.asks("zoe", "staging", restart(&[])).await;
        t.settle().await;
        let detail = t.engine().run_detail(&second).await.unwrap();
        assert_eq!((detail.place, detail.waits_for), (Some(1), Some(format!("{first} in staging"))));
        assert_eq!(t.engine().run_detail(&third).await.unwrap().place, Some(2));
        // Another environment is another line.
        t.does("ana", "production", deploy("v1")).await;
        t.settle_all().await;
        for run in [&first, &second, &third] {
            assert_eq!(t.outcome(run).await, "succeeded");
        }
        assert_eq!(t.desired("staging").await, "live @3");
        let (second, third) = (t.run(&second).await, t.run(&third).await);
        assert!(t.run(&first).await.finished_ms <= second.started_ms);
        assert!(second.finished_ms <= third.started_ms);
    });
}

#[test]
fn a_crash_does_not_lose_the_lock_or_the_line() {
    on_both(async |t| {
        let first = busy(t).await;
        let second = t.asks("ben", "staging", deploy("v3")).await;
        t.crash_and_restart().await;
        t.settle().await;
        assert_eq!((t.state(&first).await, t.state(&second).await), ("running", "queued"));
        t.settle_all().await;
        assert_eq!(t.outcome(&second).await, "succeeded");
    });
}

#[test]
fn a_persons_lock_keeps_others_out() {
    on_both(async |t| {
        let staging = t.environment("staging");
        let (ana, ben, zoe) = (t.person("ana").await, t.person("ben").await, t.person("zoe").await);
        let locked = t.engine().lock(&staging, &ana, Some("looking into orders"), None).await.unwrap();
        assert_eq!(locked, LockChange::Locked);
        let refused = t.tries("ben", "staging", deploy("v1")).await.unwrap_err();
        assert!(refused.to_string().contains("locked by ana"), "{refused}");
        assert_eq!(t.engine().lock(&staging, &ben, None, None).await.unwrap_err().code(), "locked");
        assert_eq!(
            t.engine().unlock(&staging, &ben, Some("need it")).await.unwrap_err().code(),
            "not-allowed"
        );
        t.does("ana", "staging", deploy("v1")).await;
        assert_eq!(t.engine().unlock(&staging, &zoe, None).await.unwrap_err().code(), "needs-reason");
        let taken = t.engine().unlock(&staging, &zoe, Some("ana is away")).await.unwrap();
        assert_eq!(taken, LockChange::TakenFrom("ana".to_owned()));
        t.does("ben", "staging", deploy("v2")).await;
    });
}

#[test]
fn a_lock_expires() {
    on_both(async |t| {
        let staging = t.environment("staging");
        let until_ms = t.now_ms() + HOUR_MS;
        t.engine().lock(&staging, &t.person("ana").await, None, Some(until_ms)).await.unwrap();
        assert_eq!(t.tries("ben", "staging", deploy("v1")).await.unwrap_err().code(), "not-allowed");
        t.passes(HOUR_MS);
        t.does("ben", "staging", deploy("v1")).await;
        assert_eq!(t.recorded("lock.expired").await, ["lock.expired by infra-chat"]);
        assert!(t.engine().store().lock_list(&staging).await.unwrap().is_empty());
    });
}

#[test]
fn a_lock_taken_while_runs_wait_lets_its_holder_pass_them() {
    on_both(async |t| {
        let first = busy(t).await;
        let bens = t.asks("ben", "staging", deploy("v3")).await;
        let staging = t.environment("staging");
        t.engine().lock(&staging, &t.person("zoe").await, Some("hands off"), None).await.unwrap();
        let zoes = t.asks("zoe", "staging", restart(&[])).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&first).await, "succeeded", "a lock does not stop what runs");
        assert_eq!((t.state(&bens).await, t.state(&zoes).await), ("queued", "succeeded"));
        t.engine().unlock(&staging, &t.person("zoe").await, None).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&bens).await, "succeeded");
    });
}

#[test]
fn a_run_for_later_waits_for_its_time_and_holds_up_nobody() {
    on_both(async |t| {
        let mut request = t.request("staging", deploy("v1"));
        request.not_before_ms = Some(t.now_ms() + HOUR_MS);
        let later = t.engine().request(&request, &t.person("ana").await).await.unwrap().id;
        let now = t.asks("ben", "staging", deploy("v2")).await;
        assert_eq!(t.settle().await, request.not_before_ms);
        assert_eq!((t.state(&later).await, t.state(&now).await), ("queued", "succeeded"));
        t.settle_all().await;
        assert_eq!(t.outcome(&later).await, "succeeded");
    });
}
