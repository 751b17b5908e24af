//! What a run left behind, asked for in the chat: its files, and what it printed.

use adapters::sim::Behaviour;
use engine::model::RunId;
use expect_test::expect;
use regex::Regex;

use crate::harness::{Chat, chat, good, minutes};

/// What was said of files, without what differs from telling to telling: run identifiers are random, and are in the files.
fn said_of_files(t: &Chat) -> String {
    let said = t.said();
    let of_hash = Regex::new(r"[\d.]+ (?:bytes|KiB), SHA-256 [0-9a-f]{16}…").unwrap();
    let in_folder = Regex::new(r"(?m)^  They are in .*\n").unwrap();
    in_folder.replace_all(&of_hash.replace_all(&said, "SIZE, HASH"), "").into_owned()
}

#[test]
fn a_runs_files_are_listed_with_their_hashes() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", Behaviour::never_healthy());
        t.user("ana").says("deploy staging ref v1.1.0").await;
        t.settles().await;
        t.never_mind_the_rest();
        t.user("ana").says("show me the artifacts of r-2").await;
        expect![[r#"
            · 18 artifacts of r-2 in staging
                run.json, SIZE, HASH
                plan.json, SIZE, HASH
                diff.json, SIZE, HASH
                receipts/1.json, SIZE, HASH
                receipts/2.json, SIZE, HASH
                receipts/3.json, SIZE, HASH
                receipts/4.json, SIZE, HASH
                receipts/5.json, SIZE, HASH
                receipts/6.json, SIZE, HASH
                receipts/7.json, SIZE, HASH
                receipts/8.json, SIZE, HASH
                receipts/9.json, SIZE, HASH
                receipts/10.json, SIZE, HASH
                receipts/11.json, SIZE, HASH
                metrics.json, SIZE, HASH
                logs/api.log, SIZE, HASH
                logs/web.log, SIZE, HASH
                observed.json, SIZE, HASH
              > artifacts of r-2

            · Artifacts of r-2, 2 of 2: receipts/7.json, receipts/8.json, receipts/9.json, receipts/10.json, receipts/11.json, metrics.json, logs/api.log, logs/web.log and observed.json
        "#]].assert_eq(&said_of_files(t));
        t.user("ana").says_under(1, "artifacts").await;
        assert!(said_of_files(t).starts_with("· 20 artifacts of r-1 in staging\n"), "those of its thread");
        t.user("ana").says("artifacts").await;
        t.bot_says(expect![[r#"
            ? The artifacts of which run?
                r-2: deploy v1.1.0 to staging, failed
                r-1: deploy v1.0.0 to staging, succeeded
              [r-2] [r-1]
        "#]]);
        let run: RunId = t.run(2).id().clone();
        let kept = t.engine().artifacts().list(&run).await.unwrap();
        let mut brought = t.stage.files_brought(&run);
        if crate::stage::BRINGS_FILES {
            let mut names: Vec<String> =
                kept.iter().map(|one| format!("{run}-{}", one.name.to_string().replace('/', "-"))).collect();
            brought.sort();
            names.sort();
            assert_eq!(brought, names, "the front brings all of them");
        }
    });
}

#[test]
fn who_may_not_look_gets_no_files() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("mallory").says("artifacts of r-1").await;
        t.whispers("mallory", expect![[r#"
            ✗ You have no role in invoice-perfect yet, and status on staging needs a viewer or a deployer or an admin. Ask an admin to give you one.
              Because:
                no-permit: terminal:mallory is nobody we know, no rule permits status on staging
        "#]]);
        t.user("ana").says("artifacts of r-ffff").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ There is no run r-2.
              Next: status
        "#]],
        );
    });
}

#[test]
fn a_run_that_is_not_over_has_no_files_yet() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        t.user("ana").says("artifacts of r-1").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ r-1 is not over yet, and its artifacts are kept when it is.
              Next: status r-1
        "#]],
        );
        t.user("ana").says("reject r-1").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn logs_under_a_run_are_those_of_its_time() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.passes(minutes(5)).await;
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        t.user("ana").says_under(1, "logs").await;
        t.bot_says(expect![[r#"
            · Logs of staging while r-1 ran (12:00:00 to 12:00:00 UTC), newest last
              | 12:00:00 api@1 started 1 with `./api`
              | 12:00:00 web@1 started 1 with `./web`
              > logs of r-1
        "#]]);
        t.user("ana").says_under(1, "logs web").await;
        t.bot_says(expect![[r#"
            · Logs of staging while r-1 ran (12:00:00 to 12:00:00 UTC), newest last
              | 12:00:00 web@1 started 1 with `./web`
              > logs web of r-1
        "#]]);
        t.user("ana").says_under(1, "logs staging").await;
        t.bot_says(expect![[r#"
            · Logs of staging, newest last
              | 12:00:00 api@1 started 1 with `./api`
              | 12:00:00 web@1 started 1 with `./web`
              | 12:05:00 api@2 started 1 with `./api`
              | 12:05:00 web@2 started 1 with `./web`
              | 12:05:00 api@1 ended 1
              | 12:05:00 web@1 ended 1
              > logs in staging
        "#]]);
    });
}
