//! Proofs for every run type: whatever call the program dies at, whatever answer gets lost, the world ends up the same and
//! nothing happens twice; whatever call fails for good, the world is as it was before.

use adapters::sim::{Call, Fault, FaultKind};
use engine::model::{Change, Role, RunId};

use crate::backfill::backfill;
use crate::world::changes::*;
use crate::world::{Story, on_both};

/// Requests of a verification that are made to fail in turn: the others are like them.
const PROBES_MAX: u32 = 2;

/// Which times a reading call is made to fail: what is read again and again (traffic, the judge's evidence, a build) is read
/// alike from one time to the next, so the later ones are tried further and further apart.
const READS_TRIED: [u32; 9] = [1, 2, 3, 5, 8, 13, 21, 34, 55];

/// A run type on an environment where something was done before.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) before: Vec<Change>,
    pub(super) change: Change,
    /// A failure may leave the world changed: migrations stay, fresh processes are as good as old ones.
    pub(super) forward_only: bool,
}

pub(super) fn case(name: &'static str, before: Vec<Change>, change: Change) -> Case {
    Case { name, before, change, forward_only: false }
}

impl Case {
    /// Who orders it: whoever may.
    pub(super) fn who(&self) -> &'static str {
        let admins = matches!(
            self.change,
            Change::RemoveComponent { .. } | Change::RotateSecret { .. } | Change::DestroyEnvironment
        );
        if admins { "zoe" } else { "ana" }
    }
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("first-deploy", vec![], deploy("v1")),
        case("deploy", vec![deploy("v1")], deploy("v2")),
        case("deploy-one", vec![deploy("v1")], deploy_only(&["web"], "v3")),
        case("canary", vec![deploy("v1")], deploy_canary("v2", &[50, 100], 5)),
        case("deploy-by-tool", vec![deploy("v1")], deploy("v2")),
        case("rollback", vec![deploy("v2"), deploy("v3")], rollback()),
        case("rollback-one", vec![deploy("v2"), deploy("v3")], rollback_only(&["api"])),
        case("migrate", vec![deploy("v1")], migrate("v2")),
        case("migrate-by-tool", vec![deploy("v1")], migrate("v2")),
        case("scale-up", vec![deploy("v1")], scale(&[], 3)),
        case("scale-down", vec![deploy("v1"), scale(&[], 3)], scale(&["api"], 1)),
        Case { forward_only: true, ..case("restart", vec![deploy("v1")], restart(&[])) },
        case("cron-disable", vec![deploy("v1")], cron_disable()),
        case("cron-enable", vec![deploy("v1"), cron_disable()], cron_enable()),
        case("clear-cache", vec![deploy("v1")], clear_cache()),
        case("set-variable", vec![deploy("v1")], set_variable(&["api", "cron"], "GREETING", "hi")),
        case("add-component", vec![deploy("v1")], add("redis")),
        case("remove-component", vec![deploy("v1")], remove("redis")),
        Case {
            forward_only: true,
            ..case("destroy-environment", vec![deploy("v1"), add("redis")], destroy())
        },
        case("rotate-secret", vec![deploy("v1")], rotate("session-secret")),
        Case { forward_only: true, ..case("reconcile", vec![deploy("v1")], reconcile()) },
        case("backfill", vec![deploy("v1")], backfill(6_000)),
    ]
}

/// A fresh world in which all that comes before has been done.
pub(super) async fn begin(t: &mut Story, case: &Case) {
    t.begin_again().await;
    if case.who() == "zoe" {
        t.becomes("ben", Some(Role::Admin)).await;
    }
    if case.name == "canary" {
        t.judges_by(5).await;
        t.world.traffic_set(&t.environment("staging"), 20);
    }
    if case.name == "backfill" {
        t.has_rows(120);
    }
    if case.name == "deploy-one" {
        t.redescribes(&crate::ci::REQUIRED).await.unwrap();
    }
    if case.name == "remove-component" {
        let redis = "postgres: { kind: database }\n  redis: { kind: cache }";
        t.redescribes(&[("postgres: { kind: database }", redis)]).await.unwrap();
    }
    if case.name.ends_with("by-tool") {
        let tool = "component: postgres, runner: command, service: api, command: make migrate, table: done }";
        t.redescribes(&[("migrations, component: postgres }", &format!("migrations, {tool}"))])
            .await
            .unwrap();
    }
    for change in &case.before {
        t.does("ana", "staging", change.clone()).await;
    }
    if case.name == "reconcile" {
        drifts(t);
    }
}

/// What others do behind the engine's back.
pub(super) fn drifts(t: &Story) {
    let staging = t.environment("staging");
    let [api, web, cron] = ["api", "web", "cron"].map(|name| name.parse().unwrap());
    t.world.drift(|drift| {
        assert!(drift.replicas(&staging, &api, 1, 2));
        assert!(drift.set_vanish(&staging, &web, 1));
        assert!(drift.schedule_vanish(&staging, &cron));
        assert!(drift.config_vanish(&staging, &cron, 1));
    });
}

/// What must be the same whatever happened on the way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) picture: String,
    pub(super) addresses: String,
    pub(super) migrated: String,
    pub(super) desired: String,
    pub(super) variables: String,
    pub(super) components: String,
    /// The versions of secrets that what is live was given.
    pub(super) secrets: String,
    pub(super) releases: String,
}

pub(super) async fn ending(t: &Story) -> Ending {
    Ending {
        picture: t.picture("staging").await,
        addresses: t.addresses("staging").await,
        migrated: t.migrated("staging").await,
        desired: t.desired("staging").await,
        variables: t.variables("staging").await,
        secrets: t.secrets_live("staging").await,
        components: t.components_told("staging").await,
        releases: t.releases("staging").await,
    }
}

/// How it ends when nothing goes wrong, and its writing calls with how often each is made.
async fn undisturbed(t: &mut Story, case: &Case) -> (Ending, Vec<(Call, u32)>) {
    begin(t, case).await;
    let run = t.does(case.who(), "staging", case.change.clone()).await;
    t.end().await;
    let mut calls: Vec<(Call, u32)> = Vec::new();
    for effect in t.world.ledger().iter().filter(|effect| effect.run == run) {
        match calls.iter_mut().find(|(call, _)| *call == effect.call) {
            Some((_, times)) => *times += 1,
            None => calls.push((effect.call, 1)),
        }
    }
    (ending(t).await, calls)
}

/// Each of these calls, each time it is made, with each of these faults, as far as they are played on this database.
pub(super) fn each(t: &Story, calls: &[(Call, u32)], kinds: &[FaultKind]) -> Vec<(Fault, String)> {
    let mut faults = Vec::new();
    for &(call, times) in calls {
        for (nth, &kind) in (1..=times).flat_map(|nth| kinds.iter().map(move |kind| (nth, kind))) {
            faults.push((Fault::of(call, kind).nth(nth), format!("{kind:?} at {call} {nth}")));
        }
    }
    let played = faults.into_iter().enumerate().filter(|(place, _)| t.kind.plays(*place));
    played.map(|(_, fault)| fault).collect()
}

async fn ended_well(t: &Story, run: &RunId, wanted: &Ending, what: &str) {
    assert_eq!(t.outcome(run).await, "succeeded", "{what}: {}", t.told(run).await);
    assert_eq!(ending(t).await, *wanted, "{what}: {}", t.told(run).await);
    // Of a job that stops in the midst of a batch, that one alone is run again.
    assert!(t.job(|job| job.filled.len() as u64 == job.rows && job.repeated <= 50), "{what}");
    t.end().await;
}

/// The program dies at each writing call in turn, before it happens and after.
async fn dies_at_each_call(t: &mut Story, case: &Case) {
    let (wanted, calls) = undisturbed(t, case).await;
    for (fault, what) in each(t, &calls, &[FaultKind::CrashBefore, FaultKind::Crash]) {
        begin(t, case).await;
        let run = t.orders(case.who(), "staging", case.change.clone()).await;
        t.world.fault(fault);
        assert!(t.settles_or_dies().await, "{}: {what} never came", case.name);
        t.crash_and_restart().await;
        t.settle_all().await;
        ended_well(t, &run, &wanted, &format!("{}: {what}", case.name)).await;
    }
}

/// The program dies after each commit in turn, before it hears that it was made.
async fn dies_after_each_commit(t: &mut Story, case: &Case) {
    let (wanted, _) = undisturbed(t, case).await;
    for commits in 1.. {
        begin(t, case).await;
        let run = t.orders(case.who(), "staging", case.change.clone()).await;
        if !t.settles_or_dies_after(commits).await {
            break;
        }
        t.crash_and_restart().await;
        t.settle_all().await;
        ended_well(t, &run, &wanted, &format!("{}: after {commits} commits", case.name)).await;
    }
}

/// Each writing call's answer gets lost once, with and without its effect; and each is refused once as too busy.
async fn loses_each_answer(t: &mut Story, case: &Case) {
    let (wanted, calls) = undisturbed(t, case).await;
    let kinds = [FaultKind::LostAnswer, FaultKind::UnknownBefore, FaultKind::RetryBefore { after_ms: 700 }];
    for (fault, what) in each(t, &calls, &kinds) {
        begin(t, case).await;
        let run = t.orders(case.who(), "staging", case.change.clone()).await;
        t.world.fault(fault);
        t.settle_all().await;
        assert!(t.world.faults_unstruck().is_empty(), "{}: {what} never came", case.name);
        t.world.faults_clear();
        ended_well(t, &run, &wanted, &format!("{}: {what}", case.name)).await;
    }
}

/// Every call of a run, reading ones too, with all that leads to it.
async fn calls_made(t: &mut Story, case: &Case) -> Vec<Call> {
    begin(t, case).await;
    for &call in Call::ALL {
        // Slow by nothing harms nobody, and those that were struck were made.
        t.world.fault(Fault::of(call, FaultKind::SlowMs(0)).nth(1));
    }
    t.does(case.who(), "staging", case.change.clone()).await;
    let never: Vec<Call> = t.world.faults_unstruck().iter().map(|fault| fault.call.call).collect();
    t.world.faults_clear();
    Call::ALL.iter().copied().filter(|call| !never.contains(call)).collect()
}

/// Which times a call is made to fail, as long as it comes that often.
fn times_tried(call: Call) -> Box<dyn Iterator<Item = u32>> {
    match call {
        Call::Probe => Box::new(1..=PROBES_MAX),
        call if call.is_write() => Box::new(1..),
        _ => Box::new(READS_TRIED.into_iter()),
    }
}

/// Each call fails for good once: the world is as before, or the run went through all the same.
async fn fails_at_each_call(t: &mut Story, case: &Case) {
    let (wanted, _) = undisturbed(t, case).await;
    for (place, call) in calls_made(t, case).await.into_iter().enumerate() {
        for nth in times_tried(call) {
            if !t.kind.plays(place + nth as usize) {
                continue;
            }
            begin(t, case).await;
            let before = ending(t).await;
            t.world.fault(Fault::of(call, FaultKind::FailBefore).nth(nth));
            let asked = t.tries(case.who(), "staging", case.change.clone()).await;
            if let Ok(run) = &asked
                && t.state(run).await == "awaiting-approval"
                && t.approves("ben", run).await.is_err()
            {
                // What could not be looked at for the approval is looked at for the next.
                t.approves("ben", run).await.unwrap();
            }
            t.settle_all().await;
            if !t.world.faults_unstruck().is_empty() {
                break;
            }
            t.world.faults_clear();
            let what = format!("{}: {call} {nth} fails", case.name);
            let Ok(run) = asked else {
                assert_eq!(ending(t).await, before, "{what}");
                continue;
            };
            let told = t.told(&run).await;
            match t.state(&run).await {
                // The change itself was good; what was left over is ended by the next.
                "succeeded" => assert_eq!(t.desired("staging").await, wanted.desired, "{what}: {told}"),
                "failed" | "rolled-back" => {
                    let after = ending(t).await;
                    assert_eq!(after.desired, before.desired, "{what}: {told}");
                    assert_eq!(after.variables, before.variables, "{what}: {told}");
                    assert_eq!(after.components, before.components, "{what}: {told}");
                    assert_eq!(after.secrets, before.secrets, "{what}: {told}");
                    if !case.forward_only {
                        assert_eq!(after.picture, before.picture, "{what}: {told}");
                    }
                    assert!(after.migrated.starts_with(&before.migrated), "{what}: {told}");
                }
                other => panic!("{what}: {other}: {told}"),
            }
            t.end().await;
            if case.change.run_type() == "deploy" && nth == 1 {
                // And nothing stands in the way of the next try.
                t.does(case.who(), "staging", case.change.clone()).await;
            }
        }
    }
}

macro_rules! proofs {
    ($($name:ident)*) => {$(
        mod $name {
            use super::*;

            fn this() -> Case {
                let name = stringify!($name).replace('_', "-");
                cases().into_iter().find(|case| case.name == name).unwrap()
            }

            #[test]
            fn dies_at_each_call_and_goes_on() {
                on_both(async |t| dies_at_each_call(t, &this()).await);
            }

            #[test]
            fn dies_after_each_commit_and_goes_on() {
                on_both(async |t| dies_after_each_commit(t, &this()).await);
            }

            #[test]
            fn loses_each_answer_once_and_goes_on() {
                on_both(async |t| loses_each_answer(t, &this()).await);
            }

            #[test]
            fn fails_at_each_call_and_is_as_before() {
                on_both(async |t| fails_at_each_call(t, &this()).await);
            }
        }
    )*};
}

proofs! {
    first_deploy deploy deploy_one canary deploy_by_tool rollback rollback_one migrate migrate_by_tool scale_up scale_down restart cron_disable cron_enable clear_cache set_variable add_component
    remove_component destroy_environment rotate_secret reconcile backfill
}

#[test]
fn every_run_type_has_its_proofs() {
    let mut proved: Vec<&str> = cases().iter().map(|case| case.change.run_type()).collect();
    proved.dedup();
    let all = [
        "deploy",
        "rollback",
        "migrate",
        "scale",
        "restart",
        "cron-disable",
        "cron-enable",
        "clear-cache",
        "set-variable",
        "add-component",
        "remove-component",
        "destroy-environment",
        "rotate-secret",
        "reconcile",
        "backfill",
    ];
    assert_eq!(proved, all);
}
