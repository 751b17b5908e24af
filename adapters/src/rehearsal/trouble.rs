//! What may go wrong, and is made to: once each, where the plan has something it can go wrong with.

use std::collections::BTreeSet;

use engine::control::Scene;
use engine::step::StepKind;

use super::play::Ended;
use crate::sim::{Behaviour, Call, Fault, FaultKind, World};

/// Whole percent of requests that a bad release fails.
const ERRORS_PERCENT: u8 = 20;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing does.
    Nothing,
    /// The new code is not built.
    BuildFails,
    /// The database refuses a migration.
    MigrationFails(String),
    /// The new processes run, and never become healthy.
    NeverHealthy,
    /// The new processes end right after each start.
    CrashLoop,
    /// The new release fails many of its requests.
    Errors,
    /// Each writing call's answer gets lost once.
    AnswersLost,
    /// The program is killed at each writing call, and started again.
    Killed,
    /// It goes through, and is rolled back.
    RolledBack,
}

impl Trouble {
    /// All that can go wrong with a request, by its plan and by how it went without trouble.
    pub(super) fn all(scene: &Scene, planned: &Ended) -> Vec<Self> {
        let plan = &scene.preview.plan;
        let is_new = !new_commits(scene).is_empty();
        let serves = plan.steps.iter().any(|step| matches!(step.kind, StepKind::Serve(_)));
        let mut all = Vec::new();
        if is_new && planned.calls.contains(&Call::BuildStart) {
            all.push(Self::BuildFails);
        }
        if let Some(last) = plan.pending().and_then(|apply| apply.migrations.last()) {
            all.push(Self::MigrationFails(last.version.clone()));
        }
        if is_new && serves {
            all.extend([Self::NeverHealthy, Self::CrashLoop, Self::Errors]);
        }
        all.extend([Self::AnswersLost, Self::Killed]);
        // The way back from what has worked.
        if plan.way_back.proved && plan.way_back.release.is_some() && plan.release.is_some() {
            all.push(Self::RolledBack);
        }
        all
    }

    /// In words, behind "what if"; absent for no trouble.
    pub(super) fn says(&self) -> Option<String> {
        Some(match self {
            Self::Nothing => return None,
            Self::BuildFails => "its build fails".to_owned(),
            Self::MigrationFails(version) => format!("the database refuses migration {version}"),
            Self::NeverHealthy => "it never becomes healthy".to_owned(),
            Self::CrashLoop => "it ends right after each start".to_owned(),
            Self::Errors => format!("it fails {ERRORS_PERCENT}% of its requests"),
            Self::AnswersLost => "each answer of a provider gets lost once".to_owned(),
            Self::RolledBack => "it has to be rolled back afterwards".to_owned(),
            Self::Killed => "I am killed at each thing I do, and started again".to_owned(),
        })
    }

    /// Makes it go wrong in a world that stands as things do.
    pub(super) fn prepare(&self, world: &World, scene: &Scene) {
        let behaviour = match self {
            Self::BuildFails => Behaviour::build_fails(&["it was made to fail"]),
            Self::MigrationFails(version) => Behaviour::migration_fails(version),
            Self::NeverHealthy => Behaviour::never_healthy(),
            Self::CrashLoop => Behaviour::crash_loop(),
            Self::Errors => Behaviour::fails_requests(ERRORS_PERCENT),
            Self::Nothing | Self::RolledBack => return,
            Self::AnswersLost => return Self::each_write(world, FaultKind::LostAnswer),
            Self::Killed => return Self::each_write(world, FaultKind::Crash),
        };
        let commits = match self {
            Self::MigrationFails(_) => scene.facts.commit.iter().map(|commit| commit.id.clone()).collect(),
            _ => new_commits(scene),
        };
        for commit in commits {
            world.behaviour_of(&commit, behaviour.clone());
        }
    }

    fn each_write(world: &World, kind: FaultKind) {
        for call in Call::ALL.iter().filter(|call| call.is_write()) {
            world.fault(Fault::of(*call, kind).nth(1));
        }
    }
}

/// Commits the request brings, and that nothing runs there yet.
fn new_commits(scene: &Scene) -> BTreeSet<String> {
    let facts = &scene.facts;
    let live = facts.desired.live.and_then(|number| facts.releases.iter().find(|it| it.id.number == number));
    let runs: BTreeSet<&String> =
        live.iter().flat_map(|live| live.services.values().map(|part| &part.commit)).collect();
    let plan = &scene.preview.plan;
    let before = facts.releases.iter().find(|it| Some(it.id.number) == plan.puts_live());
    let comes = plan.release.as_ref().or(before).into_iter().flat_map(|release| release.services.values());
    comes.map(|part| part.commit.clone()).filter(|commit| !runs.contains(commit)).collect()
}
