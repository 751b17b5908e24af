//! Going back while a canary runs, and just after: it always means the last stable release, which is live all the while. So
//! the canary is taken back, and once it is, saying it again goes no further.

use engine::control::Refusal;
use engine::model::{Change, RollbackTarget, RunId, RunRequest};
use engine::run::{Run, RunState};

use super::talk::Talk;
use super::{Desk, Heard, Outcome, Speaker};
use crate::intent::Command;
use crate::view;

/// How long after a canary went back the same words still mean that, in milliseconds.
const SAME_MS: i64 = 10 * 60_000;
/// Runs of an environment looked at for a canary that went back.
const LOOKED_AT: i64 = 5;

impl Desk {
    /// What a rollback comes to when it means a canary; nothing when none runs or ran a moment ago, or when something else is
    /// meant.
    pub(super) async fn canary_taken_back(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        command: &Command,
        request: &RunRequest,
    ) -> Result<Option<Heard>, Refusal> {
        let Change::Rollback { services, to, .. } = &request.change else { return Ok(None) };
        if !services.is_empty() || request.dry_run || request.not_before_ms.is_some() {
            return Ok(None);
        }
        let Some(live) = self.engine.went_live(&request.environment).await? else { return Ok(None) };
        let is_stable = match to {
            RollbackTarget::Previous => true,
            RollbackTarget::Release(number) => *number == live.release.id.number,
            RollbackTarget::Reference(reference) => live.release.is_called(reference),
        };
        if !is_stable {
            return Ok(None);
        }
        let named = self.run_taken_back(speaker, command).await?;
        let is_meant = |id: &RunId| named.as_ref().is_none_or(|run| run.id == *id);
        if let Some(id) = self.engine.canary_in(&request.environment).await?.filter(is_meant) {
            self.engine.canary_back(&id, &speaker.actor, command.reason.as_deref()).await?;
            let headline = format!(
                "{id} is rolled back by {}: all traffic goes to the stable release first, then what it brought is ended.",
                speaker.actor.name
            );
            let mut heard = self.steered(speaker, talk, &id, headline, request.command.clone()).await?;
            heard.stops.push(id);
            return Ok(Some(heard));
        }
        if named.is_some() || speaker.asides.again || *to != RollbackTarget::Previous {
            return Ok(None);
        }
        let gone = self.canary_gone(request).await?;
        Ok(gone.map(|run| Heard::say(Outcome::Asked, view::canary_gone(&run, &live.release))))
    }

    /// The newest run of an environment, when its canary is going back or went back a moment ago.
    async fn canary_gone(&self, request: &RunRequest) -> Result<Option<Run>, Refusal> {
        let store = self.engine.store();
        let runs = store.run_by_environment(&request.environment, LOOKED_AT).await?;
        let Some(run) = runs.into_iter().find(|run| run.started_ms.is_some()) else { return Ok(None) };
        let gone = match &run.state {
            RunState::Undoing { .. } => true,
            RunState::RolledBack { at_ms, .. } => self.engine.now_ms() - at_ms <= SAME_MS,
            _ => false,
        };
        Ok(if gone && store.trial_get(&run.id).await?.is_some() { Some(run) } else { None })
    }
}
