//! Secrets are entered in a form, never in a conversation: what somebody says who wants to set one, and what the form asks.

use engine::control::Refusal;
use engine::model::{Actor, EnvironmentKey, ProjectName, SecretName};

use super::about::About;
use super::talk::Talk;
use super::{Desk, Heard, Outcome};
use crate::message::Inbound;
use crate::view;

/// Words that may stand before "secret".
const BEFORE: [&str; 6] = ["please", "set", "enter", "add", "a", "the"];
/// Words before the environment.
const IN: [&str; 3] = ["in", "for", "on"];

/// Somebody wants to set a secret; as much as they said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretWish {
    /// Of which project: the one that is meant where they said it.
    pub project: Option<ProjectName>,
    /// In which environment.
    pub environment: Option<String>,
    /// Its name.
    pub name: Option<SecretName>,
    /// They said "set", and not the bare word.
    pub(super) is_order: bool,
}

/// What the form for a secret asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretForm {
    /// The project it is about; nothing where there are several and nobody said which.
    pub project: Option<ProjectName>,
    /// The environments it can be for.
    pub places: Vec<EnvironmentKey>,
    /// The one that was said.
    pub environment: Option<EnvironmentKey>,
    /// The name that was said.
    pub name: Option<SecretName>,
}

impl SecretWish {
    /// Nothing was said of it.
    pub fn bare(project: Option<ProjectName>) -> Self {
        Self { project, environment: None, name: None, is_order: false }
    }

    /// What was said, when it is this: `set secret STRIPE_SECRET_KEY in staging`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let trim = |word: &str| word.trim_matches(['`', '.', '!', ',']).to_owned();
        let words: Vec<String> = text.split_whitespace().map(trim).collect();
        let at = words.iter().position(|word| word.eq_ignore_ascii_case("secret"))?;
        let known = |word: &String| BEFORE.contains(&word.to_lowercase().as_str());
        if !words[..at].iter().all(known) {
            return None;
        }
        let mut wish = Self { is_order: at > 0, ..Self::bare(None) };
        let is_in = |word: &str| IN.contains(&word.to_lowercase().as_str());
        let mut rest = &words[at + 1..];
        if let Some((first, left)) = rest.split_first().filter(|(first, _)| !is_in(first)) {
            wish.name = Some(first.parse().ok()?);
            rest = left;
        }
        match rest {
            [] => {}
            [word, environment] if is_in(word) => wish.environment = Some(environment.to_lowercase()),
            _ => return None,
        }
        Some(wish)
    }

    /// The same of this project.
    pub(super) fn of(&self, project: Option<&ProjectName>) -> Self {
        Self { project: project.cloned(), ..self.clone() }
    }

    /// The words for it, without the project.
    pub(crate) fn said(&self) -> String {
        let name = self.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        let place = self.environment.as_ref().map(|place| format!(" in {place}")).unwrap_or_default();
        format!("{}{name}{place}", view::SECRET_FORM)
    }
}

impl Desk {
    /// Whether somebody wants to set a secret by what they said or clicked, and of which project.
    pub async fn secret_wish(&self, inbound: &Inbound, about: &About) -> Result<Option<SecretWish>, Refusal> {
        if !inbound.text.to_lowercase().contains("secret") {
            return Ok(None);
        }
        // What they choose by the way is not remembered: nothing is said yet.
        let mut talk = Talk::load(&self.engine, &inbound.conversation).await?;
        let meant = self.meant(inbound, about, &mut talk).await?;
        let wish = SecretWish::read(&meant.text);
        Ok(wish.map(|wish| wish.of(meant.name())))
    }

    /// The form for a secret, for somebody who may set one; why not, otherwise.
    pub async fn secret_form(&self, wish: &SecretWish, actor: &Actor) -> Result<SecretForm, Refusal> {
        let places = self.engine.secret_places(wish.project.as_ref(), actor).await?;
        let project = match wish.project.clone() {
            Some(project) => Some(project),
            None if self.has_several_projects().await? => None,
            None => places.first().map(|place| place.project.clone()),
        };
        let said = wish.environment.as_deref();
        let names = self.projects().await?;
        let is_said = |place: &EnvironmentKey| {
            let of = names.iter().find(|project| project.project == place.project);
            let there = of.and_then(|project| project.environments.get(&place.environment));
            said.is_some_and(|said| {
                place.environment.as_str() == said
                    || there.is_some_and(|it| it.aliases.iter().any(|alias| alias.as_str() == said))
            })
        };
        let mut found = places.iter().filter(|place| is_said(place)).cloned();
        // Of several projects' stagings none is a default.
        let environment = found.next().filter(|_| found.next().is_none());
        Ok(SecretForm { project, places, environment, name: wish.name.clone() })
    }

    /// The environment that was filled in: its name where the project is known, `PROJECT/ENVIRONMENT` anywhere.
    pub async fn secret_place(&self, project: Option<&str>, filled: &str) -> Result<EnvironmentKey, Refusal> {
        let filled = filled.trim();
        let (project, environment) = match filled.split_once('/') {
            Some((project, environment)) => (Some(project.trim()), environment.trim()),
            None => (project, filled),
        };
        let not_there =
            |says: String| Refusal::NotFound { say: says, next: "Nothing was kept: try again.".to_owned() };
        let no_project = |name: &str| not_there(format!("there is no project {name}"));
        let name = match project {
            Some(name) => Some(name.to_lowercase().parse::<ProjectName>().map_err(|_| no_project(name))?),
            None if self.has_several_projects().await? => {
                let says = format!("{filled} of which project? Write PROJECT/{filled}");
                return Err(not_there(says));
            }
            None => None,
        };
        let there = self.engine.project_get(name.as_ref()).await?.value;
        let is_it = |(key, it): &(&engine::model::EnvironmentName, &engine::model::Environment)| {
            key.as_str().eq_ignore_ascii_case(environment)
                || it.aliases.iter().any(|alias| alias.as_str().eq_ignore_ascii_case(environment))
        };
        match there.environments.iter().find(is_it) {
            Some((key, _)) => Ok(EnvironmentKey::new(there.project.clone(), key.clone())),
            None => Err(not_there(format!("there is no environment {environment} in {}", there.project))),
        }
    }

    /// Where a sealed secret is, and what makes services read it, as people say both.
    pub async fn secret_said(&self, place: &EnvironmentKey) -> (String, String) {
        let EnvironmentKey { project, environment } = place;
        match self.has_several_projects().await {
            Ok(false) => (environment.to_string(), format!("restart {environment}")),
            _ => (format!("{environment} of {project}"), format!("{project}: restart {environment}")),
        }
    }
}

/// The way to the form, for somebody who said that they want to set a secret.
pub(super) fn offered(wish: &SecretWish) -> Heard {
    Heard::say(Outcome::Answered, view::secret_offered(wish))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_for_the_form() {
        let read = |text: &str| SecretWish::read(text).map(|wish| wish.said());
        let check = |text: &str, said: Option<&str>| assert_eq!(read(text).as_deref(), said, "{text}");
        check("secret", Some("secret"));
        check("Set a secret", Some("secret"));
        check("please set secret stripe-key in Staging", Some("secret stripe-key in staging"));
        check("set secret stripe-key for staging!", Some("secret stripe-key in staging"));
        check("set secret stripe-key to abc", None);
        check("rotate secret stripe-key", None);
        check("is the secret stripe-key there?", None);
    }
}
