//! The code host: what is in its repository. Every source leads to it, but for those that were given one of their own.

use async_trait::async_trait;
use engine::model::Source;
use engine::ports::{CodeHost, Commit, PortError, SourceFile};

use super::repository::DEFAULT_BRANCH;
use super::{Behaviour, Call, World};

impl World {
    /// Commits the files put with [`World::file`] to the current branch, and gives the commit's id: 40 hexadecimal
    /// digits, the same in every world with the same history.
    pub fn commit(&self, subject: &str) -> String {
        let now = self.now_ms();
        self.with(|state| state.code.commit(subject, now))
    }

    /// Tags the newest commit of the current branch (an empty repository gets its first commit), and gives its id.
    pub fn tag(&self, name: &str) -> String {
        let now = self.now_ms();
        self.with(|state| state.code.tag(name, now))
    }

    /// Goes to a branch; a new one starts at the newest commit of the branch before. The first branch, and the
    /// default one, is `main`.
    pub fn branch(&self, name: &str) {
        self.with(|state| state.code.branch(name));
    }

    /// Puts a file into the next commit, its path from the top of the repository. Later commits keep it.
    pub fn file(&self, path: &str, text: &str) {
        self.with(|state| state.code.stage(path, text));
    }

    /// Sets how a commit behaves from now on, named by branch, tag or id. Healthy instances of a commit that now
    /// never gets healthy become unhealthy.
    pub fn behaviour(&self, reference: &str, behaviour: Behaviour) -> Result<(), PortError> {
        let now = self.now_ms();
        self.with(|state| {
            let commit = state.code.resolve(Some(reference))?;
            state.settle(now);
            state.code.behave(commit.id, behaviour);
            Ok(())
        })
    }

    /// Sets how a commit behaves that need not be in the repository: one of a real code host.
    pub fn behaviour_of(&self, commit: &str, behaviour: Behaviour) {
        let now = self.now_ms();
        self.with(|state| {
            state.settle(now);
            state.code.behave(commit.to_owned(), behaviour);
        });
    }

    /// Sets how commits behave of which nothing else was said.
    pub fn behaviour_otherwise(&self, behaviour: Behaviour) {
        let now = self.now_ms();
        self.with(|state| {
            state.settle(now);
            state.code.otherwise = behaviour;
        });
    }

    /// A commit and a tag on it in a repository of its own, by its address; gives the commit's id. From the first on,
    /// sources at this address lead there.
    pub fn release_in(&self, repository: &str, tag: &str, subject: &str) -> String {
        let now = self.now_ms();
        self.with(|state| {
            let code = state.code_elsewhere.entry(repository.to_owned()).or_default();
            // Commits of two repositories are never the same.
            let id = code.commit(&format!("{repository}: {subject}"), now);
            code.tag_at(tag, &id);
            id
        })
    }

    /// A commit, a tag on it and how it behaves, in one go; gives the commit's id.
    pub fn release(&self, tag: &str, subject: &str, behaviour: Behaviour) -> String {
        let now = self.now_ms();
        self.with(|state| {
            let id = state.code.commit(subject, now);
            state.code.tag_at(tag, &id);
            state.code.behave(id.clone(), behaviour);
            id
        })
    }
}

#[async_trait]
impl CodeHost for World {
    async fn resolve(&self, source: &Source, reference: Option<&str>) -> Result<Commit, PortError> {
        let subject = reference.unwrap_or(DEFAULT_BRANCH).to_owned();
        self.call(Call::Resolve, subject, |state, _| state.code_of(source).resolve(reference)).await
    }

    async fn default_branch(&self, source: &Source) -> Result<Option<String>, PortError> {
        let subject = source.repository.clone();
        self.call(Call::DefaultBranch, subject, |_, _| Ok(Some(DEFAULT_BRANCH.to_owned()))).await
    }

    async fn references(&self, source: &Source, limit: usize) -> Result<Vec<String>, PortError> {
        let subject = source.repository.clone();
        self.call(Call::References, subject, |state, _| Ok(state.code_of(source).references(limit))).await
    }

    async fn compare(
        &self,
        source: &Source,
        from: &str,
        to: &str,
        limit: usize,
    ) -> Result<Vec<Commit>, PortError> {
        let subject = format!("{from} {to}");
        self.call(Call::Compare, subject, |state, _| state.code_of(source).compare(from, to, limit)).await
    }

    async fn files(&self, source: &Source, commit: &str, folder: &str) -> Result<Vec<SourceFile>, PortError> {
        let subject = format!("{commit} {folder}");
        self.call(Call::Files, subject, |state, _| state.code_of(source).files(commit, folder)).await
    }
}
