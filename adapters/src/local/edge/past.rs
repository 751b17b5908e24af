//! What releases answered in the last minutes, on disk: a canary that begins right after a restart is judged by what the stable
//! version did before it.
//!
//! The file is no record. It is written every few seconds without being forced to disk, and one that can't be read loses
//! nothing but itself: a judge without a past is only slower.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engine::canary::Side;
use engine::model::{EnvironmentKey, ServiceName};
use engine::ports::Served;
use serde::{Deserialize, Serialize};

use super::counts::{LATENCY_BOUNDS_MS, LATENCY_BUCKETS};
use super::seconds::{KEPT_S, SPAN_S, Spans};

/// How often it is written: what a killed program loses.
pub(crate) const PAST_EVERY: Duration = Duration::from_secs(5);

/// The format this program writes, and the only one it reads.
const VERSION: u32 = 1;

/// What each release of each service answered.
pub(crate) type Past = BTreeMap<(EnvironmentKey, ServiceName), BTreeMap<u32, Spans>>;

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    /// Samples counted by other bounds say nothing here.
    bounds_ms: Vec<u64>,
    services: Vec<SavedService>,
}

#[derive(Serialize, Deserialize)]
struct SavedService {
    environment: EnvironmentKey,
    service: ServiceName,
    releases: BTreeMap<u32, Vec<SavedSpan>>,
}

/// The first second; requests, errors, lanes, lanes with an error; samples by latency bucket.
#[derive(Serialize, Deserialize)]
struct SavedSpan(i64, [u64; 4], [u64; LATENCY_BUCKETS]);

/// Where it is kept.
#[derive(Debug)]
pub(crate) struct PastFile {
    path: PathBuf,
    /// What stands there, and whether it could not be written the last time.
    last: Mutex<(Vec<u8>, bool)>,
}

impl PastFile {
    /// A file that need not be there yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, last: Mutex::default() }
    }

    /// What it has of the last minutes before a second. What can't be read is left out, and the log says so.
    pub(crate) fn load(&self, now_s: i64) -> Past {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Past::new(),
            Err(error) => return self.lost(&error.to_string()),
        };
        let saved: Saved = match serde_json::from_slice(&text) {
            Ok(saved) => saved,
            Err(error) => return self.lost(&error.to_string()),
        };
        if saved.version != VERSION || saved.bounds_ms != LATENCY_BOUNDS_MS {
            return self.lost("another version of this program wrote it");
        }
        let young = |at_s: i64| at_s > now_s - KEPT_S && at_s <= now_s;
        let services = saved.services.into_iter().map(|one| {
            let releases = one.releases.into_iter().map(|(release, spans)| {
                let spans = spans.into_iter().filter(|span| young(span.0)).map(SavedSpan::read);
                (release, spans.collect())
            });
            ((one.environment, one.service), releases.collect())
        });
        services.collect()
    }

    /// Writes it whole to a neighbour and renames that, if anything is new.
    pub(crate) fn save(&self, past: Past) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match self.write(past, &last.0) {
            Ok(text) => *last = (text, false),
            Err(error) => {
                if !std::mem::replace(&mut last.1, true) {
                    tracing::warn!(
                        %error,
                        file = %self.path.display(),
                        "what services answered can't be kept: after a restart a canary has no past to be compared with"
                    );
                }
            }
        }
    }

    fn write(&self, past: Past, last: &[u8]) -> io::Result<Vec<u8>> {
        let services = past.into_iter().map(|((environment, service), releases)| SavedService {
            environment,
            service,
            releases: releases
                .into_iter()
                .map(|(release, spans)| (release, spans.into_iter().map(SavedSpan::of).collect()))
                .collect(),
        });
        let bounds_ms = LATENCY_BOUNDS_MS.to_vec();
        let saved = Saved { version: VERSION, bounds_ms, services: services.collect() };
        let text = serde_json::to_vec(&saved)?;
        if text != last {
            let neighbour = self.path.with_extension("new");
            fs::write(&neighbour, &text)?;
            fs::rename(&neighbour, &self.path)?;
        }
        Ok(text)
    }

    fn lost(&self, why: &str) -> Past {
        tracing::warn!(
            file = %self.path.display(),
            "what services answered before this start can't be read, and is begun anew: {why}"
        );
        Past::new()
    }
}

impl SavedSpan {
    fn of((at_s, served): (i64, Served)) -> Self {
        let Side { requests, errors, lanes, error_lanes } = served.counts;
        let samples = |bucket: usize| served.latency.get(bucket).copied().unwrap_or_default();
        Self(at_s, [requests, errors, lanes, error_lanes], std::array::from_fn(samples))
    }

    fn read(self) -> (i64, Served) {
        let [requests, errors, lanes, error_lanes] = self.1;
        let counts = Side { requests, errors, lanes, error_lanes }.sane();
        (self.0.div_euclid(SPAN_S) * SPAN_S, Served { counts, latency: self.2.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn past() -> Past {
        let key = ("shop/staging".parse().unwrap(), "api".parse().unwrap());
        let mut latency = vec![0; LATENCY_BUCKETS];
        latency[3] = 9;
        let counts = Side { requests: 9, errors: 2, lanes: 5, error_lanes: 1 };
        let spans = Spans::from([(1_000, Served { counts, latency })]);
        Past::from([(key, BTreeMap::from([(12, spans)]))])
    }

    #[test]
    fn what_was_saved_is_loaded_while_it_is_young() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("past.json");
        PastFile::new(path.clone()).save(past());
        let loaded = |now_s| PastFile::new(path.clone()).load(now_s);
        assert_eq!(loaded(1_009), past());
        assert_eq!(loaded(1_000 + KEPT_S - 1), past());
        for now_s in [1_000 + KEPT_S, 999] {
            assert!(loaded(now_s).values().flat_map(BTreeMap::values).all(BTreeMap::is_empty), "{now_s}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_torn_or_foreign_file_loses_nothing_but_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("past.json");
        let file = PastFile::new(path.clone());
        file.save(past());
        let whole = fs::read_to_string(&path).unwrap();
        for text in [
            &whole[..whole.len() / 2],
            "",
            &whole.replace("\"version\":1", "\"version\":0"),
            &whole.replace("60000", "60001"),
            &whole.replace("\"api\"", "\"no name\""),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(file.load(1_009), Past::new(), "{text}");
        }
        let again = PastFile::new(path.clone());
        again.save(past());
        assert_eq!(again.load(1_009), past());
    }

    #[test]
    fn what_cannot_be_written_is_written_when_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let file = PastFile::new(folder.path().join("later").join("past.json"));
        file.save(past());
        fs::create_dir(folder.path().join("later")).unwrap();
        file.save(past());
        assert_eq!(file.load(1_009), past());
    }
}
