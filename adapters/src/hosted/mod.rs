#![doc = include_str!("README.md")]

mod asking;
mod config;
mod edge;
mod ledger;
mod look;
mod observe;
mod platform;
mod retire;
mod schedule;
mod shape;
mod signals;
pub mod sim;
pub mod visitors;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::clock::Clock;
use engine::model::{EnvironmentKey, ServiceName, Source};
use engine::ports::{BuildKey, CodeHost, PortError, SecretSource, Weight};
use engine::redact::Redactor;

use crate::cloudflare::{Canary, Cloudflare, Zone};
use crate::railway::Railway;

use look::{Ids, Look};
use signals::Watched;

/// Where an environment is.
#[derive(Debug, Clone)]
pub struct Place {
    /// Which one, in the engine's words.
    pub key: EnvironmentKey,
    /// Railway's project, by name.
    pub project: String,
    /// Railway's workspace, by id; the token's own when absent.
    pub workspace: Option<String>,
    /// Railway's environment, by name.
    pub environment: String,
    /// Its services.
    pub services: BTreeMap<ServiceName, Placed>,
    /// How old a look may be that is told again, in milliseconds: the engine looks five times a second, and Railway counts calls by the hour.
    pub look_every_ms: i64,
    /// How often a deployment under way is looked at while a call waits for it, in milliseconds.
    pub poll_ms: i64,
    /// How long a call waits for one, in milliseconds.
    pub patience_ms: i64,
}

impl Place {
    /// One with the usual waits: looks every 5 s, and for 20 minutes at most.
    pub fn new(key: EnvironmentKey, project: impl Into<String>, environment: impl Into<String>) -> Self {
        Self {
            key,
            project: project.into(),
            workspace: None,
            environment: environment.into(),
            services: BTreeMap::new(),
            look_every_ms: 5_000,
            poll_ms: 5_000,
            patience_ms: 20 * 60_000,
        }
    }
}

/// Where a service is.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The name of its service at Railway, `api`; that of its canary is `api-canary`.
    pub name: String,
    /// Its code, as the project's description has it.
    pub source: Source,
    /// The same at GitHub, as Railway names it: `acme/shop`.
    pub repository: String,
    /// The branch Railway is told of.
    pub branch: String,
    /// The folder of the repository it is built from.
    pub root: Option<String>,
    /// The port it listens on; it is told as `PORT`.
    pub port: u16,
    /// Its host behind Cloudflare: `api.acme.example`. Where there is one and Cloudflare is given, traffic can be split.
    pub host: Option<String>,
}

/// What the platform is made with.
pub struct Parts {
    /// Railway with a token.
    pub railway: Railway,
    /// Cloudflare with a token, on behalf of this environment; without, nothing can be split.
    pub cloudflare: Option<Cloudflare>,
    /// Where values of secrets come from.
    pub secrets: Arc<dyn SecretSource>,
    /// What commits a build stands for.
    pub code: Arc<dyn CodeHost>,
    /// Takes secrets out of logs, and learns those that are given out.
    pub redactor: Arc<Redactor>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// An address that stands for all hosts (`http://127.0.0.1:4000`): requests go there with their `Host`. Of simulators only.
    pub all_hosts_at: Option<String>,
}

/// One environment on Railway, its traffic split by Cloudflare where that is given.
pub struct Hosted {
    place: Place,
    parts: Parts,
    http: reqwest::Client,
    ids: Mutex<Option<Ids>>,
    zones: Mutex<BTreeMap<String, Zone>>,
    recent: Mutex<Recent>,
    /// Commits of builds that were asked for.
    commits: Mutex<BTreeMap<BuildKey, (String, i64)>>,
    watched: tokio::sync::Mutex<BTreeMap<ServiceName, Watched>>,
}

/// What was seen a moment ago.
#[derive(Default)]
struct Recent {
    look: Option<(i64, Arc<Look>)>,
    weights: BTreeMap<ServiceName, (i64, Vec<Weight>)>,
}

impl std::fmt::Debug for Hosted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hosted").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Hosted {
    /// Asks nothing yet.
    ///
    /// # Errors
    /// When two services have the same name at Railway, or no requests can be made from here.
    pub fn new(place: Place, parts: Parts) -> Result<Self, PortError> {
        let mut names: Vec<String> =
            place.services.values().flat_map(|one| [one.name.clone(), canary_name(&one.name)]).collect();
        names.sort_unstable();
        if let Some(twice) =
            names.iter().zip(names.iter().skip(1)).find_map(|(one, next)| (one == next).then_some(one))
        {
            return Err(PortError::fail(
                format!("two services of {} would both be `{twice}` at Railway", place.key),
                "Give one of them another name; `-canary` is kept for canaries.",
            ));
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| PortError::fail("no requests can be made from here", ""))?;
        Ok(Self {
            place,
            parts,
            http,
            ids: Mutex::default(),
            zones: Mutex::default(),
            recent: Mutex::default(),
            commits: Mutex::default(),
            watched: tokio::sync::Mutex::default(),
        })
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    fn check(&self, key: &EnvironmentKey) -> Result<(), PortError> {
        if *key == self.place.key {
            return Ok(());
        }
        Err(PortError::fail(
            format!("{key} is not the environment that is kept here, {}", self.place.key),
            "",
        ))
    }

    fn placed(&self, service: &ServiceName) -> Result<&Placed, PortError> {
        self.place.services.get(service).ok_or_else(|| {
            PortError::fail(
                format!("nobody said where {service} of {} is at Railway", self.place.key),
                "Name its repository in the project's description.",
            )
        })
    }

    /// The host whose traffic is split, and who splits it.
    fn split(&self, service: &ServiceName) -> Option<(&Cloudflare, &str)> {
        let host = self.place.services.get(service)?.host.as_deref()?;
        Some((self.parts.cloudflare.as_ref()?, host))
    }

    fn canary(&self, service: &ServiceName, host: &str, is_sticky: bool) -> Canary {
        let EnvironmentKey { project, environment } = &self.place.key;
        Canary { host: host.to_owned(), pool: format!("{project}-{environment}-{service}"), is_sticky }
    }

    /// What is known of before is no longer so.
    fn forget(&self) {
        *locked(&self.recent) = Recent::default();
    }
}

fn canary_name(name: &str) -> String {
    format!("{name}-canary")
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
