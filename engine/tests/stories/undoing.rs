//! Proofs for the way back within a run, for every run type: whatever call of the undo the program dies at, whatever answer gets
//! lost, the world ends up as it was before; and an undo that fails for good says what it left and how to go on.

use adapters::sim::{Call, Fault, FaultKind};
use engine::model::{Change, RunId};
use engine::run::{RunState, StepState, state_of};
use expect_test::expect;

use crate::proofs::{Case, Ending, begin, cases, each, ending};
use crate::world::changes::*;
use crate::world::{Story, on_both};

/// Commits after which a run that does not come to its last step is a bug.
const COMMITS_MAX: usize = 500;

/// A world in which all steps of the case are done but the last, and somebody cancels: nothing is undone yet.
async fn cancelled_late(t: &mut Story, case: &Case) -> (Ending, RunId) {
    Box::pin(begin(t, case)).await;
    let before = ending(t).await;
    let run = t.orders(case.who(), "staging", case.change.clone()).await;
    let detail = t.engine().run_detail(&run).await.unwrap();
    // The last one is finalize, from which there is no way back within the run.
    let last = detail.plan.steps.len() as u32 - 2;
    let mut commits = 0;
    loop {
        let steps = t.engine().store().step_list(&run).await.unwrap();
        if matches!(state_of(&steps, last), StepState::Running { .. }) {
            break;
        }
        assert!(Box::pin(t.settles_or_dies_after(1)).await, "{}: ended without its last steps", case.name);
        commits += 1;
        assert!(commits < COMMITS_MAX, "{}: does not come to its last steps", case.name);
    }
    let ana = t.person("ana").await;
    t.engine().pause(&run, &ana).await.unwrap();
    while let Some(due_ms) = Box::pin(t.settle()).await {
        t.passes((due_ms - t.now_ms()).max(0));
    }
    let steps = t.engine().store().step_list(&run).await.unwrap();
    assert!(
        matches!(state_of(&steps, last), StepState::Done { .. }),
        "{}: {}",
        case.name,
        t.told(&run).await
    );
    t.engine().cancel(&run, &ana, None).await.unwrap();
    (before, run)
}

/// The writing calls of an undo, with how often each is made.
async fn undisturbed(t: &mut Story, case: &Case) -> Vec<(Call, u32)> {
    let (before, run) = Box::pin(cancelled_late(t, case)).await;
    t.settle_all().await;
    Box::pin(as_before(t, case, &run, &before, "undisturbed")).await;
    let mut calls: Vec<(Call, u32)> = Vec::new();
    for effect in undone(t, &run) {
        match calls.iter_mut().find(|(call, _)| *call == effect.call) {
            Some((_, times)) => *times += 1,
            None => calls.push((effect.call, 1)),
        }
    }
    calls
}

fn undone(t: &Story, run: &RunId) -> Vec<adapters::sim::Effect> {
    let effects = t.world.ledger().into_iter();
    effects.filter(|one| one.run == *run && one.idempotency_key.ends_with("/undo")).collect()
}

/// Traffic is given back before anything is taken away.
fn traffic_goes_first(t: &Story, run: &RunId, what: &str) {
    let calls: Vec<Call> = undone(t, run).iter().filter(|one| one.changed).map(|one| one.call).collect();
    let first_other = calls.iter().position(|call| *call != Call::WeightsSet).unwrap_or(calls.len());
    assert!(!calls[first_other..].contains(&Call::WeightsSet), "{what}: {calls:?}");
}

async fn as_before(t: &Story, case: &Case, run: &RunId, before: &Ending, what: &str) {
    let told = t.told(run).await;
    assert_eq!(t.outcome(run).await, "cancelled: cancelled", "{what}: {told}");
    let after = ending(t).await;
    assert_eq!(after.desired, before.desired, "{what}: {told}");
    if !case.forward_only {
        assert_eq!(after.picture, before.picture, "{what}: {told}");
    }
    assert!(after.migrated.starts_with(&before.migrated), "{what}: {told}");
    traffic_goes_first(t, run, what);
    t.end().await;
}

/// The program dies at each writing call of the undo in turn, before it happens and after.
async fn dies_at_each_call(t: &mut Story, case: &Case) {
    let calls = undisturbed(t, case).await;
    for (fault, what) in each(t, &calls, &[FaultKind::CrashBefore, FaultKind::Crash]) {
        let what = format!("{}: {what} of the undo", case.name);
        let (before, run) = cancelled_late(t, case).await;
        t.world.fault(fault);
        assert!(t.settles_or_dies().await, "{what} never came");
        t.crash_and_restart().await;
        t.settle_all().await;
        as_before(t, case, &run, &before, &what).await;
    }
}

/// The program dies after each commit of the undo in turn.
async fn dies_after_each_commit(t: &mut Story, case: &Case) {
    for commits in 1.. {
        let (before, run) = cancelled_late(t, case).await;
        if !t.settles_or_dies_after(commits).await {
            break;
        }
        t.crash_and_restart().await;
        t.settle_all().await;
        as_before(t, case, &run, &before, &format!("{}: after {commits} commits", case.name)).await;
    }
}

/// Each writing call of the undo loses its answer, comes too early, or fails once: it is tried again.
async fn goes_wrong_once(t: &mut Story, case: &Case) {
    let calls = undisturbed(t, case).await;
    let kinds = [
        FaultKind::LostAnswer,
        FaultKind::UnknownBefore,
        FaultKind::RetryBefore { after_ms: 700 },
        FaultKind::FailBefore,
    ];
    for (fault, what) in each(t, &calls, &kinds) {
        let what = format!("{}: {what} of the undo", case.name);
        let (before, run) = cancelled_late(t, case).await;
        t.world.fault(fault);
        t.settle_all().await;
        assert!(t.world.faults_unstruck().is_empty(), "{what} never came");
        t.world.faults_clear();
        as_before(t, case, &run, &before, &what).await;
    }
}

/// Each writing call of the undo goes on failing: the run ends, says what is left and what to type, and that helps.
async fn stays_failing(t: &mut Story, case: &Case) {
    for (call, _) in undisturbed(t, case).await {
        let what = format!("{}: {call} fails for good", case.name);
        let (before, run) = cancelled_late(t, case).await;
        t.world.fault(Fault::of(call, FaultKind::FailBefore));
        t.settle_all().await;
        t.world.faults_clear();
        let told = t.told(&run).await;
        assert_eq!(t.outcome(&run).await, "failed: cancelled", "{what}: {told}");
        assert_eq!(ending(t).await.desired, before.desired, "{what}: {told}");
        let reason = t.reason(&run).await;
        let left = reason.evidence.last().cloned().unwrap_or_default();
        assert!(left.starts_with("Not undone, needs a person: "), "{what}: {left}");
        assert!(left.contains(&format!("undoing it failed: {call} of staging")), "{what}: {left}");
        let names_it = [
            "still has",
            "still run",
            "still there",
            "is scheduled with release",
            "replicas and had",
            "is ended",
        ];
        assert!(names_it.iter().any(|words| left.contains(words)), "{what}: {left}");
        t.end().await;
        // What is typed next puts all in order.
        if let Some(environment) = reason.next.strip_prefix("rollback ") {
            t.does("ana", environment, rollback()).await;
            let after = ending(t).await;
            assert_eq!(running(&after.picture), running(&before.picture), "{what}, then {}", reason.next);
            assert!(after.desired.starts_with(&before.desired), "{what}: {}", after.desired);
        } else {
            assert_eq!(reason.next, format!("retry {run}"), "{what}");
            let again = t.engine().retry(&run, &t.person(case.who()).await).await.unwrap();
            if t.state(&again.id).await == "awaiting-approval" {
                t.approves("ben", &again.id).await.unwrap();
            }
            t.settle_all().await;
            assert_eq!(t.outcome(&again.id).await, "succeeded", "{what}: {}", t.told(&again.id).await);
        }
        t.end().await;
    }
}

/// What runs and who is sent where; configuration of releases that run no more harms nobody.
fn running(picture: &str) -> Vec<&str> {
    picture.lines().filter(|line| !line.contains(" config ")).collect()
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
            fn dies_at_each_call_of_its_undo_and_goes_on() {
                on_both(async |t| dies_at_each_call(t, &this()).await);
            }

            #[test]
            fn dies_after_each_commit_of_its_undo_and_goes_on() {
                on_both(async |t| dies_after_each_commit(t, &this()).await);
            }

            #[test]
            fn each_call_of_its_undo_goes_wrong_once_and_is_tried_again() {
                on_both(async |t| goes_wrong_once(t, &this()).await);
            }

            #[test]
            fn each_call_of_its_undo_stays_failing_and_it_says_what_is_left() {
                on_both(async |t| stays_failing(t, &this()).await);
            }
        }
    )*};
}

proofs! { first_deploy deploy deploy_one rollback rollback_one scale_up scale_down cron_disable cron_enable remove_component }

/// Those whose undo calls nobody: nothing of theirs is taken back.
#[test]
fn what_stays_calls_nobody_when_it_is_undone() {
    on_both(async |t| {
        for case in cases() {
            let calls = match case.change {
                Change::Migrate { .. } | Change::ClearCache { .. } | Change::Restart { .. } => {
                    undisturbed(t, &case).await
                }
                _ => continue,
            };
            assert_eq!(calls, [], "{}", case.name);
        }
    });
}

#[test]
fn an_undo_that_fails_says_what_is_left_and_rollback_puts_it_in_order() {
    on_both(async |t| {
        let case = cases().into_iter().find(|case| case.name == "deploy").unwrap();
        let (_, run) = cancelled_late(t, &case).await;
        t.world.fault(Fault::of(Call::WeightsSet, FaultKind::FailBefore).about("web"));
        t.settle_all().await;
        t.world.faults_clear();
        let RunState::Failed { reason, .. } = t.run(&run).await.state else {
            panic!("{}", t.told(&run).await)
        };
        let said = format!("{}\n{}\n", reason.evidence.join("\n"), reason.next);
        expect![[r#"
            Not undone, needs a person: reconcile config: stays for what still runs with it: web, release 2; api and web: 1 process of web, release 2, still runs, web still has its traffic there (undoing it failed: weights_set of staging web @1=100% was refused); canary: web still has 100% to release 2 (undoing it failed: weights_set of staging web @1=100% was refused)
            rollback staging
        "#]].assert_eq(&said);
        // The picture of it: nobody's way leads to something that is gone.
        expect![[r#"
            api@1 healthy of 1
            api config @1
            api 100% to @1
            cron@1 `*/15 * * * *` on
            cron config @1
            web@1 healthy of 1
            web@2 healthy of 1
            web config @1 @2
            web 100% to @2
        "#]]
        .assert_eq(&t.picture("staging").await);
        let back = t.does("ana", "staging", rollback()).await;
        let after = format!("{}\n{}", t.desired("staging").await, t.picture("staging").await);
        expect![[r#"
            live @1, held: brought back from release 2
            api@1 healthy of 1
            api config @1
            api 100% to @1
            cron@1 `*/15 * * * *` on
            cron config @1
            web@1 healthy of 1
            web config @1 @2
            web 100% to @1
        "#]]
        .assert_eq(&after);
        let detail = t.engine().run_detail(&back).await.unwrap();
        assert_eq!(detail.plan.title, "Bring staging back to release 1 (v1)");
    });
}
