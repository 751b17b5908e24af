//! The `Platform` port.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use engine::check::{Answered, BODY_MAX_BYTES, Session};
use engine::clock::EpochMs;
use engine::model::{Check, CheckDoes, CheckStep, ComponentName, EnvironmentKey, ServiceName};
use engine::ports::{
    BuildKey, BuildRequest, BuildState, Capabilities, Checked, ConfigSet, Finding, InstanceSet, JobCall,
    JobEnded, LogLine, MigrateCommand, MigrateState, ObservedEnvironment, Permit, Platform, PortError,
    Receipt, Replacement, Schedule, Shape,
};
use secrecy::ExposeSecret as _;

use super::asking::newest;
use super::edge::Request;
use super::ledger::{Asked, Which};
use super::observe::{BOTH, given_up};
use super::{Hosted, locked};
use crate::cloudflare::Purge;
use crate::railway::{Bounds, LogOf, Phase};

/// Replicas that Railway runs of a service on its Pro plan.
const REPLICAS_MAX: u32 = 42;
/// Lines asked for at once.
const LINES_MAX: usize = 5_000;

fn cannot(what: &str, hint: &str) -> PortError {
    PortError::fail(format!("{what} can't be done on Railway from here"), hint)
}

#[async_trait]
impl Platform for Hosted {
    fn capabilities(&self) -> Capabilities {
        let is_split = self.place.services.keys().any(|service| self.split(service).is_some());
        // A commit that was deployed before is built again: how long Railway keeps images is a matter of the plan.
        Capabilities {
            keeps_builds: false,
            splits_traffic: is_split,
            builds_kept: 0,
            replicas_max: REPLICAS_MAX,
            builds_on_deploy: true,
        }
    }

    async fn observe(&self, key: &EnvironmentKey) -> Result<ObservedEnvironment, PortError> {
        self.check(key)?;
        let look = self.look().await?;
        self.observed(&look).await
    }

    async fn preflight(&self, key: &EnvironmentKey, shape: &Shape) -> Result<Vec<Finding>, PortError> {
        self.check(key)?;
        // That the vendors answer and take the tokens is the rest of it.
        self.ids().await?;
        for host in self.place.services.keys().filter_map(|service| Some(self.split(service)?.1)) {
            self.zone(host).await?;
        }
        Ok(self.findings(shape))
    }

    async fn shape_ensure(
        &self,
        permit: &Permit,
        key: &EnvironmentKey,
        shape: &Shape,
    ) -> Result<Receipt, PortError> {
        self.check(key)?;
        self.shape_made(permit, shape).await
    }

    async fn component_end(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        component: &ComponentName,
    ) -> Result<Receipt, PortError> {
        self.check(environment)?;
        self.component_stop(permit, component).await
    }

    /// Its domain, and how its traffic is led there, stay at Railway and Cloudflare: they are found again, and nobody else has
    /// them meanwhile.
    async fn service_end(
        &self,
        permit: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        _: u32,
    ) -> Result<Receipt, PortError> {
        self.check(key)?;
        let ended = self.end_all(permit, service).await;
        self.forget();
        ended
    }

    async fn build_look(&self, key: &BuildKey) -> Result<BuildState, PortError> {
        Ok(match locked(&self.commits).get(key) {
            Some((_, at_ms)) => BuildState::Done { took_ms: 0, at_ms: *at_ms },
            None => BuildState::Absent,
        })
    }

    /// Railway builds when it deploys: here only the commit is remembered.
    async fn build_start(&self, _: &Permit, request: &BuildRequest) -> Result<Receipt, PortError> {
        let now_ms = self.parts.clock.now_ms();
        locked(&self.commits).entry(request.key.clone()).or_insert_with(|| (request.commit.clone(), now_ms));
        Ok(Receipt::new("Railway builds it when it is deployed").with("commit", &request.commit))
    }

    async fn build_stop(&self, _: &Permit, _: &BuildKey) -> Result<Receipt, PortError> {
        Ok(Receipt::new("no build runs before it is deployed"))
    }

    /// What is written is what is wanted; values go to Railway together with the release, so that what runs now keeps its own.
    async fn config_put(
        &self,
        permit: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        config: Option<&ConfigSet>,
    ) -> Result<Receipt, PortError> {
        self.check(key)?;
        let Some(config) = config else {
            let there = self.there(service).await?;
            let mut ledger = there.ledger.clone();
            ledger.configs.remove(&release);
            if there.stable.is_some() {
                self.save(permit, service, &there, &ledger).await?;
            }
            return Ok(Receipt::new(format!("removed the configuration of {service}, release {release}")));
        };
        let there = self.made(permit, service).await?;
        // What can't be filled in is told now, not when the release starts.
        let home = self.home_ledger(service, &there).await?;
        self.variables(service, config, &home).await?;
        let mut ledger = there.ledger.clone();
        ledger.config_put(config.clone());
        self.save(permit, service, &there, &ledger).await?;
        let summary = format!("wrote {} variables of {service}, release {release}", config.variables.len());
        Ok(Receipt::new(summary).with("fingerprint", &config.fingerprint))
    }

    async fn instances_ensure(
        &self,
        permit: &Permit,
        key: &EnvironmentKey,
        set: &InstanceSet,
    ) -> Result<Receipt, PortError> {
        self.check(key)?;
        if set.replicas == 0 || set.replicas > REPLICAS_MAX {
            return Err(PortError::fail(
                format!("Railway does not run {} of {}", set.replicas, set.service),
                format!("Ask for 1 to {REPLICAS_MAX}."),
            ));
        }
        self.asks(permit, set).await
    }

    async fn instances_stop(
        &self,
        permit: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        _: u32,
    ) -> Result<Receipt, PortError> {
        self.check(key)?;
        let retired = self.retire(permit, service, release).await;
        self.forget();
        retired
    }

    async fn instances_replace(
        &self,
        permit: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
    ) -> Result<Receipt, PortError> {
        self.check(key)?;
        let there = self.there(service).await?;
        let found = BOTH.into_iter().find(|which| there.serves(*which) == Some(release));
        let step = permit.idempotency_key();
        let which = BOTH
            .into_iter()
            .find(|which| there.ledger.asked(*which).iter().any(|one| one.key.as_deref() == Some(step)))
            .or(found);
        let Some(which) = which else {
            return Err(PortError::fail(format!("{service}, release {release}, does not run"), ""));
        };
        let is_asked = there.ledger.asked(which).iter().any(|one| one.key.as_deref() == Some(step));
        if !is_asked && let Some((live, Some(of))) = there.live(which) {
            let asked = Asked {
                after: newest(&there, which),
                key: Some(step.to_owned()),
                again: Some(live.id.clone()).filter(|_| live.can_redeploy),
                ..of.clone()
            };
            let mut ledger = there.ledger.clone();
            ledger.ask(which, asked);
            self.save(permit, service, &there, &ledger).await?;
        }
        let made = self.bring(permit, service, which, release).await?;
        Ok(Receipt::new(format!("Railway replaces {service}, release {release}")).with("deployment", made.id))
    }

    async fn instances_replaced(
        &self,
        key: &EnvironmentKey,
        service: &ServiceName,
        _: u32,
        idempotency_key: &str,
    ) -> Result<Replacement, PortError> {
        self.check(key)?;
        let look = self.look().await?;
        let Some(there) = look.services.get(service) else { return Ok(Replacement::Absent) };
        for which in BOTH {
            let mut asked = there.ledger.asked(which).iter();
            let Some(asked) = asked.find(|one| one.key.as_deref() == Some(idempotency_key)) else { continue };
            let of = asked.set.replicas;
            let Some(made) = there.made_for(which, asked) else { continue };
            return Ok(match made.phase() {
                Phase::Failed | Phase::Crashed | Phase::Skipped | Phase::NeedsApproval => {
                    Replacement::Failed { why: given_up(made) }
                }
                // Something newer has its place: nothing of it is left to wait for.
                Phase::Live | Phase::Asleep | Phase::Gone | Phase::Leaving => Replacement::Done,
                _ => Replacement::Running { done: 0, of },
            });
        }
        Ok(Replacement::Absent)
    }

    async fn schedule_put(
        &self,
        permit: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        schedule: Option<&Schedule>,
    ) -> Result<Receipt, PortError> {
        self.check(key)?;
        let put = self.scheduled(permit, service, schedule).await;
        self.forget();
        put
    }

    async fn cache_clear(
        &self,
        permit: &Permit,
        key: &EnvironmentKey,
        services: &[ServiceName],
    ) -> Result<Receipt, PortError> {
        self.check(key)?;
        let mut purged = Vec::new();
        for service in services {
            let Some((cloudflare, host)) = self.split(service) else { continue };
            let zone = self.zone(host).await?;
            cloudflare.purge(permit, &zone, &Purge::Hosts(vec![host.to_owned()])).await?;
            purged.push(host);
        }
        Ok(Receipt::new(match purged.as_slice() {
            [] => "nothing is cached: no host of these services is behind Cloudflare".to_owned(),
            hosts => format!("Cloudflare forgets what it kept of {}", hosts.join(", ")),
        }))
    }

    async fn check(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        check: &Check,
    ) -> Result<Checked, PortError> {
        self.check(key)?;
        let CheckDoes::Steps(steps) = &check.does else {
            return Err(cannot(
                "a check by a command",
                "Make it one of requests: commands run where the release does.",
            ));
        };
        let look = self.look().await?;
        let there = look.services.get(service);
        let found = there.and_then(|there| {
            let which = BOTH.into_iter().find(|which| there.serves(*which) == Some(release))?;
            Some((there, there.address(which)?))
        });
        let Some((there, host)) = found else { return Ok(Checked::failed("no instance is healthy")) };
        let Some(config) = there.ledger.configs.get(&release) else {
            return Ok(Checked::failed("the configuration of the release is gone"));
        };
        let home = self.home_ledger(service, there).await?;
        let variables = self.variables(service, config, &home).await?;
        let variables: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect();
        let at_most = Duration::from_secs(check.timeout_s.into());
        Ok(match tokio::time::timeout(at_most, self.ask_all(&host, steps, &variables, at_most)).await {
            Ok(Ok(())) => Checked::passed(),
            Ok(Err(says)) => Checked::failed(says),
            Err(_late) => Checked::failed(format!("took longer than {} s", check.timeout_s)),
        })
    }

    async fn job_batch(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        call: &JobCall,
    ) -> Result<JobEnded, PortError> {
        self.job_try(key, call).await
    }

    async fn job_try(&self, key: &EnvironmentKey, call: &JobCall) -> Result<JobEnded, PortError> {
        self.check(key)?;
        Err(cannot(
            &format!("the job {}", call.job),
            "Railway gives no output of a command back: run it where the database can be reached.",
        ))
    }

    async fn migrate_start(
        &self,
        _: &Permit,
        key: &EnvironmentKey,
        _: &MigrateCommand,
    ) -> Result<Receipt, PortError> {
        self.check(key)?;
        Err(cannot(
            "migrations by the application's own command",
            "Describe them as files of SQL, or run the command where the database can be reached, and deploy without them.",
        ))
    }

    async fn migrate_look(&self, key: &EnvironmentKey, _: &str) -> Result<MigrateState, PortError> {
        self.check(key)?;
        Ok(MigrateState::Absent)
    }

    async fn migrate_stop(&self, _: &Permit, key: &EnvironmentKey, _: &str) -> Result<Receipt, PortError> {
        self.check(key)?;
        Ok(Receipt::new("no command runs there"))
    }

    async fn logs(
        &self,
        key: &EnvironmentKey,
        services: &[ServiceName],
        since_ms: EpochMs,
        limit: usize,
    ) -> Result<Vec<LogLine>, PortError> {
        self.check(key)?;
        let look = self.look().await?;
        let mut lines = Vec::new();
        let chosen = look.services.iter();
        for (service, there) in chosen.filter(|(name, _)| services.is_empty() || services.contains(name)) {
            for which in BOTH.into_iter().chain([Which::Scheduled]) {
                let Some(slot) = there.slot(which) else { continue };
                for (at, deployment) in slot.deployments.iter().enumerate() {
                    let Some(of) = there.ledger.of(which, &slot.deployments, at) else { continue };
                    // Those ended before that have said nothing since.
                    let ended = deployment.status_updated_at.filter(|_| deployment.phase() == Phase::Gone);
                    if ended.is_some_and(|ended| ended.timestamp_millis() < since_ms) {
                        continue;
                    }
                    let bounds = Bounds {
                        before: DateTime::from_timestamp_millis(self.parts.clock.now_ms()),
                        most: u32::try_from(limit.clamp(1, LINES_MAX)).ok(),
                        ..Bounds::default()
                    };
                    let part = self.parts.railway.fetch_logs(&deployment.id, LogOf::Running, &bounds).await?;
                    lines.extend(part.lines.into_iter().map(|line| LogLine {
                        at_ms: line.timestamp.timestamp_millis(),
                        service: service.clone(),
                        release: of.set.release,
                        text: self.parts.redactor.redact(&line.message).into_owned(),
                    }));
                }
            }
        }
        lines.retain(|line| line.at_ms >= since_ms);
        lines.sort_by_key(|line| line.at_ms);
        Ok(lines.split_off(lines.len().saturating_sub(limit)))
    }
}

impl Hosted {
    async fn ask_all(
        &self,
        host: &str,
        steps: &[CheckStep],
        variables: &BTreeMap<String, String>,
        wait: Duration,
    ) -> Result<(), String> {
        let mut session = Session::new(variables);
        for (step, number) in steps.iter().zip(1..) {
            let told = |says: String| format!("step {number}, {} {}: {says}", step.method, step.path);
            let asked = session.ask(step).map_err(told)?;
            let mut headers = asked.headers;
            headers.remove("host");
            let request = Request {
                method: &asked.method,
                host,
                path: &asked.path,
                headers: &headers,
                body: asked.body,
            };
            let broken = |_: reqwest::Error| told("got no proper answer".to_owned());
            let mut answer = self.send(request, wait).await.map_err(broken)?;
            let status = answer.status().as_u16();
            let headers = answer
                .headers()
                .iter()
                .map(|(name, value)| {
                    (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                })
                .collect();
            let mut body = Vec::new();
            while let Some(part) = answer.chunk().await.map_err(broken)? {
                body.extend_from_slice(&part);
                if body.len() > BODY_MAX_BYTES {
                    return Err(told(format!("answered more than {} KiB", BODY_MAX_BYTES / 1_024)));
                }
            }
            let body = String::from_utf8_lossy(&body);
            session.take(step, &Answered { status, headers, body: &body }).map_err(told)?;
        }
        Ok(())
    }
}
