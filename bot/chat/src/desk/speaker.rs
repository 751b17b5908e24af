//! Who speaks, where, about which project; and the names they may use.

use engine::control::Refusal;
use engine::model::{Actor, ComponentKind, ComponentName, Project, RunId};

use super::asides::Asides;
use crate::intent::{Named, Names};
use crate::message::Inbound;

/// The environments most projects begin with: what can be said before there is a project.
pub(super) const FIRST_ENVIRONMENTS: [&str; 3] = ["local", "staging", "production"];

/// Who speaks, where, about which project.
pub(super) struct Speaker<'a> {
    pub(super) inbound: &'a Inbound,
    pub(super) actor: Actor,
    /// Nothing while there is no project yet.
    pub(super) project: Option<Project>,
    /// The run whose card or thread they speak under.
    pub(super) about: Option<RunId>,
    pub(super) asides: Asides,
}

impl Speaker<'_> {
    /// The same with other asides.
    pub(super) fn saying(&self, asides: Asides) -> Self {
        Self {
            inbound: self.inbound,
            actor: self.actor.clone(),
            project: self.project.clone(),
            about: self.about.clone(),
            asides,
        }
    }

    /// The project they speak about; while there is none, what to do about that.
    pub(super) fn project(&self) -> Result<&Project, Refusal> {
        self.project.as_ref().ok_or_else(|| Refusal::NotFound {
            say: "there is no project yet".to_owned(),
            next: "set up staging and production, or, with a description: infra-chat project import FILE"
                .to_owned(),
        })
    }

    /// The names they may use.
    pub(super) fn names(&self) -> Names {
        self.project.as_ref().map_or_else(names_of_nothing, names_of)
    }

    /// The environments they may name, with all words for them.
    pub(super) fn environments(&self) -> Vec<Named> {
        self.names().environments
    }
}

/// The names of a project, for reading what people say about it.
pub fn names_of(project: &Project) -> Names {
    Names {
        project: project.project.to_string(),
        environments: project
            .environments
            .iter()
            .map(|(name, environment)| {
                let mut named = Named::environment(name.as_str());
                named.aliases.extend(environment.aliases.iter().cloned());
                named
            })
            .collect(),
        services: project.services.keys().map(|name| Named::new(name.as_str())).collect(),
        components: components_of(project),
        jobs: project.jobs.keys().map(|name| Named::new(name.as_str())).collect(),
        providers: Names::known_providers(),
    }
}

/// Those of all environments, and what can be added by its usual name. A service of such a name is the service.
fn components_of(project: &Project) -> Vec<Named> {
    let own = project.environments.values().flat_map(|environment| environment.components.keys());
    let mut names: Vec<&str> = Vec::new();
    // "mail me": too usual a word to be a name where nothing is called so.
    let usual =
        ComponentKind::USUAL.iter().filter(|(_, kind)| *kind != ComponentKind::Mail).map(|(name, _)| *name);
    let all = project.components.keys().chain(own).map(ComponentName::as_str).chain(usual);
    for name in all {
        let is_service = project.services.keys().any(|service| service.as_str() == name);
        if !is_service && !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().map(Named::new).collect()
}

/// The names there are without a project: enough to set one up.
pub(super) fn names_of_nothing() -> Names {
    Names {
        project: String::new(),
        environments: FIRST_ENVIRONMENTS.map(Named::environment).into(),
        services: Vec::new(),
        components: Vec::new(),
        jobs: Vec::new(),
        providers: Names::known_providers(),
    }
}
