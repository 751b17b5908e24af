//! What the token is, by a real call.

use engine::ports::PortError;
use serde::Deserialize;

use super::client::Railway;
use super::documents;
use super::model::{Named, Project};
use crate::http::{ApiError, Verified};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProjectTokenAnswer {
    project_token: ProjectToken,
}

#[derive(Deserialize)]
struct ProjectToken {
    name: String,
    project: ProjectOfToken,
    environment: Named,
}

#[derive(Deserialize)]
struct ProjectOfToken {
    name: String,
}

#[derive(Deserialize)]
struct MeAnswer {
    me: Me,
}

#[derive(Deserialize)]
struct Me {
    name: Option<String>,
    email: String,
    workspaces: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReachAnswer {
    api_token: Reach,
}

#[derive(Deserialize)]
struct Reach {
    workspaces: Vec<Named>,
}

impl Railway {
    /// Whether the token works, for whom, and what it may do. What it can't be used for is in `missing`.
    pub async fn verify(&self) -> Result<Verified, PortError> {
        if self.is_project_token() {
            return self.verify_project_token().await;
        }
        let reach: ReachAnswer = self.read(documents::TOKEN_REACH, serde_json::json!({})).await?;
        let workspaces = reach.api_token.workspaces;
        let names = workspaces.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
        // Only a person's own token may ask who they are.
        let me = match self.try_read::<MeAnswer>(documents::ME, serde_json::json!({})).await {
            Ok(answer) => Some(answer.me),
            Err(error) if error.is_denied() => None,
            Err(error) => return Err(ApiError::of_read(error)),
        };
        let projects: Vec<Project> = self.projects(None).await?;
        let mut verified = Verified::default();
        if let Some(me) = me {
            let all = if me.workspaces.is_empty() { names } else { join(&me.workspaces) };
            verified.account = me.name.unwrap_or(me.email);
            verified.says.push(format!("an account token for the workspaces {all}"));
            verified.warnings.push(
                "An account token may do everything this person may, in all their workspaces. A workspace token is enough: \
                 make one at railway.com/account/tokens and choose the workspace."
                    .to_owned(),
            );
        } else {
            verified.account.clone_from(&names);
            verified.says.push(format!("a workspace token for {names}"));
        }
        if workspaces.is_empty() && projects.is_empty() {
            verified.missing.push("a workspace: the token reaches none (ensure_project)".to_owned());
        }
        verified.says.push(match projects.len() {
            1 => "sees 1 project".to_owned(),
            several => format!("sees {several} projects"),
        });
        Ok(verified)
    }

    async fn verify_project_token(&self) -> Result<Verified, PortError> {
        let answer: ProjectTokenAnswer = self.read(documents::PROJECT_TOKEN, serde_json::json!({})).await?;
        let token = answer.project_token;
        let (project, environment) = (token.project.name, token.environment.name);
        Ok(Verified {
            account: format!("project {project}, environment {environment}"),
            says: vec![format!("the project token {} for one environment", token.name)],
            warnings: Vec::new(),
            missing: vec![
                "projects of a workspace (ensure_project): give a workspace token".to_owned(),
                format!("environments beside {environment} (ensure_environment): give a workspace token"),
            ],
        })
    }
}

fn join(workspaces: &[Named]) -> String {
    workspaces.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
}
