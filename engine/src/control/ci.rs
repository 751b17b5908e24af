//! What continuous integration says of the commits a plan brings: reading calls only.

use std::collections::BTreeMap;

use super::{Engine, Refusal};
use crate::model::{Change, Project, Provider, RunRequest, Source};
use crate::ports::{CiReport, Commit};

impl Engine {
    /// What it says of each commit that comes, where it must pass or can be asked. Where it must, one that can't be asked about
    /// is in the way; elsewhere the plan says why nothing is known of it.
    pub(super) async fn ci_of(
        &self,
        request: &RunRequest,
        project: &Project,
        commit: Option<&Commit>,
        own_commits: &BTreeMap<String, Commit>,
    ) -> Result<BTreeMap<String, Result<CiReport, String>>, Refusal> {
        let mut said = BTreeMap::new();
        let environment = &request.environment;
        // What is live came here when it passed; going back to it, or running its migrations, brings nothing new.
        let brings_code =
            matches!(request.change, Change::Deploy { .. } | Change::Migrate { reference: Some(_) });
        let described = project.environments.get(&environment.environment);
        let must = described.is_some_and(|it| it.policy.requires_ci);
        if !brings_code || !(must || self.ci_can_be_asked(request, project).await?) {
            return Ok(said);
        }
        let own = project.services.values().filter_map(|service| service.source.as_ref());
        let own = own.filter_map(|source| Some((source, own_commits.get(&source.repository)?)));
        let ours = commit.map(|commit| (&project.source, commit));
        let all: Vec<(&Source, &Commit)> = ours.into_iter().chain(own).collect();
        for (source, commit) in all {
            if said.contains_key(&commit.id) {
                continue;
            }
            let report = match self.ports().ci.of_commit(environment, source, &commit.id).await {
                Ok(report) => Ok(report),
                Err(error) if must => return Err(Refusal::port("asking what CI says")(error)),
                Err(error) => Err(error.to_string()),
            };
            said.insert(commit.id.clone(), report);
        }
        Ok(said)
    }

    /// Whether the environment has a connection to GitHub and the key to it.
    async fn ci_can_be_asked(&self, request: &RunRequest, project: &Project) -> Result<bool, Refusal> {
        let environment = &request.environment;
        for connection in project.connections_in(&environment.environment) {
            if connection.provider == Provider::Github
                && self.store().secret_get(environment, &connection.secret).await?.is_some()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
