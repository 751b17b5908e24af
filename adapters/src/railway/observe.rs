//! Looking: projects, and all that an environment has in one query.

use engine::ports::PortError;
use serde::Deserialize;
use serde_json::json;

use super::client::{Page, Railway, too_many};
use super::documents;
use super::model::{At, Environment, EnvironmentRef, Instance, Named, Project, Volume};
use crate::http::ApiError;

#[derive(Deserialize)]
struct EnvironmentAnswer {
    environment: EnvironmentBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnvironmentBody {
    id: String,
    name: String,
    project_id: String,
    is_ephemeral: bool,
    service_instances: Page<Instance>,
    volume_instances: Page<VolumeBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VolumeBody {
    id: String,
    volume_id: String,
    service_id: Option<String>,
    mount_path: String,
    #[serde(rename = "sizeMB")]
    size_mb: i64,
    #[serde(rename = "currentSizeMB")]
    used_mb: f64,
    state: Option<String>,
    volume: VolumeName,
}

#[derive(Deserialize)]
struct VolumeName {
    name: String,
}

impl From<VolumeBody> for Volume {
    fn from(body: VolumeBody) -> Self {
        Self {
            id: body.volume_id,
            instance_id: body.id,
            name: body.volume.name,
            service_id: body.service_id.filter(|id| !id.is_empty()),
            mount_path: body.mount_path,
            size_mb: body.size_mb,
            used_mb: body.used_mb,
            state: body.state,
        }
    }
}

impl Railway {
    /// The projects the token reaches, of one workspace if told.
    pub async fn projects(&self, workspace: Option<&str>) -> Result<Vec<Project>, PortError> {
        #[derive(Deserialize)]
        struct Answer {
            projects: Page<Project>,
        }
        let variables = json!({ "workspaceId": workspace });
        self.all(documents::PROJECTS, variables, |answer: Answer| answer.projects).await
    }

    /// A project by id.
    pub async fn project(&self, id: &str) -> Result<Project, PortError> {
        #[derive(Deserialize)]
        struct Answer {
            project: Project,
        }
        Ok(self.read::<Answer>(documents::PROJECT, json!({ "id": id })).await?.project)
    }

    /// The environments of a project.
    pub async fn environments(&self, project: &str) -> Result<Vec<EnvironmentRef>, PortError> {
        #[derive(Deserialize)]
        struct Answer {
            environments: Page<EnvironmentRef>,
        }
        let variables = json!({ "projectId": project });
        self.all(documents::ENVIRONMENTS, variables, |answer: Answer| answer.environments).await
    }

    /// The services of a project, whatever environments they are in.
    pub async fn services(&self, project: &str) -> Result<Vec<Named>, PortError> {
        #[derive(Deserialize)]
        struct Answer {
            project: Services,
        }
        #[derive(Deserialize)]
        struct Services {
            services: Page<Named>,
        }
        self.all(documents::SERVICES, json!({ "id": project }), |answer: Answer| answer.project.services)
            .await
    }

    /// All that an environment has: services with their settings, addresses and newest deployments, and volumes. One call for up to
    /// fifty of each.
    pub async fn environment(&self, project: &str, id: &str) -> Result<Environment, PortError> {
        let (first, pages) = Self::bounds();
        let mut variables = json!({ "id": id, "projectId": project, "first": first });
        let mut found: Option<Environment> = None;
        for _ in 0..pages {
            let answer: EnvironmentAnswer = self.read(documents::ENVIRONMENT, variables.clone()).await?;
            let body = answer.environment;
            let all = found.get_or_insert(Environment {
                id: body.id,
                name: body.name,
                project_id: body.project_id,
                is_ephemeral: body.is_ephemeral,
                services: Vec::new(),
                volumes: Vec::new(),
            });
            let (services, next_services) = body.service_instances.open();
            // A list that is over is asked for again beside one that is not.
            for service in services {
                if !all.services.iter().any(|known| known.id == service.id) {
                    all.services.push(service);
                }
            }
            let (volumes, next_volumes) = body.volume_instances.open();
            for volume in volumes.map(Volume::from) {
                if !all.volumes.iter().any(|known| known.instance_id == volume.instance_id) {
                    all.volumes.push(volume);
                }
            }
            if next_services.is_none() && next_volumes.is_none() {
                all.services.sort_by(|one, other| one.service_name.cmp(&other.service_name));
                all.volumes.sort_by(|one, other| one.instance_id.cmp(&other.instance_id));
                return found.ok_or_else(|| too_many(documents::ENVIRONMENT));
            }
            for (name, next) in [("services", next_services), ("volumes", next_volumes)] {
                if let Some(next) = next {
                    variables[name] = json!(next);
                }
            }
        }
        Err(too_many(documents::ENVIRONMENT))
    }

    /// A service as it is in one environment.
    pub async fn instance(&self, at: &At) -> Result<Instance, PortError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            service_instance: Instance,
        }
        let variables = json!({ "environmentId": at.environment, "serviceId": at.service });
        let answer: Result<Answer, ApiError> = self.try_read(documents::INSTANCE, variables).await;
        match answer {
            Ok(answer) => Ok(answer.service_instance),
            Err(error) if error.is_missing() => Err(PortError::fail(
                format!("Railway has no service {} in environment {}.", at.service, at.environment),
                "Somebody may have removed it there; look at the project at railway.com.",
            )),
            Err(error) => Err(error.of_read()),
        }
    }
}
