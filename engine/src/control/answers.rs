//! Answers to questions: how things stand, what was released, what was logged, what the record says, what is allowed.

use std::collections::BTreeMap;

use policies::Decision;

use super::clearance::{Asked, fired, role_from};
use super::{Connected, Engine, Refusal};
use crate::artifacts::ArtifactError;
use crate::audit::AuditEvent;
use crate::backfill::Checkpoint;
use crate::clock::EpochMs;
use crate::model::{
    Actor, Change, Desired, EnvironmentKey, PLATFORM_LOCAL, Release, Role, RunId, RunRequest, ServiceName,
};
use crate::plan::{Plan, PlanProblem, plan};
use crate::ports::{Crashes, InstanceState, LogLine, Weight};
use crate::run::{Approval, Lock, Run, RunHappened, RunState, Step, Vote};
use crate::store::ReceiptRecord;
use crate::trial::Trial;

/// Most log lines in one answer.
pub(super) const LOG_LINES_MAX: usize = 200;
/// Record entries looked through for an answer.
const AUDIT_LOOKED_AT: i64 = 5_000;
/// Entries left out of answers: steps of runs (the run's card has them), readings of secrets, checkpoints.
const AUDIT_QUIET: [&str; 3] = ["step.", "secret.read", "record."];
/// Most record entries in one answer.
const AUDIT_MAX: i64 = 50;

/// A service as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceStatus {
    /// Its name.
    pub service: ServiceName,
    /// The release with its traffic (or its schedule).
    pub release: Option<u32>,
    /// Healthy instances of that release.
    pub healthy: u32,
    /// Instances of that release that there should be; 0 for a service with a schedule.
    pub wanted: u32,
    /// What is wrong, in words; empty when nothing is.
    pub trouble: Vec<String>,
    /// How its instances ended by themselves lately; absent when none did.
    pub crashes: Option<Crashes>,
    /// Its weights as read back.
    pub weights: Vec<Weight>,
    /// Its cron expression and whether it is on.
    pub schedule: Option<(String, bool)>,
    /// Where people reach it.
    pub address: Option<String>,
}

/// An environment as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentStatus {
    /// Which.
    pub environment: EnvironmentKey,
    /// Production rules hold.
    pub production: bool,
    /// Its live release.
    pub live: Option<Release>,
    /// Its desired state.
    pub desired: Desired,
    /// Its services; empty when the platform could not be asked.
    pub services: Vec<ServiceStatus>,
    /// Why the platform could not be asked.
    pub unseen: Option<String>,
    /// Its connections to providers, and how far each is.
    pub connections: Vec<Connected>,
    /// Locks on it.
    pub locks: Vec<Lock>,
    /// Its runs that are not over, oldest first.
    pub runs: Vec<Run>,
}

/// A run with everything there is about it.
#[derive(Debug, Clone)]
pub struct RunDetail {
    /// The run.
    pub run: Run,
    /// Its plan.
    pub plan: Plan,
    /// Its steps as far as they have come.
    pub steps: Vec<Step>,
    /// Its approval, if it ever needed one.
    pub approval: Option<Approval>,
    /// Who said yes.
    pub votes: Vec<Vote>,
    /// What its steps left behind.
    pub receipts: Vec<ReceiptRecord>,
    /// What happened to it.
    pub happened: Vec<RunHappened>,
    /// Its place among those that wait, from 1: the next in line. Absent when it waits for nobody, or only for its time.
    pub place: Option<usize>,
    /// What it waits for while in the line.
    pub waits_for: Option<String>,
    /// The canary it could take the place of: the run at work before it, for a deploy that is the next in line.
    pub replaces: Option<RunId>,
    /// How its canary stands, once it has come to one.
    pub trial: Option<Trial>,
    /// How far its backfill has come, once it has begun.
    pub backfill: Option<Box<Checkpoint>>,
    /// How long the environment's last successful rollback took (this run aside), in milliseconds; absent when there
    /// was none, and when the way back from this run is no rollback.
    pub way_back_took_ms: Option<i64>,
    /// Where a deploy that has succeeded is opened, by service.
    pub opened_at: Vec<(ServiceName, String)>,
}

/// The answer to "can I …?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CanAnswer {
    /// Yes.
    Yes,
    /// Yes, once people have approved.
    WithApproval {
        /// How many.
        count: u32,
        /// Whose.
        roles: Vec<Role>,
        /// What the rules say.
        say: Vec<String>,
        /// Rules and evidence.
        because: Vec<String>,
    },
    /// The rules have nothing against it, and it can't be done: there is nothing to do it to.
    Impossible(PlanProblem),
    /// No.
    No {
        /// The sentence.
        say: String,
        /// Rules and evidence.
        because: Vec<String>,
        /// When it would be allowed, when that is only a matter of time.
        earliest_ms: Option<EpochMs>,
    },
}

impl Engine {
    /// How an environment stands.
    pub async fn status(
        &self,
        environment: &EnvironmentKey,
        actor: &Actor,
    ) -> Result<EnvironmentStatus, Refusal> {
        self.cleared(actor, "status", Some(environment), &Asked::default()).await?;
        let project = self.project_of(environment).await?.value;
        let described = project.environments.get(&environment.environment);
        let desired = self.store().environment_get(environment).await?.value;
        let live = match desired.live {
            Some(number) => self.store().release_get(environment, number).await?,
            None => None,
        };
        let runs = self.store().run_live().await?;
        let mut status = EnvironmentStatus {
            environment: environment.clone(),
            production: described.is_some_and(|it| it.production),
            live,
            desired,
            services: Vec::new(),
            unseen: None,
            connections: self
                .connections(environment, described.is_some_and(|it| it.platform == PLATFORM_LOCAL))
                .await?,
            locks: self.store().lock_list(environment).await?,
            runs: runs.into_iter().filter(|run| run.environment() == environment).collect(),
        };
        match self.ports().platform.observe(environment).await {
            Err(error) => status.unseen = Some(error.to_string()),
            Ok(observed) => {
                for service in project.services.keys() {
                    let part = status.live.as_ref().and_then(|live| live.services.get(service));
                    let there = observed.services.get(service);
                    let release = part.map(|part| part.origin);
                    let set =
                        there.and_then(|there| there.sets.iter().find(|set| Some(set.release) == release));
                    let states: Vec<&InstanceState> = set
                        .map(|set| set.instances.iter().map(|one| &one.state).collect())
                        .unwrap_or_default();
                    let healthy =
                        states.iter().filter(|state| matches!(state, InstanceState::Healthy { .. })).count();
                    let unreached = self.ports().edge.trouble(environment, service).await;
                    status.services.push(ServiceStatus {
                        service: service.clone(),
                        release,
                        healthy: healthy as u32,
                        wanted: part.and_then(|part| part.set.as_ref()).map_or(0, |wanted| {
                            status.desired.replicas.get(service).copied().unwrap_or(wanted.replicas)
                        }),
                        crashes: set.and_then(|set| Crashes::of_all(&set.instances)).map(|mut crashes| {
                            crashes.line = self.redactor().redact(&crashes.line).into_owned();
                            crashes
                        }),
                        trouble: states
                            .iter()
                            .filter_map(|state| super::unreached::trouble(state))
                            .chain(unreached)
                            .collect(),
                        weights: self.ports().edge.weights(environment, service).await.unwrap_or_default(),
                        schedule: there
                            .and_then(|there| there.schedule.as_ref())
                            .map(|schedule| (schedule.cron.clone(), schedule.enabled)),
                        address: self.ports().edge.address(environment, service).await,
                    });
                }
            }
        }
        Ok(status)
    }

    /// A run with everything about it, for somebody who may see it.
    pub async fn run_look(&self, id: &RunId, actor: &Actor) -> Result<RunDetail, Refusal> {
        let run = self.run_there(id).await?;
        self.cleared(actor, "status", Some(run.environment()), &Asked::default()).await?;
        self.run_detail(id).await
    }

    /// A run with everything about it.
    pub async fn run_detail(&self, id: &RunId) -> Result<RunDetail, Refusal> {
        let (run, plan) = self.run_and_plan(id).await?;
        let (place, waits_for) = match run.state {
            RunState::Queued { .. } => self.line(&run).await?,
            _ => (None, None),
        };
        let replaces = match (&run.request.change, place) {
            (Change::Deploy { .. }, Some(1)) => self.canary_in(run.environment()).await?,
            _ => None,
        };
        let goes_back = plan.way_back.release.is_some()
            && plan.puts_live().is_some_and(|number| plan.way_back.release != Some(number));
        let rollback = if goes_back {
            self.store().run_last_succeeded(run.environment(), "rollback", id).await?
        } else {
            None
        };
        Ok(RunDetail {
            way_back_took_ms: rollback.and_then(|run| Some((run.finished_ms? - run.started_ms?).max(0))),
            opened_at: self.opened_at(&run).await?,
            steps: self.store().step_list(id).await?,
            approval: self.store().approval_get(id).await?,
            votes: self.store().vote_list(id).await?,
            receipts: self.store().receipt_list(id).await?,
            trial: self.store().trial_get(id).await?,
            backfill: self.store().backfill_get(id).await?.map(Box::new),
            happened: self.store().happening_of_run(id).await?,
            place,
            waits_for,
            replaces,
            run,
            plan,
        })
    }

    /// The newest tags and branches of each project's repository, newest first: for suggestions.
    pub async fn references(&self, limit: usize) -> Result<Vec<String>, Refusal> {
        let mut all: Vec<String> = Vec::new();
        for project in self.store().project_list().await? {
            let references = self.ports().code.references(&project.value.source, limit);
            let references = references.await.map_err(Refusal::port("looking up refs"))?;
            all.extend(references.into_iter().filter(|one| !all.contains(one)).collect::<Vec<_>>());
        }
        Ok(all)
    }

    /// An environment's releases, newest first.
    pub async fn releases(
        &self,
        environment: &EnvironmentKey,
        actor: &Actor,
        limit: i64,
    ) -> Result<(Desired, Vec<Release>), Refusal> {
        self.cleared(actor, "releases", Some(environment), &Asked::default()).await?;
        self.project_of(environment).await?;
        let desired = self.store().environment_get(environment).await?.value;
        Ok((desired, self.store().release_list(environment, limit).await?))
    }

    /// What services printed since an instant, redacted, newest last.
    pub async fn logs(
        &self,
        environment: &EnvironmentKey,
        services: &[ServiceName],
        since_ms: EpochMs,
        actor: &Actor,
    ) -> Result<Vec<LogLine>, Refusal> {
        self.cleared(actor, "logs", Some(environment), &Asked::default()).await?;
        self.project_of(environment).await?;
        let mut lines = self
            .ports()
            .platform
            .logs(environment, services, since_ms, LOG_LINES_MAX)
            .await
            .map_err(Refusal::port("reading the logs"))?;
        for line in &mut lines {
            line.text = self.redactor().redact(&line.text).into_owned();
        }
        Ok(lines)
    }

    /// What the record says, newest first.
    pub async fn audit(
        &self,
        environment: Option<&EnvironmentKey>,
        since_ms: EpochMs,
        actor: &Actor,
    ) -> Result<Vec<AuditEvent>, Refusal> {
        self.cleared(actor, "audit", environment, &Asked::default()).await?;
        let newest = self.store().audit_recent(AUDIT_LOOKED_AT).await?;
        Ok(newest
            .into_iter()
            .filter(|event| event.at_ms >= since_ms)
            .filter(|event| {
                environment.is_none_or(|environment| event.environment.as_ref() == Some(environment))
            })
            // What the engine notes for itself is in the export; here people look for what people did.
            .filter(|event| !AUDIT_QUIET.iter().any(|quiet| event.action.starts_with(quiet)))
            .take(AUDIT_MAX as usize)
            .collect())
    }

    /// What went wrong in an environment since an instant, newest first.
    pub async fn incidents(
        &self,
        environment: &EnvironmentKey,
        since_ms: EpochMs,
        actor: &Actor,
    ) -> Result<Vec<crate::monitor::Incident>, Refusal> {
        self.cleared(actor, "incidents", Some(environment), &Asked::default()).await?;
        Ok(self.store().incident_list(environment, since_ms, AUDIT_MAX).await?)
    }

    /// Whether an actor may do something now; with the rule, the evidence and the earliest time.
    pub async fn can(
        &self,
        action: &str,
        environment: Option<&EnvironmentKey>,
        request: Option<&RunRequest>,
        actor: &Actor,
    ) -> Result<CanAnswer, Refusal> {
        self.cleared(actor, "can", environment, &Asked::default()).await?;
        let asked = Asked { request, changes_world: true, ..Asked::default() };
        let decision = self.clearance(actor, action, environment, &asked).await?;
        if !matches!(decision, Decision::Refuse { .. })
            && let Some(request) = request
            && let Some(problem) = self.stands_in_the_way(request).await?
        {
            return Ok(CanAnswer::Impossible(problem));
        }
        Ok(match decision {
            Decision::Allow { .. } => CanAnswer::Yes,
            Decision::NeedsApproval { count, roles, because } => CanAnswer::WithApproval {
                count,
                roles: roles.into_iter().filter_map(role_from).collect(),
                say: because.iter().map(|one| one.say.clone()).collect(),
                because: because.iter().map(fired).collect(),
            },
            Decision::Refuse { because, say, earliest_ms } => {
                CanAnswer::No { say, because: because.iter().map(fired).collect(), earliest_ms }
            }
        })
    }

    /// Why a request can't be carried out as things are, whoever asks: nothing is deployed there, or there is nothing to go
    /// back to. What a deploy or a migration ships is read from the code host, which planning it tells.
    async fn stands_in_the_way(&self, request: &RunRequest) -> Result<Option<PlanProblem>, Refusal> {
        if matches!(request.change, Change::Deploy { .. } | Change::Migrate { .. }) {
            return Ok(None);
        }
        let planned = match self.gather(request).await {
            Ok(facts) => plan(request, &facts).map(|_| ()),
            Err(Refusal::Problem(problem)) => Err(problem),
            Err(other) => return Err(other),
        };
        Ok(planned.err())
    }

    /// How long steps of that run type took in the environment last time they succeeded, by title, in milliseconds.
    pub async fn expected_ms(
        &self,
        environment: &EnvironmentKey,
        run_type: &str,
    ) -> Result<BTreeMap<String, i64>, Refusal> {
        let mut expected = BTreeMap::new();
        for run in self.store().run_by_environment(environment, 20).await? {
            let succeeded = matches!(run.state, crate::run::RunState::Succeeded { .. });
            if !succeeded || run.request.change.run_type() != run_type {
                continue;
            }
            let Some(plan) = self.store().plan_get(&run.id).await? else { continue };
            for step in self.store().step_list(&run.id).await? {
                if let crate::run::StepState::Done { since_ms, at_ms } = step.state
                    && let Some(planned) = plan.steps.get(step.number as usize)
                {
                    // A clock that was put back in between makes no step end before it began.
                    expected.insert(planned.title.clone(), (at_ms - since_ms).max(0));
                }
            }
            break;
        }
        Ok(expected)
    }
}

pub(super) fn unreadable(error: &ArtifactError) -> Refusal {
    let say = format!("its artifacts can't be read: {error}");
    Refusal::standing("artifacts", say, "`infra-chat doctor` checks where they are kept")
}
