//! Reads environments: overrides, edge addresses and policy, and what must be unique across them.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::address::{Address, HostName};
use super::canary;
use super::components;
use super::connection;
use super::freeze;
use super::judging;
use super::known::Known;
use super::limits::{
    APPROVAL_MINUTES, APPROVALS, APPROVALS_IN_PRODUCTION, LANE_SECONDS_MIN, REPLICAS, REPLICAS_ALLOWED,
    RUNS_PER_HOUR, SOAK_S,
};
use super::service;
use super::spot::Spot;
use super::texts;
use crate::model::{
    ComponentName, Environment, EnvironmentName, EnvironmentPolicy, FreezeWindow, Judging, Override,
    PLATFORM_LOCAL, PLATFORM_RAILWAY, Service, ServiceName,
};

/// The platform of environments that name none.
pub(super) const PLATFORM_DEFAULT: &str = PLATFORM_LOCAL;
const PLATFORMS: [(&str, &str); 2] = [(PLATFORM_LOCAL, PLATFORM_LOCAL), (PLATFORM_RAILWAY, PLATFORM_RAILWAY)];

/// What earlier environments have taken for themselves, and where.
#[derive(Default)]
pub(super) struct Taken {
    /// Names and aliases in lower case, since people type them.
    words: BTreeMap<String, String>,
    addresses: Vec<(Address, String)>,
    /// Names in the DNS, and whose they are.
    hosts: BTreeMap<String, String>,
}

impl Taken {
    /// Names of environments are taken before any alias is, wherever they stand.
    pub(super) fn names(environments: &[Spot<'_>]) -> Self {
        let mut taken = Self::default();
        for spot in environments {
            taken.word(spot, spot.key, |says| spot.fault_at_key(says));
        }
        taken
    }

    fn word(&mut self, spot: &Spot<'_>, word: &str, report: impl FnOnce(String)) {
        if let Some(by) = self.words.get(&word.to_lowercase()) {
            report(format!("`{word}` already means {by} (capitals don't count); choose another word"));
        } else {
            self.words.insert(word.to_lowercase(), spot.path.clone());
        }
    }

    fn host(&mut self, spot: &Spot<'_>, host: &HostName) {
        if let Some(by) = self.hosts.get(&host.to_string()) {
            spot.fault(format!("{by} is already reached at `{host}`; choose another name"));
        } else {
            self.hosts.insert(host.to_string(), spot.path.clone());
        }
    }

    fn address(&mut self, spot: &Spot<'_>, address: Address) {
        if let Some((other, by)) = self.addresses.iter().find(|(other, _)| other.clashes_with(&address)) {
            spot.fault(format!("{by} already listens on `{other}`; choose another port"));
        } else {
            self.addresses.push((address, spot.path.clone()));
        }
    }
}

/// Reads one environment.
pub(super) fn read(spot: &Spot<'_>, known: &Known<'_>, taken: &mut Taken) -> Option<Environment> {
    let keys = spot.keys(&[
        "platform",
        "production",
        "aliases",
        "edge",
        "connections",
        "components",
        "without",
        "services",
        "policy",
        "texts",
    ])?;
    let platform = keys.or("platform", PLATFORM_DEFAULT, |spot| spot.one_of(&PLATFORMS)).to_owned();
    let production = keys.or("production", false, |spot| spot.flag());
    let aliases = keys.or("aliases", Vec::new(), |aliases| {
        let mut words = Vec::new();
        for item in aliases.items()? {
            if let Some(alias) = item.parsed::<EnvironmentName>() {
                taken.word(spot, alias.as_str(), |says| item.fault(says));
                words.push(alias.to_string());
            }
        }
        Some(words)
    });
    let edge = keys.or("edge", BTreeMap::new(), |spot| edge(&spot, &platform, known, taken));
    let connections = keys.or("connections", IndexMap::new(), |spot| connection::read(&spot));
    let components = keys.or("components", IndexMap::new(), |spot| components::read(&spot, known));
    let own: Vec<&str> = components.keys().map(ComponentName::as_str).collect();
    let here = known.with_components(&own);
    let without = keys.or("without", BTreeSet::new(), |spot| components::without(&spot, &here));
    let services = keys.or("services", IndexMap::new(), |spot| overrides(&spot, &here));
    let default =
        EnvironmentPolicy { approvals: approvals_default(production), ..EnvironmentPolicy::default() };
    let policy = keys.or("policy", default, |spot| policy(&spot, production));
    let texts = keys.maybe("texts", |spot| texts::read(&spot));
    Some(Environment {
        platform,
        production,
        aliases,
        edge,
        connections,
        components,
        without,
        services,
        policy,
        texts,
    })
}

/// The environment's own policy must allow what the description asks for, or no deploy there could ever go through.
pub(super) fn check_replicas(
    spot: &Spot<'_>,
    environment: &Environment,
    services: &IndexMap<ServiceName, Service>,
) {
    let most = environment
        .policy
        .max_replicas
        .zip(spot.under("policy").and_then(|policy| policy.under("max_replicas")));
    let Some((most, most_spot)) = most else { return };
    for (name, service) in services {
        let here = environment.services.get(name).and_then(|over| over.replicas).unwrap_or(service.replicas);
        if here > most {
            most_spot
                .fault(format!("allows {most} replicas, and `{name}` has {here} here; change one of them"));
        }
    }
}

/// How many people approve a change when nothing is said.
pub(super) fn approvals_default(production: bool) -> u32 {
    if production { APPROVALS_IN_PRODUCTION } else { 0 }
}

fn edge(
    spot: &Spot<'_>,
    platform: &str,
    known: &Known<'_>,
    taken: &mut Taken,
) -> Option<BTreeMap<ServiceName, String>> {
    let mut edge = BTreeMap::new();
    for entry in spot.entries()? {
        known.check_served(entry.key, |says| entry.fault_at_key(says));
        if platform != PLATFORM_LOCAL {
            if let Some(host) = entry.parsed::<HostName>() {
                if let Ok(service) = entry.key.parse() {
                    edge.insert(service, host.to_string());
                }
                taken.host(&entry, &host);
            }
            continue;
        }
        if let Some(address) = entry.parsed::<Address>() {
            if let Ok(service) = entry.key.parse() {
                edge.insert(service, address.to_string());
            }
            taken.address(&entry, address);
        }
    }
    Some(edge)
}

fn overrides(spot: &Spot<'_>, known: &Known<'_>) -> Option<IndexMap<ServiceName, Override>> {
    let mut overrides = IndexMap::new();
    for entry in spot.entries()? {
        known.check_service(entry.key, |says| entry.fault_at_key(says));
        if let (Some(over), Ok(service)) = (overriding(&entry, known), entry.key.parse()) {
            overrides.insert(service, over);
        }
    }
    Some(overrides)
}

fn overriding(spot: &Spot<'_>, known: &Known<'_>) -> Option<Override> {
    let keys = spot.keys(&["replicas", "variables", "size", "limits", "schedule"])?;
    let service = spot.key;
    if known.services.contains(&service) {
        let (extra, why) = if known.is_scheduled(service) {
            ("replicas", "runs on a schedule, so it has no replicas")
        } else {
            ("schedule", "is served, so it has no schedule")
        };
        if let Some(extra) = keys.get(extra) {
            extra.fault_at_key(format!("`{service}` {why}; remove this"));
        }
    }
    Some(Override {
        replicas: keys.maybe("replicas", |spot| spot.number(&REPLICAS)),
        variables: keys.or("variables", BTreeMap::new(), |spot| service::variables(&spot, known)),
        size: keys.maybe("size", |spot| service::size(&spot)),
        limits: keys.maybe("limits", |spot| service::limits(&spot)),
        schedule: keys.maybe("schedule", |spot| service::cron(&spot)),
    })
}

fn policy(spot: &Spot<'_>, production: bool) -> Option<EnvironmentPolicy> {
    let keys = spot.keys(&[
        "approvals",
        "allowed_refs",
        "requires_ci",
        "freeze",
        "runs_per_hour",
        "max_replicas",
        "allowed_sizes",
        "one_person_team",
        "approval_minutes",
        "canary",
        "soak_s",
        "lane_seconds_min",
        "ask_between_stages",
        "judging",
    ])?;
    Some(EnvironmentPolicy {
        approvals: keys.or("approvals", approvals_default(production), |spot| spot.number(&APPROVALS)),
        allowed_refs: keys.or("allowed_refs", Vec::new(), |spot| {
            Some(spot.items()?.iter().filter_map(ref_pattern).collect())
        }),
        requires_ci: keys.or("requires_ci", false, |spot| spot.flag()),
        freeze: keys.or("freeze", Vec::new(), |spot| freezes(&spot)),
        runs_per_hour: keys.maybe("runs_per_hour", |spot| spot.number(&RUNS_PER_HOUR)),
        max_replicas: keys.maybe("max_replicas", |spot| spot.number(&REPLICAS_ALLOWED)),
        allowed_sizes: keys.or("allowed_sizes", Vec::new(), |spot| {
            Some(spot.items()?.iter().filter_map(service::size).collect())
        }),
        one_person_team: keys.or("one_person_team", false, |spot| spot.flag()),
        approval_minutes: keys.maybe("approval_minutes", |spot| spot.number(&APPROVAL_MINUTES)),
        canary: keys.maybe("canary", |spot| canary::read(&spot)),
        soak_s: keys.maybe("soak_s", |spot| spot.number(&SOAK_S)),
        ask_between_stages: keys.or("ask_between_stages", false, |spot| spot.flag()),
        lane_seconds_min: keys.maybe("lane_seconds_min", |spot| spot.number(&LANE_SECONDS_MIN)),
        judging: keys.or("judging", Judging::default(), |spot| judging::read(&spot)),
    })
}

fn freezes(spot: &Spot<'_>) -> Option<Vec<FreezeWindow>> {
    let mut windows: Vec<FreezeWindow> = Vec::new();
    for item in spot.items()? {
        let Some(window) = freeze::read(&item) else { continue };
        if windows.iter().any(|earlier| earlier.name == window.name) {
            item.fault(format!(
                "there is another window called `{}`; give this one its own name",
                window.name
            ));
        }
        windows.push(window);
    }
    Some(windows)
}

/// A pattern that some git ref could match; `*` stands for any characters.
fn ref_pattern(spot: &Spot<'_>) -> Option<String> {
    let pattern = spot.line()?;
    // What `git check-ref-format` refuses, except `*`.
    let refused = |c: char| c.is_whitespace() || matches!(c, '~' | '^' | ':' | '?' | '[' | '\\');
    let malformed = pattern.starts_with(['/', '-', '.'])
        || pattern.ends_with(['/', '.'])
        || ["..", "//", "@{", "**"].iter().any(|pair| pattern.contains(pair));
    if malformed || pattern.contains(refused) {
        spot.fault("matches no git ref; write a branch, a tag, or a pattern with `*`, as in `main` or `v*`");
        return None;
    }
    Some(pattern)
}
