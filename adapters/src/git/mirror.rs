//! The bare copy of one repository, and what is read from it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::model::{Source, holds_login};
use engine::ports::{PortError, SecretSource, SourceFile};
use engine::secrets::SecretRef;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::login::Login;
use super::program::{Git, Patience, Progress, beside, git};
use super::reference::is_commit_id;
use super::words::shown;

/// Words with which git says that the mirror itself is broken: a lock of a killed git, half-written objects.
const DAMAGED: [&str; 4] = [".lock'", "corrupt", "bad object", "unable to read tree"];

/// A bare mirror of one repository.
pub(super) struct Mirror {
    program: OsString,
    repository: String,
    folder: PathBuf,
    /// Holds git's global configuration for our calls: repositories of other owners may be read.
    config: PathBuf,
    credentials: Option<SecretRef>,
    secrets: Option<Arc<dyn SecretSource>>,
    patience: Patience,
    fetching: Mutex<()>,
}

/// Where a repository's HEAD stands.
pub(super) struct Head {
    /// The branch it follows; absent when it stands on a bare commit.
    pub(super) branch: Option<String>,
    /// The commit it is at; absent in an empty repository.
    commit: Option<String>,
}

impl Mirror {
    /// The mirror of a repository under `folder`; nothing is written yet.
    pub(super) fn new(
        program: &OsStr,
        folder: &Path,
        source: &Source,
        secrets: Option<Arc<dyn SecretSource>>,
        patience: Patience,
    ) -> Result<Self, PortError> {
        let repository = source.repository.as_str();
        if holds_login(repository) {
            let what =
                format!("the address of {} holds a login, which everybody could see", shown(repository));
            return Err(PortError::fail(
                what,
                "Take it out of the project's description, keep it with `infra-chat secret set \
                 PROJECT/ENVIRONMENT/git-token`, and name it: `credentials: secretref://PROJECT/ENVIRONMENT/git-token`.",
            ));
        }
        let local = Path::new(repository).is_absolute();
        let remote = !repository.starts_with('-') && repository.contains(':') && !repository.contains("::");
        if !(local || remote) || repository.contains(char::is_control) {
            let what = format!("`{}` is not the address of a repository", shown(repository));
            return Err(PortError::fail(
                what,
                "Give an absolute path, `https://…`, `ssh://…` or `git@host:path`.",
            ));
        }
        // Who may not read a repository does not get it from the mirror of somebody who may.
        let whose = source.credentials.as_ref().map_or(String::new(), |secret| format!("\n{secret}"));
        let name = hex::encode(&Sha256::digest(format!("{repository}{whose}").as_bytes())[..12]);
        Ok(Self {
            program: program.to_owned(),
            repository: repository.to_owned(),
            folder: folder.join(format!("{name}.git")),
            config: folder.join("config"),
            credentials: source.credentials.clone(),
            secrets,
            patience,
            fetching: Mutex::default(),
        })
    }

    /// A call of git on the mirror.
    pub(super) fn git<'p>(&self, arguments: &[&str]) -> Git<'p> {
        git(&self.program, arguments).in_repository(&self.folder).about(&self.repository)
    }

    /// Brings the mirror up to date: all branches and tags, those gone removed.
    pub(super) async fn fetch(&self, progress: Progress<'_>) -> Result<(), PortError> {
        let _one_at_a_time = self.fetching.lock().await;
        if Path::new(&self.repository).is_absolute() && !Path::new(&self.repository).is_dir() {
            let what = format!("there is no folder {}", self.repository);
            return Err(PortError::fail(
                what,
                "Check the source's repository; it may have been moved or deleted.",
            ));
        }
        match self.fetch_once(progress).await {
            Err(PortError::Fail { what, .. }) if DAMAGED.iter().any(|word| what.contains(word)) => {
                // The mirror is only a copy: what a killed git left of it is thrown away.
                tracing::warn!(mirror = %self.folder.display(), what, "making the mirror anew");
                tokio::fs::remove_dir_all(&self.folder).await.map_err(|cause| self.unwritable(&cause))?;
                self.fetch_once(progress).await
            }
            other => other,
        }
    }

    async fn fetch_once(&self, progress: Progress<'_>) -> Result<(), PortError> {
        self.create().await?;
        let refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        let fetch = [
            "fetch",
            // Progress is how we tell a slow fetch from a dead one.
            "--progress",
            "--prune",
            "--force",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
        ];
        let mut arguments = fetch.to_vec();
        arguments.extend(["--", &self.repository]);
        arguments.extend(refs);
        let login = self.login().await?;
        let call = self.git(&arguments).variable("GIT_CONFIG_GLOBAL", &self.config);
        call.far(self.patience, login).telling(progress).run().await?;
        Ok(())
    }

    async fn login(&self) -> Result<Option<Login>, PortError> {
        let Some(secret) = &self.credentials else { return Ok(None) };
        let Some(secrets) = &self.secrets else {
            let what =
                format!("{} can't be read here: this command opens no secrets", shown(&self.repository));
            return Err(PortError::fail(what, "Use `infra-chat run` or the chat."));
        };
        let reader = format!("git, for {}", shown(&self.repository));
        let value = secrets.secret_read(&secret.environment, &secret.name, None, &reader).await?;
        Login::of(&self.repository, secret, &value).map(Some)
    }

    fn unwritable(&self, cause: &std::io::Error) -> PortError {
        let what = format!("the mirror {} can't be written: {cause}", self.folder.display());
        PortError::fail(what, "Check that the data folder is writable and its disk not full.")
    }

    async fn create(&self) -> Result<(), PortError> {
        if self.folder.join("HEAD").is_file() && self.config.is_file() {
            return Ok(());
        }
        let unwritable = |cause: std::io::Error| self.unwritable(&cause);
        if let Some(parent) = self.folder.parent() {
            tokio::fs::create_dir_all(parent).await.map_err(unwritable)?;
        }
        tokio::fs::write(&self.config, "[safe]\n\tdirectory = *\n").await.map_err(unwritable)?;
        let fresh = beside(&self.folder, "new");
        git(&self.program, &["init", "--quiet", "--bare", "--template=", "--", &fresh.to_string_lossy()])
            .run()
            .await?;
        tokio::fs::rename(&fresh, &self.folder).await.map_err(unwritable)
    }

    /// Where the repository's own HEAD stands.
    pub(super) async fn head(&self) -> Result<Head, PortError> {
        let asked = git(&self.program, &["ls-remote", "--symref", "--", &self.repository, "HEAD"])
            .about(&self.repository);
        let login = self.login().await?;
        let asked = asked.variable("GIT_CONFIG_GLOBAL", &self.config);
        let text = asked.far(self.patience, login).run().await?;
        let branch = text
            .lines()
            .find_map(|line| line.strip_prefix("ref: ")?.split('\t').next()?.strip_prefix("refs/heads/"));
        let commit = text.lines().find_map(|line| line.strip_suffix("\tHEAD").filter(|id| is_commit_id(id)));
        Ok(Head { branch: branch.map(str::to_owned), commit: commit.map(str::to_owned) })
    }

    /// The commit that the repository's own HEAD stands for.
    pub(super) async fn default_commit(&self) -> Result<String, PortError> {
        let head = self.head().await?;
        let named = match head.branch {
            Some(branch) => self.commit_of(&format!("refs/heads/{branch}")).await?,
            None => None,
        };
        match (named, head.commit) {
            (Some(commit), _) | (None, Some(commit)) => Ok(commit),
            (None, None) => {
                let what = format!("{} has no commit on its default branch", shown(&self.repository));
                Err(PortError::fail(what, "Commit something there, or name a tag or branch."))
            }
        }
    }

    /// What a word stands for: a tag, else a branch, else a commit.
    pub(super) async fn look_up(&self, word: &str) -> Result<Option<String>, PortError> {
        for name in [format!("refs/tags/{word}"), format!("refs/heads/{word}")] {
            if let Some(commit) = self.commit_of(&name).await? {
                return Ok(Some(commit));
            }
        }
        if is_commit_id(word) { self.commit_look(word).await } else { Ok(None) }
    }

    /// The full id of a commit, if the mirror has it.
    pub(super) async fn commit_look(&self, id: &str) -> Result<Option<String>, PortError> {
        if self.folder.is_dir() { self.commit_of(id).await } else { Ok(None) }
    }

    async fn commit_of(&self, name: &str) -> Result<Option<String>, PortError> {
        let asked = format!("{name}^{{commit}}");
        let found =
            self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &asked]).succeeds().await?;
        Ok(found
            .and_then(|text| text.lines().map(str::trim).rfind(|line| is_commit_id(line)).map(str::to_owned)))
    }

    /// The contents of files by object id, in one call. Files that are not UTF-8 text are left out.
    pub(super) async fn blobs(&self, files: Vec<(String, String)>) -> Result<Vec<SourceFile>, PortError> {
        let wanted = files.iter().map(|(_, object)| object.as_str()).collect::<Vec<_>>().join("\n") + "\n";
        let answer = self.git(&["cat-file", "--batch"]).input(wanted.into_bytes()).run_bytes().await?;
        let mut rest = answer.as_slice();
        let mut found = Vec::new();
        for (name, object) in files {
            let cut = || PortError::retry(format!("git's answer ended before the file {name} ({object})"));
            let line_end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(cut)?;
            let header = String::from_utf8_lossy(&rest[..line_end]).into_owned();
            let size: usize = header.rsplit(' ').next().and_then(|size| size.parse().ok()).ok_or_else(cut)?;
            let body = rest.get(line_end + 1..line_end + 1 + size).ok_or_else(cut)?;
            if let Ok(text) = std::str::from_utf8(body) {
                found.push(SourceFile { name, text: text.to_owned() });
            }
            rest = rest.get(line_end + 2 + size..).unwrap_or_default();
        }
        Ok(found)
    }

    /// Writes a commit's files beside `folder`, then renames: `folder` is whole or not there.
    pub(super) async fn checkout(&self, commit: &str, folder: &Path) -> Result<(), PortError> {
        let (tree, index) = (beside(folder, "tree"), beside(folder, "index"));
        let written = self.checkout_into(commit, &tree, &index).await;
        // Leftovers of a failed checkout are only in the way; the error says what matters.
        let _ = tokio::fs::remove_file(&index).await;
        let done = match written {
            Ok(()) => tokio::fs::rename(&tree, folder).await.map_err(|cause| {
                let what = format!("the code could not be moved to {}: {cause}", folder.display());
                PortError::fail(
                    what,
                    "Check that the folder's parent is writable and the folder not there yet.",
                )
            }),
            Err(error) => Err(error),
        };
        if done.is_err() {
            let _ = tokio::fs::remove_dir_all(&tree).await;
        }
        done
    }

    async fn checkout_into(&self, commit: &str, tree: &Path, index: &Path) -> Result<(), PortError> {
        tokio::fs::create_dir_all(tree).await.map_err(|cause| {
            let what = format!("the folder {} can't be made: {cause}", tree.display());
            PortError::fail(what, "Check that the data folder is writable and its disk not full.")
        })?;
        let call = |arguments: &[&str]| {
            self.git(arguments).into_folder(tree).variable("GIT_INDEX_FILE", index).checking_out()
        };
        call(&["read-tree", commit]).run().await?;
        call(&["checkout-index", "--all", "--force", "--quiet"]).run().await?;
        Ok(())
    }
}
