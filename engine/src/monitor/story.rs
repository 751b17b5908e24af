//! `incident.md`: the story of a run that became an incident, for people. Every sentence is made from what the database
//! has, so that it says the same whenever it is written.

use std::fmt::Write as _;

use super::time::{instant, seconds};
use super::{Incident, decisions};
use crate::artifacts::{ArtifactName, ArtifactRef};
use crate::audit::AuditEvent;
use crate::chart::answered;
use crate::clock::EpochMs;
use crate::control::RunDetail;
use crate::plan::DiffLine;
use crate::run::{Happening, left_behind, traffic_moved};

/// Lines of each log that stand in the story; the rest is in the log beside it.
const LINES_SHOWN: usize = 40;

/// A log: its name, and what is kept of it.
pub(crate) type Excerpt = (String, String);

/// What a story is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    /// The incident.
    pub(crate) incident: &'a Incident,
    /// Its run.
    pub(crate) detail: &'a RunDetail,
    /// What the record has of the run.
    pub(crate) record: &'a [AuditEvent],
    /// Whether there is a picture of its canary.
    pub(crate) has_chart: bool,
}

/// Writes the story.
pub(crate) fn story(told: &Told<'_>, excerpts: &[Excerpt], manifest: &[ArtifactRef]) -> String {
    let Told { incident, detail, record, has_chart } = *told;
    let plan = &detail.plan;
    let mut text = format!("# {}: {}\n\n{}\n", incident.id, incident.summary, summary(incident, detail));
    if detail.trial.is_some() {
        section(&mut text, "What both versions did", measured(detail, has_chart), "nothing was measured");
    }
    section(&mut text, "Decisions (UTC)", decisions(record), "nobody decided anything");
    section(&mut text, "Timeline (UTC)", timeline(detail), "nothing is recorded");
    let (migrations, rest): (Vec<&DiffLine>, Vec<&DiffLine>) =
        plan.diff.iter().partition(|line| line.what.starts_with("migration "));
    let (release, configuration): (Vec<&DiffLine>, Vec<&DiffLine>) =
        rest.into_iter().partition(|line| is_release(detail, line));
    for (title, lines) in [
        ("What it would have changed: release", release),
        ("What it would have changed: configuration", configuration),
        ("What it would have changed: migrations", migrations),
    ] {
        section(&mut text, title, lines.into_iter().map(|line| format!("- {line}")), "nothing");
    }
    let commits = plan
        .commits
        .iter()
        .map(|commit| format!("- {} {} ({})", crate::plan::short(&commit.id), commit.subject, commit.author));
    section(&mut text, "Commits since the last good release", commits, "none");
    logs(&mut text, excerpts, plan.release.as_ref().map(|release| release.id.number));
    section(&mut text, "The way back", way_back(detail), "none was needed");
    section(&mut text, "What to do next", next(detail), "nothing more");
    files(&mut text, manifest);
    text
}

/// The last lines of each log: where it has any of the release that is to blame, only those. A canary prints a line where the
/// stable version prints ten.
pub(super) fn logs(text: &mut String, excerpts: &[Excerpt], to_blame: Option<u32>) {
    text.push_str("\n## Logs\n\n");
    for (name, kept) in excerpts {
        let all: Vec<&str> = kept.lines().collect();
        let its: Vec<&str> = match to_blame {
            Some(release) => all.iter().copied().filter(|line| is_of(line, release)).collect(),
            None => Vec::new(),
        };
        let (lines, whose) = match to_blame {
            Some(release) if !its.is_empty() && its.len() < all.len() => {
                (its, format!(" lines of release {release} (of {} kept)", all.len()))
            }
            _ => (all, " kept lines".to_owned()),
        };
        let shown = &lines[lines.len().saturating_sub(LINES_SHOWN)..];
        let _ = writeln!(text, "The last {} of {}{whose} of `{name}`:\n", shown.len(), lines.len());
        // Indented, since a line may hold any fence.
        text.extend(shown.iter().map(|line| format!("    {line}\n")));
        if Some(name) != excerpts.last().map(|(last, _)| last) {
            text.push('\n');
        }
    }
    if excerpts.is_empty() {
        text.push_str("Nothing was printed, or it could not be read.\n");
    }
}

/// Whether a line of a log (`DATE TIME SERVICE@RELEASE WORDS`) was printed by a release.
fn is_of(line: &str, release: u32) -> bool {
    let printed_by = line.split(' ').nth(2).and_then(|word| word.rsplit_once('@'));
    printed_by.is_some_and(|(service, number)| !service.is_empty() && number.parse() == Ok(release))
}

/// Every file with its hash.
pub(super) fn files(text: &mut String, manifest: &[ArtifactRef]) {
    text.push_str("\n## Files\n\n| file | bytes | SHA-256 |\n|---|---|---|\n");
    for one in manifest {
        let _ = writeln!(text, "| {} | {} | `{}` |", one.path, one.size, one.sha256);
    }
}

pub(super) fn section(
    text: &mut String,
    title: &str,
    lines: impl IntoIterator<Item = String>,
    otherwise: &str,
) {
    let _ = writeln!(text, "\n## {title}\n");
    let start = text.len();
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    if text.len() == start {
        let _ = writeln!(text, "{otherwise}");
    }
}

/// Whether a change is of which code runs, and not of how.
fn is_release(detail: &RunDetail, line: &DiffLine) -> bool {
    let release = detail.plan.release.as_ref();
    release.is_some_and(|release| release.services.keys().any(|service| service.as_str() == line.what))
}

/// What both versions of each service did in each stage, as a table.
fn measured(detail: &RunDetail, has_chart: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if has_chart {
        lines.extend([
            format!("![Failed requests and latency over the stages]({})", ArtifactName::Chart),
            String::new(),
        ]);
    }
    lines.push("| stage | service | canary | stable | score | verdict |".to_owned());
    lines.push("|---|---|---|---|---|---|".to_owned());
    for stage in detail.trial.iter().flat_map(|trial| &trial.stages) {
        for (service, here) in &stage.services {
            let whole = &here.track.whole;
            lines.push(format!(
                "| {}%, {} s | {service} | {} | {} | {} | {} |",
                stage.weight_pct,
                here.soaked_s,
                answered(&whole.canary),
                answered(&whole.stable),
                here.score,
                here.verdict
            ));
        }
    }
    lines
}

/// What both versions did in the last stage, in a sentence.
fn last_stage(detail: &RunDetail) -> Option<String> {
    let stage = detail.trial.as_ref()?.stages.last()?;
    let of = |(service, here): (&crate::model::ServiceName, &crate::trial::InStage)| {
        let whole = &here.track.whole;
        format!("{service} canary {}, and stable {}", answered(&whole.canary), answered(&whole.stable))
    };
    let services: Vec<String> = stage.services.iter().map(of).collect();
    Some(format!(
        " In all of its last stage ({}% of traffic, {} s): {}.",
        stage.weight_pct,
        stage.soaked_s(),
        services.join("; ")
    ))
}

/// What happened, in one paragraph.
fn summary(incident: &Incident, detail: &RunDetail) -> String {
    let RunDetail { run, plan, steps, .. } = detail;
    let mut text = format!(
        "**{}** ({}) was asked for by {} as `{}` and began at {} UTC.",
        plan.title,
        run.id,
        run.requester.name,
        run.request.command,
        instant(run.started_ms.unwrap_or(run.created_ms)),
    );
    if let Some(reason) = run.state.reason() {
        let say = reason.say.trim_end_matches('.');
        let _ = write!(text, " It ended as {} ({}): {say}.", run.state.as_str(), reason.code);
    }
    text.extend(last_stage(detail));
    let seen = if traffic_moved(plan, steps) {
        seen_ms(detail).map_or_else(
            || " Users' requests had gone to it.".to_owned(),
            |(from_ms, until_ms)| {
                format!(
                    " Users' requests could go to it from {} UTC, for at most {}.",
                    instant(from_ms),
                    seconds(until_ms - from_ms)
                )
            },
        )
    } else {
        " Users' requests never went to it.".to_owned()
    };
    text += &seen;
    let left = left_behind(plan, steps);
    let undone = if left.is_empty() {
        format!(" All that could be undone was undone by {} UTC.", instant(incident.opened_ms))
    } else {
        format!(" Not undone, and in need of a person: {}.", left.join("; "))
    };
    text.push_str(&undone);
    text
}

/// From when until when traffic could reach what the run brought: from the intent to move it to the record that it is back.
fn seen_ms(detail: &RunDetail) -> Option<(EpochMs, EpochMs)> {
    let moves = |step: u32| detail.plan.steps.get(step as usize).is_some_and(|it| it.kind.moves_traffic());
    let from =
        detail.happened.iter().find(|one| matches!(one.what, Happening::StepStarted { step } if moves(step)));
    let back = |what: &Happening| matches!(what, Happening::StepUndone { step, .. } if moves(*step));
    let until = detail.happened.iter().find(|one| back(&one.what));
    Some((from?.at_ms, until?.at_ms))
}

fn timeline(detail: &RunDetail) -> Vec<String> {
    let title = |step: u32| detail.plan.steps.get(step as usize).map_or("?", |it| it.title.as_str());
    // A reason is told where it came up, and not again with all that follows from it.
    let mut told = String::new();
    let mut line = |what: &Happening| match what {
        Happening::Moved { to } => match to.reason().filter(|reason| reason.say != told) {
            Some(reason) => {
                told.clone_from(&reason.say);
                format!("**{}**: {told}", to.as_str())
            }
            None => format!("**{}**", to.as_str()),
        },
        Happening::StepStarted { step } => format!("{}: begun", title(*step)),
        Happening::StepWaits { step, note } => format!("{}: {note}", title(*step)),
        Happening::StepDone { step, says } => format!("{}: done, {says}", title(*step)),
        Happening::StepFailed { step, reason } => {
            told.clone_from(&reason.say);
            format!("{}: failed, {told}", title(*step))
        }
        Happening::StepUndone { step, says } => format!("{}: undone, {says}", title(*step)),
        Happening::Voted { by, .. } => format!("approved by {by}"),
        Happening::CrashLoop { of, crashes } => {
            format!(
                "{} of release {} ended by itself {} times ({})",
                of.service, of.release, crashes.times, crashes.how
            )
        }
        Happening::Unreached { service, why } => format!("nobody reached {service}: {why}"),
        Happening::Reached { service } => format!("{service} was reached again"),
        Happening::ServerErrors { service, requests, errors, over_s, beside, .. } => {
            let says = format!(
                "{service} answered {errors} of {requests} requests in {over_s} s with server errors"
            );
            beside.iter().fold(says, |says, beside| format!("{says} {beside}"))
        }
        Happening::ServerErrorsOver { service } => format!("{service} answered without server errors again"),
        Happening::Unwell { service, why, beside } => {
            let says = format!("{service} was unhealthy");
            let says = beside.iter().fold(says, |says, beside| format!("{says} {}", beside.until_just_now()));
            format!("{says}: {why}")
        }
        Happening::WellAgain { service } => format!("{service} was healthy again"),
        Happening::Drifted { lines, .. } => format!("what runs had drifted: {}", lines.join("; ")),
        Happening::DriftOver => "what runs was as it should be again".to_owned(),
        Happening::RuleActed { rule, person, because, did, .. } => {
            format!("rule {rule} of {person} acted because {because}: {}", did.join("; "))
        }
        Happening::ArtifactDiffers { path } => {
            format!("{path} was there already with other content, and stays as it was")
        }
    };
    detail.happened.iter().map(|one| format!("- {} {}", instant(one.at_ms), line(&one.what))).collect()
}

fn way_back(detail: &RunDetail) -> Vec<String> {
    let back = &detail.plan.way_back;
    let mut lines = vec![format!("Planned: {}.", back.say)];
    lines.extend(back.proof.iter().map(|proof| format!("- {proof}")));
    lines.extend(back.lacks.iter().map(|lack| format!("- not proved: {lack}")));
    let undone = detail.happened.iter().filter_map(|one| match &one.what {
        Happening::StepUndone { step, says } => {
            let title = detail.plan.steps.get(*step as usize).map_or("?", |it| it.title.as_str());
            Some(format!("- {title}: {says}"))
        }
        _ => None,
    });
    let undone: Vec<String> = undone.collect();
    if !undone.is_empty() {
        lines.push("Taken, last step first:".to_owned());
        lines.extend(undone);
    }
    lines
}

fn next(detail: &RunDetail) -> Vec<String> {
    let environment = &detail.run.environment().environment;
    let mut lines: Vec<String> = left_behind(&detail.plan, &detail.steps)
        .into_iter()
        .map(|left| format!("- mend by hand: {left}"))
        .collect();
    let said = detail.run.state.reason().map(|reason| reason.next.clone()).filter(|next| !next.is_empty());
    lines.extend(said.map(|next| format!("- `{next}`")));
    lines.push(format!("- `status {environment}` says how things stand now"));
    lines.push(format!("- `retry {}` once the cause is mended", detail.run.id));
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_to_blame_has_the_word() {
        let told = |log: &str| {
            let mut text = String::new();
            logs(&mut text, &[("logs/api.log".to_owned(), log.to_owned())], Some(3));
            text.replace("\n## Logs\n\n", "")
        };
        assert_eq!(
            told("2026-11-21 17:08:59.540 api@2 served\n2026-11-21 17:08:59.541 api@3 fatal: a@2\n"),
            "The last 1 of 1 lines of release 3 (of 2 kept) of `logs/api.log`:\n\n    2026-11-21 17:08:59.541 api@3 fatal: a@2\n"
        );
        // A build is of no release, and where only one printed there is nothing to choose.
        assert_eq!(
            told("cc main.c @3\nfailed\n"),
            "The last 2 of 2 kept lines of `logs/api.log`:\n\n    cc main.c @3\n    failed\n"
        );
        assert!(told("2026-11-21 17:08:59.541 api@3 fatal\n").starts_with("The last 1 of 1 kept lines"));
    }
}
