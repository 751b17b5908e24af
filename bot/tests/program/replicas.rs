//! Several `serve` on one PostgreSQL: one hosts the services, all hear people and carry runs out. One is killed, one stalls, and
//! what they had goes on with the others. Runs where `INFRA_CHAT_TEST_POSTGRES` names a server that may be used for tests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::clock::SystemClock;
use sqlx::{Connection, PgConnection};

use crate::postgres::on_server;
use crate::world::{Running, World, http};

const TOKEN: &str = "a-token-for-the-tests";
/// How long something may take that takes some seconds.
const PATIENCE: Duration = Duration::from_mins(4);
/// Orders until one is carried out by whom the test wants: whoever hears one is the first to know.
const TRIES: usize = 20;
const SHARES: &str = "this one shares its runs";

/// The sample on a database of its own.
struct Shared {
    world: World,
    url: String,
}

/// One `serve`.
struct Replica {
    running: Running,
    address: String,
    /// What its leases are called by.
    name: String,
}

/// A run's lease and what became of it: owner, fencing token, state, version.
type Lease = (Option<String>, i64, String, i64);

fn on_postgres(name: &str, story: impl FnOnce(&Shared)) {
    let Ok(server) = std::env::var("INFRA_CHAT_TEST_POSTGRES") else { return };
    let name = format!("infra_chat_{name}_{}", std::process::id());
    on_server(&server, format!("CREATE DATABASE {name}"));
    let (address, _) = server.rsplit_once('/').unwrap();
    let url = format!("{address}/{name}");
    let world = World::with_sample_on(&[("DATABASE_URL", &url)]);
    let shared = Shared { world, url };
    shared.program(&["--as", "zoe", "user", "link", "ana", "http:ci"]).ended(0);
    story(&shared);
    drop(shared);
    on_server(&server, format!("DROP DATABASE {name} WITH (FORCE)"));
}

fn soon(what: &str, so: impl Fn() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "{what}: never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Shared {
    fn program(&self, arguments: &[&str]) -> crate::world::Told {
        self.world.program_with(arguments, "", &[("DATABASE_URL", &self.url)])
    }

    /// Starts a `serve`; `number` is 0 for the first, which is the host, and its place among the others else.
    fn serve(&self, number: usize) -> Replica {
        self.serve_with(number, &[])
    }

    /// The same with these settings.
    fn serve_with(&self, number: usize, more: &[(&str, &str)]) -> Replica {
        let mut variables = vec![
            ("DATABASE_URL", self.url.as_str()),
            ("INFRA_CHAT_LISTEN", "127.0.0.1:0"),
            ("INFRA_CHAT_API_TOKEN", TOKEN),
        ];
        variables.extend(more);
        let mut running = self.world.start(&["serve"], &variables);
        let said = running.wait_for("listens on http://");
        assert_eq!(said.contains(SHARES), number > 0, "{said}");
        let address = said.split("http://").nth(1).unwrap().split(';').next().unwrap().to_owned();
        let installation = std::fs::read_to_string(self.world.data().join("installation")).unwrap();
        let name = if number > 0 { format!("{}-{number}", installation.trim()) } else { installation };
        Replica { running, address, name: name.trim().to_owned() }
    }

    fn rows<T>(&self, statement: &'static str, run: &str) -> Vec<T>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut database = PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_as(statement).bind(run).fetch_all(&mut database).await.unwrap()
        })
    }

    fn lease(&self, run: &str) -> Lease {
        let statement = "SELECT lease_owner, fence, state, version FROM runs WHERE run = $1";
        self.rows(statement, run).pop().unwrap()
    }

    /// What was done for a run, in order.
    fn receipts(&self, run: &str) -> Vec<(i64, String)> {
        self.rows("SELECT step, kind FROM receipts WHERE run = $1 ORDER BY entry", run)
    }

    fn succeeds(&self, run: &str) {
        soon(run, || !["queued", "running"].contains(&self.lease(run).2.as_str()));
        assert_eq!(
            self.lease(run).2,
            "succeeded",
            "{}",
            self.program(&["run", &format!("status {run}")]).all()
        );
    }

    /// Orders restarts until one is under way with this replica, and returns that run.
    fn held_by(&self, replica: &Replica) -> String {
        for _ in 0..TRIES {
            let run = replica.order("restart web in staging");
            soon("a lease", || self.lease(&run).0.is_some() || self.lease(&run).2 == "succeeded");
            let (owner, _, state, _) = self.lease(&run);
            if owner.as_deref() == Some(&replica.name) && state != "succeeded" {
                return run;
            }
            self.succeeds(&run);
        }
        panic!("{} never has a run", replica.name);
    }

    /// The same, and waits until it has succeeded.
    fn held_and_done(&self, replica: &Replica) -> String {
        let run = self.held_by(replica);
        self.succeeds(&run);
        run
    }

    fn web(&self) -> u16 {
        let edge = self.world.edge("staging", "web");
        if std::net::TcpStream::connect(&edge).is_err() {
            return 0;
        }
        http(&edge, "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").0
    }

    /// The processes of the project's services.
    fn processes(&self) -> Vec<u32> {
        let builds = self.world.data().join("local");
        let mut processes: Vec<u32> = std::fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter(|one| {
                std::fs::read_link(one.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&builds))
            })
            .filter_map(|one| one.file_name().to_string_lossy().parse().ok())
            .collect();
        processes.sort_unstable();
        processes
    }

    /// The record is whole, whoever wrote to it.
    fn record_is_intact(&self) {
        let export = self.world.path("record.jsonl");
        let export = export.to_string_lossy();
        self.program(&["--as", "zoe", "audit", "export", &export]).ended(0);
        self.program(&["audit", "verify", &export]).ended(0).says("Intact: ");
    }
}

impl Replica {
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
        let length = body.len();
        let (status, answer) = http(
            &self.address,
            &format!(
                "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
        );
        (status, serde_json::from_str(&answer).unwrap_or_else(|_| answer.into()))
    }

    fn says(&self, text: &str) -> serde_json::Value {
        let body = serde_json::json!({ "as": "ci", "conversation": "replicas", "text": text });
        let (status, answer) = self.ask("POST", "/v1/messages", &body.to_string());
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Orders something that makes a run.
    fn order(&self, text: &str) -> String {
        let answer = self.says(text);
        answer["came"]["runs"][0].as_str().unwrap_or_else(|| panic!("no run: {answer}")).to_owned()
    }

    fn ends(self) {
        self.running.signal("TERM");
        self.running.end().ended(0);
    }
}

#[test]
fn two_share_the_runs_and_both_hear_people() {
    on_postgres("shared", |it| {
        let (host, member) = (it.serve(0), it.serve(1));
        // Not with another database, where these runs are not; nor from another folder, whose processes these are not.
        let other = [("DATABASE_URL", it.url.rsplit_once('/').unwrap().0.to_owned() + "/postgres")];
        let other = other.each_ref().map(|(name, value)| (*name, value.as_str()));
        it.world.program_with(&["serve"], "", &other).ended(1).says("on another database");
        std::fs::create_dir(it.world.path("elsewhere")).unwrap();
        std::fs::copy(it.world.data().join("master.key"), it.world.path("elsewhere/master.key")).unwrap();
        let (program, here) = (env!("CARGO_BIN_EXE_infra-chat"), [("DATABASE_URL", it.url.as_str())]);
        let elsewhere = it.world.start_program(program, &["--data-dir", "elsewhere", "serve"], &here);
        elsewhere.end().ended(1).says("there is one host per database");
        let deploy = member.order("deploy v1.0.0 to staging");
        it.succeeds(&deploy);
        assert_eq!(it.web(), 200);
        for replica in [&host, &member] {
            let told = replica.says("status staging").to_string();
            assert!(told.contains("release 1 (v1.0.0"), "{told}");
            let (status, told) = replica.ask("GET", &format!("/v1/runs/{deploy}?as=ci"), "");
            assert_eq!((status, told["run"]["state"]["state"].as_str()), (200, Some("succeeded")));
            assert_eq!(
                http(&replica.address, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").0,
                200
            );
        }
        for replica in [&host, &member] {
            let run = it.held_by(replica);
            it.succeeds(&run);
        }
        it.program(&["--as", "ana", "run", "restart api in staging"]).ended(0).says("succeeded");
        // The services are the host's: they stay when the other ends.
        let processes = it.processes();
        member.ends();
        assert_eq!((it.web(), it.processes()), (200, processes));
        host.ends();
        it.record_is_intact();
    });
}

#[test]
fn what_one_that_is_killed_had_goes_on_with_the_others() {
    on_postgres("killed", |it| {
        let (host, member, third) = (it.serve(0), it.serve(1), it.serve(2));
        it.succeeds(&third.order("deploy v1.0.0 to staging"));
        let run = it.held_by(&member);
        let (_, fence, ..) = it.lease(&run);
        member.running.signal("KILL");
        member.running.end();
        it.succeeds(&run);
        assert_eq!(it.lease(&run).1, fence + 1, "it was taken over once");
        assert_eq!(
            it.receipts(&run).len(),
            it.receipts(&it.held_and_done(&third)).len(),
            "nothing was done twice"
        );

        // The host, too: what runs goes on running, and whoever is left has it.
        let processes = it.processes();
        host.running.signal("KILL");
        host.running.end();
        soon("the edge", || it.web() == 200);
        assert_eq!(it.processes(), processes, "they are the same ones");
        it.succeeds(&third.order("deploy v1.1.0 to staging"));
        let told = third.says("status staging").to_string();
        assert!(told.contains("release 2 (v1.1.0"), "{told}");
        third.ends();
        assert_eq!(it.processes(), Vec::<u32>::new(), "the last one ends the services with it");
        it.record_is_intact();
    });
}

#[test]
fn a_run_of_a_host_that_is_killed_goes_on_with_the_next() {
    on_postgres("next", |it| {
        let (host, member) = (it.serve(0), it.serve(1));
        it.succeeds(&host.order("deploy v1.0.0 to staging"));
        let run = it.held_by(&host);
        host.running.signal("KILL");
        host.running.end();
        it.succeeds(&run);
        assert_eq!(it.web(), 200);
        // One that is started again shares what it hosted before.
        let back = it.serve(1);
        it.succeeds(&back.order("deploy v1.1.0 to staging"));
        member.ends();
        soon("the edge", || it.web() == 200);
        back.ends();
        it.record_is_intact();
    });
}

#[test]
fn one_that_stalls_longer_than_its_lease_loses_its_run_and_what_it_writes_late_is_refused() {
    on_postgres("stalled", |it| {
        let (host, member) = (it.serve(0), it.serve(1));
        it.succeeds(&member.order("deploy v1.0.0 to staging"));
        let run = it.held_by(&member);
        let (_, fence, ..) = it.lease(&run);
        let began = Instant::now();
        member.running.signal("STOP");
        soon("another owner", || it.lease(&run).1 > fence);
        // A lease is 15 s, and looked for every 2 s; the rest is for a busy machine.
        assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
        it.succeeds(&run);
        let (after, receipts, processes) = (it.lease(&run), it.receipts(&run), it.processes());
        member.running.signal("CONT");
        // It is well again, has let go of the run, and shares what comes.
        let next = it.held_by(&member);
        it.succeeds(&next);
        assert_eq!((it.lease(&run), it.receipts(&run)), (after, receipts.clone()));
        assert!(receipts.len() <= it.receipts(&next).len(), "nothing was done twice: {receipts:?}");
        assert_eq!(it.processes().len(), processes.len());
        member.ends();
        host.ends();
        it.record_is_intact();
    });
}

#[test]
fn a_host_that_stalls_is_ended_and_another_takes_its_place() {
    on_postgres("place", |it| {
        let (host, mut member) = (it.serve(0), it.serve(1));
        it.succeeds(&member.order("deploy v1.0.0 to staging"));
        let processes = it.processes();
        let run = it.held_by(&host);
        host.running.signal("STOP");
        member.running.wait_for("does not answer any more");
        assert_eq!(host.running.end().code, None, "it was ended");
        it.succeeds(&run);
        assert_eq!(it.web(), 200);
        assert_eq!(it.processes().len(), processes.len());
        member.ends();
        it.record_is_intact();
    });
}

#[test]
fn on_slack_each_word_is_answered_once_and_each_card_posted_once_whoever_hosts() {
    on_postgres("slack", |it| {
        it.program(&["--as", "zoe", "user", "link", "ana", "slack:UANA"]).ended(0);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let sim = runtime.block_on(slack::sim::Sim::start(Arc::new(SystemClock), false)).unwrap();
        let base = sim.api_base();
        let slack = [
            ("INFRA_CHAT_SLACK_API_BASE", base.as_str()),
            ("INFRA_CHAT_SLACK_BOT_TOKEN", slack::sim::BOT_TOKEN),
            ("INFRA_CHAT_SLACK_APP_TOKEN", slack::sim::APP_TOKEN),
            ("INFRA_CHAT_SLACK_CHANNELS", "C0OPS"),
        ];
        let (host, member) = (it.serve_with(0, &slack), it.serve_with(1, &slack));
        let told = |what: &str| {
            let what = what.to_owned();
            move |sim: &slack::sim::Sim| {
                let by_us = |one: &&slack::sim::Message| one.user == slack::sim::BOT_USER;
                let told =
                    |one: &slack::sim::Message| format!("{} {:?}", one.text, one.blocks).contains(&what);
                sim.messages().iter().filter(by_us).any(told)
            }
        };
        let posted = || {
            let mut posted: Vec<String> = sim.messages().into_iter().map(|one| one.ts).collect();
            posted.sort();
            posted
        };
        runtime.block_on(sim.until(|sim| sim.sockets() > 0));
        let order = sim.writes("UANA", "C0OPS", None, "deploy v1.0.0 to staging");
        runtime.block_on(sim.deliver("events_api", &order, true)).unwrap();
        runtime.block_on(sim.until(told("succeeded")));
        let (before, opened) = (posted(), sim.opened());

        host.running.signal("KILL");
        host.running.end();
        runtime.block_on(sim.until(|sim| sim.opened() > opened));
        // Slack delivers what it is not sure of once more.
        runtime.block_on(sim.deliver("events_api", &order, true)).unwrap();
        runtime.block_on(sim.says("UANA", "C0OPS", None, "whoami")).unwrap();
        runtime.block_on(sim.until(told("You are ana")));
        let more: Vec<String> = posted().into_iter().filter(|ts| !before.contains(ts)).collect();
        assert_eq!(more.len(), 2, "what ana said and the answer, and nothing else: {:?}", sim.messages());
        let runs: Vec<(i64,)> = it.rows("SELECT COUNT(*) FROM runs WHERE run <> $1", "");
        assert_eq!(runs, [(1,)]);
        member.ends();
    });
}
