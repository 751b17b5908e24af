//! Nothing of an open question is lost: what waits behind it, the questions before it, and the words that are not its answer.

use chat::{About, Inbound, Letter, Listener, Place, Spoken};
use engine::model::Identity;
use expect_test::expect;

use crate::harness::{Project, chat, chat_about, good, minutes};
use crate::stage::FRONT;

/// The order said again in full is the answer; what was to follow it follows.
#[test]
fn what_waits_behind_an_order_said_in_full() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production, then restart api in staging").await;
        t.never_mind_the_rest();
        t.user("ana").says("deploy v1.0.0 production").await;
        t.bot_says(expect![[r#"
            · When r-1 has succeeded I go on with the rest.
              Then:
                restart api in staging
        "#]]);
        t.user("ana").says("cancel").await;
        t.bot_says(expect![[r#"
            · r-1 is cancelled; it had not begun.
              > cancel r-1

            ✗ The rest was not begun, because what came before did not succeed.
              Not done:
                restart api in staging
              Next: when that is mended, go on with the rest.
              [restart api in staging!]
        "#]]);
    });
}

/// What was said beside the order holds for the one said in full.
#[test]
fn what_was_said_beside_an_order_said_in_full() {
    chat(async |t| {
        t.user("ana").says("lock until 18:00").await;
        t.never_mind_the_rest();
        t.user("ana").says("lock staging").await;
        t.bot_says(expect![[r#"
            ✓ staging is locked by ana until 2026-11-18 18:00 UTC.
              [Unlock]
              > lock staging until 18:00
        "#]]);
        t.user("ana").says("unlock staging").await;
        t.never_mind_the_rest();
    });
}

/// Another environment is another order: nothing of the first may follow it.
#[test]
fn the_same_verb_elsewhere_is_another_order() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production, then restart api in production").await;
        t.never_mind_the_rest();
        t.user("ana").says("deploy v1.0.0 staging").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
        t.bot_says(expect![[r#"
            ? Still open: Which ref?
              [main] [v1.0.0] [Never mind]
        "#]]);
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            · Never mind then: `deploy production` is dropped.
              Dropped with it:
                restart api in production
              > deploy production
        "#]]);
    });
}

#[test]
fn a_question_waits_for_the_next_one() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("deploy v1.0.0, then restart api in staging").await;
        t.never_mind_the_rest();
        t.user("ana").says("scale api in staging").await;
        t.user("ana").says("never mind").await;
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            ? How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              I ask about `deploy v1.0.0` again after that.
              [Never mind]
              > scale api in staging

            · Never mind then: `scale api in staging` is dropped.
              > scale api in staging

            ? Still open: Deploy where?
                1. staging (where you were last)
                2. production
              Then:
                restart api in staging
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy v1.0.0

            · Never mind then: `deploy v1.0.0` is dropped.
              Dropped with it:
                restart api in staging
              > deploy v1.0.0
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}

/// Both expire, each with a word, also for what was to follow; a restart asks both once more.
#[test]
fn two_questions_of_one_person_expire() {
    chat(async |t| {
        t.user("ana").says("deploy v1.0.0, then restart api in staging").await;
        t.passes(minutes(10)).await;
        t.user("ana").says("scale api in staging").await;
        t.never_mind_the_rest();
        t.crash_and_restart().await;
        t.asks_again(expect![[r#"
            ? Still open, for ana: Deploy where?
                1. staging
                2. production
              Then:
                restart api in staging
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy v1.0.0

            ? Still open, for ana: How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging
        "#]]);
        t.passes(minutes(21)).await;
        t.bot_says(expect![[r#"
            ✗ I waited half an hour for ana's answer: Deploy where? Nothing was done; say it again to go on.
              Not done either:
                restart api in staging
              > deploy v1.0.0
        "#]]);
        t.passes(minutes(10)).await;
        t.bot_says(expect![[r#"
            ✗ I waited half an hour for ana's answer: How many replicas? Nothing was done; say it again to go on.
              > scale api in staging
        "#]]);
    });
}

/// Somebody else has answered; an order is no late answer.
#[test]
fn an_order_after_somebody_else_has_answered() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production").await;
        t.user("ben").says("v1.0.0").await;
        t.never_mind_the_rest();
        t.user("ana").says("approve").await;
        t.bot_says(expect![[r#"
            · r-1 is approved by ana and goes on.
              > approve r-1
        "#]]);
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ana").says("whoami").await;
        t.user("ana").says("main").await;
        t.bot_says(expect![[r#"
            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami

            · ben has answered that already: Which ref?
              > deploy production
        "#]]);
    });
}

/// A front writes down what it heard before it is handled. Killed between the two, with the question in the database and its
/// card nowhere, the program asks once more; a question that was shown is left alone.
#[test]
fn a_question_that_was_never_shown() {
    chat(async |t| {
        let elsewhere = |event: &str, text: &str| Spoken {
            inbound: Inbound {
                identity: Identity { front: FRONT.to_owned(), external_id: "ana".to_owned() },
                conversation: "elsewhere".to_owned(),
                event: Some(event.to_owned()),
                text: text.to_owned(),
            },
            about: About::default(),
            place: Place::default(),
            overheard: false,
            role: None,
            pressed: None,
            edited: None,
        };
        let (order, answer) = (elsewhere("Ev1", "deploy v1.0.0"), elsewhere("Ev2", "never mind"));
        let listener = Listener::new(t.engine().clone(), FRONT);
        assert!(listener.take(&order).await.unwrap());
        t.desk().hear(&order.inbound).await;
        let shown = async || {
            let waiting = t.engine().store().outbox_list("elsewhere", 10).await.unwrap();
            let letters = waiting.iter().map(|it| serde_json::from_str::<Letter>(&it.body).unwrap());
            letters.map(|letter| letter.outbound.card().headline.clone()).collect::<Vec<_>>()
        };
        assert_eq!(shown().await, [""; 0]);
        assert!(listener.pass().await.unwrap());
        assert_eq!(shown().await, ["Still open, for ana: Deploy where?"]);
        assert!(!listener.pass().await.unwrap());
        assert!(!listener.take(&order).await.unwrap());
        assert_eq!(shown().await.len(), 1);
        listener.take(&answer).await.unwrap();
        listener.pass().await.unwrap();
        assert_eq!(
            shown().await,
            ["Still open, for ana: Deploy where?", "Never mind then: `deploy v1.0.0` is dropped."]
        );
    });
}

#[test]
fn small_talk_is_no_ref() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production").await;
        t.never_mind_the_rest();
        for said in ["wait", "thanks", "hmm", "lol"] {
            t.user("ana").says(said).await;
            t.bot_says(expect![[r#"
                ? Still open: Which ref?
                  [main] [v1.0.0] [Never mind]
            "#]]);
        }
        t.user("ana").says("ok").await;
        t.user("ana").says("develop").await;
        t.bot_says(expect![[r#"
            ? «ok» is no ref that I can tell from a word: say `branch NAME` or `tag NAME`. Which ref?
              staging runs no release yet, so nothing is proved there.
              A branch, a tag or a commit.
                1. main
                2. v1.0.0
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [main] [v1.0.0] [Never mind]
              > deploy production

            ? «develop» is no ref that I can tell from a word: say `branch NAME` or `tag NAME`. Which ref?
              staging runs no release yet, so nothing is proved there.
              A branch, a tag or a commit.
                1. main
                2. v1.0.0
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [main] [v1.0.0] [Never mind]
              > deploy production
        "#]]);
        t.user("ana").says("main").await;
        t.user("ana").says("cancel").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn looking_leaves_it_open() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production, then restart api in production").await;
        t.never_mind_the_rest();
        for said in ["help", "whoami", "dry run deploy v1.0.0 production"] {
            t.user("ana").says(said).await;
            t.never_mind_the_rest();
        }
        t.user("ana").says("dry run").await;
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            ? «dry run» is no branch, tag or commit. Which ref?
              staging runs no release yet, so nothing is proved there.
              A branch, a tag or a commit.
                1. main
                2. v1.0.0
              Then:
                restart api in production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [main] [v1.0.0] [Never mind]
              > deploy production

            · Never mind then: `deploy production` is dropped.
              Dropped with it:
                restart api in production
              > deploy production
        "#]]);
    });
}

/// Under the card of a run that is not over, `cancel` is about that run; later it closes the question again.
#[test]
fn cancel_under_a_card_is_about_its_run() {
    chat(async |t| {
        t.release("v1.0.0", good());
        for said in ["cancel", "stop", "abort"] {
            t.user("ana").says("deploy v1.0.0 to production").await;
            t.user("ana").says("scale api in staging").await;
            t.never_mind_the_rest();
            let run = t.engine().store().run_recent(10).await.unwrap().len();
            t.user("ana").says_under(run, said).await;
            t.run(run).is("cancelled").await;
            t.never_mind_the_rest();
            // The question was asked elsewhere, and is still open there.
            t.user("ana").says(said).await;
        }
        t.bot_says(expect![[r#"
            · Never mind then: `scale api in staging` is dropped.
              > scale api in staging
        "#]]);
    });
}

/// What lists standing orders may be the name that was asked for.
#[test]
fn names_that_are_words_for_standing_orders() {
    let project = Project::usual().with("jobs:\n", "jobs:\n  rules: { service: api, command: ./rules }\n");
    chat_about(&project, async |t| {
        t.user("ana").says("backfill in staging").await;
        t.never_mind_the_rest();
        t.user("ana").says("alerts").await;
        t.user("ana").says("rules").await;
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            · There are no alerts.
              Next: text me if a deploy fails
              > alerts

            ? Still open: Which job?
              [rules] [backfillTimezone] [Never mind]

            ? How many rows a batch?
              Noted, job: rules
              A number from 1 to 100000.
                100
                500 (default)
                1000
              3 more after this; then I show the whole before anything is done.
              [100] [500] [1000] [So far] [Never mind]
              > backfill rules in staging

            · Never mind then: `backfill rules in staging` is dropped.
              > backfill rules in staging
        "#]]);
        for said in ["set up staging", "shop", "local", "https://code.example/shop.git"] {
            t.user("ana").says(said).await;
        }
        t.never_mind_the_rest();
        t.user("ana").says("alerts").await;
        t.user("ana").says("never mind").await;
        t.bot_says(expect![[r#"
            ? How is alerts built?
              Noted, services: alerts
              A command, or `none`.
                1. none (default)
              4 more after this; then I show the whole before anything is done.
              [none] [So far] [Never mind]
              > set up staging for shop on local

            · Never mind then: `set up staging for shop on local` is dropped.
              > set up staging for shop on local
        "#]]);
    });
}
