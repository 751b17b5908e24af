//! The program under load: a real engine on a database of its own, and a world in memory that takes its time.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use adapters::sim::{Behaviour, Building, Healthy, World};
use engine::artifacts::Artifacts;
use engine::audit::SigningKey;
use engine::clock::{Clock, SystemClock};
use engine::control::{Engine, EngineParts, Vault};
use engine::model::{Actor, Identity};
use engine::redact::Redactor;
use engine::secrets::MasterKey;
use engine::store::{Commit, Store, StoreAddress, Write};
use policies::Rules;
use tempfile::TempDir;

use super::Day;

/// What can be deployed.
pub(crate) const REFERENCES: [&str; 3] = ["v1.0.0", "v1.1.0", "v1.2.0"];
/// Environments that a description may hold.
const DESCRIBED: usize = 50;
/// First port of the environments' edges; the world in memory opens none of them.
const PORTS: usize = 20_000;

/// The program.
pub(crate) struct Program {
    pub(crate) engine: Engine,
    _folder: TempDir,
}

/// A person's name.
pub(crate) fn person(number: usize) -> String {
    format!("p{number:03}")
}

/// An environment's name.
pub(crate) fn environment(number: usize) -> String {
    format!("place{number:03}")
}

impl Program {
    /// A program in which runs go on for most of the day. `id` says what a front calls somebody of a name.
    pub(crate) async fn open(day: &Day, front: &str, id: fn(&str) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let world = World::new(Arc::clone(&clock));
        let third_ms = day.lasts.as_millis() as i64 / 3;
        for reference in REFERENCES {
            let healthy = Healthy::AfterMs(third_ms);
            let build = Building::Ok { took_ms: third_ms };
            world.release(reference, "Work", Behaviour { healthy, build, ..Behaviour::default() });
        }
        let file = folder.path().join("load.db");
        let store = Store::open(&StoreAddress::Sqlite(file)).await.unwrap();
        let redactor = Arc::new(Redactor::new().unwrap());
        let key = MasterKey::from_text("the load", &"5c".repeat(32)).unwrap();
        let vault = Vault::open(store.clone(), Arc::clone(&clock), key, redactor.clone()).await.unwrap();
        let artifacts = folder.path().join("artifacts");
        let engine = Engine::new(EngineParts {
            store,
            ports: world.ports(),
            clock,
            rules: Rules::shipped().unwrap(),
            artifacts: Artifacts::open(artifacts.to_str().unwrap(), redactor.clone()).unwrap(),
            redactor,
            signing_key: SigningKey::open_or_create(&folder.path().join("signing.key")).unwrap(),
            vault,
            replica: "load".to_owned(),
        });
        let mut project = engine::project::import(&description(day), Path::new("/projects")).unwrap();
        // A description may hold fewer environments than runs are to move here.
        let first = project.environments.values().next().unwrap().clone();
        for number in DESCRIBED..day.runs {
            project.environments.insert(environment(number).parse().unwrap(), first.clone());
        }
        engine.project_import(&project, &Actor::system()).await.unwrap();
        let mut commit = Commit::at(engine.now_ms());
        for number in 0..day.people {
            let identity = Identity { front: front.to_owned(), external_id: id(&person(number)) };
            commit.writes.push(Write::IdentityPut { identity, person: person(number).parse().unwrap() });
        }
        engine.store().commit(commit).await.unwrap();
        Self { engine, _folder: folder }
    }
}

fn description(day: &Day) -> String {
    let mut text = "project: load\nsource: { repository: \"https://code.example/load.git\" }\nservices:\n  api:\n    \
                    build: make\n    start: ./api\n    health: { path: /health, timeout_s: 60 }\nenvironments:\n"
        .to_owned();
    for number in 0..day.runs.min(DESCRIBED) {
        let port = PORTS + number;
        writeln!(text, "  {}:\n    edge: {{ api: \"127.0.0.1:{port}\" }}", environment(number)).unwrap();
    }
    text.push_str("people:\n");
    for number in 0..day.people {
        writeln!(text, "  - {{ name: {}, role: deployer }}", person(number)).unwrap();
    }
    text
}
