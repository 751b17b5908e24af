//! A repository in memory: a line of commits with their files, branches, tags, and how each commit behaves.

use std::collections::{BTreeMap, BTreeSet};

use engine::clock::EpochMs;
use engine::ports::{Commit, PortError, SourceFile};
use sha2::{Digest as _, Sha256};

use super::Behaviour;

/// The branch a fresh repository stands on.
pub(super) const DEFAULT_BRANCH: &str = "main";
/// Who writes all commits.
const AUTHOR: &str = "Kim";
/// Fewest digits that name a commit.
const PREFIX_MIN: usize = 7;
/// Digits of a full commit id.
const ID_DIGITS: usize = 40;

/// A repository in memory.
#[derive(Debug)]
pub(super) struct Repository {
    commits: BTreeMap<String, Node>,
    branches: BTreeMap<String, Pointer>,
    tags: BTreeMap<String, Pointer>,
    current: String,
    staged: BTreeMap<String, String>,
    behaviours: BTreeMap<String, Behaviour>,
    pub(super) otherwise: Behaviour,
    moves: u64,
}

#[derive(Debug)]
struct Node {
    commit: Commit,
    parent: Option<String>,
    files: BTreeMap<String, String>,
}

/// A name for a commit; `moved` orders names by when they were last put somewhere.
#[derive(Debug, Clone)]
struct Pointer {
    commit: String,
    moved: u64,
}

impl Default for Repository {
    fn default() -> Self {
        Self {
            commits: BTreeMap::new(),
            branches: BTreeMap::new(),
            tags: BTreeMap::new(),
            current: DEFAULT_BRANCH.to_owned(),
            staged: BTreeMap::new(),
            behaviours: BTreeMap::new(),
            otherwise: Behaviour::default(),
            moves: 0,
        }
    }
}

impl Repository {
    pub(super) fn commit(&mut self, subject: &str, at_ms: EpochMs) -> String {
        let parent = self.head();
        let mut files = parent
            .as_ref()
            .and_then(|id| self.commits.get(id))
            .map_or_else(BTreeMap::new, |it| it.files.clone());
        files.append(&mut self.staged);
        let digest = Sha256::digest(format!("{}\n{subject}", self.commits.len()));
        let mut id = hex::encode(digest);
        id.truncate(ID_DIGITS);
        let commit = Commit { id: id.clone(), subject: subject.to_owned(), author: AUTHOR.to_owned(), at_ms };
        self.commits.insert(id.clone(), Node { commit, parent, files });
        let pointer = self.pointer(&id);
        self.branches.insert(self.current.clone(), pointer);
        id
    }

    pub(super) fn branch(&mut self, name: &str) {
        let head = self.head();
        name.clone_into(&mut self.current);
        if let Some(head) = head
            && !self.branches.contains_key(name)
        {
            let pointer = self.pointer(&head);
            self.branches.insert(name.to_owned(), pointer);
        }
    }

    pub(super) fn tag(&mut self, name: &str, at_ms: EpochMs) -> String {
        let head = self.head().unwrap_or_else(|| self.commit(name, at_ms));
        self.tag_at(name, &head);
        head
    }

    pub(super) fn tag_at(&mut self, name: &str, commit: &str) {
        let pointer = self.pointer(commit);
        self.tags.insert(name.to_owned(), pointer);
    }

    pub(super) fn tag_remove(&mut self, name: &str) -> bool {
        self.tags.remove(name).is_some()
    }

    pub(super) fn stage(&mut self, path: &str, text: &str) {
        self.staged.insert(folder_of(path).to_owned(), text.to_owned());
    }

    pub(super) fn behave(&mut self, commit: String, behaviour: Behaviour) {
        self.behaviours.insert(commit, behaviour);
    }

    pub(super) fn behaviour(&self, commit: &str) -> &Behaviour {
        self.behaviours.get(commit).unwrap_or(&self.otherwise)
    }

    /// Whether some commit that carries this migration is made to fail with it. A commit without the file counts as
    /// carrying it, so that tests of the database alone need no files.
    pub(super) fn refuses_migration(&self, version: &str, sql: &str) -> bool {
        let carries = |commit: &str| {
            let files = self.commits.get(commit).map(|node| &node.files);
            let file = files.and_then(|files| {
                files
                    .iter()
                    .find(|(path, _)| path.rsplit('/').next().is_some_and(|name| name.starts_with(version)))
            });
            file.is_none_or(|(_, text)| text == sql)
        };
        let refused = |behaviour: &Behaviour| behaviour.migration_fails.as_deref() == Some(version);
        refused(&self.otherwise)
            || self.behaviours.iter().any(|(commit, behaviour)| refused(behaviour) && carries(commit))
    }

    pub(super) fn resolve(&self, reference: Option<&str>) -> Result<Commit, PortError> {
        let reference = reference.unwrap_or(DEFAULT_BRANCH);
        let pointer = self.branches.get(reference).or_else(|| self.tags.get(reference));
        if let Some(node) = pointer.and_then(|pointer| self.commits.get(&pointer.commit)) {
            return Ok(node.commit.clone());
        }
        let lower = reference.to_ascii_lowercase();
        let mut matching = self.commits.values().filter(|node| node.commit.id.starts_with(&lower));
        match (matching.next(), matching.next()) {
            (Some(node), None) if reference.len() >= PREFIX_MIN => Ok(node.commit.clone()),
            (Some(_), Some(_)) if reference.len() >= PREFIX_MIN => Err(PortError::fail(
                format!("`{reference}` is the beginning of several commits"),
                "Give more of its digits.",
            )),
            _ if self.commits.is_empty() => Err(PortError::fail(
                format!("the simulated repository has no commits, so `{reference}` names none"),
                "Make one first.",
            )),
            _ => Err(PortError::fail(
                format!("the simulated repository has no branch, tag or commit `{reference}`"),
                format!("Name a branch, a tag or at least {PREFIX_MIN} digits of a commit."),
            )),
        }
    }

    pub(super) fn references(&self, limit: usize) -> Vec<String> {
        let mut all: Vec<_> = self.branches.iter().chain(&self.tags).collect();
        all.sort_by_key(|(_, pointer)| std::cmp::Reverse(pointer.moved));
        all.into_iter().map(|(name, _)| name.clone()).take(limit).collect()
    }

    pub(super) fn compare(&self, from: &str, to: &str, limit: usize) -> Result<Vec<Commit>, PortError> {
        let from = self.resolve(Some(from))?;
        let to = self.resolve(Some(to))?;
        let had: BTreeSet<&str> = self.line(&from.id).map(|node| node.commit.id.as_str()).collect();
        let new = self.line(&to.id).take_while(|node| !had.contains(node.commit.id.as_str()));
        Ok(new.take(limit).map(|node| node.commit.clone()).collect())
    }

    pub(super) fn files(&self, commit: &str, folder: &str) -> Result<Vec<SourceFile>, PortError> {
        let commit = self.resolve(Some(commit))?;
        let folder = folder_of(folder);
        let files = self.commits.get(&commit.id).into_iter().flat_map(|node| &node.files);
        let directly_inside = files.filter_map(|(path, text)| {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            (parent == folder).then(|| SourceFile { name: name.to_owned(), text: text.clone() })
        });
        Ok(directly_inside.collect())
    }

    /// A commit and those before it, newest first.
    fn line(&self, commit: &str) -> impl Iterator<Item = &Node> {
        let parent = |node: &&Node| node.parent.as_ref().and_then(|parent| self.commits.get(parent));
        std::iter::successors(self.commits.get(commit), parent)
    }

    fn head(&self) -> Option<String> {
        self.branches.get(&self.current).map(|pointer| pointer.commit.clone())
    }

    fn pointer(&mut self, commit: &str) -> Pointer {
        self.moves += 1;
        Pointer { commit: commit.to_owned(), moved: self.moves }
    }
}

/// A path without the ways of writing "here": `./migrations/` is `migrations`, `.` is the top folder.
fn folder_of(path: &str) -> &str {
    let path = path.trim_start_matches("./").trim_matches('/');
    if path == "." { "" } else { path }
}
