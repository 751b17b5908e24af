//! Services and their volumes that are there when they were not.

use engine::ports::{Permit, PortError};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::{Made, Railway, Written, after_write, not_seen, receipt};
use super::documents;
use super::model::{At, Environment, Instance, Named, Volume};
use super::projects::{is_taken, made};
use crate::http::ApiError;

/// What a service is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nothing yet: nothing is deployed until it has one.
    Nothing,
    /// A repository and the branch that deploys by itself.
    Repo {
        /// `acme/api`.
        repo: String,
        /// `main`.
        branch: String,
    },
    /// An image: `redis:8`.
    Image(String),
}

impl Railway {
    /// A service of that name in an environment, made from that.
    ///
    /// A new one is made in this environment; Railway makes it in all others too that are no forks, without deploying it where it has no
    /// source. One that the project has, and this environment not, is brought into this one: an environment that was made after it has
    /// none of it. A service with another image gets the right one here. One that is built from another repository is left alone: that
    /// would change it in every environment.
    pub async fn ensure_service(
        &self,
        permit: &Permit,
        project: &str,
        environment: &str,
        name: &str,
        source: &Source,
    ) -> Result<Made<Instance>, PortError> {
        let seen = self.environment(project, environment).await?;
        let mut written = Vec::new();
        let it = if let Some(instance) = seen.service(name) {
            instance.clone()
        } else {
            written.extend(self.create_service(permit, &seen, name, source).await?);
            let seen = self.environment(project, environment).await.map_err(after_write)?;
            seen.service(name).cloned().ok_or_else(|| not_seen(format!("service {name}")))?
        };
        let is_new = !written.is_empty();
        let at = At {
            project: project.to_owned(),
            environment: environment.to_owned(),
            service: it.service_id.clone(),
        };
        let it = match self.give_source(permit, &at, &it, source).await? {
            Some(taken) => {
                written.push(taken);
                let it = self.instance(&at).await.map_err(after_write)?;
                if !is_made_from(&it, source) {
                    return Err(not_seen(format!("the source of service {name}")));
                }
                it
            }
            None => it,
        };
        let summary = match (is_new, written.is_empty()) {
            (true, _) => format!("created service {name}"),
            (false, true) => format!("service {name} is there"),
            (false, false) => format!("service {name} has its source"),
        };
        let receipt = receipt(summary, permit, &written).with("id", &it.service_id);
        Ok(Made { it, receipt })
    }

    async fn create_service(
        &self,
        permit: &Permit,
        environment: &Environment,
        name: &str,
        source: &Source,
    ) -> Result<Option<Written>, PortError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            #[serde(rename = "serviceCreate")]
            _made: Named,
        }
        let all = self.services(&environment.project_id).await?;
        if let Some(elsewhere) = all.iter().find(|service| service.name == name) {
            return Ok(Some(self.bring_service(permit, environment, elsewhere, source).await?));
        }
        let mut input =
            json!({ "projectId": environment.project_id, "environmentId": environment.id, "name": name });
        match source {
            Source::Nothing => {}
            Source::Repo { repo, branch } => {
                input["source"] = json!({ "repo": repo });
                input["branch"] = json!(branch);
            }
            Source::Image(image) => input["source"] = json!({ "image": image }),
        }
        match self.write::<Answer>(permit, documents::SERVICE_CREATE, json!({ "input": input }), &[]).await {
            Ok((_, written)) => Ok(Some(written)),
            // Somebody was faster; what they made is looked at as if it had been there.
            Err(error) if is_taken(&error) => Ok(None),
            Err(error) => Err(error.of_write()),
        }
    }

    /// Brings a service of the project into an environment that has none of it, made from that: nothing of what it is elsewhere comes
    /// along, and least of all its variables. The patch is the one Railway's own command line makes (`isCreated`); said twice, it says
    /// the same.
    async fn bring_service(
        &self,
        permit: &Permit,
        environment: &Environment,
        service: &Named,
        source: &Source,
    ) -> Result<Written, PortError> {
        let mut brought = json!({ "isCreated": true });
        match source {
            Source::Nothing => {}
            Source::Repo { repo, branch } => brought["source"] = json!({ "repo": repo, "branch": branch }),
            Source::Image(image) => brought["source"] = json!({ "image": image }),
        }
        let mut services = Map::new();
        services.insert(service.id.clone(), brought);
        let variables = json!({
            "environmentId": environment.id,
            "patch": { "services": services },
            "message": format!("{} (Infra Chat, {})", service.name, permit.run()),
        });
        let taken = self.write::<Value>(permit, documents::ENVIRONMENT_PATCH, variables, &[]).await;
        Ok(taken.map_err(ApiError::of_write)?.1)
    }

    async fn give_source(
        &self,
        permit: &Permit,
        at: &At,
        instance: &Instance,
        source: &Source,
    ) -> Result<Option<Written>, PortError> {
        let name = &instance.service_name;
        if is_made_from(instance, source) {
            return Ok(None);
        }
        let seen = instance.source.clone().unwrap_or_default();
        match (source, seen.repo, seen.image) {
            (Source::Nothing, ..) => Ok(None),
            (Source::Repo { repo, branch }, None, None) => {
                let input = json!({ "repo": repo, "branch": branch });
                let variables = json!({ "id": at.service, "input": input });
                let taken = self.write::<Value>(permit, documents::SERVICE_CONNECT, variables, &[]).await;
                Ok(Some(taken.map_err(ApiError::of_write)?.1))
            }
            (Source::Image(image), None, _) => {
                let input = json!({ "source": { "image": image } });
                Ok(Some(self.update_instance(permit, at, input).await?))
            }
            (Source::Repo { repo, .. }, seen, image) => Err(PortError::fail(
                format!(
                    "Service {name} is made from {}, not from {repo}.",
                    seen.or(image).unwrap_or_default()
                ),
                "Change its source at railway.com, or give the service another name.",
            )),
            (Source::Image(image), Some(repo), _) => Err(PortError::fail(
                format!("Service {name} is built from {repo}, not from the image {image}."),
                "Give the service another name.",
            )),
        }
    }

    /// Changes settings of a service in one environment.
    pub(super) async fn update_instance(
        &self,
        permit: &Permit,
        at: &At,
        input: Value,
    ) -> Result<Written, PortError> {
        let variables = json!({ "environmentId": at.environment, "serviceId": at.service, "input": input });
        let taken = self.write::<Value>(permit, documents::INSTANCE_UPDATE, variables, &[]).await;
        Ok(taken.map_err(ApiError::of_write)?.1)
    }

    /// A volume of a service, at that path, in that environment.
    ///
    /// A service that has one elsewhere is left alone: its data would stay behind.
    pub async fn ensure_volume(
        &self,
        permit: &Permit,
        at: &At,
        mount_path: &str,
    ) -> Result<Made<Volume>, PortError> {
        let seen = self.environment(&at.project, &at.environment).await?;
        if let Some(it) = volume_at(&seen, at, mount_path)? {
            return Ok(made(it, format!("the volume at {mount_path} is there"), permit));
        }
        let input = json!({
            "projectId": at.project,
            "environmentId": at.environment,
            "serviceId": at.service,
            "mountPath": mount_path,
        });
        let taken =
            self.write::<Value>(permit, documents::VOLUME_CREATE, json!({ "input": input }), &[]).await;
        let written = match taken {
            Ok((_, written)) => vec![written],
            Err(error) if is_taken(&error) => Vec::new(),
            Err(error) => return Err(error.of_write()),
        };
        let seen = self.environment(&at.project, &at.environment).await.map_err(after_write)?;
        let it = volume_at(&seen, at, mount_path)?
            .ok_or_else(|| not_seen(format!("the volume at {mount_path}")))?;
        let receipt =
            receipt(format!("created a volume at {mount_path}"), permit, &written).with("id", &it.id);
        Ok(Made { it, receipt })
    }
}

fn is_made_from(instance: &Instance, source: &Source) -> bool {
    let seen = instance.source.clone().unwrap_or_default();
    match source {
        Source::Nothing => true,
        // Railway spells a repository as its owner does.
        Source::Repo { repo, .. } => seen.repo.is_some_and(|seen| seen.eq_ignore_ascii_case(repo)),
        Source::Image(image) => seen.image.as_ref() == Some(image),
    }
}

/// The volume a service has there; an error where it has one that is not the wanted, or is about to lose it.
fn volume_at(seen: &Environment, at: &At, mount_path: &str) -> Result<Option<Volume>, PortError> {
    let volumes: Vec<&Volume> = seen.volumes_of(&at.service).collect();
    let Some(volume) = volumes.iter().find(|volume| volume.mount_path == mount_path) else {
        return match volumes.first() {
            None => Ok(None),
            Some(other) => Err(PortError::fail(
                format!("The service has a volume at {}, not at {mount_path}.", other.mount_path),
                "Its data would stay behind: move it yourself, or ask for the path it has.",
            )),
        };
    };
    match volume.state.as_deref() {
        Some("DELETED" | "DELETING" | "ERROR") => Err(PortError::fail(
            format!(
                "The volume at {mount_path} is {}.",
                volume.state.as_deref().unwrap_or_default().to_lowercase()
            ),
            "Look at it at railway.com before anything writes to it.",
        )),
        _ => Ok(Some((*volume).clone())),
    }
}
