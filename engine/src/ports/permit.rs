//! The right to write: made by the executor alone.

use crate::model::{RunId, StepNumber};

/// The right to make one step's external writes: made by the executor for a step of a run that was approved (or needed
/// no approval), never by anyone else. Carries the idempotency key to write into the thing itself where that is possible.
#[derive(Debug)]
pub struct Permit {
    run: RunId,
    key: String,
    fence: Option<i64>,
}

impl Permit {
    /// For the executor alone.
    pub(crate) fn for_step(run: &RunId, step: StepNumber, undo: bool) -> Self {
        let direction = if undo { "undo" } else { "do" };
        Self { run: run.clone(), key: format!("{run}/{step}/{direction}"), fence: None }
    }

    /// Under a lease, whose fencing token goes with it to whoever does what is permitted.
    pub(crate) fn under(self, fence: Option<i64>) -> Self {
        Self { fence, ..self }
    }

    /// What came from another program of this installation.
    pub(super) fn carried(run: RunId, key: String, fence: Option<i64>) -> Self {
        Self { run, key, fence }
    }

    /// The fencing token of the lease under which it was given; absent where there is nobody to lose a lease to.
    pub(super) fn fence(&self) -> Option<i64> {
        self.fence
    }

    /// The run on whose behalf the write is made.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The same for every attempt of the same step: `r-3f2a/5/do`.
    pub fn idempotency_key(&self) -> &str {
        &self.key
    }
}

/// Permits for the contract tests of adapters, which act without a run.
#[cfg(feature = "testing")]
pub mod testing {
    use super::{Permit, RunId, StepNumber};

    /// A permit as the executor would make it.
    pub fn permit(run: &RunId, step: StepNumber) -> Permit {
        Permit::for_step(run, step, false)
    }
}
