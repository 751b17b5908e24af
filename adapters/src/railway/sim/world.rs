//! What a simulated Railway has.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde_json::{Value, json};

/// What a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everything, as a person.
    Account,
    /// Everything in the workspace.
    Workspace,
    /// One environment of one project, by their ids.
    Project(String, String),
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of Railway's schema")]
pub struct ProjectRow {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
}

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of Railway's schema")]
pub struct EnvironmentRow {
    pub id: String,
    pub project: String,
    pub name: String,
    pub is_ephemeral: bool,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of Railway's schema")]
pub struct ServiceRow {
    pub id: String,
    pub project: String,
    pub name: String,
}

/// A service in an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceRow {
    /// Its id.
    pub id: String,
    /// The service's id.
    pub service: String,
    /// The environment's id.
    pub environment: String,
    /// A repository it is built from.
    pub repo: Option<String>,
    /// An image it is made from.
    pub image: Option<String>,
    /// Its settings by Railway's names, as they were given.
    pub settings: BTreeMap<String, Value>,
    /// Its variables as they were written.
    pub variables: BTreeMap<String, String>,
    /// Those whose values are told nobody.
    pub sealed: BTreeSet<String>,
}

/// A volume in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of Railway's schema")]
pub struct VolumeRow {
    pub id: String,
    pub volume: String,
    pub name: String,
    pub environment: String,
    pub service: String,
    pub mount_path: String,
    pub state: String,
}

/// A deployment.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of Railway's schema")]
pub struct DeploymentRow {
    pub id: String,
    pub service: String,
    pub environment: String,
    pub status: String,
    pub created_at: DateTime<Utc>,
    pub status_updated_at: DateTime<Utc>,
    /// Whether its image is still there.
    pub is_kept: bool,
    pub meta: Value,
    /// Ids and statuses of what runs.
    pub instances: Vec<(String, String)>,
    /// It is started at its times, and waits for the next between them.
    pub is_scheduled: bool,
}

/// An address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of Railway's schema")]
pub struct DomainRow {
    pub id: String,
    pub service: String,
    pub environment: String,
    pub domain: String,
    pub target_port: Option<u64>,
    pub is_custom: bool,
    pub is_verified: bool,
}

/// A line of a log, or a request, as Railway tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRow {
    /// The deployment's id.
    pub deployment: String,
    /// `deploymentLogs`, `buildLogs` or `httpLogs`.
    pub kind: &'static str,
    /// When.
    pub at: DateTime<Utc>,
    /// All fields.
    pub line: Value,
}

/// All that a simulated Railway has. Tests and rehearsals look at it and change it as somebody else would.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "lists of what their types say")]
pub struct World {
    pub tokens: BTreeMap<String, Access>,
    pub projects: Vec<ProjectRow>,
    pub environments: Vec<EnvironmentRow>,
    pub services: Vec<ServiceRow>,
    pub instances: Vec<InstanceRow>,
    pub volumes: Vec<VolumeRow>,
    pub deployments: Vec<DeploymentRow>,
    pub domains: Vec<DomainRow>,
    pub logs: Vec<LogRow>,
    /// The newest commit of a repository.
    pub heads: BTreeMap<String, String>,
    /// Commits and images that come to a bad end, and which: `FAILED`, `CRASHED`.
    pub ends: BTreeMap<String, String>,
    /// How what was made from a commit or an image answers; well and at once unless said otherwise.
    pub behaviours: BTreeMap<String, super::Behaviour>,
    /// Requests that were answered so far, by deployment.
    pub answered: BTreeMap<String, u32>,
    /// Whether deployments go on when they are listed, too, not only when one is looked at by itself.
    pub is_lively: bool,
    /// How often something was restarted.
    pub restarts: u32,
    /// How many things were made and moments passed.
    pub count: u32,
}

/// The one workspace.
pub(super) const WORKSPACE: &str = "00000000-0000-4000-9000-000000000001";

impl World {
    /// The next id.
    pub fn id(&mut self) -> String {
        self.count += 1;
        format!("00000000-0000-4000-8000-{:012}", self.count)
    }

    /// The next moment: seconds after the beginning of 2026.
    pub fn moment(&mut self) -> DateTime<Utc> {
        self.count += 1;
        DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default()
            + Duration::seconds(i64::from(self.count))
    }

    /// A service in an environment.
    pub fn instance(&mut self, environment: &str, service: &str) -> Option<&mut InstanceRow> {
        self.instances.iter_mut().find(|row| row.environment == environment && row.service == service)
    }

    /// Makes an environment without anything in it.
    pub fn add_environment(&mut self, project: &str, name: &str) -> String {
        let id = self.id();
        self.environments.push(EnvironmentRow {
            id: id.clone(),
            project: project.to_owned(),
            name: name.to_owned(),
            is_ephemeral: false,
        });
        id
    }

    /// Makes a project with an environment; both ids.
    pub fn add_project(&mut self, name: &str, environment: &str) -> (String, String) {
        let id = self.id();
        self.projects.push(ProjectRow { id: id.clone(), name: name.to_owned(), description: None });
        let environment = self.add_environment(&id, environment);
        (id, environment)
    }

    /// Makes a service in all environments that are no forks, and in that one.
    pub fn add_service(
        &mut self,
        project: &str,
        environment: &str,
        name: &str,
        repo: Option<&str>,
        image: Option<&str>,
    ) -> String {
        let id = self.id();
        self.services.push(ServiceRow { id: id.clone(), project: project.to_owned(), name: name.to_owned() });
        let environments: Vec<String> = self
            .environments
            .iter()
            .filter(|row| row.project == project && (!row.is_ephemeral || row.id == environment))
            .map(|row| row.id.clone())
            .collect();
        for environment in environments {
            self.add_instance(&environment, &id, repo, image);
        }
        id
    }

    /// Makes a service of the project in one more environment.
    pub(super) fn add_instance(
        &mut self,
        environment: &str,
        service: &str,
        repo: Option<&str>,
        image: Option<&str>,
    ) {
        let instance = InstanceRow {
            id: self.id(),
            service: service.to_owned(),
            environment: environment.to_owned(),
            repo: repo.map(str::to_owned),
            image: image.map(str::to_owned),
            settings: BTreeMap::new(),
            variables: BTreeMap::new(),
            sealed: BTreeSet::new(),
        };
        self.instances.push(instance);
    }

    /// Begins a deployment of what the service is made from; nothing where it is made from nothing.
    pub fn add_deployment(
        &mut self,
        environment: &str,
        service: &str,
        commit: Option<&str>,
    ) -> Option<String> {
        let instance = self.instance(environment, service)?.clone();
        let meta = match (&instance.repo, &instance.image) {
            (Some(repo), _) => {
                let head = self.heads.get(repo).cloned().unwrap_or_else(|| "0".repeat(40));
                json!({ "repo": repo, "branch": "main", "commitHash": commit.unwrap_or(&head), "reason": "deploy" })
            }
            (None, Some(image)) => json!({ "image": image, "reason": "deploy" }),
            (None, None) => return None,
        };
        Some(self.add_deployment_of(environment, service, meta, "INITIALIZING"))
    }

    pub(super) fn add_deployment_of(
        &mut self,
        environment: &str,
        service: &str,
        meta: Value,
        status: &str,
    ) -> String {
        let (id, at) = (self.id(), self.moment());
        self.deployments.push(DeploymentRow {
            id: id.clone(),
            service: service.to_owned(),
            environment: environment.to_owned(),
            status: status.to_owned(),
            created_at: at,
            status_updated_at: at,
            is_kept: true,
            meta,
            instances: Vec::new(),
            is_scheduled: false,
        });
        id
    }

    /// A deployment goes one step on; at its end it takes the place of the one before.
    pub fn go_on(&mut self, id: &str) {
        let Some(at) = self.deployments.iter().position(|row| row.id == id) else { return };
        let row = self.deployments[at].clone();
        let what = row.meta["commitHash"].as_str().or(row.meta["image"].as_str()).unwrap_or_default();
        let end = self.ends.get(what).cloned().unwrap_or_else(|| "SUCCESS".to_owned());
        let next = match row.status.as_str() {
            "QUEUED" | "WAITING" | "INITIALIZING" if row.meta["image"].is_string() => "DEPLOYING".to_owned(),
            "QUEUED" | "WAITING" | "INITIALIZING" => "BUILDING".to_owned(),
            "BUILDING" if end == "FAILED" => end,
            "BUILDING" => "DEPLOYING".to_owned(),
            "DEPLOYING" => end,
            "REMOVING" => "REMOVED".to_owned(),
            _ => return,
        };
        if next == "SUCCESS" {
            let same =
                |other: &DeploymentRow| other.service == row.service && other.environment == row.environment;
            for other in self.deployments.iter_mut().filter(|other| same(other) && other.status == "SUCCESS")
            {
                "REMOVED".clone_into(&mut other.status);
                other.instances.clear();
            }
            let settings = self.instance(&row.environment, &row.service).map(|row| row.settings.clone());
            let settings = settings.unwrap_or_default();
            let count = settings.get("numReplicas").and_then(Value::as_u64).unwrap_or(1);
            let is_job = settings.get("restartPolicyType") == Some(&json!("NEVER"));
            let status = if is_job { "EXITED" } else { "RUNNING" };
            let instances = (0..count).map(|_| (self.id(), status.to_owned())).collect();
            self.deployments[at].instances = instances;
            self.deployments[at].is_scheduled =
                settings.get("cronSchedule").is_some_and(|schedule| !schedule.is_null());
        }
        let now = self.moment();
        self.deployments[at].status = next;
        self.deployments[at].status_updated_at = now;
    }

    /// All deployments go one step on, the oldest first.
    pub fn all_go_on(&mut self) {
        let ids: Vec<String> = self.deployments.iter().map(|row| row.id.clone()).collect();
        for id in ids {
            self.go_on(&id);
        }
    }

    /// All deployments go on to their end, the oldest first.
    pub fn settle(&mut self) {
        let ids: Vec<String> = self.deployments.iter().map(|row| row.id.clone()).collect();
        for id in ids {
            for _ in 0..4 {
                self.go_on(&id);
            }
        }
    }

    /// Writes a line into a deployment's log.
    pub fn add_line(&mut self, deployment: &str, kind: &'static str, message: &str) {
        let at = self.moment();
        let stamp = at.to_rfc3339_opts(SecondsFormat::Nanos, true);
        let line = json!({ "timestamp": stamp, "severity": "info", "message": message, "attributes": [] });
        self.logs.push(LogRow { deployment: deployment.to_owned(), kind, at, line });
    }

    /// A request comes to a deployment.
    pub fn add_request(&mut self, deployment: &str, path: &str, status: u16, took_ms: u32) {
        let at = self.moment();
        self.log_request(deployment, path, status, took_ms, at);
    }

    pub(super) fn log_request(
        &mut self,
        deployment: &str,
        path: &str,
        status: u16,
        took_ms: u32,
        at: DateTime<Utc>,
    ) {
        let id = self.id();
        let line = json!({
            "timestamp": at.to_rfc3339_opts(SecondsFormat::Nanos, true), "requestId": id, "method": "GET",
            "path": path, "host": "api.example.com", "httpStatus": status, "totalDuration": took_ms,
            "upstreamRqDuration": took_ms, "upstreamErrors": "", "edgeRegion": "europe-west4",
            "deploymentInstanceId": "1",
        });
        self.logs.push(LogRow { deployment: deployment.to_owned(), kind: "httpLogs", at, line });
    }
}
