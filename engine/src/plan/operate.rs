//! The small run types: migrate, scale, restart, cron on and off, clear cache. Each keeps the live release.

use super::by_command;
use super::changes::new_migration;
use super::deploy::{
    VERIFY_FAILURES_MAX, VERIFY_REQUESTS, findings, names, newest_schema, pending, probes, slowing, step,
};
use super::{
    Alone, DiffLine, Facts, Plan, PlanProblem, PlannedStep, Risk, RiskLevel, WayBack, breaking, short,
    statements,
};
use crate::model::{Dialect, MigrateChoice, Release, RunRequest, ServiceName};
use crate::ports::{Language, Migration, Schedule};
use crate::step::{
    ApplyMigrations, ClearCache, DesiredChange, EnsureShape, Finalize, Preflight, PutSchedules, RefCheck,
    Replace, Resize, ResizeOne, ResolveRef, ScheduleChange, StepKind, Verify,
};

pub(super) struct Draft {
    pub(super) title: String,
    pub(super) steps: Vec<PlannedStep>,
    pub(super) diff: Vec<DiffLine>,
    pub(super) way_back: String,
    pub(super) notes: Vec<String>,
}

pub(super) fn finish(request: &RunRequest, facts: &Facts, draft: Draft) -> Result<Plan, PlanProblem> {
    let mut risk = Risk::low();
    if facts.described()?.production {
        risk.at_least(RiskLevel::Medium, "production");
    }
    Ok(Plan {
        title: draft.title,
        environment: facts.environment.clone(),
        run_type: request.change.run_type().to_owned(),
        steps: draft.steps,
        diff: draft.diff,
        commits: Vec::new(),
        risk,
        way_back: WayBack {
            release: facts.desired.live,
            say: draft.way_back,
            proof: vec!["the live release stays".to_owned()],
            lacks: Vec::new(),
            proved: true,
        },
        notes: draft.notes,
        observed: facts.observed_lines(),
        release: None,
        destructive: false,
        stays: false,
        told: Vec::new(),
    })
}

pub(super) fn live<'a>(facts: &'a Facts, wanted: &str) -> Result<&'a Release, PlanProblem> {
    let environment = &facts.environment.environment;
    facts.live().ok_or_else(|| {
        PlanProblem::new(
            "nothing-live",
            format!("nothing is live in {environment}, so there is nothing to {wanted}"),
            format!("deploy {environment}"),
        )
    })
}

pub(super) fn preflight(facts: &Facts) -> Result<PlannedStep, PlanProblem> {
    Ok(step(
        "preflight",
        "the platform is there and ready".to_owned(),
        StepKind::Preflight(Preflight { shape: facts.shape()?, builds: Vec::new() }),
    ))
}

pub(super) fn verification(facts: &Facts, live: &Release, chosen: &[ServiceName]) -> PlannedStep {
    step(
        "verification",
        format!("{VERIFY_REQUESTS} requests through the edge to each service"),
        StepKind::Verify(Verify {
            probes: probes(facts, &live.services, chosen),
            requests: VERIFY_REQUESTS,
            failures_max: VERIFY_FAILURES_MAX,
        }),
    )
}

fn record(changes: Vec<DesiredChange>) -> PlannedStep {
    step(
        "finalize",
        "the new state is recorded".to_owned(),
        StepKind::Finalize(Finalize { retire: Vec::new(), changes }),
    )
}

/// The served services of the live release among those named.
fn served(
    facts: &Facts,
    live: &Release,
    named: &[ServiceName],
    wanted: &str,
) -> Result<Vec<ServiceName>, PlanProblem> {
    let served: Vec<ServiceName> = facts
        .chosen(named)
        .into_iter()
        .filter(|name| live.services.get(name).is_some_and(|part| part.set.is_some()))
        .collect();
    if let Some(other) = named.iter().find(|name| !served.contains(name)) {
        return Err(PlanProblem::new(
            "not-served",
            format!(
                "{other} has no processes that could be {wanted}: it runs on a schedule or is not deployed"
            ),
            format!("status {}", facts.environment.environment),
        ));
    }
    if served.is_empty() {
        let environment = &facts.environment.environment;
        return Err(PlanProblem::new(
            "nothing-served",
            format!("no service of {environment} has processes, so there is nothing to be {wanted}"),
            format!("deploy {environment}"),
        ));
    }
    Ok(served)
}

pub(super) fn migrate(request: &RunRequest, facts: &Facts) -> Result<Plan, PlanProblem> {
    let environment = &facts.environment.environment;
    let database = facts.database_migrated().ok_or_else(|| {
        PlanProblem::new(
            "no-migrations",
            format!("{} has no migrations in its description", facts.project.project),
            "add `migrations:` to the project's file and import it",
        )
    })?;
    let commit = facts.commit.as_ref().ok_or_else(|| {
        PlanProblem::new(
            "nothing-live",
            format!("nothing is live in {environment}, so say which ref's migrations you mean"),
            format!("migrate {environment} ref main"),
        )
    })?;
    let pending = pending(facts, MigrateChoice::First)?;
    let findings = findings(facts, &pending);
    let breaking = breaking(&findings);
    let breaks = (!breaking.is_empty()).then(|| breaking.join("; "));
    let alone = outside_transactions(&pending, facts.dialect());
    let command = match pending.as_slice() {
        [] => None,
        pending => by_command::of_migrate(facts, commit, pending)?,
    };
    let ready = match &command {
        None => preflight(facts)?,
        Some((build, _)) => step(
            "preflight",
            format!("tools, disk and ports are there; {} builds", short(&commit.id)),
            StepKind::Preflight(Preflight { shape: facts.shape()?, builds: vec![build.clone()] }),
        ),
    };
    let by_command = by_command::is_used(facts);
    let notes = command.iter().map(|(_, command)| by_command::note(command)).collect();
    let diff = pending.iter().map(new_migration).collect();
    let reference = match &request.change {
        crate::model::Change::Migrate { reference } => reference.clone(),
        _ => None,
    };
    let changes = match facts.desired.live {
        Some(release) => {
            vec![DesiredChange::Live { release, took_back: false, schema: newest_schema(facts, &pending) }]
        }
        None => Vec::new(),
    };
    let mut plan = finish(
        request,
        facts,
        Draft {
            title: format!("Run migrations of {} on {environment}", short(&commit.id)),
            steps: vec![
                step(
                    "resolve ref",
                    format!("{}, {}", short(&commit.id), commit.subject),
                    StepKind::ResolveRef(ResolveRef {
                        checks: vec![RefCheck {
                            source: facts.project.source.clone(),
                            reference: Some(reference.unwrap_or_else(|| commit.id.clone())),
                            commit: commit.id.clone(),
                        }],
                    }),
                ),
                ready,
                step(
                    "reconcile shape",
                    "the database is there".to_owned(),
                    StepKind::EnsureShape(EnsureShape { shape: facts.shape()? }),
                ),
                step(
                    "migrations",
                    match pending.len() {
                        0 => "nothing to migrate".to_owned(),
                        count if command.is_some() => format!("{count} pending, in no transaction"),
                        count if alone.is_empty() => format!("{count} pending, each in a transaction"),
                        count => {
                            format!("{count} pending, each in a transaction but for {}", alone.join(", "))
                        }
                    },
                    StepKind::ApplyMigrations(ApplyMigrations {
                        database,
                        migrations: pending,
                        dialect: facts.dialect(),
                        findings: findings.clone(),
                        breaks: breaks.clone(),
                        first: facts.live().is_none(),
                        command: command.map(|(_, command)| Box::new(command)),
                    }),
                ),
                record(changes),
            ],
            diff,
            way_back: if by_command {
                "migrations stay once applied; they are in no transaction, so one that fails may be done in part"
                    .to_owned()
            } else if alone.is_empty() {
                "migrations stay once applied; each is applied whole or not at all".to_owned()
            } else {
                format!("migrations stay once applied, each whole or not at all but for {}", alone.join(", "))
            },
            notes,
        },
    )?;
    slowing(&mut plan.risk, &findings);
    if let Some(why) = breaks {
        plan.way_back.lacks.push(format!(
            "it can't live with the schema: {why}; deploy first what can do without, and migrate afterwards"
        ));
        plan.way_back.proved = false;
        plan.risk.at_least(RiskLevel::High, format!("the live release can't live with the schema: {why}"));
    }
    Ok(plan)
}

/// The versions of those that PostgreSQL can't run in a transaction.
fn outside_transactions(pending: &[Migration], dialect: Dialect) -> Vec<String> {
    let is_alone = |one: &&Migration| {
        dialect == Dialect::Postgres
            && one.language == Language::Sql
            && statements(&one.sql, dialect).is_ok_and(|all| all.iter().any(|one| Alone::of(one).is_some()))
    };
    pending.iter().filter(is_alone).map(|one| one.version.clone()).collect()
}

pub(super) fn scale(
    request: &RunRequest,
    facts: &Facts,
    named: &[ServiceName],
    replicas: u32,
) -> Result<Plan, PlanProblem> {
    let live = live(facts, "scale")?;
    let chosen = served(facts, live, named, "scaled")?;
    if replicas == 0 {
        return Err(PlanProblem::new(
            "bad-replicas",
            "a service with traffic needs at least one replica",
            format!("scale {} to 1 in {}", names(&chosen), facts.environment.environment),
        ));
    }
    let most = facts.capabilities.replicas_max;
    if replicas > most {
        return Err(PlanProblem::new(
            "bad-replicas",
            format!("{replicas} replicas are too many here: a service has at most {most}"),
            format!("scale {} to {most} in {}", names(&chosen), facts.environment.environment),
        ));
    }
    let mut changes = Vec::new();
    let mut diff = Vec::new();
    let mut notes = Vec::new();
    for name in &chosen {
        let Some(mut before) = live.services.get(name).and_then(|part| part.set.clone()) else { continue };
        if let Some(there) = facts.observed.services.get(name)
            && let Some(set) = there.sets.iter().find(|set| set.release == before.release)
        {
            before.replicas = set.replicas;
        }
        if before.replicas == replicas {
            notes.push(format!("{name} has {replicas} replicas already"));
        } else {
            diff.push(DiffLine::new(
                format!("{name} replicas"),
                Some(before.replicas.to_string()),
                Some(replicas.to_string()),
            ));
        }
        let mut after = before.clone();
        after.replicas = replicas;
        changes.push(ResizeOne { before, after });
    }
    let back: Vec<String> = changes
        .iter()
        .map(|one| {
            format!(
                "scale {} {} to {}",
                facts.environment.environment, one.before.service, one.before.replicas
            )
        })
        .collect();
    let desired =
        chosen.iter().map(|name| DesiredChange::Replicas { service: name.clone(), replicas }).collect();
    finish(
        request,
        facts,
        Draft {
            title: format!("Scale {} in {} to {replicas}", names(&chosen), facts.environment.environment),
            steps: vec![
                preflight(facts)?,
                step(
                    "resize",
                    format!("{replicas} processes each, new ones waited for until healthy"),
                    StepKind::Resize(Resize { changes }),
                ),
                verification(facts, live, &chosen),
                record(desired),
            ],
            diff,
            way_back: back.join("; "),
            notes,
        },
    )
}

pub(super) fn restart(
    request: &RunRequest,
    facts: &Facts,
    named: &[ServiceName],
) -> Result<Plan, PlanProblem> {
    let live = live(facts, "restart")?;
    let chosen = served(facts, live, named, "restarted")?;
    let sets =
        chosen.iter().filter_map(|name| Some((name.clone(), live.services.get(name)?.origin))).collect();
    finish(
        request,
        facts,
        Draft {
            title: format!("Restart {} in {}", names(&chosen), facts.environment.environment),
            steps: vec![
                preflight(facts)?,
                step("restart", "one after the other, new before old".to_owned(), StepKind::Replace(Replace { sets })),
                verification(facts, live, &chosen),
            ],
            diff: chosen
                .iter()
                .map(|name| DiffLine::new(name.as_str(), Some("running".to_owned()), Some("fresh processes, same release".to_owned())))
                .collect(),
            way_back: "nothing changes but the processes; those that serve are kept until their successors are healthy".to_owned(),
            notes: Vec::new(),
        },
    )
}

pub(super) fn cron(
    request: &RunRequest,
    facts: &Facts,
    named: &[ServiceName],
    enabled: bool,
) -> Result<Plan, PlanProblem> {
    let live = live(facts, "switch on or off")?;
    let scheduled: Vec<(ServiceName, Schedule)> = facts
        .chosen(named)
        .into_iter()
        .filter_map(|name| {
            let planned = live.services.get(&name)?.schedule.clone()?;
            let there = facts.observed.services.get(&name).and_then(|there| there.schedule.clone());
            Some((name, there.unwrap_or(planned)))
        })
        .collect();
    if let Some(other) = named.iter().find(|name| scheduled.iter().all(|(there, _)| there != *name)) {
        return Err(PlanProblem::new(
            "not-scheduled",
            format!("{other} has no schedule: it is served, not run at times"),
            format!("status {}", facts.environment.environment),
        ));
    }
    let environment = &facts.environment.environment;
    if scheduled.is_empty() {
        return Err(PlanProblem::new(
            "not-scheduled",
            format!("nothing in {environment} runs on a schedule"),
            format!("status {environment}"),
        ));
    }
    let (word, other) = if enabled { ("on", "cron-disable") } else { ("off", "cron-enable") };
    let changes: Vec<ScheduleChange> = scheduled
        .iter()
        .map(|(name, before)| {
            let mut after = before.clone();
            after.enabled = enabled;
            ScheduleChange { service: name.clone(), before: Some(before.clone()), after: Some(after) }
        })
        .collect();
    let chosen: Vec<ServiceName> = scheduled.iter().map(|(name, _)| name.clone()).collect();
    let state = |on: bool| if on { "on".to_owned() } else { "off".to_owned() };
    let diff = scheduled
        .iter()
        .filter(|(_, before)| before.enabled != enabled)
        .map(|(name, before)| {
            DiffLine::new(format!("{name} schedule"), Some(state(before.enabled)), Some(state(enabled)))
        })
        .collect();
    finish(
        request,
        facts,
        Draft {
            title: format!("Switch {} {word} in {environment}", names(&chosen)),
            steps: vec![
                preflight(facts)?,
                step("cron", format!("schedules {word}"), StepKind::PutSchedules(PutSchedules { changes })),
                record(
                    chosen
                        .iter()
                        .map(|name| DesiredChange::Cron { service: name.clone(), enabled })
                        .collect(),
                ),
            ],
            diff,
            way_back: format!("{other} {environment}"),
            notes: Vec::new(),
        },
    )
}

pub(super) fn clear_cache(
    request: &RunRequest,
    facts: &Facts,
    named: &[ServiceName],
) -> Result<Plan, PlanProblem> {
    let live = live(facts, "clear")?;
    let chosen: Vec<ServiceName> =
        facts.chosen(named).into_iter().filter(|name| live.services.contains_key(name)).collect();
    finish(
        request,
        facts,
        Draft {
            title: format!("Clear the caches of {} in {}", names(&chosen), facts.environment.environment),
            steps: vec![
                preflight(facts)?,
                step(
                    "clear cache",
                    format!("of {}", names(&chosen)),
                    StepKind::ClearCache(ClearCache { services: chosen.clone() }),
                ),
                verification(facts, live, &chosen),
            ],
            diff: chosen
                .iter()
                .map(|name| {
                    DiffLine::new(
                        format!("{name} cache"),
                        Some("filled".to_owned()),
                        Some("empty".to_owned()),
                    )
                })
                .collect(),
            way_back: "caches fill again by themselves; the first requests are slower".to_owned(),
            notes: Vec::new(),
        },
    )
}
