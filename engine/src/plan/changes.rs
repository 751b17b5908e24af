//! What a deploy changes, told line by line: the difference of the live release and the one it makes.

use std::collections::BTreeMap;

use super::variables::variable_lines;
use super::{DiffLine, Facts, short};
use crate::model::{Release, ServiceName, ServiceRelease};
use crate::ports::Migration;

/// What a service of a release is called: `v1.1.0 (3f2a91c)`.
pub(super) fn release_name(release: &Release, part: &ServiceRelease) -> String {
    let (reference, commit) = (release.reference.as_str(), short(&part.commit));
    if reference == commit { reference.to_owned() } else { format!("{reference} ({commit})") }
}

/// A migration that comes.
pub(super) fn new_migration(migration: &Migration) -> DiffLine {
    let name = if migration.name.is_empty() { "to be applied" } else { &migration.name };
    DiffLine::new(format!("migration {}", migration.version), None, Some(name.to_owned()))
}

/// What changes, a line each.
pub(super) fn diff(
    facts: &Facts,
    parts: &BTreeMap<ServiceName, ServiceRelease>,
    pending: &[Migration],
    reference: Option<&str>,
    chosen: &[ServiceName],
) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    let live = facts.live();
    for (name, component) in &facts.components() {
        if facts.observed.components.get(name) != Some(&component.kind) {
            lines.push(DiffLine::new(name.as_str(), None, Some("an empty component".to_owned())));
        }
    }
    for migration in pending {
        lines.push(new_migration(migration));
    }
    for name in chosen {
        let Some(after) = parts.get(name) else { continue };
        let before = live.and_then(|live| live.services.get(name));
        let before_name = live.zip(before).map(|(live, before)| release_name(live, before));
        let after_name = match reference {
            Some(name) => format!("{name} ({})", short(&after.commit)),
            None => short(&after.commit).to_owned(),
        };
        lines.push(DiffLine::new(name.as_str(), before_name, Some(after_name)));
        let Some(before) = before else { continue };
        let replicas = |part: &ServiceRelease| part.set.as_ref().map(|set| set.replicas);
        // Whoever scaled it since the release was made changed what runs, and not the release.
        let scaled = facts.desired.replicas.get(name).copied();
        let (run, will_run) = (replicas(before).map(|made| scaled.unwrap_or(made)), replicas(after));
        if run != will_run {
            let words = |replicas: Option<u32>| replicas.map(|count| count.to_string());
            lines.push(DiffLine::new(format!("{name} replicas"), words(run), words(will_run)));
        }
        let schedule =
            |part: &ServiceRelease| part.schedule.as_ref().map(|schedule| format!("`{}`", schedule.cron));
        if schedule(before) != schedule(after) {
            lines.push(DiffLine::new(format!("{name} schedule"), schedule(before), schedule(after)));
        }
        lines.extend(variable_lines(name, &before.config, &after.config));
    }
    lines
}
