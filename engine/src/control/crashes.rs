//! Services that end by themselves again and again outside of runs: noticed, recorded as an incident, and told to people
//! once. The platform starts them again; what to do about it is for people.

use std::collections::BTreeSet;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::live_incident::folder_of;
use super::symptoms::noticed;
use super::{Engine, Refusal};
use crate::clock::EpochMs;
use crate::model::{Actor, EnvironmentKey, Release, ServiceName};
use crate::monitor::{CrashingService, Incident};
use crate::ports::{CRASHES_APART_MS, Crashes};
use crate::run::Happening;
use crate::store::{AuditEntry, Write};

/// How often services are looked after, in milliseconds.
const LOOKED_AFTER_MS: i64 = 10_000;
/// How soon they are looked after for the first time, in milliseconds.
const FIRST_LOOK_MS: i64 = 1_000;
/// Times an instance must have ended by itself, none long after the other, before that is an incident: once or twice may
/// be an accident, and the platform has mended it by then.
const TIMES_MIN: u32 = 3;

impl Engine {
    /// Looks after services until told to stop.
    pub(super) async fn services_looked_after(self, stop: CancellationToken) {
        // What is wrong at the start should not take long to be told.
        let mut wait_ms = FIRST_LOOK_MS;
        loop {
            let looked = async {
                self.parts.clock.wait_until(self.now_ms() + wait_ms).await;
                if let Err(error) = self.look_after_services().await {
                    // That the database is gone is said by whoever looks for runs.
                    tracing::debug!(%error, "can't look after services");
                }
            };
            tokio::select! {
                () = looked => {}
                () = stop.cancelled() => return,
            }
            wait_ms = LOOKED_AFTER_MS;
        }
    }

    /// Looks whether live services keep ending by themselves, and records those that do: once each, however often they end
    /// from then on. Everything is looked at, whatever fails; the first fault is told.
    pub async fn look_after_services(&self) -> Result<(), Refusal> {
        let runs = self.store().run_live().await?;
        // What ends while a run changes things is that run's concern.
        let changing: BTreeSet<&EnvironmentKey> =
            runs.iter().filter(|run| run.state.holds_lock()).map(crate::run::Run::environment).collect();
        let mut looked = Ok(());
        for project in self.store().project_list().await? {
            for environment in project.value.environments.keys() {
                let key = EnvironmentKey::new(project.value.project.clone(), environment.clone());
                if !changing.contains(&key) {
                    // What is wrong in one is no reason to leave the others alone.
                    looked = looked.and(self.look_after(&key).await);
                }
            }
        }
        looked
    }

    async fn look_after(&self, key: &EnvironmentKey) -> Result<(), Refusal> {
        let Some(number) = self.store().environment_get(key).await?.value.live else { return Ok(()) };
        let Some(live) = self.store().release_get(key, number).await? else { return Ok(()) };
        let addresses = self.look_at_addresses(&live).await;
        let symptoms = self.look_at_symptoms(&live).await;
        let drift = self.look_at_drift(&live).await;
        addresses.and(symptoms).and(drift).and(self.look_at_crashes(&live).await)
    }

    async fn look_at_crashes(&self, live: &Release) -> Result<(), Refusal> {
        let key = &live.id.environment;
        // A platform that can't be seen, because another program hosts it or it does not answer, is looked at by others or
        // later.
        let Ok(observed) = self.ports().platform.observe(key).await else { return Ok(()) };
        for (service, part) in &live.services {
            let sets = observed.services.get(service).map_or(&[][..], |there| &there.sets);
            let Some(set) = sets.iter().find(|set| set.release == part.origin) else { continue };
            let keeps_ending = |crashes: &Crashes| crashes.times >= TIMES_MIN;
            if set.instances.iter().any(|one| one.crashes.as_ref().is_some_and(keeps_ending))
                && let Some(crashes) = Crashes::of_all(&set.instances)
            {
                self.keeps_ending(live, service, part.origin, crashes).await?;
            }
        }
        Ok(())
    }

    /// Records a service that keeps ending, unless that is recorded.
    async fn keeps_ending(
        &self,
        live: &Release,
        service: &ServiceName,
        release: u32,
        crashes: Crashes,
    ) -> Result<(), Refusal> {
        let key = &live.id.environment;
        let crashing = CrashingService { service: service.clone(), release };
        let now_ms = self.now_ms();
        // Not what happened to the run: of that something may not be readable, which is no reason to say nothing of a crash.
        let since = self.store().happening_head().await?;
        let mut before = self.store().incident_list(key, EpochMs::MIN, i64::MAX).await?;
        before.retain(|incident| incident.crashing.as_ref() == Some(&crashing));
        // A platform that was started anew counts anew: that alone is no news either.
        let since_ms = crashes.since_ms.min(now_ms - CRASHES_APART_MS);
        if before.iter().any(|incident| incident.opened_ms >= since_ms) {
            return Ok(());
        }
        let again = if before.is_empty() { String::new() } else { format!("-{}", before.len() + 1) };
        let goes_on =
            if crashes.gave_up { "it is not started again" } else { "it is started again each time" };
        let summary =
            format!("{service} ended by itself {} times ({}), {goes_on}", crashes.times, crashes.how);
        let mut commit = noticed(&live.run, since, now_ms);
        commit.audit.push(AuditEntry {
            actor: Actor::system(),
            action: "service.crash-loop",
            subject: format!("{service}@{release}"),
            environment: Some(key.clone()),
            run: Some(live.run.clone()),
            data: json!({ "say": summary, "since_ms": crashes.since_ms, "line": crashes.line }),
        });
        let id = format!("i-{}-{service}{again}", live.run.as_str().trim_start_matches("r-"));
        let incident = Incident {
            folder: Some(folder_of(&id)),
            id,
            environment: key.clone(),
            run: live.run.clone(),
            summary,
            opened_ms: now_ms,
            crashing: Some(crashing.clone()),
        };
        // What shows why is there now, and may be gone when somebody looks.
        self.keep_live_incident(&incident, live).await;
        commit.writes.push(Write::IncidentPut(incident));
        commit.happenings.push((live.run.clone(), Happening::CrashLoop { of: crashing, crashes }));
        self.write_noticed(commit).await
    }
}
