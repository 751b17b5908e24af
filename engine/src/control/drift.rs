//! What others changed of what is live: told once it lasts, and once it is over. What was told last is in what happened, so that a
//! restart tells nothing twice.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use serde_json::json;

use super::symptoms::{last_of, noticed};
use super::{Engine, Refusal};
use crate::clock::EpochMs;
use crate::model::{Actor, Release};
use crate::plan::Seen;
use crate::run::Happening;
use crate::store::AuditEntry;

/// How long something differs before it is told, in milliseconds: what a platform is about to mend by itself is none.
const LASTS_MS: i64 = 60_000;

/// What differs in an environment, and since when it has been just that.
pub(super) type Lasting = (Vec<String>, EpochMs);

impl Engine {
    /// Looks whether a live release runs as it should, and records what others changed of it.
    pub(super) async fn look_at_drift(&self, live: &Release) -> Result<(), Refusal> {
        let key = &live.id.environment;
        // A platform that can't be seen is looked at by others or later.
        let Ok(observed) = self.ports().platform.observe(key).await else { return Ok(()) };
        let mut weights = BTreeMap::new();
        for service in live.services.keys() {
            match self.ports().edge.weights(key, service).await {
                Ok(all) if all.is_empty() => {}
                Ok(all) => drop(weights.insert(service.clone(), all)),
                Err(_) => return Ok(()),
            }
        }
        let desired = self.store().environment_get(key).await?.value;
        // A run that began meanwhile changes what is seen.
        let runs = self.store().run_live().await?;
        let changes = runs.iter().any(|run| run.environment() == key && run.state.holds_lock());
        if changes || desired.live != Some(live.id.number) {
            return Ok(());
        }
        let drift = Seen { live, desired: &desired, observed: &observed, weights: &weights }.drift();
        let lines: Vec<String> = drift.diff.iter().map(ToString::to_string).collect();
        let happened = self.store().happening_of_run(&live.run).await?;
        let told = happened.iter().rev().find_map(|one| match &one.what {
            Happening::Drifted { lines, .. } => Some(lines.clone()),
            Happening::DriftOver => Some(Vec::new()),
            _ => None,
        });
        let lasts = self.lasts(live, &lines);
        let (action, what) = match told.unwrap_or_default() {
            told if told == lines => return Ok(()),
            _ if lines.is_empty() => ("environment.as-wanted", Happening::DriftOver),
            _ if !lasts => return Ok(()),
            _ => ("environment.drifted", Happening::Drifted { lines: lines.clone(), keeps: drift.notes }),
        };
        let mut commit = noticed(&live.run, last_of(&happened), self.now_ms());
        commit.happenings.push((live.run.clone(), what));
        commit.audit.push(AuditEntry {
            actor: Actor::system(),
            action,
            subject: key.to_string(),
            environment: Some(key.clone()),
            run: Some(live.run.clone()),
            data: json!({ "differs": lines }),
        });
        self.write_noticed(commit).await
    }

    /// Whether just that has differed for long enough.
    fn lasts(&self, live: &Release, lines: &[String]) -> bool {
        let now_ms = self.now_ms();
        let mut drifting = self.drifting.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, since_ms) =
            drifting.entry(live.id.environment.clone()).or_insert_with(|| (lines.to_vec(), now_ms));
        if before != lines {
            (*before, *since_ms) = (lines.to_vec(), now_ms);
        }
        now_ms - *since_ms >= LASTS_MS
    }
}
