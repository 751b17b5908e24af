//! The weights on disk. The file is written whole to a neighbour, flushed and renamed, so a crash leaves either the old
//! weights or the new ones, never half of each.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use engine::model::{EnvironmentKey, ServiceName};
use engine::ports::{PortError, Weight};
use serde::{Deserialize, Serialize};

/// The format this program writes and the newest it reads.
const VERSION: u32 = 1;

/// The weights of every service that has traffic.
pub(crate) type Weights = BTreeMap<(EnvironmentKey, ServiceName), Vec<Weight>>;

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    services: Vec<SavedService>,
}

#[derive(Serialize, Deserialize)]
struct SavedService {
    environment: EnvironmentKey,
    service: ServiceName,
    weights: Vec<Weight>,
}

/// Where the weights are kept.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
}

impl StateFile {
    /// A file that need not be there yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Reads it; nothing when it is not there.
    pub(crate) fn load(&self) -> Result<Weights, PortError> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Weights::new()),
            Err(error) => {
                return Err(PortError::fail(
                    format!("The edge can't read its weights from {}: {error}", self.path.display()),
                    "Give this user the right to read and write that file, then start again.",
                ));
            }
        };
        let saved: Saved = serde_json::from_slice(&text).map_err(|error| {
            PortError::fail(
                format!("The edge's weights in {} are damaged: {error}", self.path.display()),
                "Move the file away and start again; the next deploy or rollback sets the weights anew.",
            )
        })?;
        if saved.version > VERSION {
            return Err(PortError::fail(
                format!(
                    "The edge's weights in {} were written by a newer program (format {}, this one knows {VERSION})",
                    self.path.display(),
                    saved.version
                ),
                "Start the newer program again.",
            ));
        }
        Ok(saved.services.into_iter().map(|one| ((one.environment, one.service), one.weights)).collect())
    }

    /// Writes it, durably. Nothing has changed on disk when this fails.
    pub(crate) fn save(&self, weights: &Weights) -> Result<(), PortError> {
        self.write(weights).map_err(|error| {
            PortError::retry(format!("The edge can't write its weights to {}: {error}", self.path.display()))
        })
    }

    fn write(&self, weights: &Weights) -> io::Result<()> {
        let services = weights
            .iter()
            .map(|((environment, service), weights)| SavedService {
                environment: environment.clone(),
                service: service.clone(),
                weights: weights.clone(),
            })
            .collect();
        let text = serde_json::to_vec_pretty(&Saved { version: VERSION, services })?;
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder)?;
        let neighbour = self.path.with_extension("new");
        let mut file = File::create(&neighbour)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&neighbour, &self.path)?;
        // The rename itself lives in the folder.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;

    fn weights() -> Weights {
        let key = ("shop/staging".parse().unwrap(), "api".parse().unwrap());
        Weights::from([(key, vec![Weight { release: 12, percent: 90 }, Weight { release: 13, percent: 10 }])])
    }

    #[test]
    fn what_was_saved_is_loaded_and_no_neighbour_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::new(folder.path().join("deep").join("edge.json"));
        assert_eq!(file.load().unwrap(), Weights::new());
        file.save(&weights()).unwrap();
        assert_eq!(file.load().unwrap(), weights());
        assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_or_newer_file_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("edge.json");
        let file = StateFile::new(path.clone());
        for text in ["{", r#"{"version": 9, "services": []}"#] {
            fs::write(&path, text).unwrap();
            let Err(PortError::Fail { what, hint }) = file.load() else { panic!("{text} was loaded") };
            assert!(what.contains("edge.json") && !hint.is_empty(), "{what}");
        }
    }

    #[test]
    fn weights_that_cannot_be_written_are_a_failure_to_try_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let file = StateFile::new(folder.path().join("file").join("edge.json"));
        assert!(matches!(file.save(&weights()), Err(PortError::Retry { .. })));
    }
}
