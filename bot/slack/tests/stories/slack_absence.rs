//! What was said while the bot did not listen: named afterwards, also after a kill, and none of it lost.

use std::sync::Arc;

use slack::sim::{BOT_USER, Fault};
use slack::{Mode, Settings, Slack};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::harness::{Chat, chat, good, minutes};
use crate::stage::{CHANNEL, of_bot, settings};

/// Every version of what people read of the notices, newest last.
fn notices(t: &Chat) -> Vec<String> {
    let said = of_bot(&t.stage, CHANNEL).into_iter();
    said.filter(|it| it.text.contains("could not hear Slack")).map(|it| it.text).collect()
}

/// What is under way beside the story comes to its end.
async fn notices_come(t: &mut Chat, count: usize) {
    while notices(t).len() < count {
        t.settles().await;
        tokio::task::yield_now().await;
    }
    t.never_mind_the_rest();
}

/// All sockets are lost, and opened again after a minute; `meanwhile` happens in between.
async fn is_away(t: &mut Chat, meanwhile: impl FnOnce(&mut Chat)) {
    t.stage.sim.until(|sim| sim.sockets() == 2).await;
    let opened = t.stage.sim.opened();
    t.stage.sim.hang_up();
    while t.connected().slack.is_heard() {
        tokio::task::yield_now().await;
    }
    t.stage.clock.advance_to(t.engine().now_ms());
    meanwhile(t);
    t.passes(60_000).await;
    t.stage.clock.advance_to(t.engine().now_ms());
    t.stage.sim.until(|sim| sim.opened() > opened).await;
}

#[test]
fn a_notice_that_slack_does_not_take_at_once_comes_later_and_survives_a_kill() {
    chat(async |t| {
        t.stage.sim.fault("chat.postMessage", Fault::Limited(30));
        is_away(t, |t| drop(t.stage.sim.writes("ana", CHANNEL, None, "deploy staging ref v1.0.0"))).await;
        while t.engine().store().outbox_conversations("slack").await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        t.crash_and_restart().await;
        notices_come(t, 1).await;
        assert!(notices(t)[0].contains("ana: deploy staging ref v1.0.0"), "{:#?}", notices(t));
        assert_eq!(notices(t).len(), 1);
    });
}

#[test]
fn what_was_said_while_the_program_was_stopped_is_named_and_not_done() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("whoami").await;
        t.never_mind_the_rest();
        let opened = t.stage.sim.opened();
        let missed = t.stage.sim.writes("ben", CHANNEL, None, "deploy staging ref v1.0.0");
        t.crash_and_passes(minutes(10)).await;
        t.stage.sim.until(|sim| sim.opened() > opened).await;
        notices_come(t, 1).await;
        let said = notices(t).remove(0);
        assert!(said.contains("ben: deploy staging ref v1.0.0") && !said.contains("whoami"), "{said}");
        assert!(said.contains("12:00") && said.contains("12:10"), "{said}");
        t.stage.sim.deliver("events_api", &missed, false).await.unwrap();
        t.settles().await;
        assert!(t.engine().store().run_recent(1).await.unwrap().is_empty(), "it is delivered late, not done");
        t.crash_and_passes(minutes(10)).await;
        t.settles().await;
        assert_eq!(notices(t).len(), 1, "where nothing was said a start says nothing");
    });
}

#[test]
fn what_was_said_while_the_database_was_away_is_named_and_not_done_late() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("whoami").await;
        t.never_mind_the_rest();
        t.database_goes_away().await;
        let sim = t.stage.sim.clone();
        let said = sim.writes("ben", CHANNEL, None, "deploy staging ref v1.0.0");
        let (telling, told) = (sim.clone(), said.clone());
        let first = tokio::spawn(async move { telling.deliver("events_api", &told, false).await });
        while t.connected().slack.is_heard() {
            tokio::task::yield_now().await;
        }
        t.time_goes_by(minutes(10));
        t.database_comes_back().await;
        notices_come(t, 1).await;
        assert!(notices(t)[0].contains("ben: deploy staging ref v1.0.0"), "{:#?}", notices(t));
        assert!(
            notices(t)[0].contains("from 2026-11-18 12:00 UTC to 2026-11-18 12:10 UTC"),
            "{:#?}",
            notices(t)
        );
        assert!(first.await.unwrap().is_none(), "it was not acknowledged");
        // Slack delivers it again, and what comes after it is heard as ever.
        sim.deliver("events_api", &said, false).await.unwrap();
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, notices(t).len()), (1, 1));
    });
}

#[test]
fn more_than_a_page_and_threads_are_looked_at_and_a_limit_is_said() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let root = of_bot(&t.stage, CHANNEL).remove(0).ts;
        is_away(t, |t| {
            let sim = &t.stage.sim;
            sim.writes("ben", CHANNEL, Some(&root), &format!("<@{BOT_USER}> approve"));
            for number in 0..150 {
                sim.writes("ana", CHANNEL, None, &format!("line {number}"));
            }
        })
        .await;
        notices_come(t, 1).await;
        let said = notices(t).remove(0);
        assert!(said.contains("ben: ") && said.contains("approve"), "the thread comes first: {said}");
        assert!(said.contains("and 141 more") && !said.contains("could not look at all"), "{said}");
        assert_eq!(t.decisions().await, 0);
        is_away(t, |t| {
            for number in 0..1_100 {
                t.stage.sim.writes("ana", CHANNEL, None, &format!("line {number}"));
            }
        })
        .await;
        notices_come(t, 2).await;
        let said = notices(t).remove(1);
        assert!(said.contains("and 990 more") && said.contains("could not look at all of it"), "{said}");
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn a_channel_that_can_not_be_read_yet_is_read_later() {
    chat(async |t| {
        for _ in 0..2 {
            t.stage.sim.fault("conversations.history", Fault::Limited(0));
        }
        t.stage.sim.fault("conversations.history", Fault::Broken);
        is_away(t, |t| drop(t.stage.sim.writes("ana", CHANNEL, None, "status please"))).await;
        notices_come(t, 1).await;
        assert!(notices(t)[0].contains("ana: status please"), "{:#?}", notices(t));
    });
}

#[test]
fn a_secret_that_was_written_meanwhile_is_noticed_and_shown_nowhere() {
    chat(async |t| {
        let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
        is_away(t, |t| drop(t.stage.sim.writes("ana", CHANNEL, None, &format!("the key is {secret}")))).await;
        notices_come(t, 1).await;
        t.settles().await;
        let told = t.stage.sim.messages().into_iter().find(|it| it.only_for.as_deref() == Some("ana"));
        assert!(told.expect("ana is told").text.contains("looks like a secret"));
        assert!(t.stage.sim.calls().iter().any(|call| call.method == "chat.delete"));
        let calls = format!("{:?}", t.stage.sim.calls());
        assert!(!calls.contains(secret) && !calls.contains("the key is"), "nothing of it is quoted");
        t.never_mind_the_rest();
    });
}

#[test]
fn the_notice_of_a_secret_is_tried_until_it_arrives() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        sim.fault("chat.delete", Fault::Limited(20));
        sim.fault("chat.postEphemeral", Fault::Limited(20));
        sim.fault("chat.postEphemeral", Fault::Broken);
        sim.says("ana", CHANNEL, None, "use sk_live_4eC39HqLyjWDarjtT1zdp7dc").await.unwrap();
        t.crash_and_restart().await;
        t.settles().await;
        t.never_mind_the_rest();
        let told = sim.messages().into_iter().filter(|it| it.only_for.as_deref() == Some("ana"));
        let told: Vec<_> = told.map(|it| it.text).collect();
        assert!(told.len() == 1 && told[0].contains("looks like a secret"), "{told:#?}");
        assert_eq!(t.stage.sim.buttons("ana", "Enter it safely").len(), 1);
        let deletions = sim.calls().into_iter().filter(|call| call.method == "chat.delete").count();
        assert!(deletions >= 2, "{deletions}");
    });
}

/// What is said of an absence in a conversation, once there is something.
async fn notice_in(t: &mut Chat, channel: &str) -> String {
    loop {
        t.settles().await;
        let said = of_bot(&t.stage, channel).into_iter().find(|it| it.text.contains("could not hear Slack"));
        if let Some(said) = said {
            t.never_mind_the_rest();
            return said.text;
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn what_was_said_to_the_bot_alone_or_by_its_name_meanwhile_is_named_and_not_done() {
    chat(async |t| {
        t.release("v1.0.0", good());
        // It knows where it is spoken to from what was said there before.
        let sim = t.stage.sim.clone();
        sim.says("ana", "Dana", None, "whoami").await.unwrap();
        let named = sim.writes("ben", "C0OTHER", None, "<@U0BOT> whoami");
        sim.deliver("events_api", &sim.as_mention(&named), false).await.unwrap();
        t.settles().await;
        t.never_mind_the_rest();
        is_away(t, |t| {
            let sim = &t.stage.sim;
            sim.writes("ana", "Dana", None, "deploy staging ref v1.0.0");
            sim.writes("ben", "C0OTHER", None, "<@U0BOT> deploy production ref v1.0.0");
            sim.writes("ben", "C0OTHER", None, "lunch?");
        })
        .await;
        let said = notice_in(t, "Dana").await;
        assert!(said.contains("ana: deploy staging ref v1.0.0") && said.contains("say again"), "{said}");
        let said = notice_in(t, "C0OTHER").await;
        assert!(said.contains("deploy production ref v1.0.0") && !said.contains("lunch"), "{said}");
        assert_eq!(t.runs().await, 0);
    });
}

#[test]
fn what_was_said_to_the_bot_alone_while_the_program_was_stopped_is_named() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.says("ana", "Dana", None, "whoami").await.unwrap();
        t.settles().await;
        t.never_mind_the_rest();
        let missed = t.stage.sim.writes("ana", "Dana", None, "deploy staging ref v1.0.0");
        t.crash_and_passes(minutes(10)).await;
        let said = notice_in(t, "Dana").await;
        assert!(said.contains("ana: deploy staging ref v1.0.0"), "{said}");
        t.stage.sim.deliver("events_api", &missed, false).await.unwrap();
        t.settles().await;
        t.crash_and_passes(minutes(10)).await;
        t.settles().await;
        let told = of_bot(&t.stage, "Dana").into_iter().filter(|it| it.text.contains("could not hear"));
        assert_eq!((t.runs().await, told.count()), (0, 1), "it is said once, and not done late");
    });
}

/// A program that Slack calls begins; where it is called.
async fn is_called(t: &Chat) -> (Arc<Slack>, String, DropGuard) {
    let settings = Settings { mode: Mode::Http, ..settings(&t.stage.sim) };
    let slack = Arc::new(Slack::open(t.engine(), settings).await.unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (base, routes) = (format!("http://{}", listener.local_addr().unwrap()), slack.routes());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let (listening, stop) = (Arc::clone(&slack), CancellationToken::new());
    let stopped = stop.clone();
    tokio::spawn(async move { listening.listen(stopped).await });
    while !slack.is_heard() {
        tokio::task::yield_now().await;
    }
    (slack, base, stop.drop_guard())
}

#[test]
fn where_slack_calls_what_it_has_given_up_is_named_after_a_stop() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.writes("ben", CHANNEL, None, "deploy staging ref v1.0.0");
        t.passes(minutes(10)).await;
        let (_slack, _base, _stop) = is_called(t).await;
        notices_come(t, 1).await;
        assert!(notices(t)[0].contains("ben: deploy staging ref v1.0.0"), "{:#?}", notices(t));
    });
}

#[test]
fn where_slack_calls_what_it_repeats_is_done_and_not_named() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let repeated = t.stage.sim.writes("ana", CHANNEL, None, "deploy staging ref v1.0.0");
        t.passes(minutes(2)).await;
        let (_slack, base, _stop) = is_called(t).await;
        let looked =
            |sim: &slack::sim::Sim| sim.calls().iter().any(|it| it.method == "conversations.history");
        while !looked(&t.stage.sim) {
            tokio::task::yield_now().await;
        }
        let now_s = chrono::Utc::now().timestamp();
        let (status, _) = t.stage.sim.deliver_signed(&base, "events_api", &repeated, now_s).await;
        assert_eq!(status, 200);
        t.ticks().await;
        t.settles().await;
        assert_eq!((t.runs().await, notices(t).len()), (1, 0));
        t.never_mind_the_rest();
    });
}
