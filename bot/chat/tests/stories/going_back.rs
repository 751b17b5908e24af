//! A rollback under a run's card is about that run, and one way back is gone once.

use expect_test::expect;

use crate::harness::{chat, good, minutes, seconds};

/// Two people click: one goes back, the other is told so, and nobody goes back two releases.
#[test]
fn two_people_click() {
    chat(async |t| {
        for tag in ["v1.0.0", "v1.1.0", "v1.2.0"] {
            t.release(tag, good());
            t.deployed("staging", tag).await;
        }
        t.user("ana").clicks("Roll back").await;
        t.user("ben").clicks("Roll back").await;
        t.bot_says(expect![[r#"
            ? r-4 rolls staging back to release 2 (v1.1.0) already, and waits for its turn; I started no second one.
              asked by: ana
              [Status]
              > rollback in staging to release 2
        "#]]);
        t.settles().await;
        t.bot_headlines(expect!["✓ r-4 · Roll staging back to release 2 (v1.1.0) · succeeded in 0 ms"]);
        t.user("ben").clicks("Roll back").await;
        t.bot_says(expect![[r#"
            · staging is on release 2 (v1.1.0) already, so nothing of r-3 is left to take back.
              r-4 put it there, asked for by ana.
              > rollback in staging to release 2
        "#]]);
        assert_eq!(t.runs().await, 4);
        // The run before it has a card too, and its release is live by now.
        t.user("ana").says_under(2, "rollback").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-5 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms"]);
    });
}

/// A card that was drawn long ago takes nothing back that somebody else deployed since.
#[test]
fn an_old_card() {
    chat(async |t| {
        for tag in ["v1.0.0", "v1.1.0"] {
            t.release(tag, good());
            t.deployed("production", tag).await;
        }
        t.release("v1.2.0", good());
        t.user("ben").says("deploy production ref v1.2.0").await;
        t.user("ana").clicks("Approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.crash_and_passes(minutes(7)).await;
        t.user("ana").clicks_the_old("Roll back").await;
        t.user("ana").says_under(2, "rollback").await;
        t.user("ana").says_under(2, "rollback to release 1").await;
        t.user("ana").says("rollback r-2").await;
        t.bot_says(expect![[r#"
            ? Nothing was rolled back: production runs release 3 (v1.2.0) by now, and not release 2 of r-2.
              r-3 put it there 7 min ago, asked for by ben.
              [Roll back r-3!] [Go to release 1!]
              > rollback in production to release 1

            ? Nothing was rolled back: production runs release 3 (v1.2.0) by now, and not release 2 of r-2.
              r-3 put it there 7 min ago, asked for by ben.
              [Roll back r-3!] [Go to release 1!]
              > rollback

            ? Nothing was rolled back: production runs release 3 (v1.2.0) by now, and not release 2 of r-2.
              r-3 put it there 7 min ago, asked for by ben.
              [Roll back r-3!] [Go to release 1!]
              > rollback to release 1

            ? Nothing was rolled back: production runs release 3 (v1.2.0) by now, and not release 2 of r-2.
              r-3 put it there 7 min ago, asked for by ben.
              [Roll back r-3!] [Go to release 1!]
              > rollback
        "#]]);
        t.user("vera").clicks_the_old("Roll back").await;
        t.whispers("vera", expect![[r#"
            ✗ You are a viewer, and rollback on production needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits rollback on production
              > rollback in production to release 1
        "#]]);
        assert_eq!(t.runs().await, 3);
        t.user("ana").clicks("Go to release 1").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-4 · Roll production back to release 1 (v1.0.0) · succeeded in 0 ms"]);
        // Nothing of it is live by now, and neither is what came after it.
        t.user("ben").says_under(2, "rollback").await;
        t.user("ben").clicks("Roll back r-3").await;
        t.bot_says(expect![[r#"
            · production is on release 1 (v1.0.0) already, so nothing of r-2 is left to take back.
              r-4 put it there, asked for by ana.
              > rollback

            ? Nothing was rolled back: production runs release 1 (v1.0.0) by now, and not release 3 of r-3.
              r-4 put it there just now, asked for by ana.
              [Roll back r-4!] [Go to release 2!]
              > rollback in production to release 2
        "#]]);
        assert_eq!(t.runs().await, 4);
    });
}

/// Sent twice in the same moment: one of them is first.
#[test]
fn the_same_words_twice() {
    chat(async |t| {
        for tag in ["v1.0.0", "v1.1.0", "v1.2.0"] {
            t.release(tag, good());
            t.deployed("staging", tag).await;
        }
        t.at_once(&[("ana", "rollback staging".to_owned()), ("ana", "rollback staging".to_owned())]).await;
        t.user("zoe").says("rollback staging to v1.1.0").await;
        assert_eq!(t.runs().await, 4);
        t.settles().await;
        t.never_mind_the_rest();
        t.passes(seconds(20)).await;
        t.user("ben").says("rollback staging").await;
        t.bot_says(expect![[r#"
            ? r-4 rolled staging back to release 2 (v1.1.0) 20 s ago; I went no further back.
              asked by: ana
              To go further back, to release 1, say `rollback staging to release 1`.
              [Further back!]
              > rollback in staging
        "#]]);
        assert_eq!(t.runs().await, 4);
        // Meant all the same.
        t.user("ben").clicks("Further back").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-5 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms"]);
        t.user("ana").says("rollback staging").await;
        t.bot_says(expect![[r#"
            ? r-5 rolled staging back to release 1 (v1.0.0) just now; I went no further back.
              asked by: ben
              There is no release before it that worked.
              > rollback in staging
        "#]]);
        t.passes(minutes(11)).await;
        t.user("ana").says("rollback staging").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Staging had no release before 1 that worked.
              Next: releases staging
              > rollback in staging
        "#]],
        );
    });
}

/// It waits behind a deploy, and is asked for once more meanwhile.
#[test]
fn one_that_waits() {
    chat(async |t| {
        for tag in ["v1.0.0", "v1.1.0", "v1.2.0"] {
            t.release(tag, good());
            t.deployed("staging", tag).await;
        }
        t.release("v1.3.0", good());
        t.user("ana").says("deploy staging ref v1.3.0").await;
        t.user("ana").says("pause").await;
        t.user("ben").says_under(3, "rollback").await;
        t.never_mind_the_rest();
        t.user("ana").says_under(3, "rollback").await;
        t.user("zoe").says("rollback staging").await;
        t.user("zoe").says_under(4, "rollback").await;
        t.bot_says(expect![[r#"
            ? r-5 rolls staging back to release 2 (v1.1.0) already, and waits for its turn; I started no second one.
              asked by: ben
              [Status]
              > rollback

            ? r-5 rolls staging back to release 2 (v1.1.0) already, and waits for its turn; I started no second one.
              asked by: ben
              To go further back, to release 1, say `rollback staging to release 1`.
              [Status] [Further back!]
              > rollback in staging

            ? r-4 waits for its turn, so nothing of it is live yet.
              `cancel r-4` stops it and undoes what it did so far.
              [Cancel!]
              > rollback
        "#]]);
        t.user("ben").says("cancel r-5").await;
        t.user("ana").says("cancel r-4").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ana").says_under(4, "rollback").await;
        t.user("ana").says_under(5, "rollback").await;
        t.user("ana").says("rollback production to release 2, taking back r-3").await;
        t.user("ana").says("rollback r-ffff").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ r-3 is a run in staging, and not in production.
              Next: status r-3
              > rollback in production to release 2

            ✗ There is no run r-6.
              Next: status
              > rollback
        "#]],
        );
        t.bot_says(expect![[r#"
            · staging is on release 3 (v1.2.0) already, so nothing of r-4 is left to take back.
              r-3 put it there, asked for by ana.
              > rollback

            · staging is on release 3 (v1.2.0) already, so nothing of r-5 is left to take back.
              r-3 put it there, asked for by ana.
              > rollback
        "#]]);
        assert_eq!(t.runs().await, 5);
    });
}

/// It was clicked while somebody's deploy was under way, and waits behind that: what the deploy puts live stays.
#[test]
fn what_comes_meanwhile_is_not_taken_back() {
    chat(async |t| {
        for tag in ["v1.0.0", "v1.1.0"] {
            t.release(tag, good());
            t.deployed("staging", tag).await;
        }
        t.release("v1.2.0", good());
        t.user("ben").says("deploy staging ref v1.2.0").await;
        t.user("ana").clicks("Roll back").await;
        t.settles().await;
        t.bot_shows_run(
            4,
            expect![[r#"
            ✗ r-4 · Roll staging back to release 1 (v1.0.0) · not started: not-live
              staging runs release 3 (v1.2.0) by now, and not release 2, which this takes back
              Next: releases staging
              asked by: ana
              [Retry]
              > rollback in staging to release 1
        "#]],
        );
        t.user("ana").says("retry r-4").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Staging runs release 3 (v1.2.0) by now, and not release 2, which this takes back.
              Next: releases staging
              > retry r-4
        "#]],
        );
        t.bot_headlines(expect!["✗ r-4 · Roll staging back to release 1 (v1.0.0) · not started: not-live"]);
        t.never_mind_the_rest();
    });
}

/// A run that put no release live has none that could be taken back.
#[test]
fn a_run_that_released_nothing() {
    chat(async |t| {
        for tag in ["v1.0.0", "v1.1.0"] {
            t.release(tag, good());
            t.deployed("staging", tag).await;
        }
        t.user("ana").says("scale api to 2 in staging").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ana").says_under(3, "rollback").await;
        t.bot_says(expect![[r#"
            ? r-3 (scale api to 2 in staging) put no release live, so there is none of it to take back.
              Its way back: scale staging api to 1.
              staging runs release 2 (v1.1.0). r-2 put it there, asked for by ana.
              [Roll back r-2!]
              > rollback
        "#]]);
        // The way back of a rollback is forward again.
        t.user("ana").clicks("Roll back r-2").await;
        t.settles().await;
        t.user("ana").says_under(4, "rollback").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-5 · Roll staging forward to release 2 (v1.1.0) · succeeded in 0 ms"]);
        t.user("ana").says_under(1, "rollback").await;
        t.bot_says(expect![[r#"
            ? Nothing was rolled back: staging runs release 2 (v1.1.0) by now, and not release 1 of r-1.
              r-5 put it there just now, asked for by ana.
              [Roll back r-5!]
              > rollback
        "#]]);
    });
}

/// The same deploy is asked for while it waits for its approval.
#[test]
fn the_same_deploy_that_waits_already() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.release("v1.1.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        t.passes(minutes(3)).await;
        t.user("ana").says("deploy v1.0.0 to production").await;
        t.bot_says(expect![[r#"
            ? r-1 (deploy v1.0.0 to production) waits for approval already; I made no second one.
              asked by: ana
              asked: 3 min ago
              [Approve!] [Another all the same]
              > deploy v1.0.0 to production
        "#]]);
        t.user("ana").says("deploy production ref v1.1.0").await;
        t.user("ana").clicks("Another all the same").await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 3);
        t.user("ana").says("cancel r-3").await;
        t.user("ana").says("cancel r-2").await;
        t.user("ben").says("deploy production ref v1.0.0").await;
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.run(1).is("succeeded").await;
    });
}
