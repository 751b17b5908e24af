//! An open question: what is asked of whom, for which request. It is part of the conversation in the database; a restart
//! asks it once more, where it can't be seen any longer, and forgets it no more than the person does.

use engine::control::Refusal;
use engine::model::{Identity, ProjectName};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::asides::Asides;
use super::project::outbound_of;
use super::setup::Hindrance;
use super::talk::Talk;
use super::tree::{self, Draft, Slot, Takes};
use super::{Desk, Heard, Outcome, Speaker};
use crate::intent::{Action, Command, Named};
use crate::message::Outbound;
use crate::view;

/// How long a question stays open, in milliseconds.
pub(super) const OPEN_MS: i64 = 30 * 60_000;
/// Threads in which a question is answered; people go on in the newest.
const THREADS_MAX: usize = 20;
/// Runs looked through for where somebody was last.
const LAST_LOOK_BACK: i64 = 50;

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Question {
    /// The request as far as it is known.
    #[serde(flatten)]
    pub(crate) draft: Draft,
    /// What is asked for.
    pub(crate) slot: Slot,
    /// The service or environment it is about.
    #[serde(default)]
    pub(crate) of: Option<String>,
    /// What can be chosen, in the order it was shown.
    pub(crate) choices: Vec<String>,
    /// What is taken for "default".
    #[serde(default)]
    pub(crate) usual: Option<String>,
    /// Where the person was last, when that is suggested.
    #[serde(default)]
    pub(crate) last: Option<String>,
    /// Why it has to be asked, when that is not plain.
    #[serde(default)]
    pub(crate) why: String,
    /// The project's description that is to be found right, when nothing stands in its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// The lines of it that are shown, where these are not all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) shown: Vec<String>,
    /// What is told beside it, by what it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lists: Vec<(String, Vec<String>)>,
    /// What is to be done behind it.
    #[serde(default)]
    pub(crate) rest: Vec<Command>,
    /// The project it is about; absent while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<ProjectName>,
    /// Who was asked.
    pub(crate) asked: Identity,
    /// Since when.
    pub(super) since_ms: i64,
    /// What was said beside the command.
    #[serde(default)]
    pub(super) asides: Asides,
    /// The threads it was shown in, the newest last: it is answered there, or in none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) threads: Vec<String>,
}

/// What a question asks for, beyond its slot.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Choices that only the engine knows; otherwise those of the slot.
    pub(super) choices: Option<Vec<String>>,
    /// Why it has to be asked.
    pub(super) why: String,
}

/// What is told apart by other rules: lists may name more than before.
const BESIDE: [&str; 4] = ["action", "environments", "services", "dry_run"];

/// What a command says, by key.
fn said(command: &Command) -> Map<String, Value> {
    match serde_json::to_value(command) {
        Ok(Value::Object(said)) => said,
        _ => Map::new(),
    }
}

/// Whether two commands say nothing that contradicts, apart from where and whether in earnest.
fn agree_beside(known: &Command, command: &Command) -> bool {
    let now = said(command);
    let same = |(key, value): (&String, &Value)| now.get(key).is_none_or(|other| other == value);
    said(known).iter().filter(|(key, _)| !BESIDE.contains(&key.as_str())).all(same)
}

/// An order that is said once more, with what was said before and not now; what was to be looked at only is looked at.
pub(super) fn said_once_more(known: &Command, command: &Command) -> Command {
    let mut whole = said(command);
    for (key, value) in said(known) {
        whole.entry(key).or_insert(value);
    }
    serde_json::from_value(Value::Object(whole)).unwrap_or_else(|_| command.clone())
}

impl Question {
    /// What is asked for, as one sentence: with what was said beside the order.
    pub(crate) fn canonical(&self) -> String {
        let until = self.asides.until.as_deref().filter(|_| self.draft.command.action == Action::Lock);
        super::until::with(&self.draft.canonical(), until)
    }

    /// Whether it was shown in one of these threads, or may be: there are none, or an earlier program asked it.
    pub(super) fn is_of_any(&self, threads: &[String]) -> bool {
        let of_one = || self.threads.iter().any(|thread| threads.contains(thread));
        threads.is_empty() || self.threads.is_empty() || of_one()
    }

    /// It is shown in a thread as well.
    pub(super) fn is_shown_in(&mut self, thread: &str) {
        if !self.threads.iter().any(|other| other == thread) {
            self.threads.push(thread.to_owned());
            let beyond = self.threads.len().saturating_sub(THREADS_MAX);
            self.threads.drain(..beyond);
        }
    }

    /// When it expires.
    pub(super) fn due_ms(&self) -> i64 {
        self.since_ms + OPEN_MS
    }

    /// Whether a command is the request it is about, said in full: it contradicts nothing of it, and a dry run is a look
    /// beside it.
    pub(super) fn is_said_by(&self, command: &Command) -> bool {
        let known = self.draft.filled();
        let agree = |known: &[String], said: &[String]| {
            known.is_empty() || said.is_empty() || known.iter().all(|name| said.contains(name))
        };
        let same_job = known.job.is_none() || command.job.is_none() || known.job == command.job;
        let same_new = known.environment.is_none()
            || command.environment.is_none()
            || known.environment == command.environment;
        command.action == known.action
            && same_job
            && same_new
            && (self.draft.is_collected() || agree_beside(&known, command))
            && (known.dry_run || !command.dry_run)
            && agree(&known.environments, &command.environments)
            && agree(&known.services, &command.services)
    }

    /// Whether words that could be a message of their own are an answer first: they name a choice, or what it asks for
    /// has any name.
    pub(super) fn is_answered_by(&self, said: &str, environments: &[Named]) -> bool {
        let reader = self.reader(environments);
        let word = !said.trim().contains(char::is_whitespace);
        tree::is_exact(&reader, said)
            || match reader.row.takes {
                Takes::Words(_) => word && tree::take(&reader, said, false).is_ok(),
                Takes::Loose(_) => said.trim().starts_with('`'),
                _ => false,
            }
    }

    /// A name that is typed once more is the one it is about, or another thing.
    pub(super) fn is_meant(&self, value: String) -> Result<String, String> {
        match &self.of {
            Some(of) if self.slot == Slot::Retype && !value.eq_ignore_ascii_case(of) => {
                Err(format!("not `{of}`, so nothing is done"))
            }
            _ => Ok(value),
        }
    }

    /// Whether nothing at all is an answer that is not among its choices.
    pub(crate) fn takes_none(&self) -> bool {
        self.slot.row().usual == Some("none") && !self.choices.iter().any(|choice| choice == "none")
    }

    /// Reads answers against it.
    pub(super) fn reader<'a>(&'a self, environments: &'a [Named]) -> tree::Asked<'a> {
        tree::Asked {
            row: self.slot.row(),
            choices: &self.choices,
            usual: self.usual.as_deref(),
            environments,
        }
    }
}

impl Desk {
    /// Asks for a slot of a request; what is left is done behind it. Nobody is asked for the rest of an order they may not
    /// give.
    pub(super) async fn ask(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        draft: Draft,
        (slot, of): (Slot, Option<String>),
        wanted: Wanted,
        rest: &[Command],
    ) -> Result<Heard, Refusal> {
        if speaker.actor.role.is_none() {
            return Ok(Heard::say(Outcome::Refused, self.stranger(speaker).await?));
        }
        let project = speaker.project.as_ref();
        self.engine.may_begin(draft.command.action.name(), project, &speaker.actor).await?;
        let last = match slot {
            Slot::Environments => self.last_environment(speaker).await?,
            _ => None,
        };
        let of_name = of.as_deref();
        let choices =
            wanted.choices.unwrap_or_else(|| draft.choices(slot, of_name, project, last.as_deref()));
        let mut why = wanted.why;
        let mut described = None;
        if draft.is_collected() {
            let hindrances = self.hindrances(speaker, &draft).await?;
            let free = !hindrances.iter().any(Hindrance::is_in_the_way);
            if slot == Slot::Confirm && free && draft.is_described() {
                let there = self.set_up(speaker, &draft).await?;
                described = self.described(&draft, there.as_ref()).await;
                if let (Some(described), Some(there)) = (&mut described, &there) {
                    described.lists.extend(self.still_wanted(&draft, there, &described.text).await?);
                }
            }
            // Said as soon as it is known, and once more before the whole is found right.
            let known = match talk.goes_on_with() {
                Some(before) => self.hindrances(speaker, &before.draft.clone()).await?,
                None => Vec::new(),
            };
            if slot == Slot::Confirm || hindrances.iter().any(|it| !known.contains(it)) {
                let said = view::hindered(&hindrances, slot == Slot::Confirm);
                why = [why, said].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ");
            }
        }
        let question = Question {
            usual: draft.usual(slot, of_name, project),
            choices,
            last,
            slot,
            of,
            why,
            description: described.as_ref().map(|it| it.text.clone()),
            shown: described.as_ref().map(|it| it.shown.clone()).unwrap_or_default(),
            lists: described.map(|it| it.lists).unwrap_or_default(),
            rest: rest.to_vec(),
            project: project.map(|project| project.project.clone()),
            asked: talk.asks_for(&speaker.inbound.identity),
            since_ms: self.engine.now_ms(),
            asides: speaker.asides.clone(),
            threads: talk.threads_of_next(),
            draft,
        };
        let mut card = view::question(&question);
        if let Some(waits) = talk.ask(question) {
            card = view::waiting(card, &waits);
        }
        Ok(Heard::say(Outcome::Asked, card))
    }

    /// Where somebody's newest run was: a suggestion, and never production.
    async fn last_environment(&self, speaker: &Speaker<'_>) -> Result<Option<String>, Refusal> {
        let Some(project) = &speaker.project else { return Ok(None) };
        let runs = self.engine.store().run_recent(LAST_LOOK_BACK).await?;
        let theirs = runs.into_iter().find(|run| {
            run.requester.name == speaker.actor.name && run.environment().project == project.project
        });
        let name = theirs.map(|run| run.environment().environment.clone());
        let tried = |name: &engine::model::EnvironmentName| {
            project.environments.get(name).is_some_and(|it| !it.production)
        };
        Ok(name.filter(tried).map(|name| name.to_string()))
    }

    /// Closes the questions of a conversation that have expired, with a word for each.
    pub(crate) async fn expire(&self, conversation: &str) -> Result<super::WentOn, Refusal> {
        let mut talk = Talk::load(&self.engine, conversation).await?;
        let now_ms = self.engine.now_ms();
        let mut outbound = Vec::new();
        for question in talk.questions().to_vec() {
            if question.due_ms() <= now_ms {
                let whom = self.engine.actor(&question.asked).await?.name;
                let expired = Outbound::Say(view::question_expired(&question, &whom));
                outbound.push(self.of_question(expired, &question).await?);
                talk.close(&question);
            }
        }
        Ok(super::WentOn { outbound, writes: talk.writes_alone(conversation)? })
    }

    /// The questions of a conversation that were open at an instant and are still, of one person or of all, asked once more.
    pub(crate) async fn ask_again(
        &self,
        conversation: &str,
        opened_ms: i64,
        asked: Option<&Identity>,
    ) -> Result<Vec<Outbound>, Refusal> {
        let talk = Talk::load(&self.engine, conversation).await?;
        let now_ms = self.engine.now_ms();
        let theirs = |question: &Question| asked.is_none_or(|asked| question.asked == *asked);
        let waits = |question: &&Question| {
            question.since_ms <= opened_ms && question.due_ms() > now_ms && theirs(question)
        };
        let mut again = Vec::new();
        for question in talk.questions().iter().filter(waits) {
            let whom = self.engine.actor(&question.asked).await?.name;
            again.push(self.of_question(Outbound::Say(view::open_again(question, &whom)), question).await?);
        }
        Ok(again)
    }

    /// What is said about a question, with its project where there are several.
    pub(super) async fn of_question(
        &self,
        outbound: Outbound,
        question: &Question,
    ) -> Result<Outbound, Refusal> {
        Ok(match &question.project {
            Some(project) if self.has_several_projects().await? => outbound_of(outbound, project),
            _ => outbound,
        })
    }
}
