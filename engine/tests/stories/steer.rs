use adapters::sim::Behaviour;
use engine::model::RunId;

use crate::world::changes::*;
use crate::world::{Story, on_both};

async fn cancels(t: &Story, who: &str, run: &RunId) -> Result<(), engine::control::Refusal> {
    t.engine().cancel(run, &t.person(who).await, Some("wrong branch")).await.map(drop)
}

#[test]
fn what_waits_for_approval_can_be_cancelled() {
    on_both(async |t| {
        let run = t.asks("ana", "production", deploy("v1")).await;
        cancels(t, "ana", &run).await.unwrap();
        assert_eq!(t.reason(&run).await.say, "cancelled by ana: wrong branch");
        assert_eq!(t.approves("ben", &run).await.unwrap_err().code(), "already-decided");
        t.settle_all().await;
        assert_eq!(t.world.effects(), "");
        assert_eq!(cancels(t, "ana", &run).await.unwrap_err().code(), "over");
    });
}

#[test]
fn what_waits_in_line_can_be_cancelled() {
    on_both(async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        cancels(t, "ben", &run).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "cancelled: cancelled");
        assert_eq!(t.world.effects(), "");
    });
}

#[test]
fn a_viewer_can_not_cancel() {
    on_both(async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        assert_eq!(cancels(t, "vera", &run).await.unwrap_err().code(), "not-allowed");
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
    });
}

#[test]
fn what_runs_is_undone_when_it_is_cancelled_whatever_the_step() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let before = t.picture("staging").await;
        // Dies (and comes back) after each commit in turn: that is how a test gets in between two steps.
        let (mut cancelled, mut past) = (0, 0);
        for commits in 1.. {
            let run = t.asks("ana", "staging", deploy("v3")).await;
            let stopped = t.settles_or_dies_after(commits).await;
            t.crash_and_restart().await;
            if !stopped {
                break;
            }
            match cancels(t, "ben", &run).await {
                Ok(()) => {
                    cancelled += 1;
                    t.settle_all().await;
                    assert_eq!(t.outcome(&run).await, "cancelled: cancelled", "after {commits} commits");
                    assert_eq!(t.picture("staging").await, before, "after {commits} commits");
                }
                Err(refusal) => {
                    past += 1;
                    assert!(["past-return", "over"].contains(&refusal.code()), "{refusal:?}");
                    t.settle_all().await;
                    assert_eq!(t.outcome(&run).await, "succeeded");
                    let back = t.engine().store().environment_get(&t.environment("staging")).await.unwrap();
                    assert!(back.value.live > Some(1));
                    break;
                }
            }
        }
        assert!(cancelled >= 9 && past == 1, "{cancelled} cancelled, {past} past the point of no return");
    });
}

#[test]
fn cancelling_what_users_saw_is_an_incident_and_what_they_never_saw_is_none() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let (mut unseen, mut seen) = (0, 0);
        for commits in 1.. {
            let run = t.asks("ana", "staging", deploy("v3")).await;
            let stopped = t.settles_or_dies_after(commits).await;
            t.crash_and_restart().await;
            let told = t.told(&run).await;
            if !stopped || cancels(t, "ben", &run).await.is_err() {
                t.settle_all().await;
                break;
            }
            t.settle_all().await;
            let environment = t.environment("staging");
            let incidents = t.engine().store().incident_list(&environment, 0, 100).await.unwrap();
            if told.contains("  canary …") {
                seen += 1;
            } else {
                unseen += 1;
            }
            assert_eq!(incidents.len(), seen, "{told}");
        }
        assert!(unseen > 5 && seen > 0, "{unseen} unseen, {seen} seen");
    });
}

#[test]
fn a_paused_run_finishes_its_step_and_waits() {
    on_both(async |t| {
        t.world.behaviour("v1", Behaviour::healthy_after(5_000)).unwrap();
        let run = t.asks("ana", "staging", deploy("v1")).await;
        t.settle().await;
        t.engine().pause(&run, &t.person("ben").await).await.unwrap();
        t.settle_all().await;
        t.passes(6_000);
        t.settle_all().await;
        assert_eq!(t.state(&run).await, "paused");
        let told = t.told(&run).await;
        assert!(told.contains("api and web done") && !told.contains("cron …"), "{told}");
        t.crash_and_restart().await;
        t.settle_all().await;
        assert_eq!(t.state(&run).await, "paused");
        assert_eq!(t.engine().pause(&run, &t.person("ben").await).await.unwrap_err().code(), "unfit");
        t.engine().resume(&run, &t.person("ben").await).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        assert_eq!(t.engine().resume(&run, &t.person("ben").await).await.unwrap_err().code(), "over");
    });
}

#[test]
fn a_paused_run_can_be_cancelled() {
    on_both(async |t| {
        t.world.behaviour("v1", Behaviour::healthy_after(5_000)).unwrap();
        let run = t.asks("ana", "staging", deploy("v1")).await;
        t.settle().await;
        t.engine().pause(&run, &t.person("ana").await).await.unwrap();
        cancels(t, "ana", &run).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "cancelled: cancelled");
        assert_eq!(t.picture("staging").await, "");
    });
}

#[test]
fn a_retry_is_a_new_run_with_a_fresh_plan() {
    on_both(async |t| {
        t.world.behaviour("v1", Behaviour::never_healthy()).unwrap();
        let run = t.asks("ana", "staging", deploy("v1")).await;
        t.settle().await;
        assert_eq!(t.engine().retry(&run, &t.person("ana").await).await.unwrap_err().code(), "not-over");
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        t.world.behaviour("v1", Behaviour::default()).unwrap();
        let again = t.engine().retry(&run, &t.person("ben").await).await.unwrap();
        t.settle_all().await;
        assert_eq!((again.id == run, t.outcome(&again.id).await.as_str()), (false, "succeeded"));
    });
}
