//! Deploy: resolve ref, preflight, shape, config, migrations, api and web, cron, canary, verification, finalize. The canary is
//! one step that moves all traffic at once, or a step for each stage; schedules run the new code after its stages.

use std::collections::BTreeMap;

use super::again::number_after;
use super::by_command;
use super::changes::{diff, release_name};
use super::facts::build_key;
use super::stages::{staged, stages};
use super::{
    DiffLine, Effect, Facts, Finding, Plan, PlanProblem, PlannedStep, Risk, RiskLevel, breaking, lint, short,
    way_back,
};
use crate::model::{
    CanaryChoice, MigrateChoice, Release, ReleaseId, ReleaseState, RunId, RunRequest, ServiceName,
    ServiceRelease, Source,
};
use crate::ports::{BuildRequest, Commit, Migration, Weight};
use crate::step::{
    ApplyMigrations, DesiredChange, EnsureShape, Finalize, Preflight, ProbeCheck, PutConfig, PutSchedules,
    RefCheck, ResolveRef, ScheduleChange, Serve, Shift, ShiftTraffic, StepKind, Verify,
};

/// Requests a verification sends to each service, and how many of them may fail.
pub(super) const VERIFY_REQUESTS: u32 = 20;
pub(super) const VERIFY_FAILURES_MAX: u32 = 1;

/// Which code is meant.
pub(super) struct Code<'a> {
    /// The ref that was said, or that the proved release was made from.
    pub(super) reference: Option<&'a str>,
    /// The release of another environment whose commits are taken, whatever the ref stands for by now.
    pub(super) proved: Option<&'a ReleaseId>,
}

pub(super) fn plan(
    request: &RunRequest,
    facts: &Facts,
    services: &[ServiceName],
    code: &Code<'_>,
    migrate: MigrateChoice,
    canary: &CanaryChoice,
) -> Result<Plan, PlanProblem> {
    let reference = code.reference;
    let commit = facts.commit.as_ref().ok_or_else(|| {
        let next = format!("name a ref: deploy {} ref main", facts.environment.environment);
        PlanProblem::new("unknown-ref", "the code's default branch can't be found", next)
    })?;
    let described = facts.described()?;
    let chosen = facts.chosen(services);
    let number = number_after(facts);
    let live = facts.live();

    let mut parts: BTreeMap<ServiceName, ServiceRelease> =
        live.map(|release| release.services.clone()).unwrap_or_default();
    let mut builds: Vec<BuildRequest> = Vec::new();
    for name in &chosen {
        let Some(service) = facts.service(name) else { continue };
        let source = facts.project.source_of(&service).clone();
        let here = facts.commit_of(&source, commit).id.clone();
        let key = build_key(&source, &here, service.build.as_deref());
        if !facts.capabilities.builds_on_deploy && builds.iter().all(|build| build.key != key) {
            builds.push(BuildRequest {
                key: key.clone(),
                source: source.clone(),
                commit: here.clone(),
                command: service.build.clone(),
            });
        }
        parts.insert(
            name.clone(),
            ServiceRelease {
                origin: number,
                set: Facts::set(name, &service, number, &key, &here),
                schedule: facts.schedule(name, &service, number, &key, &here),
                commit: here,
                config: facts.config(name, &service, number)?,
                build: key,
                source: Some(source),
                build_command: service.build.clone(),
            },
        );
    }
    parts.retain(|name, _| facts.project.services.contains_key(name));

    let pending = pending(facts, migrate)?;
    let findings = findings(facts, &pending);
    let command = match pending.as_slice() {
        [] => None,
        pending => by_command::of_deploy(facts, commit, &parts, pending)?,
    };
    if let Some((build, _)) = &command
        && builds.iter().all(|other| other.key != build.key)
    {
        builds.push(build.clone());
    }
    let breaking = breaking(&findings);
    let breaks = (!breaking.is_empty()).then(|| breaking.join("; "));
    let way_back = way_back::of_deploy(facts, breaks.as_deref());

    let mut notes = Vec::new();
    let untouched: Vec<&str> =
        parts.keys().filter(|name| !chosen.contains(name)).map(ServiceName::as_str).collect();
    if !untouched.is_empty() {
        notes.push(format!("{} stays as it is", untouched.join(", ")));
    }
    notes.extend(command.iter().map(|(_, command)| by_command::note(command)));
    if migrate == MigrateChoice::Skip && !facts.migrations.is_empty() {
        notes.push("migrations are skipped, as asked".to_owned());
    }
    if live.is_some_and(|live| live.commit == commit.id) {
        notes.push("this commit is live already: only configuration and processes are made anew".to_owned());
    }

    if let Some(proved) = code.proved {
        notes.insert(
            0,
            format!(
                "no ref was said: this is what {} proved, its release {}",
                proved.environment.environment, proved.number
            ),
        );
    }

    let mut risk = Risk::low();
    if described.production {
        risk.at_least(RiskLevel::Medium, "production");
    }
    if !pending.is_empty() {
        risk.at_least(
            RiskLevel::Medium,
            match pending.len() {
                1 => "1 migration, which stays".to_owned(),
                many => format!("{many} migrations, which stay"),
            },
        );
    }
    if let Some(why) = &breaks {
        risk.at_least(RiskLevel::High, format!("the live release can't live with the schema: {why}"));
    }
    slowing(&mut risk, &findings);
    if described.production && live.is_some() && !way_back.proved {
        risk.at_least(RiskLevel::High, "the way back is not proved");
    }

    let reference_name = match code.proved {
        Some(proved) => format!("{}'s release {}", proved.environment.environment, proved.number),
        None => reference.unwrap_or("the default branch").to_owned(),
    };
    let mut desired = vec![DesiredChange::Live {
        release: number,
        took_back: false,
        schema: newest_schema(facts, &pending),
    }];
    if facts.desired.held.is_some() {
        desired.push(DesiredChange::Held { reason: None });
    }
    let served: Vec<&ServiceName> =
        chosen.iter().filter(|name| parts.get(*name).is_some_and(|part| part.set.is_some())).collect();
    let shape = facts.shape()?;
    let probes: Vec<ProbeCheck> = probes(facts, &parts, &chosen);
    // Services the project no longer has go away with the first deploy of everything.
    let whole = chosen.len() == facts.project.services.len();
    let gone = if whole { facts.running_beside(&parts) } else { Vec::new() };
    let affected: Vec<ServiceName> = chosen.iter().chain(&gone).cloned().collect();
    let retire = retire(facts, &parts, &affected);
    let database = facts.database_migrated();

    let schedules = step(
        "cron",
        "schedules run the new code".to_owned(),
        StepKind::PutSchedules(PutSchedules { changes: schedule_changes(facts, &parts, &affected) }),
    );
    let moved = shifts(facts, &parts, &affected);
    let stages = stages(canary, &described.policy, described.production);
    let in_stages = if stages.is_empty() {
        None
    } else {
        // What is suggested instead is about the same code.
        let environment = &facts.environment.environment;
        let order = match reference {
            Some(reference) => format!("deploy {reference} to {environment}"),
            None => format!("deploy {environment}"),
        };
        staged(facts, &stages, &moved, breaks.as_deref(), &order)?
    };
    let trial: Vec<_> = if let Some(staged) = in_stages {
        notes.push(staged.note);
        // A release on trial has not earned the schedules yet.
        staged.steps.into_iter().chain([schedules]).collect()
    } else {
        if !stages.is_empty() {
            notes.push("nothing is live here to compare with: no canary, all traffic at once".to_owned());
        }
        let says = "one stage of 100%: all traffic to the new release, read back".to_owned();
        vec![schedules, step("canary", says, StepKind::ShiftTraffic(ShiftTraffic { shifts: moved }))]
    };

    let mut steps = vec![
        step(
            "resolve ref",
            format!("{reference_name} is {}, {}", short(&commit.id), commit.subject),
            StepKind::ResolveRef(ResolveRef { checks: ref_checks(facts, code, commit, &builds, &chosen) }),
        ),
        step(
            "preflight",
            if facts.capabilities.builds_on_deploy {
                format!("{} answers; it builds {} when it is started", described.platform, short(&commit.id))
            } else {
                format!("tools, disk and ports are there; {} builds", short(&commit.id))
            },
            StepKind::Preflight(Preflight { shape: shape.clone(), builds }),
        ),
        step(
            "reconcile shape",
            format!("{} components, {} addresses", shape.components.len(), shape.edge.len()),
            StepKind::EnsureShape(EnsureShape { shape }),
        ),
        step(
            "reconcile config",
            format!("variables of {}", names(&chosen)),
            StepKind::PutConfig(PutConfig {
                configs: chosen.iter().filter_map(|name| Some(parts.get(name)?.config.clone())).collect(),
                of_earlier: false,
            }),
        ),
        match database {
            Some(database) => step(
                "migrations",
                match pending.as_slice() {
                    [] => "nothing to migrate".to_owned(),
                    [one] => one.title(),
                    many => format!(
                        "{} pending, {} to {}",
                        many.len(),
                        many[0].version,
                        many[many.len() - 1].version
                    ),
                },
                StepKind::ApplyMigrations(ApplyMigrations {
                    database,
                    migrations: pending.clone(),
                    dialect: facts.dialect(),
                    findings,
                    breaks,
                    first: live.is_none(),
                    command: command.map(|(_, command)| Box::new(command)),
                }),
            ),
            None => step(
                "migrations",
                "this project has none".to_owned(),
                StepKind::ResolveRef(ResolveRef { checks: vec![] }),
            ),
        },
        step(
            &if served.is_empty() {
                "services".to_owned()
            } else {
                served.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" and ")
            },
            "started beside what runs, then waited for until healthy".to_owned(),
            StepKind::Serve(Serve {
                sets: served.iter().filter_map(|name| parts.get(*name)?.set.clone()).collect(),
                shifts: shifts(facts, &parts, &chosen),
            }),
        ),
    ];
    steps.extend(trial);
    steps.push(step(
        "verification",
        format!("{VERIFY_REQUESTS} requests through the edge to each service"),
        StepKind::Verify(Verify { probes, requests: VERIFY_REQUESTS, failures_max: VERIFY_FAILURES_MAX }),
    ));
    steps.push(step(
        "finalize",
        "old processes drained and ended, the release recorded as live".to_owned(),
        StepKind::Finalize(Finalize { retire, changes: desired }),
    ));

    let mut diff = diff(facts, &parts, &pending, reference, &chosen);
    for name in &gone {
        let before = match live.and_then(|live| Some((live, live.services.get(name)?))) {
            Some((live, part)) => release_name(live, part),
            None => "running, and not in the project".to_owned(),
        };
        diff.push(DiffLine::new(name.as_str(), Some(before), None));
    }
    let release = Release {
        id: ReleaseId { environment: facts.environment.clone(), number },
        reference: reference.map_or_else(|| short(&commit.id).to_owned(), ToOwned::to_owned),
        commit: commit.id.clone(),
        subject: commit.subject.clone(),
        run: placeholder_run(),
        state: ReleaseState::Making,
        services: parts,
        schema: None,
        made_ms: 0,
        live_ms: None,
    };
    Ok(Plan {
        title: format!(
            "Deploy {} to {}",
            reference.map_or_else(
                || short(&commit.id).to_owned(),
                |name| format!("{name} ({})", short(&commit.id))
            ),
            facts.environment.environment
        ),
        environment: facts.environment.clone(),
        run_type: request.change.run_type().to_owned(),
        steps,
        diff,
        commits: facts.commits.clone(),
        risk,
        way_back,
        notes,
        observed: facts.observed_lines(),
        release: Some(release),
        destructive: false,
        stays: false,
        told: Vec::new(),
    })
}

/// What the ref must still stand for: in the project's repository, and in those that services have of their own.
fn ref_checks(
    facts: &Facts,
    code: &Code<'_>,
    ours: &Commit,
    builds: &[BuildRequest],
    chosen: &[ServiceName],
) -> Vec<RefCheck> {
    let check = |source: &Source, commit: &str| RefCheck {
        source: source.clone(),
        // A branch may have moved on since; what was proved has not.
        reference: match code.proved {
            Some(_) => Some(commit.to_owned()),
            None => code.reference.map(ToOwned::to_owned),
        },
        commit: commit.to_owned(),
    };
    let mut checks = vec![check(&facts.project.source, ours.id.as_str())];
    let built = builds.iter().map(|build| (&build.source, build.commit.as_str()));
    // Where builds come with the deploy, services of other repositories have none here.
    let services = chosen.iter().filter_map(|name| facts.project.services.get(name)?.source.as_ref());
    let own = services.map(|source| (source, facts.commit_of(source, ours).id.as_str()));
    for (source, commit) in built.chain(own) {
        if checks.iter().all(|it| it.source.repository != source.repository || it.commit != commit) {
            checks.push(check(source, commit));
        }
    }
    checks
}

/// The run that makes a release is known only when the plan becomes a run; until then its digest must not depend on it.
pub(super) fn placeholder_run() -> RunId {
    RunId::from_random(0, 4)
}

pub(super) fn step(title: &str, says: String, kind: StepKind) -> PlannedStep {
    PlannedStep { title: title.to_owned(), says, kind }
}

pub(super) fn names(services: &[ServiceName]) -> String {
    services.iter().map(ServiceName::as_str).collect::<Vec<_>>().join(", ")
}

/// Migrations of the commit that the database has not had.
pub(super) fn pending(facts: &Facts, migrate: MigrateChoice) -> Result<Vec<Migration>, PlanProblem> {
    let mut pending = Vec::new();
    for migration in &facts.migrations {
        match facts.applied.iter().find(|had| had.version == migration.version) {
            None => pending.push(migration.clone()),
            Some(had) if had.differs_from(migration) => {
                return Err(PlanProblem::new(
                    "migration-changed",
                    format!(
                        "migration {} was applied to {} with other statements than it has in the code now",
                        migration.title(),
                        facts.environment.environment
                    ),
                    "put the old statements back and write a new migration for the change",
                ));
            }
            Some(_) => {}
        }
    }
    Ok(if migrate == MigrateChoice::Skip { Vec::new() } else { pending })
}

/// What the lint has to say of pending migrations. Where nothing is live, nothing has to live with them.
pub(super) fn findings(facts: &Facts, pending: &[Migration]) -> Vec<Finding> {
    if facts.live().is_none() {
        return Vec::new();
    }
    lint(pending, &facts.had_before(pending), facts.dialect())
}

/// What locks for long, or could not be read, is a risk to the traffic there is.
pub(super) fn slowing(risk: &mut Risk, findings: &[Finding]) {
    for finding in findings {
        match finding.effect {
            Effect::Breaks => {}
            Effect::Locks | Effect::Unread => risk.at_least(RiskLevel::Medium, finding.line()),
        }
    }
}

pub(super) fn newest_schema(facts: &Facts, pending: &[Migration]) -> Option<String> {
    let last_applied = facts.applied.iter().map(|had| had.version.clone()).max();
    pending.iter().map(|migration| migration.version.clone()).max().max(last_applied)
}

pub(super) fn probes(
    facts: &Facts,
    parts: &BTreeMap<ServiceName, ServiceRelease>,
    chosen: &[ServiceName],
) -> Vec<ProbeCheck> {
    let Some(described) = facts.project.environments.get(&facts.environment.environment) else {
        return Vec::new();
    };
    chosen
        .iter()
        .filter(|name| described.edge.contains_key(*name))
        .filter_map(|name| {
            let part = parts.get(name)?;
            let health = part.set.as_ref()?.health.as_ref()?;
            Some(ProbeCheck { service: name.clone(), path: health.path.clone(), release: Some(part.origin) })
        })
        .collect()
}

/// Every set of the chosen services that the new state does not hold.
pub(super) fn retire(
    facts: &Facts,
    parts: &BTreeMap<ServiceName, ServiceRelease>,
    chosen: &[ServiceName],
) -> Vec<(ServiceName, u32)> {
    let mut retire = Vec::new();
    for name in chosen {
        let keep = parts.get(name).map(|part| part.origin);
        for set in facts.observed.services.get(name).map(|there| there.sets.as_slice()).unwrap_or_default() {
            if Some(set.release) != keep {
                retire.push((name.clone(), set.release));
            }
        }
    }
    retire
}

pub(super) fn shifts(
    facts: &Facts,
    parts: &BTreeMap<ServiceName, ServiceRelease>,
    chosen: &[ServiceName],
) -> Vec<Shift> {
    chosen
        .iter()
        .filter_map(|name| {
            let before = facts.weights.get(name).cloned().unwrap_or_default();
            let after = match parts.get(name) {
                Some(part) => vec![Weight { release: part.set.as_ref()?.release, percent: 100 }],
                None if before.is_empty() => return None,
                None => Vec::new(),
            };
            Some(Shift { service: name.clone(), before, after })
        })
        .collect()
}

pub(super) fn schedule_changes(
    facts: &Facts,
    parts: &BTreeMap<ServiceName, ServiceRelease>,
    chosen: &[ServiceName],
) -> Vec<ScheduleChange> {
    chosen
        .iter()
        .filter_map(|name| {
            let before = facts.observed.services.get(name).and_then(|there| there.schedule.clone());
            let after = parts.get(name).and_then(|part| part.schedule.clone());
            (before.is_some() || after.is_some()).then(|| ScheduleChange {
                service: name.clone(),
                before,
                after,
            })
        })
        .collect()
}
