//! Answers to questions.

use engine::audit::AuditEvent;
use engine::control::{CanAnswer, EnvironmentStatus, ServiceStatus};
use engine::model::{Desired, EnvironmentKey, Release, ReleaseState};
use engine::plan::short;
use engine::ports::LogLine;
use engine::run::RunState;

use super::at_link;
use super::connections::connection_line;
use super::crashes::crashes_line;
use super::time::{ago, clock, of_day};
use crate::desk::Links;
use crate::message::{Card, Tone};

/// How an environment stands.
pub(crate) fn status(status: &EnvironmentStatus, links: &Links, now_ms: i64) -> Card {
    let name = &status.environment.environment;
    let unwell =
        status.services.iter().any(|service| service.healthy < service.wanted || !service.trouble.is_empty());
    let (tone, live) = match &status.live {
        None => (Tone::Plain, "nothing is deployed".to_owned()),
        Some(release) => {
            let since = release
                .live_ms
                .map(|at_ms| format!(", went live {}", ago(at_ms, now_ms)))
                .unwrap_or_default();
            let tone = if unwell || status.unseen.is_some() { Tone::Bad } else { Tone::Good };
            (tone, format!("release {} ({}){since}", release.id.number, code_of(release, ", ", "")))
        }
    };
    let production = if status.production && name.as_str() != "production" { " (production)" } else { "" };
    let mut card = Card::new(tone, format!("{name}{production}: {live}"));
    if status.live.is_some() {
        card = card.fields(
            status
                .services
                .iter()
                .map(|service| (service.service.to_string(), service_line(service, now_ms)))
                .collect(),
        );
    }
    if let Some(why) = &status.unseen {
        card = card.text(format!("The platform can't be asked: {why}"));
    }
    if let Some(reason) = &status.desired.held {
        card = card.text(format!("Automatic deploys are held: {reason}. A person's deploy frees them."));
    }
    let connections = status.connections.iter().map(|connected| connection_line(connected, now_ms));
    card = card.list("Connections", connections.collect());
    let locks = status
        .locks
        .iter()
        .map(|lock| {
            let until = lock.expires_ms.map(|at_ms| format!(", until {}", clock(at_ms))).unwrap_or_default();
            let why = if lock.reason.is_empty() { String::new() } else { format!(": {}", lock.reason) };
            format!("{}{why} ({}{until})", lock.holder.name(), ago(lock.taken_ms, now_ms))
        })
        .collect();
    card = card.list("Locked by", locks);
    card.list(
        "Runs",
        status
            .runs
            .iter()
            .map(|run| {
                let at = at_link(links.of(&run.id));
                let state = match &run.state {
                    RunState::Paused { by, .. } => format!("paused by {by}"),
                    state => state.as_str().to_owned(),
                };
                format!("{}: {}, {state}{at}", run.id, run.request.command)
            })
            .collect(),
    )
}

/// What keeps chat platforms from hearing or speaking; nothing when they all do.
pub(crate) fn fronts_in_trouble(troubles: Vec<String>) -> Option<Card> {
    if troubles.is_empty() {
        return None;
    }
    Some(Card::new(Tone::Bad, "Chat platforms in trouble").list("", troubles))
}

fn service_line(service: &ServiceStatus, now_ms: i64) -> String {
    let Some(release) = service.release else { return "not deployed".to_owned() };
    if let Some((cron, enabled)) = &service.schedule {
        let on = if *enabled { "on" } else { "off" };
        return format!("release {release}, at `{cron}`, {on}");
    }
    let mut parts = vec![format!("release {release}, {}/{} healthy", service.healthy, service.wanted)];
    let others: Vec<String> = service
        .weights
        .iter()
        .filter(|weight| weight.percent > 0 && weight.release != release)
        .map(|weight| format!("{}% of traffic to release {}", weight.percent, weight.release))
        .collect();
    parts.extend(others);
    parts.extend(service.address.clone());
    // What comes from outside may be whole sentences.
    let is_sentence = |said: &&String| said.starts_with(char::is_uppercase);
    let (sentences, states): (Vec<&String>, Vec<&String>) = service.trouble.iter().partition(is_sentence);
    parts.extend(states.into_iter().cloned());
    parts.extend(service.crashes.as_ref().map(|crashes| crashes_line(crashes, now_ms)));
    let line = parts.join(", ");
    sentences.into_iter().fold(line, |line, sentence| format!("{}. {sentence}", line.trim_end_matches('.')))
}

/// An environment's releases, newest first.
pub(crate) fn releases(environment: &EnvironmentKey, desired: &Desired, releases: &[Release]) -> Card {
    let name = &environment.environment;
    if releases.is_empty() {
        return Card::new(Tone::Plain, format!("{name} has had no release yet"))
            .text(format!("Next: deploy {name}"));
    }
    let lines = releases
        .iter()
        .map(|release| {
            let when = release.live_ms.map(|at_ms| format!(", went live {}", clock(at_ms)));
            let state = match desired.live {
                Some(live) if live == release.id.number => "live now",
                // It worked for a while, which those that never did may not be mistaken for.
                _ if release.state == ReleaseState::Failed && release.live_ms.is_some() => "taken back",
                _ => release.state.as_str(),
            };
            format!(
                "{}: {} {}: {state}{}, made by {}",
                release.id.number,
                code_of(release, " (", ")"),
                release.subject,
                when.unwrap_or_default(),
                release.run,
            )
        })
        .collect();
    Card::new(Tone::Plain, format!("Releases of {name}")).list("", lines)
}

/// The code of a release: what it was called and its commit, or the commit alone when nobody called it anything else.
fn code_of(release: &Release, before: &str, after: &str) -> String {
    let commit = short(&release.commit);
    if release.commit.starts_with(&release.reference) {
        return commit.to_owned();
    }
    format!("{}{before}{commit}{after}", release.reference)
}

/// What services printed, at most so many of the newest lines.
pub(crate) fn logs(environment: &EnvironmentKey, lines: &[LogLine], most: usize) -> Card {
    let name = &environment.environment;
    if lines.is_empty() {
        return Card::new(Tone::Plain, format!("Nothing was logged in {name} in that time"));
    }
    let before = lines.len().saturating_sub(most);
    let newest = lines.iter().skip(before).map(log_line).collect();
    let card = Card::new(Tone::Plain, format!("Logs of {name}, newest last")).verbatim(newest);
    if before == 0 { card } else { card.text(format!("{before} more before that. Next: logs {name}")) }
}

/// A line of a log.
pub(super) fn log_line(line: &LogLine) -> String {
    format!("{} {}@{} {}", of_day(line.at_ms), line.service, line.release, line.text)
}

/// What the record says.
pub(crate) fn audit(events: &[AuditEvent], environment: Option<&EnvironmentKey>) -> Card {
    let of = environment.map(|key| format!(" of {}", key.environment)).unwrap_or_default();
    if events.is_empty() {
        return Card::new(Tone::Plain, format!("The record{of} says nothing about that time"));
    }
    let lines = events
        .iter()
        .rev()
        .map(|event| {
            let run = event.run.as_ref().map(ToString::to_string).filter(|run| *run != event.subject);
            let run = run.map(|run| format!(" ({run})")).unwrap_or_default();
            format!(
                "#{} {} {} {} {}{run}{}{}",
                event.seq,
                clock(event.at_ms),
                event.actor.name,
                event.action,
                event.subject,
                essence(event),
                event.glass_broken().map(|why| format!(" · GLASS BROKEN: {why}")).unwrap_or_default()
            )
        })
        .collect();
    Card::new(Tone::Plain, format!("The record{of}, newest last")).list("", lines)
}

/// The facts of a record entry that people look for, in words.
fn essence(event: &AuditEvent) -> String {
    if let (Some(to), Some(reason)) = (event.data["to"].as_str(), event.data["reason"].as_str()) {
        return format!(": {to}, {reason}");
    }
    for key in ["command", "to", "title", "say", "because", "reason", "reader"] {
        if let Some(text) =
            event.data.get(key).and_then(|value| value.as_str()).filter(|text| !text.is_empty())
        {
            return format!(": {text}");
        }
    }
    String::new()
}

/// Whether somebody may do something.
pub(crate) fn can(verb: &str, environment: &EnvironmentKey, answer: &CanAnswer, now_ms: i64) -> Card {
    let name = &environment.environment;
    match answer {
        CanAnswer::Yes => Card::new(Tone::Good, format!("Yes, you can {verb} {name} now.")),
        CanAnswer::WithApproval { count, roles, say, because } => Card::new(
            Tone::Plain,
            format!("You can {verb} {name} with {}.", super::run::approvals_needed(*count, roles)),
        )
        .text(say.join(" "))
        .list("Because", because.clone()),
        CanAnswer::Impossible(problem) => {
            let card = Card::new(Tone::Bad, format!("No: {}", problem.say));
            if problem.next.is_empty() { card } else { card.text(format!("Next: {}", problem.next)) }
        }
        CanAnswer::No { say, because, earliest_ms } => {
            let mut card = Card::new(Tone::Bad, format!("No: {say}"));
            if let Some(earliest_ms) = earliest_ms {
                let wait = super::duration((earliest_ms - now_ms).max(0));
                card = card.text(format!("Earliest: {}, in {wait}.", clock(*earliest_ms)));
            }
            card.list("Because", because.clone())
        }
    }
}
