//! A story's world: the engine on a simulated outside, a database of its own and a clock that stands still until told.
//! A story reads as what people say and what becomes of it; at its end the promises that hold for every story are checked.

pub mod changes;
pub mod database;
mod picture;

use std::io::BufReader;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use adapters::sim::{Behaviour, World};
use engine::artifacts::Artifacts;
use engine::audit::{Exporter, SigningKey, verify};
use engine::clock::{Clock, EpochMs, ManualClock};
use engine::control::{Decided, Engine, EngineParts, Refusal, Vault};
use engine::model::{
    Actor, Change, EnvironmentKey, Identity, Project, Role, RunId, RunRequest, ServiceName, User, UserName,
};
use engine::plan::Plan;
use engine::redact::Redactor;
use engine::run::{Happening, LockHolder, Reason, Run, RunState};
use engine::secrets::MasterKeys;
use engine::store::{Store, StoreAddress};

use database::{BOTH, Kind, TestDatabase};

/// A Wednesday noon: no weekend, no freeze.
const START_MS: EpochMs = 1_795_608_000_000;
/// Moves of the clock after which a story that does not settle is given up.
const CLOCK_MOVES_MAX: usize = 2_000;

const PROJECT: &str = r#"
project: shop
title: The shop
source: { repository: /srv/shop }
migrations: { path: migrations, component: postgres }
services:
  api:
    build: make api
    start: ./api
    health: { path: /health, timeout_s: 20 }
    variables:
      GREETING: hello
      DATABASE_URL: "${component.postgres.url}"
      SESSION_SECRET: { secret: session-secret }
    needs: [postgres]
  web:
    build: make web
    start: ./web
    health: { path: /health, timeout_s: 20 }
    needs: [api]
  cron:
    start: ./cron
    schedule: "*/15 * * * *"
components:
  postgres: { kind: database }
environments:
  staging:
    edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7400" }
  production:
    production: true
    edge: { api: "127.0.0.1:7501", web: "127.0.0.1:7500" }
    services: { api: { replicas: 2 } }
    policy: { max_replicas: 4 }
jobs:
  fill: { service: api, command: ./api fill }
people:
  - { name: vera, role: viewer }
  - { name: ana, role: deployer }
  - { name: ben, role: deployer }
  - { name: zoe, role: admin }
"#;

/// Reading the rules takes longer than most stories.
static RULES: LazyLock<policies::Rules> = LazyLock::new(|| policies::Rules::shipped().unwrap());

/// A story being told.
pub struct Story {
    /// Which database it is told on.
    pub kind: Kind,
    /// The outside.
    pub world: Arc<World>,
    database: Arc<TestDatabase>,
    folder: Arc<tempfile::TempDir>,
    clock: Arc<ManualClock>,
    project: Project,
    description: String,
    engine: Option<Engine>,
    rules: policies::Rules,
}

/// Tells a story on each database.
#[expect(clippy::needless_pass_by_value, reason = "a story is told as `on_both(async |t| …)`")]
pub fn on_both(story: impl AsyncFn(&mut Story)) {
    // A snapshot can be written once only in a run.
    let writes_snapshots = std::env::var_os("UPDATE_EXPECT").is_some();
    for kind in BOTH.into_iter().take(if writes_snapshots { 1 } else { BOTH.len() }) {
        on(kind, &story);
    }
}

/// Tells a story on one database.
#[expect(clippy::needless_pass_by_value, reason = "as `on_both`")]
pub fn on(kind: Kind, story: impl AsyncFn(&mut Story)) {
    eprintln!("on {kind:?}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut t = Story::begin(kind).await;
        story(&mut t).await;
        t.end().await;
    });
}

impl Story {
    /// The beginning: releases v1 to v3 are tagged, the project is imported, nothing runs.
    pub async fn begin(kind: Kind) -> Self {
        let database = Arc::new(TestDatabase::make(kind).await);
        let folder = Arc::new(database::folder());
        Self::begin_in(kind, database, folder).await
    }

    /// Another beginning in the same database, emptied: cheaper than a new one. This story is over.
    pub async fn begin_again(&mut self) {
        self.engine = None;
        self.database.empty().await;
        *self = Self::begin_in(self.kind, self.database.clone(), self.folder.clone()).await;
    }

    async fn begin_in(kind: Kind, database: Arc<TestDatabase>, folder: Arc<tempfile::TempDir>) -> Self {
        let clock = Arc::new(ManualClock::at(START_MS));
        let world = World::new(clock.clone());
        world.file("migrations/0001_create_invoices.sql", "CREATE TABLE invoices (id TEXT)");
        world.release("v1", "First invoices", Behaviour::default());
        world.file("migrations/0002_add_due_date.sql", "ALTER TABLE invoices ADD COLUMN due TEXT");
        world.file("migrations/0003_create_payments.sql", "CREATE TABLE payments (id TEXT)");
        world.release("v2", "Due dates", Behaviour::default());
        world.release("v3", "Faster lists", Behaviour::default());
        let project = engine::project::import(PROJECT, Path::new("/srv")).unwrap();
        let description = PROJECT.to_owned();
        let (engine, rules) = (None, RULES.clone());
        let mut t = Self { kind, world, database, folder, clock, project, description, engine, rules };
        t.start().await;
        t.engine().project_import(&t.project, &Actor::system()).await.unwrap();
        t.engine().secrets_generate_missing(&t.project, &Actor::system()).await.unwrap();
        t
    }

    async fn start(&mut self) {
        // One that was killed and is back is called what it was called before.
        self.engine = Some(self.replica("one", self.clock.clone()).await);
    }

    /// A program of its own on this database and this outside, with a clock of its own or the story's.
    pub async fn replica(&self, name: &str, clock: Arc<ManualClock>) -> Engine {
        let store = Store::open(&StoreAddress::from_url(&self.database.url).unwrap()).await.unwrap();
        let redactor = Arc::new(Redactor::new().unwrap());
        let clock: Arc<dyn Clock> = clock;
        let keys = self.master_keys();
        let vault = Vault::open(store.clone(), clock.clone(), keys, redactor.clone()).await.unwrap();
        Engine::new(EngineParts {
            store,
            ports: self.world.ports(),
            clock,
            rules: self.rules.clone(),
            artifacts: Artifacts::open("memory:///", redactor.clone()).unwrap(),
            redactor,
            signing_key: self.signing_key(),
            vault,
            replica: name.to_owned(),
        })
    }

    /// The database, for a look behind the store's back.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// The story's clock.
    pub fn clock(&self) -> Arc<ManualClock> {
        self.clock.clone()
    }

    /// The installation's master keys.
    pub fn master_keys(&self) -> MasterKeys {
        MasterKeys::in_file(&self.folder.path().join("master.key")).unwrap()
    }

    fn signing_key(&self) -> SigningKey {
        SigningKey::open_or_create(&self.folder.path().join("audit.key")).unwrap()
    }

    /// The program is killed and started again: nothing of it remains but the database and the outside.
    pub async fn crash_and_restart(&mut self) {
        self.engine = None;
        self.start().await;
    }

    /// The program is started with a rule of one's own.
    pub async fn restarts_with_rule(&mut self, rule: &str) {
        self.rules = RULES.clone().with_own(&[("own.cedar".to_owned(), rule.to_owned())]).unwrap();
        self.crash_and_restart().await;
    }

    /// The engine, as it is now.
    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    /// Something is done to the database behind the engine's back.
    pub async fn tampers(&self, statements: &str) {
        self.database.execute(statements.to_owned()).await;
    }

    /// The time.
    pub fn now_ms(&self) -> EpochMs {
        self.clock.now_ms()
    }

    /// Time passes.
    pub fn passes(&self, ms: i64) {
        self.clock.advance(ms);
    }

    /// An environment's key.
    pub fn environment(&self, environment: &str) -> EnvironmentKey {
        EnvironmentKey::new(self.project.project.clone(), environment.parse().unwrap())
    }

    /// The project's file is edited and imported again.
    pub async fn redescribes(&mut self, edits: &[(&str, &str)]) -> Result<(), Refusal> {
        let mut text = self.description.clone();
        for (before, after) in edits {
            assert!(text.contains(before), "the description has no {before:?}");
            text = text.replace(before, after);
        }
        let project = engine::project::import(&text, Path::new("/srv")).unwrap();
        self.engine().project_import(&project, &Actor::system()).await?;
        (self.description, self.project) = (text, project);
        Ok(())
    }

    /// Staging's canaries pass with so many lane-seconds.
    pub async fn judges_by(&mut self, lane_seconds_min: u32) {
        let edge = r#"    edge: { api: "127.0.0.1:7401", web: "127.0.0.1:7400" }"#;
        let judged = format!("{edge}\n    policy: {{ lane_seconds_min: {lane_seconds_min} }}");
        self.redescribes(&[(edge, &judged)]).await.unwrap();
    }

    /// Somebody gets another role, or goes.
    pub async fn becomes(&self, who: &str, role: Option<Role>) {
        let (name, zoe) = (who.parse::<UserName>().unwrap(), self.person("zoe").await);
        match role {
            Some(role) => self.engine().user_put(&User { name, role }, &[], &zoe).await.unwrap(),
            None => self.engine().user_remove(&name, &zoe).await.unwrap(),
        }
    }

    /// What a request would come to, without making it.
    pub async fn previews(&self, who: &str, environment: &str, change: Change) -> Plan {
        let request = self.request(environment, change);
        self.engine().preview(&request, &self.person(who).await).await.unwrap().plan
    }

    /// Somebody by name; a stranger when nobody is called that.
    pub async fn person(&self, name: &str) -> Actor {
        let identity = Identity { front: "terminal".to_owned(), external_id: name.to_owned() };
        self.engine().actor(&identity).await.unwrap()
    }

    /// The request somebody's words come to.
    pub fn request(&self, environment: &str, change: Change) -> RunRequest {
        RunRequest {
            environment: self.environment(environment),
            command: format!("{} {environment}", change.run_type()),
            change,
            dry_run: false,
            not_before_ms: None,
            break_glass: None,
            conversation: None,
        }
    }

    /// Somebody asks for a change.
    pub async fn tries(&self, who: &str, environment: &str, change: Change) -> Result<RunId, Refusal> {
        let request = self.request(environment, change);
        self.engine().request(&request, &self.person(who).await).await.map(|run| run.id)
    }

    /// Somebody asks for a change, and it becomes a run.
    pub async fn asks(&self, who: &str, environment: &str, change: Change) -> RunId {
        self.tries(who, environment, change).await.unwrap_or_else(|refusal| panic!("refused: {refusal:?}"))
    }

    /// Somebody asks for a change, and ben approves it where that is needed.
    pub async fn orders(&self, who: &str, environment: &str, change: Change) -> RunId {
        let run = self.asks(who, environment, change).await;
        if self.state(&run).await == "awaiting-approval" {
            assert_eq!(self.approves("ben", &run).await.unwrap(), Decided::Approved);
        }
        run
    }

    /// Somebody asks for a change, and it goes through.
    pub async fn does(&self, who: &str, environment: &str, change: Change) -> RunId {
        let run = self.orders(who, environment, change).await;
        self.settle_all().await;
        assert_eq!(self.outcome(&run).await, "succeeded", "{}", self.told(&run).await);
        run
    }

    /// A yes.
    pub async fn approves(&self, who: &str, run: &RunId) -> Result<Decided, Refusal> {
        self.engine().approve(run, &self.person(who).await).await
    }

    /// A no.
    pub async fn rejects(&self, who: &str, run: &RunId, reason: &str) -> Result<Decided, Refusal> {
        self.engine().reject(run, &self.person(who).await, Some(reason)).await
    }

    /// Everything that can move without time moves.
    pub async fn settle(&self) -> Option<EpochMs> {
        self.engine().tick().await.unwrap_or_else(|refusal| panic!("a tick failed: {refusal:?}"))
    }

    /// Everything moves, and time passes as far as needed, until only people could move something.
    pub async fn settle_all(&self) {
        for _ in 0..CLOCK_MOVES_MAX {
            let due_ms = self.settle().await;
            let live = self.engine().store().run_live().await.unwrap();
            let moving = live.iter().any(|run| run.state.moves_by_itself());
            match due_ms {
                Some(due_ms) if moving => self.clock.advance_to(due_ms),
                _ => return,
            }
        }
        panic!("the story does not settle");
    }

    /// Like [`Self::settle_all`], until the outside says that the program has died; whether it did.
    pub async fn settles_or_dies(&self) -> bool {
        tokio::select! {
            biased;
            () = self.world.crashed() => true,
            () = self.settle_all() => false,
        }
    }

    /// Like [`Self::settle_all`], until so many commits are made: the program dies before it hears of the last. Whether
    /// it came to that.
    pub async fn settles_or_dies_after(&self, commits: u64) -> bool {
        let mut watching = self.engine().store().watch();
        let start = *watching.borrow_and_update();
        let made = async {
            while *watching.borrow_and_update() < start + commits {
                watching.changed().await.unwrap();
            }
        };
        tokio::select! {
            biased;
            () = made => true,
            () = self.settle_all() => false,
        }
    }

    /// A run as it is now.
    pub async fn run(&self, id: &RunId) -> Run {
        self.engine().store().run_get(id).await.unwrap().unwrap()
    }

    /// The word for where a run is.
    pub async fn state(&self, id: &RunId) -> &'static str {
        self.run(id).await.state.as_str()
    }

    /// Where a run is, with the reason's code: `failed: unhealthy`.
    pub async fn outcome(&self, id: &RunId) -> String {
        let run = self.run(id).await;
        let state = run.state.as_str();
        reason_of(&run.state).map_or_else(|| state.to_owned(), |reason| format!("{state}: {}", reason.code))
    }

    /// The number of the release a run makes.
    pub async fn release_of(&self, id: &RunId) -> u32 {
        self.engine().run_detail(id).await.unwrap().plan.release.unwrap().id.number
    }

    /// Why a run ended as it did.
    pub async fn reason(&self, id: &RunId) -> Reason {
        let run = self.run(id).await;
        reason_of(&run.state).cloned().unwrap_or_else(|| panic!("{} has no reason", run.state.as_str()))
    }

    /// What watchers were told of a run, a line each.
    pub async fn told(&self, id: &RunId) -> String {
        let detail = self.engine().run_detail(id).await.unwrap();
        let title = |step: u32| detail.plan.steps[step as usize].title.as_str();
        let mut lines = String::new();
        for one in &detail.happened {
            let line = match &one.what {
                Happening::Moved { to } => match reason_of(to) {
                    Some(reason) => format!("{}: {} ({})", to.as_str(), reason.code, reason.say),
                    None => to.as_str().to_owned(),
                },
                Happening::StepStarted { step } => format!("  {} …", title(*step)),
                Happening::StepWaits { step, note } => format!("  {} waits: {note}", title(*step)),
                Happening::StepDone { step, says } => format!("  {} done: {says}", title(*step)),
                Happening::StepFailed { step, reason } => {
                    format!("  {} failed: {}", title(*step), reason.code)
                }
                Happening::StepUndone { step, says } => format!("  {} undone: {says}", title(*step)),
                Happening::Voted { by, still } => format!("yes of {by}, {still} more needed"),
                Happening::CrashLoop { of, crashes } => {
                    format!("{} ended {} times", of.service, crashes.times)
                }
                Happening::Unreached { service, .. } => format!("{service} not reached"),
                Happening::Reached { service } => format!("{service} reached again"),
                Happening::ServerErrors { service, errors, .. } => format!("{service} errors: {errors}"),
                Happening::ServerErrorsOver { service } => format!("{service} errors over"),
                Happening::Unwell { service, why, .. } => format!("{service} unwell: {why}"),
                Happening::WellAgain { service } => format!("{service} well again"),
                Happening::Drifted { lines, .. } => format!("drifted: {}", lines.join("; ")),
                Happening::DriftOver => "drift over".to_owned(),
                Happening::RuleActed { rule, did, .. } => format!("rule {rule}: {}", did.join("; ")),
                Happening::ArtifactDiffers { path } => format!("{path} differs"),
            };
            lines += &line.replace(id.as_str(), "r-…");
            lines.push('\n');
        }
        lines
    }

    /// The titles and lines of what the record says was done, newest last: `run.refused by vera`.
    pub async fn recorded(&self, action: &str) -> Vec<String> {
        let events = self.engine().store().audit_after(0, 100_000).await.unwrap();
        let wanted = events.into_iter().map(|(event, _)| event).filter(|event| event.action == action);
        wanted.map(|event| format!("{} by {}", event.action, event.actor.name)).collect()
    }

    /// What holds for every story.
    pub async fn end(&self) {
        let doubled: Vec<String> = self.world.doubled().iter().map(ToString::to_string).collect();
        assert!(doubled.is_empty(), "done twice: {doubled:?}");
        let store = self.engine().store();
        let live = store.run_live().await.unwrap();
        let moving: Vec<String> = live
            .iter()
            .filter(|run| run.state.moves_by_itself())
            .map(|run| format!("{} is {}", run.request.command, run.state.as_str()))
            .collect();
        assert!(moving.is_empty(), "left moving: {moving:?}");
        for environment in ["staging", "production"] {
            for lock in store.lock_list(&self.environment(environment)).await.unwrap() {
                if let LockHolder::Run(holder) = &lock.holder {
                    assert!(self.run(holder).await.state.holds_lock(), "{holder} is over and holds the lock");
                }
            }
        }
        self.record_is_intact().await;
    }

    async fn record_is_intact(&self) {
        let store = self.engine().store();
        let key = self.signing_key().public_key();
        let mut exporter = Exporter::start(Vec::new(), &key).unwrap();
        let checkpoints = store.checkpoint_list().await.unwrap();
        for (event, hash) in store.audit_after(0, 1_000_000).await.unwrap() {
            exporter.event(&event, &hash.parse().unwrap()).unwrap();
            for checkpoint in checkpoints.iter().filter(|checkpoint| checkpoint.seq == event.seq) {
                exporter.checkpoint(checkpoint).unwrap();
            }
        }
        let export = exporter.finish().unwrap();
        let verdict = verify(BufReader::new(export.as_slice()), Some(&key), &[]).unwrap();
        assert!(verdict.is_intact() || checkpoints.is_empty(), "{verdict}");
    }
}

/// A service's name.
pub fn service(name: &str) -> ServiceName {
    name.parse().unwrap()
}

fn reason_of(state: &RunState) -> Option<&Reason> {
    match state {
        RunState::Undoing { reason, .. }
        | RunState::Failed { reason, .. }
        | RunState::RolledBack { reason, .. }
        | RunState::Cancelled { reason, .. } => Some(reason),
        _ => None,
    }
}
