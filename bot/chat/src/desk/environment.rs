//! An environment is made: described like another one, with nothing of that one's that is secret.

use engine::control::{Refusal, SecretsWanted};
use engine::model::{EnvironmentName, Project};
use engine::project::Likened;

use super::question::Wanted;
use super::setup::read;
use super::talk::Talk;
use super::tree::{Draft, Slot};
use super::{Desk, Heard, Speaker, names_of};
use crate::intent::{Action, Command, parse};
use crate::message::Card;
use crate::view;

impl Desk {
    /// "create environment qa from staging": what is missing is asked for, and then whether the whole is right.
    pub(super) async fn create_environment(
        &self,
        speaker: &Speaker<'_>,
        talk: &mut Talk,
        command: Command,
        left: &[Command],
    ) -> Result<Heard, Refusal> {
        let project = speaker.project()?;
        let draft = Draft::of(command).settled(Some(project));
        self.engine.may_begin(Action::CreateEnvironment.name(), Some(project), &speaker.actor).await?;
        if draft.said(Slot::Environment, None).is_some()
            && let Some(why) = not_to_be_made(&draft, Some(project))
        {
            let named = draft.command.environment.as_deref().unwrap_or_default();
            let next = match alike(project, named) {
                Some(there) => format!("status {there}"),
                None => "create environment qa".to_owned(),
            };
            return Err(Refusal::Standing { code: "environment-name", say: why, next });
        }
        let next = draft.next().unwrap_or((Slot::Confirm, None));
        self.ask(speaker, talk, draft, next, Wanted::default(), left).await
    }

    /// What a new environment waits for, as its project would be described.
    pub(super) async fn still_wanted(
        &self,
        draft: &Draft,
        there: &Project,
        text: &str,
    ) -> Result<Vec<(String, Vec<String>)>, Refusal> {
        if draft.command.action != Action::CreateEnvironment {
            return Ok(Vec::new());
        }
        let (likened, wanted) = self.secrets_of_new(draft, there, &read(text)?).await?;
        Ok(view::still_wanted(there, &likened, &wanted))
    }

    /// Takes an environment in that was shown and found right. What is secret comes first: were the program killed between the two, it
    /// would only have to be said again.
    pub(super) async fn take_environment_in(
        &self,
        speaker: &Speaker<'_>,
        draft: &Draft,
        there: &Project,
        text: &str,
    ) -> Result<Card, Refusal> {
        self.engine.may_begin(Action::CreateEnvironment.name(), Some(there), &speaker.actor).await?;
        let project = read(text)?;
        let (likened, wanted) = self.secrets_of_new(draft, there, &project).await?;
        if let Some(key) = project.environment_key(&likened.name) {
            self.engine.secrets_make(&key, &wanted.made, &speaker.actor).await?;
        }
        self.engine.project_import_over(Some(there), &project, &speaker.actor).await?;
        let among = self.has_several_projects().await?;
        Ok(view::environment_made(&project, &likened, &wanted, among))
    }

    async fn secrets_of_new(
        &self,
        draft: &Draft,
        there: &Project,
        described: &Project,
    ) -> Result<(Likened, SecretsWanted), Refusal> {
        let likened = draft.likened(there).ok_or_else(|| Refusal::Standing {
            code: "environment-gone",
            say: format!("{} does not have what it is to be like any more", there.project),
            next: "status".to_owned(),
        })?;
        let wanted = self.engine.secrets_wanted(described, &likened.name, &likened.from).await?;
        Ok((likened, wanted))
    }
}

/// Why an environment can't be made as it is put together: its name is none or means something else, or the one it is to be like is not
/// there any more.
pub(super) fn not_to_be_made(draft: &Draft, project: Option<&Project>) -> Option<String> {
    let project = project.filter(|_| draft.command.action == Action::CreateEnvironment)?;
    if let Some(name) = draft.said(Slot::Environment, None) {
        if let Some(there) = alike(project, &name) {
            return Some(if there == name {
                format!("{name} is there already")
            } else {
                format!("{name} is too much like {there}: people would say the one and mean the other")
            });
        }
        let command = draft.filled();
        let read = parse(&command.canonical(), &names_of(project)).commands;
        if name.parse::<EnvironmentName>().is_err() || read != [command] {
            return Some(format!("`{name}` is no name for an environment here, or means something else"));
        }
    }
    let from = draft.said(Slot::From, None)?;
    let is_there = project.environments.keys().any(|name| name.as_str() == from);
    (!is_there).then(|| format!("there is no {from} that it could be like"))
}

/// The environment that is called so, or by another word for it; capitals and hyphens make no difference when people type.
fn alike(project: &Project, name: &str) -> Option<String> {
    let plain = |name: &str| name.to_lowercase().replace(['-', '_'], "");
    let is = |other: &str| plain(other) == plain(name);
    let mut all = project.environments.iter();
    all.find(|(it, environment)| is(it.as_str()) || environment.aliases.iter().any(|alias| is(alias))).map(
        |(it, environment)| {
            let alias = environment.aliases.iter().find(|alias| alias.eq_ignore_ascii_case(name));
            alias.cloned().unwrap_or_else(|| it.to_string())
        },
    )
}
