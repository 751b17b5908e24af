//! What a run leaves behind for people: its artifacts, kept when it is over; and what shows why it failed, kept before
//! anything of it is undone. All of it is written once and can be made again from the database, so that a crash anywhere
//! between loses nothing: whoever comes next writes what is missing.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;

use super::answered::between;
use super::{Engine, Refusal, RunDetail};
use crate::artifacts::{ArtifactError, ArtifactName};
use crate::chart::{Chart, svg};
use crate::clock::EpochMs;
use crate::model::{Actor, EnvironmentKey, RunId, ServiceName};
use crate::monitor::{excerpt, metrics};
use crate::plan::Plan;
use crate::ports::BuildState;
use crate::run::{Happening, Run, RunState};
use crate::step::StepKind;
use crate::store::{AuditEntry, Commit};

/// Lines asked for of each service; what is kept is bounded in bytes, too.
const LINES_MAX: usize = 1_000;
/// How long undoing waits for what a silent platform may still have to say.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

pub(super) type Failed = Box<dyn std::error::Error + Send + Sync>;

impl Engine {
    /// Keeps what services and builds of a run printed, before undoing takes it away. Undoing waits for it, though not for
    /// long, and goes on without it: evidence is no reason to leave a broken release up.
    pub(super) async fn keep_evidence(&self, run: &Run, plan: &Plan) {
        match tokio::time::timeout(PATIENCE, self.keep_output(run, plan)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(run = %run.id, error = %super::worker::chain(&*error), "can't keep what a run printed");
            }
            Err(_) => tracing::warn!(run = %run.id, "what a run printed does not come, undoing goes on"),
        }
    }

    async fn keep_output(&self, run: &Run, plan: &Plan) -> Result<(), Failed> {
        let Some(started_ms) = run.started_ms else { return Ok(()) };
        // What can't be seen is no reason not to read on, and the other way round.
        let sight = self.keep_sight(run, plan).await;
        let mut output = String::new();
        for build in plan.steps.iter().filter_map(|step| as_preflight(&step.kind)).flat_map(|it| &it.builds) {
            if let BuildState::Failed { exit_code, tail, .. } =
                self.ports().platform.build_look(&build.key).await?
            {
                let code =
                    exit_code.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
                output.extend(["# ", &build.key.0, " failed, ", &code, "; its last lines:\n"]);
                output.extend(tail.iter().flat_map(|line| [line.as_str(), "\n"]));
            }
        }
        if !output.is_empty() {
            self.put_first(&run.id, &ArtifactName::Build, output.as_bytes()).await?;
        }
        for service in touched(plan) {
            self.keep_log(&run.id, run.environment(), &service, started_ms).await?;
        }
        sight
    }

    /// What there is to see of a run while what it brought is still up: processes and their health, and how its canary went.
    async fn keep_sight(&self, run: &Run, plan: &Plan) -> Result<(), Failed> {
        let is_kept = |name| async move {
            !matches!(self.artifacts().get(&run.id, &name).await, Err(ArtifactError::Missing { .. }))
        };
        let trial = self.store().trial_get(&run.id).await?;
        if let Some(chart) = trial.and_then(|trial| Chart::of(&trial, format!("{}: {}", run.id, plan.title)))
        {
            self.put_first(&run.id, &ArtifactName::Chart, svg(&chart).as_bytes()).await?;
        }
        if !is_kept(ArtifactName::Observed).await {
            let observed = self.ports().platform.observe(run.environment()).await?;
            let body = serde_json::json!({ "at_ms": self.now_ms(), "observed": observed });
            self.put_first(&run.id, &ArtifactName::Observed, &pretty(&body)?).await?;
        }
        Ok(())
    }

    pub(super) async fn keep_log(
        &self,
        run: &RunId,
        environment: &EnvironmentKey,
        service: &ServiceName,
        since_ms: EpochMs,
    ) -> Result<(), Failed> {
        let name = ArtifactName::Log(service.clone());
        if !matches!(self.artifacts().get(run, &name).await, Err(ArtifactError::Missing { .. })) {
            return Ok(());
        }
        let services = std::slice::from_ref(service);
        let lines = self.ports().platform.logs(environment, services, since_ms, LINES_MAX).await?;
        if !lines.is_empty() {
            self.put_first(run, &name, excerpt(&lines, lines.len() >= LINES_MAX).as_bytes()).await?;
        }
        Ok(())
    }

    /// Keeps an artifact, unless there is one already: what was seen first is what counts.
    pub(super) async fn put_first(
        &self,
        run: &RunId,
        name: &ArtifactName,
        text: &[u8],
    ) -> Result<(), ArtifactError> {
        match self.artifacts().put(run, name, text).await {
            Ok(_) | Err(ArtifactError::Differs { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Keeps the artifacts of the newest runs that ended when the program did, or while their store took nothing (its disk was
    /// full): whole, or the rest of them.
    pub async fn keep_missing_artifacts(&self, newest: i64, go_on: impl Fn() -> bool) -> Result<(), Refusal> {
        let runs = self.store().run_recent(newest).await?;
        let mut kept = false;
        for run in runs.iter().filter(|run| run.state.is_over()) {
            if !go_on() {
                return Ok(());
            }
            let last = self.artifacts().get(&run.id, &ArtifactName::Run).await;
            if matches!(last, Err(ArtifactError::Missing { .. })) {
                let Err(error) = self.keep_artifacts(&run.id).await else {
                    kept = true;
                    continue;
                };
                tracing::warn!(run = %run.id, error = %super::worker::chain(&*error), "can't keep the artifacts of a run yet");
                self.artifacts_behind.store(true, Ordering::SeqCst);
                // What keeps these from being kept keeps the others, too.
                return Ok(());
            }
        }
        // The record is signed once for all of them.
        if kept { self.checkpoint_of_growth().await } else { Ok(()) }
    }

    pub(super) async fn keep_artifacts(&self, id: &RunId) -> Result<(), Failed> {
        let detail = self.run_detail(id).await?;
        self.put(&detail, &ArtifactName::Plan, &pretty(&detail.plan)?).await?;
        self.put(&detail, &ArtifactName::Diff, &pretty(&detail.plan.diff)?).await?;
        for (entry, receipt) in detail.receipts.iter().enumerate() {
            let body = serde_json::json!({
                "step": receipt.step, "kind": receipt.kind, "at_ms": receipt.at_ms, "receipt": receipt.body,
            });
            self.put(&detail, &ArtifactName::Receipt(entry as u32 + 1), &pretty(&body)?).await?;
        }
        if detail.run.started_ms.is_some() {
            let answered = self.answered(detail.run.environment(), &detail.plan).await;
            let answered = detail.run.answered_before.as_ref().zip(answered);
            let answered = answered.map(|(before, after)| between(before, &after));
            let metrics = metrics(&detail, answered.as_deref(), self.now_ms());
            self.put_first(id, &ArtifactName::Metrics, &pretty(&metrics)?).await?;
        }
        if !matches!(detail.run.state, RunState::Succeeded { .. }) {
            // Where a crash came before them, or what printed them could not be reached then.
            self.keep_evidence(&detail.run, &detail.plan).await;
        }
        let run = pretty(&detail.run)?;
        self.keep_incident(&detail, &run).await?;
        // The last one: while it is missing, some of the others may be.
        self.put(&detail, &ArtifactName::Run, &run).await
    }

    /// Keeps an artifact. What is there already with other content stays, and the run says so: trying again would change
    /// nothing, and its other artifacts have nothing to do with it.
    async fn put(&self, detail: &RunDetail, name: &ArtifactName, text: &[u8]) -> Result<(), Failed> {
        let id = &detail.run.id;
        let (path, kept) = match self.artifacts().put(id, name, text).await {
            Ok(_) => return Ok(()),
            Err(ArtifactError::Differs { path, kept }) => (path, kept),
            Err(error) => return Err(error.into()),
        };
        let is_said =
            |what: &Happening| matches!(what, Happening::ArtifactDiffers { path: said } if *said == path);
        if detail.happened.iter().any(|one| is_said(&one.what)) {
            return Ok(());
        }
        tracing::warn!(run = %id, path, kept, "an artifact was there already with other content, and stays as it was");
        let mut commit = Commit::at(self.now_ms());
        commit.audit.push(AuditEntry {
            actor: Actor::system(),
            action: "run.artifact-differs",
            subject: id.to_string(),
            environment: Some(detail.run.environment().clone()),
            run: Some(id.clone()),
            data: serde_json::json!({ "say": format!("{path} was there already with other content"), "kept": kept }),
        });
        commit.happenings.push((id.clone(), Happening::ArtifactDiffers { path }));
        Ok(self.write(commit).await?)
    }
}

pub(super) fn pretty(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    serde_json::to_string_pretty(value).map(String::into_bytes)
}

fn as_preflight(kind: &StepKind) -> Option<&crate::step::Preflight> {
    if let StepKind::Preflight(preflight) = kind { Some(preflight) } else { None }
}

/// The services whose processes or schedules a plan changes.
pub(super) fn touched(plan: &Plan) -> BTreeSet<ServiceName> {
    let mut services = BTreeSet::new();
    for step in &plan.steps {
        match &step.kind {
            StepKind::Serve(serve) => services.extend(serve.sets.iter().map(|set| set.service.clone())),
            StepKind::Resize(resize) => {
                services.extend(resize.changes.iter().map(|change| change.after.service.clone()));
            }
            StepKind::Replace(replace) => services.extend(replace.sets.iter().map(|(name, _)| name.clone())),
            StepKind::PutSchedules(put) => {
                services.extend(put.changes.iter().map(|change| change.service.clone()));
            }
            StepKind::ShiftTraffic(shift) => {
                services.extend(shift.shifts.iter().map(|shift| shift.service.clone()));
            }
            StepKind::CanaryStage(stage) => {
                services.extend(stage.shift.shifts.iter().map(|shift| shift.service.clone()));
            }
            _ => {}
        }
    }
    services
}
