//! A canary that is killed at each of its calls and begun anew by a program that knows nothing, and one that loses each answer: the same is there at
//! the end as without any trouble, and nothing twice.

use std::future::Future;
use std::time::Duration;

use adapters::cloudflare::sim::Sim;
use adapters::http::sim::{Fault, When};
use adapters::railway::sim::World;
use engine::ports::PortError;
use futures_util::{StreamExt as _, stream};

use super::stage::{Deploy, Stage};

/// What is there before.
struct Begin {
    world: World,
    sim: Sim,
    is_split: bool,
}

impl Begin {
    async fn new(is_split: bool) -> Self {
        let stage = Stage::start(is_split).await;
        Deploy::first().run(&stage.hosted()).await.unwrap();
        let (world, sim) = (stage.world(|world| world.clone()), stage.cloudflare.with(|sim| sim.clone()));
        Self { world, sim, is_split }
    }

    async fn stage(&self) -> Stage {
        Stage::of(self.world.clone(), self.sim.clone(), self.is_split).await
    }

    fn deploy(&self) -> Deploy {
        let stages = if self.is_split { vec![10, 50, 100] } else { vec![100] };
        Deploy { stages, ..Deploy::canary(2, 1) }
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
    let deploy = begin.deploy();
    if trouble.is_kill {
        let hosted = stage.hosted();
        killed(&stage, &trouble, deploy.run(&hosted)).await;
    } else {
        fault(&stage, &trouble);
    }
    let mut last = Ok(());
    for _ in 0..4 {
        last = deploy.run(&stage.hosted_waiting(Duration::from_secs(20))).await;
        match &last {
            Ok(()) => break,
            Err(PortError::Fail { what, .. }) => panic!("{trouble:?}: {what}"),
            Err(_) => {}
        }
    }
    assert_eq!(last, Ok(()), "{trouble:?}");
    assert_eq!(stage.digest(&stage.hosted()).await, wanted, "{trouble:?}");
}

async fn all(is_split: bool) -> (usize, usize) {
    let begin = Begin::new(is_split).await;
    let quiet = begin.stage().await;
    begin.deploy().run(&quiet.hosted()).await.unwrap();
    let wanted = quiet.digest(&quiet.hosted()).await;
    // Of a first run alone, as the digest looks, too.
    let alone = begin.stage().await;
    begin.deploy().run(&alone.hosted()).await.unwrap();
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
    let (kills, others) = all(true).await;
    #[expect(clippy::print_stderr, reason = "the count is what the test is for")]
    {
        eprintln!("a canary: killed {kills} times, {others} answers lost or broken");
    }
    assert!(kills > 40 && others > 20, "{kills} {others}");
}

#[tokio::test]
async fn a_deployment_without_a_split_goes_on_rightly_after_whatever_happened() {
    let (kills, others) = all(false).await;
    #[expect(clippy::print_stderr, reason = "the count is what the test is for")]
    {
        eprintln!("without a split: killed {kills} times, {others} answers lost or broken");
    }
    assert!(kills > 15 && others > 6, "{kills} {others}");
}
