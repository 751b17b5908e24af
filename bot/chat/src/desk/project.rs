//! Which project something is about, where there are several: the one that is named, that of the run or the open question
//! it is about, the channel's, or the one this person chose here. Where none of these says it, the person is asked, once.
//!
//! A project is named in front, `shop: deploy staging`, or by the way, `status of shop`; `project shop` chooses it for
//! what follows. With one project all of this is silent.

use engine::control::Refusal;
use engine::model::{Identity, Project, ProjectName, RunId};
use serde::{Deserialize, Serialize};

use super::about::About;
use super::answers::run_id_in;
use super::question::{OPEN_MS, Question};
use super::talk::Talk;
use super::{Desk, Heard, Outcome, Speaker, names_of, speaker, standing};
use crate::intent::{Action, Names, Parsed, Vocabulary, read_with};
use crate::message::{Inbound, Outbound};
use crate::view;

/// Words before a project's name that say it is one.
const BEFORE: [&str; 6] = ["of", "for", "in", "on", "from", "project"];
/// What is said in front of a project's name to choose it for what follows.
const CHOOSE: [&str; 4] = ["project", "/project", "use project", "switch to"];

/// What somebody speaks about, among the projects there are.
pub(super) struct Meant {
    /// The project; nothing where there is none, or nobody said which of several.
    pub(super) project: Option<Project>,
    /// There are others.
    pub(super) among: bool,
    /// What was said, without what only says the project.
    pub(super) text: String,
    /// That was all that was said.
    pub(super) chosen: bool,
    /// What the talk is about where nobody says it.
    pub(super) about: About,
    /// The names that what was said is read with, where nobody said which project: those of all of them.
    names: Names,
}

impl Meant {
    /// The names they may use.
    pub(super) fn names(&self) -> Names {
        match &self.project {
            Some(project) => names_of(project),
            None if self.among => self.names.clone(),
            None => speaker::names_of_nothing(),
        }
    }

    /// The project's name.
    pub(super) fn name(&self) -> Option<&ProjectName> {
        self.project.as_ref().map(|project| &project.project)
    }
}

/// What a talk is about, as it holds for a project: a channel's environment is of the channel's project.
fn about_in(mut about: About, project: Option<&Project>) -> About {
    let theirs = |it: &Project| about.project.as_ref().is_none_or(|name| *name == it.project);
    let there =
        |it: &Project| it.environments.keys().any(|key| Some(key.as_str()) == about.environment.as_deref());
    if project.is_some_and(|it| !theirs(it) || !there(it)) {
        about.environment = None;
    }
    about
}

/// The names of all projects together, for reading what is said before anybody knows which one is meant.
pub(super) fn names_of_all(projects: &[Project]) -> Names {
    let mut all = speaker::names_of_nothing();
    all.environments.clear();
    for project in projects {
        let names = names_of(project);
        let merged = [
            (&mut all.environments, names.environments),
            (&mut all.services, names.services),
            (&mut all.components, names.components),
            (&mut all.jobs, names.jobs),
        ];
        for (known, more) in merged {
            for named in more {
                if known.iter().all(|one| one.name != named.name) {
                    known.push(named);
                }
            }
        }
    }
    all
}

impl Desk {
    /// What somebody speaks about. Changes what the talk remembers where they choose.
    pub(super) async fn meant(
        &self,
        inbound: &Inbound,
        about: &About,
        talk: &mut Talk,
    ) -> Result<Meant, Refusal> {
        let mut projects = self.projects().await?;
        let (text, names) = (inbound.text.clone(), names_of_all(&projects));
        let about = about.clone().among(&projects);
        if projects.len() < 2 {
            let project = projects.pop();
            return Ok(Meant { project, among: false, text, chosen: false, about, names });
        }
        let since_ms = self.engine.now_ms() - OPEN_MS;
        let asked = talk.project_asked(&inbound.identity, since_ms).map(ToOwned::to_owned);
        let (mut name, mut text, mut chosen) = (None, text, false);
        match named(&text, &projects) {
            Named::Chosen(project) => {
                talk.project_choose(&inbound.identity, &project);
                chosen = asked.is_none();
                text = asked.unwrap_or_default();
                name = Some(project);
            }
            Named::In { project, rest } => {
                // What is named beside an order is meant for that order alone, unless it was asked for.
                if asked.is_some_and(|asked| asked == rest) {
                    talk.project_choose(&inbound.identity, &project);
                }
                (name, text) = (Some(project), rest);
            }
            Named::Nothing => {}
        }
        if name.is_none() {
            name = self.implied(inbound, &about, talk, (&text, &names)).await?;
        }
        let project = projects.into_iter().find(|project| Some(&project.project) == name.as_ref());
        let about = about_in(about, project.as_ref());
        Ok(Meant { project, among: true, text, chosen, about, names })
    }

    /// What was said of a project before, or of the only one there is.
    pub(super) async fn meant_before(&self, name: Option<&ProjectName>) -> Result<Meant, Refusal> {
        let mut projects = self.projects().await?;
        let (names, among) = (names_of_all(&projects), projects.len() > 1);
        let project = if among {
            projects.into_iter().find(|project| Some(&project.project) == name)
        } else {
            projects.pop()
        };
        Ok(Meant { project, among, text: String::new(), chosen: false, about: About::default(), names })
    }

    /// All projects there are.
    pub(super) async fn projects(&self) -> Result<Vec<Project>, Refusal> {
        let projects = self.engine.store().project_list().await?;
        Ok(projects.into_iter().map(|project| project.value).collect())
    }

    /// Whether there is more than one.
    pub(crate) async fn has_several_projects(&self) -> Result<bool, Refusal> {
        Ok(self.engine.store().project_list().await?.len() > 1)
    }

    /// The names of each project.
    pub async fn names_of_each(&self) -> Vec<Names> {
        self.projects().await.unwrap_or_default().iter().map(names_of).collect()
    }

    /// The project that nobody named: of the run at hand, of the question it answers, of the channel, of what was chosen.
    async fn implied(
        &self,
        inbound: &Inbound,
        about: &About,
        talk: &Talk,
        (text, names): (&str, &Names),
    ) -> Result<Option<ProjectName>, Refusal> {
        for run in run_id_in(text).into_iter().chain(about.run.clone()) {
            if let Some(project) = self.project_of_run(&run).await? {
                return Ok(Some(project));
            }
        }
        let is_order = !read_with(text, &Vocabulary::new(names)).commands().is_empty();
        let answers = |question: &&Question| question.is_answered_by(text, &names.environments);
        let own = talk.question_of(&inbound.identity);
        let mut here = talk.questions_here();
        let only = here.next().filter(|_| here.next().is_none()).filter(answers);
        let of = |question: Option<&Question>| question.and_then(|question| question.project.clone());
        let answered = own.filter(|question| !is_order || answers(question)).or(only);
        let chosen = || talk.project_chosen(&inbound.identity).cloned();
        Ok(of(answered).or_else(|| about.project.clone()).or_else(chosen).or_else(|| of(own)))
    }

    async fn project_of_run(&self, run: &RunId) -> Result<Option<ProjectName>, Refusal> {
        let run = self.engine.store().run_get(run).await?;
        Ok(run.map(|run| run.environment().project.clone()))
    }

    /// Asks which project is meant, where what was said is about one and nobody knows which. `None` when it can be
    /// answered all the same.
    pub(super) async fn which_project(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        meant: &Meant,
        parsed: &Parsed,
    ) -> Result<Option<Heard>, Refusal> {
        if meant.project.is_some() || !meant.among {
            return Ok(None);
        }
        let about_none = |action: Action| matches!(action, Action::Help | Action::Whoami | Action::Setup);
        let none = !parsed.commands.is_empty() && parsed.commands.iter().all(|it| about_none(it.action));
        let is_order = !parsed.commands.is_empty() || standing::about(&meant.text).is_some();
        if none || !is_order {
            return Ok(None);
        }
        if speaker.actor.role.is_none() {
            return Ok(Some(Heard::say(Outcome::Refused, self.stranger(speaker).await?)));
        }
        let projects = self.projects().await?;
        let names: Vec<&str> = projects.iter().map(|project| project.project.as_str()).collect();
        talk.project_ask(&speaker.inbound.identity, meant.text.trim(), self.engine.now_ms());
        Ok(Some(Heard::say(Outcome::Asked, view::which_project(&names, meant.text.trim()))))
    }
}

/// Puts the project into what is said by cards, where there are several: a button means the same wherever it is clicked.
pub(super) fn qualified(mut heard: Heard, meant: &Meant) -> Heard {
    if let (Some(name), true) = (meant.name(), meant.among && !meant.chosen) {
        heard.outbound = heard.outbound.into_iter().map(|outbound| outbound_of(outbound, name)).collect();
    }
    heard
}

/// One of several projects' cards.
pub(super) fn outbound_of(outbound: Outbound, project: &ProjectName) -> Outbound {
    match outbound {
        Outbound::Say(card) => Outbound::Say(view::of_project(card, project)),
        Outbound::Update(card) => Outbound::Update(view::of_project(card, project)),
    }
}

/// The project that words name.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    /// It is chosen for what follows, and nothing else is said.
    Chosen(ProjectName),
    /// It is named in a sentence; the rest is what is said about it.
    In { project: ProjectName, rest: String },
    /// None is, or more than one.
    Nothing,
}

fn named(text: &str, projects: &[Project]) -> Named {
    let said = text.trim();
    let bare = said.trim_end_matches(['.', '!']).trim();
    let is = |said: &str, project: &Project| said.trim().eq_ignore_ascii_case(project.project.as_str());
    for project in projects {
        let name = || project.project.clone();
        let chooses = |words: &str| strip_words(bare, words).is_some_and(|rest| is(rest, project));
        if is(bare, project) || CHOOSE.iter().any(|words| chooses(words)) {
            return Named::Chosen(name());
        }
        match said.split_once(':') {
            Some((front, rest)) if is(front, project) => {
                return Named::In { project: name(), rest: rest.trim().to_owned() };
            }
            _ => {}
        }
    }
    let mut found =
        projects.iter().filter_map(|project| Some((project, by_the_way(said, project, projects)?)));
    match (found.next(), found.next()) {
        (Some((project, rest)), None) => Named::In { project: project.project.clone(), rest },
        _ => Named::Nothing,
    }
}

/// What is left behind words at the beginning.
fn strip_words<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    let begin = text.get(..words.len())?;
    let rest = &text[words.len()..];
    (begin.eq_ignore_ascii_case(words) && rest.starts_with(char::is_whitespace)).then_some(rest)
}

/// What is left of a sentence that names a project by the way: `status of shop`. A name that also is something in a project
/// is taken for that, unless the word before it says otherwise.
fn by_the_way(said: &str, project: &Project, projects: &[Project]) -> Option<String> {
    let words: Vec<&str> = said.split_whitespace().collect();
    let plain = |word: &str| word.trim_end_matches([',', '.', '!', '?', ';']).to_lowercase();
    let at = words.iter().position(|word| {
        let word = plain(word);
        word.strip_suffix("'s").unwrap_or(&word).eq_ignore_ascii_case(project.project.as_str())
    })?;
    let before = at.checked_sub(1).map(|before| plain(words[before])).unwrap_or_default();
    let is_else = projects.iter().any(|other| is_something(other, project.project.as_str()));
    if is_else && before != "project" {
        return None;
    }
    let mut begin = at;
    while begin > 0 && BEFORE.contains(&plain(words[begin - 1]).as_str()) {
        begin -= 1;
    }
    let mut left: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    // What ends a clause ends it without the name as well.
    let end: String = words[at].chars().filter(|c| matches!(c, ',' | ';' | '?')).collect();
    left.drain(begin..=at);
    if let Some(before) = begin.checked_sub(1).and_then(|before| left.get_mut(before)) {
        before.push_str(&end);
    }
    Some(left.join(" "))
}

/// Whether a word is the name of something in a project.
fn is_something(project: &Project, word: &str) -> bool {
    let names = names_of(project);
    [names.environments, names.services, names.components, names.jobs]
        .iter()
        .flatten()
        .any(|named| named.name == word || named.aliases.iter().any(|alias| alias == word))
}

/// The project somebody chose in a conversation, or is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Choice {
    /// Who.
    pub(super) person: Identity,
    /// The project they chose; nothing until they did.
    pub(super) project: Option<ProjectName>,
    /// What they said that waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) waits: Option<Waiting>,
}

/// Something said that waits until its speaker has said which project is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// The words.
    pub(super) text: String,
    /// Since when.
    pub(super) since_ms: i64,
}

#[cfg(test)]
#[path = "project_tests.rs"]
mod tests;
