//! Logs: processes write straight into files, so that they live on when we don't. We look at the files' lengths twice a
//! second and so know when each line came; rotation copies and truncates, as the writers keep their files open.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use chrono::DateTime;
use engine::clock::EpochMs;
use engine::model::ServiceName;
use engine::ports::{LogLine, PortError};
use engine::redact::Redactor;

use super::environment::{Environment, locked};
use super::files::{blocking, entries, explain, file_remove, name_of};
use super::job::job_log_path;
use super::machine::Machine;

/// How often lengths are noted: how exact the time of a line is.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// At how many looks old files are removed: once a minute.
const TIDY_EVERY: u32 = 120;
/// A log longer than this is rotated, in bytes.
const ROTATE_AT: u64 = 8 * 1024 * 1024;
/// How many rotated files are kept of each log.
const ROTATED_KEPT: u32 = 3;
/// The most that is read of one file, in bytes.
const READ_MAX: u64 = 1024 * 1024;
/// How many notes of time are kept of each file.
const NOTES_MAX: usize = 4_096;
/// How many log files an environment keeps; the oldest go.
const FILES_MAX: usize = 200;
/// How much the log files of an environment take together, in bytes; the oldest go.
const FOLDER_MAX: u64 = 512 * 1024 * 1024;
/// The longest line that is shown whole, in characters.
const LINE_MAX: usize = 4_000;

/// How many lines before those shown are looked at: a private key may have begun there.
const KEY_LINES_MAX: usize = 300;

/// When each file had reached which length.
#[derive(Debug, Default)]
pub(super) struct LogTimes(HashMap<PathBuf, VecDeque<(u64, EpochMs)>>);

impl LogTimes {
    fn note(&mut self, path: &Path, length: u64, now_ms: EpochMs) {
        let notes = self.0.entry(path.to_owned()).or_default();
        if notes.back().is_some_and(|(last, _)| *last > length) {
            notes.clear();
        }
        if notes.back().is_none_or(|(last, _)| *last < length) {
            notes.push_back((length, now_ms));
        }
        if notes.len() > NOTES_MAX {
            notes.pop_front();
        }
    }

    /// When the byte before `end` was there at the latest.
    fn at(&self, path: &Path, end: u64) -> Option<EpochMs> {
        let notes = self.0.get(path)?;
        notes.get(notes.partition_point(|(length, _)| *length < end)).map(|(_, at_ms)| *at_ms)
    }

    fn rotated(&mut self, from: &Path, to: &Path) {
        match self.0.remove(from) {
            Some(notes) => self.0.insert(to.to_owned(), notes),
            None => self.0.remove(to),
        };
    }
}

/// A log file by its name: `api@12.0.log`, `api@12.0.log.1`.
struct LogName {
    service: ServiceName,
    release: u32,
    /// 0 for the one being written.
    age: u32,
}

fn log_name(path: &Path) -> Option<LogName> {
    let name = name_of(path);
    let (service, rest) = name.split_once('@')?;
    let (release, rest) = rest.split_once('.')?;
    let (_, age) = rest.rsplit_once("log")?;
    let age = if age.is_empty() { 0 } else { age.strip_prefix('.')?.parse().ok()? };
    Some(LogName { service: service.parse().ok()?, release: release.parse().ok()?, age })
}

/// The last lines of a file, without secrets.
pub(super) async fn tail(path: PathBuf, lines: usize, redactor: &Redactor) -> Vec<String> {
    let read = blocking(move || read_end(&path)).await;
    let text = read.map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut redactor = redactor.lines();
    let read = &all[all.len().saturating_sub(lines + KEY_LINES_MAX)..];
    let told: Vec<String> = read.iter().map(|line| cut(&redactor.redact(line))).collect();
    let kept = told.len().saturating_sub(lines);
    told.into_iter().skip(kept).collect()
}

/// A line as long as it is shown. Cut behind the redactor: half a secret is not recognised.
fn cut(line: &str) -> String {
    line.chars().take(LINE_MAX).collect()
}

/// The end of a file, and at which byte it begins; it begins with a whole line.
fn read_end(path: &Path) -> Result<(u64, Vec<u8>), PortError> {
    let read = || -> std::io::Result<(u64, Vec<u8>)> {
        let mut file = std::fs::File::open(path)?;
        let start = file.metadata()?.len().saturating_sub(READ_MAX);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(READ_MAX).read_to_end(&mut bytes)?;
        let skip =
            if start == 0 { 0 } else { bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1) };
        bytes.drain(..skip);
        Ok((start + skip as u64, bytes))
    };
    read().map_err(|cause| explain("read", path, &cause))
}

impl Machine {
    /// Notes times and rotates, until the platform is gone.
    pub(super) async fn logs_follow(self: std::sync::Arc<Self>) {
        let mut rounds = 0_u32;
        loop {
            for environment in self.environments() {
                let tidy = rounds.is_multiple_of(TIDY_EVERY);
                // Said now and then only: a full disk may stay full for long.
                if let Err(error) = self.logs_look(&environment, tidy).await
                    && tidy
                {
                    tracing::warn!(%error, environment = %environment.key, "logs can't be followed");
                }
            }
            if rounds.is_multiple_of(TIDY_EVERY) {
                self.releases_prune().await;
            }
            rounds = rounds.wrapping_add(1);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn logs_look(&self, environment: &Environment, tidy: bool) -> Result<(), PortError> {
        let (folder, now_ms) = (environment.folder.join("logs"), self.clock.now_ms());
        let open = if tidy { self.logs_open(environment) } else { BTreeSet::new() };
        let (seen, moved) = blocking(move || {
            let (mut seen, mut moved) = (Vec::new(), Vec::new());
            if tidy {
                bound(&folder, &open, FILES_MAX, FOLDER_MAX)?;
            }
            for path in entries(&folder)? {
                if log_name(&path).is_none_or(|name| name.age != 0) {
                    continue;
                }
                let length = std::fs::metadata(&path).map_or(0, |meta| meta.len());
                seen.push((path.clone(), length));
                if length > ROTATE_AT {
                    moved.push(rotate(&path)?);
                }
            }
            Ok((seen, moved))
        })
        .await?;
        let mut times = locked(&self.log_times);
        for (path, length) in seen {
            times.note(&path, length, now_ms);
        }
        for (from, to) in moved {
            times.rotated(&from, &to);
        }
        if tidy {
            times.0.retain(|path, _| path.exists());
        }
        Ok(())
    }

    /// The logs that processes hold open.
    fn logs_open(&self, environment: &Environment) -> BTreeSet<PathBuf> {
        let handles = environment.handles();
        let slots = handles.iter().map(|handle| &handle.slot);
        let instances = slots.map(|slot| environment.log_path(&slot.service, slot.release, slot.index));
        let jobs = self.jobs_running(&environment.key).into_iter();
        instances.chain(jobs.map(|(service, release)| job_log_path(environment, &service, release))).collect()
    }

    /// Notes what is in the log files already: those lines are as old as their file.
    pub(super) fn logs_begin(&self, environment: &Environment) -> Result<(), PortError> {
        for path in entries(&environment.folder.join("logs"))? {
            let length = std::fs::metadata(&path).map_or(0, |meta| meta.len());
            if let Some(at_ms) = modified_ms(&path) {
                locked(&self.log_times).note(&path, length, at_ms);
            }
        }
        Ok(())
    }

    /// The newest lines since an instant, oldest first.
    pub(super) async fn log_lines(
        &self,
        environment: &Environment,
        services: &[ServiceName],
        since_ms: EpochMs,
        limit: usize,
    ) -> Result<Vec<LogLine>, PortError> {
        self.logs_look(environment, false).await?;
        let mut files: Vec<(PathBuf, LogName)> = entries(&environment.folder.join("logs"))?
            .into_iter()
            .filter_map(|path| log_name(&path).map(|name| (path, name)))
            .filter(|(_, name)| services.is_empty() || services.contains(&name.service))
            .collect();
        // Older parts first, so that lines of the same time stay in their order.
        files.sort_by_key(|(_, name)| std::cmp::Reverse(name.age));
        let mut lines = Vec::new();
        // Rotation may cut a private key in two, so all parts of one log go through the same redactor.
        let mut redactors = HashMap::new();
        for (path, name) in files {
            let redactor = redactors.entry(path.with_extension("")).or_insert_with(|| self.redactor.lines());
            let file_ms = modified_ms(&path).unwrap_or_default();
            let of = path.clone();
            let Ok((mut offset, bytes)) = blocking(move || read_end(&of)).await else { continue };
            for raw in bytes.split_inclusive(|byte| *byte == b'\n') {
                offset += raw.len() as u64;
                let text = String::from_utf8_lossy(raw);
                let text = cut(&redactor.redact(text.trim_end()));
                let noted = || locked(&self.log_times).at(&path, offset).unwrap_or(file_ms);
                let at_ms = own_time(&text).unwrap_or_else(noted);
                if at_ms >= since_ms && !text.is_empty() {
                    let (service, release) = (name.service.clone(), name.release);
                    lines.push(LogLine { at_ms, service, release, text });
                }
            }
        }
        lines.sort_by_key(|line| line.at_ms);
        Ok(lines.split_off(lines.len().saturating_sub(limit)))
    }
}

/// The time a line itself begins with (RFC 3339), when it does.
fn own_time(line: &str) -> Option<EpochMs> {
    let word = line.split([' ', '\t']).next()?.trim_matches(['[', ']']);
    if word.len() < 20 {
        return None;
    }
    DateTime::parse_from_rfc3339(word).ok().map(|at| at.timestamp_millis())
}

fn modified_ms(path: &Path) -> Option<EpochMs> {
    let modified = std::fs::metadata(path).ok()?.modified().ok()?;
    i64::try_from(modified.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// Removes the files written to longest ago beyond so many, and beyond so many bytes of all together. Open ones count but
/// stay, however quiet: what is written to a removed file nobody sees, and no rotation keeps it short.
fn bound(folder: &Path, open: &BTreeSet<PathBuf>, files_max: usize, bytes_max: u64) -> Result<(), PortError> {
    let mut files = entries(folder)?;
    files.sort_by_cached_key(|path| (!open.contains(path), std::cmp::Reverse(modified_ms(path))));
    let mut bytes = 0;
    for (place, path) in files.iter().enumerate() {
        bytes += std::fs::metadata(path).map_or(0, |meta| meta.len());
        if (place >= files_max || bytes > bytes_max) && !open.contains(path) {
            file_remove(path)?;
        }
    }
    Ok(())
}

/// Copies and truncates. Lines written between the two are lost; the writers can't be told to open another file.
fn rotate(path: &Path) -> Result<(PathBuf, PathBuf), PortError> {
    let aged = |age: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{age}"));
        PathBuf::from(name)
    };
    let work = || -> std::io::Result<()> {
        for age in (1..ROTATED_KEPT).rev() {
            if aged(age).exists() {
                std::fs::rename(aged(age), aged(age + 1))?;
            }
        }
        std::fs::copy(path, aged(1))?;
        std::fs::OpenOptions::new().write(true).open(path)?.set_len(0)
    };
    work().map_err(|cause| explain("rotate", path, &cause))?;
    Ok((path.to_owned(), aged(1)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_line_has_its_own_time_or_the_time_its_file_grew() {
        assert_eq!(own_time("1970-01-01T00:00:01Z started"), Some(1_000));
        assert_eq!(own_time("started"), None);
        let (mut times, path) = (LogTimes::default(), Path::new("a"));
        times.note(path, 10, 100);
        times.note(path, 10, 200);
        times.note(path, 30, 300);
        assert_eq!(
            [times.at(path, 5), times.at(path, 10), times.at(path, 11), times.at(path, 31)],
            [Some(100), Some(100), Some(300), None]
        );
    }

    #[test]
    fn the_oldest_files_go_beyond_a_number_and_beyond_a_size() {
        let folder = tempfile::tempdir().unwrap();
        for age in 1..=4 {
            let path = folder.path().join(format!("api@{}.0.log", 5 - age));
            std::fs::write(&path, "x".repeat(100)).unwrap();
            let at = std::time::SystemTime::now() - Duration::from_secs(age * 60);
            std::fs::File::options().append(true).open(&path).unwrap().set_modified(at).unwrap();
        }
        let left = || {
            let names = entries(folder.path()).unwrap();
            names.iter().map(|path| name_of(path)).collect::<Vec<_>>()
        };
        let none = BTreeSet::new();
        bound(folder.path(), &none, 3, 1_000).unwrap();
        assert_eq!(left(), ["api@2.0.log", "api@3.0.log", "api@4.0.log"]);
        bound(folder.path(), &none, 3, 250).unwrap();
        assert_eq!(left(), ["api@3.0.log", "api@4.0.log"]);
        // The quieter one is the one that is still written to.
        let open = BTreeSet::from([folder.path().join("api@3.0.log")]);
        bound(folder.path(), &open, 1, 1_000).unwrap();
        assert_eq!(left(), ["api@3.0.log"]);
        bound(folder.path(), &open, 0, 0).unwrap();
        assert_eq!(left(), ["api@3.0.log"]);
    }

    #[test]
    fn rotation_keeps_three_and_empties_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("api@1.0.log");
        for round in 0..5 {
            std::fs::write(&log, format!("round {round}")).unwrap();
            rotate(&log).unwrap();
        }
        let names: Vec<String> = entries(folder.path()).unwrap().iter().map(|path| name_of(path)).collect();
        assert_eq!(names, ["api@1.0.log", "api@1.0.log.1", "api@1.0.log.2", "api@1.0.log.3"]);
        assert_eq!(std::fs::read_to_string(folder.path().join("api@1.0.log.1")).unwrap(), "round 4");
        assert_eq!(std::fs::metadata(&log).unwrap().len(), 0);
        let name = log_name(&folder.path().join("api@1.0.log.2")).unwrap();
        assert_eq!((name.service.as_str(), name.release, name.age), ("api", 1, 2));
    }
}
