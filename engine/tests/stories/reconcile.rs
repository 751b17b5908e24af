//! Drift: what others changed behind the engine's back is shown, and brought back to the live release.

use adapters::sim::{Call, Fault, FaultKind};
use expect_test::expect;

use crate::proofs::drifts;
use crate::world::changes::*;
use crate::world::on_both;

#[test]
fn nothing_drifts_by_itself() {
    on_both(async |t| {
        let error = t.tries("ana", "staging", reconcile()).await.unwrap_err();
        assert_eq!(error.code(), "nothing-live");
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", scale(&["api"], 2)).await;
        t.does("ana", "staging", cron_disable()).await;
        t.does("ana", "staging", add("redis")).await;
        t.does("zoe", "staging", rotate("session-secret")).await;
        let error = t.tries("ana", "staging", reconcile()).await.unwrap_err();
        assert_eq!(error.code(), "nothing-drifted", "{error}");
        assert!(
            error.to_string().starts_with("nothing has drifted in staging: all of it is as release 3 has it")
        );
        // What the description says otherwise by now is for the next deploy.
        t.redescribes(&[("replicas: 2", "replicas: 1")]).await.ok();
        let error = t.tries("ana", "staging", reconcile()).await.unwrap_err();
        assert_eq!(error.code(), "nothing-drifted");
    });
}

#[test]
fn what_was_changed_by_hand_is_shown_and_brought_back() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let before = t.picture("staging").await;
        drifts(t);
        let staging = t.environment("staging");
        t.world.drift(|drift| {
            let api = "api".parse().unwrap();
            drift.config(&staging, &api, 1, "by hand");
            drift.weights(&staging, &"web".parse().unwrap(), &[]);
            drift.component_vanish(&staging, &"postgres".parse().unwrap());
        });
        let plan = t.previews("ana", "staging", reconcile()).await;
        assert_eq!(plan.title, "Bring staging back to release 1 (v1)");
        let diff: Vec<String> = plan.diff.iter().map(ToString::to_string).collect();
        expect![[r#"
            postgres: is not there → there
            api variables: otherwise → as in release 1
            api replicas: 2 → 1
            cron variables: otherwise → as in release 1
            cron schedule: none → `*/15 * * * *` with release 1, on
            web instances: none → 1
            web traffic: no traffic → 100% to release 1"#]]
        .assert_eq(&diff.join("\n"));
        expect!["to keep 2 of api: `scale staging api to 2`"].assert_eq(&plan.notes.join("\n"));
        let steps: Vec<&str> = plan.steps.iter().map(|step| step.title.as_str()).collect();
        expect![
            "preflight, reconcile shape, config, bring up, restart, resize, traffic, cron, verification, finalize"
        ]
        .assert_eq(&steps.join(", "));
        t.does("ana", "staging", reconcile()).await;
        assert_eq!(t.picture("staging").await, before);
        assert_eq!(t.tries("ana", "staging", reconcile()).await.unwrap_err().code(), "nothing-drifted");
    });
}

/// Traffic that somebody split goes back to the live release, and what nobody asked for is ended.
#[test]
fn traffic_and_instances_that_do_not_belong_there_go() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        t.does("ana", "staging", deploy("v2")).await;
        let before = running(&t.picture("staging").await);
        // Undoing is given up in the midst of it: web and its traffic stay with what failed.
        let run = t.orders("ana", "staging", deploy("v3")).await;
        t.world.fault(Fault::of(Call::WeightsSet, FaultKind::FailBefore).about("web @2=100%"));
        t.world.fault(Fault::of(Call::Probe, FaultKind::FailBefore).about("web"));
        t.settle_all().await;
        t.world.faults_clear();
        assert!(t.outcome(&run).await.starts_with("failed"), "{}", t.told(&run).await);
        let plan = t.previews("ana", "staging", reconcile()).await;
        let diff: Vec<String> = plan.diff.iter().map(ToString::to_string).collect();
        expect![[r#"
            web of release 3: 1 there, goes away
            web traffic: 100% to release 3 → 100% to release 2"#]]
        .assert_eq(&diff.join("\n"));
        t.does("ana", "staging", reconcile()).await;
        assert_eq!(running(&t.picture("staging").await), before);
    });
}

/// What runs and who is sent where.
fn running(picture: &str) -> Vec<String> {
    picture.lines().filter(|line| !line.contains(" config ")).map(ToOwned::to_owned).collect()
}

/// What was brought back stays when the rest fails: it was wrong before.
#[test]
fn a_part_that_fails_takes_nothing_back_with_it() {
    on_both(async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        drifts(t);
        t.world.fault(Fault::of(Call::SchedulePut, FaultKind::FailBefore));
        let run = t.orders("ana", "staging", reconcile()).await;
        t.settle_all().await;
        t.world.faults_clear();
        expect!["failed: schedule-failed"].assert_eq(&t.outcome(&run).await);
        assert!(t.told(&run).await.contains("what it mended stays"), "{}", t.told(&run).await);
        expect![[r#"
            api@1 healthy of 1
            api config @1
            api 100% to @1
            cron config @1
            web@1 healthy of 1
            web config @1
            web 100% to @1
        "#]]
        .assert_eq(&t.picture("staging").await);
        let plan = t.previews("ana", "staging", reconcile()).await;
        let diff: Vec<String> = plan.diff.iter().map(ToString::to_string).collect();
        expect!["cron schedule: none → `*/15 * * * *` with release 1, on"].assert_eq(&diff.join("\n"));
        t.does("ana", "staging", reconcile()).await;
    });
}
