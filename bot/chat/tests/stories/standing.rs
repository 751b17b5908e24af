//! Standing orders: kept, shown, taken away, on the record; they take effect later, and that is said.

use expect_test::expect;

use crate::harness::chat;

#[test]
fn alerts_and_rules() {
    chat(async |t| {
        t.user("ana").says("Text me if the canary looks weird or if a rollback triggers.").await;
        t.user("ana").says("If we see repeated 500s after deploy, rollback and open an incident bundle with logs and diffs.").await;
        t.bot_says(expect![[r#"
            ✓ Alert 1 stands: text me if the canary looks weird or a rollback triggers
              I know no phone of ana yet; an admin adds it: infra-chat user link ana sms:+4917139200099
              [Remove] [All alerts]
              > text me if the canary looks weird or a rollback triggers

            ✓ Rule 2 stands: if we see repeated 500s, rollback and open an incident bundle with logs and diffs
              It takes effect at once: what it does is done in ana's name, as far as ana may, once for what happens together, and not while another run or lock holds the environment. It goes back one release; going back further is for people.
              [Remove] [All rules]
              > if we see repeated 500s, rollback and open an incident bundle with logs and diffs
        "#]]);
        t.user("ana").says("text me if the canary looks weird or a rollback triggers").await;
        t.bot_says(expect![[r#"
            ✓ Alert 1 stands already: text me if the canary looks weird or a rollback triggers
              I know no phone of ana yet; an admin adds it: infra-chat user link ana sms:+4917139200099
              [Remove] [All alerts]
              > text me if the canary looks weird or a rollback triggers
        "#]]);
        t.crash_and_restart().await;
        t.user("vera").says("what are my alerts?").await;
        t.user("ben").says("standing orders").await;
        t.bot_says(expect![[r#"
            · What stands: 1 alert
                alert 1: text me if the canary looks weird or a rollback triggers (ana, just now)
              All of them take effect.
              [Remove alert 1]
              > alerts

            · What stands: 2 standing orders
                alert 1: text me if the canary looks weird or a rollback triggers (ana, just now)
                rule 2: if we see repeated 500s, rollback and open an incident bundle with logs and diffs (ana, just now)
              All of them take effect.
              [Remove alert 1] [Remove rule 2]
              > standing orders
        "#]]);
        t.user("ben").says("remove alert 1").await;
        t.whispers("ben", expect![[r#"
            ✗ You are a deployer, and taking away somebody's alert needs an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: ben is a deployer, no rule permits taking away somebody's alert
              > remove alert 1
        "#]]);
        t.user("ben").clicks("Remove rule 2").await;
        t.user("ana").says("remove alert 1").await;
        t.user("ana").says("remove alert 1").await;
        t.user("ana").says("alerts").await;
        t.bot_says(expect![[r#"
            ✓ Rule 2 is removed: if we see repeated 500s, rollback and open an incident bundle with logs and diffs
              Next, to have it back: if we see repeated 500s, rollback and open an incident bundle with logs and diffs
              > remove rule 2

            ✓ Alert 1 is removed: text me if the canary looks weird or a rollback triggers
              Next, to have it back: text me if the canary looks weird or a rollback triggers
              > remove alert 1

            · There are no alerts.
              Next: text me if a deploy fails
              > alerts
        "#]]);
        t.whispers(
            "ana",
            expect![[r#"
                ✗ There is no alert 1.
                  Next: standing orders
                  > remove alert 1
            "#]],
        );
        t.user("ana").says("audit").await;
        t.bot_says(expect![[r#"
            · The record, newest last
                #1 2026-11-18 12:00 UTC infra-chat project.imported invoice-perfect
                #2 2026-11-18 12:00 UTC ana standing.made alert 1: text me if the canary looks weird or a rollback triggers
                #3 2026-11-18 12:00 UTC ana standing.made rule 2: if we see repeated 500s, rollback and open an incident bundle with logs and diffs
                #4 2026-11-18 12:00 UTC ben order.refused text me if the canary looks weird or a rollback triggers: You are a deployer, and taking away somebody's alert needs an admin. Ask one of them, or ask an admin to change your role.
                #5 2026-11-18 12:00 UTC ben standing.removed rule 2: if we see repeated 500s, rollback and open an incident bundle with logs and diffs
                #6 2026-11-18 12:00 UTC ana standing.removed alert 1: text me if the canary looks weird or a rollback triggers
              > audit
        "#]]);
        t.effects(expect![[r#""#]]);
    });
}

/// A number is given once: an old button never takes another order away.
#[test]
fn numbers_are_given_once() {
    chat(async |t| {
        t.user("ana").says("email me when a deploy fails in production").await;
        t.user("ana").says("remove alert 1").await;
        t.user("ana").says("text me if something is unhealthy").await;
        t.user("ana").clicks_the_old("Remove").await;
        t.user("ana").says("alerts").await;
        t.bot_says(expect![[r#"
            ✓ Alert 1 stands: email me if a deploy fails in production
              It is kept and takes effect once I can send e-mail; I can't yet. Say `text me` or `tell me` instead.
              [Remove] [All alerts]
              > email me if a deploy fails in production

            ✓ Alert 1 is removed: email me if a deploy fails in production
              Next, to have it back: email me if a deploy fails in production
              > remove alert 1

            ✓ Alert 2 stands: text me if something is unhealthy
              I know no phone of ana yet; an admin adds it: infra-chat user link ana sms:+4917139200099
              [Remove] [All alerts]
              > text me if something is unhealthy

            · What stands: 1 alert
                alert 2: text me if something is unhealthy (you, just now)
              All of them take effect.
              [Remove alert 2]
              > alerts
        "#]]);
        t.whispers(
            "ana",
            expect![[r#"
                ✗ There is no alert 1.
                  Next: standing orders
                  > remove alert 1
            "#]],
        );
    });
}

#[test]
fn only_for_those_who_may() {
    chat(async |t| {
        t.user("vera").says("text me if a deploy fails").await;
        t.user("sam").says("alerts").await;
        t.user("sam").says("remove alert 1").await;
        t.whispers("vera", expect![[r#"
            ✗ You are a viewer, and alert needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits alert
              > text me if a deploy fails
        "#]]);
        t.whispers("sam", expect![[r#"
            ✗ You have no role in invoice-perfect yet, and status needs a viewer or a deployer or an admin. Ask an admin to give you one.
              Because:
                no-permit: terminal:sam is nobody we know, no rule permits status
              > alerts

            ✗ You have no role in invoice-perfect yet, and status needs a viewer or a deployer or an admin. Ask an admin to give you one.
              Because:
                no-permit: terminal:sam is nobody we know, no rule permits status
              > remove alert 1
        "#]]);
        t.user("ana").says("text me if a deploy fails").await;
        t.user("zoe").says("remove alert 1").await;
        t.bot_says(expect![[r#"
            ✓ Alert 1 stands: text me if a deploy fails
              I know no phone of ana yet; an admin adds it: infra-chat user link ana sms:+4917139200099
              [Remove] [All alerts]
              > text me if a deploy fails

            ✓ Alert 1 is removed: text me if a deploy fails
              Next, to have it back: text me if a deploy fails
              > remove alert 1
        "#]]);
        t.user("zoe").says("help rule").await;
        t.bot_says(expect![[r#"
            · Help
              | rule: Do something by itself when something happens.
              | Also said as: if, when, whenever.
              | `rules` lists them, `remove rule 1` takes one away.
              | For example:
              |   if we see repeated 500s after deploy, rollback and open an incident
              > help rule
        "#]]);
    });
}

/// Several people give orders in the same moment: each has a number of its own.
#[test]
fn at_once() {
    chat(async |t| {
        let said = [
            ("ana", "text me if a deploy fails"),
            ("ben", "text me if a deploy fails"),
            ("zoe", "if we see repeated 500s, rollback"),
        ];
        t.at_once(&said.map(|(who, said)| (who, said.to_owned()))).await;
        t.never_mind_the_rest();
        let project = t.key("staging").project;
        let orders = t.engine().store().standing_list(&project).await.unwrap();
        let numbers: Vec<u32> = orders.iter().map(|order| order.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
    });
}
