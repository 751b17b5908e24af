//! Incidents about something live: their files are kept when they are opened, before anything is changed.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::Engine;
use super::evidence::{Failed, PATIENCE, pretty};
use super::worker::chain;
use crate::artifacts::{ArtifactError, ArtifactName, ArtifactRef};
use crate::model::{Release, RunId};
use crate::monitor::{Excerpt, Incident, ToldLive, live_story};

/// Lines printed so long before an incident belong to it, in milliseconds.
const LOGS_BEFORE_MS: i64 = 15 * 60_000;
/// Digits of a folder's name: more than those of runs have, so that none is one's.
const FOLDER_DIGITS: usize = 12;

/// The folder of an incident about something live: the same whenever it is worked out.
pub(super) fn folder_of(incident: &str) -> RunId {
    let hash = Sha256::digest(incident.as_bytes());
    let number = hash.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    RunId::from_random(number, FOLDER_DIGITS)
}

impl Engine {
    /// Keeps what shows what went wrong. An incident without all of it is better than none: what can't be had in time is
    /// left out, and said in the program's log.
    pub(super) async fn keep_live_incident(&self, incident: &Incident, live: &Release) {
        let kept: Result<Result<(), Failed>, _> = tokio::time::timeout(PATIENCE, async {
            let seen = self.keep_live_sight(incident, live).await;
            self.keep_live_story(incident, live).await.and(seen)
        })
        .await;
        match kept {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(incident = %incident.id, error = %chain(&*error), "can't keep all files of an incident");
            }
            Err(_) => {
                let waited: Duration = PATIENCE;
                tracing::warn!(incident = %incident.id, ?waited, "the files of an incident do not come");
            }
        }
    }

    async fn keep_live_sight(&self, incident: &Incident, live: &Release) -> Result<(), Failed> {
        let Some(folder) = incident.files_in() else { return Ok(()) };
        let key = &incident.environment;
        if let Some(plan) = self.store().plan_get(&live.run).await? {
            self.put_first(folder, &ArtifactName::Diff, &pretty(&plan.diff)?).await?;
        }
        let there = self.artifacts().get(folder, &ArtifactName::Observed).await;
        if matches!(there, Err(ArtifactError::Missing { .. })) {
            let observed = self.ports().platform.observe(key).await?;
            let body = serde_json::json!({ "at_ms": self.now_ms(), "observed": observed });
            self.put_first(folder, &ArtifactName::Observed, &pretty(&body)?).await?;
        }
        for service in live.services.keys() {
            self.keep_log(folder, key, service, incident.opened_ms - LOGS_BEFORE_MS).await?;
        }
        Ok(())
    }

    async fn keep_live_story(&self, incident: &Incident, live: &Release) -> Result<(), Failed> {
        let Some(folder) = incident.files_in() else { return Ok(()) };
        let plan = self.store().plan_get(&live.run).await?;
        let record = self.store().audit_of_run(&incident.environment, &live.run).await?;
        let told = |excerpts: &[Excerpt], files: &[ArtifactRef], _: bool| {
            live_story(&ToldLive { incident, live, plan: plan.as_ref(), record: &record }, excerpts, files)
        };
        self.keep_told(incident, folder, None, told).await
    }
}

#[cfg(test)]
mod tests {
    use super::folder_of;

    #[test]
    fn a_folder_is_the_same_again_and_no_runs() {
        assert_eq!(folder_of("i-3f2a-api"), folder_of("i-3f2a-api"));
        assert_ne!(folder_of("i-3f2a-api"), folder_of("i-3f2a-api-2"));
        assert_eq!(folder_of("i-3f2a-api").as_str().len(), "r-".len() + 12);
    }
}
