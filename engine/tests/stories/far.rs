//! A replica that has no ports of its own: what it does outside, another replica does for it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::control::Engine;
use engine::model::Change;
use engine::ports::far::{Call, Far, NoAnswer, Way};
use engine::ports::{PortError, Ports};
use serde_json::Value;
use sqlx::{Connection, PgConnection};

use crate::world::changes::{clear_cache, cron_disable, deploy, deploy_canary, restart, rollback, scale};
use crate::world::database::Kind;
use crate::world::{Story, on};

/// The way to the other: as text, like over a socket.
struct Through {
    host: Engine,
    /// What was taken there, in order.
    taken: Mutex<Vec<Call>>,
}

#[async_trait]
impl Way for Through {
    async fn carry(&self, call: Call) -> Result<Result<Value, PortError>, NoAnswer> {
        self.taken.lock().unwrap().push(call.clone());
        let call = serde_json::from_str(&serde_json::to_string(&call).unwrap()).unwrap();
        let came = self.host.serve_call(call).await;
        Ok(serde_json::from_str(&serde_json::to_string(&came).unwrap()).unwrap())
    }
}

/// A replica whose outside is the story's own engine.
async fn member(t: &Story) -> (Engine, Arc<Through>) {
    let way = Arc::new(Through { host: t.engine().clone(), taken: Mutex::default() });
    let far = Arc::new(Far::open(way.clone(), vec![1, 2, 5]).await.unwrap());
    let messenger = t.world.ports().messenger;
    let ports = Ports {
        platform: far.clone(),
        edge: far.clone(),
        signals: far.clone(),
        code: far.clone(),
        database: far,
        messenger,
    };
    (t.replica_with("member", t.clock(), ports).await, way)
}

/// Ana asks the replica, and the replica alone carries it out.
async fn does(t: &Story, member: &Engine, change: Change) {
    let run = t.asks("ana", "staging", change).await;
    while !t.run(&run).await.state.is_over() {
        if let Some(due_ms) = member.tick().await.unwrap() {
            t.clock().advance_to(due_ms);
        }
    }
    assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
}

#[test]
fn a_replica_carries_out_everything_through_the_ports_of_another() {
    on(Kind::Postgres, async |t| {
        let (member, _) = member(t).await;
        for change in [
            deploy("v1"),
            deploy_canary("v2", &[10, 50, 100], 30),
            scale(&["api"], 2),
            restart(&["api"]),
            cron_disable(),
            clear_cache(),
            rollback(),
        ] {
            does(t, &member, change).await;
        }
        assert!(t.world.repeats().is_empty(), "{:?}", t.world.repeats());
    });
}

#[test]
fn what_writes_is_not_done_for_a_replica_that_has_lost_the_run() {
    on(Kind::Postgres, async |t| {
        let (member, way) = member(t).await;
        does(t, &member, deploy("v1")).await;
        let run = t.asks("ana", "staging", restart(&["api"])).await;
        way.taken.lock().unwrap().clear();
        // Under way with the replica, and taken over while what it asks for is still on its way.
        while !way
            .taken
            .lock()
            .unwrap()
            .iter()
            .any(|call| format!("{call:?}").contains("instances_replace\""))
        {
            member.tick().await.unwrap();
        }
        let taken = way.taken.lock().unwrap().clone();
        let late =
            taken.into_iter().find(|call| format!("{call:?}").contains("instances_replace\"")).unwrap();
        let mut database = PgConnection::connect(&t.database().url).await.unwrap();
        let taken_over = sqlx::query("UPDATE runs SET fence = fence + 1 WHERE run = $1").bind(run.as_str());
        taken_over.execute(&mut database).await.unwrap();
        database.close().await.unwrap();
        let before = t.world.effects();
        let refused = t.engine().serve_call(late).await.unwrap_err();
        assert!(refused.to_string().contains("another replica's by now: nothing was done"), "{refused}");
        assert_eq!(t.world.effects(), before);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded", "{}", t.told(&run).await);
        assert!(t.world.repeats().is_empty(), "{:?}", t.world.repeats());
    });
}
