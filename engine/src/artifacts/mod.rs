#![doc = include_str!("README.md")]

mod name;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::audit::Checkpoint;
use crate::model::RunId;
use crate::redact::Redactor;

pub use name::{ArtifactName, ArtifactNameError};

/// The folder, or beginning of a key, under which each run has its own.
const RUNS: &str = "runs";
/// The folder of the anchors: checkpoints of the record, `SEQ.json` each.
const CHECKPOINTS: &str = "checkpoints";

/// Where an artifact is and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRef {
    /// Its path within the store: `runs/r-3f2a/plan.json`.
    pub path: String,
    /// SHA-256 of the bytes kept, hexadecimal.
    pub sha256: String,
    /// How many bytes are kept.
    pub size: u64,
}

/// An artifact in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: ArtifactName,
    /// How many bytes it has.
    pub size: u64,
}

/// Why an artifact can't be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The store can't be opened.
    #[error(
        "artifacts can't be kept at {place}; name a folder that can be written to, or a URL this build supports"
    )]
    Open {
        /// The folder or URL.
        place: String,
        /// Why.
        source: StoreError,
    },
    /// The folder can't be made.
    #[error("the folder for artifacts, {folder}, can't be made; check its permissions or name another")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It was written before, with other content.
    #[error(
        "{path} was written before with other content (SHA-256 {kept}); artifacts are written once, so it stays as it is"
    )]
    Differs {
        /// Its path.
        path: String,
        /// The hash of what is kept.
        kept: String,
    },
    /// There is none of that name.
    #[error("run {run} has no {name}; `list` says what it has")]
    Missing {
        /// The run.
        run: RunId,
        /// The name asked for.
        name: ArtifactName,
    },
    /// The store does not answer as it should.
    #[error("{path} can't be {action}; check the artifact store")]
    Store {
        /// What was tried: written, read, listed.
        action: &'static str,
        /// To what.
        path: String,
        /// What the store said.
        source: StoreError,
    },
}

/// Keeps the artifacts of runs.
#[derive(Debug, Clone)]
pub struct Artifacts {
    store: Arc<dyn ObjectStore>,
    root: Path,
    /// The folder or URL, as people find it.
    place: String,
    redactor: Arc<Redactor>,
}

impl Artifacts {
    /// Opens a folder (made when missing) or a URL (`file:///…`, `memory:///`, and those of the providers built in).
    pub fn open(place: &str, redactor: Arc<Redactor>) -> Result<Self, ArtifactError> {
        if !place.contains("://") {
            return Self::open_folder(FilePath::new(place), redactor);
        }
        let open = |source| ArtifactError::Open { place: place.to_owned(), source };
        let url = place.parse().map_err(|error| {
            open(StoreError::Generic {
                store: "URL",
                source: Box::<dyn std::error::Error + Send + Sync>::from(error),
            })
        })?;
        let (store, root) = object_store::parse_url(&url).map_err(open)?;
        if url.scheme() == "file" {
            return Self::open_folder(&FilePath::new("/").join(root.as_ref()), redactor);
        }
        Ok(Self { store: Arc::from(store), root, place: place.trim_end_matches('/').to_owned(), redactor })
    }

    fn open_folder(folder: &FilePath, redactor: Arc<Redactor>) -> Result<Self, ArtifactError> {
        fs::create_dir_all(folder)
            .map_err(|source| ArtifactError::Folder { folder: folder.to_owned(), source })?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|source| ArtifactError::Open { place: folder.display().to_string(), source })?
            // The journal refers to artifacts as written: they must be on the disk when it does.
            .with_fsync(true);
        let place = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned()).display().to_string();
        Ok(Self { store: Arc::new(store), root: Path::ROOT, place, redactor })
    }

    /// Keeps an artifact, without its secrets. Putting the same again is fine and gives the same answer.
    pub async fn put(
        &self,
        run: &RunId,
        name: &ArtifactName,
        text: &[u8],
    ) -> Result<ArtifactRef, ArtifactError> {
        let path = self.path(run, name);
        let clean = self.clean(text);
        let made = reference(&path, &clean);
        let payload = PutPayload::from(clean.clone().into_bytes());
        match self.store.put_opts(&path, payload, PutMode::Create.into()).await {
            Ok(_) => Ok(made),
            Err(StoreError::AlreadyExists { .. }) => {
                let kept = self.get(run, name).await?;
                // A value may have become known as secret since: what is kept then differs only by that.
                if clean.as_bytes() == kept || clean == self.clean(&kept) {
                    Ok(reference_of(&path, &kept))
                } else {
                    Err(ArtifactError::Differs {
                        path: path.to_string(),
                        kept: reference_of(&path, &kept).sha256,
                    })
                }
            }
            Err(source) => Err(ArtifactError::Store { action: "written", path: path.to_string(), source }),
        }
    }

    /// What [`Self::put`] of this would give, without keeping it.
    pub fn reference(&self, run: &RunId, name: &ArtifactName, text: &[u8]) -> ArtifactRef {
        reference(&self.path(run, name), &self.clean(text))
    }

    /// Where a run's artifact is, and the hash of these bytes as they are.
    pub fn as_kept(&self, run: &RunId, name: &ArtifactName, bytes: &[u8]) -> ArtifactRef {
        reference_of(&self.path(run, name), bytes)
    }

    /// What is kept under a name.
    pub async fn get(&self, run: &RunId, name: &ArtifactName) -> Result<Vec<u8>, ArtifactError> {
        let path = self.path(run, name);
        let failed = |source| match source {
            StoreError::NotFound { .. } => ArtifactError::Missing { run: run.clone(), name: name.clone() },
            source => ArtifactError::Store { action: "read", path: path.to_string(), source },
        };
        let found = self.store.get(&path).await.map_err(failed)?;
        Ok(found.bytes().await.map_err(failed)?.to_vec())
    }

    /// What is kept under a name, for showing: without what has become known as secret since.
    pub async fn read(&self, run: &RunId, name: &ArtifactName) -> Result<String, ArtifactError> {
        Ok(self.clean(&self.get(run, name).await?))
    }

    /// Where people find what a run has: a folder, or the beginning of a URL.
    pub fn place_of(&self, run: &RunId) -> String {
        format!("{}/{RUNS}/{run}", self.place)
    }

    /// What a run has, by name; empty when it has nothing. Files that are no artifacts are passed over.
    pub async fn list(&self, run: &RunId) -> Result<Vec<Listed>, ArtifactError> {
        let folder = self.root.clone().join(RUNS).join(run.as_str());
        let found: Vec<_> = self
            .store
            .list(Some(&folder))
            .try_collect()
            .await
            .map_err(|source| ArtifactError::Store { action: "listed", path: folder.to_string(), source })?;
        let within = format!("{folder}/");
        let mut listed: Vec<_> = found
            .iter()
            .filter_map(|object| {
                let name = object.location.as_ref().strip_prefix(&within)?.parse().ok()?;
                Some(Listed { name, size: object.size })
            })
            .collect();
        listed.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(listed)
    }

    /// Anchors a checkpoint of the record: `checkpoints/SEQ.json`, written once. Another checkpoint of the same place and
    /// hash is fine and leaves the first; of another hash it says that the record is not the one it was.
    pub async fn anchor(&self, checkpoint: &Checkpoint) -> Result<(), ArtifactError> {
        let path = self.root.clone().join(CHECKPOINTS).join(format!("{}.json", checkpoint.seq));
        let failed = |action| {
            let path = path.to_string();
            move |source| ArtifactError::Store { action, path, source }
        };
        let text = format!("{}\n", serde_json::to_value(checkpoint).unwrap_or_default());
        match self.store.put_opts(&path, PutPayload::from(text), PutMode::Create.into()).await {
            Ok(_) => Ok(()),
            Err(StoreError::AlreadyExists { .. }) => {
                let kept = self.store.get(&path).await.map_err(failed("read"))?;
                let kept = kept.bytes().await.map_err(failed("read"))?;
                let there: Option<Checkpoint> = serde_json::from_slice(&kept).ok();
                if there.is_some_and(|there| there.hash == checkpoint.hash) {
                    return Ok(());
                }
                Err(ArtifactError::Differs {
                    path: path.to_string(),
                    kept: reference_of(&path, &kept).sha256,
                })
            }
            Err(source) => Err(failed("written")(source)),
        }
    }

    fn path(&self, run: &RunId, name: &ArtifactName) -> Path {
        let name = name.to_string();
        name.split('/').fold(self.root.clone().join(RUNS).join(run.as_str()), object_store::path::Path::join)
    }

    /// Artifacts are text; bytes that are not (a program's broken output) become `�` so that redaction sees all of it.
    fn clean(&self, text: &[u8]) -> String {
        self.redactor.redact(&String::from_utf8_lossy(text)).into_owned()
    }
}

fn reference(path: &Path, text: &str) -> ArtifactRef {
    reference_of(path, text.as_bytes())
}

fn reference_of(path: &Path, bytes: &[u8]) -> ArtifactRef {
    ArtifactRef {
        path: path.to_string(),
        sha256: hex::encode(Sha256::digest(bytes)),
        size: bytes.len() as u64,
    }
}
