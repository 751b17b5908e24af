//! What may go wrong, and is made to: where the plan has something it can go wrong with.

use std::collections::BTreeSet;

use engine::control::Scene;
use engine::model::{Release, ServiceName};
use engine::step::StepKind;

use super::play::Ended;
use crate::sim::{Behaviour, Call, Effect, Fault, FaultKind, World};

/// Whole percent of requests that a bad release fails.
const ERRORS_PERCENT: u8 = 20;

/// One thing that goes wrong.
#[derive(Debug, Clone)]
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
    /// The answer to each of these calls gets lost once.
    AnswersLost(Vec<Effect>),
    /// The program is killed after each of these calls, before it hears of it, and started again.
    Killed(Vec<Effect>),
    /// It goes through, and is rolled back to that release.
    RolledBack(u32),
}

impl Trouble {
    /// All that can go wrong with a request, by its plan and by how it went without trouble; and what was left out, in words.
    pub(super) fn all(scene: &Scene, planned: &Ended) -> (Vec<Self>, Vec<String>) {
        let plan = &scene.preview.plan;
        let new = new_commits(scene);
        let (mut all, mut not_played) = (Vec::new(), Vec::new());
        let builds = planned.effects.iter().any(|effect| effect.call == Call::BuildStart);
        if builds && !new.is_empty() {
            all.push(Self::BuildFails);
        }
        if let Some(last) = plan.pending().and_then(|apply| apply.migrations.last()) {
            all.push(Self::MigrationFails(last.version.clone()));
        }
        let fresh = served_afresh(scene);
        if !fresh.is_empty() {
            all.extend([Self::NeverHealthy, Self::CrashLoop]);
            if plan.has_canary() || fresh.iter().any(|service| probed(scene).contains(service)) {
                all.push(Self::Errors);
            } else {
                not_played.push("requests that fail: none are sent to what is deployed here".to_owned());
            }
        } else if plan
            .steps
            .iter()
            .any(|step| matches!(&step.kind, StepKind::Serve(serve) if !serve.sets.is_empty()))
        {
            not_played.push("new processes that fail: their commit runs here already".to_owned());
        }
        let effects = planned.effects.clone();
        all.extend([Self::AnswersLost(effects.clone()), Self::Killed(effects)]);
        // The way back from what has worked.
        if let Some(release) =
            plan.way_back.release.filter(|_| plan.way_back.proved && plan.release.is_some())
        {
            all.push(Self::RolledBack(release));
        }
        (all, not_played)
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
            Self::AnswersLost(calls) => match calls.len() {
                1 => "the answer to its one call gets lost".to_owned(),
                more => format!("the answer to each of its {more} calls gets lost once"),
            },
            Self::Killed(calls) => match calls.len() {
                1 => "I am killed in its one call, and started again".to_owned(),
                more => format!("I am killed in each of its {more} calls, and started again"),
            },
            Self::RolledBack(_) => "it has to be rolled back afterwards".to_owned(),
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
            Self::Nothing | Self::RolledBack(_) => return,
            Self::AnswersLost(calls) => return strike(world, calls, FaultKind::LostAnswer),
            Self::Killed(calls) => return strike(world, calls, FaultKind::Crash),
        };
        let commits = match self {
            Self::MigrationFails(_) => scene.facts.commit.iter().map(|commit| commit.id.clone()).collect(),
            _ => new_commits(scene),
        };
        for commit in commits {
            world.behaviour_of(&commit, behaviour.clone());
        }
    }
}

/// Each of these calls meets it once.
fn strike(world: &World, calls: &[Effect], kind: FaultKind) {
    let calls: BTreeSet<(Call, &str)> = calls.iter().map(|it| (it.call, it.subject.as_str())).collect();
    for (call, subject) in calls {
        world.fault(Fault::of(call, kind).about(subject).nth(1));
    }
}

fn live(scene: &Scene) -> Option<&Release> {
    let facts = &scene.facts;
    facts.releases.iter().find(|it| Some(it.id.number) == facts.desired.live)
}

/// The release the request puts live: a new one, or one from before.
fn comes(scene: &Scene) -> Option<&Release> {
    let plan = &scene.preview.plan;
    let before = || scene.facts.releases.iter().find(|it| Some(it.id.number) == plan.puts_live());
    plan.release.as_ref().or_else(before)
}

/// Commits the request brings, and that nothing runs there yet: they alone can be made to fail, and nothing else with them.
fn new_commits(scene: &Scene) -> BTreeSet<String> {
    let runs: BTreeSet<&String> =
        live(scene).into_iter().flat_map(|live| live.services.values().map(|part| &part.commit)).collect();
    let comes = comes(scene).into_iter().flat_map(|release| release.services.values());
    comes.map(|part| part.commit.clone()).filter(|commit| !runs.contains(commit)).collect()
}

/// Services that get processes of a commit that is new there.
fn served_afresh(scene: &Scene) -> BTreeSet<ServiceName> {
    let new = new_commits(scene);
    let is_new = |service: &ServiceName| {
        let part = comes(scene).and_then(|release| release.services.get(service));
        part.is_some_and(|part| new.contains(&part.commit))
    };
    let steps = scene.preview.plan.steps.iter();
    let sets = steps.filter_map(|step| match &step.kind {
        StepKind::Serve(serve) => Some(&serve.sets),
        _ => None,
    });
    sets.flatten().map(|set| set.service.clone()).filter(is_new).collect()
}

/// Services that are sent requests when it is verified.
fn probed(scene: &Scene) -> BTreeSet<ServiceName> {
    let steps = scene.preview.plan.steps.iter();
    let probes = steps.filter_map(|step| match &step.kind {
        StepKind::Verify(verify) => Some(&verify.probes),
        _ => None,
    });
    probes.flatten().map(|probe| probe.service.clone()).collect()
}
