//! Every writing operation with every trouble: after it, the operation is done again as the engine would, and the world has to be the one it is
//! without any trouble: nothing twice, nothing lost.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapters::cloudflare::sim::Sim;
use adapters::cloudflare::{
    Affinity, Cloudflare, Healthcheck, Ingress, LoadBalancer, Monitor, Origin, Owner, Purge, RateLimit,
    Record, RecordKind, Rule, RuleAction, Tunnel, Zone,
};
use adapters::http::sim::{Fault, Recorded, When};
use engine::ports::PortError;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{TOKEN, World, canary, checked, permit_of, pool, run_of, snapshot};

/// How long an answer is waited for that never comes.
const NO_ANSWER_WAIT: Duration = Duration::from_millis(1_500);

/// A writing operation, and the state it begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Zone,
    RecordMake,
    RecordChange,
    RecordRemove,
    MonitorMake,
    MonitorChange,
    PoolMake,
    PoolChange,
    BalancerMake,
    BalancerChange,
    Weights,
    Previous,
    CheckMake,
    CheckChange,
    TunnelMake,
    TunnelChange,
    RuleFirst,
    RuleBeside,
    RuleChange,
    RuleRemove,
    PurgeFiles,
}

const ALL: [Operation; 21] = [
    Operation::Zone,
    Operation::RecordMake,
    Operation::RecordChange,
    Operation::RecordRemove,
    Operation::MonitorMake,
    Operation::MonitorChange,
    Operation::PoolMake,
    Operation::PoolChange,
    Operation::BalancerMake,
    Operation::BalancerChange,
    Operation::Weights,
    Operation::Previous,
    Operation::CheckMake,
    Operation::CheckChange,
    Operation::TunnelMake,
    Operation::TunnelChange,
    Operation::RuleFirst,
    Operation::RuleBeside,
    Operation::RuleChange,
    Operation::RuleRemove,
    Operation::PurgeFiles,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// With the n-th write, from 1.
    AnswerLost(u32),
    Slow(u32),
    BadGateway(u32),
    Limited(u32),
    Broken(u32),
    Stuck(u32),
    /// Somebody does the same at the same moment.
    Doubled(u32),
    /// Somebody takes it back before it is read.
    Undone(u32),
    /// Somebody removes what is to be changed.
    Gone(u32),
    /// Killed when so many calls have arrived.
    Killed(u32),
    /// A look is answered by 500.
    LookBroken(u32),
}

fn record(content: &str) -> Record {
    Record::new(RecordKind::A, "api.acme.example", content).proxied()
}

fn monitor(path: &str) -> Monitor {
    Monitor::new("api", path)
}

fn check(path: &str) -> Healthcheck {
    Healthcheck {
        name: "api".to_owned(),
        address: "api.acme.example".to_owned(),
        path: path.to_owned(),
        expected_codes: vec!["200".to_owned()],
        interval_s: 60,
        fails: 2,
    }
}

fn tunnel(port: u16) -> Tunnel {
    let ingress = |host: &str| Ingress { host: host.to_owned(), service: format!("http://localhost:{port}") };
    Tunnel {
        name: "hooks".to_owned(),
        ingress: vec![ingress("hooks.acme.example"), ingress("dev.acme.example")],
    }
}

fn rule(name: &str, requests: u32) -> Rule {
    Rule {
        name: name.to_owned(),
        description: "limits logins".to_owned(),
        expression: "http.request.uri.path eq \"/login\"".to_owned(),
        action: RuleAction::Block,
        limit: Some(RateLimit { requests, period_s: 10, for_s: 10 }),
    }
}

impl Operation {
    /// What is there before.
    async fn prepare(self, at: &Cloudflare, zone: &Zone) {
        let permit = permit_of(1, 1);
        match self {
            Self::RecordChange | Self::RecordRemove => {
                at.ensure_record(&permit, zone, &record("192.0.2.1")).await.unwrap();
            }
            Self::MonitorChange => {
                at.ensure_monitor(&permit, &monitor("/health")).await.unwrap();
            }
            Self::PoolChange | Self::BalancerMake => {
                at.ensure_pool(&permit, &pool()).await.unwrap();
            }
            Self::BalancerChange | Self::Weights | Self::Previous => {
                let pool = at.ensure_pool(&permit, &pool()).await.unwrap().thing.id;
                let balancer = LoadBalancer { host: canary().host, pool, affinity: None };
                at.ensure_load_balancer(&permit, zone, &balancer).await.unwrap();
                if self == Self::Previous {
                    at.route_weights(&permit_of(7, 1), zone, &canary(), 40).await.unwrap();
                }
            }
            Self::CheckChange => {
                at.ensure_healthcheck(&permit, zone, &check("/health")).await.unwrap();
            }
            Self::TunnelChange => {
                at.ensure_tunnel(&permit, zone, &tunnel(8000)).await.unwrap();
            }
            Self::RuleBeside => {
                at.ensure_rule(&permit, zone, &rule("other", 5)).await.unwrap();
            }
            Self::RuleChange | Self::RuleRemove => {
                at.ensure_rule(&permit, zone, &rule("other", 5)).await.unwrap();
                at.ensure_rule(&permit, zone, &rule("login", 5)).await.unwrap();
            }
            _ => {}
        }
    }

    async fn act(self, at: &Cloudflare, zone: &Zone) -> Result<(), PortError> {
        let permit = permit_of(7, 2);
        match self {
            Self::Zone => at.ensure_zone(&permit, "new.example").await.map(|_| ()),
            Self::RecordMake => at.ensure_record(&permit, zone, &record("192.0.2.1")).await.map(|_| ()),
            Self::RecordChange => at.ensure_record(&permit, zone, &record("192.0.2.2")).await.map(|_| ()),
            Self::RecordRemove => at.remove_record(&permit, zone, &record("192.0.2.1")).await.map(|_| ()),
            Self::MonitorMake => at.ensure_monitor(&permit, &monitor("/health")).await.map(|_| ()),
            Self::MonitorChange => at.ensure_monitor(&permit, &monitor("/ready")).await.map(|_| ()),
            Self::PoolMake => at.ensure_pool(&permit, &pool()).await.map(|_| ()),
            Self::PoolChange => {
                let mut pool = pool();
                pool.canary = Origin::by_name("api-canary2.up.example");
                at.ensure_pool(&permit, &pool).await.map(|_| ())
            }
            Self::BalancerMake | Self::BalancerChange => {
                let pool = at.ensure_pool(&permit, &pool()).await?.thing.id;
                let affinity = (self == Self::BalancerChange).then_some(Affinity { ttl_s: 3_600 });
                let balancer = LoadBalancer { host: canary().host, pool, affinity };
                at.ensure_load_balancer(&permit, zone, &balancer).await.map(|_| ())
            }
            Self::Weights => at.route_weights(&permit, zone, &canary(), 25).await.map(|_| ()),
            Self::Previous => at.route_previous(&permit, zone, &canary(), &run_of(7)).await.map(|_| ()),
            Self::CheckMake => at.ensure_healthcheck(&permit, zone, &check("/health")).await.map(|_| ()),
            Self::CheckChange => at.ensure_healthcheck(&permit, zone, &check("/ready")).await.map(|_| ()),
            Self::TunnelMake => at.ensure_tunnel(&permit, zone, &tunnel(8000)).await.map(|_| ()),
            Self::TunnelChange => at.ensure_tunnel(&permit, zone, &tunnel(9000)).await.map(|_| ()),
            Self::RuleFirst | Self::RuleBeside | Self::RuleChange => {
                at.ensure_rule(&permit, zone, &rule("login", 20)).await.map(|_| ())
            }
            Self::RuleRemove => at.remove_rule(&permit, zone, &rule("login", 20)).await.map(|_| ()),
            Self::PurgeFiles => {
                let files = (0..40).map(|number| format!("https://acme.example/{number}")).collect();
                at.purge(&permit, zone, &Purge::Files(files)).await.map(|_| ())
            }
        }
    }

    /// Removes what is to be changed, where another one may be made in its place.
    fn gone(self) -> Option<fn(&mut Sim)> {
        Some(match self {
            Self::RecordChange | Self::RecordRemove => |sim| sim.records.clear(),
            Self::MonitorChange => |sim| sim.monitors.clear(),
            Self::PoolChange => |sim| sim.pools.clear(),
            Self::BalancerChange => |sim| sim.balancers.clear(),
            Self::CheckChange => |sim| sim.checks.clear(),
            Self::RuleChange | Self::RuleRemove => |sim| {
                let rules = sim.rulesets[0]["rules"].as_array_mut().unwrap();
                rules.retain(|rule| !rule["ref"].as_str().unwrap().ends_with("login"));
            },
            _ => return None,
        })
    }
}

/// A world in which the operation can begin; its counts are at nothing.
async fn begun(operation: Operation) -> (World, Zone, u32) {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = super::zone(&cloudflare).await;
    operation.prepare(&cloudflare, &zone).await;
    world.server.with(|meddled| meddled.writes = 0);
    let calls = u32::try_from(world.server.calls().len()).unwrap();
    (world, zone, calls)
}

/// What is there without trouble, how many calls it takes, and which of them write.
async fn untroubled(operation: Operation) -> (Value, Vec<bool>) {
    let (world, zone, before) = begun(operation).await;
    operation.act(&world.cloudflare(), &zone).await.unwrap();
    let calls = world.server.calls().split_off(before as usize);
    let writes = calls.iter().map(|call| call.asked.method != "GET").collect();
    (world.sim(|sim| snapshot(sim)), writes)
}

fn arrange(world: &World, operation: Operation, trouble: Trouble) {
    let fault = |at: u32, fault: Fault| world.server.fault(When::Write(at), fault);
    match trouble {
        Trouble::AnswerLost(at) => fault(at, Fault::AnswerLost),
        Trouble::Slow(at) => fault(at, Fault::Slow),
        Trouble::BadGateway(at) => fault(at, Fault::BadGateway),
        Trouble::Limited(at) => fault(at, Fault::Limited(3)),
        Trouble::Broken(at) => fault(at, Fault::Broken),
        Trouble::Stuck(at) => fault(at, Fault::Stuck),
        Trouble::Doubled(at) => world.server.with(|meddled| {
            meddled.before =
                Some((at, Box::new(|sim, asked| drop(adapters::http::sim::Simulated::answer(sim, asked)))));
        }),
        Trouble::Undone(at) => world.server.with(|meddled| {
            let kept: Arc<Mutex<Option<Sim>>> = Arc::default();
            let given = Arc::clone(&kept);
            meddled.before = Some((at, Box::new(move |sim, _| *kept.lock().unwrap() = Some(sim.clone()))));
            meddled.after = Some((at, Box::new(move |sim, _| *sim = given.lock().unwrap().take().unwrap())));
        }),
        Trouble::Gone(at) => world.server.with(|meddled| {
            let gone = operation.gone().unwrap();
            meddled.before = Some((at, Box::new(move |sim, _| gone(sim))));
        }),
        Trouble::Killed(calls) | Trouble::LookBroken(calls) => {
            world.server.with(|meddled| meddled.arriving = Some(calls));
        }
    }
}

/// What the adapter may name it.
fn is_right(trouble: Trouble, result: &Result<(), PortError>) -> bool {
    match trouble {
        Trouble::Limited(1) => matches!(result, Err(PortError::Retry { after_ms: Some(3_000), .. })),
        Trouble::LookBroken(_) => matches!(result, Err(PortError::Retry { .. })),
        Trouble::Doubled(_) | Trouble::Gone(_) => result.is_ok(),
        _ => matches!(result, Err(PortError::Unknown { .. })),
    }
}

async fn played(operation: Operation, trouble: Trouble, wanted: &Value) -> Vec<Recorded> {
    let (world, zone, _) = begun(operation).await;
    arrange(&world, operation, trouble);
    let case = format!("{operation:?} with {trouble:?}");
    let mut settings = world.settings(TOKEN);
    if matches!(trouble, Trouble::Slow(_) | Trouble::Stuck(_)) {
        settings.answer_wait = Some(NO_ANSWER_WAIT);
    }
    let owner = Owner::new("acme/production").unwrap();
    let cloudflare = Cloudflare::new(&settings, &world.budgets, owner, None).unwrap();
    if let Trouble::Killed(_) = trouble {
        let dead = world.server.with(|meddled| Arc::clone(&meddled.dead));
        tokio::select! {
            biased;
            () = dead.notified() => {}
            _ = operation.act(&cloudflare, &zone) => {}
        }
    } else {
        let result = operation.act(&cloudflare, &zone).await;
        assert!(is_right(trouble, &result), "{case}: {result:?}");
    }
    world.server.with(|meddled| meddled.arriving = None);
    // As the engine would: by somebody who knows nothing of before, when the wait is over.
    world.clock.advance(10_000);
    let again = world.cloudflare();
    operation.act(&again, &zone).await.unwrap_or_else(|error| panic!("{case}, again: {error:?}"));
    let there = world.sim(|sim| snapshot(sim));
    assert_eq!(there, *wanted, "{case}");
    // And once more: nothing is left to do.
    let writes = world.writes();
    operation.act(&again, &zone).await.unwrap();
    let is_purge = operation == Operation::PurgeFiles;
    assert!(is_purge || world.writes() == writes, "{case}: it writes what is there");
    world.server.calls()
}

#[tokio::test]
async fn nothing_is_lost_and_nothing_made_twice() {
    let mut cases = Vec::new();
    for operation in ALL {
        let (wanted, calls) = untroubled(operation).await;
        let wanted = Arc::new(wanted);
        let writes = u32::try_from(calls.iter().filter(|writes| **writes).count()).unwrap();
        assert!(writes > 0, "{operation:?} writes");
        let mut troubles: Vec<Trouble> = Vec::new();
        for at in 1..=writes {
            troubles.extend([
                Trouble::AnswerLost(at),
                Trouble::Slow(at),
                Trouble::BadGateway(at),
                Trouble::Limited(at),
                Trouble::Broken(at),
                Trouble::Stuck(at),
            ]);
            // What is purged can't be read back.
            if operation != Operation::PurgeFiles {
                troubles.extend([Trouble::Doubled(at), Trouble::Undone(at)]);
            }
            if operation.gone().is_some() {
                troubles.push(Trouble::Gone(at));
            }
        }
        let all = u32::try_from(calls.len()).unwrap();
        troubles.extend((0..all).map(Trouble::Killed));
        let looks = u32::try_from(calls.iter().position(|writes| *writes).unwrap()).unwrap();
        troubles.extend((0..looks).map(Trouble::LookBroken));
        cases.extend(troubles.into_iter().map(|trouble| (operation, trouble, Arc::clone(&wanted))));
    }
    let count = cases.len();
    let calls: Vec<Vec<Recorded>> = stream::iter(cases)
        .map(|(operation, trouble, wanted)| async move { played(operation, trouble, &wanted).await })
        .buffer_unordered(8)
        .collect()
        .await;
    // The same call with the same answer is held against the description once.
    let mut seen = BTreeSet::new();
    let told = |call: &Recorded| {
        let said = call.said.as_ref().map(|said| json!([said.status, said.body]));
        format!(
            "{} {} {:?} {:?} {said:?}",
            call.asked.method, call.asked.path, call.asked.query, call.asked.body
        )
    };
    let made = calls.iter().map(Vec::len).sum::<usize>();
    let calls: Vec<Recorded> = calls.into_iter().flatten().filter(|call| seen.insert(told(call))).collect();
    checked(&calls);
    #[expect(clippy::print_stdout, reason = "says how much was tried")]
    {
        println!("{} operations, {count} troubles, {made} calls ({} different)", ALL.len(), calls.len());
    }
}
