//! Soaking: while a stage of a canary has its traffic, both versions are watched every second, the judge is given what they did,
//! and what it says is carried out. All of it is written down each second, in the commit that says that the step waits.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};
use serde_json::json;

use super::Moved;
use crate::clock::EpochMs;
use crate::control::journal::Draft;
use crate::control::lease::Lease;
use crate::control::{Engine, Refusal};
use crate::model::{Actor, Check, ServiceName, StepNumber};
use crate::plan::Plan;
use crate::ports::{Permit, PortError, Receipt, Seen};
use crate::run::{Reason, Run, RunEvent, RunState, Step, StepEvent, StepState};
use crate::step::{CanaryStage, DesiredChange, Judged};
use crate::store::Write;
use crate::trial::{CheckMade, CheckPair, Course, Observation, PAST_S, Trial, VersionPoint};

/// Who pauses a canary that a person has to look at.
pub const JUDGE: &str = "the judge";
/// Why a run went back whose canary the judge failed.
const FAILED: &str = "canary-failed";
/// Why a run went back whose canary somebody took back.
pub(in crate::control) const TAKEN_BACK: &str = "rolled-back";
/// How often a stage is looked at, in milliseconds.
const LOOK_MS: i64 = 1_000;
/// What a card says of the time left changes this often, in seconds: every second would be more than a chat takes.
const TOLD_EVERY_S: u32 = 10;
/// Lines of a look's logs that are gone through.
const LINES_MAX: usize = 2_000;

/// What a look at a canary came to.
pub(super) struct Watched {
    trial: Trial,
    course: Course,
    is_new: bool,
}

/// A stage at work.
pub(super) struct Soaking<'a> {
    pub(super) draft: Draft,
    pub(super) plan: &'a Plan,
    pub(super) steps: &'a [Step],
    pub(super) number: StepNumber,
    pub(super) stage: &'a CanaryStage,
    pub(super) state: StepState,
    pub(super) last_note: String,
}

impl Engine {
    /// Looks at both versions and takes in what they did since the last look. Writes nothing.
    pub(super) async fn watch(
        &self,
        run: &Run,
        number: StepNumber,
        stage: &CanaryStage,
        now_ms: EpochMs,
        lease: &Lease,
    ) -> Result<Result<Watched, PortError>, Refusal> {
        let mut trial = self.store().trial_get(&run.id).await?.unwrap_or_default();
        let is_new = if trial.has_begun(number) {
            let now_s = now_ms.div_euclid(1_000);
            trial.goes_by(now_s);
            let permit = Permit::for_step(&run.id, number, false).under(lease.fence());
            let checks = self.checks(run, &permit, trial.checks_due(stage, now_s));
            let both = join(self.observation(run, stage, &trial), lease.acting(&*self.parts.clock, checks));
            let (found, checks) = both.await;
            let checks = checks?;
            match found {
                Ok(found) => trial.see(stage, &Observation { checks, ..found }, now_s),
                Err(error) => return Ok(Err(error)),
            }
        } else {
            let past = self.past(run, stage, now_ms).await;
            trial.begin(number, stage, &past, now_ms);
            true
        };
        let may_go_on = matches!(run.state, RunState::Running { .. });
        let course = trial.course(stage, may_go_on);
        Ok(Ok(Watched { trial, course, is_new }))
    }

    /// What the stable version did before. What can't be told is not there: it only makes the judge slower.
    async fn past(&self, run: &Run, stage: &CanaryStage, now_ms: EpochMs) -> BTreeMap<ServiceName, Seen> {
        let after_s = now_ms.div_euclid(1_000) - PAST_S;
        let signals = &self.ports().signals;
        let mut all = BTreeMap::new();
        for Judged { service, signals: queries, .. } in &stage.judged {
            if let Ok(past) = signals.past(run.environment(), service, queries.as_ref(), after_s).await {
                all.insert(service.clone(), past);
            }
        }
        all
    }

    /// What services answered; and of which of them nobody can tell, with the reason.
    async fn seen(
        &self,
        run: &Run,
        stage: &CanaryStage,
        after_s: impl Fn(&ServiceName) -> i64 + Send,
    ) -> (BTreeMap<ServiceName, Seen>, BTreeMap<ServiceName, String>) {
        let (mut all, mut blind) = (BTreeMap::new(), BTreeMap::new());
        for Judged { service, signals: queries, .. } in &stage.judged {
            let signals = &self.ports().signals;
            match signals.seen(run.environment(), service, queries.as_ref(), after_s(service)).await {
                Ok(seen) => drop(all.insert(service.clone(), seen)),
                Err(error) => {
                    let why = self.redactor().redact(&error.to_string()).into_owned();
                    blind.insert(service.clone(), why);
                }
            }
        }
        (all, blind)
    }

    /// Makes checks of both versions, all at once. One that can't be made says nothing.
    async fn checks(
        &self,
        run: &Run,
        permit: &Permit,
        due: Vec<(&Judged, &String, &Check)>,
    ) -> BTreeMap<ServiceName, Vec<CheckPair>> {
        let platform = &self.ports().platform;
        let pairs = due.into_iter().map(|(judged, name, check)| async move {
            let of = |release| platform.check(permit, run.environment(), &judged.service, release, check);
            match join(of(judged.stable), of(judged.canary)).await {
                (Ok(stable), Ok(mut canary)) => {
                    canary.says = self.redactor().redact(&canary.says).into_owned();
                    Some((judged.service.clone(), CheckPair { name: name.clone(), stable, canary }))
                }
                (Err(error), _) | (_, Err(error)) => {
                    tracing::warn!(run = %run.id, check = name, %error, "a synthetic check could not be made");
                    None
                }
            }
        });
        let mut all: BTreeMap<ServiceName, Vec<CheckPair>> = BTreeMap::new();
        for (service, pair) in join_all(pairs).await.into_iter().flatten() {
            all.entry(service).or_default().push(pair);
        }
        all
    }

    async fn observation(
        &self,
        run: &Run,
        stage: &CanaryStage,
        trial: &Trial,
    ) -> Result<Observation, PortError> {
        let (seen, blind) =
            self.seen(run, stage, |service| trial.seen_s(service).unwrap_or(i64::MAX - 1)).await;
        let services: Vec<ServiceName> = stage.judged.iter().map(|judged| judged.service.clone()).collect();
        let platform = &self.ports().platform;
        let lines = match trial.read_ms() {
            Some(since_ms) => platform.logs(run.environment(), &services, since_ms, LINES_MAX).await?,
            None => Vec::new(),
        };
        let bounds_ms = services
            .into_iter()
            .map(|service| {
                let bounds_ms = self.ports().signals.latency_bounds_ms(run.environment(), &service);
                (service, bounds_ms)
            })
            .collect();
        let observed = platform.observe(run.environment()).await?;
        Ok(Observation { seen, blind, checks: BTreeMap::new(), lines, observed, bounds_ms })
    }

    /// Carries out what a look came to.
    pub(super) async fn soaked(&self, soaking: Soaking<'_>, watched: Watched) -> Result<Moved, Refusal> {
        let Soaking { mut draft, plan, steps, number, stage, state, last_note } = soaking;
        let Watched { mut trial, course, is_new } = watched;
        let now_ms = draft.commit.now_ms;
        let next_ms = (now_ms.div_euclid(LOOK_MS) + 1) * LOOK_MS;
        let note = match &course {
            Course::Passed { say } => {
                trial.end(now_ms);
                decided(&mut draft, stage, &trial, "pass", say);
                let mut receipt = Receipt::new(passed(&trial));
                receipt.facts = facts(&trial);
                write(&mut draft, trial);
                return self.finish_step(draft, plan, steps, number, &state, &receipt).await;
            }
            Course::Failed { service, say } => {
                trial.end(now_ms);
                decided(&mut draft, stage, &trial, "fail", say);
                let say =
                    format!("the canary of {service} failed at {}% of traffic. {say}", stage.weight_pct);
                let next = format!("logs {service} of {}", draft.run.id);
                let reason = Reason::new(FAILED, say, next).measuring(facts(&trial));
                write(&mut draft, trial);
                return self.fail_step(draft, number, &state, reason).await;
            }
            Course::Holds { what, say } => {
                if trial.at_hand().is_some_and(|soak| soak.held.is_none()) {
                    trial.hold(*what, say, now_ms);
                    decided(&mut draft, stage, &trial, "hold", say);
                    if matches!(draft.run.state, RunState::Running { .. }) {
                        draft.moved(RunEvent::Paused { by: JUDGE.to_owned() }, &Actor::system())?;
                    }
                }
                "held, a person has to say".to_owned()
            }
            Course::Soaks => soaks(&trial),
        };
        if !is_new && note == last_note {
            return Ok(Moved::WaitUntil(next_ms));
        }
        write(&mut draft, trial);
        let state = state.after(StepEvent::Waits { due_ms: next_ms, note: note.clone() }, now_ms)?;
        self.waits(draft, number, state, next_ms, note, &last_note).await
    }

    /// Deploys that start by themselves are held after a canary went back, until a person deploys there.
    pub(super) async fn hold_automatic(&self, draft: &mut Draft, plan: &Plan) -> Result<(), Refusal> {
        let environment = draft.run.environment().clone();
        let mut desired = self.store().environment_get(&environment).await?;
        let on_trial = plan
            .release
            .as_ref()
            .map(|release| format!("release {} ({})", release.id.number, release.reference));
        let reason = format!("rolled back from {}", on_trial.unwrap_or_else(|| draft.run.id.to_string()));
        DesiredChange::Held { reason: Some(reason) }.apply(&mut desired.value);
        let revision = desired.revision + 1;
        draft.write(Write::EnvironmentPut { environment, desired: desired.value, revision });
        Ok(())
    }
}

/// Whether a release on trial was found to be no good and is gone: what fails for other reasons may well come again by itself.
pub(super) fn is_taken_back(state: &RunState) -> bool {
    let RunState::RolledBack { reason, .. } = state else { return false };
    matches!(reason.code.as_str(), FAILED | TAKEN_BACK)
}

/// What the step says while it soaks.
fn soaks(trial: &Trial) -> String {
    let Some(soak) = trial.at_hand() else { return String::new() };
    if let Some((service, why)) = trial.blind() {
        return format!("can't see how {service} does, trying again: {why}");
    }
    let left_s = soak.left_s().next_multiple_of(TOLD_EVERY_S);
    let soaks = if soak.soaked_s() < soak.soak_s { "soaking" } else { "soaking longer, not enough data" };
    format!("{soaks}, {left_s} s left")
}

/// How a stage went, in a line; the record and the numbers have all of it.
fn passed(trial: &Trial) -> String {
    let Some(soak) = trial.at_hand() else { return String::new() };
    let promoted = soak.promoted_by.as_ref().map(|by| format!("promoted by {by}"));
    let figures = soak.services.iter().map(|(service, here)| {
        let (stable, canary) = (here.served.stable, here.served.canary);
        let beside = if stable.requests == 0 {
            String::new()
        } else {
            format!(" (stable: {} of {})", stable.errors, stable.requests)
        };
        format!("{service} failed {} of {} requests{beside}", canary.errors, canary.requests)
    });
    let checks = soak.services.iter().flat_map(|(service, here)| {
        here.checks.iter().map(move |(name, made)| {
            let CheckMade { times, stable_failed, canary_failed, .. } = made;
            format!(
                "check {name} of {service} failed {canary_failed} of {times} times (stable: {stable_failed})"
            )
        })
    });
    let soaked = format!("soaked {} s", soak.soaked_s());
    promoted.into_iter().chain([soaked]).chain(figures).chain(checks).collect::<Vec<_>>().join(", ")
}

/// A verdict is in the record, with its sentence and what it rests on.
fn decided(draft: &mut Draft, stage: &CanaryStage, trial: &Trial, verdict: &str, say: &str) {
    let side =
        |of: &VersionPoint| json!({ "requests": of.requests, "errors": of.errors, "p95_ms": of.p95_ms });
    let services = trial.at_hand().into_iter().flat_map(|soak| &soak.services).map(|(service, here)| {
        json!({
            "service": service,
            "soaked_s": here.soaked_s,
            "score": here.score,
            "stable": side(&here.track.whole.stable),
            "canary": side(&here.track.whole.canary),
        })
    });
    let data = json!({
        "stage": stage.stage, "of": stage.of, "weight_pct": stage.weight_pct, "verdict": verdict, "because": say,
        "services": services.collect::<Vec<_>>(),
    });
    draft.audit(&Actor::system(), "canary.judged", data);
}

fn write(draft: &mut Draft, trial: Trial) {
    let run = draft.run.id.clone();
    draft.write(Write::TrialPut { run, trial: Box::new(trial) });
}

/// What the stage at hand measured, by name.
fn facts(trial: &Trial) -> BTreeMap<String, String> {
    let Some(soak) = trial.at_hand() else { return BTreeMap::new() };
    let mut facts = BTreeMap::from([("soaked_s".to_owned(), soak.soaked_s().to_string())]);
    for (service, here) in &soak.services {
        let (stable, canary) = (here.served.stable, here.served.canary);
        for (what, value) in [
            ("stable requests", stable.requests),
            ("stable errors", stable.errors),
            ("canary requests", canary.requests),
            ("canary errors", canary.errors),
            ("canary score", u64::from(here.score)),
        ] {
            facts.insert(format!("{service} {what}"), value.to_string());
        }
        for (name, made) in &here.checks {
            let (times, stable, canary) = (made.times, made.stable_failed, made.canary_failed);
            let value = format!("canary failed {canary} of {times}, stable {stable} of {times}");
            facts.insert(format!("{service} check {name}"), value);
        }
    }
    facts
}
