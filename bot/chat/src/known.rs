//! What can be proposed to somebody who types: the names of the project, its refs, its runs, and people.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::control::{Engine, Refusal};
use engine::model::Identity;

use crate::desk::Desk;
use crate::intent::{Known, KnownRun};

/// Runs proposed at most.
const RUNS_MAX: i64 = 30;
/// Refs proposed at most.
const REFS_MAX: usize = 50;
/// Refs of a repository are asked for at most this often.
const REFS_EVERY: Duration = Duration::from_secs(30);
/// Nobody waits longer than this for refs; they come with the next line then.
const REFS_WAIT: Duration = Duration::from_millis(500);

/// The refs of the project's repository, asked for behind the talk: it may be far away.
#[derive(Debug, Clone, Default)]
pub struct References {
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    at: Option<Instant>,
    names: Vec<String>,
}

impl References {
    /// As known by now, newest first.
    async fn now(&self, engine: &Engine) -> Vec<String> {
        let due = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let due = seen.at.is_none_or(|at| at.elapsed() >= REFS_EVERY);
            if due {
                seen.at = Some(Instant::now());
            }
            due
        };
        if due {
            let (engine, seen) = (engine.clone(), Arc::clone(&self.seen));
            let asked = tokio::spawn(async move {
                if let Ok(names) = engine.references(REFS_MAX).await {
                    seen.lock().unwrap_or_else(PoisonError::into_inner).names = names;
                }
            });
            // It goes on when nobody waits any more.
            let _ = tokio::time::timeout(REFS_WAIT, asked).await;
        }
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).names.clone()
    }
}

/// What can be proposed to somebody; to a stranger only the names that help shows as well.
pub async fn known(
    engine: &Engine,
    desk: &Desk,
    references: &References,
    identity: &Identity,
) -> Result<Known, Refusal> {
    let mut known =
        Known { names: desk.names().await, runs: Vec::new(), refs: Vec::new(), people: Vec::new() };
    let identities = engine.store().identity_list().await?;
    let here = identities.into_iter().filter(|(other, _)| other.front == identity.front);
    known.people = here.map(|(identity, _)| identity.external_id).collect();
    known.people.sort();
    if engine.actor(identity).await?.role.is_none() {
        return Ok(known);
    }
    let runs = engine.store().run_recent(RUNS_MAX).await?;
    known.runs =
        runs.iter().map(|run| KnownRun { id: run.id.to_string(), over: run.state.is_over() }).collect();
    known.refs = references.now(engine).await;
    Ok(known)
}
