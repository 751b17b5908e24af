//! A deploy that waits for its approval is not made a second time, unless it is said to be wanted, or the one that waits can't
//! start any more. One that is retried by two people is made once.

use engine::control::Refusal;
use engine::model::{Change, RunRequest};
use engine::run::{Run, RunState};
use engine::store::StoreError;

use super::talk::{Order, Talk};
use super::{Desk, Heard, Outcome, Speaker};
use crate::intent::Command;
use crate::message::Outbound;
use crate::view;

/// Tries when the environment moves at the same time.
const TRIES: usize = 8;

/// What became of an order.
pub(super) enum Made {
    /// A run.
    Run(Heard),
    /// Something is said instead, and no more is begun.
    Instead(Heard),
}

/// The runs that were asked for with the same words, and are not over.
#[derive(Default)]
struct Alike {
    /// The retry that somebody else has begun.
    retried: Option<Run>,
    /// The one that would do the very same.
    same: Option<Run>,
    /// Those that can't start any more: things have changed since.
    outdated: Vec<Run>,
}

impl Desk {
    /// Makes the run of a complete request, unless it waits for its approval already. `retrying` when somebody wants once
    /// more what did not succeed: where another has begun that, it is theirs as well.
    pub(super) async fn make_one(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        request: &RunRequest,
        retrying: bool,
        left: &[Command],
    ) -> Result<Made, Refusal> {
        let on_purpose = speaker.asides.again || request.break_glass.is_some();
        let once = !on_purpose && matches!(request.change, Change::Deploy { .. });
        for _ in 0..TRIES {
            let (seen, waiting) = if once {
                // Seen before looking: whoever asks for the same meanwhile moves the environment on.
                let seen = self.engine.store().environment_get(&request.environment).await?;
                (Some(seen), self.alike(speaker, request, retrying).await?)
            } else {
                (None, Alike::default())
            };
            if let Some(retried) = &waiting.retried {
                let detail = self.engine.run_detail(&retried.id).await?;
                let card = view::retried_already(&detail, self.engine.now_ms());
                let mut heard = Heard::say(Outcome::Answered, card);
                // Whoever waits for what came of theirs waits for this one.
                heard.goes_on.push(retried.id.clone());
                return Ok(Made::Instead(heard));
            }
            if let Some(same) = &waiting.same {
                let detail = self.engine.run_detail(&same.id).await?;
                let card = view::waits_already(&detail, self.engine.now_ms());
                return Ok(Made::Instead(Heard::say(Outcome::Asked, card)));
            }
            let order = seen.as_ref().map_or(Order::New(request), |seen| Order::Once(request, seen));
            let run = match talk.make_run(&self.engine, speaker, order, left).await {
                Err(refusal) if once && refusal.is_conflict() => continue,
                made => made?,
            };
            let Some(run) = run else { return Ok(Made::Instead(Heard::nothing())) };
            let detail = self.engine.run_detail(&run.id).await?;
            let mut outbound = vec![Outbound::Update(view::run(&detail, self.engine.now_ms()))];
            outbound.extend(waiting.outdated.iter().map(|run| Outbound::Say(view::waits_outdated(run))));
            return Ok(Made::Run(Heard::of(Outcome::Requested(vec![run.id]), outbound)));
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// The runs that are the very deploy that is asked for: those that wait for their approval, and a retry that goes on.
    async fn alike(
        &self,
        speaker: &Speaker<'_>,
        request: &RunRequest,
        retrying: bool,
    ) -> Result<Alike, Refusal> {
        let mut waiting = Alike::default();
        // Whoever may not is told so by the engine, and nothing else.
        if self.engine.role_allows("deploy", speaker.project.as_ref(), &speaker.actor).await?.is_some() {
            return Ok(waiting);
        }
        let mut live = self.engine.store().run_live().await?;
        live.retain(|run| {
            (retrying || matches!(run.state, RunState::AwaitingApproval { .. }))
                && !matches!(run.state, RunState::Undoing { .. })
                && run.request.environment == request.environment
                && run.request.change == request.change
                && run.request.not_before_ms == request.not_before_ms
        });
        waiting.retried =
            live.extract_if(.., |run| !matches!(run.state, RunState::AwaitingApproval { .. })).next();
        if live.is_empty() || waiting.retried.is_some() {
            return Ok(waiting);
        }
        // What was approved starts only as it was planned.
        let digest = self.engine.preview(request, &speaker.actor).await?.plan.digest();
        for run in live {
            if run.plan_digest == digest {
                waiting.same.get_or_insert(run);
            } else {
                waiting.outdated.push(run);
            }
        }
        Ok(waiting)
    }
}
