//! Ending a step well or badly: receipt, next intent, record and what the database learns are one commit.

use serde_json::json;

use super::Moved;
use crate::clock::EpochMs;
use crate::control::journal::Draft;
use crate::control::{Engine, Refusal};
use crate::model::{Actor, Release, ReleaseState, StepNumber};
use crate::monitor::{ATTEMPTS, Incident};
use crate::plan::Plan;
use crate::ports::Receipt;
use crate::run::{
    Happening, IllegalMove, LockHolder, Reason, RunEvent, RunState, Step, StepEvent, StepState, state_of,
};
use crate::secrets::SecretRef;
use crate::step::{DesiredChange, Finalize, RenewSecret, StepKind};
use crate::store::Write;

impl Engine {
    /// A step's receipt and the next step's intent are one commit.
    pub(super) async fn finish_step(
        &self,
        mut draft: Draft,
        plan: &Plan,
        steps: &[Step],
        number: StepNumber,
        state: &StepState,
        receipt: &Receipt,
    ) -> Result<Moved, Refusal> {
        let now_ms = ends_now(&mut draft, self.now_ms());
        let run = draft.run.id.clone();
        let receipt = receipt.clone().with(ATTEMPTS, attempts(state));
        let state = state.after(StepEvent::Succeeded, now_ms)?;
        draft.write(Write::StepPut { run: run.clone(), step: Step { number, state } });
        let receipt_body = self.receipt_body(&receipt);
        let receipt_hash = canonical_hash(&receipt_body);
        draft.write(self.receipt_put(&run, number, "done", receipt_body));
        if let StepKind::Finalize(finalize) = &plan.steps[number as usize].kind {
            self.finalize_writes(&mut draft, finalize).await?;
        }
        if let StepKind::RenewSecret(renew) = &plan.steps[number as usize].kind {
            self.secret_renewed(&mut draft, renew).await?;
        }
        draft.audit(
            &Actor::system(),
            "step.done",
            json!({ "step": number, "title": plan.steps[number as usize].title, "receipt": receipt_hash }),
        );
        draft.happened(Happening::StepDone { step: number, says: receipt.summary.clone() });
        let follows = number + 1;
        let goes_on = matches!(draft.run.state, RunState::Running { .. });
        if goes_on && (follows as usize) < plan.steps.len() {
            begin(&mut draft, plan, steps, follows)?;
        } else if goes_on {
            draft.moved(RunEvent::StepsDone, &Actor::system())?;
            draft.wound_up(true, None);
        }
        let run = draft.commit(self, Some(now_ms)).await?;
        if run.state.is_over() {
            self.ended(&run).await;
        }
        Ok(Moved::On)
    }

    /// The secret's new version is there together with the receipt. Where that version was set meanwhile, it is the new one.
    async fn secret_renewed(&self, draft: &mut Draft, renew: &RenewSecret) -> Result<(), Refusal> {
        let environment = draft.run.environment().clone();
        let newest = self.store().secret_newest(&environment, &renew.secret).await?.unwrap_or_default();
        if newest >= renew.version {
            return Ok(());
        }
        let secret = SecretRef::new(environment, renew.secret.clone());
        let by = draft.run.requester.name.clone();
        let write = self.vault().renewed(&secret, renew.version, &by, draft.commit.now_ms)?;
        draft.write(Write::Secret(write));
        draft.audit(
            &Actor::system(),
            "secret.put",
            json!({ "secret": secret.to_string(), "version": renew.version, "for": by }),
        );
        Ok(())
    }

    pub(super) async fn fail_step(
        &self,
        mut draft: Draft,
        number: StepNumber,
        state: &StepState,
        reason: Reason,
    ) -> Result<Moved, Refusal> {
        let now_ms = ends_now(&mut draft, self.now_ms());
        let run = draft.run.id.clone();
        let measured = Receipt { summary: reason.say.clone(), facts: reason.measured.clone() };
        draft.write(self.receipt(&run, number, "failed", &measured.with(ATTEMPTS, attempts(state))));
        let state = state.after(StepEvent::Failed { reason: reason.clone() }, now_ms)?;
        draft.write(Write::StepPut { run, step: Step { number, state } });
        draft.audit(
            &Actor::system(),
            "step.failed",
            json!({ "step": number, "code": reason.code, "say": reason.say }),
        );
        draft.happened(Happening::StepFailed { step: number, reason: reason.clone() });
        // A paused run whose step fails is undone like any other: holding a broken state helps nobody.
        if matches!(draft.run.state, RunState::Paused { .. }) {
            draft.moved(RunEvent::Resumed, &Actor::system())?;
        }
        draft.moved(RunEvent::StepFailed { reason }, &Actor::system())?;
        draft.commit(self, Some(now_ms)).await?;
        Ok(Moved::On)
    }

    /// What the database learns together with the last receipt.
    async fn finalize_writes(&self, draft: &mut Draft, finalize: &Finalize) -> Result<(), Refusal> {
        let environment = draft.run.environment().clone();
        let mut desired = self.store().environment_get(&environment).await?;
        let now_ms = draft.commit.now_ms;
        for change in &finalize.changes {
            if let DesiredChange::Live { release, took_back, schema } = change {
                let was = desired.value.live.filter(|was| was != release);
                let before = match was {
                    Some(number) => self.store().release_get(&environment, number).await?,
                    None => None,
                };
                if let Some(mut before) = before {
                    before.state = if *took_back { ReleaseState::Failed } else { ReleaseState::Superseded };
                    draft.write(Write::ReleasePut(Box::new(before)));
                }
                if let Some(mut now_live) = self.store().release_get(&environment, *release).await? {
                    make_live(&mut now_live, schema.clone(), now_ms);
                    draft.write(Write::ReleasePut(Box::new(now_live)));
                }
            }
            if matches!(change, DesiredChange::Gone) {
                // A lock would be that of another environment by the same name.
                for lock in self.store().lock_list(&environment).await? {
                    if matches!(lock.holder, LockHolder::Person(_)) {
                        draft.write(Write::LockRelease(lock));
                    }
                }
                for mut release in self.store().release_list(&environment, i64::MAX).await? {
                    if matches!(release.state, ReleaseState::Live | ReleaseState::Superseded) {
                        release.state = ReleaseState::Ended;
                        draft.write(Write::ReleasePut(Box::new(release)));
                    }
                }
            }
            change.apply(&mut desired.value);
        }
        if finalize.changes.iter().any(DesiredChange::is_described) {
            let project = self.project_of(&environment).await?;
            let mut described = project.value;
            for change in &finalize.changes {
                if let Some(left) = change.describe(&mut described, &environment.environment) {
                    draft.audit(&Actor::system(), "description.left", json!({ "because": left }));
                }
            }
            // Guarded: where somebody imports a description in this very moment, this is done once more, with theirs.
            let revision = project.revision + 1;
            draft.write(Write::ProjectPut { project: Box::new(described), revision, at_ms: now_ms });
        }
        draft.write(Write::EnvironmentPut {
            environment,
            desired: desired.value,
            revision: desired.revision + 1,
        });
        Ok(())
    }
}

/// A step ends when its result is known, which may be long after the look that the draft was made for. All that is written
/// with its end has that time: the next step begins then, and the steps add up to the run.
fn ends_now(draft: &mut Draft, now_ms: EpochMs) -> EpochMs {
    draft.commit.now_ms = draft.commit.now_ms.max(now_ms);
    draft.commit.now_ms
}

/// Records a step's intent.
pub(super) fn begin(
    draft: &mut Draft,
    plan: &Plan,
    steps: &[Step],
    number: StepNumber,
) -> Result<(), IllegalMove> {
    let state = state_of(steps, number).after(StepEvent::Started, draft.commit.now_ms)?;
    let run = draft.run.id.clone();
    draft.write(Write::StepPut { run: run.clone(), step: Step { number, state } });
    draft.audit(
        &Actor::system(),
        "step.begun",
        json!({ "step": number, "title": plan.steps[number as usize].title }),
    );
    draft.happened(Happening::StepStarted { step: number });
    Ok(())
}

/// A change that users saw and that did not stay is an incident, whoever or whatever ended it; so is one that could not be
/// undone whole.
pub(super) fn incident(draft: &mut Draft) {
    let (became, at_ms, reason) = match &draft.run.state {
        RunState::RolledBack { at_ms, reason } | RunState::Cancelled { at_ms, reason, .. } => {
            ("was taken back", at_ms, reason)
        }
        RunState::Failed { at_ms, reason } => ("failed and could not be taken back whole", at_ms, reason),
        _ => return,
    };
    let incident = Incident {
        id: format!("i-{}", draft.run.id.as_str().trim_start_matches("r-")),
        environment: draft.run.environment().clone(),
        run: draft.run.id.clone(),
        summary: format!("{} {became}: {}", draft.run.request.command, reason.say),
        opened_ms: *at_ms,
        crashing: None,
        folder: None,
    };
    draft.write(Write::IncidentPut(incident));
}

/// How often a step's effect was asked for.
fn attempts(state: &StepState) -> u32 {
    if let StepState::Running { attempt, .. } = state { *attempt } else { 0 }
}

fn make_live(release: &mut Release, schema: Option<String>, now_ms: EpochMs) {
    release.state = ReleaseState::Live;
    release.live_ms = Some(now_ms);
    if schema.is_some() {
        release.schema = schema;
    }
}

/// What the record binds to: the SHA-256 of something as it is stored.
fn canonical_hash(stored: &serde_json::Value) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(crate::canonical::canonical_json(stored).as_bytes()))
}
