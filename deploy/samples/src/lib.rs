#![doc = include_str!("../README.md")]

mod git;
mod history;
mod load;

pub use load::{Answers, Load, Page, Tally};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io, process};

/// What the project description is called, in the folder that [`materialise`] makes.
pub const PROJECT_FILE: &str = "infra-chat.project.yaml";
/// The project description itself, for those who need the sample's names without a folder.
pub const PROJECT_YAML: &str = include_str!("../invoice-perfect/infra-chat.project.yaml");
/// The git repository beside it; the description's `source` points here.
pub const REPOSITORY: &str = "repository";

/// A sample project on disk, ready for `infra-chat project import`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Materialised {
    /// The project description.
    pub project_file: PathBuf,
    /// The git repository with the sample's releases, `main` checked out.
    pub repository: PathBuf,
    /// The commit `main` is at.
    pub main: String,
    /// Each release's tag and its commit, as the repository has them now.
    pub tags: BTreeMap<String, String>,
    /// Whether this call made it; otherwise it was there and has been left as it was.
    pub created: bool,
}

/// Why the sample project could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// There is no `git` program on the search path.
    #[error("`git` was not found, and the sample project is a git repository: install git, then start again")]
    GitMissing,
    /// A `git` command failed.
    #[error("`git {command}` failed while making the sample project: {said}")]
    Git {
        /// The command's words, without `git`.
        command: String,
        /// What it said on standard error.
        said: String,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {doing} {}", path.display())]
    Folder {
        /// What was tried, as a verb.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The folder has something else in it, which is not ours to overwrite.
    #[error(
        "{} is there, but is not a whole sample project: move or delete it, then start again, and it is made anew",
        folder.display()
    )]
    NotASample {
        /// The folder that was asked for.
        folder: PathBuf,
    },
    /// The embedded history contradicts itself; the tests of this crate keep that from happening.
    #[error("release `{step}` of the sample starts from `{start}`, which is no earlier release")]
    History {
        /// The folder of `history/`.
        step: String,
        /// The tag in its `START_FROM`.
        start: String,
    },
}

/// Makes the sample project in `folder`: its description and its git repository, with the same commit ids on every
/// machine. What is already there is left as it is, so people's own commits survive; an interrupted call leaves
/// no half-made `folder`, and of two calls at once one makes it and both succeed.
pub fn materialise(folder: &Path) -> Result<Materialised, SampleError> {
    if !is_vacant(folder)? {
        return existing(folder);
    }
    let draft = Draft::beside(folder)?;
    let repository = draft.path.join(REPOSITORY);
    write(&draft.path.join(PROJECT_FILE), PROJECT_YAML)?;
    git::create(&repository, &history::fast_import(history::FILES)?)?;
    match fs::rename(&draft.path, folder) {
        Ok(()) => Ok(Materialised { created: true, ..existing(folder)? }),
        // Somebody else was quicker; theirs is as good as ours.
        Err(_) if !is_vacant(folder)? => existing(folder),
        Err(source) => Err(SampleError::Folder { doing: "make", path: folder.to_owned(), source }),
    }
}

/// The sample project that is in `folder`.
fn existing(folder: &Path) -> Result<Materialised, SampleError> {
    let (project_file, repository) = (folder.join(PROJECT_FILE), folder.join(REPOSITORY));
    let whole = project_file.is_file() && repository.join(".git").is_dir();
    let (main, tags) = if whole { git::read(&repository)? } else { (None, BTreeMap::new()) };
    let main = main.ok_or_else(|| SampleError::NotASample { folder: folder.to_owned() })?;
    Ok(Materialised { project_file, repository, main, tags, created: false })
}

/// Whether `folder` is missing or empty.
fn is_vacant(folder: &Path) -> Result<bool, SampleError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(SampleError::Folder { doing: "read", path: folder.to_owned(), source }),
    }
}

fn write(path: &Path, text: &str) -> Result<(), SampleError> {
    fs::write(path, text).map_err(|source| SampleError::Folder {
        doing: "write",
        path: path.to_owned(),
        source,
    })
}

/// A folder on the same file system to work in, renamed when it is whole, removed when it is not.
struct Draft {
    path: PathBuf,
}

impl Draft {
    fn beside(folder: &Path) -> Result<Self, SampleError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.with_file_name(format!(".{name}.making-{}-{number}", process::id()));
        let draft = Self { path };
        // Left over from a killed process that had our number.
        let _ = fs::remove_dir_all(&draft.path);
        match fs::create_dir_all(&draft.path) {
            Ok(()) => Ok(draft),
            Err(source) => Err(SampleError::Folder { doing: "make", path: draft.path.clone(), source }),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Renamed away when all went well, and then there is nothing to remove.
        let _ = fs::remove_dir_all(&self.path);
    }
}
