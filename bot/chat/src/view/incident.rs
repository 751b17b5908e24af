//! Incidents: what went wrong lately, and the story of one.

use engine::control::IncidentDetail;
use engine::model::EnvironmentKey;
use engine::monitor::Incident;

use super::time::clock;
use crate::message::{Card, Tone};

/// Incidents of which a card has buttons.
const BUTTONS_MAX: usize = 3;

/// The heading of the files in a story, up to which people read it.
const FILES: &str = "\n## Files\n";

/// What went wrong lately.
pub(crate) fn incidents(environment: &EnvironmentKey, incidents: &[Incident]) -> Card {
    let name = &environment.environment;
    if incidents.is_empty() {
        return Card::new(Tone::Good, format!("No incidents in {name} in that time"));
    }
    let lines = incidents
        .iter()
        .map(|incident| {
            format!("{} {} {} ({})", incident.id, clock(incident.opened_ms), incident.summary, incident.run)
        })
        .collect();
    let card = Card::new(Tone::Plain, format!("Incidents in {name}, newest first")).list("", lines);
    let with_story: Vec<&Incident> =
        incidents.iter().filter(|incident| incident.files_in().is_some()).collect();
    let Some(newest) = with_story.first() else { return card.text(format!("Next: logs {name}")) };
    let mut card = card.text(format!(
        "Next: incident {} shows its story, with what was measured, decided, changed and logged.",
        newest.id
    ));
    if incidents.iter().any(|incident| !incident.is_live()) {
        card = card.text(format!(
            "What was taken back is over. What could not be taken back whole is over when `rollback {name}` or a deploy of \
             {name} succeeds."
        ));
    }
    with_story.iter().take(BUTTONS_MAX).fold(card, |card, incident| {
        card.button(&format!("Incident {}", incident.id), format!("incident {}", incident.id), false)
    })
}

/// The story of an incident; what finds no room in a message comes as a file.
pub(crate) fn incident(detail: &IncidentDetail) -> Card {
    let incident = &detail.incident;
    let card = Card::new(Tone::Plain, format!("{}: {}", incident.id, incident.summary));
    let no_files = incident.crashing.as_ref().filter(|_| incident.files_in().is_none());
    let card = match (&detail.story, no_files) {
        (Some(story), _) => {
            // Its first line is the headline of the card; hashes are for machines.
            let story = story.split_once(FILES).map_or(story.as_str(), |(told, _)| told);
            let lines = story.lines().skip(1).skip_while(|line| line.is_empty());
            card.verbatim(lines.map(ToOwned::to_owned).collect())
        }
        (None, Some(crashing)) => card.text(format!(
            "It is about no run, so it has no files. Next: logs {} in {}",
            crashing.service, incident.environment.environment
        )),
        (None, None) => card.text("Its story is not written yet. Ask again in a moment."),
    };
    if detail.files.is_empty() {
        return card;
    }
    card.text(format!(
        "All {} files, to take along: infra-chat incident export {}",
        detail.files.len(),
        incident.id
    ))
}
