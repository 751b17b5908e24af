//! The end of what is put together by questions: what stands in its way, and a project taken in from the chat.

use std::collections::BTreeSet;
use std::path::Path;

use engine::control::Refusal;
use engine::model::{Project, Role};
use engine::project::ProjectFault;

use super::environment::not_to_be_made;
use super::question::{Question, Wanted};
use super::talk::Talk;
use super::tree::{Described, Draft, EMBEDDED, Slot};
use super::{Desk, Heard, Outcome, Speaker};
use crate::intent::Action;
use crate::message::{Card, Outbound};
use crate::view;

/// Descriptions that are put together here hold no relative paths: repositories are asked for as absolute ones.
const BASE: &str = "/";
/// The policy's word for taking a project in.
const IMPORT: &str = "project-import";
/// Ports found taken before it is given up to look for free ones.
const TAKEN_MAX: usize = 500;
/// What a path of this machine is that leads to no code.
const NO_REPOSITORY: &str = "no git repository that I can read on this machine";

/// Something that keeps a request from being carried out that is put together by questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// Columns can't be added yet.
    Columns,
    /// Nothing can be run there yet.
    Platform(String),
    /// It can't do DNS for anybody yet.
    Edge(String),
    /// Domains can't be pointed at anything yet: of these environments.
    Domains(Vec<String>),
    /// Nobody can be sent texts yet.
    Texts,
    /// None: it becomes one project more, beside these.
    Beside(Vec<String>),
    /// Whoever speaks may not take a project in.
    NotAdmin,
    /// The description would be refused, for these reasons.
    Faults(Vec<String>),
}

impl Hindrance {
    /// Whether it keeps the request from being carried out; standing beside other projects does not.
    pub(super) fn is_in_the_way(&self) -> bool {
        !matches!(self, Self::Beside(_))
    }
}

impl Desk {
    /// What stands in the way of a request that is put together by questions, as far as it is known.
    pub(super) async fn hindrances(
        &self,
        speaker: &Speaker<'_>,
        draft: &Draft,
    ) -> Result<Vec<Hindrance>, Refusal> {
        match draft.command.action {
            Action::Backfill => {
                let columns = draft.orders().iter().any(|(order, _)| order.action == Action::Expand);
                return Ok(columns.then_some(Hindrance::Columns).into_iter().collect());
            }
            _ if draft.is_described() => {}
            _ => return Ok(Vec::new()),
        }
        let project = self.set_up(speaker, draft).await?;
        let project = project.as_ref();
        if let Some(why) = not_to_be_made(draft, project) {
            return Ok(vec![Hindrance::Faults(vec![why])]);
        }
        let mut hindrances = beyond(draft);
        let others = self.projects().await?;
        if project.is_none() && !others.is_empty() {
            let names = others.iter().map(|other| other.project.to_string()).collect();
            hindrances.push(Hindrance::Beside(names));
        }
        if self.engine.role_allows(IMPORT, project, &speaker.actor).await?.is_some() {
            hindrances.push(Hindrance::NotAdmin);
        }
        // Before all is answered, much is missing that is no fault; what goes elsewhere is to be right as well.
        let whole = draft.next().is_none_or(|(slot, _)| slot == Slot::Confirm);
        if whole
            && beyond(draft).is_empty()
            && let Some(described) = self.described(draft, project).await
        {
            let others: Vec<Project> = others
                .into_iter()
                .filter(|other| project.is_none_or(|it| it.project != other.project))
                .collect();
            let faults = self.faults(draft, &described, &others).await;
            hindrances.extend((!faults.is_empty()).then_some(Hindrance::Faults(faults)));
        }
        Ok(hindrances)
    }

    /// Why a description would be refused, or of no use on this machine.
    async fn faults(&self, draft: &Draft, described: &Described, others: &[Project]) -> Vec<String> {
        let mut faults = Vec::new();
        if let Err(refused) = engine::project::import(&described.text, Path::new(BASE)) {
            let says = |fault: &ProjectFault| format!("{}: {}", fault.path, fault.says);
            faults.extend(refused.faults.iter().map(says));
        }
        if let Some(repository) = draft.said(Slot::Repository, None)
            && let Err(why) = self.looked_at(Slot::Repository, Ok(repository.clone())).await
        {
            faults.push(format!("repository: {repository} is {why}"));
        }
        for (of, address) in &described.said {
            if let Some(theirs) = others.iter().find(|other| edges(other).any(|edge| edge == address)) {
                faults.push(format!("port of {of}: {address} is {}'s", theirs.project));
                continue;
            }
            if !self.engine.address_is_free(address).await {
                faults
                    .push(format!("port of {of}: {address} can't be had, another program may listen there"));
            }
        }
        faults
    }

    /// The description that a draft comes to, with addresses nobody has on this machine.
    pub(super) async fn described(&self, draft: &Draft, project: Option<&Project>) -> Option<Described> {
        // What another project will listen on is not free, whether it runs or not.
        let others = self.projects().await.unwrap_or_default().into_iter();
        let others: Vec<Project> =
            others.filter(|other| project.is_none_or(|it| it.project != other.project)).collect();
        let mut taken: BTreeSet<u16> = others.iter().flat_map(edges).filter_map(|at| port_of(at)).collect();
        loop {
            let described = Described::of(draft, project, &taken)?;
            let before = taken.len();
            for address in &described.given {
                if !self.engine.address_is_free(address).await {
                    taken.extend(port_of(address));
                }
            }
            if taken.len() == before || taken.len() > TAKEN_MAX {
                return Some(described);
            }
        }
    }

    /// A value that was taken, when what it names on this machine is there.
    pub(super) async fn looked_at(
        &self,
        slot: Slot,
        taken: Result<String, String>,
    ) -> Result<String, String> {
        let value = taken?;
        let here = value.starts_with('/') || value.starts_with("file://");
        if slot == Slot::Repository && here && !self.engine.repository_is_there(&value).await {
            return Err(NO_REPOSITORY.to_owned());
        }
        Ok(value)
    }

    /// All is answered and found right: a project is taken in when nothing stands in the way; all else is shown as a whole.
    pub(super) async fn put_together(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        question: &Question,
        draft: &Draft,
    ) -> Result<Heard, Refusal> {
        if draft.command.action == Action::CreateEnvironment {
            // What it is like may be otherwise by now.
            let settled = draft.clone().settled(speaker.project.as_ref());
            if let Some(next) = settled.next() {
                talk.going_on_with(question);
                return self.ask(speaker, talk, settled, next, Wanted::default(), &question.rest).await;
            }
        }
        let mut hindrances = self.hindrances(speaker, draft).await?;
        hindrances.retain(Hindrance::is_in_the_way);
        if draft.command.action == Action::Backfill && hindrances.is_empty() {
            return Box::pin(self.data_found_right(speaker, talk, question, draft)).await;
        }
        let project = self.set_up(speaker, draft).await?;
        let project = project.as_ref();
        let whole = match draft.command.action {
            _ if draft.is_described() => self.described(draft, project).await.map(|described| described.text),
            _ => None,
        };
        // It was another one that was found right.
        let changed = hindrances.is_empty() && question.description != whole;
        if changed || hindrances.iter().any(|it| matches!(it, Hindrance::Faults(_))) {
            let mut open = draft.clone();
            open.answers.retain(|answer| answer.slot != Slot::Confirm);
            talk.going_on_with(question);
            let why = if changed { view::description_changed() } else { String::new() };
            let wanted = Wanted { choices: None, why };
            return self.ask(speaker, talk, open, (Slot::Confirm, None), wanted, &question.rest).await;
        }
        if let Some(text) = whole.as_ref().filter(|_| hindrances.is_empty()) {
            let card = match project.filter(|_| draft.command.action == Action::CreateEnvironment) {
                Some(project) => self.take_environment_in(speaker, draft, project, text).await?,
                None => self.take_project_in(speaker, project, text).await?,
            };
            talk.close(question);
            let heard = Heard::say(Outcome::Answered, card);
            if question.rest.is_empty() {
                return Ok(heard);
            }
            let mut after = speaker.saying(speaker.asides.clone());
            let said = draft.said(Slot::Project, None).and_then(|name| name.parse().ok());
            let name = said.or_else(|| project.map(|project| project.project.clone()));
            after.project = Some(self.engine.project_get(name.as_ref()).await?.value);
            let rest = Box::pin(self.carry_out(&after, talk, question.rest.clone())).await?;
            return Ok(heard.and(rest));
        }
        talk.close(question);
        let card = view::collected(draft, &hindrances, whole.as_deref());
        let mut heard = Heard::say(Outcome::Refused, card);
        if !question.rest.is_empty() {
            heard.outbound.push(Outbound::Say(view::not_begun(&question.rest)));
        }
        Ok(heard)
    }

    /// Takes a description in that was shown and found right: the same way as one from a file.
    async fn take_project_in(
        &self,
        speaker: &Speaker<'_>,
        there: Option<&Project>,
        text: &str,
    ) -> Result<Card, Refusal> {
        // A first project anybody may take in who can reach the database; in a chat it is an admin.
        self.engine.may_begin(IMPORT, there.or(speaker.project.as_ref()), &speaker.actor).await?;
        let project = read(text)?;
        let changes = self.engine.project_import_over(there, &project, &speaker.actor).await?;
        self.engine.secrets_generate_missing(&project, &speaker.actor).await?;
        let people = self.engine.store().user_list().await?;
        let alone = people.iter().filter(|person| person.role != Role::Viewer).count() < 2;
        let among = self.has_several_projects().await?;
        Ok(view::project_taken_in(&project, there.is_none(), changes.len(), (alone, among)))
    }

    /// The project there is that a draft is about: by the name it has there, or the one that is spoken about until it has
    /// one.
    pub(super) async fn set_up(
        &self,
        speaker: &Speaker<'_>,
        draft: &Draft,
    ) -> Result<Option<Project>, Refusal> {
        let Some(name) = draft.said(Slot::Project, None) else { return Ok(speaker.project.clone()) };
        Ok(self.projects().await?.into_iter().find(|project| project.project.as_str() == name))
    }

    /// What somebody hears who is nobody here.
    pub(super) async fn stranger(&self, speaker: &Speaker<'_>) -> Result<Card, Refusal> {
        let people = self.engine.store().user_list().await?;
        let admins = people.iter().any(|person| person.role == Role::Admin);
        Ok(view::stranger(&speaker.inbound.identity, admins))
    }
}

/// Reads a description that was put together here.
pub(super) fn read(text: &str) -> Result<Project, Refusal> {
    engine::project::import(text, Path::new(BASE)).map_err(|faults| Refusal::Standing {
        code: "faulty-description",
        say: faults.to_string(),
        next: "correct it by the names it has on the card".to_owned(),
    })
}

/// The addresses a project's services are reached at.
fn edges(project: &Project) -> impl Iterator<Item = &String> {
    project.environments.values().flat_map(|environment| environment.edge.values())
}

fn port_of(address: &str) -> Option<u16> {
    address.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
}

/// What a setup asks for that nothing here can do.
fn beyond(draft: &Draft) -> Vec<Hindrance> {
    if draft.command.action != Action::Setup {
        return Vec::new();
    }
    let said = |slot: Slot| draft.said(slot, None);
    let mut beyond = Vec::new();
    if !draft.is_on_railway() {
        beyond.extend(said(Slot::Platform).filter(|it| it != EMBEDDED).map(Hindrance::Platform));
        beyond.extend(said(Slot::Edge).filter(|it| it != "none").map(Hindrance::Edge));
    }
    let has_domain = |of: &String| draft.said(Slot::Domain, Some(of)).is_some_and(|domain| domain != "none");
    let domains: Vec<String> = draft.each(Slot::Domain).into_iter().flatten().filter(has_domain).collect();
    if !domains.is_empty() && !draft.is_on_railway() {
        beyond.push(Hindrance::Domains(domains));
    }
    if said(Slot::Texts).is_some_and(|texts| texts != "none") {
        beyond.push(Hindrance::Texts);
    }
    beyond
}
