//! What histories share so that each is cheap: one database that is emptied in between, one store, the rules and the keys.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use adapters::sim::World;
use engine::artifacts::Artifacts;
use engine::audit::SigningKey;
use engine::clock::{Clock, ManualClock};
use engine::control::{Engine, EngineParts, Vault};
use engine::model::{Actor, Project};
use engine::redact::Redactor;
use engine::secrets::MasterKey;
use engine::store::{Store, StoreAddress};

use crate::peek::Peek;
use crate::world::database::{Kind, TestDatabase, folder};

/// Reading the rules takes longer than a history.
static RULES: LazyLock<policies::Rules> = LazyLock::new(|| policies::Rules::shipped().unwrap());

/// Tables that may have rows at the end of a history, beside those that [`TestDatabase::empty`] knows.
const KEPT_EMPTY: &str = "projects connections environments releases runs plans steps trials receipts run_events approvals votes \
    locks incidents audit_events checkpoints users identities conversations";

/// Where histories are played, one after the other.
pub(crate) struct Ground {
    pub(crate) kind: Kind,
    pub(crate) peek: Peek,
    _database: TestDatabase,
    folder: tempfile::TempDir,
    store: Store,
    /// The second replica's own, where there is one.
    second: Option<Store>,
    /// Secrets outlive histories, and so does what keeps them out of texts: making it anew costs as much as a deploy.
    redactor: Arc<Redactor>,
    vault: Arc<Vault>,
}

impl Ground {
    pub(crate) async fn make(kind: Kind) -> Self {
        let database = TestDatabase::make(kind).await;
        let store = Store::open(&StoreAddress::from_url(&database.url).unwrap()).await.unwrap();
        let mut peek = Peek::at(&database).await;
        if kind == Kind::Sqlite {
            // Only this connection, which empties tables: the engine's own are as they are in earnest.
            peek.execute("PRAGMA synchronous = OFF".to_owned()).await;
        }
        let folder = folder();
        let redactor = Arc::new(Redactor::new().unwrap());
        let key = MasterKey::open_or_create(&folder.path().join("master.key")).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(0));
        let vault = Vault::open(store.clone(), clock, key, redactor.clone()).await.unwrap();
        let second = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => {
                Some(Store::open(&StoreAddress::from_url(&database.url).unwrap()).await.unwrap())
            }
        };
        Self { kind, peek, _database: database, folder, store, second, redactor, vault }
    }

    /// Empties it.
    pub(crate) async fn clear(&mut self) {
        let mut statements = String::from("BEGIN;");
        for table in KEPT_EMPTY.split_whitespace() {
            statements += &format!("DELETE FROM {table};");
        }
        statements += "UPDATE heads SET seq = 0, hash = '';COMMIT;";
        self.peek.execute(statements).await;
    }

    fn store_of(&self, name: &str) -> &Store {
        self.second.as_ref().filter(|_| name.starts_with("two")).unwrap_or(&self.store)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn signing_key(&self) -> SigningKey {
        SigningKey::open_or_create(&self.folder.path().join("audit.key")).unwrap()
    }

    /// A program on this database.
    pub(crate) fn engine(&self, world: &Arc<World>, clock: &Arc<ManualClock>, name: &str) -> Engine {
        let (redactor, clock): (_, Arc<dyn Clock>) = (self.redactor.clone(), clock.clone());
        Engine::new(EngineParts {
            store: self.store_of(name).clone(),
            ports: world.ports(),
            clock,
            rules: RULES.clone(),
            artifacts: Artifacts::open("memory:///", redactor.clone()).unwrap(),
            redactor,
            signing_key: self.signing_key(),
            vault: self.vault.clone(),
            replica: name.to_owned(),
        })
    }
}

/// How an environment's policy has it: what the promises measure by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Law {
    pub(crate) production: bool,
    pub(crate) approvals: u32,
    pub(crate) one_person_team: bool,
}

impl Law {
    /// How many yeses a change needs that nothing excuses.
    pub(crate) fn needs(self) -> u32 {
        match self {
            Self { one_person_team: true, production, approvals } => u32::from(production || approvals > 0),
            Self { production: true, approvals, .. } => approvals.max(1),
            Self { approvals, .. } => approvals,
        }
    }
}

/// A project to play with.
pub(crate) struct Setting {
    pub(crate) text: String,
    pub(crate) staging: Law,
    pub(crate) production: Law,
}

impl Setting {
    /// One of several: small ones mostly, for they are cheap.
    pub(crate) fn of(seed: u64) -> Self {
        let whole = seed.is_multiple_of(8);
        let (staging_policy, approvals, one) = match seed % 4 {
            0 => ("approvals: 1, ", 0, false),
            1 => ("", 2, false),
            2 => ("", 0, true),
            _ => ("", 0, false),
        };
        let staging_approvals = u32::from(!staging_policy.is_empty());
        let component = if whole { "needs: [postgres], " } else { "" };
        let secret = if whole { "SESSION_SECRET: { secret: session-secret }, " } else { "" };
        let web = "\n  web: { start: ./web, health: { path: /health, timeout_s: 20 }, needs: [api] }";
        let web = if whole { web } else { "" };
        let addresses = |api: u32| {
            let web = if whole { format!(", web: \"127.0.0.1:{}\"", api - 1) } else { String::new() };
            format!("edge: {{ api: \"127.0.0.1:{api}\"{web} }}")
        };
        let text = format!(
            "
project: shop
title: The shop
source: {{ repository: /srv/shop }}
migrations: {{ path: migrations, component: postgres }}
services:
  api: {{ build: make api, start: ./api, health: {{ path: /health, timeout_s: 20 }}, {component}variables: {{ {secret}GREETING: hello }} }}{web}
  cron: {{ start: ./cron, schedule: \"*/15 * * * *\" }}
components:
  postgres: {{ kind: database }}
environments:
  staging:
    {}
    policy: {{ {staging_policy}max_replicas: 4, lane_seconds_min: 5 }}
  production:
    production: true
    {}
    policy: {{ approvals: {approvals}, one_person_team: {one}, max_replicas: 4, lane_seconds_min: 5 }}
people:
  - {{ name: vera, role: viewer }}
  - {{ name: ana, role: deployer }}
  - {{ name: ben, role: deployer }}
  - {{ name: zoe, role: admin }}
  - {{ name: max, role: admin }}
",
            addresses(7401),
            addresses(7501),
        );
        Self {
            text,
            staging: Law { production: false, approvals: staging_approvals, one_person_team: false },
            production: Law { production: true, approvals, one_person_team: one },
        }
    }

    pub(crate) fn law(&self, place: &str) -> Law {
        if place == "production" { self.production } else { self.staging }
    }

    pub(crate) fn project(&self) -> Project {
        engine::project::import(&self.text, Path::new("/srv")).unwrap()
    }
}

/// The project is there, and its secrets.
pub(crate) async fn settle(engine: &Engine, project: &Project) {
    engine.project_import(project, &Actor::system()).await.unwrap();
    engine.secrets_generate_missing(project, &Actor::system()).await.unwrap();
}
