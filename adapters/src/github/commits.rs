//! Commits: what a name means, and what lies between two of them.

use std::collections::BTreeMap;

use engine::ports::PortError;
use serde::Deserialize;

use super::client::PAGE;
use super::{GitHub, Repository};
use crate::http::{ApiError, Call};

/// Pages of commits that are read of a comparison.
const PAGES_MAX: usize = 5;
/// Shortest beginning of a commit's hash that is looked for.
const SHORT_MIN: usize = 7;
/// A whole hash.
const WHOLE: usize = 40;

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its whole hash, 40 hexadecimal digits.
    pub sha: String,
    /// The first line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
}

#[derive(Deserialize)]
struct Wire {
    sha: String,
    commit: Inner,
}

#[derive(Deserialize)]
struct Inner {
    message: String,
    author: Option<Person>,
}

#[derive(Deserialize)]
struct Person {
    name: Option<String>,
}

impl From<Wire> for Commit {
    fn from(wire: Wire) -> Self {
        let author = wire.commit.author.and_then(|author| author.name).unwrap_or_default();
        Self {
            sha: wire.sha,
            subject: wire.commit.message.lines().next().unwrap_or_default().to_owned(),
            author,
        }
    }
}

/// How two commits lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    /// The newer has all of the older and more.
    Ahead,
    /// The newer lacks what the older has, and has nothing more: a way back.
    Behind,
    /// Each has what the other lacks.
    Diverged,
    /// They are the same.
    Identical,
}

/// What lies between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// How they lie to each other.
    pub relation: Relation,
    /// How many commits the newer has that the older lacks.
    pub ahead_by: u32,
    /// How many commits the older has that the newer lacks.
    pub behind_by: u32,
    /// The commits of the first kind, oldest first, up to 500.
    pub commits: Vec<Commit>,
    /// The files that differ; GitHub tells of 300 at most.
    pub files: Vec<String>,
    /// Whether there are more commits than were read.
    pub is_cut: bool,
}

/// Whether that is a whole hash.
pub(super) fn is_sha(text: &str) -> bool {
    text.len() == WHOLE && text.bytes().all(|b| b.is_ascii_hexdigit())
}

impl GitHub {
    /// The commit a name leads to: a branch, a tag (annotated ones, too), a hash or the beginning of one from 7 digits on.
    /// `heads/…` and `tags/…` say which is meant.
    ///
    /// # Errors
    /// [`PortError::Fail`] when nothing has that name, or several things that are not the same commit.
    pub async fn commit(&self, repository: &Repository, name: &str) -> Result<Commit, PortError> {
        let name = name.strip_prefix("refs/").unwrap_or(name);
        let is_hex =
            name.len() >= SHORT_MIN && name.len() <= WHOLE && name.bytes().all(|b| b.is_ascii_hexdigit());
        let mut candidates: Vec<(String, String)> = Vec::new();
        if name.starts_with("heads/") || name.starts_with("tags/") {
            candidates.push((name.to_owned(), name.to_owned()));
        } else {
            // A branch may look like a hash, but nobody gets to have one that looks like a whole one.
            if !is_sha(name) {
                candidates.push((format!("branch {name}"), format!("heads/{name}")));
                candidates.push((format!("tag {name}"), format!("tags/{name}")));
            }
            if is_hex {
                candidates.push((format!("commit {name}"), name.to_owned()));
            }
        }
        let mut found: BTreeMap<String, (String, Commit)> = BTreeMap::new();
        for (what, reference) in candidates {
            let Some(commit) = self.commit_at(repository, &reference).await? else { continue };
            // By a hash GitHub also finds what is only called so.
            if reference != name || !is_hex || commit.sha.starts_with(&name.to_lowercase()) {
                found.entry(commit.sha.clone()).or_insert((what, commit));
            }
        }
        let mut found = found.into_values();
        match (found.next(), found.next()) {
            (None, _) => Err(PortError::fail(
                format!("{repository} has no branch, tag or commit `{name}`"),
                "Look at the name, and whether the token reaches the repository.",
            )),
            (Some((_, commit)), None) => Ok(commit),
            (Some((one, first)), Some((other, second))) => Err(PortError::fail(
                format!(
                    "`{name}` is {one} ({}) and {other} ({}) in {repository}",
                    short(&first.sha),
                    short(&second.sha)
                ),
                format!("Say which: heads/{name}, tags/{name} or the whole hash."),
            )),
        }
    }

    async fn commit_at(&self, repository: &Repository, reference: &str) -> Result<Option<Commit>, PortError> {
        // Of its files one is enough.
        let call = Self::call(repository, &["commits", reference]).query("per_page", "1");
        match self.asked(call).await {
            // 422: no commit of that name.
            Err(ApiError::Refused { status: 404 | 422, .. }) => Ok(None),
            other => {
                let wire: Wire = other.and_then(|answer| answer.json()).map_err(ApiError::of_read)?;
                Ok(Some(Commit::from(wire)))
            }
        }
    }

    /// What lies between an older and a newer commit, both by their whole hashes.
    pub async fn compare(
        &self,
        repository: &Repository,
        older: &str,
        newer: &str,
    ) -> Result<Comparison, PortError> {
        #[derive(Deserialize)]
        struct Page {
            status: Relation,
            ahead_by: u32,
            behind_by: u32,
            total_commits: usize,
            commits: Vec<Wire>,
            #[serde(default)]
            files: Vec<File>,
        }
        #[derive(Deserialize)]
        struct File {
            filename: String,
        }
        for sha in [older, newer] {
            if !is_sha(sha) {
                return Err(PortError::fail(format!("`{sha}` is no whole hash of a commit"), ""));
            }
        }
        let between = format!("{older}...{newer}");
        let mut told: Option<Comparison> = None;
        for page in 1..=PAGES_MAX {
            let call = Self::call(repository, &["compare", &between]);
            let call: Call = call.query("per_page", PAGE.to_string()).query("page", page.to_string());
            let page: Page = self.get(call).await?;
            let read = page.commits.len();
            let comparison = told.get_or_insert_with(|| Comparison {
                relation: page.status,
                ahead_by: page.ahead_by,
                behind_by: page.behind_by,
                commits: Vec::new(),
                files: page.files.into_iter().map(|file| file.filename).collect(),
                is_cut: false,
            });
            comparison.commits.extend(page.commits.into_iter().map(Commit::from));
            comparison.is_cut = comparison.commits.len() < page.total_commits;
            if read == 0 || !comparison.is_cut {
                break;
            }
        }
        told.ok_or_else(|| PortError::retry("GitHub compared nothing"))
    }
}

fn short(sha: &str) -> &str {
    sha.get(..SHORT_MIN).unwrap_or(sha)
}
