//! What a talk is about where nobody says it: in a run's thread that run, in a channel of one project or
//! environment that one.

use engine::model::{Project, ProjectName, RunId};
use serde::{Deserialize, Serialize};

use crate::intent::{Action, Command, Key};
use crate::letter::Place;

/// What commands are about that do not say it themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// A run, in its thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// An environment's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The project, in a channel of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectName>,
    /// The thread in which what is said is answered; empty where that is none, or for one person alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub thread: String,
    /// The threads whose questions can be meant: words in one are no answer to what was asked in another. None of them where
    /// somebody speaks in no thread, and may mean any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked_in: Vec<String>,
}

impl About {
    /// Said and answered in this place.
    pub(crate) fn asks_in(&mut self, place: &Place) {
        let seen_by_all = place.to.is_none() || place.inside;
        self.thread = place.thread.clone().filter(|_| seen_by_all).unwrap_or_default();
        if place.inside {
            if self.asked_in.is_empty() {
                self.asked_in.extend(place.thread.clone());
            }
            // Under a run's card nothing else is answered.
            if self.run.is_some() {
                self.asked_in.retain(|thread| !thread.is_empty());
            }
        }
    }

    /// As it is meant among these projects: a channel's only word is an environment, or where none has that name, a project.
    #[must_use]
    pub fn among(self, projects: &[Project]) -> Self {
        let Some(word) = self.environment.as_ref().filter(|_| self.project.is_none()) else { return self };
        let is_there = |it: &Project| it.environments.keys().any(|key| key.as_str() == word);
        match projects.iter().find(|it| it.project.as_str() == word) {
            Some(named) if !projects.iter().any(is_there) => {
                Self { environment: None, project: Some(named.project.clone()), ..self }
            }
            _ => self,
        }
    }
}

/// Gives the commands the environment they do not say. What is said always wins, and so does a run the talk is about.
pub(super) fn fill(commands: &mut [Command], about: &About) {
    let Some(environment) = about.environment.as_ref().filter(|_| about.run.is_none()) else { return };
    for command in commands {
        let unsaid = command.environments.is_empty() && command.run.is_none();
        let may = command.action.row().keys.contains(&Key::Environments) && command.action != Action::Help;
        if unsaid && may {
            command.environments = vec![environment.clone()];
        }
    }
}
