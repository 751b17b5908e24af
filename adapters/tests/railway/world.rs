//! A shop on a simulated Railway.

use std::sync::Arc;
use std::time::Duration;

use adapters::http::Budgets;
use adapters::http::sim::Server;
use adapters::railway::sim::{Access, DomainRow, Simulation, World};
use adapters::railway::{At, Railway, Token};
use engine::clock::ManualClock;
use engine::ports::Permit;
use engine::ports::testing::permit;
use secrecy::SecretString;

use super::check::Checker;

pub(crate) const TOKEN: &str = "rw_0123456789abcdef";
pub(crate) const WORKSPACE_TOKEN: &str = "rw_workspace_0123456";
pub(crate) const PROJECT_TOKEN: &str = "rw_project_012345678";

/// Ids of what is there.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    pub project: String,
    pub staging: String,
    pub production: String,
    /// Made after the services: it has none of them.
    pub later: String,
    /// Built from acme/api, with two deployments: `a…` before, `b…` now.
    pub api: At,
    /// Made from nothing.
    pub worker: At,
    pub before: String,
    pub now: String,
    /// The mark of what runs.
    pub mark: String,
}

pub(crate) fn commit(letter: &str) -> String {
    letter.repeat(40)
}

fn fill(world: &mut World) -> Ids {
    let (project, staging) = world.add_project("shop", "staging");
    let production = world.add_environment(&project, "production");
    let api = world.add_service(&project, &staging, "api", Some("acme/api"), None);
    let worker = world.add_service(&project, &staging, "worker", None, None);
    world.heads.insert("acme/api".to_owned(), commit("f"));
    let before = world.add_deployment(&staging, &api, Some(&commit("a"))).unwrap();
    world.settle();
    let now = world.add_deployment(&staging, &api, Some(&commit("b"))).unwrap();
    world.settle();
    let instance = world.instance(&staging, &api).unwrap();
    for (name, value) in [("KEEP", "kept-value"), ("OLD", "old-value"), ("CHANGE", "before-value")] {
        instance.variables.insert(name.to_owned(), value.to_owned());
    }
    let id = world.id();
    world.domains.push(DomainRow {
        id,
        service: api.clone(),
        environment: staging.clone(),
        domain: "api.example.com".to_owned(),
        target_port: Some(3_000),
        is_custom: true,
        is_verified: true,
    });
    world.tokens.insert(WORKSPACE_TOKEN.to_owned(), Access::Workspace);
    world.tokens.insert(PROJECT_TOKEN.to_owned(), Access::Project(project.clone(), staging.clone()));
    let at = |service: String| At { project: project.clone(), environment: staging.clone(), service };
    let (api, worker) = (at(api), at(worker));
    let later = world.add_environment(&project, "later");
    Ids { project, staging, production, later, api, worker, before, now, mark: String::new() }
}

pub(crate) struct Here {
    pub server: Server<Simulation>,
    pub ids: Ids,
    clock: Arc<ManualClock>,
}

impl Here {
    pub(crate) async fn start() -> Self {
        let mut simulation = Simulation::new(TOKEN);
        let ids = fill(&mut simulation.world);
        let server = Server::start(simulation).await.unwrap();
        let mut here = Self { server, ids, clock: Arc::new(ManualClock::at(1_800_000_000_000)) };
        here.ids.mark = here.railway().deployment(&here.ids.now).await.unwrap().running_mark();
        here
    }

    /// All as it was in the beginning, an hour later: the same ids, the same marks.
    pub(crate) fn reset(&self) {
        self.server.with(|vendor| {
            vendor.world = Simulation::new(TOKEN).world;
            assert_eq!(fill(&mut vendor.world).now, self.ids.now);
        });
        self.later();
    }

    /// An hour later, when nobody has to wait any more.
    pub(crate) fn later(&self) {
        self.clock.advance(3_600_000);
    }

    /// A client that has asked nothing yet.
    pub(crate) fn railway(&self) -> Railway {
        self.railway_with(&Token::Account(SecretString::from(TOKEN)), None)
    }

    pub(crate) fn railway_with(&self, token: &Token, wait: Option<Duration>) -> Railway {
        let budgets = Budgets::new(self.clock.clone());
        Railway::new(token, Some(&self.server.base()), wait, &budgets).unwrap()
    }

    /// Everything that was asked and answered fits Railway's schema.
    pub(crate) fn checked(&self) {
        if let Some(checker) = Checker::read() {
            assert_eq!(checker.faults(&self.server.calls()), Vec::<String>::new());
        }
    }
}

pub(crate) fn may() -> Permit {
    permit(&"r-3f2a".parse().unwrap(), 5)
}

/// What is there, without ids and moments, once all deployments have gone their way.
pub(crate) fn digest(world: &World) -> Vec<String> {
    let mut world = world.clone();
    world.settle();
    let service = |id: &str| world.services.iter().find(|row| row.id == id).map_or("?", |row| &row.name);
    let environment =
        |id: &str| world.environments.iter().find(|row| row.id == id).map_or("?", |row| &row.name);
    let at = |e: &str, s: &str| format!("{}/{}", environment(e), service(s));
    let mut lines: Vec<String> = Vec::new();
    lines.extend(world.projects.iter().map(|row| format!("project {}", row.name)));
    lines.extend(world.environments.iter().map(|row| format!("environment {}", row.name)));
    lines.extend(world.services.iter().map(|row| format!("service {}", row.name)));
    lines.extend(world.instances.iter().map(|row| {
        let at = at(&row.environment, &row.service);
        format!("{at}: {:?} {:?} {:?} {:?}", row.repo, row.image, row.settings, row.variables)
    }));
    lines.extend(
        world
            .volumes
            .iter()
            .map(|row| format!("volume of {} at {}", at(&row.environment, &row.service), row.mount_path)),
    );
    lines.extend(world.deployments.iter().map(|row| {
        format!("deployment of {}: {} {}", at(&row.environment, &row.service), row.status, row.meta)
    }));
    lines.extend(world.domains.iter().map(|row| {
        let name = if row.is_custom { row.domain.as_str() } else { "railway.app" };
        format!("{name} leads to {} {:?}", at(&row.environment, &row.service), row.target_port)
    }));
    lines.push(format!("restarts {}", world.restarts));
    lines.sort();
    lines
}
