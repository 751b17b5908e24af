//! Writing a run's moves: every change of a run goes through here, so that state, happening and record are one commit.

use serde_json::json;

use super::lease::Lease;
use super::{Engine, Refusal, redacted};
use crate::clock::EpochMs;
use crate::model::{Actor, Release, ReleaseState, RunId};
use crate::plan::Plan;
use crate::run::{Happening, IllegalMove, Lock, LockHolder, Run, RunEvent, RunState};
use crate::store::{AuditEntry, Commit, StoreError, Write};

/// A run on its way to its next version, with everything that is written together with it.
pub(super) struct Draft {
    /// The run as it will be.
    pub(super) run: Run,
    /// The commit that makes it so.
    pub(super) commit: Commit,
    fence: Option<i64>,
}

impl Draft {
    /// Starts from a run as read.
    pub(super) fn of(run: &Run, now_ms: EpochMs) -> Self {
        Self { run: run.clone(), commit: Commit::at(now_ms), fence: None }
    }

    /// The commit only stands while this lease is ours.
    pub(super) fn fenced(mut self, lease: &Lease) -> Self {
        self.fence = lease.fence();
        self
    }

    /// Moves the run, tells watchers and the record.
    pub(super) fn moved(&mut self, event: RunEvent, actor: &Actor) -> Result<(), IllegalMove> {
        let before = self.run.state.as_str();
        self.run.state = self.run.state.after(event, self.commit.now_ms)?;
        let after = self.run.state.clone();
        if matches!(after, RunState::Running { .. }) && self.run.started_ms.is_none() {
            self.run.started_ms = Some(self.commit.now_ms);
        }
        if after.is_over() {
            self.run.finished_ms = Some(self.commit.now_ms);
        }
        let mut data = json!({ "from": before, "to": after.as_str() });
        if let Some(reason) = after.reason() {
            data["code"] = reason.code.clone().into();
            data["reason"] = reason.say.clone().into();
        }
        self.audit(actor, "run.moved", data);
        self.commit.happenings.push((self.run.id.clone(), Happening::Moved { to: after }));
        Ok(())
    }

    /// Adds an entry to the record about this run.
    pub(super) fn audit(&mut self, actor: &Actor, action: &'static str, data: serde_json::Value) {
        self.commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action,
            subject: self.run.id.to_string(),
            environment: Some(self.run.environment().clone()),
            run: Some(self.run.id.clone()),
            data,
        });
    }

    /// Tells watchers something.
    pub(super) fn happened(&mut self, what: Happening) {
        self.commit.happenings.push((self.run.id.clone(), what));
    }

    /// Adds a write.
    pub(super) fn write(&mut self, write: Write) {
        self.commit.writes.push(write);
    }

    /// The lock this run takes or gives back.
    pub(super) fn lock(&self) -> Lock {
        Lock {
            environment: self.run.environment().clone(),
            holder: LockHolder::Run(self.run.id.clone()),
            reason: self.run.request.command.clone(),
            taken_ms: self.commit.now_ms,
            expires_ms: None,
        }
    }

    /// What ends with the run: its lock, and a release that never became live.
    pub(super) fn wound_up(&mut self, held_lock: bool, made: Option<&Release>) {
        if held_lock {
            let lock = self.lock();
            self.write(Write::LockRelease(lock));
        }
        if let Some(release) = made {
            let mut failed = release.clone();
            failed.state = ReleaseState::Failed;
            self.write(Write::ReleasePut(Box::new(failed)));
        }
    }

    /// Writes it all.
    pub(super) async fn commit(mut self, engine: &Engine, due_ms: Option<EpochMs>) -> Result<Run, Refusal> {
        self.run.version += 1;
        redacted::run_state(&mut self.run.state, engine.redactor());
        let run = self.run;
        let mut writes = Vec::with_capacity(self.commit.writes.len() + 2);
        if let Some(fence) = self.fence {
            writes.push(Write::RunFenced { run: run.id.clone(), fence });
        }
        writes.push(Write::RunUpdate { run: Box::new(run.clone()), due_ms });
        writes.append(&mut self.commit.writes);
        self.commit.writes = writes;
        engine.write(self.commit).await?;
        Ok(run)
    }
}

impl Engine {
    /// Writes a commit, without secrets.
    pub(super) async fn write(&self, mut commit: Commit) -> Result<(), StoreError> {
        redacted::commit(&mut commit, self.redactor());
        self.store().commit(commit).await
    }

    /// A run; a sentence when there is none by that name.
    pub(super) async fn run_there(&self, id: &RunId) -> Result<Run, Refusal> {
        let run = self.store().run_get(id).await?;
        run.ok_or_else(|| Refusal::not_found(format!("there is no run {id}"), "status"))
    }

    /// A run's plan.
    pub(super) async fn plan_there(&self, id: &RunId) -> Result<Plan, Refusal> {
        let plan = self.store().plan_get(id).await?;
        plan.ok_or_else(|| Refusal::not_found(format!("run {id} has no plan"), "status"))
    }

    /// A run with its plan.
    pub(super) async fn run_and_plan(&self, id: &RunId) -> Result<(Run, Plan), Refusal> {
        Ok((self.run_there(id).await?, self.plan_there(id).await?))
    }

    /// The release a run is making, as the database has it.
    pub(super) async fn release_of(&self, run: &Run) -> Result<Option<Release>, Refusal> {
        let newest = self.store().release_list(run.environment(), 5).await?;
        Ok(newest.into_iter().find(|release| release.run == run.id && release.state == ReleaseState::Making))
    }
}
