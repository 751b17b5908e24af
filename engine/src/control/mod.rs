//! The engine as the fronts see it: ask for a run, decide about it, look at things; and the executor that carries runs
//! out. Nothing here knows chat or HTTP.

mod answered;
mod answers;
mod approvals;
mod ask;
mod back;
mod backfills;
mod before_canary;
mod begin;
mod budget;
mod bundle;
mod ci;
mod clearance;
mod connections;
mod crashes;
mod drift;
mod environments;
mod evidence;
mod executor;
mod gather;
mod journal;
mod lease;
mod left;
mod line;
mod live_incident;
mod locks;
mod machine;
mod migration_files;
mod notices;
mod opened;
mod people;
mod projects;
mod proved;
mod redacted;
mod refusal;
mod rehearse;
mod rekey;
mod rules;
mod rules_act;
mod runs;
mod secrets;
mod secrets_kept;
mod standing;
mod symptoms;
mod trials;
mod unreached;
mod worker;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

pub use policies::Rules;

pub use answers::{CanAnswer, EnvironmentStatus, RunDetail, ServiceStatus};
pub use approvals::Decided;
pub use ask::Preview;
pub use back::{WentLive, overlap};
pub use backfills::{BackfillState, Tried, told};
pub use bundle::{Bundle, IncidentDetail};
pub use connections::{Connected, ConnectionState};
pub use environments::SecretsWanted;
pub use executor::{JUDGE, Moved};
pub use left::{KeptLog, RunFile, RunFileText, RunFiles, RunLogs};
pub use locks::LockChange;
pub use notices::{Notice, Notices};
pub use proved::{Unproved, WhichRef};
pub use refusal::Refusal;
pub use rehearse::{Performed, Rehearsal, Rehearses, Scene};
pub use rekey::Rekeyed;
pub use secrets::Vault;

use crate::artifacts::Artifacts;
use crate::audit::SigningKey;
use crate::clock::{Clock, EpochMs};
use crate::model::{EnvironmentKey, Role};
use crate::ports::Ports;
use crate::redact::Redactor;
use crate::store::Store;

/// What an engine is made of.
pub struct EngineParts {
    /// The database.
    pub store: Store,
    /// The outside.
    pub ports: Ports,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The policy rules.
    pub rules: Rules,
    /// Where artifacts of runs are kept.
    pub artifacts: Artifacts,
    /// Knows every secret's value, to keep it out of everything that is written.
    pub redactor: Arc<Redactor>,
    /// Signs checkpoints of the record.
    pub signing_key: SigningKey,
    /// Seals and opens secrets.
    pub vault: Arc<Vault>,
    /// What this replica is called in leases: unique among those alive.
    pub replica: String,
}

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    parts: Arc<EngineParts>,
    /// Artifacts of runs that ended could not be kept yet.
    artifacts_behind: Arc<AtomicBool>,
    notices: Notices,
    /// How environments differ from what they should be, since when: told once it lasts.
    drifting: Arc<Mutex<BTreeMap<EnvironmentKey, drift::Lasting>>>,
    /// What people nobody knows may do.
    strangers: Option<Role>,
    /// Where requests are rehearsed.
    rehearses: Option<Arc<dyn Rehearses>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({})", self.parts.replica)
    }
}

impl Engine {
    /// Puts an engine together. Nothing runs until [`Engine::work`] or [`Engine::tick`] is called.
    pub fn new(parts: EngineParts) -> Self {
        let notices = Notices::default();
        let artifacts_behind = Arc::default();
        let drifting = Arc::default();
        Self { parts: Arc::new(parts), artifacts_behind, notices, drifting, strangers: None, rehearses: None }
    }

    /// The same engine for a front on which people nobody knows have a role: none unless told otherwise.
    #[must_use]
    pub fn with_strangers(&self, role: Option<Role>) -> Self {
        Self { strangers: role, ..self.clone() }
    }

    /// What people nobody knows may do here.
    pub fn strangers(&self) -> Option<Role> {
        self.strangers
    }

    /// The same engine, with somebody who plays requests on a copy of how things stand.
    #[must_use]
    pub fn with_rehearsals(self, rehearses: Arc<dyn Rehearses>) -> Self {
        Self { rehearses: Some(rehearses), ..self }
    }

    /// What is amiss with this program beside runs and services.
    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    /// The time.
    pub fn now_ms(&self) -> EpochMs {
        self.parts.clock.now_ms()
    }

    /// The policy rules in force.
    pub fn rules(&self) -> &Rules {
        &self.parts.rules
    }

    /// Keeps secrets out of text.
    pub fn redactor(&self) -> &Redactor {
        &self.parts.redactor
    }

    /// Secrets of environments.
    pub fn vault(&self) -> &Arc<Vault> {
        &self.parts.vault
    }

    /// Where artifacts of runs are kept.
    pub fn artifacts(&self) -> &Artifacts {
        &self.parts.artifacts
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.parts.ports
    }
}
