//! Finalize: the database learns the new state together with the step's receipt, and instances nobody is sent to any
//! more are drained and ended. The point of no return: from here the way back is a rollback.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::{Desired, ServiceName};
use crate::ports::{Permit, PortError, Receipt};

/// Seconds open connections may go on before they are cut.
pub(super) const DRAIN_S: u32 = 10;
/// Tries to end old instances; after that they are left to the next reconcile, because the change itself has worked.
const RETIRE_TRIES: u32 = 3;

/// A change of an environment's desired state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
pub enum DesiredChange {
    /// A release is live: the one before is superseded (or failed, when this is a rollback away from it).
    Live {
        /// Its number.
        release: u32,
        /// The release before it was taken back.
        took_back: bool,
        /// The newest migration the database has.
        schema: Option<String>,
    },
    /// A service has that many replicas from now on.
    Replicas {
        /// The service.
        service: ServiceName,
        /// How many.
        replicas: u32,
    },
    /// A scheduled service is on or off.
    Cron {
        /// The service.
        service: ServiceName,
        /// On.
        enabled: bool,
    },
    /// Automatic deploys are held, or free again.
    Held {
        /// Why; absent when free.
        reason: Option<String>,
    },
}

impl DesiredChange {
    /// Applies it.
    pub fn apply(&self, desired: &mut Desired) {
        match self {
            Self::Live { release, .. } => desired.live = Some(*release),
            Self::Replicas { service, replicas } => {
                desired.replicas.insert(service.clone(), *replicas);
            }
            Self::Cron { service, enabled: true } => {
                desired.cron_disabled.remove(service);
            }
            Self::Cron { service, enabled: false } => {
                desired.cron_disabled.insert(service.clone());
            }
            Self::Held { reason } => desired.held.clone_from(reason),
        }
    }
}

/// Ends what is not needed any more and records the new state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finalize {
    /// Sets to end, by service and release number.
    pub retire: Vec<(ServiceName, u32)>,
    /// What the database learns.
    pub changes: Vec<DesiredChange>,
}

#[async_trait]
impl StepAct for Finalize {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        let left: Vec<String> = self
            .retire
            .iter()
            .filter(|(service, release)| {
                observed
                    .services
                    .get(service)
                    .is_some_and(|there| there.sets.iter().any(|set| set.release == *release))
            })
            .map(|(service, release)| format!("{service} of release {release}"))
            .collect();
        if !left.is_empty() && at.acted < RETIRE_TRIES {
            return Ok(Look::Todo);
        }
        let receipt = Receipt::new(if left.is_empty() {
            "recorded".to_owned()
        } else {
            format!("recorded; could not end {} yet", left.join(", "))
        });
        Ok(Look::Done(receipt))
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        for (service, release) in &self.retire {
            at.ports.platform.instances_stop(permit, at.environment, service, *release, DRAIN_S).await?;
        }
        Ok(Receipt::new("old processes ended"))
    }

    fn undo(&self) -> Undo {
        Undo::NoReturn
    }

    fn failure_code(&self) -> &'static str {
        "finalize-failed"
    }
}
