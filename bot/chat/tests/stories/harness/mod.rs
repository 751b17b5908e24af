//! The harness: a story reads as a chat.
//!
//! ```ignore
//! chat(async |t| {
//!     t.release("v1.0.0", good());
//!     t.user("ana").says("deploy staging ref v1.0.0").await;
//!     t.settles().await;
//!     t.bot_shows(expect![[r#"…the run's card…"#]]).await;
//! });
//! ```
//!
//! Time moves only when the story says so: `settles` waits for what moves by itself, `passes` lets time go by. A story
//! fails at its end on bad news or questions nobody looked at, on runs that still move, on effects that happened twice, on a broken
//! record, and on anything left open; see `ending.rs`.

#![expect(clippy::needless_pass_by_value, reason = "stories and expectations are made where they are used")]
#![expect(clippy::unused_self, reason = "everything in a story starts with `t.`")]

mod away;
mod bent;
mod crash;
mod database;
mod ending;
mod kept;
mod log;
mod person;
mod project;
mod room;
mod seen;
mod tellings;
mod text;
mod texts;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, LazyLock};

use adapters::sim::{Behaviour, World};
use chat::{Desk, Reporter, Texter};
use engine::artifacts::Artifacts;
use engine::audit::{PublicKey, SigningKey};
use engine::clock::{Clock, EpochMs, ManualClock};
use engine::control::{Engine, EngineParts, Refusal, Vault};
use engine::model::{Actor, EnvironmentKey, Identity, Role, User};
use engine::redact::Redactor;
use engine::run::{Run, RunState};
use engine::secrets::MasterKey;
use engine::store::Store;
use expect_test::Expect;
use policies::Rules;
use tempfile::TempDir;

#[allow(unused_imports, reason = "for fronts that are told something")]
pub(crate) use bent::{bends, bent};
use database::Database;
#[allow(unused_imports, reason = "for stories of one front alone")]
pub(crate) use log::Log;
pub(crate) use project::Project;
pub(crate) use room::Room;
#[allow(unused_imports, reason = "for fronts that tell what was shown by themselves")]
pub(crate) use room::Shown;
#[allow(unused_imports, reason = "for fronts whose messages have addresses")]
pub(crate) use text::without_links;
#[allow(unused_imports, reason = "for stories of one front alone")]
pub(crate) use texts::phone;

use crate::stage::{CONVERSATION, Connected, FRONT, Stage};

/// Reading and checking the rules takes a while, and they are the same in all stories.
static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::shipped().unwrap());

/// Wednesday, 2026-11-18, 12:00 UTC: no weekend, no night, no holiday.
pub(crate) const START_MS: EpochMs = 1_795_003_200_000;
/// `settles` waits for what is due within this; an approval that runs out later is a person's matter.
const NEAR_MS: i64 = 120_000;
/// Times `settles` moves the clock before it calls the story restless.
const HOPS_MAX: usize = 2_000;
pub(crate) fn seconds(count: i64) -> i64 {
    count * 1_000
}

pub(crate) fn minutes(count: i64) -> i64 {
    count * 60_000
}

pub(crate) fn hours(count: i64) -> i64 {
    count * 3_600_000
}

/// A release that builds, starts and serves.
pub(crate) fn good() -> Behaviour {
    Behaviour::default()
}

/// Tells a story about the usual project.
pub(crate) fn chat(story: impl AsyncFn(&mut Chat)) {
    chat_about(&Project::usual(), story);
}

/// Tells a story about this project.
pub(crate) fn chat_about(project: &Project, story: impl AsyncFn(&mut Chat)) {
    told(Some(project), story);
}

/// Tells a story in which there is no project yet: zoe is the admin, and ana a deployer.
pub(crate) fn chat_without_project(story: impl AsyncFn(&mut Chat)) {
    told(None, story);
}

fn told(project: Option<&Project>, story: impl AsyncFn(&mut Chat)) {
    for database in tellings::databases() {
        let name = database.name();
        let told = catch_unwind(AssertUnwindSafe(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut chat = Chat::begin(database, project).await;
                story(&mut chat).await;
                chat.end().await;
            });
        }));
        if let Err(panic) = told {
            #[expect(clippy::print_stderr, reason = "says which telling failed")]
            {
                eprintln!("\nThe story failed on {name}.");
            }
            resume_unwind(panic);
        }
    }
}

/// A story under way.
pub(crate) struct Chat {
    /// The outside: behaviours, faults, drift.
    pub(crate) world: Arc<World>,
    clock: Arc<ManualClock>,
    database: Database,
    folder: TempDir,
    room: Arc<Room>,
    /// The front, as it is when no program is connected to it.
    pub(crate) stage: Stage,
    program: Option<Program>,
    starts: u32,
}

/// What runs, and is gone after a crash.
struct Program {
    engine: Engine,
    desk: Desk,
    reporter: Reporter,
    texter: Texter,
    connected: Connected,
    public_key: PublicKey,
}

impl Chat {
    async fn begin(database: Database, project: Option<&Project>) -> Self {
        database.create().await;
        let clock = Arc::new(ManualClock::at(START_MS));
        let room = Arc::new(Room::default());
        let mut chat = Self {
            stage: Stage::open(room.clone()).await,
            world: World::new(clock.clone()),
            clock,
            database,
            folder: database::folder(),
            room,
            program: None,
            starts: 0,
        };
        chat.start(project).await;
        if project.is_none() {
            chat.knows("zoe", Role::Admin).await;
            chat.knows("ana", Role::Deployer).await;
        }
        chat
    }

    /// Somebody is known on this front, who came without a project.
    async fn knows(&self, name: &str, role: Role) {
        let user = User { name: name.parse().unwrap(), role };
        let identity = Identity { front: FRONT.to_owned(), external_id: name.to_owned() };
        self.engine().user_put(&user, &[identity], &Actor::system()).await.unwrap();
    }

    async fn start(&mut self, project: Option<&Project>) {
        self.starts += 1;
        let clock: Arc<dyn Clock> = self.clock.clone();
        let store = Store::open(&self.database.address(self.folder.path())).await.unwrap();
        let redactor = Arc::new(Redactor::new().unwrap());
        let key = MasterKey::from_text("the story", &"5c".repeat(32)).unwrap();
        let vault = Vault::open(store.clone(), clock.clone(), key, redactor.clone()).await.unwrap();
        let artifacts = self.folder.path().join("artifacts");
        let signing_key = SigningKey::open_or_create(&self.folder.path().join("signing.key")).unwrap();
        let public_key = signing_key.public_key();
        let engine = Engine::new(EngineParts {
            store,
            ports: self.world.ports(),
            clock,
            rules: RULES.clone(),
            artifacts: Artifacts::open(artifacts.to_str().unwrap(), redactor.clone()).unwrap(),
            redactor,
            signing_key,
            vault,
            replica: "story".to_owned(),
        })
        .with_rehearsals(Arc::new(adapters::rehearsal::Rehearsals::default()));
        if let Some(project) = project {
            engine.project_import(&project.read(), &Actor::system()).await.unwrap();
        }
        let texter = Texter::open(engine.clone(), None).await.unwrap();
        let (connected, reporter) = self.stage.connect(&engine).await;
        self.program = Some(Program {
            desk: Desk::new(engine.clone()),
            engine,
            reporter,
            texter,
            connected,
            public_key,
        });
    }

    fn program(&self) -> &Program {
        self.program.as_ref().unwrap()
    }

    /// The program's connection to the front.
    #[allow(dead_code, reason = "for stories of one front alone")]
    pub(crate) fn connected(&self) -> &Connected {
        &self.program().connected
    }

    /// The engine, for looking at what people can't see.
    pub(crate) fn engine(&self) -> &Engine {
        &self.program().engine
    }

    /// The desk, for stories in which many talk at once.
    pub(crate) fn desk(&self) -> Desk {
        self.program().desk.clone()
    }

    fn now_ms(&self) -> EpochMs {
        self.clock.now_ms()
    }

    /// The source gets a tagged commit that behaves like this once it is released.
    pub(crate) fn release(&self, tag: &str, behaviour: Behaviour) {
        self.world.release(tag, &format!("Work for {tag}"), behaviour);
    }

    /// The next commit brings a migration.
    pub(crate) fn migration(&self, file: &str, sql: &str) {
        self.world.file(&format!("migrations/{file}"), sql);
    }

    /// What was deployed before the story begins: said by ana, approved by ben where that is needed, not looked at.
    pub(crate) async fn deployed(&mut self, environment: &str, tag: &str) {
        self.user("ana").says(&format!("deploy {environment} ref {tag}")).await;
        if environment == "production" {
            self.user("ben").clicks("Approve").await;
        }
        self.settles().await;
        let run = self.newest_run().await;
        assert_eq!(run.state.as_str(), "succeeded", "deploying {tag} to {environment} beforehand");
        self.room.all_seen();
    }

    /// A project's description is imported: anew, or beside the one there is.
    pub(crate) async fn imports(&self, project: &Project) {
        self.engine().project_import(&project.read(), &Actor::system()).await.unwrap();
    }

    /// What the project's services need of secrets and nobody set is made, as the program does where a project is imported.
    pub(crate) async fn makes_secrets(&self, project: &Project) {
        self.engine().secrets_generate_missing(&project.read(), &Actor::system()).await.unwrap();
    }

    /// Zoe sets a secret.
    pub(crate) async fn sets_secret(
        &self,
        environment: &str,
        name: &str,
        value: &str,
    ) -> Result<u32, Refusal> {
        let zoe = Identity { front: FRONT.to_owned(), external_id: "zoe".to_owned() };
        let zoe = self.engine().actor(&zoe).await?;
        self.engine().secret_set(&self.key(environment), &name.parse().unwrap(), value.into(), &zoe).await
    }

    /// The environment's key.
    pub(crate) fn key(&self, environment: &str) -> EnvironmentKey {
        format!("invoice-perfect/{environment}").parse().unwrap()
    }

    /// Lets everything happen that happens by itself. The clock moves to what is due soon, and no further.
    pub(crate) async fn settles(&mut self) {
        for _ in 0..HOPS_MAX {
            let due = match self.tick().await {
                None => continue,
                Some(ticked) => ticked.expect("the engine moves what can move"),
            };
            self.reports().await;
            match due {
                Some(due_ms) if self.moves().await && due_ms - self.now_ms() <= NEAR_MS => {
                    self.clock.advance_to(due_ms);
                }
                _ => return,
            }
        }
        panic!("it does not settle:\n{}", self.room.everything());
    }

    /// The same, when the database is not there: what the engine says.
    pub(crate) async fn cant_move(&mut self) -> String {
        match self.tick().await {
            Some(Err(refusal)) => refusal.to_string(),
            other => panic!("nothing hindered it: {other:?}"),
        }
    }

    /// What can move this very moment does; the clock stands still.
    pub(crate) async fn ticks(&mut self) {
        if let Some(ticked) = self.tick().await {
            ticked.expect("the engine moves what can move");
        }
        self.reports().await;
    }

    /// One round of moves; `None` when the program died in it and was started again.
    async fn tick(&mut self) -> Option<Result<Option<EpochMs>, Refusal>> {
        let engine = self.engine().clone();
        let world = self.world.clone();
        tokio::select! {
            biased;
            () = world.crashed() => {}
            ticked = Box::pin(engine.tick()) => return Some(ticked),
        }
        drop(engine);
        self.crash_and_restart().await;
        None
    }

    async fn moves(&self) -> bool {
        let store = self.engine().store();
        for run in store.run_live().await.unwrap() {
            // A canary that waits for a person is watched on without end.
            let waits = matches!(run.state, RunState::Paused { .. })
                && store.trial_get(&run.id).await.unwrap().is_some();
            if run.state.holds_lock() && !waits {
                return true;
            }
        }
        false
    }

    /// The reporter shows what is new.
    async fn reports(&mut self) {
        let program = self.program.as_mut().unwrap();
        loop {
            let ruled = program.engine.rules_pass().await.expect("rules are followed");
            let texted = program.texter.pass().await.expect("the texter texts");
            let reported = program.reporter.pass().await.expect("the reporter reports") || texted || ruled;
            if !program.connected.shows(&self.stage).await && !reported {
                return;
            }
        }
    }

    /// The program looks after services, as it does every few seconds.
    pub(crate) async fn looks_after_services(&mut self) {
        self.engine().look_after_services().await.unwrap();
        self.reports().await;
    }

    /// What is outside.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// One second goes by, and what is due then happens.
    pub(crate) async fn second_passes(&mut self) {
        self.clock.advance(seconds(1));
        self.ticks().await;
    }

    /// Time goes by; what is due then happens.
    pub(crate) async fn passes(&mut self, ms: i64) {
        self.clock.advance(ms);
        self.settles().await;
    }

    /// The program is killed and started again: all that stays is the database, the files and the world.
    pub(crate) async fn crash_and_restart(&mut self) {
        self.program = None;
        self.start(None).await;
        self.reports().await;
    }

    /// The program is killed, and started again after some time.
    pub(crate) async fn crash_and_passes(&mut self, ms: i64) {
        self.program = None;
        self.clock.advance(ms);
        self.crash_and_restart().await;
    }

    /// The table of runs is gone from under the program.
    pub(crate) async fn database_breaks(&self) {
        self.database.run(self.folder.path(), "ALTER TABLE runs RENAME TO runs_gone").await;
    }

    /// It is back.
    pub(crate) async fn database_mends(&self) {
        self.database.run(self.folder.path(), "ALTER TABLE runs_gone RENAME TO runs").await;
    }

    /// The server ends all the program's connections at once.
    pub(crate) async fn server_hangs_up(&self) {
        self.database.hang_up().await;
    }

    /// Like `settles`, with the patience of the program's worker: what fails is tried again.
    pub(crate) async fn settles_through_trouble(&mut self) {
        let mut failures = 0;
        while let Some(Err(refusal)) = self.tick().await {
            failures += 1;
            assert!(failures < 20, "the database stays away: {refusal}");
        }
        self.settles().await;
    }

    /// What [`Self::bot_says`] compares.
    pub(crate) fn said(&self) -> String {
        self.room.unseen(None)
    }

    /// All messages nobody has looked at, oldest first, but for runs' cards and private answers.
    #[track_caller]
    pub(crate) fn bot_says(&mut self, expected: Expect) {
        expected.assert_eq(&self.room.unseen(None));
    }

    /// What is asked once more after a restart: nothing where the front still shows it.
    #[track_caller]
    pub(crate) fn asks_again(&mut self, expected: Expect) {
        let unseen = self.room.unseen(None);
        if crate::stage::SHOWS_ON { assert_eq!(unseen, "") } else { expected.assert_eq(&unseen) }
    }

    /// All private answers to somebody that nobody has looked at.
    #[track_caller]
    pub(crate) fn whispers(&mut self, to: &str, expected: Expect) {
        expected.assert_eq(&self.room.unseen(Some(to)));
    }

    /// The card of the newest run, as it is now.
    #[track_caller]
    pub(crate) fn bot_shows(&mut self, expected: Expect) {
        expected.assert_eq(&self.room.newest_card());
    }

    /// The card of a run, as it is now; runs count from 1.
    #[track_caller]
    pub(crate) fn bot_shows_run(&mut self, number: usize, expected: Expect) {
        expected.assert_eq(&self.room.card_of(number));
    }

    /// Only the first line of the newest run's card.
    #[track_caller]
    pub(crate) fn bot_headlines(&mut self, expected: Expect) {
        let card = self.room.newest_card();
        expected.assert_eq(card.lines().next().unwrap_or_default());
    }

    /// Somebody looks at everything there is, and finds it as it should be.
    pub(crate) fn never_mind_the_rest(&mut self) {
        self.room.all_seen();
    }

    /// How many decisions about approvals the record has.
    pub(crate) async fn decisions(&self) -> usize {
        let events = self.engine().store().audit_after(0, i64::MAX).await.unwrap();
        let decided = |from: &str| from == "awaiting-approval";
        events.iter().filter(|(event, _)| event.data["from"].as_str().is_some_and(decided)).count()
    }

    /// How many runs there are.
    pub(crate) async fn runs(&self) -> usize {
        self.engine().store().run_recent(100).await.unwrap().len()
    }

    async fn newest_run(&self) -> Run {
        self.engine().store().run_recent(1).await.unwrap().pop().expect("there is a run")
    }

    /// The writing calls the world saw, one a line.
    #[track_caller]
    pub(crate) fn effects(&self, expected: Expect) {
        expected.assert_eq(&self.world.effects());
    }
}
