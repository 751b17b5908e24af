//! Words that order nothing: praise where something waits for approval, a greeting, the same once more, and no more texts.

use expect_test::expect;

use crate::harness::{chat, good};

#[test]
fn praise_approves_nothing_and_says_what_does() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("deploy v1.0.0 to production").await;
        t.never_mind_the_rest();
        t.user("ben").says_under(2, "lgtm").await;
        t.user("ben").says_under(2, "👍").await;
        t.user("ben").says_under(2, "ship it").await;
        t.user("ben").says("looks good to me").await;
        t.run(2).is("awaiting-approval").await;
        t.user("ben").clicks("approve r-2").await;
        t.settles().await;
        t.user("ben").says_under(2, "lgtm").await;
        t.run(2).is("succeeded").await;
        t.bot_says(expect![[r#"
            ? That is no approval yet. Whoever may approve says so with the button, or in words:
                r-2: deploy v1.0.0 to production by ana, awaiting-approval
              [approve r-2] [reject r-2]

            ? That is no approval yet. Whoever may approve says so with the button, or in words:
                r-2: deploy v1.0.0 to production by ana, awaiting-approval
              [approve r-2] [reject r-2]

            ? That is no approval yet. Whoever may approve says so with the button, or in words:
                r-2: deploy v1.0.0 to production by ana, awaiting-approval
              [approve r-2] [reject r-2]

            ? That is no approval yet. Whoever may approve says so with the button, or in words:
                r-2: deploy v1.0.0 to production by ana, awaiting-approval
              [approve r-2] [reject r-2]

            · r-2 is approved by ben and goes on.
              > approve r-2
        "#]]);
        t.whispers(
            "ben",
            expect![[r#"
            ✗ I read this as something told, not as an order, so I did nothing.
              [status staging] [help]
        "#]],
        );
    });
}

#[test]
fn small_words_are_answered_and_do_nothing() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("again").await;
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("hi").await;
        t.user("ana").says("repeat").await;
        t.user("ana").says("what is a canary?").await;
        t.user("ana").says("text me if a deploy fails").await;
        t.user("ana").says("stop texting me").await;
        t.user("ana").says("rmove rule 1").await;
        t.user("ana").says("rmove alert 1").await;
        t.user("ana").clicks("remove alert 1").await;
        t.user("ana").says("alerts").await;
        t.bot_says(expect![[r#"
            ? Your last order here was r-1, succeeded: deploy v1.0.0 to staging
              I did nothing. Is it to be ordered once more?
              [deploy v1.0.0 to staging]

            ✓ Alert 1 stands: text me if a deploy fails
              I know no phone of ana yet; an admin adds it: infra-chat user link ana sms:+4917139200099
              [Remove] [All alerts]
              > text me if a deploy fails

            · Say which one by its number; nothing was removed. What stands: 1 alert
                alert 1: text me if a deploy fails (you, just now)
              All of them take effect.
              [Remove alert 1]
              > alerts

            ✓ Alert 1 is removed: text me if a deploy fails
              Next, to have it back: text me if a deploy fails
              > remove alert 1

            · There are no alerts.
              Next: text me if a deploy fails
              > alerts
        "#]]);
        t.whispers("ana", expect![[r#"
            · Hello ana. Say what is to be done or what you want to know; before anything is done you see a plan.
              [status] [help]

            ✗ `help canary` tells how that works.
              [help canary]

            ✗ I don't know that; did you mean `remove rule 1`?
              [remove rule 1]

            ✗ I don't know that; did you mean `remove alert 1`?
              [remove alert 1]
        "#]]);
    });
}

/// What is offered does what it says: the same words alone would make no second one while the first waits.
#[test]
fn again_while_it_waits_for_its_approval() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("deploy production").await;
        t.run(2).is("awaiting-approval").await;
        t.bot_headlines(expect!["? r-2 · Deploy v1.0.0 (4b76448) to production · awaiting approval"]);
        t.user("ana").says("again").await;
        t.bot_says(expect![[r#"
            ? Your last order here was r-2, awaiting-approval: deploy production
              I did nothing. Is it to be ordered once more?
              [deploy production again]
        "#]]);
        t.user("ana").clicks("deploy production again").await;
        t.run(3).is("awaiting-approval").await;
        t.bot_headlines(expect!["? r-3 · Deploy v1.0.0 (4b76448) to production · awaiting approval"]);
    });
}
