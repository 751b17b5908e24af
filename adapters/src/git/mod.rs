#![doc = include_str!("README.md")]

mod login;
mod mirror;
mod program;
mod reference;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use engine::model::Source;
use engine::ports::{CodeHost, Commit, PortError, SecretSource, SourceFile};
use engine::secrets::SecretRef;

use mirror::Mirror;
pub use program::Patience;
pub(crate) use program::Progress;
use reference::{hint_for_unknown, is_commit_id, is_full_commit_id, reference_check};
use words::shown;

/// The longest list of refs that is read for suggestions.
const REFERENCES_MAX: usize = 2_000;
/// The most files a folder may hold for `files`.
const FILES_MAX: usize = 5_000;
/// The separator between the fields of a commit, which no subject contains.
const FIELD: char = '\u{1f}';

/// For questions nobody watches.
const UNTOLD: Progress<'static> = &|_| {};

/// A repository's address, and the login it is asked with: what one login may see must not be shown for another.
type Origin = (String, Option<SecretRef>);

/// Code in git repositories, through the `git` program.
pub struct GitHost {
    program: OsString,
    folder: PathBuf,
    secrets: Option<Arc<dyn SecretSource>>,
    patience: Patience,
    stand_ins: BTreeMap<String, PathBuf>,
    mirrors: Mutex<HashMap<Origin, Arc<Mirror>>>,
}

impl std::fmt::Debug for GitHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitHost").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl GitHost {
    /// A host that keeps its mirrors under `<data>/git`. Nothing is written before the first question.
    pub fn new(data: &Path) -> Self {
        Self::with_program(data, "git")
    }

    /// The same with another program than the `git` on the PATH.
    pub fn with_program(data: &Path, program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            folder: data.join("git"),
            secrets: None,
            patience: Patience::default(),
            stand_ins: BTreeMap::new(),
            mirrors: Mutex::default(),
        }
    }

    /// Opens the secrets that sources name as their credentials; without, such sources can't be read.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Arc<dyn SecretSource>) -> Self {
        self.secrets = Some(secrets);
        self
    }

    /// Reads repositories of these addresses from these folders: of simulators, which have no GitHub.
    #[must_use]
    pub fn with_stand_ins(mut self, stand_ins: BTreeMap<String, PathBuf>) -> Self {
        self.stand_ins = stand_ins;
        self
    }

    /// Gives fetches other limits than the usual ones.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Whether git can be run; the error says how to get it.
    pub async fn available(&self) -> Result<(), PortError> {
        program::git(&self.program, &["--version"]).run().await.map(|_| ())
    }

    /// Writes the files of a commit into `folder`, which must not be there yet: whole or not at all.
    /// `progress` is told how far git is when it must fetch first.
    pub async fn checkout(
        &self,
        source: &Source,
        commit: &str,
        folder: &Path,
        progress: Progress<'_>,
    ) -> Result<(), PortError> {
        let mirror = self.mirror_with(source, &[commit], progress).await?;
        mirror.checkout(commit, folder).await
    }

    fn mirror(&self, source: &Source) -> Result<Arc<Mirror>, PortError> {
        let mut mirrors = self.mirrors.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (source.repository.clone(), source.credentials.clone());
        if let Some(mirror) = mirrors.get(&key) {
            return Ok(Arc::clone(mirror));
        }
        let mut at = source.clone();
        if let Some(folder) = self.stand_ins.get(&source.repository) {
            at.repository = folder.display().to_string();
        }
        let mirror =
            Arc::new(Mirror::new(&self.program, &self.folder, &at, self.secrets.clone(), self.patience)?);
        mirrors.insert(key, Arc::clone(&mirror));
        Ok(mirror)
    }

    /// The mirror, fetched only if one of the commits is not in it.
    async fn mirror_with(
        &self,
        source: &Source,
        commits: &[&str],
        progress: Progress<'_>,
    ) -> Result<Arc<Mirror>, PortError> {
        let mirror = self.mirror(source)?;
        for commit in commits {
            if !is_commit_id(commit) {
                return Err(PortError::fail(
                    format!("`{commit}` is not a commit id"),
                    "Give the full commit id.",
                ));
            }
        }
        let mut missing = false;
        for commit in commits {
            missing |= mirror.commit_look(commit).await?.is_none();
        }
        if missing {
            mirror.fetch(progress).await?;
            for commit in commits {
                if mirror.commit_look(commit).await?.is_none() {
                    let what = format!("commit {commit} is not in {}", shown(&source.repository));
                    return Err(PortError::fail(
                        what,
                        "It may have been removed by a forced push; name another ref.",
                    ));
                }
            }
        }
        Ok(mirror)
    }
}

#[async_trait]
impl CodeHost for GitHost {
    async fn resolve(&self, source: &Source, reference: Option<&str>) -> Result<Commit, PortError> {
        let mirror = self.mirror(source)?;
        if let Some(reference) = reference {
            reference_check(reference)?;
        }
        let known = match reference.filter(|word| is_full_commit_id(word)) {
            Some(id) => mirror.commit_look(id).await?,
            None => None,
        };
        if let Some(commit) = known {
            return commit_describe(&mirror, &commit).await;
        }
        mirror.fetch(UNTOLD).await?;
        let found = match reference {
            None => Some(mirror.default_commit().await?),
            Some(word) => mirror.look_up(word).await?,
        };
        if let Some(commit) = found {
            return commit_describe(&mirror, &commit).await;
        }
        let word = reference.unwrap_or_default();
        let known = references_read(&mirror, REFERENCES_MAX).await?;
        let what = format!("{} has no tag, branch or commit `{word}`", shown(&source.repository));
        Err(PortError::fail(what, hint_for_unknown(word, &known)))
    }

    async fn default_branch(&self, source: &Source) -> Result<Option<String>, PortError> {
        Ok(self.mirror(source)?.head().await?.branch)
    }

    async fn references(&self, source: &Source, limit: usize) -> Result<Vec<String>, PortError> {
        let mirror = self.mirror(source)?;
        mirror.fetch(UNTOLD).await?;
        references_read(&mirror, limit).await
    }

    async fn compare(
        &self,
        source: &Source,
        from: &str,
        to: &str,
        limit: usize,
    ) -> Result<Vec<Commit>, PortError> {
        let mirror = self.mirror_with(source, &[from, to], UNTOLD).await?;
        let (most, range) = (format!("--max-count={limit}"), format!("{from}..{to}"));
        let text =
            mirror.git(&["log", &most, &commit_format(), "--end-of-options", &range, "--"]).run().await?;
        Ok(text.lines().filter_map(commit_parse).collect())
    }

    async fn files(&self, source: &Source, commit: &str, folder: &str) -> Result<Vec<SourceFile>, PortError> {
        let folder = folder_normal(folder)?;
        let mirror = self.mirror_with(source, &[commit], UNTOLD).await?;
        let tree = format!("{commit}:{folder}");
        if mirror.git(&["cat-file", "-e", "--end-of-options", &tree]).succeeds().await?.is_none() {
            return Ok(Vec::new());
        }
        let listing = mirror.git(&["ls-tree", "-z", "--end-of-options", &tree]).run().await?;
        let mut files = Vec::new();
        for entry in listing.split('\0').filter(|entry| !entry.is_empty()) {
            let Some((meta, name)) = entry.split_once('\t') else { continue };
            let mut meta = meta.split(' ');
            let (mode, kind, object) = (meta.next(), meta.next(), meta.next());
            // A symbolic link is a blob too, but what is in it is a path.
            if let (Some("100644" | "100755"), Some("blob"), Some(object)) = (mode, kind, object) {
                files.push((name.to_owned(), object.to_owned()));
            }
        }
        if files.len() > FILES_MAX {
            let what = format!("the folder `{folder}` of commit {commit} holds {} files", files.len());
            return Err(PortError::fail(
                what,
                format!("At most {FILES_MAX} are read; move the others elsewhere."),
            ));
        }
        files.sort();
        mirror.blobs(files).await
    }
}

fn commit_format() -> String {
    format!("--format=%H{FIELD}%ct{FIELD}%an{FIELD}%s")
}

fn commit_parse(line: &str) -> Option<Commit> {
    let mut fields = line.splitn(4, FIELD);
    let (id, seconds, author) = (fields.next()?, fields.next()?, fields.next()?);
    Some(Commit {
        id: id.to_owned(),
        subject: fields.next()?.to_owned(),
        author: author.to_owned(),
        at_ms: seconds.parse::<i64>().ok()? * 1_000,
    })
}

async fn commit_describe(mirror: &Mirror, commit: &str) -> Result<Commit, PortError> {
    let text = mirror
        .git(&["log", "--max-count=1", &commit_format(), "--end-of-options", commit, "--"])
        .run()
        .await?;
    text.lines().next().and_then(commit_parse).ok_or_else(|| {
        PortError::fail(format!("git described commit {commit} in a way that can't be read"), "Update git.")
    })
}

async fn references_read(mirror: &Mirror, limit: usize) -> Result<Vec<String>, PortError> {
    let text = mirror
        .git(&[
            "for-each-ref",
            "--sort=-creatordate",
            "--format=%(refname:lstrip=2)",
            "refs/tags",
            "refs/heads",
        ])
        .run()
        .await?;
    let mut seen = BTreeSet::new();
    Ok(text.lines().filter(|name| seen.insert(*name)).take(limit).map(str::to_owned).collect())
}

/// A folder inside a repository as git writes it: no leading `./`, no trailing `/`, empty for the root.
fn folder_normal(folder: &str) -> Result<String, PortError> {
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") || folder.starts_with('/') || folder.contains('\0') {
        let what = format!("`{folder}` is not a folder inside the repository");
        return Err(PortError::fail(what, "Give a path relative to the repository's root, without `..`."));
    }
    Ok(parts.join("/"))
}
