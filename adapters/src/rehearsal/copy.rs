//! A copy of how things stand: a database of its own with the project, the environment and its releases, and a simulated world that
//! begins as the real one was seen.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use engine::artifacts::Artifacts;
use engine::audit::SigningKey;
use engine::clock::{Clock, ManualClock};
use engine::control::{Engine, EngineParts, Refusal, Scene, Vault};
use engine::model::{Actor, Identity, Project, Role, RunRequest, ServiceName, User};
use engine::plan::PlanProblem;
use engine::ports::InstanceSet;
use engine::redact::Redactor;
use engine::secrets::MasterKeys;
use engine::store::{Commit, Store, StoreAddress, Write};
use secrecy::SecretString;

use super::code::Remembered;
use crate::sim::{Seed, World};

/// Who asks for it on the copy, and says yes to it.
const PERFORMER: &str = "rehearsal";
/// Requests a second that come to each service of the copy.
pub(super) const TRAFFIC_PER_S: u32 = 20;

/// What every performance begins from.
pub(super) struct Copy<'a> {
    pub(super) engine: &'a Engine,
    pub(super) scene: &'a Scene,
    pub(super) request: &'a RunRequest,
    pub(super) code: Arc<Remembered>,
}

/// One copy, on which somebody plays.
pub(super) struct Stage {
    pub(super) world: Arc<World>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Store,
    pub(super) performer: Actor,
    folder: tempfile::TempDir,
    code: Arc<Remembered>,
    rules: engine::control::Rules,
}

/// What can't be made on this machine, in words.
fn not_made(cause: impl std::fmt::Display) -> Refusal {
    Refusal::Problem(PlanProblem::new(
        "no-copy",
        format!("there is no room for a copy to play on: {cause}"),
        "make room in the folder for temporary files, and say it again",
    ))
}

impl Copy<'_> {
    /// A copy as things stand now.
    pub(super) async fn set_up(&self) -> Result<Stage, Refusal> {
        let facts = &self.scene.facts;
        let folder = tempfile::tempdir().map_err(not_made)?;
        let clock = Arc::new(ManualClock::at(self.engine.now_ms()));
        let world = World::new(clock.clone());
        world.capabilities_set(facts.capabilities);
        world.seed(&facts.environment, self.seed());
        world.findings_set(&facts.environment, self.scene.findings.clone());
        world.traffic_set(&facts.environment, TRAFFIC_PER_S);
        let address = StoreAddress::Sqlite(folder.path().join("rehearsal.db"));
        let store = Store::open(&address).await?;
        let identity = Identity { front: "terminal".to_owned(), external_id: PERFORMER.to_owned() };
        let performer =
            Actor { name: PERFORMER.to_owned(), role: Some(Role::Admin), front: identity.front.clone() };
        let (code, rules) = (self.code.clone(), self.scene.rules.clone());
        let stage = Stage { world, clock, store, performer, folder, code, rules };
        let program = stage.program().await?;
        let system = Actor::system();
        program.project_import(&self.project(), &system).await?;
        let name = PERFORMER.parse().map_err(not_made)?;
        program.user_put(&User { name, role: Role::Admin }, &[identity], &system).await?;
        for secret in facts.secrets.keys() {
            // Nobody needs the real one here, and none is read.
            let value = SecretString::from(uuid::Uuid::new_v4().simple().to_string());
            program.vault().put(&facts.environment, secret, value, &system).await?;
        }
        let mut commit = Commit::at(program.now_ms());
        commit.writes.push(Write::EnvironmentPut {
            environment: facts.environment.clone(),
            desired: facts.desired.clone(),
            revision: 1,
        });
        let releases = facts.releases.iter().chain(&self.scene.elsewhere);
        commit.writes.extend(releases.map(|release| Write::ReleasePut(Box::new(release.clone()))));
        stage.store.commit(commit).await?;
        Ok(stage)
    }

    /// The project, where nobody has to be waited for.
    fn project(&self) -> Project {
        let mut project = self.scene.facts.project.clone();
        for environment in project.environments.values_mut() {
            let policy = &mut environment.policy;
            policy.approvals = 0;
            policy.one_person_team = true;
            policy.freeze.clear();
            policy.runs_per_hour = None;
            policy.allowed_refs.clear();
            policy.allowed_sizes.clear();
            policy.max_replicas = None;
            policy.ask_between_stages = false;
            policy.requires_ci = false;
        }
        project
    }

    fn seed(&self) -> Seed {
        let facts = &self.scene.facts;
        // What is built when it is deployed needs no build before: that of the new release is there, too.
        let new = self.scene.preview.plan.release.iter().filter(|_| facts.capabilities.builds_on_deploy);
        let releases: Vec<&engine::model::Release> = facts.releases.iter().chain(new).collect();
        let parts = || releases.iter().flat_map(|release| release.services.values());
        let is_built = |part: &&engine::model::ServiceRelease| {
            facts.capabilities.builds_on_deploy
                || matches!(facts.builds.get(&part.build), Some(engine::ports::BuildState::Done { .. }))
        };
        let built = parts().filter(is_built).map(|part| (part.build.clone(), part.commit.clone()));
        let sets: BTreeMap<(ServiceName, u32), InstanceSet> = parts()
            .filter_map(|part| part.set.clone())
            .map(|set| ((set.service.clone(), set.release), set))
            .collect();
        let migrations = facts.project.migrations.iter();
        let described = facts.project.environments.get(&facts.environment.environment);
        Seed {
            observed: facts.observed.clone(),
            sets: sets.into_values().collect(),
            builds: built.chain(self.scene.built.iter().cloned()).collect(),
            weights: facts.weights.clone(),
            addresses: described.map(|it| it.edge.clone()).unwrap_or_default(),
            migrations: migrations.map(|it| (it.component.clone(), facts.applied.clone())).collect(),
        }
    }
}

impl Stage {
    /// The program, as it is started on this copy: also after it was killed.
    pub(super) async fn program(&self) -> Result<Engine, Refusal> {
        let redactor = Arc::new(Redactor::new().map_err(not_made)?);
        let clock: Arc<dyn Clock> = self.clock.clone();
        let keys = MasterKeys::in_file(&self.file("master.key")).map_err(not_made)?;
        let vault = Vault::open(self.store.clone(), clock.clone(), keys, redactor.clone()).await?;
        let mut ports = self.world.ports();
        ports.code = self.code.clone();
        Ok(Engine::new(EngineParts {
            store: self.store.clone(),
            ports,
            clock,
            rules: self.rules.clone(),
            artifacts: Artifacts::open("memory:///", redactor.clone()).map_err(not_made)?,
            redactor,
            signing_key: SigningKey::open_or_create(&self.file("audit.key")).map_err(not_made)?,
            vault,
            replica: PERFORMER.to_owned(),
        }))
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        Path::new(self.folder.path()).join(name)
    }
}
