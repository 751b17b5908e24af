//! A deploy that waits for its approval is not made a second time, unless it is said to be wanted, or the one that waits can't
//! start any more. One that is retried by two people is made once.

use engine::control::Refusal;
use engine::model::{Change, RunId, RunRequest};
use engine::run::{Run, RunState};
use engine::store::StoreError;

use super::talk::{Order, Talk};
use super::{Desk, Heard, Outcome, Speaker};
use crate::intent::Command;
use crate::message::{Card, Outbound};
use crate::view;

/// Runs of an environment looked through for one that tried the same again.
const TRIED_LOOK_BACK: i64 = 50;

/// Tries when the environment moves at the same time.
const TRIES: usize = 8;

/// What became of an order.
pub(super) enum Made {
    /// A run.
    Run(Heard),
    /// Something is said instead, and no more is begun.
    Instead(Heard),
}

/// The runs that were asked for with the same words.
#[derive(Default)]
struct Alike {
    /// The retry that somebody else has begun.
    retried: Option<Run>,
    /// The retry that is over.
    tried: Option<Run>,
    /// The one that would do the very same.
    same: Option<Run>,
    /// Those that can't start any more: things have changed since.
    outdated: Vec<Run>,
}

impl Desk {
    /// Makes the run of a complete request, unless it waits for its approval already. `retrying` is the run that did not
    /// succeed and is wanted once more: where another has begun that, it is theirs as well, and where it was tried again since,
    /// they may not know it.
    pub(super) async fn make_one(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        request: &RunRequest,
        retrying: Option<&RunId>,
        left: &[Command],
    ) -> Result<Made, Refusal> {
        let on_purpose = speaker.asides.again || request.break_glass.is_some();
        let once = retrying.is_some() || !on_purpose && matches!(request.change, Change::Deploy { .. });
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
                let card = self.with_way_to(card, &retried.id, speaker).await?;
                let mut heard = Heard::say(Outcome::Answered, card);
                // Whoever waits for what came of theirs waits for this one.
                heard.goes_on.push(retried.id.clone());
                return Ok(Made::Instead(heard));
            }
            if let Some(same) = &waiting.same {
                let detail = self.engine.run_detail(&same.id).await?;
                let card = view::waits_already(&detail, self.engine.now_ms());
                let card = self.with_way_to(card, &same.id, speaker).await?;
                return Ok(Made::Instead(Heard::say(Outcome::Asked, card)));
            }
            if let (Some(tried), Some(old)) = (&waiting.tried, retrying) {
                let card = view::tried_again(old, tried, self.engine.now_ms());
                let card = self.with_way_to(card, &tried.id, speaker).await?;
                return Ok(Made::Instead(Heard::say(Outcome::Asked, card)));
            }
            let order = match &seen {
                None => Order::New(request),
                Some(seen) if retrying.is_some() => Order::Retry(request, seen),
                Some(seen) => Order::Once(request, seen),
            };
            let run = match talk.make_run(&self.engine, speaker, order, left).await {
                Err(refusal) if once && refusal.is_conflict() => continue,
                made => made?,
            };
            let Some(run) = run else { return Ok(Made::Instead(Heard::nothing())) };
            let detail = self.engine.run_detail(&run.id).await?;
            let mut outbound = vec![Outbound::Update(view::run(&detail, self.engine.now_ms()))];
            for run in &waiting.outdated {
                let card = self.with_way_to(view::waits_outdated(run), &run.id, speaker).await?;
                outbound.push(Outbound::Say(card));
            }
            return Ok(Made::Run(Heard::of(Outcome::Requested(vec![run.id]), outbound)));
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// The card with the way to a run's own: the one meant may stand far above.
    async fn with_way_to(&self, card: Card, run: &RunId, speaker: &Speaker<'_>) -> Result<Card, Refusal> {
        let links = self.links(vec![run.clone()], &speaker.inbound.conversation).await?;
        Ok(view::with_link(card, links.of(run)))
    }

    /// The runs that are the very deploy that is asked for: those that wait for their approval, and a retry that goes on or is
    /// over.
    async fn alike(
        &self,
        speaker: &Speaker<'_>,
        request: &RunRequest,
        retrying: Option<&RunId>,
    ) -> Result<Alike, Refusal> {
        let mut waiting = Alike::default();
        // Whoever may not is told so by the engine, and nothing else; whoever retries was asked whether they may.
        if retrying.is_none()
            && self.engine.role_allows("deploy", speaker.project.as_ref(), &speaker.actor).await?.is_some()
        {
            return Ok(waiting);
        }
        let mut live = self.engine.store().run_live().await?;
        live.retain(|run| {
            (retrying.is_some() || matches!(run.state, RunState::AwaitingApproval { .. }))
                && !matches!(run.state, RunState::Undoing { .. })
                && is_the_same(&run.request, request)
        });
        waiting.retried =
            live.extract_if(.., |run| !matches!(run.state, RunState::AwaitingApproval { .. })).next();
        if let Some(old) = retrying.filter(|_| live.is_empty() && waiting.retried.is_none()) {
            waiting.tried = self.tried_since(old, request).await?;
        }
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

    /// The newest run since an old one that did the same, and is over.
    async fn tried_since(&self, old: &RunId, request: &RunRequest) -> Result<Option<Run>, Refusal> {
        let store = self.engine.store();
        let newest = store.run_by_environment(&request.environment, TRIED_LOOK_BACK).await?;
        let mut since = newest.into_iter().take_while(|run| run.id != *old);
        Ok(since.find(|run| run.state.is_over() && is_the_same(&run.request, request)))
    }
}

/// Whether two ask for the very same.
fn is_the_same(one: &RunRequest, other: &RunRequest) -> bool {
    one.environment == other.environment
        && one.change == other.change
        && one.not_before_ms == other.not_before_ms
}
