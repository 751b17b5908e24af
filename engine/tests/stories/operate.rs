use adapters::sim::Behaviour;

use crate::world::changes::*;
use crate::world::on_both;

#[test]
fn a_scale_lasts_over_deploys_and_rollbacks() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", scale(&["api"], 3)).await;
        assert!(t.picture("staging").await.contains("api@1 healthy healthy healthy of 3"));
        t.does("ana", "staging", deploy("v3")).await;
        assert!(t.picture("staging").await.contains("api@2 healthy healthy healthy of 3"));
        t.does("ana", "staging", scale(&["api"], 2)).await;
        t.does("ana", "staging", rollback()).await;
        let picture = t.picture("staging").await;
        assert!(picture.contains("api@1 healthy healthy of 2"), "{picture}");
        assert!(t.desired("staging").await.starts_with("live @1, api x2"));
    });
}

#[test]
fn a_scale_within_reason() {
    on_both(async |t| {
        assert_eq!(t.tries("ana", "staging", scale(&["api"], 2)).await.unwrap_err().code(), "nothing-live");
        t.does("ana", "staging", deploy("v1")).await;
        assert_eq!(t.tries("ana", "staging", scale(&["cron"], 2)).await.unwrap_err().code(), "not-served");
        assert_eq!(t.tries("ana", "staging", scale(&["api"], 0)).await.unwrap_err().code(), "bad-replicas");
        assert_eq!(t.tries("ana", "production", scale(&["api"], 5)).await.unwrap_err().code(), "not-allowed");
    });
}

#[test]
fn a_scale_whose_new_processes_do_not_come_up_is_undone() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let before = t.picture("staging").await;
        // Those that were healthy stay so; fresh ones take longer than anybody waits.
        t.world.behaviour("v1", Behaviour::healthy_after(3_600_000)).unwrap();
        let run = t.asks("ana", "staging", scale(&["api"], 3)).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        assert_eq!(t.picture("staging").await, before);
        assert_eq!(t.desired("staging").await, "live @1");
    });
}

#[test]
fn a_restart_replaces_every_process_once() {
    on_both(async |t| {
        t.does("ana", "production", deploy("v1")).await;
        let before = t.picture("production").await;
        t.does("ana", "production", restart(&["api"])).await;
        assert_eq!(t.picture("production").await, before);
        let replaced = t.world.effects().lines().filter(|line| line.contains("instances_replace")).count();
        assert_eq!(replaced, 1);
    });
}

#[test]
fn a_restart_that_does_not_come_up_leaves_the_old_processes() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.world.behaviour("v1", Behaviour::healthy_after(3_600_000)).unwrap();
        let before = t.picture("staging").await;
        let run = t.asks("ana", "staging", restart(&["api"])).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: unhealthy");
        assert_eq!(t.picture("staging").await, before);
    });
}

#[test]
fn a_cancelled_restart_keeps_the_lock_until_the_replacement_has_ended() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.world.behaviour("v1", Behaviour::healthy_after(10_000)).unwrap();
        let run = t.asks("ana", "staging", restart(&["api"])).await;
        t.settle().await;
        t.engine().cancel(&run, &t.person("ana").await, None).await.unwrap();
        t.settle().await;
        assert_eq!(t.state(&run).await, "undoing", "{}", t.told(&run).await);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "cancelled: cancelled");
    });
}

#[test]
fn a_switched_off_cron_stays_off_until_it_is_switched_on() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v2")).await;
        t.does("ana", "staging", cron_disable()).await;
        assert!(t.picture("staging").await.contains("cron@1 `*/15 * * * *` off"));
        t.does("ana", "staging", deploy("v3")).await;
        assert!(t.picture("staging").await.contains("cron@2 `*/15 * * * *` off"));
        t.does("ana", "staging", rollback()).await;
        assert!(t.picture("staging").await.contains("cron@1 `*/15 * * * *` off"));
        t.does("ana", "staging", cron_enable()).await;
        assert!(t.picture("staging").await.contains("cron@1 `*/15 * * * *` on"));
        assert!(!t.desired("staging").await.contains("cron off"));
    });
}

#[test]
fn caches_are_cleared_also_when_the_first_try_is_refused() {
    use adapters::sim::{Call, Fault, FaultKind};
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let busy = FaultKind::RetryBefore { after_ms: 100 };
        t.world.fault(Fault::of(Call::CacheClear, busy).nth(1));
        t.does("ana", "staging", clear_cache()).await;
        assert!(t.world.effects().contains("cache_clear"), "{}", t.world.effects());
    });
}

#[test]
fn migrations_can_run_ahead_of_the_deploy() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let before = t.picture("staging").await;
        t.does("ana", "staging", migrate("v2")).await;
        assert_eq!(t.migrated("staging").await, "0001 0002 0003");
        assert_eq!(t.picture("staging").await, before);
        assert_eq!(t.desired("staging").await, "live @1");
        t.does("ana", "staging", migrate("v2")).await;
        t.does("ana", "staging", deploy("v2")).await;
    });
}
