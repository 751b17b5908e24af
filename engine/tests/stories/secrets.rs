//! Secrets: which version runs, and that each setting and reading stands in the record.

use std::collections::BTreeSet;

use adapters::sim::{Behaviour, Call, Fault, FaultKind};
use engine::ports::SecretSource;
use expect_test::expect;
use secrecy::{ExposeSecret, SecretString};

use crate::world::changes::*;
use crate::world::{Story, on_both, service};

pub(super) async fn rotates(t: &Story, value: &str) {
    let zoe = t.person("zoe").await;
    let name = "session-secret".parse().unwrap();
    t.engine().secret_set(&t.environment("staging"), &name, SecretString::from(value), &zoe).await.unwrap();
}

pub(super) async fn opens(t: &Story, version: Option<u32>) -> String {
    let name = "session-secret".parse().unwrap();
    let value =
        t.engine().vault().secret_read(&t.environment("staging"), &name, version, "api").await.unwrap();
    value.expose_secret().to_owned()
}

/// The variables of api that a plan changes.
async fn variables(t: &Story, change: engine::model::Change) -> Vec<String> {
    let plan = t.previews("ana", "staging", change).await;
    let lines = plan.diff.iter().filter(|line| line.what.starts_with("api "));
    lines.map(|line| format!("{}: {:?} to {:?}", line.what, line.before, line.after)).collect()
}

/// The versions the api of a release is given.
async fn versions(t: &Story, release: u32) -> Vec<u32> {
    let found = t.engine().store().release_get(&t.environment("staging"), release).await.unwrap().unwrap();
    found.services[&service("api")].config.secrets.values().copied().collect()
}

#[test]
fn a_release_runs_with_the_secrets_its_plan_named() {
    on_both(async |t| {
        rotates(t, "the-first-of-them").await;
        t.does("ana", "staging", deploy("v1")).await;
        let pinned = versions(t, 1).await;
        rotates(t, "the-second-of-them").await;
        assert_eq!(versions(t, 1).await, pinned);
        assert_eq!(opens(t, Some(pinned[0])).await, "the-first-of-them");
        assert_eq!(opens(t, None).await, "the-second-of-them");
        let gone = t.engine().vault();
        let name = "session-secret".parse().unwrap();
        let error = gone.secret_read(&t.environment("staging"), &name, Some(99), "api").await.unwrap_err();
        assert!(error.to_string().contains("no version 99"), "{error}");
    });
}

#[test]
fn a_plan_shows_that_a_secret_was_rotated() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        assert_eq!(variables(t, deploy("v1")).await, Vec::<String>::new());
        rotates(t, "another-one-now").await;
        expect![[r#"api SESSION_SECRET: Some("secret session-secret version 1") to Some("secret session-secret version 2")"#]].assert_eq(&variables(t, deploy("v1")).await.join("\n"));
    });
}

#[test]
fn a_rotated_secret_does_not_come_back_with_a_rollback() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let leaked = t.picture("staging").await;
        rotates(t, "after-the-old-one-leaked").await;
        t.does("ana", "staging", deploy("v2")).await;
        expect![[r#"api SESSION_SECRET: Some("secret session-secret version 1") to Some("secret session-secret version 2")"#]].assert_eq(&variables(t, rollback()).await.join("\n"));
        let notes = t.previews("ana", "staging", rollback()).await.notes;
        assert!(notes.iter().any(|note| note.contains("rotated")), "{notes:?}");
        let back = t.does("ana", "staging", rollback()).await;
        let plan = t.engine().run_detail(&back).await.unwrap().plan;
        let engine::step::StepKind::PutConfig(put) = &plan.steps[1].kind else {
            panic!("{:?}", plan.steps[1])
        };
        let given: Vec<u32> =
            put.configs.iter().flat_map(|config| config.secrets.values().copied()).collect();
        assert_eq!(given, [2]);
        assert_eq!(leaked.lines().next(), t.picture("staging").await.lines().next());
    });
}

#[test]
fn what_was_approved_does_not_run_with_a_secret_set_since() {
    on_both(async |t| {
        let run = t.asks("ana", "production", deploy("v1")).await;
        let zoe = t.person("zoe").await;
        let (name, value) = ("session-secret".parse().unwrap(), SecretString::from("set-in-between"));
        t.engine().secret_set(&t.environment("production"), &name, value, &zoe).await.unwrap();
        t.approves("ben", &run).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: drifted");
        let evidence = t.reason(&run).await.evidence;
        let told = "secret session-secret was set since and is now at version 2, not 1".to_owned();
        assert!(evidence.contains(&told), "{evidence:?}");
    });
}

#[test]
fn settings_and_readings_stand_in_the_record_without_the_value() {
    on_both(async |t| {
        rotates(t, "not-for-the-record").await;
        opens(t, None).await;
        assert_eq!(t.recorded("secret.put").await.last().unwrap(), "secret.put by zoe");
        assert_eq!(t.recorded("secret.read").await.len(), 1);
        let events = t.engine().store().audit_after(0, 1_000).await.unwrap();
        let all =
            serde_json::to_string(&events.into_iter().map(|(event, _)| event).collect::<Vec<_>>()).unwrap();
        assert!(!all.contains("not-for-the-record"));
    });
}

#[test]
fn a_reading_that_can_not_be_recorded_gives_no_value() {
    on_both(async |t| {
        let (vault, environment) = (t.engine().vault().clone(), t.environment("staging"));
        t.tampers("ALTER TABLE audit_events RENAME TO hidden").await;
        let read = vault.secret_read(&environment, &"session-secret".parse().unwrap(), None, "api").await;
        assert!(read.is_err(), "a value nobody knows was read");
        t.tampers("ALTER TABLE hidden RENAME TO audit_events").await;
        assert!(
            vault.secret_read(&environment, &"session-secret".parse().unwrap(), None, "api").await.is_ok()
        );
    });
}

#[test]
fn no_value_comes_out_through_a_failed_start_or_a_failed_undo() {
    on_both(async |t| {
        let words = "weights_set of staging web";
        rotates(t, words).await;
        t.does("ana", "staging", deploy("v1")).await;
        t.world.release(
            "v4",
            "Tells too much",
            Behaviour::build_fails(&["can't: weights_set of staging web"]),
        );
        let built = t.asks("ana", "staging", deploy("v4")).await;
        t.settle_all().await;
        assert_eq!(t.reason(&built).await.evidence, ["can't: [secret session-secret]"]);
        // Taking the traffic back fails, and the provider's own words have the value in them.
        t.world.behaviour("v2", Behaviour::fails_requests(50)).unwrap();
        let undone = t.asks("ana", "staging", deploy("v2")).await;
        t.world.fault(Fault::of(Call::WeightsSet, FaultKind::FailBefore).about("staging web @1=100%"));
        t.settle_all().await;
        t.world.faults_clear();
        assert_eq!(t.outcome(&undone).await, "failed: verification-failed");
        assert!(t.reason(&undone).await.evidence.last().unwrap().contains("[secret session-secret]"));
        for run in [&built, &undone] {
            let kept = format!("{:?}", t.engine().run_detail(run).await.unwrap());
            assert!(!kept.contains(words), "{kept}");
        }
        let events = t.engine().store().audit_after(0, 1_000).await.unwrap();
        assert!(!format!("{events:?}").contains(words));
    });
}

#[test]
fn going_back_leaves_what_stays_up_with_the_secret_it_was_started_with() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy_only(&["web"], "v2")).await;
        rotates(t, "after-api-was-started").await;
        assert_eq!(variables(t, rollback()).await, Vec::<String>::new());
        t.does("ana", "staging", rollback()).await;
        assert_eq!(versions(t, 1).await, [1]);
        let plan = t.previews("ana", "staging", deploy("v1")).await;
        assert!(plan.diff.iter().any(|line| line.what == "api SESSION_SECRET"), "{:?}", plan.diff);
    });
}

#[test]
fn secrets_are_listed_with_when_and_by_whom_and_nothing_of_their_values() {
    on_both(async |t| {
        rotates(t, "nobody-reads-this").await;
        let (vera, staging) = (t.person("vera").await, t.environment("staging"));
        let listed = t.engine().secret_list(&staging, &vera).await.unwrap();
        let newest = listed.iter().rfind(|it| it.name.as_str() == "session-secret").unwrap();
        assert_eq!(newest.made_by.as_deref(), Some("zoe"));
        assert!(newest.made_ms.is_some() && newest.version > 1, "{newest:?}");
        assert!(!format!("{listed:?}").contains("nobody-reads-this"));
        let nobody = t.engine().actor(&"slack:U999".parse().unwrap()).await.unwrap();
        assert_eq!(t.engine().secret_list(&staging, &nobody).await.unwrap_err().code(), "not-allowed");
    });
}

#[test]
fn a_secret_that_something_uses_is_not_taken_away() {
    on_both(async |t| {
        let (zoe, staging) = (t.person("zoe").await, t.environment("staging"));
        let removes = async |name: &str| {
            t.engine()
                .secret_remove(&staging, &name.parse().unwrap(), &zoe)
                .await
                .map_err(|refusal| format!("{}: {refusal}", refusal.code()))
        };
        t.does("ana", "staging", deploy("v1")).await;
        let used = removes("session-secret").await.unwrap_err();
        expect![[r#"in-use: session-secret of staging is still used by SESSION_SECRET of api, api of release 1, which is live"#]]
            .assert_eq(&used);
        assert_eq!(removes("never-set").await.unwrap_err(), "not-found: staging has no secret never-set");
        assert!(t.recorded("secret.removed").await.is_empty());

        let (name, set) = ("left-over".parse().unwrap(), async |value: &str| {
            let value = SecretString::from(value);
            t.engine().secret_set(&staging, &"left-over".parse().unwrap(), value, &zoe).await.unwrap()
        });
        assert_eq!((set("one-of-them").await, set("another").await), (1, 2));
        let ana = t.person("ana").await;
        let refused = t.engine().secret_remove(&staging, &name, &ana).await.unwrap_err();
        assert_eq!(refused.code(), "not-allowed");
        assert_eq!(removes("left-over").await, Ok(2));
        assert_eq!(t.recorded("secret.removed").await, ["secret.removed by zoe"]);
        for version in [None, Some(1), Some(2)] {
            assert!(t.engine().vault().secret_read(&staging, &name, version, "api").await.is_err());
        }
        assert!(t.engine().store().secret_all().await.unwrap().iter().all(|it| it.name != name));
        // A version is given once.
        assert_eq!(set("a-third").await, 3);
        assert!(t.engine().vault().secret_read(&staging, &name, Some(1), "api").await.is_err());
    });
}

/// The ids of the keys that what is kept is sealed under.
async fn key_ids(t: &Story) -> BTreeSet<String> {
    let all = t.engine().store().secret_all().await.unwrap();
    all.iter().map(|sealed| sealed.key_id().unwrap()).collect()
}

#[test]
fn the_master_key_is_replaced_while_programs_run() {
    on_both(async |t| {
        let (zoe, ana) = (t.person("zoe").await, t.person("ana").await);
        rotates(t, "from-before-the-new-key").await;
        t.does("ana", "staging", deploy("v1")).await;
        let (other, before) = (t.replica("two", t.clock()).await, key_ids(t).await);
        let refused = t.engine().secrets_rekey(&ana).await.unwrap_err();
        assert_eq!(refused.code(), "not-allowed");
        assert!(refused.to_string().contains("replacing the master key"), "{refused}");

        let all = t.engine().store().secret_all().await.unwrap().len();
        let rekeyed = t.engine().secrets_rekey(&zoe).await.unwrap();
        assert_eq!(rekeyed.versions, all);
        assert_eq!(before, BTreeSet::from([rekeyed.kept.unwrap().id]));
        assert_eq!(key_ids(t).await, BTreeSet::from([rekeyed.key_id.clone()]));
        assert_eq!(t.recorded("secrets.rekeyed").await, ["secrets.rekeyed by zoe"]);
        // What runs is what was: the versions are the same.
        assert_eq!(variables(t, deploy("v1")).await, Vec::<String>::new());
        // The other program heard nothing of it.
        let (staging, name) = (t.environment("staging"), "session-secret".parse().unwrap());
        let read = other.vault().secret_read(&staging, &name, None, "api").await.unwrap();
        assert_eq!(read.expose_secret(), "from-before-the-new-key");
        other.secret_set(&staging, &name, SecretString::from("set-by-the-other"), &zoe).await.unwrap();
        assert_eq!(key_ids(t).await, BTreeSet::from([rekeyed.key_id]));
        assert_eq!(opens(t, None).await, "set-by-the-other");
        t.crash_and_restart().await;
        assert_eq!(opens(t, Some(2)).await, "from-before-the-new-key");
    });
}

#[test]
fn a_replacement_that_was_killed_half_way_is_finished() {
    on_both(async |t| {
        let zoe = t.person("zoe").await;
        rotates(t, "from-before-the-new-key").await;
        // The key is replaced, and nothing sealed anew yet.
        t.master_keys().replace().unwrap();
        t.crash_and_restart().await;
        assert_eq!(opens(t, None).await, "from-before-the-new-key");
        rotates(t, "under-the-new-key").await;
        assert_eq!(key_ids(t).await.len(), 2);
        let rekeyed = t.engine().secrets_rekey(&zoe).await.unwrap();
        assert_eq!(rekeyed.kept, None, "one replacement is one new key");
        assert_eq!(key_ids(t).await, BTreeSet::from([rekeyed.key_id]));
        assert_eq!(opens(t, Some(2)).await, "from-before-the-new-key");
        assert_eq!(opens(t, Some(3)).await, "under-the-new-key");
    });
}

#[test]
fn nothing_is_replaced_while_a_secret_does_not_open() {
    on_both(async |t| {
        let zoe = t.person("zoe").await;
        let before = t.master_keys().newest().id().to_owned();
        t.database().execute("UPDATE secrets SET body = '{}' WHERE name = 'session-secret'".to_owned()).await;
        let refused = t.engine().secrets_rekey(&zoe).await.unwrap_err();
        assert!(refused.to_string().contains("session-secret can't be opened"), "{refused}");
        assert_eq!(t.master_keys().newest().id(), before);
    });
}

#[test]
fn of_several_who_replace_and_set_at_once_nobody_loses_a_value() {
    on_both(async |t| {
        let zoe = t.person("zoe").await;
        let (two, three) = (t.replica("two", t.clock()).await, t.replica("three", t.clock()).await);
        let (staging, name) = (t.environment("staging"), "session-secret".parse().unwrap());
        for round in 0..8 {
            let value = SecretString::from(format!("set-in-round-{round}"));
            let (first, second, set) = tokio::join!(
                two.secrets_rekey(&zoe),
                t.engine().secrets_rekey(&zoe),
                three.secret_set(&staging, &name, value, &zoe),
            );
            first.unwrap();
            second.unwrap();
            let version = set.unwrap();
            assert_eq!(opens(t, Some(version)).await, format!("set-in-round-{round}"));
            two.secrets_rekey(&zoe).await.unwrap();
        }
        for version in 2..=9 {
            assert_eq!(opens(t, Some(version)).await, format!("set-in-round-{}", version - 2));
        }
    });
}

#[test]
fn what_another_program_sets_is_kept_out_of_messages_here_too() {
    on_both(async |t| {
        let other = t.replica("two", t.clock()).await;
        let (zoe, name) = (t.person("zoe").await, "session-secret".parse().unwrap());
        let value = SecretString::from("set-by-the-other-program");
        other.secret_set(&t.environment("staging"), &name, value, &zoe).await.unwrap();
        assert!(!t.engine().redactor().holds("it says set-by-the-other-program"), "nobody told it yet");
        t.engine().vault().learn_new().await.unwrap();
        assert!(t.engine().redactor().holds("it says set-by-the-other-program"));
    });
}
