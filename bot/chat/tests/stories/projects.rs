//! Several projects in one place: what is said is about one of them, and nobody is ever taken to mean another.

use expect_test::expect;

use crate::harness::{Chat, Project, chat, good};

/// A second project beside the usual one, with other addresses.
pub(crate) fn shop() -> Project {
    Project::usual()
        .with("project: invoice-perfect", "project: shop")
        .with("title: Invoice Perfect", "title: Shop")
        .with("127.0.0.1:7401", "127.0.0.1:7411")
        .with("127.0.0.1:7400", "127.0.0.1:7410")
        .with("127.0.0.1:7501", "127.0.0.1:7511")
        .with("127.0.0.1:7500", "127.0.0.1:7510")
}

/// The environments the runs so far were in, sorted.
pub(crate) async fn places(t: &Chat) -> Vec<String> {
    let runs = t.engine().store().run_recent(20).await.unwrap();
    let mut places: Vec<String> = runs.iter().map(|run| run.environment().to_string()).collect();
    places.sort();
    places
}

/// Nobody said which: it is asked once, and holds from then on.
#[test]
fn asked_once_which_project() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.imports(&shop()).await;
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.bot_says(expect![[r#"
            ? Which project?
              There are invoice-perfect and shop. Its name is the answer, and holds here from then on; `project NAME` chooses another.
              [invoice-perfect] [shop]
        "#]]);
        assert_eq!(places(t).await, Vec::<String>::new());
        t.crash_and_restart().await;
        t.user("ana").says("shop").await;
        t.settles().await;
        assert_eq!(places(t).await, ["shop/staging"]);
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
        t.user("ana").says("status staging").await;
        t.bot_says(expect![[r#"
            ✓ staging: release 1 (v1.0.0, 4b76448), went live just now
              api: release 1, 1/1 healthy, http://127.0.0.1:7411
              web: release 1, 1/1 healthy, http://127.0.0.1:7410
              cron: release 1, at `*/15 * * * *`, on
              > shop: status in staging
        "#]]);
        // It is hers alone: nobody else has chosen.
        t.user("ben").says("status staging").await;
        t.bot_says(expect![[r#"
            ? Which project?
              There are invoice-perfect and shop. Its name is the answer, and holds here from then on; `project NAME` chooses another.
              [invoice-perfect] [shop]
        "#]]);
        t.user("ben").clicks("invoice-perfect").await;
        t.bot_says(expect![[r#"
            · staging: nothing is deployed
              > invoice-perfect: status in staging
        "#]]);
        t.user("ana").says("project invoice-perfect").await;
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        assert_eq!(places(t).await, ["invoice-perfect/staging", "shop/staging"]);
        t.bot_says(expect![[r#"
            ✓ What you say here is about invoice-perfect from now on.
              > project invoice-perfect
        "#]]);
    });
}

/// A name in the sentence is enough, and holds for that sentence.
#[test]
fn named_in_the_sentence() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.imports(&shop()).await;
        t.user("ana").says("deploy v1.0.0 of shop to staging").await;
        t.settles().await;
        t.user("ana").says("invoice-perfect: deploy staging ref v1.0.0").await;
        t.settles().await;
        assert_eq!(places(t).await, ["invoice-perfect/staging", "shop/staging"]);
        t.never_mind_the_rest();
        t.user("ana").says("releases staging").await;
        t.bot_says(expect![[r#"
            ? Which project?
              There are invoice-perfect and shop. Its name is the answer, and holds here from then on; `project NAME` chooses another.
              [invoice-perfect] [shop]
        "#]]);
        t.user("ana").says("compare shop with invoice-perfect").await;
        t.never_mind_the_rest();
    });
}

/// A run's card says its project; what is clicked or said under it is about that one, whatever was chosen since.
#[test]
fn under_a_card_it_is_the_runs_project() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.imports(&shop()).await;
        for project in ["shop", "invoice-perfect"] {
            for tag in ["v1.0.0", "v1.1.0"] {
                t.release(tag, good());
                t.user("ana").says(&format!("{project}: deploy staging ref {tag}")).await;
                t.settles().await;
            }
        }
        t.bot_shows_run(2, expect![[r#"
            ✓ r-2 · Deploy v1.1.0 (ef77820) to staging · succeeded in 0 ms
              project: shop
              asked by: ana
              open: api http://127.0.0.1:7411 · web http://127.0.0.1:7410
              way back: rollback staging goes to release 1 (v1.0.0): traffic, then release, then config
              ✓ resolve ref: v1.1.0 is ef77820 (0 ms)
              ✓ preflight: ready, built in 0.0 s (0 ms)
              ✓ reconcile shape: 2 components, 2 addresses (0 ms)
              ✓ reconcile config: 2 variables for 3 services (0 ms)
              ✓ migrations: nothing to migrate (0 ms)
              ✓ api and web: healthy: api 1/1, web 1/1 (0 ms)
              ✓ cron: cron runs at `*/15 * * * *` (0 ms)
              ✓ canary: api: 100% to release 2, web: 100% to release 2 (0 ms)
              ✓ verification: api/health: 20 of 20 good, slowest 5 ms, web/health: 20 of 20 good, slowest 5 ms (0 ms)
              ✓ finalize: recorded (0 ms)
              [Roll back!]
              > shop: deploy v1.1.0 to staging
        "#]]);
        t.user("ana").says("project invoice-perfect").await;
        t.never_mind_the_rest();
        t.user("ana").clicks_the_old("Roll back").await;
        t.settles().await;
        t.user("ana").says_under(4, "rollback").await;
        t.settles().await;
        let runs = t.engine().store().run_recent(2).await.unwrap();
        let mut rolled: Vec<String> =
            runs.iter().map(|run| format!("{} {}", run.environment(), run.request.command)).collect();
        rolled.sort();
        expect![[r#"
            invoice-perfect/staging rollback in staging to release 1
            shop/staging rollback in staging to release 1"#]]
        .assert_eq(&rolled.join("\n"));
        t.never_mind_the_rest();
    });
}

/// An open question, and what waits behind a run, stay with their project.
#[test]
fn questions_and_what_waits_stay_with_their_project() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.imports(&shop()).await;
        t.user("ana").says("project invoice-perfect").await;
        t.user("ana").says("shop: deploy production").await;
        t.never_mind_the_rest();
        t.user("ana").says("v1.0.0").await;
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        assert_eq!(places(t).await, ["shop/production"]);
        t.user("ana").says("shop: deploy v1.0.0 to staging, then restart api in staging").await;
        t.settles().await;
        t.settles().await;
        assert_eq!(places(t).await, ["shop/production", "shop/staging", "shop/staging"]);
        t.never_mind_the_rest();
    });
}

/// Somebody without a role hears nothing of projects; what needs none is answered.
#[test]
fn what_needs_no_project() {
    chat(async |t| {
        t.imports(&shop()).await;
        t.user("ana").says("whoami").await;
        t.bot_says(expect![[r#"
            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami
        "#]]);
        t.user("nemo").says("deploy staging").await;
        t.whispers(
            "nemo",
            expect![[r#"
            ✗ I don't know you: terminal:nemo belongs to nobody.
              An admin can change that: infra-chat user add NAME --role deployer --identity terminal:nemo
        "#]],
        );
    });
}
