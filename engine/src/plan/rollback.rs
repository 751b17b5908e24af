//! Rollback: traffic first, then release, then config. "Previous" always means the last stable release.

use std::collections::{BTreeMap, BTreeSet};

use super::again::number_after;
use super::changes::release_name;
use super::component;
use super::deploy::{
    VERIFY_FAILURES_MAX, VERIFY_REQUESTS, names, placeholder_run, probes, retire, schedule_changes, shifts,
    step,
};
use super::drift::as_asked;
use super::variables::variable_lines;
use super::{DiffLine, Facts, Plan, PlanProblem, Risk, RiskLevel, WayBack, breaking, lint};
use crate::model::{
    Release, ReleaseId, ReleaseState, RollbackTarget, RunRequest, ServiceName, ServiceRelease,
};
use crate::ports::{BuildRequest, ConfigSet, InstanceSet, Migration};
use crate::step::{
    DesiredChange, Finalize, Preflight, PutConfig, PutSchedules, Serve, ShiftTraffic, StepKind, Verify,
};

pub(super) fn plan(
    request: &RunRequest,
    facts: &Facts,
    services: &[ServiceName],
    to: &RollbackTarget,
    taking_back: Option<u32>,
) -> Result<Plan, PlanProblem> {
    let environment = &facts.environment.environment;
    let described = facts.described()?;
    let live = facts.live().ok_or_else(|| {
        PlanProblem::new(
            "nothing-live",
            format!("nothing is live in {environment}, so there is nothing to roll back"),
            format!("deploy {environment}"),
        )
    })?;
    let target = target(facts, live, services, to)?;
    // What is live in the record may not be what people are sent to.
    let astray = facts.astray();
    let restores = target.id.number == live.id.number;
    if restores && astray.is_empty() {
        return Err(PlanProblem::new(
            "already-live",
            format!("release {} ({}) is live in {environment} already", live.id.number, live.reference),
            format!("releases {environment}"),
        ));
    }
    // It may have waited behind a run that put something else live.
    if let Some(gone) = taking_back.filter(|gone| *gone != live.id.number) {
        return Err(PlanProblem::new(
            "not-live",
            format!(
                "{environment} runs release {} ({}) by now, and not release {gone}, which this takes back",
                live.id.number, live.reference
            ),
            format!("releases {environment}"),
        ));
    }
    schema_fits(facts, target)?;

    let chosen: Vec<ServiceName> =
        facts.chosen(services).into_iter().filter(|name| target.services.contains_key(name)).collect();
    let whole = facts.chosen(services).len() == facts.project.services.len();
    if !whole && !restores {
        has_another(target, live, services, &chosen)?;
    }
    let mut parts: BTreeMap<ServiceName, ServiceRelease> =
        if whole { BTreeMap::new() } else { live.services.clone() };
    for name in &chosen {
        let Some(mut part) = target.services.get(name).cloned() else { continue };
        // What is up already keeps what it was started with: nothing of it is started again.
        if !restores && starts(facts, name, &part) {
            part.config = facts.with_newest_secrets(&facts.told_as_then(&part.config));
        }
        as_asked(&mut part, name, &facts.desired);
        parts.insert(name.clone(), part);
    }

    let forward = target.id.number > live.id.number;
    let gone = if restores { named_releases(&astray) } else { format!("release {}", live.id.number) };
    let release = (!whole && !restores).then(|| {
        let number = number_after(facts);
        Release {
            id: ReleaseId { environment: facts.environment.clone(), number },
            reference: format!("{} for {}", target.reference, names(&chosen)),
            commit: target.commit.clone(),
            subject: target.subject.clone(),
            run: placeholder_run(),
            state: ReleaseState::Making,
            services: parts.clone(),
            schema: None,
            made_ms: 0,
            live_ms: None,
        }
    });
    let live_after = release.as_ref().map_or(target.id.number, |release| release.id.number);

    let mut risk = Risk::low();
    if described.production {
        risk.at_least(RiskLevel::Medium, "production");
    }
    if let Some(why) = &facts.migrations_unread {
        risk.at_least(
            RiskLevel::High,
            format!("whether it can live with the schema could not be checked: {why}"),
        );
    }
    let proof = vec![format!("{gone} keeps running until release {} is verified", target.id.number)];
    let lacks: Vec<String> = facts
        .migrations_unread
        .iter()
        .map(|_| {
            format!(
                "whether the releases can live with the schema could not be checked: `dry run rollback {environment}` tries \
                 it again"
            )
        })
        .collect();
    let (missing_sets, missing_configs) = missing(facts, &parts, &chosen);
    // A service the target does not know goes away with the release that brought it.
    let mut affected = chosen.clone();
    if whole {
        affected.extend(facts.running_beside(&parts));
    }
    let mut notes = vec!["migrations stay: going back over a schema loses data".to_owned()];
    let mut steps = vec![
        step(
            "preflight",
            if facts.capabilities.builds_on_deploy {
                "the platform answers; it builds what it has to".to_owned()
            } else {
                "tools, disk and ports are there; the build is".to_owned()
            },
            StepKind::Preflight(Preflight { shape: facts.shape()?, builds: builds(facts, &parts, &chosen) }),
        ),
        step(
            "config",
            match missing_configs.len() {
                0 => format!("kept since release {}, nothing to write", target.id.number),
                _ => format!("as it was in release {}, secrets as they are now", target.id.number),
            },
            StepKind::PutConfig(PutConfig { configs: missing_configs, of_earlier: true }),
        ),
        step(
            "bring up",
            format!("{} of release {}, until healthy", names(&chosen), target.id.number),
            StepKind::Serve(Serve { sets: missing_sets, shifts: shifts(facts, &parts, &chosen) }),
        ),
        step(
            "traffic",
            format!("all of it to release {}, read back", target.id.number),
            StepKind::ShiftTraffic(ShiftTraffic { shifts: shifts(facts, &parts, &affected) }),
        ),
        step(
            "cron",
            format!("schedules run release {}", target.id.number),
            StepKind::PutSchedules(PutSchedules { changes: schedule_changes(facts, &parts, &affected) }),
        ),
        step(
            "verification",
            format!("{VERIFY_REQUESTS} requests through the edge to each service"),
            StepKind::Verify(Verify {
                probes: probes(facts, &parts, &chosen),
                requests: VERIFY_REQUESTS,
                failures_max: VERIFY_FAILURES_MAX,
            }),
        ),
        step(
            "release",
            if forward {
                format!("{gone} ended, automatic deploys not held")
            } else {
                format!("{gone} ended, automatic deploys held until a person deploys")
            },
            StepKind::Finalize(Finalize {
                retire: retire(facts, &parts, &affected),
                changes: vec![
                    DesiredChange::Live {
                        release: live_after,
                        // Going forward again says nothing against what was live meanwhile.
                        took_back: target.id.number < live.id.number,
                        schema: facts.schema_applied(live),
                    },
                    DesiredChange::Held {
                        // A hold is for going back: it keeps what was taken back from coming again by itself.
                        reason: (!forward).then(|| {
                            if restores {
                                format!("brought back from {gone}")
                            } else {
                                format!("rolled back from release {} ({})", live.id.number, live.reference)
                            }
                        }),
                    },
                ],
            }),
        ),
    ];

    let configs = chosen.iter().filter_map(|name| Some(&parts.get(name)?.config));
    if let Some(shape) = component::brought_back(facts, configs) {
        notes.push(
            "components that were removed since are brought back for it; the description stays without them"
                .to_owned(),
        );
        steps.insert(1, shape);
    }
    let rotated: Vec<DiffLine> = chosen
        .iter()
        .filter_map(|name| Some((name, target.services.get(name)?, parts.get(name)?)))
        .flat_map(|(name, then, now)| variable_lines(name, &then.config, &now.config))
        .collect();
    if !rotated.is_empty() {
        notes.push(
            "a secret that was rotated since does not come back: the newest version is used".to_owned(),
        );
    }
    let mut diff: Vec<DiffLine> = chosen
        .iter()
        .filter_map(|name| {
            let after = parts.get(name)?;
            let before = if restores {
                Some(gone.clone())
            } else {
                live.services.get(name).map(|part| release_name(live, part))
            };
            Some(DiffLine::new(name.as_str(), before, Some(release_name(target, after))))
        })
        .collect();
    // What is live may have been given other variables since, with the same code.
    let served = chosen.iter().filter(|_| !restores);
    let pairs = served.filter_map(|name| Some((name, live.services.get(name)?, parts.get(name)?)));
    diff.extend(pairs.flat_map(|(name, now, then)| variable_lines(name, &now.config, &then.config)));
    for line in rotated {
        if diff.iter().all(|other| other.what != line.what) {
            diff.push(line);
        }
    }
    Ok(Plan {
        title: {
            let (roll, way) = match (restores, forward) {
                (true, _) => ("Bring", "back"),
                (false, false) => ("Roll", "back"),
                (false, true) => ("Roll", "forward"),
            };
            format!("{roll} {environment} {way} to release {} ({})", target.id.number, target.reference)
        },
        environment: facts.environment.clone(),
        run_type: request.change.run_type().to_owned(),
        steps,
        diff,
        commits: Vec::new(),
        risk,
        way_back: WayBack {
            release: Some(live.id.number),
            say: if restores {
                format!("deploy {environment} brings the newer code back, as a new release")
            } else {
                format!("rollback {environment} to release {0} brings release {0} back", live.id.number)
            },
            proof,
            proved: lacks.is_empty(),
            lacks,
        },
        notes,
        observed: facts.observed_lines(),
        release,
        destructive: false,
        stays: false,
        told: Vec::new(),
    })
}

/// "release 3", "releases 3 and 4".
fn named_releases(numbers: &BTreeSet<u32>) -> String {
    let names: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [one] => format!("release {one}"),
        many => format!("releases {}", many.join(" and ")),
    }
}

/// What to type where nobody can go back to what was named: the newest other release that worked.
fn instead(facts: &Facts, live: &Release) -> String {
    let environment = &facts.environment.environment;
    let worked =
        |release: &&Release| release.id.number != live.id.number && release.state == ReleaseState::Superseded;
    match facts.releases.iter().find(worked) {
        Some(release) => format!("rollback {environment} to {}", release.reference),
        None => format!("releases {environment}"),
    }
}

/// The release people mean.
fn target<'a>(
    facts: &'a Facts,
    live: &'a Release,
    services: &[ServiceName],
    to: &RollbackTarget,
) -> Result<&'a Release, PlanProblem> {
    let environment = &facts.environment.environment;
    let good = |release: &&Release| {
        release.id.number != live.id.number
            && matches!(release.state, ReleaseState::Superseded | ReleaseState::Live)
    };
    match to {
        // People are sent to something newer that never went live: the last stable release is the live one.
        RollbackTarget::Previous if !facts.astray().is_empty() => Ok(live),
        RollbackTarget::Previous => facts.previous(services).ok_or_else(|| {
            let before = format!("{environment} had no release before {} that worked", live.id.number);
            let what = match services {
                [] => before,
                services => format!("{before} and had an older {}", names(services)),
            };
            PlanProblem::new("no-way-back", what, format!("releases {environment}"))
        }),
        RollbackTarget::Release(number) => {
            let found = facts.releases.iter().find(|release| release.id.number == *number);
            match found {
                Some(release)
                    if release.id.number == live.id.number || good(&release) || release.live_ms.is_some() =>
                {
                    Ok(release)
                }
                Some(release) => Err(PlanProblem::new(
                    "never-live",
                    format!(
                        "release {number} of {environment} never worked: it is {}",
                        release.state.as_str()
                    ),
                    instead(facts, live),
                )),
                None => Err(PlanProblem::new(
                    "unknown-release",
                    format!("{environment} has no release {number}"),
                    instead(facts, live),
                )),
            }
        }
        // What is live is meant before what was called the same earlier.
        RollbackTarget::Reference(reference) if live.is_called(reference) => Ok(live),
        RollbackTarget::Reference(reference) => {
            let called = || facts.releases.iter().filter(|release| release.is_called(reference));
            // One that was taken back served all the same, and whoever names it means it.
            let found = called().find(good).or_else(|| called().find(|release| release.live_ms.is_some()));
            found.ok_or_else(|| {
                PlanProblem::new(
                    "unknown-release",
                    format!("{environment} never ran {reference} successfully"),
                    instead(facts, live),
                )
            })
        }
    }
}

/// Refuses to take a few services back to a release that has none of them, or the very ones that are live.
fn has_another(
    target: &Release,
    live: &Release,
    named: &[ServiceName],
    chosen: &[ServiceName],
) -> Result<(), PlanProblem> {
    let environment = &live.id.environment.environment;
    let release = format!("release {} ({})", target.id.number, target.reference);
    let problem = |code, what| Err(PlanProblem::new(code, what, format!("releases {environment}")));
    if chosen.is_empty() {
        return problem("unknown-service", format!("{release} of {environment} had no {}", names(named)));
    }
    if target.differs_in(live, chosen) {
        return Ok(());
    }
    problem("already-live", format!("{} in {environment} is as it was in {release} already", names(chosen)))
}

/// Refuses a way back over a schema change the target can't live with.
fn schema_fits(facts: &Facts, target: &Release) -> Result<(), PlanProblem> {
    let newer: Vec<Migration> = facts
        .migrations
        .iter()
        .filter(|migration| facts.applied.iter().any(|had| had.version == migration.version))
        // A target from before there were migrations knows none of them.
        .filter(|migration| target.schema.as_ref().is_none_or(|schema| migration.version > *schema))
        .cloned()
        .collect();
    let breaking = breaking(&lint(&newer, &facts.had_before(&newer), facts.dialect()));
    if breaking.is_empty() {
        return Ok(());
    }
    Err(PlanProblem::new(
        "schema-incompatible",
        format!(
            "release {} ({}) can't live with the schema as it is now: {}",
            target.id.number,
            target.reference,
            breaking.join("; ")
        ),
        "deploy a mended release, or one that is newer than these migrations",
    ))
}

pub(super) fn builds(
    facts: &Facts,
    parts: &BTreeMap<ServiceName, ServiceRelease>,
    chosen: &[ServiceName],
) -> Vec<BuildRequest> {
    let mut builds: Vec<BuildRequest> = Vec::new();
    if facts.capabilities.builds_on_deploy {
        return builds;
    }
    for name in chosen {
        let (Some(part), Some(service)) = (parts.get(name), facts.service(name)) else { continue };
        if builds.iter().all(|build| build.key != part.build) {
            // As it was built then: the key names that code and that command. Releases made before these were kept
            // can only be built as the project says now.
            let (source, command) = match &part.source {
                // What it is read with is as it is today: the login of then may be gone.
                Some(source) => {
                    let mut source = source.clone();
                    let today = facts.project.source_of(&service);
                    if today.repository == source.repository {
                        source.credentials.clone_from(&today.credentials);
                    }
                    (source, part.build_command.clone())
                }
                None => (facts.project.source_of(&service).clone(), service.build.clone()),
            };
            builds.push(BuildRequest {
                key: part.build.clone(),
                source,
                commit: part.commit.clone(),
                command,
            });
        }
    }
    builds
}

/// Whether the platform has nothing of this release of a service up, so that going back starts it anew.
pub(super) fn starts(facts: &Facts, name: &ServiceName, part: &ServiceRelease) -> bool {
    let Some(there) = facts.observed.services.get(name) else { return true };
    if let Some(set) = &part.set {
        return there.sets.iter().all(|other| other.release != set.release);
    }
    let release = part.schedule.as_ref().map(|schedule| schedule.release);
    there.schedule.as_ref().map(|schedule| schedule.release) != release
}

/// What must be brought up of the target: sets that are not up, and the configurations of what is not. A configuration may
/// be there still; whether it is does not matter to the plan, for it may be tidied away between an approval and the start.
fn missing(
    facts: &Facts,
    parts: &BTreeMap<ServiceName, ServiceRelease>,
    chosen: &[ServiceName],
) -> (Vec<InstanceSet>, Vec<ConfigSet>) {
    let (mut sets, mut configs) = (Vec::new(), Vec::new());
    for name in chosen {
        let Some(part) = parts.get(name) else { continue };
        let there = facts.observed.services.get(name);
        if let Some(set) = &part.set {
            let up = there.is_some_and(|there| {
                there.sets.iter().any(|other| other.release == set.release && other.replicas == set.replicas)
            });
            if !up {
                sets.push(set.clone());
            }
        }
        let fingerprint = there.and_then(|there| there.config.get(&part.origin));
        if starts(facts, name, part) || fingerprint != Some(&part.config.fingerprint) {
            configs.push(part.config.clone());
        }
    }
    (sets, configs)
}
