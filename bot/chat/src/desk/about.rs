//! What a talk is about where nobody says it: in a run's thread that run, in a channel of one environment that environment.

use engine::model::RunId;
use serde::{Deserialize, Serialize};

use crate::intent::{Action, Command, Key};

/// What commands are about that do not say it themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// A run, in its thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// An environment's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
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
