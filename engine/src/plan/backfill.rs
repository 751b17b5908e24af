//! A backfill: a job, batch after batch, by a command of the live release or by statements on its database. Nothing of the release
//! changes.

use super::deploy::step;
use super::operate::{Draft, finish, live, preflight};
use super::{DiffLine, Facts, Plan, PlanProblem};
use crate::backfill::{Fill, batch_at};
use crate::model::{Change, Job, JobName, RunRequest};
use crate::ports::{DatabaseAt, JobCall};
use crate::step::{JobWork, RunJob, SqlWork, StepKind};

pub(super) fn plan(request: &RunRequest, facts: &Facts) -> Result<Plan, PlanProblem> {
    let Change::Backfill { job, batch_size, rate_per_min, max_runtime_s, hours, resume } = &request.change
    else {
        return Err(PlanProblem::new("no-backfill", "this is no backfill", "help backfill"));
    };
    let environment = &facts.environment.environment;
    let described = facts.project.jobs.get(job).ok_or_else(|| {
        let known: Vec<&str> = facts.project.jobs.keys().map(crate::model::JobName::as_str).collect();
        let next = match known.as_slice() {
            [] => "add it under `jobs:` in the project's file and import it".to_owned(),
            known => format!("its jobs are {}", known.join(", ")),
        };
        PlanProblem::new("unknown-job", format!("{} has no job {job}", facts.project.project), next)
    })?;
    live(facts, "fill")?;
    if *batch_size == 0 || *rate_per_min == 0 {
        let next = format!("backfill {job} in {environment} batch size 500 at 500/min");
        return Err(PlanProblem::new("bad-value", "a batch and a minute have one row at least", next));
    }
    let before = facts.backfilled.as_deref();
    let from = match (resume, before) {
        (false, _) => None,
        (true, Some(before)) if !before.done => Some(before.place.clone()),
        (true, Some(_)) => {
            return Err(PlanProblem::new(
                "nothing-to-resume",
                format!(
                    "the job {job} has come to its end in {environment}, so there is nothing to go on with"
                ),
                format!("backfill {job} in {environment}"),
            ));
        }
        (true, None) => {
            return Err(PlanProblem::new(
                "nothing-to-resume",
                format!("the job {job} was never begun in {environment}"),
                format!("backfill {job} in {environment}"),
            ));
        }
    };
    let batch = batch_at(*rate_per_min, *batch_size);
    let mut notes = Vec::new();
    if batch < *batch_size {
        notes.push(format!("batches of {batch} rows instead of {batch_size}: larger ones would not keep to {rate_per_min} a minute"));
    }
    match (&from, before) {
        (Some(place), _) => notes.push(format!(
            "goes on behind row {}, where {} rows are done",
            place.cursor.as_ref().map_or("none", |cursor| cursor.as_str()),
            place.rows
        )),
        (None, Some(before)) if !before.done => notes.push(format!(
            "begins anew; the one that stopped after {} rows is gone on with by `backfill-resume {job} in {environment}`",
            before.place.rows
        )),
        (None, _) => {}
    }
    notes.push(format!(
        "{environment} is taken while it works: deploys wait; `backfill-stop {job} in {environment}` lets them by, and keeps its place"
    ));
    if let Some(hours) = hours {
        notes.push(format!("works at {hours} only"));
    }
    if let Some(max_s) = max_runtime_s {
        notes.push(format!("stops after {max_s} s at the latest, and can be resumed"));
    }
    let (call, filled) = work(facts, job, described, batch)?;
    let verb = if from.is_some() { "Go on with" } else { "Run" };
    finish(
        request,
        facts,
        Draft {
            title: format!("{verb} {job} in {environment} at {rate_per_min} rows a minute"),
            steps: vec![
                preflight(facts)?,
                step(
                    "backfill",
                    format!("{batch} rows a batch, at most {rate_per_min} a minute"),
                    StepKind::RunJob(Box::new(RunJob {
                        call,
                        rate_per_min: *rate_per_min,
                        max_runtime_s: *max_runtime_s,
                        hours: *hours,
                        from,
                    })),
                ),
            ],
            diff: vec![DiffLine::new("data", None, Some(filled))],
            way_back: format!(
                "stop and resume: what is filled stays filled; `backfill-stop {job} in {environment}`, then `backfill-resume \
                 {job} in {environment}`"
            ),
            notes,
        },
    )
}

/// What a batch is made by, and how that is told.
fn work(facts: &Facts, job: &JobName, described: &Job, batch: u32) -> Result<(JobWork, String), PlanProblem> {
    let environment = &facts.environment.environment;
    match described {
        Job::Command(described) => {
            let service = &described.service;
            let part = live(facts, "fill")?.services.get(service).ok_or_else(|| {
                PlanProblem::new(
                    "not-deployed",
                    format!("the job {job} runs in {service}, which is not deployed in {environment}"),
                    format!("deploy {environment}"),
                )
            })?;
            let call = JobCall {
                job: job.clone(),
                service: service.clone(),
                release: part.origin,
                build: part.build.clone(),
                command: described.command.clone(),
                cursor: None,
                batch,
                limits: facts.service(service).map(|service| service.limits_in_force()).unwrap_or_default(),
            };
            let told =
                format!("rows that {job} fills, by `{}` of release {}", described.command, part.origin);
            Ok((JobWork::Command(call), told))
        }
        Job::Sql(described) => {
            let Some(component) = facts.components().swap_remove(&described.database) else {
                return Err(PlanProblem::new(
                    "unknown-component",
                    format!(
                        "the job {job} is of the database {}, which the project does not have",
                        described.database
                    ),
                    "mend it in the project's file and import it",
                ));
            };
            let fill = Fill::read(described, component.dialect()).map_err(|fault| {
                let next = "mend it in the project's file and import it";
                PlanProblem::new("bad-job", format!("the job {job}: {fault}"), next)
            })?;
            let database =
                DatabaseAt { component: described.database.clone(), url: component.url.clone(), notes: None };
            let told = format!(
                "`{}` in {}, a batch at a time by {}",
                fill.statement(),
                described.database,
                fill.key
            );
            Ok((JobWork::Sql(SqlWork { job: job.clone(), database, fill, batch }), told))
        }
    }
}
