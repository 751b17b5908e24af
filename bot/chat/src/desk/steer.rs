//! Approve, reject, cancel, pause, resume, promote, retry; lock and unlock. A run that is not named is the only one it can mean.

use engine::control::{Decided, LockChange, Refusal};
use engine::model::RunId;
use engine::run::{Run, RunState};

use super::orders::key;
use super::reply::takes_back;
use super::talk::Talk;
use super::waiting::Made;
use super::{Desk, Heard, Outcome, Speaker, tree, until};
use crate::intent::{Action, Command};
use crate::message::{Card, Outbound, Tone};
use crate::offered::fits;
use crate::view;

/// Runs looked at for one to retry.
const RETRY_LOOK_BACK: i64 = 10;

impl Desk {
    pub(super) async fn steer(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        command: &Command,
        left: &[Command],
    ) -> Result<Heard, Refusal> {
        let id = match self.run_meant(speaker, command).await? {
            Ok(id) => id,
            Err(heard) => return Ok(heard),
        };
        let actor = &speaker.actor;
        let reason = command.reason.as_deref();
        let headline = match command.action {
            Action::Approve => match self.engine.approve(&id, actor).await? {
                Decided::Counted { still } => {
                    format!("Your approval of {id} counts; {} needed.", view::more(still))
                }
                Decided::CountedBefore { still } => {
                    format!("You have approved {id} already; {} needed.", view::more(still))
                }
                Decided::Before => return self.decided_before(&id, "approved").await,
                Decided::Approved | Decided::Rejected => {
                    format!("{id} is approved by {} and goes on.", actor.name)
                }
            },
            Action::Reject => match self.engine.reject(&id, actor, reason).await? {
                Decided::Before => return self.decided_before(&id, "rejected").await,
                _ => format!("{id} is rejected by {}.", actor.name),
            },
            Action::Cancel => {
                let run = self.engine.cancel(&id, actor, reason).await?;
                match run.state {
                    RunState::Undoing { .. } => {
                        format!("{id} is being cancelled: what it did is undone, last first.")
                    }
                    _ => format!("{id} is cancelled; it had not begun."),
                }
            }
            Action::Pause => {
                let run = self.engine.pause(&id, actor).await?;
                let on_trial = self.engine.store().trial_get(&run.id).await?;
                match on_trial
                    .as_ref()
                    .and_then(|trial| trial.at_hand())
                    .filter(|stage| stage.ended_ms.is_none())
                {
                    Some(stage) => format!(
                        "{id} is paused: its canary keeps {}% of traffic and is watched on.",
                        stage.weight_pct
                    ),
                    None => format!("{id} is paused: it finishes the step at hand and then holds."),
                }
            }
            Action::Resume => {
                self.engine.resume(&id, actor).await?;
                format!("{id} goes on.")
            }
            Action::Promote => {
                self.engine.promote(&id, actor).await?;
                format!("{id} is promoted by {}: its canary moves on to the next stage.", actor.name)
            }
            _ => {
                // Clicked by two people it is one run, and waits for one approval where it needs any.
                let request = self.engine.retry_request(&id, actor).await?;
                let (Made::Run(heard) | Made::Instead(heard)) =
                    self.make_one(speaker, talk, &request, Some(&id), left).await?;
                return Ok(heard);
            }
        };
        let said = Command { run: Some(id.to_string()), ..command.clone() }.canonical();
        let mut heard = self.steered(speaker, talk, &id, headline, said).await?;
        match command.action {
            Action::Approve | Action::Resume | Action::Promote => heard.goes_on.push(id),
            Action::Cancel => heard.stops.push(id),
            _ => {}
        }
        Ok(heard)
    }

    /// Somebody says once more what they have decided: to them it is done, and to nobody else it is news.
    async fn decided_before(&self, id: &RunId, how: &str) -> Result<Heard, Refusal> {
        let run = self.engine.run_detail(id).await?.run;
        let mut heard = Heard::say(Outcome::Answered, view::decided_before(&run, how));
        heard.goes_on.extend((!run.state.is_over()).then(|| id.clone()));
        Ok(heard)
    }

    /// "never mind" when nothing is asked: what somebody ordered goes on all the same, and is to be cancelled by name.
    pub(super) async fn taken_back(
        &self,
        speaker: &Speaker<'_>,
        said: &str,
    ) -> Result<Option<Heard>, Refusal> {
        if speaker.actor.role.is_some() && tree::asks_for_the_whole(said) {
            return Ok(Some(Heard::say(Outcome::Answered, view::nothing_open())));
        }
        if speaker.actor.role.is_none() || !takes_back(said) {
            return Ok(None);
        }
        let mut runs = self.engine.store().run_live().await?;
        runs.retain(|run| {
            run.requester.name == speaker.actor.name
                && !matches!(run.state, RunState::Undoing { .. })
                && speaker.project.as_ref().is_none_or(|it| run.environment().project == it.project)
        });
        if runs.is_empty() {
            return Ok(None);
        }
        let ids = runs.iter().map(|run| run.id.clone()).collect();
        let links = self.links(ids, &speaker.inbound.conversation).await?;
        Ok(Some(Heard::say(Outcome::Asked, view::goes_on_all_the_same(&runs, &links))))
    }

    /// What is said of a run that was steered, and its card as it is now.
    pub(super) async fn steered(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        id: &RunId,
        headline: String,
        said: String,
    ) -> Result<Heard, Refusal> {
        let detail = self.engine.run_detail(id).await?;
        let redrawn = Outbound::Update(view::run(&detail, self.engine.now_ms()));
        let mut card = Card::new(Tone::Plain, headline);
        card.command = said;
        let card = view::with_link(card, self.link_from(id, &speaker.inbound.conversation).await?.as_deref());
        talk.steered(id);
        Ok(Heard::of(Outcome::Answered, vec![Outbound::Say(card), redrawn]))
    }

    /// Runs that somebody steered in a conversation, wherever they were asked for.
    pub(crate) async fn steered_in(&self, conversation: &str) -> Result<Vec<RunId>, Refusal> {
        Ok(Talk::load(&self.engine, conversation).await?.runs_steered().to_vec())
    }

    /// The run a command means: the one it names, or the only one it fits. Several are asked about.
    async fn run_meant(
        &self,
        speaker: &Speaker<'_>,
        command: &Command,
    ) -> Result<Result<RunId, Heard>, Refusal> {
        // What strangers may not do with it, the engine says.
        if let Some(Ok(id)) = command.run.as_ref().map(|said| said.parse::<RunId>())
            && (speaker.actor.role.is_none() || self.engine.store().run_get(&id).await?.is_some())
        {
            return Ok(Ok(id));
        }
        // Which runs there are is nothing for strangers.
        if speaker.actor.role.is_none() {
            return Ok(Err(Heard::say(Outcome::Refused, self.stranger(speaker).await?)));
        }
        let mut runs = if command.action == Action::Retry {
            self.engine.store().run_recent(RETRY_LOOK_BACK).await?
        } else {
            self.engine.store().run_live().await?
        };
        let of_it = |run: &Run| {
            speaker.project.as_ref().is_none_or(|project| run.environment().project == project.project)
        };
        runs.retain(|run| fits(command.action, &run.state) && of_it(run));
        if command.action == Action::Retry {
            runs.truncate(1);
        }
        let verb = command.action.name();
        let ids = runs.iter().map(|run| run.id.clone()).collect();
        let links = self.links(ids, &speaker.inbound.conversation).await?;
        if let Some(said) = &command.run {
            return Ok(Err(Heard::say(Outcome::Refused, view::no_such_run(said, verb, &runs, &links))));
        }
        Ok(match runs.as_slice() {
            [] => {
                let newest = self.engine.store().run_recent(1).await?;
                Err(Heard::say(Outcome::Refused, view::no_run_to(verb, newest.first())))
            }
            [only] => Ok(only.id.clone()),
            several => Err(Heard::say(Outcome::Asked, view::which_run(verb, several, &links))),
        })
    }

    pub(super) async fn lock_or_unlock(
        &self,
        speaker: &Speaker<'_>,
        command: &Command,
    ) -> Result<Heard, Refusal> {
        let mut lines = Vec::new();
        let reason = command.reason.as_deref();
        let expires_ms = self.instant(speaker.asides.until.as_deref())?;
        let clock = expires_ms.map(|at_ms| format!(" until {}", view::clock(at_ms)));
        let until = clock.clone().unwrap_or_default();
        // It may have had an end before, which it has no longer.
        let now_until = clock.unwrap_or_else(|| " until it is unlocked".to_owned());
        for environment in &command.environments {
            let environment = key(speaker, environment)?;
            let change = if command.action == Action::Lock {
                self.engine.lock(&environment, &speaker.actor, reason, expires_ms).await?
            } else {
                self.engine.unlock(&environment, &speaker.actor, reason).await?
            };
            let name = &environment.environment;
            let because = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            lines.push(match change {
                LockChange::Locked => format!("{name} is locked by {}{until}{because}.", speaker.actor.name),
                LockChange::Renewed => {
                    format!("{name} stays locked by {}{now_until}{because}.", speaker.actor.name)
                }
                LockChange::Unlocked => format!("{name} is unlocked."),
                LockChange::TakenFrom(holder) => {
                    format!("{name} is unlocked; the lock was {holder}'s{because}.")
                }
            });
        }
        let mut card = Card::new(Tone::Good, lines.join(" "));
        card.command = command.canonical();
        if command.action == Action::Lock {
            card.command = until::with(&card.command, speaker.asides.until.as_deref());
            for environment in &command.environments {
                card = card.button("Unlock", format!("unlock {environment}"), false);
            }
        }
        Ok(Heard::say(Outcome::Answered, card))
    }
}
