//! What Railway has, as it tells it. The fields carry Railway's names where those are clear.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// Railway's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What is said of it.
    pub description: Option<String>,
    /// Whose it is.
    pub workspace_id: Option<String>,
}

/// An environment, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentRef {
    /// Railway's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it belongs to a pull request and goes with it.
    pub is_ephemeral: bool,
}

/// Something with a name and an id: a service, a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Named {
    /// Railway's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Which service of which environment: Railway's ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The project's id.
    pub project: String,
    /// The environment's id.
    pub environment: String,
    /// The service's id.
    pub service: String,
}

/// All that is known of an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Environment {
    /// Railway's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The project's id.
    pub project_id: String,
    /// Whether it belongs to a pull request.
    pub is_ephemeral: bool,
    /// Services as they are here, by name.
    pub services: Vec<Instance>,
    /// Volumes as they are here, by service.
    pub volumes: Vec<Volume>,
}

impl Environment {
    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&Instance> {
        self.services.iter().find(|service| service.service_name == name)
    }

    /// The volumes of a service.
    pub fn volumes_of<'e>(&'e self, service: &'e str) -> impl Iterator<Item = &'e Volume> {
        self.volumes.iter().filter(move |volume| volume.service_id.as_deref() == Some(service))
    }
}

/// A service in one environment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// The id of this instance; calls want [`Self::service_id`].
    pub id: String,
    /// The service's id, the same in all environments.
    pub service_id: String,
    /// Its name.
    pub service_name: String,
    /// Where it runs, when it was chosen.
    pub region: Option<String>,
    /// How many run.
    pub num_replicas: Option<u32>,
    /// When it runs, in cron's five fields in UTC; absent when always.
    pub cron_schedule: Option<String>,
    /// The path that must answer before traffic comes.
    pub healthcheck_path: Option<String>,
    /// What is started instead of what the image says.
    pub start_command: Option<String>,
    /// What runs between build and start, and stops the deployment when it fails: a list, or one text.
    pub pre_deploy_command: Option<Value>,
    /// How long old and new run together, in seconds.
    pub overlap_seconds: Option<i64>,
    /// How long the old has to end, in seconds.
    pub draining_seconds: Option<i64>,
    /// The folder of the repository it is built from.
    pub root_directory: Option<String>,
    /// Whether it is started again: `ALWAYS`, `NEVER`, `ON_FAILURE`.
    pub restart_policy_type: String,
    /// Whether it sleeps when nobody asks.
    pub sleep_application: Option<bool>,
    /// What it is made from.
    pub source: Option<SourceSeen>,
    /// Its addresses.
    pub domains: Domains,
    /// Its newest deployment.
    pub latest_deployment: Option<Deployment>,
}

/// What a service is made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct SourceSeen {
    /// A repository: `acme/api`.
    pub repo: Option<String>,
    /// An image: `redis:8`.
    pub image: Option<String>,
}

/// A volume in one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume {
    /// The volume's id.
    pub id: String,
    /// The id of its instance here, which backups are made of.
    pub instance_id: String,
    /// Its name.
    pub name: String,
    /// The service it is attached to, if any.
    pub service_id: Option<String>,
    /// Where the service finds it.
    pub mount_path: String,
    /// How large it may be, in megabytes.
    pub size_mb: i64,
    /// How full it is, in megabytes.
    pub used_mb: f64,
    /// Railway's word for how it is: `READY`, `MIGRATING` …
    pub state: Option<String>,
}

/// The addresses of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Domains {
    /// Those under Railway's own names.
    pub service_domains: Vec<ServiceDomain>,
    /// Those of one's own.
    pub custom_domains: Vec<CustomDomain>,
}

/// An address under Railway's own name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDomain {
    /// Railway's id.
    pub id: String,
    /// `api-production.up.railway.app`.
    pub domain: String,
    /// The port of the service that gets the requests.
    pub target_port: Option<u16>,
}

/// An address of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomDomain {
    /// Railway's id.
    pub id: String,
    /// `api.example.com`.
    pub domain: String,
    /// The port of the service that gets the requests.
    pub target_port: Option<u16>,
    /// How far it is.
    pub status: CustomDomainStatus,
}

/// How far a domain is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomDomainStatus {
    /// Whether Railway believes that it is ours.
    pub verified: bool,
    /// `CERTIFICATE_STATUS_TYPE_VALID` when it can be used.
    pub certificate_status: String,
    /// Why there is no certificate.
    pub certificate_error_message: Option<String>,
    /// The name of the TXT record that proves whose it is.
    pub verification_dns_host: Option<String>,
    /// What is to stand in it.
    pub verification_token: Option<String>,
    /// The records it wants.
    pub dns_records: Vec<DnsRecord>,
}

/// A DNS record Railway wants.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DnsRecord {
    /// The name within its zone.
    pub hostlabel: String,
    /// The whole name.
    pub fqdn: String,
    /// The zone.
    pub zone: String,
    /// `DNS_RECORD_TYPE_CNAME` …
    pub record_type: String,
    /// What is to stand in it.
    pub required_value: String,
    /// What stands in it.
    pub current_value: String,
    /// `DNS_RECORD_STATUS_PROPAGATED` when it is right.
    pub status: String,
    /// `DNS_RECORD_PURPOSE_TRAFFIC_ROUTE`, or for the certificate.
    pub purpose: String,
}

/// A deployment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// Railway's id.
    pub id: String,
    /// Railway's word; [`Self::phase`] says what it means.
    pub status: String,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When its status changed last.
    pub status_updated_at: Option<DateTime<Utc>>,
    /// Whether its image is still kept: how long is a matter of the plan.
    pub can_rollback: bool,
    /// Whether it can be deployed again.
    pub can_redeploy: bool,
    /// Whether all of it has ended.
    pub deployment_stopped: bool,
    /// Its address without a scheme.
    pub static_url: Option<String>,
    /// What Railway writes of it: commit, branch, image, why. No schema, and read leniently.
    pub meta: Option<Value>,
    /// What runs of it.
    pub instances: Vec<Running>,
}

/// One running copy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Running {
    /// Railway's id.
    pub id: String,
    /// `RUNNING`, `CRASHED`, `EXITED` …
    pub status: String,
}

/// Where a deployment is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Not begun: in line, or waiting for checks.
    Waiting,
    /// A person must approve it at Railway.
    NeedsApproval,
    /// Being built.
    Building,
    /// Being started, its pre-deploy command included.
    Starting,
    /// It runs.
    Live,
    /// It runs when somebody asks.
    Asleep,
    /// It never ran.
    Failed,
    /// It ran and ended badly.
    Crashed,
    /// Railway found nothing to deploy in it.
    Skipped,
    /// It makes place for another.
    Leaving,
    /// Another has its place.
    Gone,
    /// A word this version does not know: neither good nor over.
    Unknown,
}

impl Phase {
    /// Of Railway's word (`DeploymentStatus`).
    pub fn of(status: &str) -> Self {
        match status {
            "QUEUED" | "WAITING" | "INITIALIZING" => Self::Waiting,
            "NEEDS_APPROVAL" => Self::NeedsApproval,
            "BUILDING" => Self::Building,
            "DEPLOYING" => Self::Starting,
            "SUCCESS" => Self::Live,
            "SLEEPING" => Self::Asleep,
            "FAILED" => Self::Failed,
            "CRASHED" => Self::Crashed,
            "SKIPPED" => Self::Skipped,
            "REMOVING" => Self::Leaving,
            "REMOVED" => Self::Gone,
            _ => Self::Unknown,
        }
    }

    /// Whether it serves.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live | Self::Asleep)
    }

    /// Whether nothing more will come of it by itself.
    pub fn is_over(&self) -> bool {
        !matches!(
            self,
            Self::Waiting
                | Self::NeedsApproval
                | Self::Building
                | Self::Starting
                | Self::Leaving
                | Self::Unknown
        )
    }
}

impl Deployment {
    /// Where it is on its way.
    pub fn phase(&self) -> Phase {
        Phase::of(&self.status)
    }

    /// Whether somebody ended all of it; one that sleeps is woken by a request.
    pub fn is_stopped(&self) -> bool {
        self.deployment_stopped && self.phase() != Phase::Asleep
    }

    /// Whether somebody ended what ran; what is on its way, or broke by itself, is no such thing.
    pub fn was_ended(&self) -> bool {
        match self.phase() {
            Phase::Gone | Phase::Leaving => true,
            phase => (phase.is_live() || phase == Phase::Crashed) && self.is_stopped(),
        }
    }

    /// The commit it was built from.
    pub fn commit(&self) -> Option<&str> {
        self.said("commitHash")
    }

    /// The image it was made from, of services that are no code.
    pub fn image(&self) -> Option<&str> {
        self.said("image")
    }

    fn said(&self, name: &str) -> Option<&str> {
        self.meta.as_ref()?.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// Whether both run the same: the same commit, or the same image where there is none. What is known of neither is not the same.
    pub fn is_same_build(&self, other: &Self) -> bool {
        match (self.commit(), other.commit()) {
            (Some(one), Some(another)) => one == another,
            (None, None) => self.image().is_some() && self.image() == other.image(),
            _ => false,
        }
    }

    /// A mark of what runs of it now: a restart changes it. Taken before a restart, it tells later whether there was one.
    pub fn running_mark(&self) -> String {
        let mut running: Vec<&str> = self.instances.iter().map(|one| one.id.as_str()).collect();
        running.sort_unstable();
        let at = self.status_updated_at.map(|at| at.timestamp_micros()).unwrap_or_default();
        format!("{at} {}", running.join(","))
    }
}
