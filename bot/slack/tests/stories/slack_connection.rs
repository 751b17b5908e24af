//! Tokens that Slack does not take, and a Slack that is not well when it is connected to: the program goes on, says what to
//! mend, and connects by itself.

use std::sync::Arc;

use slack::sim::Fault;
use slack::{Settings, Slack};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::harness::{Chat, chat};
use crate::stage::{CHANNEL, of_bot, settings};

/// Another connection, with other settings.
async fn connected(t: &Chat, settings: Settings) -> (Arc<Slack>, DropGuard) {
    let slack = Arc::new(Slack::open(t.engine(), settings).await.unwrap());
    let (listening, stop) = (slack.clone(), CancellationToken::new());
    let stopped = stop.clone();
    tokio::spawn(async move { listening.listen(stopped).await });
    (slack, stop.drop_guard())
}

async fn trouble(slack: &Slack) -> String {
    while slack.troubles().all().is_empty() {
        tokio::task::yield_now().await;
    }
    slack.troubles().all().remove(0)
}

#[test]
fn a_bot_token_that_slack_does_not_take_is_named_and_nothing_ends() {
    chat(async |t| {
        let mut wrong = settings(&t.stage.sim);
        wrong.bot_token = "xoxb-another".into();
        let (slack, _stop) = connected(t, wrong).await;
        let says = trouble(&slack).await;
        assert!(says.contains("slack.bot_token") && says.contains("invalid_auth"), "{says}");
        t.user("ana").says("status staging").await;
        let shown = of_bot(&t.stage, CHANNEL).pop().unwrap();
        assert!(
            shown.text.contains("slack.bot_token") && shown.text.contains("(since 2026-11-18 12:0"),
            "{}",
            shown.text
        );
        t.never_mind_the_rest();
    });
}

#[test]
fn an_app_token_that_slack_does_not_take_is_named_and_nothing_ends() {
    chat(async |t| {
        let mut wrong = settings(&t.stage.sim);
        wrong.app_token = Some("xapp-another".into());
        let (slack, _stop) = connected(t, wrong).await;
        let says = trouble(&slack).await;
        assert!(says.contains("slack.app_token") && says.contains("connections:write"), "{says}");
    });
}

#[test]
fn a_slack_that_is_not_well_is_no_wrong_token_and_is_tried_again() {
    chat(async |t| {
        t.stage.sim.fault("auth.test", Fault::Refused("internal_error"));
        t.stage.sim.fault("auth.test", Fault::Page);
        let (slack, _stop) = connected(t, settings(&t.stage.sim)).await;
        let says = trouble(&slack).await;
        assert!(says.contains("not reached") && !says.contains("slack.bot_token"), "{says}");
        while !slack.is_heard() {
            tokio::task::yield_now().await;
        }
        assert!(slack.troubles().all().is_empty(), "{:?}", slack.troubles().all());
    });
}

#[test]
fn a_scope_that_is_needed_later_is_missed_at_once() {
    chat(async |t| {
        let told = |t: &Chat| ::chat::front_troubles(t.engine());
        assert_eq!(told(t), [""; 0]);
        t.stage.sim.without_scope("files:write");
        t.crash_and_restart().await;
        let says =
            "(scopes files:write): add them at *OAuth & Permissions* (deploy/slack/manifest.yaml has all";
        assert!(told(t)[0].contains(says), "{:?}", told(t));
        t.user("ana").says("status").await;
        assert!(t.said().contains("files:write"));
        t.never_mind_the_rest();
        // Each answer of Slack says what the app may do.
        t.stage.sim.without_scope("none of ours");
        t.user("ana").says("whoami").await;
        t.never_mind_the_rest();
        assert_eq!(told(t), [""; 0], "it was given meanwhile");
    });
}
