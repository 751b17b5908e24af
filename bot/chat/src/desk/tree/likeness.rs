//! An environment that is to be made: what it is when nobody says otherwise follows from the one it is like.

use std::collections::{BTreeMap, BTreeSet};

use engine::model::{EnvironmentName, Project};
use engine::project::Likened;
use serde::{Deserialize, Serialize};

use super::describe::{addresses, local, ports_said};
use super::draft::served_at;
use super::{Described, Draft, EMBEDDED, Slot, list_of};
use crate::intent::Action;

/// What production is called, alone or with where it is: `prod-eu`, `eu-prod2`.
const PRODUCTION: [&str; 4] = ["production", "prod", "live", "prd"];

/// An environment that a new one may be like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Likeness {
    name: String,
    platform: String,
    /// Services that are reached there.
    served: Vec<String>,
    /// It is taken when nobody says which.
    nearest: bool,
    /// Production's rules hold there.
    #[serde(default)]
    production: bool,
}

impl Likeness {
    /// Those of a project.
    pub(super) fn all(project: &Project) -> Vec<Self> {
        let nearest = engine::project::nearest(project);
        let one = |(name, it): (&EnvironmentName, &engine::model::Environment)| Self {
            name: name.to_string(),
            platform: it.platform.clone(),
            served: it.edge.keys().map(ToString::to_string).collect(),
            nearest: Some(name) == nearest,
            production: it.production,
        };
        project.environments.iter().map(one).collect()
    }
}

impl Draft {
    /// The environments it is about; of one that is to be made, its name.
    pub(super) fn places(&self) -> Vec<String> {
        let filled = self.filled();
        if filled.action == Action::CreateEnvironment {
            return filled.environment.into_iter().collect();
        }
        filled.environments
    }

    /// The services that are reached somewhere.
    pub(super) fn served(&self) -> Vec<String> {
        if self.command.action == Action::CreateEnvironment {
            return self.like().map(|like| like.served.clone()).unwrap_or_default();
        }
        list_of(self.answer(Slot::Services, None).unwrap_or_default())
    }

    /// What is known of an environment that is to be made, where nobody answered.
    pub(super) fn said_of_new(&self, slot: Slot) -> Option<String> {
        match slot {
            Slot::Environment => self.command.environment.clone(),
            Slot::From => {
                let nearest = || self.likenesses.iter().find(|it| it.nearest).map(|it| it.name.clone());
                self.command.from.clone().or_else(nearest)
            }
            Slot::Production => {
                let name = self.filled().environment?;
                if is_called_production(&name) {
                    return Some("yes".to_owned());
                }
                // Like production, and not called so: nobody but a person knows.
                self.like().filter(|like| !like.production).map(|_| "no".to_owned())
            }
            Slot::Platform => {
                let is_here = self.filled().environment.is_some_and(|name| name == EMBEDDED);
                if is_here {
                    Some(EMBEDDED.to_owned())
                } else {
                    self.like().map(|like| like.platform.clone())
                }
            }
            _ => None,
        }
    }

    fn like(&self) -> Option<&Likeness> {
        let from = self.said(Slot::From, None)?;
        self.likenesses.iter().find(|it| it.name == from)
    }
}

/// The project with the environment that is to be made, with addresses that are not among these ports. Nothing when that can't be: there
/// is none to be like, or one of that name.
pub(super) fn described_new(draft: &Draft, project: &Project, taken: &BTreeSet<u16>) -> Option<Described> {
    let likened = draft.likened(project)?;
    let made = engine::project::like(project, &likened)?;
    let mut described = made.project;
    let given = addresses(&mut described, taken, Some(&likened.name));
    let text = engine::project::export(&described);
    Some(Described {
        shown: section_of(&text, likened.name.as_str()),
        text,
        lists: vec![
            (
                format!(
                    "Speaks of {} still; then, `set NAME=VALUE in {}` changes it",
                    likened.from, likened.name
                ),
                made.doubtful,
            ),
            ("Does not come along".to_owned(), made.left),
        ],
        given,
        said: ports_said(draft).collect(),
    })
}

impl Draft {
    /// What is known of an environment that is to be made.
    pub(crate) fn likened(&self, project: &Project) -> Option<Likened> {
        let name: EnvironmentName = self.said(Slot::Environment, None)?.parse().ok()?;
        let mut edge = BTreeMap::new();
        for service in project.services.keys() {
            let of = served_at(service.as_str(), name.as_str());
            // What was answered before it was to be like another one is not asked for any more, and no address there.
            let asked = |slot: Slot| self.each(slot).contains(&Some(of.clone()));
            let answer = |slot: Slot| self.answer(slot, Some(&of)).filter(|_| asked(slot));
            let port = answer(Slot::Port).and_then(|port| port.parse().ok()).map(local);
            let domain = answer(Slot::Domain).filter(|domain| *domain != "none").map(ToOwned::to_owned);
            let address = port.or(domain);
            if let Some(address) = address {
                edge.insert(service.clone(), address);
            }
        }
        Some(Likened {
            name,
            from: self.said(Slot::From, None)?.parse().ok()?,
            production: self.said(Slot::Production, None).as_deref() == Some("yes"),
            edge,
        })
    }
}

/// Whether an environment of that name is taken for production where nobody says.
pub(super) fn is_called_production(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut parts = name.split(['-', '_']).map(|part| part.trim_end_matches(char::is_numeric));
    parts.any(|part| PRODUCTION.contains(&part))
}

/// The lines of a description that are about one environment.
fn section_of(text: &str, name: &str) -> Vec<String> {
    let begins = format!("  {name}:");
    let lines = text.lines().skip_while(|line| *line != "environments:");
    let mut lines = lines.skip_while(|line| !line.starts_with(&begins));
    let first = lines.next().map(|line| line.trim_start().to_owned());
    let rest = lines.take_while(|line| line.starts_with("   "));
    first.into_iter().chain(rest.map(|line| line.get(2..).unwrap_or_default().to_owned())).collect()
}
