//! Several replicas on one PostgreSQL: they share the runs, one of them stalls or dies, and what it does late is refused.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adapters::sim::{Call, Fault, FaultKind};
use engine::clock::{Clock, ManualClock};
use engine::control::Engine;
use engine::model::RunId;
use engine::ports::InstanceState;
use engine::run::Happening;
use sqlx::{Connection, Executor, PgConnection};
use tokio_util::sync::CancellationToken;

use crate::world::changes::{deploy, restart};
use crate::world::database::Kind;
use crate::world::{Story, on, service};

/// How long the machine may take over what takes no time in the story.
const PATIENCE: Duration = Duration::from_mins(2);
/// Looks at the database in which what is about to happen has happened, unless it waits for more time to pass.
const LOOKS: u32 = 200;
/// Longer than any lease.
const AGES_MS: i64 = 60_000;

/// Waits until something is so, for which no time need pass in the story.
async fn soon(what: &str, so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !so().await {
        assert!(began.elapsed() < PATIENCE, "{what}: never came");
        tokio::task::yield_now().await;
    }
}

/// Whether something is so at one of a few looks.
async fn within(looks: u32, so: &impl AsyncFn() -> bool) -> bool {
    for _ in 0..looks {
        if so().await {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

/// How often a call was carried out.
fn times(t: &Story, call: Call) -> usize {
    t.world.ledger().iter().filter(|effect| effect.call == call).count()
}

/// The run's lease as the database has it: whose, until when, and the fencing token.
async fn lease(t: &Story, run: &RunId) -> (Option<String>, Option<i64>, i64) {
    let mut database = PgConnection::connect(&t.database().url).await.unwrap();
    let statement = "SELECT lease_owner, lease_until_ms, fence FROM runs WHERE run = $1";
    let lease = sqlx::query_as(statement).bind(run.as_str()).fetch_one(&mut database).await.unwrap();
    database.close().await.unwrap();
    lease
}

/// A replica at work, until the story stops it.
struct AtWork {
    stop: CancellationToken,
    work: tokio::task::JoinHandle<()>,
}

impl AtWork {
    fn on(engine: &Engine) -> Self {
        let (engine, stop) = (engine.clone(), CancellationToken::new());
        let child = stop.child_token();
        Self { stop, work: tokio::spawn(async move { engine.work(child).await }) }
    }

    async fn stops(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.work).await.expect("it lets go").unwrap();
    }
}

/// A clock that stands still, as that of a process does that is not let run.
fn stopped(t: &Story) -> Arc<ManualClock> {
    Arc::new(ManualClock::at(t.clock().now_ms()))
}

/// The call is carried out at once, and its answer takes long.
fn slow(call: Call) -> Fault {
    Fault::of(call, FaultKind::SlowMs(AGES_MS)).nth(1)
}

#[test]
fn while_one_replica_is_busy_the_other_takes_the_next_run() {
    on(Kind::Postgres, async |t| {
        let first = t.asks("ana", "staging", deploy("v1")).await;
        t.world.fault(slow(Call::InstancesEnsure));
        let (one, two) = (t.engine().clone(), t.replica("two", t.clock()).await);
        let mut busy = pin!(one.tick());
        tokio::select! {
            _ = &mut busy => panic!("the slow call is over"),
            () = soon("the slow call", async || times(t, Call::InstancesEnsure) == 1) => {}
        }
        let second = t.asks("ana", "production", deploy("v1")).await;
        t.approves("ben", &second).await.unwrap();
        let before = lease(t, &first).await;
        assert_eq!(before.0.as_deref(), Some("one"));
        // Only so long that the other's lease stands.
        while !t.run(&second).await.state.is_over() {
            let due_ms = two.tick().await.unwrap().unwrap_or(t.now_ms());
            assert!(due_ms < before.1.unwrap(), "{}", t.told(&second).await);
            t.clock().advance_to(due_ms);
        }
        assert_eq!(t.outcome(&second).await, "succeeded", "{}", t.told(&second).await);
        assert_eq!((t.state(&first).await, lease(t, &first).await), ("running", before));
        t.passes(AGES_MS);
        busy.await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&first).await, "succeeded", "{}", t.told(&first).await);
    });
}

#[test]
fn the_other_takes_over_from_one_that_stalls_and_its_late_write_is_refused() {
    on(Kind::Postgres, async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        t.world.fault(slow(Call::ShapeEnsure));
        let stalled = t.replica("stalled", stopped(t)).await;
        let mut stalls = pin!(stalled.tick());
        tokio::select! {
            _ = &mut stalls => panic!("the slow call is over"),
            () = soon("the slow call", async || times(t, Call::ShapeEnsure) == 1) => {}
        }
        // Its lease stands: nobody else touches the run.
        let before = t.run(&run).await;
        t.settle().await;
        assert_eq!(t.run(&run).await, before);
        // It has run out: another takes over, looks, and finds done what was done.
        t.passes(AGES_MS / 2);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
        let (after, told) = (t.run(&run).await, t.told(&run).await);
        let effects = t.world.effects();
        // The answer it waited for comes, and it does not know yet that it has lost the run.
        t.passes(AGES_MS);
        stalls.await.unwrap();
        assert_eq!((t.run(&run).await, t.told(&run).await), (after, told));
        assert_eq!(t.world.effects(), effects);
        assert!(t.world.repeats().is_empty(), "{:?}", t.world.repeats());
    });
}

#[test]
fn one_that_wakes_up_after_its_lease_does_nothing_outside() {
    on(Kind::Postgres, async |t| {
        t.does("ana", "staging", deploy("v1")).await;
        let run = t.asks("ana", "staging", restart(&["api"])).await;
        // It stalls over what it sees before it acts.
        let clock = stopped(t);
        let stalled = t.replica("stalled", clock.clone()).await;
        t.world.fault(slow(Call::InstancesReplaced));
        let mut stalls = pin!(stalled.tick());
        tokio::select! {
            _ = &mut stalls => panic!("the slow look is over"),
            () = soon("the slow look", async || t.world.faults_unstruck().is_empty()) => {}
        }
        t.passes(AGES_MS / 2);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
        let effects = t.world.effects();
        t.passes(AGES_MS);
        clock.advance_to(t.now_ms());
        stalls.await.unwrap();
        assert_eq!(t.world.effects(), effects);
        assert!(t.world.repeats().is_empty(), "{:?}", t.world.repeats());
    });
}

#[test]
fn one_that_stalls_between_two_calls_does_not_make_the_second() {
    on(Kind::Postgres, async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        // Of the two services of the step, it is the first's that takes so long.
        t.world.fault(slow(Call::InstancesEnsure));
        let clock = stopped(t);
        let stalled = t.replica("stalled", clock.clone()).await;
        let mut stalls = pin!(stalled.tick());
        tokio::select! {
            _ = &mut stalls => panic!("the slow call is over"),
            () = soon("the slow call", async || times(t, Call::InstancesEnsure) == 1) => {}
        }
        t.passes(AGES_MS / 2);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
        t.passes(AGES_MS);
        clock.advance_to(t.now_ms());
        stalls.await.unwrap();
        assert!(t.world.repeats().is_empty(), "{:?}", t.world.repeats());
    });
}

#[test]
fn a_long_step_keeps_its_lease() {
    on(Kind::Postgres, async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        t.world.fault(slow(Call::InstancesEnsure));
        let (one, two) = (t.engine().clone(), t.replica("two", t.clock()).await);
        let working = [AtWork::on(&one), AtWork::on(&two)];
        soon("the slow call", async || times(t, Call::InstancesEnsure) == 1).await;
        let (owner, until_ms, fence) = lease(t, &run).await;
        let ahead_ms = until_ms.unwrap() - t.now_ms();
        // A third of a lease at a time; the call alone takes four leases. A renewal that began to wait only after a third was
        // over comes a third later.
        while !t.run(&run).await.state.is_over() {
            let before = lease(t, &run).await.1;
            let renewed = async || t.run(&run).await.state.is_over() || lease(t, &run).await.1 > before;
            t.passes(ahead_ms / 3);
            if !within(LOOKS, &renewed).await {
                t.passes(ahead_ms / 3);
                soon("a renewal", renewed).await;
            }
        }
        assert!(t.now_ms() >= until_ms.unwrap() + AGES_MS - ahead_ms);
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
        let (last_owner, _, last_fence) = lease(t, &run).await;
        assert_eq!((last_owner, last_fence), (owner, fence));
        for replica in working {
            replica.stops().await;
        }
    });
}

#[test]
fn at_work_the_other_takes_over_and_the_stalled_one_lets_go() {
    on(Kind::Postgres, async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        t.world.fault(slow(Call::ShapeEnsure));
        let stalled = AtWork::on(&t.replica("stalled", stopped(t)).await);
        soon("the slow call", async || times(t, Call::ShapeEnsure) == 1).await;
        let other = AtWork::on(t.engine());
        let over = async || {
            t.passes(250);
            t.run(&run).await.state.is_over()
        };
        soon("the end", over).await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
        let (after, effects) = (t.run(&run).await, t.world.effects());
        t.passes(AGES_MS);
        stalled.stops().await;
        other.stops().await;
        assert_eq!((t.run(&run).await, t.world.effects()), (after, effects));
        assert!(t.world.repeats().is_empty(), "{:?}", t.world.repeats());
    });
}

#[test]
fn at_work_the_runs_of_one_that_dies_go_on_within_a_lease() {
    on(Kind::Postgres, async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        t.world.fault(Fault::of(Call::InstancesEnsure, FaultKind::Crash).nth(1));
        // It gets no answer ever and its time stands still: it is dead, but for the lease it held.
        let dead = AtWork::on(&t.replica("dead", stopped(t)).await);
        t.world.crashed().await;
        let began_ms = t.now_ms();
        let other = AtWork::on(&t.replica("other", t.clock()).await);
        let leased_anew = async || {
            t.passes(250);
            lease(t, &run).await.0.as_deref() == Some("other")
        };
        soon("the take-over", leased_anew).await;
        let over = async || {
            t.passes(250);
            t.run(&run).await.state.is_over()
        };
        soon("the end", over).await;
        assert!(t.now_ms() > began_ms);
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
        other.stops().await;
        dead.work.abort();
    });
}

#[test]
fn at_work_a_clock_put_back_makes_no_lease_longer() {
    on(Kind::Postgres, async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        // Of the two services of the step, it is the first's that takes so long.
        t.world.fault(slow(Call::InstancesEnsure));
        let clock = stopped(t);
        let stalled = AtWork::on(&t.replica("stalled", clock.clone()).await);
        soon("the slow call", async || times(t, Call::InstancesEnsure) == 1).await;
        t.passes(AGES_MS / 2);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
        let (after, effects) = (t.run(&run).await, t.world.effects());
        // Nor does it hear that it has lost the run: all it has is its clocks, and one of them says that the lease is fresh.
        let mut database = PgConnection::connect(&t.database().url).await.unwrap();
        database.execute("BEGIN; LOCK TABLE runs IN SHARE MODE").await.unwrap();
        clock.advance(-60 * AGES_MS);
        clock.advance(AGES_MS);
        t.passes(AGES_MS);
        // The answer comes within milliseconds; whatever follows from it, too.
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(t.world.effects(), effects);
        assert!(t.world.repeats().is_empty(), "{:?}", t.world.repeats());
        database.close().await.unwrap();
        stalled.stops().await;
        assert_eq!((t.run(&run).await, t.world.effects()), (after, effects));
    });
}

#[test]
fn at_work_one_whose_clock_is_ahead_takes_a_run_over_and_nothing_is_done_twice() {
    on(Kind::Postgres, async |t| {
        let run = t.asks("ana", "staging", deploy("v1")).await;
        t.world.fault(slow(Call::InstancesEnsure));
        let alive = AtWork::on(t.engine());
        soon("the slow call", async || times(t, Call::InstancesEnsure) == 1).await;
        let ahead = Arc::new(ManualClock::at(t.now_ms() + 60 * AGES_MS));
        let hasty = AtWork::on(&t.replica("hasty", ahead.clone()).await);
        let over = async || {
            ahead.advance(250);
            t.run(&run).await.state.is_over()
        };
        soon("the end", over).await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
        let (after, told, effects) = (t.run(&run).await, t.told(&run).await, t.world.effects());
        // The other's answer comes; what it wants to write is refused, and it lets go.
        t.passes(AGES_MS);
        alive.stops().await;
        hasty.stops().await;
        assert_eq!((t.run(&run).await, t.told(&run).await, t.world.effects()), (after, told, effects));
        assert!(t.world.repeats().is_empty(), "{:?}", t.world.repeats());
    });
}

#[test]
fn what_one_commits_wakes_the_other_without_waiting() {
    on(Kind::Postgres, async |t| {
        // No time passes, so nobody looks by the clock: only what is told can wake it.
        let other = AtWork::on(&t.replica("other", stopped(t)).await);
        let run = t.asks("ana", "production", deploy("v1")).await;
        soon("the other has it", async || lease(t, &run).await.0.as_deref() == Some("other")).await;
        assert_eq!(t.state(&run).await, "awaiting-approval");
        t.approves("ben", &run).await.unwrap();
        soon("it has begun", async || t.state(&run).await == "running").await;
        other.stops().await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
    });
}

#[test]
fn what_two_replicas_notice_at_once_is_told_once() {
    on(Kind::Postgres, async |t| {
        let run = t.does("ana", "staging", deploy("v1")).await;
        let (staging, api) = (t.environment("staging"), service("api"));
        let state = InstanceState::Unhealthy { last: "503 in 4 ms".to_owned() };
        t.world.drift(|it| assert!(it.instance_state(&staging, &api, 1, 0, Some(state))));
        // It has read what was told so far, and stalls over what the other sees at the same time.
        let (one, two) = (t.engine().clone(), t.replica("two", t.clock()).await);
        t.world.fault(slow(Call::Seen));
        let mut slow_one = pin!(one.look_after_services());
        tokio::select! {
            _ = &mut slow_one => panic!("the slow look is over"),
            () = soon("the slow look", async || t.world.faults_unstruck().is_empty()) => {}
        }
        two.look_after_services().await.unwrap();
        t.passes(AGES_MS);
        slow_one.await.unwrap();
        one.look_after_services().await.unwrap();
        assert_eq!(t.recorded("service.unhealthy").await.len(), 1);
        let told = t.engine().store().happening_of_run(&run).await.unwrap();
        let unwell = told.iter().filter(|one| matches!(one.what, Happening::Unwell { .. })).count();
        assert_eq!(unwell, 1);
    });
}
