//! The Cloudflare adapter against a simulated Cloudflare. At the end of every test each call it made and each answer it got is held against
//! Cloudflare's own description.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
mod matrix;
mod names;
#[path = "../spec/mod.rs"]
mod spec;
mod traffic;
mod ways_in;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use adapters::cloudflare::{Canary, Cloudflare, Origin, Owner, Pool, Zone};
use adapters::http::sim::{Asked, Recorded, Said, Server, Simulated};
use adapters::http::{Auth, Budgets, Settings};
use engine::clock::ManualClock;
use engine::model::{RunId, StepNumber};
use engine::ports::{Permit, PortError, testing};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::Notify;

use adapters::cloudflare::sim::Sim;
use spec::Spec;

const TOKEN: &str = "cf_0123456789abcdefghijklmnopqrstuvwxyz";

/// Longest wait for an answer, unless none is to come: long enough for a machine that has much to do.
const ANSWER_WAIT: Duration = Duration::from_secs(20);

/// What is done around a call.
type Meddling = Box<dyn FnOnce(&mut Sim, &Asked) + Send>;

/// The simulator, with somebody else at work there, or a caller that is killed.
struct Meddled {
    sim: Sim,
    /// Before the n-th write (from 1), before or after it is done.
    before: Option<(u32, Meddling)>,
    after: Option<(u32, Meddling)>,
    /// Calls that still arrive; nothing bounds none.
    arriving: Option<u32>,
    /// Told when one did not.
    dead: Arc<Notify>,
    writes: u32,
}

impl Simulated for Meddled {
    fn answer(&mut self, asked: &Asked) -> Said {
        if let Some(left) = &mut self.arriving {
            if *left == 0 {
                // Who calls is dead: nothing is heard of it.
                self.dead.notify_one();
                return Said::with(500, self.sim.trouble(500));
            }
            *left -= 1;
        }
        if asked.method != "GET" {
            self.writes += 1;
            if let Some((_, meddle)) = self.before.take_if(|(at, _)| *at == self.writes) {
                meddle(&mut self.sim, asked);
            }
        }
        let said = self.sim.answer(asked);
        if asked.method != "GET"
            && let Some((_, meddle)) = self.after.take_if(|(at, _)| *at == self.writes)
        {
            meddle(&mut self.sim, asked);
        }
        said
    }

    fn trouble(&self, status: u16) -> Value {
        self.sim.trouble(status)
    }
}

/// A Cloudflare with the domain `acme.example`.
struct World {
    server: Server<Meddled>,
    clock: Arc<ManualClock>,
    budgets: Budgets,
}

impl World {
    async fn start() -> Self {
        Self::of(Sim::new(TOKEN)).await
    }

    async fn of(sim: Sim) -> Self {
        let meddled =
            Meddled { sim, before: None, after: None, arriving: None, dead: Arc::default(), writes: 0 };
        let clock = Arc::new(ManualClock::at(1_800_000_000_000));
        let server = Server::start(meddled).await.unwrap();
        Self { server, budgets: Budgets::new(clock.clone()), clock }
    }

    fn settings(&self, token: &str) -> Settings {
        let auth = Auth::Bearer(SecretString::from(token));
        let mut settings = Settings::new(auth).at(format!("{}/client/v4", self.server.base()));
        settings.answer_wait = Some(ANSWER_WAIT);
        settings
    }

    fn with_token(&self, token: &str) -> Cloudflare {
        let owner = Owner::new("acme/production").unwrap();
        Cloudflare::new(&self.settings(token), &self.budgets, owner, None).unwrap()
    }

    fn of_owner(&self, owner: &str) -> Cloudflare {
        let owner = Owner::new(owner).unwrap();
        Cloudflare::new(&self.settings(TOKEN), &self.budgets, owner, None).unwrap()
    }

    fn cloudflare(&self) -> Cloudflare {
        self.with_token(TOKEN)
    }

    fn sim<T>(&self, look: impl FnOnce(&mut Sim) -> T) -> T {
        self.server.with(|meddled| look(&mut meddled.sim))
    }

    fn writes(&self) -> usize {
        self.server.writes()
    }

    /// Every call and answer fits the description.
    fn checked(&self) {
        checked(&self.server.calls());
    }
}

/// Holds calls and answers against the description.
fn checked(calls: &[Recorded]) {
    static SPEC: OnceLock<Option<Spec>> = OnceLock::new();
    let spec = SPEC.get_or_init(|| Spec::read("/client/v4", &["cloudflare/cloudflare.openapi.json"]));
    let Some(spec) = spec else { return };
    let mut faults = spec.faults(calls);
    // The description wants the identifier, which only Cloudflare gives, of who makes a list of rules.
    faults.retain(|fault| fault != "POST /zones/{zone_id}/rulesets: the body: \"id\" is a required property");
    assert!(faults.is_empty(), "{faults:#?}");
}

fn permit_of(run: u64, step: StepNumber) -> Permit {
    testing::permit(&run_of(run), step)
}

fn run_of(run: u64) -> RunId {
    RunId::from_random(run << 48, 4)
}

fn permit() -> Permit {
    permit_of(1, 1)
}

async fn zone(cloudflare: &Cloudflare) -> Zone {
    cloudflare.zone("acme.example").await.unwrap().unwrap()
}

fn pool() -> Pool {
    Pool {
        name: "acme-production-api".to_owned(),
        stable: Origin::by_name("api-stable.up.example"),
        canary: Origin::by_name("api-canary.up.example"),
        monitor: None,
    }
}

fn canary() -> Canary {
    Canary { host: "api.acme.example".to_owned(), pool: "acme-production-api".to_owned(), is_sticky: false }
}

/// The words of a failure, and what to do.
#[track_caller]
fn failed<T: std::fmt::Debug>(result: Result<T, PortError>) -> (String, String) {
    match result {
        Err(PortError::Fail { what, hint }) => (what, hint),
        other => panic!("it fails: {other:?}"),
    }
}

/// All there is, without what differs from world to world: identifiers, times, versions.
fn snapshot(sim: &Sim) -> Value {
    let mut all = json!({
        "zones": sim.zones, "records": sim.records, "monitors": sim.monitors, "pools": sim.pools,
        "balancers": sim.balancers, "checks": sim.checks, "tunnels": sim.tunnels, "rulesets": sim.rulesets,
    });
    plain(&mut all);
    all
}

fn plain(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Object(fields) => {
            for name in ["created_on", "modified_on", "created_at", "last_updated", "version", "activated_on"]
            {
                fields.remove(name);
            }
            fields.values_mut().for_each(plain);
        }
        Value::String(text) => {
            let is_id =
                |part: &str| part.len() >= 32 && part.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
            let (first, rest) = text.split_once('.').unwrap_or((text.as_str(), ""));
            if is_id(first) {
                *text = format!("(id) {rest}");
            }
        }
        _ => {}
    }
}
