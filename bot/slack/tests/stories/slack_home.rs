//! The App Home: how things stand, for whoever opens it, kept up to date for a while.

use std::time::Duration;

use slack::sim::Fault;
use tokio_util::sync::CancellationToken;

use crate::harness::{Chat, chat, good, minutes};

/// Before anything else is written down, which would have the homes looked at.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn the_home_shows_every_environment() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.stage.sim.deliver("events_api", &t.stage.sim.opens_home("ana"), false).await.unwrap();
        t.stage.sim.until(|sim| sim.home("ana").is_some()).await;
        let home = t.stage.sim.home("ana").unwrap().to_string();
        for expected in
            ["staging: release 1 (v1.0.0", "production: nothing is deployed", "deploy staging", "api"]
        {
            assert!(home.contains(expected), "{expected:?} is missing in {home}");
        }
    });
}

#[test]
fn the_home_shows_a_lock_and_a_run_that_is_under_way() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("lock staging for 2 hours because of the audit").await;
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.stage.sim.deliver("events_api", &t.stage.sim.opens_home("ben"), false).await.unwrap();
        t.stage.sim.until(|sim| sim.home("ben").is_some()).await;
        let home = t.stage.sim.home("ben").unwrap().to_string();
        for expected in
            ["*Locked by*", "ana: the audit", "deploy v1.0.0 to production, awaiting-approval", "Approve r-"]
        {
            assert!(home.contains(expected), "{expected:?} is missing in {home}");
        }
        t.never_mind_the_rest();
    });
}

#[test]
fn a_home_that_somebody_opened_lately_is_kept_up_to_date() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.deliver("events_api", &t.stage.sim.opens_home("ana"), false).await.unwrap();
        t.stage.sim.until(|sim| sim.home("ana").is_some()).await;
        let slack = t.connected().slack.clone();
        slack.rest().await;
        assert_eq!(slack.homes_redraw().await, 0, "nothing has changed");
        t.deployed("staging", "v1.0.0").await;
        t.stage.sim.fault("views.publish", Fault::Limited(5));
        assert_eq!((slack.homes_redraw().await, slack.homes_redraw().await), (0, 0), "Slack asks to wait");
        t.stage.clock.advance(5_000);
        assert_eq!(slack.homes_redraw().await, 1);
        assert!(t.stage.sim.home("ana").unwrap().to_string().contains("staging: release 1 (v1.0.0"));
        t.passes(minutes(16)).await;
        t.deployed("staging", "v1.0.0").await;
        assert_eq!(slack.homes_redraw().await, 0, "nobody looks any more");
    });
}

/// How often a home was asked to be shown.
fn published(t: &Chat) -> usize {
    t.stage.sim.calls().iter().filter(|call| call.method == "views.publish").count()
}

#[test]
fn a_home_that_slack_does_not_take_at_once_is_shown_later_although_nothing_changes() {
    for fault in [Fault::Limited(0), Fault::LimitedBarely(0)] {
        chat(async |t| {
            let (slack, stop) = (t.connected().slack.clone(), CancellationToken::new());
            let keeping = tokio::spawn({
                let (slack, stop) = (slack.clone(), stop.clone());
                async move { slack.homes_keep(stop).await }
            });
            t.stage.sim.fault("views.publish", fault);
            t.stage.sim.deliver("events_api", &t.stage.sim.opens_home("ana"), false).await.unwrap();
            let shown = t.stage.sim.until(|sim| sim.home("ana").is_some());
            tokio::time::timeout(SOON, shown).await.unwrap();
            assert_eq!(published(t), 2);
            stop.cancel();
            keeping.await.unwrap();
        });
    }
}

#[test]
fn while_slack_asks_to_wait_nobody_s_home_is_asked_for() {
    chat(async |t| {
        let slack = t.connected().slack.clone();
        t.stage.sim.fault("views.publish", Fault::Limited(60));
        for person in ["ana", "ben"] {
            t.stage.sim.deliver("events_api", &t.stage.sim.opens_home(person), false).await.unwrap();
            slack.rest().await;
        }
        assert_eq!(published(t), 1);
        t.stage.clock.advance(60_000);
        assert_eq!(slack.homes_redraw().await, 2, "after that it is shown to both");
    });
}

#[test]
fn a_home_that_slack_refuses_keeps_nobody_else_from_theirs() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let slack = t.connected().slack.clone();
        for person in ["ana", "ben", "vera"] {
            t.stage.sim.deliver("events_api", &t.stage.sim.opens_home(person), false).await.unwrap();
            slack.rest().await;
        }
        t.deployed("staging", "v1.0.0").await;
        t.stage.sim.fault("views.publish", Fault::Refused("not_enabled"));
        slack.homes_redraw().await;
        let shown = |person: &&str| {
            t.stage.sim.home(person).unwrap().to_string().contains("staging: release 1 (v1.0.0")
        };
        assert_eq!(["ana", "ben", "vera"].iter().filter(|it| shown(it)).count(), 2);
    });
}
