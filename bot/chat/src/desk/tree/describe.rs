//! A project's description, made of what was answered while setting it up. One that is there already keeps what nobody was
//! asked about: nothing is taken away by setting up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use engine::model::{
    Component, ComponentKind, Connection, Environment, EnvironmentName, EnvironmentPolicy, Health, Limits,
    Project, Provider, Service, ServiceName, Source,
};
use indexmap::IndexMap;

use super::draft::served_at;
use super::likeness::{described_new, is_called_production};
use super::{Draft, EMBEDDED, Slot, list_of};
use crate::intent::Action;

/// Where health is asked when nobody says; the description says it, to be changed there.
const HEALTH_PATH: &str = "/health";
/// Seconds a new process may take to become healthy, as descriptions without a word about it mean.
const HEALTH_TIMEOUT_S: u32 = 60;
/// The port at which the first environment's addresses begin.
const PORTS_FROM: u16 = 8_000;
/// How far apart those of two environments begin.
const PORTS_APART: u16 = 100;

/// A project's description as it was put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Described {
    /// As YAML.
    pub(crate) text: String,
    /// The lines of it that are shown, where these are not all.
    pub(crate) shown: Vec<String>,
    /// What is told beside it, by what it is: what it changes of the project there is, a line each.
    pub(crate) lists: Vec<(String, Vec<String>)>,
    /// Addresses on this machine that it gives to services nobody said one for.
    pub(crate) given: Vec<String>,
    /// Those that were said, by the service and its environment.
    pub(crate) said: Vec<(String, String)>,
}

impl Described {
    /// The description, without these ports for what is given an address. Nothing while the answers name no project.
    pub(crate) fn of(draft: &Draft, project: Option<&Project>, taken: &BTreeSet<u16>) -> Option<Self> {
        if draft.command.action == Action::CreateEnvironment {
            return described_new(draft, project?, taken);
        }
        let (described, given) = described(draft, project, taken)?;
        let mut text = engine::project::export(&described);
        let apart = apart(draft);
        if !apart.is_empty() {
            text.push_str("# Said too, and not part of a description yet:\n");
            for line in apart {
                let _ = writeln!(text, "# {line}");
            }
        }
        let same = draft.same(project);
        let changes = same.map_or_else(Vec::new, |same| engine::project::differences(same, &described));
        let there = |address: &String| {
            let mut all = same.into_iter().flat_map(|same| same.environments.values());
            all.any(|environment| environment.edge.values().any(|other| other == address))
        };
        Some(Self {
            text,
            shown: Vec::new(),
            lists: vec![("Changes".to_owned(), changes.iter().map(ToString::to_string).collect())],
            given,
            said: ports_said(draft).filter(|(_, address)| !there(address)).collect(),
        })
    }
}

/// The addresses on this machine that were said, by the service and its environment.
pub(super) fn ports_said(draft: &Draft) -> impl Iterator<Item = (String, String)> {
    let each = draft.each(Slot::Port).into_iter().flatten();
    each.filter_map(|of| Some((of.clone(), local(draft.said(Slot::Port, Some(&of))?.parse().ok()?))))
}

/// An address on this machine.
pub(super) fn local(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// What was said that a description has no key for.
fn apart(draft: &Draft) -> Vec<String> {
    let kept = |(name, value): &(String, String)| {
        // At Railway, these have their keys.
        let apart: &[&str] = if draft.is_on_railway() { &["texts"] } else { &["dns", "domain of ", "texts"] };
        apart.iter().any(|begins| name.starts_with(begins)) && value != "none"
    };
    draft
        .fields()
        .iter()
        .filter(|field| kept(field))
        .map(|(name, value)| format!("{name}: {value}"))
        .collect()
}

/// The project, and the addresses it gives to what has none.
fn described(
    draft: &Draft,
    project: Option<&Project>,
    taken: &BTreeSet<u16>,
) -> Option<(Project, Vec<String>)> {
    let said = |slot: Slot, of: Option<&str>| draft.said(slot, of).unwrap_or_default();
    let name = said(Slot::Project, None);
    let mut project = match draft.same(project) {
        Some(same) => same.clone(),
        None => empty(&name, &said(Slot::Repository, None))?,
    };
    project.source.repository = said(Slot::Repository, None);
    for name in list_of(&said(Slot::Services, None)) {
        let build = Some(said(Slot::Build, Some(&name))).filter(|build| build != "none" && !build.is_empty());
        let start = said(Slot::Start, Some(&name));
        let service = project.services.entry(name.parse().ok()?).or_insert_with(served);
        (service.build, service.start) = (build, start);
    }
    for name in list_of(&said(Slot::Components, None)) {
        let name = name.parse().ok()?;
        let kind = ComponentKind::of_name(&name)?;
        project.components.entry(name).or_insert(Component { kind, url: None });
    }
    let mut providers = Vec::new();
    for name in list_of(&said(Slot::Connections, None)) {
        providers.push(Provider::ALL.into_iter().find(|provider| provider.name() == name)?);
    }
    if draft.is_on_railway() {
        providers.push(Provider::Railway);
        let edge = draft.filled().edge;
        providers
            .extend(edge.filter(|edge| edge == Provider::Cloudflare.name()).map(|_| Provider::Cloudflare));
    }
    for provider in providers {
        let there = project.connections.values().any(|connection| connection.provider == provider);
        if !there {
            let secret = format!("{}-key", provider.name()).parse().ok()?;
            let connection = Connection { provider, mode: None, secret };
            project.connections.insert(provider.name().parse().ok()?, connection);
        }
    }
    let platform = said(Slot::Platform, None);
    for name in draft.filled().environments {
        let environment = project.environments.entry(name.parse().ok()?);
        let environment = environment.or_insert_with(|| environment_called(&name));
        // Whoever runs the others, `local` is this machine.
        let platform = if name == EMBEDDED { EMBEDDED } else { platform.as_str() };
        if environment.platform != platform {
            // Addresses of one are none of the other's.
            environment.edge.clear();
            platform.clone_into(&mut environment.platform);
        }
        for service in project.services.keys() {
            let said = draft.said(Slot::Port, Some(&served_at(service.as_str(), &name)));
            if let Some(port) = said.and_then(|port| port.parse().ok()) {
                environment.edge.insert(service.clone(), local(port));
            }
            let domain = draft.answer(Slot::Domain, Some(&served_at(service.as_str(), &name)));
            if let Some(domain) = domain.filter(|domain| *domain != "none" && draft.is_on_railway()) {
                environment.edge.insert(service.clone(), domain.to_owned());
            }
        }
    }
    let given = addresses(&mut project, taken, None);
    Some((project, given))
}

fn empty(name: &str, repository: &str) -> Option<Project> {
    Some(Project {
        project: name.parse().ok()?,
        title: name.to_owned(),
        source: Source { repository: repository.to_owned(), path: ".".to_owned(), credentials: None },
        migrations: None,
        services: IndexMap::new(),
        components: IndexMap::new(),
        connections: IndexMap::new(),
        environments: IndexMap::new(),
        jobs: IndexMap::new(),
        people: Vec::new(),
    })
}

fn served() -> Service {
    Service {
        source: None,
        build: None,
        start: String::new(),
        health: Some(Health { path: HEALTH_PATH.to_owned(), timeout_s: HEALTH_TIMEOUT_S }),
        schedule: None,
        variables: BTreeMap::new(),
        needs: Vec::new(),
        replicas: 1,
        size: None,
        limits: Limits::default(),
        sticky: None,
        checks: IndexMap::new(),
        signals: None,
    }
}

fn environment_called(name: &str) -> Environment {
    let production = is_called_production(name);
    Environment {
        platform: String::new(),
        production,
        aliases: Vec::new(),
        edge: BTreeMap::new(),
        connections: IndexMap::new(),
        components: IndexMap::new(),
        without: BTreeSet::new(),
        services: IndexMap::new(),
        policy: EnvironmentPolicy { approvals: u32::from(production), ..EnvironmentPolicy::default() },
        texts: None,
    }
}

/// Gives what is served on this machine an address each, where it has none: without one nobody could open it. In one environment
/// or, when none is named, in all.
pub(super) fn addresses(
    project: &mut Project,
    taken: &BTreeSet<u16>,
    only: Option<&EnvironmentName>,
) -> Vec<String> {
    let all = project.environments.values().flat_map(|environment| environment.edge.values());
    let mut taken: BTreeSet<u16> =
        all.filter_map(|at| at.rsplit_once(':')?.1.parse().ok()).chain(taken.iter().copied()).collect();
    let mut given = Vec::new();
    let served: Vec<ServiceName> =
        project.services.iter().filter(|(_, it)| it.health.is_some()).map(|(name, _)| name.clone()).collect();
    let starts = (PORTS_FROM..u16::MAX).step_by(usize::from(PORTS_APART));
    for ((name, environment), from) in project.environments.iter_mut().zip(starts) {
        let mut free = from..;
        let is_meant = environment.platform == EMBEDDED && only.is_none_or(|only| only == name);
        for service in served.iter().filter(|_| is_meant) {
            if !environment.edge.contains_key(service)
                && let Some(port) = free.find(|port| taken.insert(*port))
            {
                given.push(local(port));
                environment.edge.insert(service.clone(), local(port));
            }
        }
    }
    given
}
