//! A canary that is killed at each of its calls and begun anew by a program that knows nothing, and one that loses each answer: the same is there at
//! the end as without any trouble, and nothing twice.

use std::future::Future;
use std::time::Duration;

use adapters::cloudflare::sim::Sim;
use adapters::hosted::Hosted;
use adapters::http::sim::{Fault, When};
use adapters::railway::sim::World;
use engine::ports::{PortError, Schedule};
use futures_util::{StreamExt as _, stream};

use super::ended::ended;
use super::schedules::{schedule, scheduled};
use super::stage::{Deploy, Stage};

/// What is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Play {
    /// A release in stages.
    Canary,
    /// A release without a split.
    AtOnce,
    /// A scheduled service gets another release, and other times.
    Schedule,
    /// It is switched off.
    ScheduleOff,
    /// All that runs is ended.
    End,
}

impl Play {
    fn splits(self) -> bool {
        matches!(self, Self::Canary | Self::End)
    }
}

/// What is there before.
struct Begin {
    world: World,
    sim: Sim,
    play: Play,
}

impl Begin {
    async fn new(play: Play) -> Self {
        let stage = Self::staged(Stage::start(play.splits()).await, play);
        match play {
            Play::Canary | Play::AtOnce | Play::End => Deploy::first().run(&stage.hosted()).await.unwrap(),
            Play::Schedule | Play::ScheduleOff => {
                scheduled(&stage.hosted(), Some(&schedule(1, "*/15 * * * *"))).await.unwrap();
            }
        }
        let (world, sim) = (stage.world(|world| world.clone()), stage.cloudflare.with(|sim| sim.clone()));
        Self { world, sim, play }
    }

    async fn stage(&self) -> Stage {
        let stage = Stage::of(self.world.clone(), self.sim.clone(), self.play.splits()).await;
        Self::staged(stage, self.play)
    }

    fn staged(mut stage: Stage, play: Play) -> Stage {
        stage.is_scheduled = matches!(play, Play::Schedule | Play::ScheduleOff);
        stage
    }

    async fn run(&self, hosted: &Hosted) -> Result<(), PortError> {
        match self.play {
            Play::Canary => Deploy { stages: vec![10, 50, 100], ..Deploy::canary(2, 1) }.run(hosted).await,
            Play::AtOnce => Deploy { stages: vec![100], ..Deploy::canary(2, 1) }.run(hosted).await,
            Play::End => ended(hosted).await,
            Play::Schedule => scheduled(hosted, Some(&schedule(2, "0 5 * * *"))).await,
            Play::ScheduleOff => {
                scheduled(hosted, Some(&Schedule { enabled: false, ..schedule(1, "*/15 * * * *") })).await
            }
        }
    }
}

/// Which vendor a call is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Railway,
    Cloudflare,
}

#[derive(Debug, Clone)]
struct Trouble {
    at: At,
    call: u32,
    fault: Fault,
    is_kill: bool,
}

fn fault(stage: &Stage, trouble: &Trouble) {
    let (when, fault) = (When::Call(trouble.call), trouble.fault.clone());
    match trouble.at {
        At::Railway => stage.railway.fault(when, fault),
        At::Cloudflare => stage.cloudflare.fault(when, fault),
    }
}

fn count(stage: &Stage, at: At) -> usize {
    match at {
        At::Railway => stage.railway.count(),
        At::Cloudflare => stage.cloudflare.count(),
    }
}

async fn reached(stage: &Stage, trouble: &Trouble, begun: usize) {
    while count(stage, trouble.at) < begun + trouble.call as usize {
        tokio::task::yield_now().await;
    }
}

async fn killed(stage: &Stage, trouble: &Trouble, run: impl Future<Output = Result<(), PortError>>) {
    let begun = count(stage, trouble.at);
    fault(stage, trouble);
    tokio::select! {
        biased;
        () = reached(stage, trouble, begun) => {}
        ended = run => panic!("{trouble:?} ended: {ended:?}"),
    }
}

/// As the engine would go on: again, until it is done.
async fn play(begin: &Begin, wanted: &[String], trouble: Trouble) {
    let stage = begin.stage().await;
    if trouble.is_kill {
        let hosted = stage.hosted();
        killed(&stage, &trouble, begin.run(&hosted)).await;
    } else {
        fault(&stage, &trouble);
    }
    let mut last = Ok(());
    for _ in 0..4 {
        last = begin.run(&stage.hosted_waiting(Duration::from_secs(20))).await;
        match &last {
            Ok(()) => break,
            Err(PortError::Fail { what, .. }) => panic!("{trouble:?}: {what}"),
            Err(_) => {}
        }
    }
    assert_eq!(last, Ok(()), "{trouble:?}");
    assert_eq!(stage.digest(&stage.hosted()).await, wanted, "{trouble:?}");
}

async fn all(play_of: Play) -> (usize, usize) {
    let begin = Begin::new(play_of).await;
    let quiet = begin.stage().await;
    begin.run(&quiet.hosted()).await.unwrap();
    let wanted = quiet.digest(&quiet.hosted()).await;
    // Of a first run alone, as the digest looks, too.
    let alone = begin.stage().await;
    begin.run(&alone.hosted()).await.unwrap();
    // The calls are the same in all troubles, so that they are held against the descriptions once.
    alone.checked();
    let mut troubles = Vec::new();
    // Whether each call changes something, and whether Railway's deployments go on by it.
    let railway: Vec<(bool, bool)> = alone
        .railway
        .calls()
        .iter()
        .map(|call| {
            let body = call.asked.json();
            let moves = matches!(body["operationName"].as_str(), Some("Deployment" | "Deployments"));
            (body["query"].as_str().unwrap().starts_with("mutation"), moves)
        })
        .collect();
    let cloudflare: Vec<(bool, bool)> =
        alone.cloudflare.calls().iter().map(|call| (call.asked.method != "GET", false)).collect();
    for (at, calls) in [(At::Railway, railway), (At::Cloudflare, cloudflare)] {
        let mut is_moved = true;
        for (call, (is_write, moves)) in (1..).zip(calls) {
            // Between looks that find the same, it makes no difference where it is killed.
            if is_write || is_moved {
                troubles.push(Trouble { at, call, fault: Fault::Stuck, is_kill: true });
            }
            is_moved = is_write || moves;
            if is_write {
                troubles.push(Trouble { at, call, fault: Fault::Slow, is_kill: true });
                troubles.push(Trouble { at, call, fault: Fault::AnswerLost, is_kill: false });
                troubles.push(Trouble { at, call, fault: Fault::Broken, is_kill: false });
            }
        }
    }
    let (kills, others) = (
        troubles.iter().filter(|one| one.is_kill).count(),
        troubles.iter().filter(|one| !one.is_kill).count(),
    );
    let (begin, wanted) = (&begin, &wanted);
    stream::iter(troubles)
        .map(|trouble| play(begin, wanted, trouble))
        .buffer_unordered(4)
        .collect::<Vec<()>>()
        .await;
    (kills, others)
}

#[tokio::test]
async fn a_canary_goes_on_rightly_after_whatever_happened() {
    let (kills, others) = all(Play::Canary).await;
    #[expect(clippy::print_stderr, reason = "the count is what the test is for")]
    {
        eprintln!("a canary: killed {kills} times, {others} answers lost or broken");
    }
    assert!(kills > 40 && others > 20, "{kills} {others}");
}

#[tokio::test]
async fn a_deployment_without_a_split_goes_on_rightly_after_whatever_happened() {
    let (kills, others) = all(Play::AtOnce).await;
    #[expect(clippy::print_stderr, reason = "the count is what the test is for")]
    {
        eprintln!("without a split: killed {kills} times, {others} answers lost or broken");
    }
    assert!(kills > 15 && others > 6, "{kills} {others}");
}

#[tokio::test]
async fn a_schedule_goes_on_rightly_after_whatever_happened() {
    let (kills, others) = all(Play::Schedule).await;
    let (kills_off, others_off) = all(Play::ScheduleOff).await;
    #[expect(clippy::print_stderr, reason = "the count is what the test is for")]
    {
        eprintln!(
            "a schedule: killed {} times, {} answers lost or broken",
            kills + kills_off,
            others + others_off
        );
    }
    assert!(kills > 10 && others > 5 && kills_off > 4 && others_off > 2, "{kills} {kills_off}");
}

#[tokio::test]
async fn an_end_goes_on_rightly_after_whatever_happened() {
    let (kills, others) = all(Play::End).await;
    #[expect(clippy::print_stderr, reason = "the count is what the test is for")]
    {
        eprintln!("an end: killed {kills} times, {others} answers lost or broken");
    }
    assert!(kills > 3 && others > 3, "{kills} {others}");
}
