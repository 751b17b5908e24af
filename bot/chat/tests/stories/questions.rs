//! What is missing is asked for.

use expect_test::expect;

use crate::harness::{Project, chat, chat_about, good, minutes};

#[test]
fn where_answered_by_number() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0").await;
        t.bot_says(expect![[r#"
            ? Deploy where?
                1. staging
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy v1.0.0
        "#]]);
        t.user("ana").says("1").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
    });
}

#[test]
fn where_answered_by_name_alias_beginning_or_click() {
    chat(async |t| {
        t.release("v1.0.0", good());
        for answer in ["staging", "stag", "2."] {
            t.user("ana").says("status").await;
            t.user("ana").says("deploy v1.0.0").await;
            t.user("ana").says(answer).await;
            t.settles().await;
        }
        t.user("ana").says("restart").await;
        t.user("ana").clicks("staging").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.bot_headlines(expect!["✓ r-4 · Restart api, web in staging · succeeded in 0 ms"]);
    });
}

#[test]
fn never_mind() {
    chat(async |t| {
        t.user("ana").says("deploy").await;
        t.user("ana").clicks("Never mind").await;
        t.user("ana").says("staging").await;
        t.bot_says(expect![[r#"
            ? Deploy where?
                1. staging
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy

            · Never mind then: `deploy` is dropped.
              > deploy
        "#]]);
        t.whispers(
            "ana",
            expect![[r#"
            ✗ I read this as something told, not as an order, so I did nothing.
              [status staging] [help]
        "#]],
        );
    });
}

#[test]
fn none_of_the_choices() {
    chat(async |t| {
        t.user("ana").says("deploy").await;
        t.user("ana").says("the moon").await;
        t.user("ana").says("7").await;
        t.user("ana").says("never mind").await;
        t.bot_begins(expect![[r#"
            ? Deploy where?
            ? «the moon» is none of the choices. Deploy where?
            ? «7» is none of the choices. Deploy where?
            · Never mind then: `deploy` is dropped.
        "#]]);
    });
}

#[test]
fn a_whole_new_command_instead() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy").await;
        t.user("ana").says("whoami").await;
        t.bot_says(expect![[r#"
            ? Deploy where?
                1. staging
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy

            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami

            ? Still open: Deploy where?
              [staging] [production] [Never mind]
        "#]]);
        t.user("ana").says("deploy v1.0.0 to staging").await;
        t.settles().await;
        t.bot_says(expect![[r#""#]]);
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
    });
}

#[test]
fn after_a_restart() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0").await;
        t.never_mind_the_rest();
        t.crash_and_restart().await;
        t.asks_again(expect![[r#"
            ? Still open, for ana: Deploy where?
                1. staging
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy v1.0.0
        "#]]);
        t.user("ana").says("staging").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
    });
}

#[test]
fn too_late_for_an_answer() {
    chat(async |t| {
        t.user("ana").says("deploy").await;
        t.passes(minutes(31)).await;
        t.user("ana").says("staging").await;
        t.bot_says(expect![[r#"
            ? Deploy where?
                1. staging
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy

            ✗ I waited half an hour for ana's answer: Deploy where? Nothing was done; say it again to go on.
              > deploy
        "#]]);
        t.whispers(
            "ana",
            expect![[r#"
            ✗ I read this as something told, not as an order, so I did nothing.
              [status staging] [help]
        "#]],
        );
        t.user("ana").says("scale api in staging").await;
        t.passes(minutes(31)).await;
        t.user("ana").says("whoami").await;
        t.bot_says(expect![[r#"
            ? How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging

            ✗ I waited half an hour for ana's answer: How many replicas? Nothing was done; say it again to go on.
              > scale api in staging

            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami
        "#]]);
    });
}

#[test]
fn how_many() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("scale api in staging").await;
        t.user("ana").says("lots").await;
        t.user("ana").says("2").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            ? How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging

            ? «lots» is not a number from 1 to 1000. How many replicas?
              A number from 1 to 1000.
              Then it starts, after approval where that is needed.
              [Never mind]
              > scale api in staging
        "#]]);
        t.bot_headlines(expect!["✓ r-2 · Scale api in staging to 2 · succeeded in 0 ms"]);
    });
}

#[test]
fn lock_where() {
    chat(async |t| {
        t.user("ana").says("lock").await;
        t.user("ana").says("staging").await;
        t.user("ana").says("unlock staging").await;
        t.bot_says(expect![[r#"
            ? Lock where?
                1. staging
                2. production
              Then it is done.
              [staging] [production] [Never mind]
              > lock

            ✓ staging is locked by ana.
              [Unlock]
              > lock staging

            ✓ staging is unlocked.
              > unlock staging
        "#]]);
    });
}

#[test]
fn nobody_is_asked_for_what_they_may_not_do() {
    chat(async |t| {
        t.user("vera").says("restart").await;
        t.bot_says(expect![""]);
        t.whispers("vera", expect![[r#"
            ✗ You are a viewer, and restart needs a deployer or an admin. Ask one of them, or ask an admin to change your role.
              Because:
                no-permit: vera is a viewer, no rule permits restart
              > restart
        "#]]);
    });
}

/// Three people are asked in one conversation in the same moment, and each answers for themselves.
#[test]
fn three_questions_at_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        let asked = [("ana", "deploy v1.0.0"), ("ben", "restart"), ("zoe", "scale api in staging")];
        t.at_once(&asked.map(|(who, said)| (who, said.to_owned()))).await;
        t.never_mind_the_rest();
        let answered = [("ana", "staging"), ("ben", "staging"), ("zoe", "2")];
        t.at_once(&answered.map(|(who, said)| (who, said.to_owned()))).await;
        t.settles().await;
        let runs = t.engine().store().run_recent(10).await.unwrap();
        let mut said: Vec<String> =
            runs.into_iter().map(|run| format!("{}: {}", run.requester.name, run.request.command)).collect();
        said.sort();
        assert_eq!(
            said,
            [
                "ana: deploy v1.0.0 to staging",
                "ana: deploy v1.0.0 to staging",
                "ben: restart in staging",
                "zoe: scale api to 2 in staging"
            ]
        );
    });
}

const STAGING: &str = r#"  staging:
    aliases: [stg]
    edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7400" }
    policy: { STAGING_POLICY }
"#;
const PRODUCTION: &str = r#"  production:
    production: true
    aliases: [prod]
    edge: { api: "127.0.0.1:7501", web: "127.0.0.1:7500" }
    services: { api: { replicas: 2 } }
    policy: { PRODUCTION_POLICY }
"#;

#[test]
fn what_only_one_thing_can_be_meant_by_is_not_asked() {
    chat_about(&Project::usual().with(PRODUCTION, ""), async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
        t.user("ana").says("restart").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-2 · Restart api, web in staging · succeeded in 0 ms"]);
    });
}

#[test]
fn production_is_asked_for_even_where_there_is_nothing_else() {
    chat_about(&Project::usual().with(STAGING, ""), async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy v1.0.0").await;
        t.bot_says(expect![[r#"
            ? Deploy where?
                1. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [production] [Never mind]
              > deploy v1.0.0
        "#]]);
        t.user("ana").says("production").await;
        t.never_mind_the_rest();
        t.run(1).is("awaiting-approval").await;
    });
}
