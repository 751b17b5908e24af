//! Races: people decide about one run, or want one lock, in the same moment and from several surfaces, in tasks that really run side
//! by side. One wins, everybody is answered, and what was not allowed is on record.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use adapters::sim::{Behaviour, World};
use engine::audit::AuditEvent;
use engine::clock::ManualClock;
use engine::control::{Decided, Engine, Refusal};
use engine::model::{Actor, Change, EnvironmentKey, Identity, RunId, RunRequest};
use tokio::task::JoinSet;

use crate::dice::Dice;
use crate::ground::{Ground, Setting, settle};
use crate::history::from_environment;
use crate::world::changes::{clear_cache, deploy};
use crate::world::database::Kind;

const START_MS: i64 = 1_795_608_000_000;
/// The variant of the project in which production wants one yes of somebody else.
const USUAL: u64 = 3;
const FRONTS: [&str; 4] = ["terminal", "slack", "discord", "http"];

/// What somebody clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Click {
    Approve,
    Reject,
    Cancel,
}

/// Programs on one database, and people.
struct Track {
    ground: Ground,
    world: Arc<World>,
    clock: Arc<ManualClock>,
    engines: Vec<Engine>,
    setting: Setting,
    /// The record up to here was looked at.
    audit: i64,
}

impl Track {
    async fn make(kind: Kind) -> Self {
        let mut ground = Ground::make(kind).await;
        ground.clear().await;
        let clock = Arc::new(ManualClock::at(START_MS));
        let world = World::new(clock.clone());
        world.file("migrations/0001_create_invoices.sql", "CREATE TABLE invoices (id TEXT)");
        world.release("v1", "First invoices", Behaviour::default());
        let setting = Setting::of(USUAL);
        let names: &[&str] = if kind == Kind::Sqlite { &["one"] } else { &["one", "two"] };
        let engines: Vec<Engine> = names.iter().map(|name| ground.engine(&world, &clock, name)).collect();
        settle(&engines[0], &setting.project()).await;
        Self { ground, world, clock, engines, setting, audit: 0 }
    }

    fn place(&self, environment: &str) -> EnvironmentKey {
        EnvironmentKey::new(self.setting.project().project, environment.parse().unwrap())
    }

    async fn person(&self, name: &str, front: &str) -> Actor {
        let identity = Identity { front: "terminal".to_owned(), external_id: name.to_owned() };
        Actor { front: front.to_owned(), ..self.engines[0].actor(&identity).await.unwrap() }
    }

    async fn asks(&self, who: &str, place: &str, change: Change) -> RunId {
        let request = RunRequest {
            environment: self.place(place),
            command: format!("{} {place}", change.run_type()),
            change,
            dry_run: false,
            not_before_ms: None,
            break_glass: None,
            conversation: None,
        };
        self.clock.advance(1);
        self.engines[0].request(&request, &self.person(who, "terminal").await).await.unwrap().id
    }

    /// Everything moves, and time passes, until nothing does.
    async fn settles(&self) {
        while let Some(due_ms) = self.engines[0].tick().await.unwrap() {
            self.clock.advance_to(due_ms);
        }
    }

    /// What came to the record since the last look.
    async fn recorded(&mut self) -> Vec<AuditEvent> {
        let sight = self.ground.peek.look(i64::MAX - 1, self.audit).await;
        self.audit = sight.audit.last().map_or(self.audit, |row| row.seq);
        sight.audit.iter().map(|row| serde_json::from_str(&row.body).unwrap()).collect()
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}

async fn click(engine: Engine, run: RunId, actor: Actor, click: Click) -> Result<Option<Decided>, Refusal> {
    match click {
        Click::Approve => engine.approve(&run, &actor).await.map(Some),
        Click::Reject => engine.reject(&run, &actor, Some("not now")).await.map(Some),
        Click::Cancel => engine.cancel(&run, &actor, None).await.map(|_| None),
    }
}

type Clicks = Vec<(&'static str, &'static str, Click)>;

/// Who clicks what, where: those who may, those who may not, and some twice.
fn clicks(dice: &mut Dice) -> Clicks {
    let mut all: Clicks = Vec::new();
    for _ in 0..dice.between(3, 9) {
        let who = dice.one_of(&["ana", "ben", "ben", "zoe", "zoe", "max", "vera", "mallory"]);
        let what = dice.weighed(&[(5, Click::Approve), (3, Click::Reject), (2, Click::Cancel)]);
        all.push((who, dice.one_of(&FRONTS), what));
    }
    all
}

/// One race about a run that waits for a yes. Whether a restart came in between.
async fn decision(track: &mut Track, dice: &mut Dice, seed: u64) -> bool {
    let run = track.asks("ana", "production", deploy("v1")).await;
    track.recorded().await;
    let clicks = clicks(dice);
    let restarts = dice.percent(20);
    let mut answers: Vec<Option<Result<Option<Decided>, Refusal>>> = clicks.iter().map(|_| None).collect();
    let mut round = 0;
    while answers.iter().any(Option::is_none) {
        let mut racing = JoinSet::new();
        for (at, (who, front, what)) in clicks.iter().enumerate().filter(|(at, _)| answers[*at].is_none()) {
            let engine = track.engines[(at + round) % track.engines.len()].clone();
            let (actor, run, what) = (track.person(who, front).await, run.clone(), *what);
            racing.spawn(async move { (at, click(engine, run, actor, what).await) });
        }
        // The program dies when so many have their answer; the others click again at the one that is started.
        let heard =
            if restarts && round == 0 { dice.below(clicks.len() as u64) as usize } else { usize::MAX };
        let mut count = 0;
        while count < heard
            && let Some(answered) = racing.join_next().await
        {
            let (at, answer) = answered.unwrap();
            answers[at] = Some(answer);
            count += 1;
        }
        racing.shutdown().await;
        if heard != usize::MAX {
            let names: &[&str] = if track.engines.len() == 1 { &["one"] } else { &["one", "two"] };
            track.engines =
                names.iter().map(|name| track.ground.engine(&track.world, &track.clock, name)).collect();
        }
        round += 1;
    }
    let what = |say: &str| format!("race {seed}: {say}: {clicks:?} came to {answers:?}");
    let recorded = track.recorded().await;
    let count = |action: &str| recorded.iter().filter(|event| event.action == action).count();
    let moved = count("run.moved");
    let sight = track.ground.peek.look(i64::MAX - 1, i64::MAX - 1).await;
    let (state, approval) = (&sight.run(run.as_str()).unwrap().state, sight.approval(run.as_str()).unwrap());
    let mut won = BTreeMap::new();
    let (mut refused, mut again) = (0, 0);
    for ((who, _, clicked), answer) in clicks.iter().zip(&answers) {
        match answer.as_ref().unwrap() {
            Err(Refusal::Store(_) | Refusal::Bug(_) | Refusal::Port { .. }) => {
                panic!("{}", what("somebody was not answered"))
            }
            Err(refusal) => {
                let may = match clicked {
                    Click::Approve => ["ben", "zoe", "max"].contains(who),
                    Click::Reject | Click::Cancel => ["ana", "ben", "zoe", "max"].contains(who),
                };
                assert_eq!(may, refusal.code() != "not-allowed", "{}", what(who));
                refused += usize::from(*clicked != Click::Cancel);
                if !may {
                    let name = |event: &AuditEvent| event.actor.name.ends_with(who);
                    let noted = recorded.iter().any(|event| name(event) && event.action.ends_with("refused"));
                    assert!(noted, "{}", what("a refusal is not on record"));
                }
            }
            Ok(Some(Decided::Approved)) => *won.entry("approved").or_default() += 1,
            Ok(Some(Decided::Rejected)) => *won.entry("rejected").or_default() += 1,
            Ok(Some(Decided::Counted { .. } | Decided::CountedBefore { .. })) => {
                panic!("{}", what("one yes is enough"))
            }
            // A second click of whoever decided it: no second decision.
            Ok(Some(Decided::Before)) => again += 1,
            Ok(None) => *won.entry("cancelled").or_default() += 1,
        }
    }
    assert!(count("approval.refused") >= refused, "{}", what("refusals are missing in the record"));
    // A yes can be followed by a cancellation of what it let go; nothing else goes with anything else.
    let yes = won.get("approved").copied().unwrap_or(0);
    let no = won.get("rejected").copied().unwrap_or(0);
    let off: usize = won.get("cancelled").copied().unwrap_or(0);
    assert!(yes <= 1 && no <= 1 && off <= 1 && no + off <= 1, "{}", what("more than one decision"));
    assert!(yes + no <= 1, "{}", what("a yes and a no"));
    assert!(again == 0 || yes + no == 1 || round > 1, "{}", what("said once more, and never decided"));
    let decided = match (approval.state.as_str(), state.as_str()) {
        ("approved", "queued") | ("rejected" | "withdrawn", "cancelled") => 1,
        ("approved", "cancelled") => 2,
        ("open", "awaiting-approval") => 0,
        (approval, run) => panic!("{}", what(&format!("the approval is {approval} and the run {run}"))),
    };
    assert_eq!(moved, decided, "{}", what("the record has other decisions than were made"));
    // Whoever was told that it was theirs: unless the program died before it could say so.
    assert!(yes + no + off == decided || round > 1, "{}", what("nobody was told of a decision"));
    // The next race begins with an empty line.
    let zoe = track.person("zoe", "terminal").await;
    let _over = track.engines[0].cancel(&run, &zoe, None).await;
    track.recorded().await;
    restarts
}

/// Races of yes, no and cancel.
pub(crate) fn decisions(kind: Kind, count: u64) {
    let (count, began, runtime) = (from_environment("RACES").unwrap_or(count), Instant::now(), runtime());
    runtime.block_on(async {
        let mut track = Track::make(kind).await;
        let mut restarted = 0;
        for seed in 1..=count {
            restarted += u64::from(decision(&mut track, &mut Dice::of(seed), seed).await);
        }
        eprintln!(
            "{count} races of decisions on {kind:?}, {restarted} of them across a restart: one decision each, everybody \
             answered, in {:.1} s",
            began.elapsed().as_secs_f64()
        );
    });
}

/// People want one lock at once; whoever gets it gives it back. One race.
async fn people_lock(track: &mut Track, dice: &mut Dice, seed: u64) {
    let place = track.place(dice.one_of(&["staging", "production"]));
    let mut racing = JoinSet::new();
    for (at, who) in ["ana", "ben", "zoe", "max"].into_iter().enumerate() {
        let (engine, place) = (track.engines[at % track.engines.len()].clone(), place.clone());
        let actor = track.person(who, dice.one_of(&FRONTS)).await;
        racing.spawn(async move { (who, engine.lock(&place, &actor, Some("mine"), None).await) });
    }
    let answers = racing.join_all().await;
    let winners: Vec<&str> = answers.iter().filter(|(_, it)| it.is_ok()).map(|(who, _)| *who).collect();
    let [winner] = winners[..] else { panic!("lock race {seed}: {answers:?}") };
    for (who, answer) in &answers {
        let refused =
            answer.as_ref().err().is_none_or(|refusal| ["locked", "not-allowed"].contains(&refusal.code()));
        assert!(refused, "lock race {seed}: {who}: {answer:?}");
    }
    let sight = track.ground.peek.look(i64::MAX - 1, i64::MAX - 1).await;
    let holders: Vec<&str> = sight.locks.iter().map(|lock| lock.holder.as_str()).collect();
    assert_eq!(holders, [winner], "lock race {seed}");
    let actor = track.person(winner, "terminal").await;
    track.engines[0].unlock(&place, &actor, None).await.unwrap();
}

/// Runs wait in line, and all programs carry out at once what they can. How many had to wait for the lock.
async fn runs_lock(track: &mut Track, dice: &mut Dice, seed: u64) -> u64 {
    let count = dice.between(3, 7);
    let mut line = Vec::new();
    for _ in 0..count {
        line.push(track.asks(dice.one_of(&["ana", "ben", "zoe"]), "staging", clear_cache()).await);
    }
    track.recorded().await;
    loop {
        let mut racing = JoinSet::new();
        for engine in track.engines.iter().chain(&track.engines) {
            let engine = engine.clone();
            racing.spawn(async move { engine.tick().await.map(drop) });
        }
        for worked in racing.join_all().await {
            worked.unwrap_or_else(|refusal| panic!("lock race {seed}: {refusal:?}"));
        }
        let sight = track.ground.peek.look(i64::MAX - 1, i64::MAX - 1).await;
        let at_work = sight.runs.iter().filter(|row| row.changes()).count();
        let held = sight.locks.len();
        assert!(at_work <= 1 && held == at_work, "lock race {seed}: {at_work} at work and {held} locks");
        if line.iter().all(|run| sight.run(run.as_str()).is_some_and(crate::peek::RunRow::is_over)) {
            break;
        }
        track.clock.advance(200);
    }
    // The record says who was at work when: one at a time, in the order of the line.
    let (mut at_work, mut began) = (None, Vec::new());
    for event in track.recorded().await.iter().filter(|event| event.action == "run.moved") {
        let run = event.run.clone().unwrap();
        match event.data["to"].as_str() {
            Some("running") => {
                assert_eq!(at_work, None, "lock race {seed}: {run} began beside another");
                began.push(run.clone());
                at_work = Some(run);
            }
            Some("succeeded") => assert_eq!(at_work.take(), Some(run), "lock race {seed}"),
            other => panic!("lock race {seed}: {run} {other:?}"),
        }
    }
    assert_eq!(began, line, "lock race {seed}: not in the order of the line");
    count as u64
}

/// Races for the lock of an environment: among people, and among runs in line.
pub(crate) fn locks(kind: Kind, count: u64) {
    let (count, began, runtime) =
        (from_environment("LOCK_RACES").unwrap_or(count), Instant::now(), runtime());
    runtime.block_on(async {
        let mut track = Track::make(kind).await;
        track.asks("ana", "staging", deploy("v1")).await;
        track.settles().await;
        let (mut people, mut runs, mut seed) = (0, 0, 0);
        while people + runs < count {
            seed += 1;
            let mut dice = Dice::of(seed);
            if dice.percent(70) {
                people_lock(&mut track, &mut dice, seed).await;
                people += 1;
            } else {
                runs += runs_lock(&mut track, &mut dice, seed).await;
            }
        }
        eprintln!(
            "{} races for a lock on {kind:?}, {people} among people and {runs} among runs in line: one holder, in order, none left, \
             in {:.1} s",
            people + runs,
            began.elapsed().as_secs_f64()
        );
    });
}
