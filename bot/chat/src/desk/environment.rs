//! An environment is made: described like another one, with nothing of that one's that is secret.

use engine::control::{Refusal, SecretsWanted};
use engine::model::Project;

use super::question::Wanted;
use super::setup::read;
use super::talk::Talk;
use super::tree::{Draft, Slot};
use super::{Desk, Heard, Speaker};
use crate::intent::{Action, Command};
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
        if let Some(there) = environment_there(&draft, Some(project)) {
            return Err(Refusal::Standing {
                code: "environment-there",
                say: format!("{there} is there already"),
                next: format!("status {there}"),
            });
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
        let wanted = self.secrets_of_new(draft, there, &read(text)?).await?;
        Ok(wanted.map(|(likened, wanted)| view::still_wanted(there, &likened, &wanted)).unwrap_or_default())
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
        let Some((likened, wanted)) = self.secrets_of_new(draft, there, &project).await? else {
            return Err(Refusal::Standing {
                code: "environment-gone",
                say: format!("{} does not have what it is to be like any more", there.project),
                next: "status".to_owned(),
            });
        };
        if let Some(key) = project.environment_key(&likened.name) {
            self.engine.secrets_make(&key, &wanted.made, &speaker.actor).await?;
        }
        self.engine.project_import(&project, &speaker.actor).await?;
        let among = self.has_several_projects().await?;
        Ok(view::environment_made(&project, &likened, &wanted, among))
    }

    async fn secrets_of_new(
        &self,
        draft: &Draft,
        there: &Project,
        described: &Project,
    ) -> Result<Option<(engine::project::Likened, SecretsWanted)>, Refusal> {
        let Some(likened) = draft.likened(there) else { return Ok(None) };
        let wanted = self.engine.secrets_wanted(described, &likened.name, &likened.from).await?;
        Ok(Some((likened, wanted)))
    }
}

/// Why an environment can't be made as it is put together: it is there by now, or the one it is to be like is not any more.
pub(super) fn not_to_be_made(draft: &Draft, project: Option<&Project>) -> Option<String> {
    if let Some(there) = environment_there(draft, project) {
        return Some(format!("{there} is there already"));
    }
    let from = draft.said(Slot::From, None).filter(|_| draft.command.action == Action::CreateEnvironment)?;
    let is_there = project.is_some_and(|it| it.environments.keys().any(|name| name.as_str() == from));
    (!is_there).then(|| format!("there is no {from} that it could be like"))
}

/// The environment that is to be made, where the project has one of that name already.
pub(super) fn environment_there(draft: &Draft, project: Option<&Project>) -> Option<String> {
    let name =
        draft.said(Slot::Environment, None).filter(|_| draft.command.action == Action::CreateEnvironment)?;
    let known = |(it, environment): (&engine::model::EnvironmentName, &engine::model::Environment)| {
        it.as_str().eq_ignore_ascii_case(&name)
            || environment.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(&name))
    };
    project?.environments.iter().any(known).then_some(name)
}
