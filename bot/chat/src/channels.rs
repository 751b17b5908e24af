//! The channels a front listens to plain messages in, each with the project and the environment that are meant there when
//! nobody says one.

use std::collections::BTreeMap;

use engine::model::{EnvironmentName, Project, ProjectName};

use crate::desk::About;
use crate::view::listed;

/// Channels by the identifiers their front gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Channels(BTreeMap<String, Meant>);

/// What is meant in a channel when nobody says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Meant {
    project: Option<ProjectName>,
    /// An environment; a word alone may also be a project, which is only known when the projects are.
    environment: Option<EnvironmentName>,
}

/// A channel that means something nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` means {nothing}; {there}")]
pub struct UnknownMeaning {
    /// As it was written.
    pub given: String,
    /// What there is not.
    pub nothing: String,
    /// What there is instead.
    pub there: String,
}

/// A list of channels that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no channel: write identifiers as in `{example}`")]
pub struct BadChannels {
    /// The part that can't be read.
    pub given: String,
    /// What a list looks like on that front.
    pub example: &'static str,
}

impl Channels {
    /// Reads a list: identifiers between commas or spaces, each perhaps with `=` and its project, its environment, or both
    /// as `PROJECT/ENVIRONMENT`. `is_id` knows what an
    /// identifier of the front looks like, `example` is shown to whoever wrote something else.
    pub fn read(text: &str, is_id: fn(&str) -> bool, example: &'static str) -> Result<Self, BadChannels> {
        let mut channels = BTreeMap::new();
        for given in text.split([',', ' ']).map(str::trim).filter(|given| !given.is_empty()) {
            let bad = || BadChannels { given: given.to_owned(), example };
            let (id, meant) = match given.split_once('=') {
                Some((id, meant)) => (id, Meant::read(meant).ok_or_else(bad)?),
                None => (given, Meant::default()),
            };
            if !is_id(id) {
                return Err(bad());
            }
            channels.insert(id.to_owned(), meant);
        }
        Ok(Self(channels))
    }

    /// Whether plain messages in a channel are listened to.
    pub fn listens(&self, channel: &str) -> bool {
        self.0.contains_key(channel)
    }

    /// What the talk is about in a channel when nobody says it.
    pub fn about(&self, channel: &str) -> About {
        let Some(meant) = self.0.get(channel) else { return About::default() };
        let environment = meant.environment.as_ref().map(ToString::to_string);
        About { environment, project: meant.project.clone(), ..About::default() }
    }

    /// The channels that mean something there is not. Nothing can be said while there is no project.
    pub fn unknown(&self, projects: &[Project]) -> Vec<UnknownMeaning> {
        if projects.is_empty() {
            return Vec::new();
        }
        self.0.iter().filter_map(|(id, meant)| self.unknown_in(id, meant, projects)).collect()
    }

    fn unknown_in(&self, id: &str, meant: &Meant, projects: &[Project]) -> Option<UnknownMeaning> {
        let unknown = |nothing: String, there: String| {
            let environment = meant.environment.as_ref().map_or("", EnvironmentName::as_str);
            let project = meant.project.as_ref().map(|project| format!("{project}/")).unwrap_or_default();
            let given = format!("{id}={project}{environment}");
            Some(UnknownMeaning { given, nothing, there })
        };
        let about = self.about(id).among(projects);
        let known: Vec<&str> = projects.iter().map(|project| project.project.as_str()).collect();
        let of_it = |project: &&Project| about.project.as_ref().is_none_or(|it| *it == project.project);
        if let Some(project) = &about.project
            && !projects.iter().any(|one| one.project == *project)
        {
            let nothing = format!("the project {project}, and there is none of that name");
            return unknown(nothing, format!("there is {}", listed(&known)));
        }
        let environment = about.environment.as_ref()?;
        let mut there: Vec<&str> = projects
            .iter()
            .filter(of_it)
            .flat_map(|it| it.environments.keys())
            .map(EnvironmentName::as_str)
            .collect();
        if there.contains(&environment.as_str()) {
            return None;
        }
        there.sort_unstable();
        there.dedup();
        let nothing = match &about.project {
            Some(project) => format!("{environment} of {project}, which has no such environment"),
            None => format!("{environment}, and neither a project nor an environment has that name"),
        };
        unknown(nothing, format!("there is {}", listed(&there)))
    }

    /// Their identifiers.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl Meant {
    fn read(text: &str) -> Option<Self> {
        match text.split_once('/') {
            Some((project, environment)) => Some(Self {
                project: Some(project.parse().ok()?),
                environment: Some(environment.parse().ok()?),
            }),
            None => Some(Self { project: None, environment: Some(text.parse().ok()?) }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::path::Path;

    use super::*;

    fn project(name: &str, environments: [&str; 2]) -> Project {
        let environments: Vec<String> = environments
            .iter()
            .enumerate()
            .map(|(at, name)| format!("  {name}:\n    edge: {{ api: \"127.0.0.1:{}\" }}\n", 7_400 + at))
            .collect();
        let text = format!(
            "project: {name}\nsource: {{ repository: \"https://code.example/{name}.git\" }}\nservices:\n  api:\n    \
             build: make\n    start: ./run\n    health: {{ path: /health, timeout_s: 30 }}\nenvironments:\n{}",
            environments.concat()
        );
        engine::project::import(&text, Path::new("/projects")).unwrap()
    }

    fn channels(text: &str) -> Channels {
        Channels::read(text, |id| id.starts_with('C'), "C1=staging").unwrap()
    }

    fn about(text: &str, projects: &[Project]) -> (Option<String>, Option<String>) {
        let about = channels(text).about("C1").among(projects);
        (about.project.map(|project| project.to_string()), about.environment)
    }

    #[test]
    fn a_word_alone_is_an_environment_or_else_a_project() {
        let said = |text: &str| Some(text.to_owned());
        let several = [project("shop", ["staging", "production"]), project("mall", ["staging", "trial"])];
        assert_eq!(about("C1", &several), (None, None));
        assert_eq!(about("C1=shop", &several), (said("shop"), None));
        assert_eq!(about("C1=trial", &several), (None, said("trial")));
        assert_eq!(about("C1=shop/staging", &several), (said("shop"), said("staging")));
        assert_eq!(about("C1=shop", &[]), (None, said("shop")));
        let namesake = [project("shop", ["mall", "production"]), project("mall", ["staging", "trial"])];
        assert_eq!(about("C1=mall", &namesake), (None, said("mall")));
    }

    #[test]
    fn what_nobody_knows_is_named() {
        let several = [project("shop", ["staging", "production"]), project("mall", ["staging", "trial"])];
        let faults =
            |text: &str| channels(text).unknown(&several).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(faults("C1, C2=staging, C3=mall, C4=mall/trial"), [""; 0]);
        let told = |text: &str| faults(text).remove(0);
        assert_eq!(
            told("C1=stagin"),
            "`C1=stagin` means stagin, and neither a project nor an environment has that name; there is production, staging \
             and trial"
        );
        assert_eq!(
            told("C1=store/staging"),
            "`C1=store/staging` means the project store, and there is none of that name; there is shop and mall"
        );
        assert_eq!(
            told("C1=shop/trial"),
            "`C1=shop/trial` means trial of shop, which has no such environment; there is production and staging"
        );
        assert_eq!(faults("C1=here, C2=there").len(), 2);
        assert_eq!(channels("C1=anything").unknown(&[]), [], "projects may come later");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for wrong in ["C1=", "C1=/", "C1=shop/", "C1=/staging", "C1=a/b/c", "C1=9"] {
            assert!(Channels::read(wrong, |id| id.starts_with('C'), "C1").is_err(), "{wrong}");
        }
    }
}
