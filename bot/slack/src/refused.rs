//! What is refused at the door goes into the record. At most once a minute, with how often it was: the record is not for an
//! attacker to fill.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use engine::clock::EpochMs;
use engine::control::Engine;
use engine::store::{AuditEntry, Commit};

/// Time between two entries.
const GAP_MS: EpochMs = 60_000;

/// How often something of a kind was refused.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    recorded_ms: AtomicI64,
    unrecorded: AtomicU64,
}

impl Refused {
    /// It is refused once more; how often it was since the last entry, when there is to be one.
    pub(crate) fn one_more(&self, now_ms: EpochMs) -> Option<u64> {
        let recorded_ms = self.recorded_ms.load(Ordering::Relaxed);
        let many = self.unrecorded.fetch_add(1, Ordering::Relaxed) + 1;
        let is_due = now_ms - recorded_ms >= GAP_MS
            && self
                .recorded_ms
                .compare_exchange(recorded_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_due {
            self.unrecorded.fetch_sub(many, Ordering::Relaxed);
        }
        is_due.then_some(many)
    }

    /// Puts it into the record.
    pub(crate) async fn record(&self, engine: &Engine, entry: AuditEntry) {
        let mut commit = Commit::at(engine.now_ms());
        commit.audit.push(entry);
        if let Err(error) = engine.store().commit(commit).await {
            tracing::error!(%error, "what was refused can't be recorded");
        }
    }
}
