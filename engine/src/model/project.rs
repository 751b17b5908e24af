//! The desired shape of a project, as the database owns it. `project::import` makes it out of YAML.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::ports::{DatabaseAt, Notes};
use crate::secrets::SecretRef;

use super::{
    CanaryUnsaid, Check, Component, ComponentName, Connection, ConnectionHere, ConnectionName,
    EnvironmentKey, EnvironmentName, JobName, Judging, Phone, ProjectName, Queries, Role, SecretName,
    ServiceName, Size, Texts, UserName,
};

/// A project: what it is made of and where it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its name, unique.
    pub project: ProjectName,
    /// What people call it: "Invoice Perfect".
    pub title: String,
    /// Where its code lives, unless a service says otherwise.
    pub source: Source,
    /// Its migrations, when it has them.
    pub migrations: Option<Migrations>,
    /// Its services, in the order they start.
    pub services: IndexMap<ServiceName, Service>,
    /// The components every environment holds that does not say otherwise.
    pub components: IndexMap<ComponentName, Component>,
    /// Accounts at providers that every environment uses, each with a secret of its own.
    #[serde(default)]
    pub connections: IndexMap<ConnectionName, Connection>,
    /// Its environments, in the order releases move through them.
    pub environments: IndexMap<EnvironmentName, Environment>,
    /// Jobs the application offers.
    pub jobs: IndexMap<JobName, Job>,
    /// People the description brings along; those already known are left as they are.
    #[serde(default)]
    pub people: Vec<Person>,
}

/// A person and their role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// What they are called.
    pub name: UserName,
    /// What they may do.
    pub role: Role,
    /// Their phone, for texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
}

/// Where code comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// A git repository: an absolute path or a URL.
    pub repository: String,
    /// The folder within it, `.` for all of it.
    pub path: String,
    /// What git logs in with where reading needs it: a secret of the project that holds a token or `user:password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<SecretRef>,
}

/// Whether the address of a repository holds a password, or what may be one: over http(s), tokens are given as names, too.
pub fn holds_login(repository: &str) -> bool {
    let Some((scheme, rest)) = repository.split_once("://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let login = host.rsplit_once('@').map(|(login, _)| login);
    login.is_some_and(|login| scheme.to_ascii_lowercase().starts_with("http") || login.contains(':'))
}

/// Migration files and the database they are for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrations {
    /// The folder in the repository that holds them: `NNNN_name.sql` files, or those of the application's own tool.
    pub path: String,
    /// The component they change.
    pub component: ComponentName,
    /// The application's own tool that applies them; absent for SQL files, which are applied one by one from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<Runner>,
}

/// A tool of the application that applies its migrations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runner {
    /// Which one.
    pub tool: Tool,
    /// The service in whose built code it runs, with that service's variables.
    pub service: ServiceName,
    /// The command that applies every pending migration, in order.
    pub command: String,
    /// The table in which the tool notes the files it has applied; `schema.table` where it has a schema.
    pub table: String,
    /// The column with the file's name, with or without its extension.
    pub column: String,
    /// How long the command may take, in seconds.
    pub timeout_s: u32,
}

/// A tool that applies migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// Sequelize's command line: <https://sequelize.org/docs/v6/other-topics/migrations/>.
    Sequelize,
    /// Any other that notes the names of the files it has applied in a table.
    Command,
}

/// One service of a project, before an environment's overrides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its own source, when it is not the project's.
    pub source: Option<Source>,
    /// The command that builds a release; absent when nothing is built.
    pub build: Option<String>,
    /// The command that starts it (or, with a schedule, that runs it once).
    pub start: String,
    /// How its health is asked; absent for a service with a schedule.
    pub health: Option<Health>,
    /// Cron expression (five fields, UTC): the service is run at those times instead of served.
    pub schedule: Option<String>,
    /// Environment variables.
    pub variables: BTreeMap<String, Variable>,
    /// Services and components that must be there first.
    pub needs: Vec<String>,
    /// How many processes serve it.
    pub replicas: u32,
    /// How large one process may become; `limits` may say it more exactly.
    #[serde(default)]
    pub size: Option<Size>,
    /// Limits of one process.
    pub limits: Limits,
    /// What keeps a client with its release while traffic is split; absent means its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
    /// Synthetic checks, by name: asked of both versions while a canary soaks.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub checks: IndexMap<String, Check>,
    /// What Prometheus is asked about it; absent means that the edge tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signals: Option<Queries>,
}

/// What keeps a client with its release while traffic is split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sticky {
    /// The cookie whose value says who it is: the service's own, or else one the edge sets.
    pub cookie: String,
}

/// How a service's health is asked for over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The path that answers 200 when healthy.
    pub path: String,
    /// How long a new process may take to become healthy, in seconds.
    pub timeout_s: u32,
}

/// The value of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variable {
    /// Plain text; `${service.api.url}` and `${component.postgres.url}` are filled in by the platform.
    Plain(String),
    /// A secret of the environment, kept encrypted and referred to by name.
    Secret(SecretName),
}

/// Limits of one process; absent means the platform's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory in mebibytes.
    pub memory_mb: Option<u32>,
    /// Open files.
    pub open_files: Option<u32>,
}

/// A job that fills rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Job {
    /// A command of the application.
    Command(CommandJob),
    /// Declared in SQL: it needs no code of the application.
    Sql(SqlJob),
}

/// A job of the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandJob {
    /// The service whose release it runs in.
    pub service: ServiceName,
    /// Its command.
    pub command: String,
}

/// A job declared in SQL, as it was written; `engine::backfill::Fill` reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlJob {
    /// The component that holds the rows.
    pub database: ComponentName,
    /// The table and which of its rows: `users WHERE timezone IS NULL`.
    pub rows: String,
    /// The column that tells rows apart, in whose order they are filled: `id`.
    pub key: String,
    /// What is set: `timezone = 'Europe/Berlin'`.
    pub set: String,
}

/// Processes on this machine.
pub const PLATFORM_LOCAL: &str = "local";
/// Services at Railway, with Cloudflare in front where the environment has a connection to it.
pub const PLATFORM_RAILWAY: &str = "railway";

/// The repository at GitHub that an address names, as `owner/name`; nothing for one that is elsewhere.
pub fn github_repository(repository: &str) -> Option<String> {
    let path =
        ["https://github.com/", "ssh://git@github.com/", "git@github.com:"].iter().find_map(|begin| {
            // Hosts' names know no capitals.
            let (head, path) = repository.split_at_checked(begin.len())?;
            head.eq_ignore_ascii_case(begin).then_some(path)
        })?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let (owner, name) = path.strip_suffix(".git").unwrap_or(path).split_once('/')?;
    let word = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    (word(owner) && word(name)).then(|| format!("{owner}/{name}"))
}

/// An environment: where the project runs, and what differs there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The platform that runs it: [`PLATFORM_LOCAL`] or [`PLATFORM_RAILWAY`].
    pub platform: String,
    /// Production rules hold: approval by a second person, allowed refs, no lightly taken risk.
    pub production: bool,
    /// Other words for it.
    pub aliases: Vec<String>,
    /// Addresses the edge listens on, by service: `127.0.0.1:7401`; at a provider, names in the DNS: `api.example.com`.
    pub edge: BTreeMap<ServiceName, String>,
    /// Connections only this environment has, and what stands here in place of the project's.
    #[serde(default)]
    pub connections: IndexMap<ConnectionName, Connection>,
    /// Components only this environment has, and what stands here in place of the project's.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub components: IndexMap<ComponentName, Component>,
    /// Components that are not here, of the project's and of those above.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub without: BTreeSet<ComponentName>,
    /// What differs from the project's services here.
    pub services: IndexMap<ServiceName, Override>,
    /// What the rules need to know about it.
    pub policy: EnvironmentPolicy,
    /// Who is texted about it; absent when nobody is on duty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<Texts>,
}

/// What an environment changes about a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Replicas here.
    pub replicas: Option<u32>,
    /// Variables added or replaced here.
    pub variables: BTreeMap<String, Variable>,
    /// Size here.
    #[serde(default)]
    pub size: Option<Size>,
    /// Limits here.
    pub limits: Option<Limits>,
    /// Another schedule here.
    pub schedule: Option<String>,
}

/// Numbers and windows the policy rules ask about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentPolicy {
    /// How many people other than the requester approve a change.
    pub approvals: u32,
    /// Patterns of refs that may be deployed (`main`, `v*`); empty means any.
    pub allowed_refs: Vec<String>,
    /// Commits that come here must have passed continuous integration.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requires_ci: bool,
    /// Times in which nothing changes.
    pub freeze: Vec<FreezeWindow>,
    /// Most changing runs in any hour.
    pub runs_per_hour: Option<u32>,
    /// Most replicas of one service.
    pub max_replicas: Option<u32>,
    /// Sizes a service may have; empty means any.
    #[serde(default)]
    pub allowed_sizes: Vec<Size>,
    /// The team is one person: the requester may approve their own runs.
    pub one_person_team: bool,
    /// How long an approval may take before it expires, in minutes.
    pub approval_minutes: Option<u32>,
    /// What a deploy means that says nothing about a canary; absent means what the product does then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryUnsaid>,
    /// Seconds each stage of a canary soaks where its order says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak_s: Option<u32>,
    /// A stage of a canary that is good enough waits for a person before the next.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ask_between_stages: bool,
    /// Canary lane-seconds that must have been compared before a canary passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane_seconds_min: Option<u32>,
    /// How canaries are judged.
    #[serde(default, skip_serializing_if = "Judging::is_usual")]
    pub judging: Judging,
}

/// A time in which nothing changes, unless the glass is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezeWindow {
    /// What people call it: "weekend".
    pub name: String,
    /// Why.
    pub reason: String,
    /// When.
    pub when: FreezeWhen,
}

/// When a freeze holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FreezeWhen {
    /// From one instant to another, in epoch milliseconds.
    Between {
        /// First instant frozen.
        from_ms: i64,
        /// First instant free again.
        until_ms: i64,
    },
    /// Every week from one minute to another, counted from Monday 00:00 in the time zone (0 to 10079); may wrap.
    Weekly {
        /// First minute frozen.
        from_minute: u32,
        /// First minute free again.
        until_minute: u32,
        /// IANA time zone, `Europe/Berlin`.
        zone: String,
    },
}

impl Source {
    /// Whether the same code is meant, whatever it is read with.
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.repository == other.repository && self.path == other.path
    }
}

impl Service {
    /// The limits of one process, with the memory its size stands for where none is said.
    pub fn limits_in_force(&self) -> Limits {
        let memory_mb = self.limits.memory_mb.or(self.size.map(Size::memory_mb));
        Limits { memory_mb, ..self.limits.clone() }
    }
}

impl Project {
    /// The components of an environment: the project's with what the environment says laid over. None where the project
    /// has no such environment.
    pub fn components_in(&self, environment: &EnvironmentName) -> IndexMap<ComponentName, Component> {
        let Some(here) = self.environments.get(environment) else { return IndexMap::new() };
        let mut components = self.components.clone();
        components.extend(here.components.clone());
        components.retain(|name, _| !here.without.contains(name));
        components
    }

    /// What the description knows of a component, whether an environment has it or does without: what is said of it there, in
    /// the project, or in another environment.
    pub fn component_known(&self, environment: &EnvironmentName, name: &ComponentName) -> Option<&Component> {
        let here = self.environments.get(environment).and_then(|here| here.components.get(name));
        let elsewhere = || self.environments.values().find_map(|it| it.components.get(name));
        here.or_else(|| self.components.get(name)).or_else(elsewhere)
    }

    /// Gives an environment a component, or takes it away. What it was stays said there, so that it can come back as it was.
    /// Nothing happens where the project has no such environment.
    pub fn component_put(
        &mut self,
        environment: &EnvironmentName,
        name: &ComponentName,
        component: Option<&Component>,
    ) {
        let usual = self.components.get(name);
        let Some(here) = self.environments.get_mut(environment) else { return };
        match component {
            Some(component) => {
                here.without.remove(name);
                if here.components.contains_key(name) || usual != Some(component) {
                    here.components.insert(name.clone(), component.clone());
                }
            }
            None if usual.is_some() || here.components.contains_key(name) => {
                here.without.insert(name.clone());
            }
            None => {}
        }
    }

    /// The database that migrations of an environment are for; absent without migrations.
    pub fn database_migrated(&self, environment: &EnvironmentName) -> Option<DatabaseAt> {
        let migrations = self.migrations.as_ref()?;
        let component = migrations.component.clone();
        let url = self.components_in(environment).get(&component).and_then(|component| component.url.clone());
        let notes = migrations
            .runner
            .as_ref()
            .map(|runner| Notes { table: runner.table.clone(), column: runner.column.clone() });
        Some(DatabaseAt { component, url, notes })
    }

    /// The environment's key, when the project has it.
    pub fn environment_key(&self, environment: &EnvironmentName) -> Option<EnvironmentKey> {
        self.environments
            .contains_key(environment)
            .then(|| EnvironmentKey::new(self.project.clone(), environment.clone()))
    }

    /// A service as it is in an environment: the project's description with the environment's overrides laid over.
    pub fn service_in(&self, environment: &EnvironmentName, service: &ServiceName) -> Option<Service> {
        let mut merged = self.services.get(service)?.clone();
        if let Some(over) = self.environments.get(environment)?.services.get(service) {
            merged.replicas = over.replicas.unwrap_or(merged.replicas);
            merged.variables.extend(over.variables.clone());
            if over.size.is_some() {
                merged.size = over.size;
                // The memory said for everywhere would hide the size said for here.
                merged.limits.memory_mb = None;
            }
            merged.limits = over.limits.clone().unwrap_or(merged.limits);
            merged.schedule = over.schedule.clone().or(merged.schedule);
        }
        Some(merged)
    }

    /// The connections an environment has, by name: the project's, and its own laid over them.
    pub fn connections_in(&self, environment: &EnvironmentName) -> Vec<ConnectionHere> {
        let Some(here) = self.environments.get(environment) else { return Vec::new() };
        let mut all: BTreeMap<&ConnectionName, &Connection> = self.connections.iter().collect();
        all.extend(&here.connections);
        all.into_iter()
            .map(|(name, connection)| ConnectionHere {
                name: name.clone(),
                provider: connection.provider,
                mode: connection.mode_in(here.production),
                secret: connection.secret.clone(),
            })
            .collect()
    }

    /// Where a service's code lives.
    pub fn source_of<'a>(&'a self, service: &'a Service) -> &'a Source {
        service.source.as_ref().unwrap_or(&self.source)
    }
}
