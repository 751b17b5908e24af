//! Continuous integration: what it says of commits. Of those nothing was said about, that they pass.

use async_trait::async_trait;
use engine::model::{EnvironmentKey, Source};
use engine::ports::{Ci, CiReport, CiState, PortError};

use super::{Call, World};

impl World {
    /// What is said of a commit from now on, named by branch, tag or id: `failing: build (failure)`.
    pub fn ci(&self, reference: &str, state: CiState, says: &str) -> Result<(), PortError> {
        let commit = self.with(|sim| sim.code.resolve(Some(reference)))?;
        self.ci_of(&commit.id, state, says);
        Ok(())
    }

    /// The same for a commit of any repository, by its whole id.
    pub fn ci_of(&self, commit: &str, state: CiState, says: &str) {
        let report = CiReport { state, says: says.to_owned() };
        self.with(|sim| sim.ci.insert(commit.to_owned(), report));
    }
}

#[async_trait]
impl Ci for World {
    async fn of_commit(
        &self,
        environment: &EnvironmentKey,
        _source: &Source,
        commit: &str,
    ) -> Result<CiReport, PortError> {
        let subject = format!("{} {commit}", environment.environment);
        let passing = || CiReport { state: CiState::Passing, says: "passing, 3 checks".to_owned() };
        self.call(Call::OfCommit, subject, |sim, _| Ok(sim.ci.get(commit).cloned().unwrap_or_else(passing)))
            .await
    }
}
