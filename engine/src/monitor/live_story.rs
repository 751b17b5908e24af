//! `incident.md` of something live: a service that keeps ending, server errors that a rule is about.

use std::fmt::Write as _;

use super::story::{Excerpt, files, logs, section};
use super::time::instant;
use super::{Incident, decisions};
use crate::artifacts::{ArtifactName, ArtifactRef};
use crate::audit::AuditEvent;
use crate::model::Release;
use crate::plan::Plan;

/// What a story is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToldLive<'a> {
    /// The incident.
    pub(crate) incident: &'a Incident,
    /// What was live.
    pub(crate) live: &'a Release,
    /// The plan of the run that made it.
    pub(crate) plan: Option<&'a Plan>,
    /// What the record has of that run, and of what it made.
    pub(crate) record: &'a [AuditEvent],
}

/// Writes the story.
pub(crate) fn live_story(told: &ToldLive<'_>, excerpts: &[Excerpt], manifest: &[ArtifactRef]) -> String {
    let ToldLive { incident, live, plan, record } = *told;
    let environment = &incident.environment.environment;
    let since = live.live_ms.map(|at_ms| format!(" since {} UTC", instant(at_ms))).unwrap_or_default();
    let when = if incident.run == live.run {
        "Nothing had been changed because of it".to_owned()
    } else {
        format!("{} had been asked to go back from it", incident.run)
    };
    let mut text = format!("# {}: {}\n\n", incident.id, incident.summary);
    let _ = writeln!(
        text,
        "Release {} ({}, commit {}, made by {}) was live in {environment}{since}. At {} UTC: {}. {when} when these files were \
         kept; processes and their health are in `{}`.",
        live.id.number,
        live.reference,
        crate::plan::short(&live.commit),
        live.run,
        instant(incident.opened_ms),
        incident.summary,
        ArtifactName::Observed,
    );
    let seen = record.iter().filter(|event| event.action.starts_with("service."));
    let seen = seen.map(|event| {
        let say = event.data["say"].as_str().unwrap_or_default();
        format!("- {} {}: {say}", instant(event.at_ms), event.subject)
    });
    section(&mut text, "What was seen (UTC)", seen, "nothing before this");
    section(&mut text, "Decisions (UTC)", decisions(record), "nobody decided anything");
    let diff = plan.into_iter().flat_map(|plan| &plan.diff).map(|line| format!("- {line}"));
    section(&mut text, "What changed since the release before", diff, "nothing is known");
    let commits = plan
        .into_iter()
        .flat_map(|plan| &plan.commits)
        .map(|commit| format!("- {} {} ({})", crate::plan::short(&commit.id), commit.subject, commit.author));
    section(&mut text, "Commits since the release before", commits, "none");
    logs(&mut text, excerpts, Some(live.id.number));
    let next = [
        format!("- `status {environment}` says how things stand now"),
        format!("- `rollback {environment}` goes back to the release before"),
    ];
    section(&mut text, "What to do next", next, "");
    files(&mut text, manifest);
    text
}
