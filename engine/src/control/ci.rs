//! What continuous integration says of the commits a plan brings: reading calls only.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Engine, Refusal};
use crate::model::{Change, Project, Provider, RunRequest, ServiceName, Source};
use crate::ports::{CiReport, Commit};

/// How long is waited for an answer that hinders nothing.
const TOLD_WAIT: Duration = Duration::from_secs(5);

impl Engine {
    /// What it says of each commit that comes, where it must pass or can be asked, or why that is not known.
    pub(super) async fn ci_of(
        &self,
        request: &RunRequest,
        project: &Project,
        commit: Option<&Commit>,
        own_commits: &BTreeMap<String, Commit>,
    ) -> Result<BTreeMap<String, Result<CiReport, String>>, Refusal> {
        let environment = &request.environment;
        let mut said = BTreeMap::new();
        // Going back, or running migrations of what is live, brings nothing new.
        let chosen = match &request.change {
            Change::Deploy { services, .. } => services.as_slice(),
            Change::Migrate { reference: Some(_) } => &[],
            _ => return Ok(said),
        };
        let described = project.environments.get(&environment.environment);
        let must = described.is_some_and(|it| it.policy.requires_ci);
        if !(must || self.ci_can_be_asked(request, project).await?) {
            return Ok(said);
        }
        for (source, commit) in coming(project, chosen, commit, own_commits) {
            if said.contains_key(&commit.id) {
                continue;
            }
            let asked = self.ports().ci.of_commit(environment, source, &commit.id);
            let answer = if must {
                asked.await.map_err(|error| error.to_string())
            } else {
                match tokio::time::timeout(TOLD_WAIT, asked).await {
                    Ok(answer) => answer.map_err(|error| error.to_string()),
                    Err(_) => Err(format!("no answer within {} s", TOLD_WAIT.as_secs())),
                }
            };
            said.insert(commit.id.clone(), answer);
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

/// The commits of which something comes, with where they are: of the services that are chosen (none named: all), and of the
/// project, which holds the migrations.
fn coming<'a>(
    project: &'a Project,
    chosen: &[ServiceName],
    commit: Option<&'a Commit>,
    own_commits: &'a BTreeMap<String, Commit>,
) -> Vec<(&'a Source, &'a Commit)> {
    let is_chosen = |name: &ServiceName| chosen.is_empty() || chosen.contains(name);
    let sources = project.services.iter().filter(|(name, _)| is_chosen(name)).map(|(_, it)| &it.source);
    let of_project = project.migrations.is_some() || sources.clone().any(Option::is_none);
    let ours = commit.filter(|_| of_project).map(|commit| (&project.source, commit));
    let own = sources.flatten().filter_map(|source| {
        let commit = own_commits.get(&source.repository).or(commit)?;
        Some((source, commit))
    });
    ours.into_iter().chain(own).collect()
}
