//! A history being played: the program, its world, and what people do to it.

use std::fmt;
use std::sync::Arc;

use adapters::sim::{Behaviour, World};
use engine::clock::{Clock, EpochMs, ManualClock};
use engine::control::{Engine, Refusal};
use engine::model::{Actor, EnvironmentKey, Identity, Project, RunId};
use engine::run::Run;

use crate::event::{Death, Event};
use crate::fronts::Front;
use crate::ground::{Ground, Setting, settle};
use crate::promises::Promises;
use crate::replicas::Replica;
use crate::world::database::Kind;

/// A Wednesday noon: no weekend, no freeze.
const START_MS: EpochMs = 1_795_608_000_000;
/// How long a program that is about to die is let work before it is given up, in its time.
const LAST_HOURS_MS: i64 = 120_000;
/// Moves of the clock after which the program is said not to settle.
const CLOCK_MOVES_MAX: usize = 600;

/// A promise that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Which, in a word or two: a shorter history breaks the same one.
    pub(crate) promise: &'static str,
    /// What was seen.
    pub(crate) what: String,
}

impl Broken {
    pub(crate) fn new(promise: &'static str, what: impl Into<String>) -> Self {
        Self { promise, what: what.into() }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.what)
    }
}

pub(crate) type Kept<T = ()> = Result<T, Broken>;

/// What somebody was told.
pub(crate) struct Answer {
    pub(crate) who: String,
    /// What they wanted, as an action of the policy.
    pub(crate) wanted: &'static str,
    pub(crate) outcome: Result<(), Refusal>,
}

/// A history while it goes on.
pub(crate) struct Life<'a> {
    pub(crate) ground: &'a mut Ground,
    pub(crate) world: Arc<World>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) setting: Setting,
    pub(crate) project: Project,
    pub(crate) promises: Promises,
    pub(crate) fronts: Vec<Front>,
    /// In the order in which they were asked for.
    pub(crate) runs: Vec<RunId>,
    /// What each event came to, for whoever reads a failure.
    pub(crate) told: Vec<String>,
    /// Faults were switched on and not off again.
    pub(crate) faulty: bool,
    /// One on SQLite, two on PostgreSQL.
    pub(crate) replicas: Vec<Replica>,
    /// The program has died in the midst of the event that is being played.
    pub(crate) died: bool,
    /// Until then, runs may be somebody's who does not carry them on.
    pub(crate) leased_until_ms: EpochMs,
    asked_ms: Vec<EpochMs>,
}

impl<'a> Life<'a> {
    /// The beginning: releases v1 to v3 are tagged, the project is imported, nothing runs.
    pub(crate) async fn begin(ground: &'a mut Ground, seed: u64) -> Self {
        ground.clear().await;
        let clock = Arc::new(ManualClock::at(START_MS));
        let world = World::new(clock.clone());
        world.file("migrations/0001_create_invoices.sql", "CREATE TABLE invoices (id TEXT)");
        world.release("v1", "First invoices", Behaviour::default());
        world.file("migrations/0002_add_due_date.sql", "ALTER TABLE invoices ADD COLUMN due TEXT");
        world.release("v2", "Due dates", Behaviour::default());
        world.release("v3", "Faster lists", Behaviour::default());
        let setting = Setting::of(seed);
        let project = setting.project();
        let replicas: Vec<Replica> = match ground.kind {
            // There is one clock, and the world's is the program's.
            Kind::Sqlite => vec![Replica::new(ground, &world, "one", clock.clone())],
            Kind::Postgres => ["one", "two"]
                .map(|name| Replica::new(ground, &world, name, Arc::new(ManualClock::at(START_MS))))
                .into(),
        };
        settle(&replicas[0].engine, &project).await;
        if seed.is_multiple_of(2) {
            // Canaries get to know enough.
            world.traffic_set(&EnvironmentKey::new(project.project.clone(), "staging".parse().unwrap()), 20);
        }
        let fronts = (0..3).map(Front::new).collect();
        Self {
            ground,
            world,
            clock,
            setting,
            project,
            promises: Promises::default(),
            fronts,
            runs: Vec::new(),
            told: Vec::new(),
            faulty: false,
            replicas,
            died: false,
            leased_until_ms: 0,
            asked_ms: Vec::new(),
        }
    }

    /// A program that is awake.
    pub(crate) fn engine(&self) -> Engine {
        self.replicas.iter().find(|one| !one.stalls()).expect("somebody is awake").engine.clone()
    }

    pub(crate) fn now_ms(&self) -> EpochMs {
        self.clock.now_ms()
    }

    pub(crate) fn place(&self, environment: &str) -> EnvironmentKey {
        EnvironmentKey::new(self.project.project.clone(), environment.parse().unwrap())
    }

    pub(crate) async fn person(&self, name: &str) -> Actor {
        let identity = Identity { front: "terminal".to_owned(), external_id: name.to_owned() };
        self.engine().actor(&identity).await.unwrap()
    }

    /// The name a run has in what is told: run identifiers are drawn anew each time.
    pub(crate) fn called(&self, id: &str) -> String {
        let at = self.runs.iter().position(|run| run.as_str() == id);
        at.map_or(id.to_owned(), |at| format!("#{}", at + 1))
    }

    /// Runs that were asked for at the same instant would be carried out in the order of their identifiers, which are random.
    pub(crate) fn moment_of_its_own(&mut self) {
        while self.asked_ms.contains(&self.now_ms()) {
            self.passes(1);
        }
        self.asked_ms.push(self.now_ms());
    }

    /// The clock moves, and that of everybody who is awake.
    pub(crate) fn passes(&self, ms: i64) {
        self.clock.advance(ms);
        for one in self.replicas.iter().filter(|one| !one.stalls() && !Arc::ptr_eq(&one.clock, &self.clock)) {
            one.clock.advance(ms);
        }
    }

    /// Nothing of the program remains but the database and the outside; another is started, by the same name.
    pub(crate) fn restart(&mut self, at: usize) {
        let one = &self.replicas[at];
        let clock = if one.stalls() { Arc::new(ManualClock::at(self.now_ms())) } else { one.clock.clone() };
        self.replicas[at] = Replica::new(self.ground, &self.world, one.name, clock);
    }

    /// All that can be done now is done. When something is due next; the program may die of it, and is started again.
    pub(crate) async fn works(&mut self) -> Kept<Option<EpochMs>> {
        let mut due_next = None::<EpochMs>;
        for at in 0..self.replicas.len() {
            // They take turns in being first.
            let at = (at + self.told.len()) % self.replicas.len();
            if !self.replicas[at].stalls()
                && let Some(due_ms) = self.one_works(at).await?
            {
                due_next = Some(due_next.map_or(due_ms, |due_next| due_next.min(due_ms)));
            }
        }
        Ok(due_next)
    }

    async fn one_works(&mut self, at: usize) -> Kept<Option<EpochMs>> {
        let engine = self.replicas[at].engine.clone();
        let worked = tokio::select! {
            biased;
            () = self.world.crashed() => None,
            due_ms = engine.tick() => Some(due_ms),
        };
        if let Some(worked) = worked {
            return self.has_worked(worked);
        }
        self.told.push("      … it dies in the midst of it and is started again".to_owned());
        self.restart(at);
        self.died = true;
        Ok(None)
    }

    /// Time passes, and whatever is due meanwhile is done when it is due.
    pub(crate) async fn works_until(&mut self, until_ms: EpochMs) -> Kept {
        for _ in 0..CLOCK_MOVES_MAX {
            let due_ms = self.works().await?;
            if self.died {
                // What it left is looked at before anybody goes on with it.
                return Ok(());
            }
            let live = self.engine().store().run_live().await.unwrap();
            // A canary that is held for a person is watched every second all the same, and others wait behind it.
            let is_held =
                |place| live.iter().any(|run| run.environment() == place && run.state.as_str() == "paused");
            let now_ms = self.now_ms();
            // What waits for a time of its own begins then, however often a held canary is looked at until it comes.
            let begins_ms = |run: &Run| {
                let waits = run.state.as_str() == "queued";
                run.request.not_before_ms.filter(|begins_ms| waits && *begins_ms > now_ms)
            };
            let moves = |run: &Run| run.state.moves_by_itself() && begins_ms(run).is_none();
            let moving = live.iter().any(|run| moves(run) && !is_held(run.environment()));
            let next_ms =
                live.iter().filter_map(begins_ms).min().map_or(until_ms, |at_ms| at_ms.min(until_ms));
            match due_ms {
                Some(due_ms) if moving && due_ms < until_ms => self.passes((due_ms - now_ms).max(1)),
                _ if now_ms >= until_ms => return Ok(()),
                _ => self.passes(next_ms - now_ms),
            }
        }
        let live = self.engine().store().run_live().await.unwrap();
        let states = live.iter().map(|run| format!("{} {:?}", self.called(run.id.as_str()), run.state));
        let what = format!("it does not: {}", states.collect::<Vec<_>>().join(", "));
        if let Some(run) = live.first() {
            let happened = self.engine().store().happening_of_run(&run.id).await.unwrap();
            let last = happened.iter().rev().take(6).map(|one| format!("\n{:?}", one.what));
            return Err(Broken::new("the program settles", what + &last.collect::<String>()));
        }
        Err(Broken::new("the program settles", what))
    }

    /// Works while time passes, and dies there, if it comes to that.
    pub(crate) async fn dies(&mut self, at: Death) -> Kept<bool> {
        let (crashes, until_ms) = (self.world.crashes(), self.now_ms() + LAST_HOURS_MS);
        if self.replicas.len() > 1 {
            return self.one_dies(at).await;
        }
        let Death::Commits(count) = at else {
            self.arm(at);
            self.works_until(until_ms).await?;
            return Ok(self.world.crashes() > crashes);
        };
        let mut watching = self.ground.store().watch();
        let start = *watching.borrow_and_update();
        let made = async {
            while *watching.borrow_and_update() < start + count {
                watching.changed().await.unwrap();
            }
        };
        let died = tokio::select! {
            biased;
            () = made => None,
            worked = self.works_until(until_ms) => Some(worked),
        };
        match died {
            None => {
                self.restart(0);
                Ok(true)
            }
            Some(worked) => worked.map(|()| false),
        }
    }

    /// Plays an event, and looks at all promises.
    pub(crate) async fn goes_on(&mut self, event: &Event) -> Kept {
        self.told.push(format!("{event}"));
        self.died = false;
        let before = self.told.len();
        let answer = self.plays(event).await?;
        if let Some(answer) = &answer {
            let outcome = match &answer.outcome {
                Ok(()) => String::new(),
                Err(refusal) => format!(": refused, {} ({refusal})", refusal.code()),
            };
            self.told[before - 1] += &outcome;
        }
        let worked = matches!(event, Event::Works | Event::Passes { .. }) && !self.died;
        self.look(answer.as_ref(), worked).await
    }
}
