//! Projects and environments that are there when they were not.

use engine::ports::{Permit, PortError};
use serde::Deserialize;
use serde_json::json;

use super::client::{Made, Railway, after_write, not_seen, receipt};
use super::documents;
use super::model::{EnvironmentRef, Project};
use crate::http::ApiError;

/// What an environment begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begins {
    /// Nothing.
    Empty,
    /// Everything another environment of the project has, by its id: services, settings, **and the values of all variables**. Nothing is
    /// deployed yet.
    Like(String),
}

impl Railway {
    /// A project of that name in the workspace (the token's own when absent), with a first environment of that name.
    ///
    /// Railway lets two projects have the same name; that is never taken for one of them.
    pub async fn ensure_project(
        &self,
        permit: &Permit,
        name: &str,
        workspace: Option<&str>,
        first_environment: &str,
    ) -> Result<Made<Project>, PortError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            project_create: Project,
        }
        if let Some(it) = self.project_named(name, workspace).await? {
            return Ok(made(it, format!("project {name} is there"), permit));
        }
        let input = json!({
            "name": name,
            "description": format!("Set up by Infra Chat ({})", permit.run()),
            "workspaceId": workspace,
            "defaultEnvironmentName": first_environment,
            "prDeploys": false,
        });
        let variables = json!({ "input": input });
        let (answer, written) = self
            .write::<Answer>(permit, documents::PROJECT_CREATE, variables, &[])
            .await
            .map_err(ApiError::of_write)?;
        match self.project_named(name, workspace).await.map_err(after_write)? {
            Some(it) if it.id == answer.project_create.id => {
                let receipt =
                    receipt(format!("created project {name}"), permit, &[written]).with("id", &it.id);
                Ok(Made { it, receipt })
            }
            _ => Err(not_seen(format!("project {name}"))),
        }
    }

    /// The one project of that name.
    ///
    /// # Errors
    /// When there are several, beside what any reading call may say.
    pub async fn project_named(
        &self,
        name: &str,
        workspace: Option<&str>,
    ) -> Result<Option<Project>, PortError> {
        let mut all: Vec<Project> = self.projects(workspace).await?;
        all.retain(|project| project.name == name);
        match all.len() {
            0 | 1 => Ok(all.pop()),
            several => {
                let ids: Vec<&str> = all.iter().map(|project| project.id.as_str()).collect();
                Err(PortError::fail(
                    format!("Railway has {several} projects named {name}: {}.", ids.join(", ")),
                    "Rename all but one of them at railway.com.",
                ))
            }
        }
    }

    /// An environment of that name in a project.
    pub async fn ensure_environment(
        &self,
        permit: &Permit,
        project: &str,
        name: &str,
        begins: &Begins,
    ) -> Result<Made<EnvironmentRef>, PortError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            #[serde(rename = "environmentCreate")]
            _made: EnvironmentRef,
        }
        if let Some(it) = self.environment_named(project, name).await? {
            return Ok(made(it, format!("environment {name} is there"), permit));
        }
        let mut input = json!({
            "projectId": project,
            "name": name,
            "ephemeral": false,
            "skipInitialDeploys": true,
            "stageInitialChanges": false,
            // An answer that comes before the work is done could not be verified.
            "applyChangesInBackground": false,
        });
        if let Begins::Like(source) = begins {
            input["sourceEnvironmentId"] = json!(source);
        }
        let variables = json!({ "input": input });
        let written = match self.write::<Answer>(permit, documents::ENVIRONMENT_CREATE, variables, &[]).await
        {
            Ok((_, written)) => vec![written],
            Err(error) if is_taken(&error) => Vec::new(),
            Err(error) => return Err(error.of_write()),
        };
        let it = self.environment_named(project, name).await.map_err(after_write)?;
        let it = it.ok_or_else(|| not_seen(format!("environment {name}")))?;
        let how = if written.is_empty() { "was made meanwhile" } else { "created" };
        let receipt = receipt(format!("environment {name}: {how}"), permit, &written).with("id", &it.id);
        Ok(Made { it, receipt })
    }

    /// The environment of that name.
    pub async fn environment_named(
        &self,
        project: &str,
        name: &str,
    ) -> Result<Option<EnvironmentRef>, PortError> {
        Ok(self.environments(project).await?.into_iter().find(|environment| environment.name == name))
    }
}

/// Whether there is one of that name already.
pub(super) fn is_taken(error: &ApiError) -> bool {
    matches!(error, ApiError::Refused { status: 409, .. })
}

/// What was right before.
pub(super) fn made<T>(it: T, summary: String, permit: &Permit) -> Made<T> {
    Made { it, receipt: receipt(summary, permit, &[]) }
}
