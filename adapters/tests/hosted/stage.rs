//! A shop on Railway behind Cloudflare, and whoever deploys it the way the engine's steps do: look, act on what is missing, look again.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use adapters::cloudflare::sim::Sim;
use adapters::cloudflare::{Cloudflare, Owner};
use adapters::hosted::sim::Hosts;
use adapters::hosted::{Hosted, Parts, Place, Placed};
use adapters::http::sim::Server;
use adapters::http::{Auth, Budgets, Settings};
use adapters::railway::sim::{Simulation, World};
use adapters::railway::{Railway, Token};
use async_trait::async_trait;
use engine::clock::ManualClock;
use engine::model::{
    ComponentKind, EnvironmentKey, Health, Limits, SecretName, ServiceName, Source, StepNumber, Variable,
};
use engine::ports::{
    BuildKey, BuildRequest, CodeHost, Commit, ConfigSet, Edge as _, InstanceSet, InstanceState, ObservedSet,
    Permit, Platform as _, PortError, SecretSource, Shape, SourceFile, Weight, testing,
};
use engine::redact::Redactor;
use secrecy::SecretString;

use super::check::Checker;
use super::spec::Spec;

pub(crate) const RAILWAY_TOKEN: &str = "rw_0123456789abcdef";
pub(crate) const CLOUDFLARE_TOKEN: &str = "cf_0123456789abcdefghijklmnopqrstuvwxyz";
pub(crate) const HOST: &str = "api.acme.example";
pub(crate) const SECRET: &str = "sk_live_51HxyzSECRETvalue0123456789";

pub(crate) fn key() -> EnvironmentKey {
    EnvironmentKey::new("shop".parse().unwrap(), "production".parse().unwrap())
}

pub(crate) fn api() -> ServiceName {
    "api".parse().unwrap()
}

pub(crate) fn cron() -> ServiceName {
    "cron".parse().unwrap()
}

pub(crate) fn may(step: StepNumber) -> Permit {
    testing::permit(&"r-3f2a".parse().unwrap(), step)
}

pub(crate) fn commit(release: u32) -> String {
    format!("{release:x}").repeat(40)
}

pub(crate) fn weights(parts: &[(u32, u8)]) -> Vec<Weight> {
    parts.iter().map(|(release, percent)| Weight { release: *release, percent: *percent }).collect()
}

struct Secrets;

#[async_trait]
impl SecretSource for Secrets {
    async fn secret_read(
        &self,
        _: &EnvironmentKey,
        name: &SecretName,
        version: Option<u32>,
        _: &str,
    ) -> Result<SecretString, PortError> {
        assert_eq!((name.as_str(), version), ("stripe-key", Some(3)));
        Ok(SecretString::from(SECRET))
    }
}

/// Commits that are a digit forty times over.
struct Code;

#[async_trait]
impl CodeHost for Code {
    async fn resolve(&self, _: &Source, reference: Option<&str>) -> Result<Commit, PortError> {
        let id = reference.unwrap().chars().next().unwrap().to_string().repeat(40);
        Ok(Commit { id, subject: String::new(), author: String::new(), at_ms: 0 })
    }

    async fn default_branch(&self, _: &Source) -> Result<Option<String>, PortError> {
        Ok(None)
    }

    async fn references(&self, _: &Source, _: usize) -> Result<Vec<String>, PortError> {
        Ok(Vec::new())
    }

    async fn compare(&self, _: &Source, _: &str, _: &str, _: usize) -> Result<Vec<Commit>, PortError> {
        Ok(Vec::new())
    }

    async fn files(&self, _: &Source, _: &str, _: &str) -> Result<Vec<SourceFile>, PortError> {
        Ok(Vec::new())
    }
}

pub(crate) struct Stage {
    pub(crate) railway: Arc<Server<Simulation>>,
    pub(crate) cloudflare: Arc<Server<Sim>>,
    hosts: Server<Hosts>,
    pub(crate) clock: Arc<ManualClock>,
    is_split: bool,
    /// There is a service that is run at its times.
    pub(crate) is_scheduled: bool,
}

impl Stage {
    /// Nothing is there but a domain, and code.
    pub(crate) async fn start(is_split: bool) -> Self {
        let mut railway = Simulation::new(RAILWAY_TOKEN);
        railway.world.heads.insert("acme/shop".to_owned(), "f".repeat(40));
        Self::of(railway.world, Sim::new(CLOUDFLARE_TOKEN), is_split).await
    }

    /// With what was there at some moment.
    pub(crate) async fn of(world: World, sim: Sim, is_split: bool) -> Self {
        let mut railway = Simulation::new(RAILWAY_TOKEN);
        railway.world = world;
        railway.world.is_lively = true;
        let clock = Arc::new(ManualClock::at(1_800_000_000_000));
        let railway = Arc::new(Server::start(railway).await.unwrap());
        let cloudflare = Arc::new(Server::start(sim).await.unwrap());
        let hosts = Hosts { railway: railway.clone(), cloudflare: cloudflare.clone(), clock: clock.clone() };
        let hosts = Server::start(hosts).await.unwrap();
        Self { railway, cloudflare, hosts, clock, is_split, is_scheduled: false }
    }

    pub(crate) fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        self.railway.with(|simulation| look(&mut simulation.world))
    }

    /// A program that knows nothing yet.
    pub(crate) fn hosted(&self) -> Hosted {
        self.hosted_waiting(Duration::from_secs(20))
    }

    pub(crate) fn hosted_waiting(&self, wait: Duration) -> Hosted {
        // An hour later nobody has to wait for a vendor any more.
        self.clock.advance(3_600_000);
        let budgets = Budgets::new(self.clock.clone());
        let token = Token::Account(SecretString::from(RAILWAY_TOKEN));
        let railway = Railway::new(&token, Some(&self.railway.base()), Some(wait), &budgets).unwrap();
        let auth = Auth::Bearer(SecretString::from(CLOUDFLARE_TOKEN));
        let mut settings = Settings::new(auth).at(format!("{}/client/v4", self.cloudflare.base()));
        settings.answer_wait = Some(wait);
        let owner = Owner::new("shop/production").unwrap();
        let cloudflare = Cloudflare::new(&settings, &budgets, owner, None).unwrap();
        let mut place = Place::new(key(), "shop", "production");
        (place.look_every_ms, place.poll_ms) = (0, 0);
        let placed = Placed {
            name: "api".to_owned(),
            source: Source {
                repository: "https://github.com/acme/shop".to_owned(),
                path: ".".to_owned(),
                credentials: None,
            },
            repository: "acme/shop".to_owned(),
            branch: "main".to_owned(),
            root: None,
            port: 8_080,
            host: self.is_split.then(|| HOST.to_owned()),
        };
        if self.is_scheduled {
            place.services.insert(cron(), Placed { name: "cron".to_owned(), host: None, ..placed.clone() });
        }
        place.services.insert(api(), placed);
        let parts = Parts {
            railway,
            cloudflare: self.is_split.then_some(cloudflare),
            secrets: Arc::new(Secrets),
            code: Arc::new(Code),
            redactor: Arc::new(Redactor::new().unwrap()),
            clock: self.clock.clone(),
            all_hosts_at: Some(self.hosts.base()),
        };
        Hosted::new(place, parts).unwrap()
    }

    /// Someone asks the shop so many times at this moment.
    pub(crate) async fn visit(&self, hosted: &Hosted, times: u32) -> (u32, u32) {
        let (mut good, mut bad) = (0, 0);
        for _ in 0..times {
            let probe = hosted.probe(&key(), &api(), "/").await.unwrap();
            if probe.status < 500 { good += 1 } else { bad += 1 }
        }
        (good, bad)
    }

    /// Every call and answer fits its vendor's description, and no secret is in any receipt.
    pub(crate) fn checked(&self) {
        static SPEC: OnceLock<Option<Spec>> = OnceLock::new();
        if let Some(checker) = Checker::read() {
            assert_eq!(checker.faults(&self.railway.calls()), Vec::<String>::new());
        }
        if let Some(spec) =
            SPEC.get_or_init(|| Spec::read("/client/v4", &["cloudflare/cloudflare.openapi.json"]))
        {
            assert_eq!(spec.faults(&self.cloudflare.calls()), Vec::<String>::new());
        }
    }

    /// What runs at Railway and where people are sent, without ids and moments.
    pub(crate) async fn digest(&self, hosted: &Hosted) -> Vec<String> {
        let observed = hosted.observe(&key()).await.unwrap();
        let mut lines: Vec<String> = self.world(|world| {
            let mut world = world.clone();
            world.settle();
            let name = |id: &str| world.services.iter().find(|row| row.id == id).unwrap().name.clone();
            let mut lines: Vec<String> = Vec::new();
            lines.push(format!(
                "{} projects, {} environments",
                world.projects.len(),
                world.environments.len()
            ));
            for row in &world.instances {
                let mut variables = row.variables.clone();
                variables.remove("INFRA_CHAT_LEDGER");
                let settings = &row.settings;
                lines.push(format!("{}: {:?} {settings:?} {variables:?}", name(&row.service), row.repo));
            }
            for row in &world.deployments {
                let states: Vec<&str> = row.instances.iter().map(|(_, status)| status.as_str()).collect();
                let what = row.meta["commitHash"].as_str().unwrap_or("image");
                lines.push(format!("{} {} {} {states:?}", name(&row.service), &what[..5], row.status));
            }
            for row in &world.domains {
                lines.push(format!("an address of {}", name(&row.service)));
            }
            lines
        });
        self.cloudflare.with(|sim| {
            lines.push(format!("{} pools, {} balancers", sim.pools.len(), sim.balancers.len()));
        });
        lines.sort();
        lines.push(format!("{:?}", hosted.weights(&key(), &api()).await.unwrap()));
        for (service, there) in observed.services {
            lines.push(format!("{service} {} {:?}", told(&there.sets), there.schedule));
            lines.push(format!("{:?}", there.config));
        }
        lines.push(format!("{:?}", observed.components));
        lines
    }
}

/// `1: 2 healthy; 2: none`.
pub(crate) fn told(sets: &[ObservedSet]) -> String {
    let one = |set: &ObservedSet| {
        let states: Vec<&str> = set
            .instances
            .iter()
            .map(|instance| match &instance.state {
                InstanceState::Building { .. } => "building",
                InstanceState::Failed { .. } => "failed",
                InstanceState::Starting { .. } => "starting",
                InstanceState::Healthy { .. } => "healthy",
                InstanceState::Unhealthy { .. } => "unhealthy",
                InstanceState::Exited { .. } => "exited",
            })
            .collect();
        format!("{} of {}: {}", set.release, set.replicas, states.join(" "))
    };
    sets.iter().map(one).collect::<Vec<_>>().join("; ")
}

pub(crate) fn shape() -> Shape {
    Shape {
        components: BTreeMap::from([("postgres".parse().unwrap(), ComponentKind::Database)]),
        urls: BTreeMap::new(),
        edge: BTreeMap::from([(api(), HOST.to_owned())]),
        sticky: BTreeMap::new(),
    }
}

pub(crate) fn set(release: u32) -> InstanceSet {
    InstanceSet {
        service: api(),
        release,
        build: BuildKey(format!("{}-0a1b2c", &commit(release)[..7])),
        commit: commit(release),
        start: "node server.js".to_owned(),
        replicas: 2,
        health: Some(Health { path: "/health".to_owned(), timeout_s: 60 }),
        limits: Limits::default(),
    }
}

pub(crate) fn config(release: u32) -> ConfigSet {
    let mut variables = BTreeMap::from([
        ("STRIPE_KEY".to_owned(), Variable::Secret("stripe-key".parse().unwrap())),
        ("SELF".to_owned(), Variable::Plain("${service.api.url}/v1".to_owned())),
        (format!("ONLY_{release}"), Variable::Plain("yes".to_owned())),
    ]);
    variables.insert("NUMBER".to_owned(), Variable::Plain(release.to_string()));
    ConfigSet {
        service: api(),
        release,
        variables,
        secrets: BTreeMap::from([("stripe-key".parse().unwrap(), 3)]),
        components: None,
        fingerprint: format!("f{release}"),
    }
}

/// A deployment as the engine's steps make it. Each part looks first, so that the whole can be begun anew at any point.
pub(crate) struct Deploy {
    pub(crate) release: u32,
    pub(crate) before: Option<u32>,
    pub(crate) stages: Vec<u8>,
}

impl Deploy {
    pub(crate) fn first() -> Self {
        Self { release: 1, before: None, stages: vec![] }
    }

    pub(crate) fn canary(release: u32, before: u32) -> Self {
        Self { release, before: Some(before), stages: vec![10, 50, 100] }
    }

    pub(crate) async fn prepare(&self, hosted: &Hosted) -> Result<(), PortError> {
        let request = BuildRequest {
            key: set(self.release).build,
            source: hosted.place().services[&api()].source.clone(),
            commit: commit(self.release),
            command: None,
        };
        hosted.build_start(&may(1), &request).await?;
        let observed = hosted.observe(&key()).await?;
        if observed.components != shape().components || hosted.address(&key(), &api()).await.is_none() {
            hosted.shape_ensure(&may(2), &key(), &shape()).await?;
        }
        let observed = hosted.observe(&key()).await?;
        let fingerprint = observed.services.get(&api()).and_then(|one| one.config.get(&self.release));
        if fingerprint != Some(&config(self.release).fingerprint) {
            hosted.config_put(&may(3), &key(), &api(), self.release, Some(&config(self.release))).await?;
        }
        Ok(())
    }

    /// Until it is healthy, or can't be: then why.
    pub(crate) async fn serve(
        &self,
        hosted: &Hosted,
    ) -> Result<Result<(), (String, Vec<String>)>, PortError> {
        for _ in 0..20 {
            let observed = hosted.observe(&key()).await?;
            let sets = observed.services.get(&api()).map(|one| one.sets.clone()).unwrap_or_default();
            let wanted = set(self.release);
            let there =
                sets.iter().find(|one| one.release == self.release && one.replicas == wanted.replicas);
            let Some(there) = there else {
                hosted.instances_ensure(&may(4), &key(), &wanted).await?;
                continue;
            };
            let is_healthy = |state: &InstanceState| matches!(state, InstanceState::Healthy { .. });
            if there.instances.len() == 2 && there.instances.iter().all(|one| is_healthy(&one.state)) {
                return Ok(Ok(()));
            }
            for one in &there.instances {
                if let InstanceState::Failed { why, tail } = &one.state {
                    return Ok(Err((why.clone(), tail.clone())));
                }
            }
        }
        panic!("it never comes up");
    }

    pub(crate) async fn shift(&self, hosted: &Hosted, percent: u8) -> Result<(), PortError> {
        let wanted = match self.before.filter(|_| percent < 100) {
            Some(before) => weights(&[(before, 100 - percent), (self.release, percent)]),
            None => weights(&[(self.release, 100)]),
        };
        let sorted = |mut all: Vec<Weight>| {
            all.sort_by_key(|one| one.release);
            all
        };
        let now = sorted(hosted.weights(&key(), &api()).await?);
        if now != wanted {
            hosted.weights_set(&may(5), &key(), &api(), &wanted).await?;
            assert_eq!(sorted(hosted.weights(&key(), &api()).await?), wanted);
        }
        Ok(())
    }

    pub(crate) async fn finish(&self, hosted: &Hosted) -> Result<(), PortError> {
        let Some(before) = self.before else { return Ok(()) };
        let observed = hosted.observe(&key()).await?;
        if observed.services[&api()].sets.iter().any(|set| set.release == before) {
            hosted.instances_stop(&may(6), &key(), &api(), before, 10).await?;
        }
        Ok(())
    }

    /// All of it; what was done before is found and left.
    pub(crate) async fn run(&self, hosted: &Hosted) -> Result<(), PortError> {
        self.prepare(hosted).await?;
        let served = self.serve(hosted).await?;
        assert_eq!(served, Ok(()));
        let share = hosted.weights(&key(), &api()).await?;
        let has: u8 = share.iter().filter(|one| one.release == self.release).map(|one| one.percent).sum();
        for stage in self.stages.iter().filter(|stage| **stage > has) {
            self.shift(hosted, *stage).await?;
        }
        if self.before.is_none() {
            self.shift(hosted, 100).await?;
        }
        self.finish(hosted).await
    }
}
