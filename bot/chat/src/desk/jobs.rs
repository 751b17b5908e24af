//! Data jobs, and the columns they fill: one request, however many orders it was said as. And stopping one, going on with it, and how
//! far it is.

use engine::backfill::Hours;
use engine::control::Refusal;
use engine::model::{Change, JobName, RunRequest};
use engine::plan::PlanProblem;

use super::asides::Asides;
use super::orders::key;
use super::question::{Question, Wanted};
use super::talk::Talk;
use super::tree::{Draft, Slot};
use super::waiting::Made;
use super::{Desk, Heard, Outcome, Speaker, is_passing};
use crate::intent::{Action, Command};
use crate::message::Outbound;
use crate::view;

/// Rows a batch where nobody said it: of a dry run, which asks nothing.
const BATCH_USUAL: u64 = 500;
/// Rows a minute where nobody said it.
const RATE_USUAL: u64 = 500;
/// What a window is called that is none.
const ANY_TIME: &str = "any time";

impl Desk {
    /// Puts a change of data together: asks for what nobody said, and last whether the whole is right.
    pub(super) async fn change_data(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        commands: Vec<Command>,
        left: &[Command],
    ) -> Result<Heard, Refusal> {
        speaker.project()?;
        let draft = Draft::of_change(commands, &speaker.inbound.text).told(&speaker.asides);
        let draft = draft.settled(speaker.project.as_ref());
        let hindered = !self.hindrances(speaker, &draft).await?.is_empty();
        // A dry run changes nothing, so there is nothing more to ask for.
        let only_looks = draft.command.dry_run && !hindered;
        match draft.next() {
            Some((slot, of)) if !only_looks || matches!(slot, Slot::Environments | Slot::Job) => {
                self.ask(speaker, talk, draft, (slot, of), Wanted::default(), left).await
            }
            _ if only_looks => self.data_tried(speaker, &draft).await,
            _ => self.data_ordered(speaker, talk, &draft, left).await,
        }
    }

    /// All is answered and found right: it is tried where that was wanted first, and asked about once more; or it begins.
    pub(super) async fn data_found_right(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        question: &Question,
        draft: &Draft,
    ) -> Result<Heard, Refusal> {
        if draft.said(Slot::DryRunFirst, None).as_deref() == Some("yes") {
            let heard = self.data_tried(speaker, draft).await?;
            let mut open = draft.clone();
            open.correct(Slot::DryRunFirst, None, "no".to_owned());
            open.answers.retain(|answer| answer.slot != Slot::Confirm);
            talk.going_on_with(question);
            let wanted = Wanted { choices: None, why: view::tried_first() };
            let asked = self.ask(speaker, talk, open, (Slot::Confirm, None), wanted, &question.rest).await?;
            return Ok(heard.and(asked));
        }
        talk.close(question);
        let ordered = self.data_ordered(speaker, talk, draft, &question.rest).await;
        let mut heard = match ordered {
            // What was to follow is not lost without a word.
            Err(refusal) if !question.rest.is_empty() && !is_passing(&refusal) => {
                let mut heard = Heard::refused(&refusal);
                heard.outbound.push(Outbound::Say(view::not_begun(&question.rest)));
                return Ok(heard);
            }
            other => other?,
        };
        if let Outcome::Requested(runs) = &heard.outcome
            && let Some(run) = runs.last().cloned()
            && !question.rest.is_empty()
        {
            heard.outbound.push(Outbound::Say(view::held_back(&question.rest, &run)));
        }
        Ok(heard)
    }

    /// What each of its orders would do, without doing it.
    async fn data_tried(&self, speaker: &Speaker<'_>, draft: &Draft) -> Result<Heard, Refusal> {
        let mut heard = Heard::nothing();
        for (order, words) in draft.orders() {
            let request = self.data_request(speaker, draft, &order, words)?;
            heard = heard.and(self.tried(speaker, &RunRequest { dry_run: true, ..request }).await?);
        }
        Ok(heard)
    }

    /// Makes the run of the first of its orders; the others wait until it has succeeded, and then go on without a question.
    async fn data_ordered(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        draft: &Draft,
        left: &[Command],
    ) -> Result<Heard, Refusal> {
        let mut orders = draft.orders().into_iter();
        let Some((order, words)) = orders.next() else { return Ok(Heard::nothing()) };
        let request = self.data_request(speaker, draft, &order, words)?;
        let others: Vec<Command> = orders.map(|(order, _)| order).collect();
        let speaker = &speaker.saying(Asides {
            dry_run_first: Some("no".to_owned()),
            window: draft.said(Slot::Window, None),
            found_right: order.job.clone(),
            ..speaker.asides.clone()
        });
        let rest: Vec<Command> = others.iter().chain(left).cloned().collect();
        let (Made::Run(mut heard) | Made::Instead(mut heard)) =
            self.make_one(speaker, talk, &request, None, &rest).await?;
        if let Outcome::Requested(runs) = &heard.outcome
            && let Some(run) = runs.last().cloned()
            && !others.is_empty()
        {
            heard.outbound.push(Outbound::Say(view::held_back(&others, &run)));
        }
        Ok(heard)
    }

    fn data_request(
        &self,
        speaker: &Speaker<'_>,
        draft: &Draft,
        order: &Command,
        words: String,
    ) -> Result<RunRequest, Refusal> {
        let environment = order.environments.first().map(String::as_str).unwrap_or_default();
        let mut request = self.request_of(speaker, order, environment)?;
        let window = draft.said(Slot::Window, None).filter(|said| said != ANY_TIME);
        request.change = backfill_of(order, window.as_deref())?;
        request.command = words;
        Ok(request)
    }

    /// Stops a data job, goes on with it, or says how far it is.
    pub(super) async fn steer_job(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        command: &Command,
        left: &[Command],
    ) -> Result<Heard, Refusal> {
        if speaker.actor.role.is_none() {
            return Ok(Heard::say(Outcome::Refused, self.stranger(speaker).await?));
        }
        if command.action == Action::BackfillStatus {
            return self.job_status(speaker, command).await;
        }
        let job = job_of(command)?;
        let environment = key(speaker, command.environments.first().map(String::as_str).unwrap_or_default())?;
        let actor = &speaker.actor;
        if command.action == Action::BackfillResume {
            self.engine.may_begin(command.action.name(), speaker.project.as_ref(), actor).await?;
            let mut request = self.engine.backfill_resume_request(&environment, &job).await?;
            request.conversation = Some(speaker.inbound.conversation.clone());
            request.break_glass.clone_from(&speaker.asides.glass);
            let (Made::Run(heard) | Made::Instead(heard)) =
                self.make_one(speaker, talk, &request, None, left).await?;
            return Ok(heard);
        }
        let run = self.engine.backfill_stop(&environment, &job, actor).await?;
        let headline = view::job_stopped(&job, &run);
        let mut heard = self.steered(speaker, talk, &run.id, headline, command.canonical()).await?;
        heard.stops.push(run.id);
        Ok(heard)
    }

    /// How far jobs are: those that were said, or all that were ever begun.
    async fn job_status(&self, speaker: &Speaker<'_>, command: &Command) -> Result<Heard, Refusal> {
        let project = speaker.project()?;
        let said = |names: &[String], name: &str| names.is_empty() || names.iter().any(|one| one == name);
        let wanted = command.job.clone().into_iter().collect::<Vec<String>>();
        let mut states = Vec::new();
        for environment in project.environments.keys().filter(|it| said(&command.environments, it.as_str())) {
            let environment = key(speaker, environment.as_str())?;
            for job in project.jobs.keys().filter(|job| said(&wanted, job.as_str())) {
                states.extend(self.engine.backfill_state(&environment, job, &speaker.actor).await?);
            }
        }
        let mut card = view::job_states(&states, self.engine.now_ms());
        card.command = command.canonical();
        Ok(Heard::say(Outcome::Answered, card))
    }
}

fn job_of(command: &Command) -> Result<JobName, Refusal> {
    let said = command.job.as_deref().unwrap_or_default();
    said.parse().map_err(|_| {
        Refusal::Problem(PlanProblem::new("unknown-job", format!("there is no job {said}"), "help backfill"))
    })
}

/// What a backfill changes. The parser only lets known jobs through.
pub(super) fn backfill_of(command: &Command, window: Option<&str>) -> Result<Change, Refusal> {
    let count = |said: Option<u64>, usual: u64| u32::try_from(said.unwrap_or(usual)).unwrap_or(u32::MAX);
    Ok(Change::Backfill {
        job: job_of(command)?,
        batch_size: count(command.batch_size, BATCH_USUAL),
        rate_per_min: count(command.rate_per_min, RATE_USUAL),
        max_runtime_s: command.max_runtime_s,
        hours: window.and_then(Hours::read),
        resume: false,
    })
}
