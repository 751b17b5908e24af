//! What is wrong with what is live, outside of runs: server errors again and again, and instances that are not healthy any
//! more. Told once when it begins and once when it is over, also over a restart: what was told last is in what happened.

use serde_json::json;

use super::{Engine, Refusal};
use crate::clock::EpochMs;
use crate::model::{Actor, EnvironmentKey, Project, Release, RunId, ServiceName};
use crate::monitor::{LOOKED_BACK_S, ServerErrors};
use crate::ports::InstanceState;
use crate::run::{Happening, OnTrial, RunHappened, RunState};
use crate::store::{AuditEntry, Commit, StoreError};

/// An environment's newest runs among which a canary of the last minutes is looked for.
const RUNS_LOOKED_AT: i64 = 10;

/// Something that began or is over: the record's word and sentence, and what watchers are told.
type Change = (&'static str, String, Happening);

impl Engine {
    /// Looks at a live release's answers and instances, and records what began or is over.
    pub(super) async fn look_at_symptoms(&self, live: &Release) -> Result<(), Refusal> {
        let key = &live.id.environment;
        let project = self.project_of(key).await?.value;
        let happened = self.store().happening_of_run(&live.run).await?;
        // A platform that does not answer is looked at later.
        let observed = self.ports().platform.observe(key).await.ok();
        let mut commit = noticed(&live.run, last_of(&happened), self.now_ms());
        for (service, part) in live.services.iter().filter(|(_, part)| part.set.is_some()) {
            let errors = match self.server_errors(&project, live, service).await {
                Some(seen) => {
                    // Asked for only where there is something to tell.
                    let since_ms = self.now_ms() - LOOKED_BACK_S * 1_000;
                    let beside =
                        if seen.are_repeated() { self.on_trial(live, since_ms).await? } else { None };
                    of_errors(&happened, service, live.id.number, seen, beside)
                }
                None => None,
            };
            let there = observed.as_ref().and_then(|observed| observed.services.get(service));
            let set = there.and_then(|there| there.sets.iter().find(|set| set.release == part.origin));
            let health = set.and_then(|set| {
                let unwell = set.instances.iter().find_map(|one| match &one.state {
                    InstanceState::Unhealthy { last } => Some(last.as_str()),
                    _ => None,
                });
                of_health(&happened, service, unwell)
            });
            let health = match health {
                Some((action, say, Happening::Unwell { service, why, .. })) => {
                    let beside = self.on_trial(live, self.now_ms() - LOOKED_BACK_S * 1_000).await?;
                    let say =
                        beside.iter().fold(say, |say, beside| format!("{say}, {}", beside.until_just_now()));
                    Some((action, say, Happening::Unwell { service, why, beside }))
                }
                health => health,
            };
            for (action, say, what) in errors.into_iter().chain(health) {
                commit.happenings.push((live.run.clone(), what));
                commit.audit.push(AuditEntry {
                    actor: Actor::system(),
                    action,
                    subject: service.to_string(),
                    environment: Some(key.clone()),
                    run: Some(live.run.clone()),
                    data: json!({ "say": say }),
                });
            }
        }
        if commit.happenings.is_empty() {
            return Ok(());
        }
        self.write_noticed(commit).await
    }

    /// Writes what this replica noticed, unless another was faster.
    pub(super) async fn write_noticed(&self, commit: Commit) -> Result<(), Refusal> {
        match self.write(commit).await {
            Err(StoreError::Conflict) => Ok(()),
            written => Ok(written?),
        }
    }

    /// What a live service answered lately, by the signals it is judged by; nothing when they can't be had, because another
    /// program has them or the metrics server does not answer.
    async fn server_errors(
        &self,
        project: &Project,
        live: &Release,
        service: &ServiceName,
    ) -> Option<ServerErrors> {
        let key: &EnvironmentKey = &live.id.environment;
        let part = live.services.get(service)?;
        let queries = project.service_in(&key.environment, service).and_then(|service| service.signals);
        let since_s = self.now_ms().div_euclid(1_000) - LOOKED_BACK_S;
        // What came while another release was live is that one's.
        let after_s = since_s.max(live.live_ms.unwrap_or_default().div_euclid(1_000));
        match self.ports().signals.seen(key, service, queries.as_ref(), after_s).await {
            Ok(seen) => Some(ServerErrors::of(&seen, part.origin, after_s)),
            Err(error) => {
                tracing::debug!(%error, environment = %key, %service, "can't see what a live service answers");
                None
            }
        }
    }
}

impl Engine {
    /// The canary that has had a part of the traffic since then: what is wrong with what is live may be its doing.
    async fn on_trial(&self, live: &Release, since_ms: EpochMs) -> Result<Option<OnTrial>, Refusal> {
        for run in self.store().run_by_environment(&live.id.environment, RUNS_LOOKED_AT).await? {
            // What came while it was on trial is not seen any more once it is live, nor when it is long gone.
            let is_meant = !matches!(run.state, RunState::Succeeded { .. })
                && run.finished_ms.is_none_or(|finished_ms| finished_ms >= since_ms);
            let trial = if is_meant { self.store().trial_get(&run.id).await? } else { None };
            let Some(weight_pct) = trial.and_then(|trial| Some(trial.at_hand()?.weight_pct)) else {
                continue;
            };
            if let Some(release) = self.store().plan_get(&run.id).await?.and_then(|plan| plan.release) {
                return Ok(Some(OnTrial { run: run.id, release: release.id.number, weight_pct }));
            }
        }
        Ok(None)
    }
}

/// A commit of what this replica noticed by itself. Another one that noticed the same at once was faster when something happened
/// to the run since then: it is a conflict.
pub(super) fn noticed(run: &RunId, since: i64, now_ms: EpochMs) -> Commit {
    Commit { since: Some((run.clone(), since)), ..Commit::at(now_ms) }
}

/// The last of what happened to a run.
pub(super) fn last_of(happened: &[RunHappened]) -> i64 {
    happened.last().map_or(0, |last| last.seq)
}

fn of_errors(
    happened: &[RunHappened],
    service: &ServiceName,
    release: u32,
    seen: ServerErrors,
    beside: Option<OnTrial>,
) -> Option<Change> {
    let told = happened.iter().rev().find_map(|one| match &one.what {
        Happening::ServerErrors { service: of, beside, .. } if of == service => Some(Some(beside.is_some())),
        Happening::ServerErrorsOver { service: of } if of == service => Some(None),
        _ => None,
    });
    let told = told.flatten();
    // What was put down to a canary and goes on without it is told once more: it is the live release's own.
    let is_told = told.is_some_and(|as_canary| !as_canary || beside.is_some() || !seen.are_repeated());
    let service = service.clone();
    if !is_told && seen.are_repeated() {
        let ServerErrors { requests, errors, .. } = seen;
        let say =
            format!("{errors} of {requests} requests in {LOOKED_BACK_S} s were answered with server errors");
        let say = beside.iter().fold(say, |say, beside| format!("{say} {beside}"));
        let over_s = LOOKED_BACK_S;
        let what = Happening::ServerErrors { service, release, requests, errors, over_s, beside };
        return Some(("service.errors", say, what));
    }
    (is_told && seen.are_over()).then(|| {
        let what = Happening::ServerErrorsOver { service };
        ("service.errors-over", "answered without server errors again".to_owned(), what)
    })
}

fn of_health(happened: &[RunHappened], service: &ServiceName, unwell: Option<&str>) -> Option<Change> {
    let is_told = last(happened, |what| match what {
        Happening::Unwell { service: of, .. } if of == service => Some(true),
        Happening::WellAgain { service: of } if of == service => Some(false),
        _ => None,
    });
    let service = service.clone();
    match unwell {
        Some(why) if !is_told => {
            let what = Happening::Unwell { service, why: why.to_owned(), beside: None };
            Some(("service.unhealthy", format!("unhealthy: {why}"), what))
        }
        None if is_told => {
            Some(("service.healthy", "healthy again".to_owned(), Happening::WellAgain { service }))
        }
        _ => None,
    }
}

/// Whether the last thing told about it is that it goes on.
fn last(happened: &[RunHappened], told: impl Fn(&Happening) -> Option<bool>) -> bool {
    happened.iter().rev().find_map(|one| told(&one.what)).unwrap_or_default()
}
