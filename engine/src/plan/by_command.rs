//! Migrations that the application's own command applies: which command, in which built code, with whose variables.

use std::collections::BTreeMap;

use super::facts::build_key;
use super::{Facts, PlanProblem};
use crate::model::{Runner, Service, ServiceName, ServiceRelease};
use crate::ports::{BuildKey, BuildRequest, Commit, MigrateCommand, Migration};

/// What a plan needs to run it: its build, and the command.
type Planned = Option<(BuildRequest, MigrateCommand)>;

/// For a deploy: in the code that comes, with the configuration of the release it makes.
pub(super) fn of_deploy(
    facts: &Facts,
    commit: &Commit,
    parts: &BTreeMap<ServiceName, ServiceRelease>,
    pending: &[Migration],
) -> Result<Planned, PlanProblem> {
    let Some((runner, service)) = runner(facts) else { return Ok(None) };
    // Deployed before, or by this plan.
    let Some(part) = parts.get(&runner.service) else {
        let (name, environment) = (&runner.service, &facts.environment.environment);
        return Err(PlanProblem::new(
            "migrations-service",
            format!("the migrations run in {name}, and {environment} has no {name} yet"),
            format!("deploy {environment}"),
        ));
    };
    planned(facts, runner, &service, commit, part.origin, pending).map(Some)
}

/// For migrations alone: in the code that is meant, with the configuration of what is live.
pub(super) fn of_migrate(
    facts: &Facts,
    commit: &Commit,
    pending: &[Migration],
) -> Result<Planned, PlanProblem> {
    let Some((runner, service)) = runner(facts) else { return Ok(None) };
    let live = facts.live().and_then(|live| live.services.get(&runner.service));
    let Some(part) = live else {
        let (name, environment) = (&runner.service, &facts.environment.environment);
        return Err(PlanProblem::new(
            "migrations-service",
            format!(
                "the migrations run in {name} with its variables, and {name} is not live in {environment}: the first deploy \
                 brings them along"
            ),
            format!("deploy {environment}"),
        ));
    };
    planned(facts, runner, &service, commit, part.origin, pending).map(Some)
}

/// What a card says of it.
pub(super) fn note(command: &MigrateCommand) -> String {
    format!(
        "migrations are applied by `{}` in {}: in no transaction, and only as safe as what can be read of them",
        command.command, command.service
    )
}

/// Whether the description has such a command.
pub(super) fn is_used(facts: &Facts) -> bool {
    runner(facts).is_some()
}

fn runner(facts: &Facts) -> Option<(&Runner, Service)> {
    let runner = facts.project.migrations.as_ref()?.runner.as_ref()?;
    Some((runner, facts.service(&runner.service)?))
}

fn planned(
    facts: &Facts,
    runner: &Runner,
    service: &Service,
    commit: &Commit,
    release: u32,
    pending: &[Migration],
) -> Result<(BuildRequest, MigrateCommand), PlanProblem> {
    let source = facts.project.source_of(service).clone();
    let key: BuildKey = build_key(&source, &commit.id, service.build.as_deref());
    let database = facts.database_migrated().ok_or_else(|| {
        PlanProblem::new("no-migrations", "the description names no database for its migrations", "")
    })?;
    let build =
        BuildRequest { key: key.clone(), source, commit: commit.id.clone(), command: service.build.clone() };
    let command = MigrateCommand {
        service: runner.service.clone(),
        release,
        build: key,
        command: runner.command.clone(),
        timeout_s: runner.timeout_s,
        limits: service.limits_in_force(),
        database,
        versions: pending.iter().map(|one| one.version.clone()).collect(),
    };
    Ok((build, command))
}
