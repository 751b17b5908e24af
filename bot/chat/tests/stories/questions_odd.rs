//! Questions in the hands of people in a hurry: odd words, other languages, a restart, somebody else, and whole new orders.

use expect_test::expect;

use crate::harness::{chat, good};

/// Nothing but an answer is one, whatever is said meanwhile, and the question outlives all of it.
#[test]
fn odd_answers() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.never_mind_the_rest();
        t.user("ana").says("scale api").await;
        t.user("ana").says("bitte staging").await;
        for odd in [
            "lol",
            "drei",
            "nein danke",
            "\u{1f44d}",
            "-3",
            "3.5",
            "0x3",
            "as many as you can",
            "lunch?",
            ">>> 3",
            "~3~",
        ] {
            t.user("ana").says(odd).await;
        }
        t.bot_says(expect![[r#"
            ? Scale where?
                1. staging (where you were last)
                2. production
              One more after this; then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > scale api

            ? How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging

            ? Still open: How many replicas?
              [Never mind]

            ? «drei» is not a number from 1 to 1000. How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging

            ? «nein danke» is not a number from 1 to 1000. How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging

            ? Still open: How many replicas?
              [Never mind]

            ? «-3» is not a number from 1 to 1000. How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging

            ? «3.5» is not a number from 1 to 1000. How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging

            ? «0x3» is not a number from 1 to 1000. How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging

            ? «as many as you can» is not a number from 1 to 1000. How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging

            ? «lunch?» is not a number from 1 to 1000. How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging

            ? «>>> 3» is not a number from 1 to 1000. How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging

            ? «~3~» is not a number from 1 to 1000. How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging
        "#]]);
        t.crash_and_restart().await;
        t.asks_again(expect![[r#"
            ? Still open, for ana: How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging
        "#]]);
        t.user("vera").says("3").await;
        t.user("ana").says("status production").await;
        t.user("ana").says("3, merci").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            · production: nothing is deployed
              > status in production

            ? Still open: How many replicas?
              [Never mind]
        "#]]);
        t.never_mind_the_rest();
    });
}

/// What is taken back is taken back, in whichever words; what nobody answers ends with a word.
#[test]
fn taken_back_and_left() {
    chat(async |t| {
        t.release("v1.0.0", good());
        for ends in ["never mind", "nvm", "forget it", "cancel", "stop", "no", "nein", "don't"] {
            t.user("ana").says("restart api").await;
            t.user("ana").says(ends).await;
        }
        t.bot_says(expect![[r#"
            ? Restart where?
                1. staging
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > restart api

            · Never mind then: `restart api` is dropped.
              > restart api

            ? Restart where?
                1. staging
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > restart api

            · Never mind then: `restart api` is dropped.
              > restart api

            ? Restart where?
                1. staging
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > restart api

            · Never mind then: `restart api` is dropped.
              > restart api

            ? Restart where?
                1. staging
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > restart api

            · Never mind then: `restart api` is dropped.
              > restart api

            ? Restart where?
                1. staging
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > restart api

            · Never mind then: `restart api` is dropped.
              > restart api

            ? Restart where?
                1. staging
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > restart api

            · Never mind then: `restart api` is dropped.
              > restart api

            ? Restart where?
                1. staging
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > restart api

            ? «nein» is none of the choices. Restart where?
                1. staging
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > restart api

            ? Restart where?
                1. staging
                2. production
              Then it starts, after approval where that is needed.
              [staging] [production] [Never mind]
              > restart api

            · Never mind then: `restart api` is dropped.
              > restart api
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}
