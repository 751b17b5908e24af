//! What is said about projects, where there are several.

use std::sync::LazyLock;

use engine::model::ProjectName;
use regex::Regex;

use crate::message::{Card, Part, Tone};

/// A run is of one project, whatever the talk is about.
static OF_RUN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\br-[0-9a-f]{4,16}\b").ok());

/// A card of one project among several: what it says and what its buttons say is about that project wherever it is read. A
/// run's card names it.
pub(crate) fn of_project(mut card: Card, project: &ProjectName) -> Card {
    let qualify = |command: &mut String| {
        let of_run = OF_RUN.as_ref().is_some_and(|of_run| of_run.is_match(command));
        let said = command.split_once(": ").is_some_and(|(front, _)| front.parse::<ProjectName>().is_ok());
        if !command.is_empty() && !of_run && !said {
            *command = format!("{project}: {command}");
        }
    };
    qualify(&mut card.command);
    card.buttons.iter_mut().for_each(|button| qualify(&mut button.command));
    let fields = card.parts.iter_mut().find_map(|part| match part {
        Part::Fields { fields } => Some(fields),
        _ => None,
    });
    if let Some(fields) = fields.filter(|_| !card.key.is_empty()) {
        fields.insert(0, ("project".to_owned(), project.to_string()));
    }
    card
}

/// Nobody knows which project is meant.
pub(crate) fn which_project(projects: &[&str], said: &str) -> Card {
    let mut card = Card::new(Tone::Ask, "Which project?").text(format!(
        "There are {}. Its name is the answer, and holds here from then on; `project NAME` chooses another.",
        super::listed(projects)
    ));
    for project in projects {
        card = card.button(project, format!("{project}: {said}"), false);
    }
    card
}

/// A project was chosen for what follows.
pub(crate) fn project_chosen(project: &ProjectName) -> Card {
    let mut card = Card::new(Tone::Good, format!("What you say here is about {project} from now on."));
    card.command = format!("project {project}");
    card
}
