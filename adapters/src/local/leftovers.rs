//! What an earlier program left running: found by the marker in its environment, and by the notes kept beside it for
//! processes that changed their environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::ports::PortError;
use serde::{Deserialize, Serialize};

use super::files::{entries, file_remove, json_read, json_write};
use super::marker::RootId;
use super::process::{Found, Process, is_alive, kill, marked, started_s};

/// How long a leftover that nobody wants may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// A note about a running instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) pid: i32,
    pub(super) started_s: u64,
    pub(super) marker: String,
    pub(super) port: u16,
    /// How many milliseconds it took to say that it is healthy, when it last said so; absent when it is not healthy.
    #[serde(default)]
    pub(super) healthy_ms: Option<u32>,
}

/// Where the note of a slot is kept.
pub(super) fn note_path(folder: &Path, slot: impl std::fmt::Display) -> PathBuf {
    folder.join("pids").join(format!("{slot}.json"))
}

/// Writes the note of a process; the one just started is not healthy yet.
pub(super) async fn note_write(
    path: &Path,
    pid: i32,
    marker: String,
    port: u16,
    healthy_ms: Option<u32>,
) -> Result<(), PortError> {
    let Some(started_s) = started_s(pid) else { return Ok(()) };
    json_write(path, &Note { pid, started_s, marker, port, healthy_ms }).await
}

/// All processes of this data folder, group leaders only; the notes of `folders` are read and those of the dead removed.
pub(super) fn find(root: &RootId, folders: &[PathBuf]) -> Result<Vec<Found>, PortError> {
    let mut found: BTreeMap<i32, Found> =
        marked(|marker| root.owns(marker)).into_iter().map(|process| (process.pid, process)).collect();
    for folder in folders {
        for path in entries(&folder.join("pids"))? {
            // A note that can't be read is of no use to anyone.
            let Ok(Some(note)) = json_read::<Note>(&path) else {
                file_remove(&path)?;
                continue;
            };
            if !is_alive(note.pid, note.started_s) {
                file_remove(&path)?;
            } else if root.owns(&note.marker) {
                // A helper that leads a group of its own carries the same marker; the note knows who is the instance.
                for other in found.values_mut().filter(|other| other.marker == note.marker) {
                    other.leads = other.pid == note.pid;
                    other.healthy_ms = note.healthy_ms.filter(|_| other.leads);
                }
                let (pid, started_s, marker) = (note.pid, note.started_s, note.marker);
                let (port, healthy_ms) = (Some(note.port), note.healthy_ms);
                let process = Found { pid, leads: true, started_s, marker, port, healthy_ms };
                found.entry(note.pid).or_insert(process);
            }
        }
    }
    Ok(found.into_values().collect())
}

/// Ends a leftover's whole group.
pub(super) async fn end(process: &Found) {
    let marker = process.marker.clone();
    let group = Process::Adopted { pid: process.pid, started_s: process.started_s, marker };
    group.end(GRACE).await;
}

/// Ends at once whatever still carries a marker that `wanted` accepts: children that left their group.
pub(super) async fn sweep(wanted: impl Fn(&str) -> bool + Send + 'static) {
    let swept = tokio::task::spawn_blocking(move || {
        for stray in marked(wanted) {
            tracing::warn!(
                pid = stray.pid,
                marker = stray.marker,
                "ending a process that outlived its group"
            );
            kill(stray.pid);
        }
    });
    // Only a runtime that is shutting down refuses; then nobody is left to tell.
    let _ = swept.await;
}
