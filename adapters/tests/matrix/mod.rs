//! Every writing operation × every trouble, at each of its calls. Whatever happened, the operation is run again as the engine would
//! (look, act, look), and then there is one of each thing, as wanted, and a further run writes nothing.
#![allow(dead_code, reason = "not every vendor needs all of it")]

use std::fmt::Debug;

use adapters::http::sim::{Asked, Fault, Said, Server, Simulated, When};
use engine::ports::PortError;
use serde_json::Value;

/// How often an operation is run again before it counts as stuck.
const AGAIN_MAX: u32 = 4;

/// Something somebody else does at the vendor.
pub(crate) type Change<V> = fn(&mut V);

/// A vendor at which somebody else is at work, too.
pub(crate) struct Meddled<V> {
    pub(crate) inner: V,
    /// Before the n-th call from now, counted from 1.
    meddling: Option<(usize, Change<V>)>,
}

impl<V> Meddled<V> {
    pub(crate) fn new(inner: V) -> Self {
        Self { inner, meddling: None }
    }
}

impl<V: Simulated> Simulated for Meddled<V> {
    fn answer(&mut self, asked: &Asked) -> Said {
        if let Some((left, change)) = self.meddling.take() {
            if left == 1 {
                change(&mut self.inner);
            } else {
                self.meddling = Some((left - 1, change));
            }
        }
        self.inner.answer(asked)
    }

    fn trouble(&self, status: u16) -> Value {
        self.inner.trouble(status)
    }
}

/// What an operation is tried on.
pub(crate) trait Stage: Sized {
    type Vendor: Simulated;

    fn server(&self) -> &Server<Meddled<Self::Vendor>>;

    /// Time passes: whoever was told to wait has waited.
    fn rest(&self);

    /// Whether the next answers are waited for as long as a slow machine takes, or a short time: then none may come.
    fn hurry(&self, is_short: bool);

    /// Whether a call changes something.
    fn is_write(asked: &Asked) -> bool {
        asked.method != "GET"
    }

    /// How many calls so far changed something.
    fn writes(&self) -> usize {
        self.server().calls().iter().filter(|call| Self::is_write(&call.asked)).count()
    }
}

fn kind<T>(result: &Result<T, PortError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(PortError::Retry { .. }) => "retry",
        Err(PortError::Fail { .. }) => "fail",
        Err(PortError::Unknown { .. }) => "unknown",
    }
}

/// Runs it again until it is done, and once more: then it writes nothing.
async fn settle<S: Stage>(
    name: &str,
    stage: &S,
    act: &impl AsyncFn(&S) -> Result<(), PortError>,
    check: &impl Fn(&S, &str),
) {
    let mut result = Ok(());
    for _ in 0..AGAIN_MAX {
        stage.rest();
        result = act(stage).await;
        if result.is_ok() {
            break;
        }
    }
    assert!(result.is_ok(), "{name}: it is never done: {result:?}");
    check(stage, name);
    stage.rest();
    let before = stage.writes();
    let result = act(stage).await;
    assert!(result.is_ok(), "{name}: it is done and fails: {result:?}");
    assert_eq!(stage.writes(), before, "{name}: what is as it should be is written again");
    check(stage, name);
}

/// Tries an operation in all troubles; how many cases that were.
pub(crate) async fn tried<S: Stage>(
    name: &str,
    stage: impl AsyncFn() -> S,
    act: impl AsyncFn(&S) -> Result<(), PortError>,
    check: impl Fn(&S, &str),
    changes: &[(&str, Change<S::Vendor>)],
    end: impl Fn(&S),
) -> usize {
    let clean = stage().await;
    let calls_before = clean.server().calls().len();
    settle(name, &clean, &act, &check).await;
    // What the first of the two runs asked: its last call is the one before the second begins anew.
    let alone = stage().await;
    alone.rest();
    act(&alone).await.unwrap();
    let calls: Vec<Asked> =
        alone.server().calls().split_off(calls_before).into_iter().map(|call| call.asked).collect();
    assert!(calls.iter().any(S::is_write), "{name} writes nothing");
    end(&clean);
    let mut cases = 1;
    let faults = [
        (Fault::AnswerLost, "unknown"),
        (Fault::BadGateway, "unknown"),
        (Fault::Slow, "unknown"),
        (Fault::Limited(3), "retry"),
        (Fault::Broken, "unknown"),
        (Fault::Stuck, "unknown"),
    ];
    for (at, asked) in calls.iter().enumerate() {
        let when = When::Call(u32::try_from(at).unwrap() + 1);
        for (fault, of_write) in &faults {
            let case = format!("{name}, {fault:?} at call {} ({asked:?})", at + 1);
            let stage = stage().await;
            stage.rest();
            stage.server().fault(when.clone(), fault.clone());
            stage.hurry(matches!(fault, Fault::Slow | Fault::Stuck));
            let result = act(&stage).await;
            stage.hurry(false);
            let expected = if S::is_write(asked) { *of_write } else { "retry" };
            assert_eq!(kind(&result), expected, "{case}: {result:?}");
            settle(&case, &stage, &act, &check).await;
            end(&stage);
            cases += 1;
        }
        // Killed before the call does anything, and after.
        for fault in [Fault::Stuck, Fault::Slow] {
            let case = format!("{name}, killed at call {} ({asked:?}, {fault:?})", at + 1);
            let stage = stage().await;
            stage.rest();
            stage.server().fault(when.clone(), fault);
            let wanted = stage.server().calls().len() + at + 1;
            tokio::select! {
                biased;
                () = reached(&stage, wanted) => {}
                result = act(&stage) => panic!("{case}: it ended with {result:?}"),
            }
            settle(&case, &stage, &act, &check).await;
            end(&stage);
            cases += 1;
        }
        for (what, change) in changes {
            let case = format!("{name}, {what} before call {} ({asked:?})", at + 1);
            let stage = stage().await;
            stage.rest();
            stage.server().with(|vendor| vendor.meddling = Some((at + 1, *change)));
            // It may succeed, or say that it is not as it should be: never that all is lost.
            let result = act(&stage).await;
            assert_ne!(kind(&result), "fail", "{case}: {result:?}");
            settle(&case, &stage, &act, &check).await;
            end(&stage);
            cases += 1;
        }
    }
    cases
}

async fn reached<S: Stage>(stage: &S, calls: usize) {
    while stage.server().calls().len() < calls {
        tokio::task::yield_now().await;
    }
}

/// The one that is there.
pub(crate) fn only<T: Debug>(mut all: Vec<T>, case: &str) -> T {
    assert_eq!(all.len(), 1, "{case}: {all:?}");
    all.remove(0)
}
