//! Replace: every instance of the live release is replaced by a fresh one, new before old, once per run. Nothing is
//! taken back: the release, its configuration and its number of instances stay the same. But a replacement under way can't
//! be stopped, so undoing waits until it has ended: until then the environment is not free.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::ServiceName;
use crate::ports::{Permit, PortError, Receipt, Replacement};
use crate::run::Reason;

/// Replaces instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replace {
    /// Services and the release number their instances are known under.
    pub sets: Vec<(ServiceName, u32)>,
}

#[async_trait]
impl StepAct for Replace {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        for (service, release) in &self.sets {
            let replacement = at
                .ports
                .platform
                .instances_replaced(at.environment, service, *release, at.idempotency_key)
                .await?;
            match replacement {
                Replacement::Absent => return Ok(Look::Todo),
                Replacement::Running { done, of } => {
                    return Ok(Look::going(format!("{service}: {done} of {of} replaced")));
                }
                Replacement::Done => {}
                Replacement::Failed { why } => {
                    return Ok(Look::Broken(Reason::new(
                        "unhealthy",
                        format!(
                            "a fresh process of {service} did not become healthy, the old ones go on: {why}"
                        ),
                        format!("logs {service} of {}", at.run),
                    )));
                }
            }
        }
        let names: Vec<&str> = self.sets.iter().map(|(service, _)| service.as_str()).collect();
        Ok(Look::Done(Receipt::new(format!("replaced every process of {}", names.join(", ")))))
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        let platform = &at.ports.platform;
        for (service, release) in &self.sets {
            let so_far =
                platform.instances_replaced(at.environment, service, *release, at.idempotency_key).await?;
            if so_far == Replacement::Absent {
                return platform.instances_replace(permit, at.environment, service, *release).await;
            }
        }
        Ok(Receipt::new("nothing left to replace"))
    }

    fn undo(&self) -> Undo {
        Undo::Can
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let platform = &at.ports.platform;
        for (service, release) in &self.sets {
            let so_far =
                platform.instances_replaced(at.environment, service, *release, at.idempotency_key).await?;
            if let Replacement::Running { done, of } = so_far {
                return Ok(Look::going(format!("{service}: {done} of {of} replaced, waiting for its end")));
            }
        }
        Ok(Look::Done(Receipt::new("no replacement is under way")))
    }

    fn failure_code(&self) -> &'static str {
        "restart-failed"
    }

    fn acts_max(&self) -> u32 {
        super::ACTS_MAX + self.sets.len() as u32
    }
}
