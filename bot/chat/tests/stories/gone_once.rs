//! It never does what nobody said: a way back is the one that was shown, and is not gone further in other words.

use adapters::sim::Behaviour;
use expect_test::expect;

use crate::harness::{Chat, chat, good, seconds};

async fn staging_on(t: &mut Chat, tags: &[&str]) {
    for tag in tags {
        t.release(tag, good());
        t.deployed("staging", tag).await;
    }
}

/// Somebody rolled back a moment ago, and somebody else gives a reason that ends with "again".
#[test]
fn a_reason_asks_for_no_more() {
    chat(async |t| {
        staging_on(t, &["v1.0.0", "v1.1.0", "v1.2.0"]).await;
        t.user("ana").says("rollback staging").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.passes(seconds(20)).await;
        t.user("ben").says("rollback staging, web is down again").await;
        t.bot_says(expect![[r#"
            ? r-4 rolled staging back to release 2 (v1.1.0) 20 s ago; I went no further back.
              asked by: ana
              To go further back, to release 1, say `rollback staging to release 1`.
              [Further back!]
              > rollback in staging
        "#]]);
        assert_eq!(t.runs().await, 4);
        t.user("ben").says("rollback staging again").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-5 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms"]);
    });
}

/// The same way back in other words: of one service, of a few, and as a retry.
#[test]
fn other_words_for_the_same() {
    chat(async |t| {
        staging_on(t, &["v1.0.0", "v1.1.0", "v1.2.0"]).await;
        t.user("ana").says("rollback staging").await;
        t.user("ben").says("rollback api in staging").await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 4);
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ben").says("rollback api in staging").await;
        t.bot_says(expect![[r#"
            ? r-4 rolled staging back to release 2 (v1.1.0) just now; I went no further back.
              asked by: ana
              To go further back, to release 1, say `rollback staging to release 1`.
              [Further back!]
              > rollback api in staging
        "#]]);
        t.user("ben").says("retry r-4").await;
        t.whispers(
            "ben",
            expect![[r#"
            ✗ r-4 has succeeded, so there is nothing to retry.
              Next: rollback in staging
              > retry r-4
        "#]],
        );
        t.user("ben").says("retry r-1").await;
        t.whispers(
            "ben",
            expect![[r#"
            ✗ r-1 has succeeded, so there is nothing to retry.
              Next: deploy v1.0.0 to staging
              > retry r-1
        "#]],
        );
        assert_eq!(t.runs().await, 4);
    });
}

/// The other way round: one service went back, and then all of it is asked for.
#[test]
fn one_service_and_then_all() {
    chat(async |t| {
        staging_on(t, &["v1.0.0", "v1.1.0", "v1.2.0"]).await;
        t.user("ana").says("rollback api in staging").await;
        t.user("ben").says("rollback staging").await;
        t.bot_says(expect![[r#"
            ? r-4 rolls api in staging back to release 2 (v1.1.0) already, and waits for its turn; I started no second one.
              asked by: ana
              [Status]
              > rollback in staging
        "#]]);
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ben").says("rollback staging").await;
        t.bot_says(expect![[r#"
            ? r-4 rolled api in staging back to release 2 (v1.1.0) just now; I went no further back.
              asked by: ana
              To go back elsewhere, say where to, as in `rollback staging to release 1`: `releases staging` lists them.
              > rollback in staging
        "#]]);
        assert_eq!(t.runs().await, 4);
    });
}

/// What is meant while a deploy runs, a person says: also after somebody rolled back.
#[test]
fn a_deploy_is_under_way() {
    chat(async |t| {
        staging_on(t, &["v1.0.0", "v1.1.0", "v1.2.0"]).await;
        t.user("ana").says("rollback staging").await;
        t.settles().await;
        t.release("v1.3.0", good());
        t.user("ana").says("deploy staging ref v1.3.0").await;
        t.never_mind_the_rest();
        t.user("ben").says("rollback staging").await;
        t.bot_says(expect![[r#"
            ? r-5 waits for its turn, so nothing of it is live yet.
              `cancel r-5` stops it and undoes what it did so far.
              Release 2 (v1.1.0) is live, and nothing was rolled back.
              To go back to release 1 when r-5 is over, say `rollback in staging to release 1`.
              [Cancel!] [Back to release 1!]
              > rollback in staging
        "#]]);
        assert_eq!(t.runs().await, 5);
        t.user("ben").clicks("Back to release 1").await;
        t.bot_headlines(expect![
            "… r-6 · Roll staging back to release 1 (v1.0.0) · next in line, waits for r-5 in staging"
        ]);
        t.user("ben").says("cancel r-6").await;
        t.never_mind_the_rest();
        t.user("ben").says("cancel r-5").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.run(5).is("cancelled").await;
    });
}

/// The same deploy for another time is another deploy.
#[test]
fn another_time() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0 at 22:00").await;
        t.user("ana").says("deploy production ref v1.0.0 at 23:00").await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 2);
        t.user("ben").says("deploy production ref v1.0.0 at 22:00").await;
        t.bot_says(expect![[r#"
            ? r-1 (deploy v1.0.0 to production at 22:00) waits for approval already; I made no second one.
              asked by: ana
              asked: just now
              [Approve!] [Another all the same]
              > deploy v1.0.0 to production at 22:00
        "#]]);
        assert_eq!(t.runs().await, 2);
    });
}

/// The one that waits was asked for before its branch moved on: approved, it would not start.
#[test]
fn one_that_waits_in_vain() {
    chat(async |t| {
        t.release("main", good());
        t.user("ana").says("deploy production ref main").await;
        t.never_mind_the_rest();
        t.release("main", good());
        t.user("ana").says("deploy production ref main").await;
        t.bot_says(expect![[r#"
            ? r-1 (deploy main to production) waits for approval as well, but things have changed since it was asked for: approved, it would not start.
              [Cancel r-1]
              > deploy main to production
        "#]]);
        t.bot_headlines(expect!["? r-2 · Deploy main (13b660a) to production · awaiting approval"]);
        t.user("ana").says("deploy production ref main").await;
        t.bot_says(expect![[r#"
            ? r-2 (deploy main to production) waits for approval already; I made no second one.
              asked by: ana
              asked: just now
              [Approve!] [Another all the same]
              > deploy main to production
        "#]]);
        assert_eq!(t.runs().await, 2);
        t.user("ben").says("approve r-2").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.run(2).is("succeeded").await;
    });
}

/// Said by two in the same moment.
#[test]
fn two_at_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let order = "deploy production ref v1.0.0".to_owned();
        t.at_once(&[("ana", order.clone()), ("ben", order.clone()), ("zoe", order)]).await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 1);
    });
}

/// Two people see the same deploy fail, and both retry it.
#[test]
fn a_retry_of_two_people_is_one() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ana").clicks("Retry").await;
        t.never_mind_the_rest();
        t.user("ben").says("retry r-1").await;
        t.bot_says(expect![[r#"
            · r-2 (deploy v1.0.0 to staging) is that retry, and waits for its turn; I made no second one.
              asked by: ana
              asked: just now
              [Status] [Another all the same]
              > retry r-1
        "#]]);
        assert_eq!(t.runs().await, 2);
        t.settles().await;
        t.never_mind_the_rest();
    });
}

/// Somebody clicks *Retry* on an old card, and it was retried since: they may not have seen it.
#[test]
fn a_retry_that_is_over() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.user("ana").clicks("Retry").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ben").clicks_the_old("Retry").await;
        t.bot_says(expect![[r#"
            ? r-1 was tried again already: r-2 (deploy v1.0.0 to staging) failed just now. I made no further one.
              asked by: ana
              [Status] [Retry r-2]
              > retry r-1
        "#]]);
        assert_eq!(t.runs().await, 2);
        t.release("v1.0.0", good());
        t.user("ben").clicks("Retry r-2").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.run(3).is("succeeded").await;
        t.user("ana").clicks_the_old("Retry").await;
        t.bot_says(expect![[r#"
            ? r-1 was tried again already: r-3 (deploy v1.0.0 to staging) succeeded just now. I made no further one.
              asked by: ben
              [Status] [Once more all the same]
              > retry r-1
        "#]]);
        assert_eq!(t.runs().await, 3);
        t.user("ana").clicks("Once more all the same").await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 4);
        t.settles().await;
        t.never_mind_the_rest();
    });
}

/// The same of what is no deploy.
#[test]
fn a_retry_of_a_restart() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("restart api in staging").await;
        t.user("ana").says("cancel r-2").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ana").says("retry r-2").await;
        t.never_mind_the_rest();
        t.user("ben").says("retry r-2").await;
        t.bot_says(expect![[r#"
            · r-3 (restart api in staging) is that retry, and waits for its turn; I made no second one.
              asked by: ana
              asked: just now
              [Status] [Another all the same]
              > retry r-2
        "#]]);
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ben").says("retry r-2").await;
        t.bot_says(expect![[r#"
            ? r-2 was tried again already: r-3 (restart api in staging) succeeded just now. I made no further one.
              asked by: ana
              [Status] [Once more all the same]
              > retry r-2
        "#]]);
        assert_eq!(t.runs().await, 3);
    });
}

/// Two people click in the same moment, each where they are: neither sees the other's run.
#[test]
fn two_retries_at_once() {
    chat(async |t| {
        t.release("v1.0.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.never_mind_the_rest();
        let run = t.engine().store().run_recent(1).await.unwrap().remove(0).id;
        let desk = t.desk();
        let retry = |person: &str| chat::Inbound {
            identity: engine::model::Identity {
                front: crate::stage::FRONT.to_owned(),
                external_id: person.to_owned(),
            },
            conversation: format!("{}:of-{person}", crate::stage::FRONT),
            event: None,
            text: format!("retry {run}"),
        };
        let (ana, ben) = (retry("ana"), retry("ben"));
        let (ana, ben) = tokio::join!(desk.hear(&ana), desk.hear(&ben));
        let mut outcomes = [ana.outcome, ben.outcome];
        outcomes.sort_by_key(|outcome| matches!(outcome, chat::Outcome::Requested(_)));
        assert!(matches!(outcomes, [chat::Outcome::Answered, chat::Outcome::Requested(_)]), "{outcomes:?}");
        assert_eq!(t.runs().await, 2);
        t.settles().await;
        t.never_mind_the_rest();
    });
}

/// Whoever has decided says so once more: by a double click, or because they saw nothing come of it yet.
#[test]
fn what_somebody_has_decided_is_decided_for_them() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("ben").clicks("Approve").await;
        t.never_mind_the_rest();
        t.user("ben").clicks("Approve").await;
        t.whispers(
            "ben",
            expect![[r#"
            · You have approved r-1 already: that counts.
              It waits for its turn.
              > approve r-1
        "#]],
        );
        t.user("zoe").says("approve r-1").await;
        t.whispers(
            "zoe",
            expect![[r#"
            ✗ r-1 was approved by ben already.
              Next: status r-1
              > approve r-1
        "#]],
        );
        t.settles().await;
        t.user("ben").says("approve r-1").await;
        t.whispers(
            "ben",
            expect![[r#"
            · You have approved r-1 already: that counts.
              It is over: succeeded.
              > approve r-1
        "#]],
        );
        t.user("ana").says("deploy production ref v1.0.0").await;
        for _ in 0..2 {
            t.user("ben").says("reject r-2").await;
        }
        t.whispers(
            "ben",
            expect![[r#"
            · You have rejected r-2 already: that counts.
              It is over: cancelled.
              > reject r-2
        "#]],
        );
        assert_eq!(t.decisions().await, 2);
        t.never_mind_the_rest();
    });
}
