//! End services: traffic, processes, schedules and addresses of an environment that is to be no more. Nothing of it comes back by
//! itself: whoever tries again ends what is left.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::finalize::DRAIN_S;
use super::{Look, StepAct, StepContext, Undo, is_effective};
use crate::model::ServiceName;
use crate::ports::{ObservedEnvironment, Permit, PortError, Receipt};

/// Ends all that runs of an environment's services, whether its plan knew of it or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndServices {
    /// Those there were when it was planned.
    pub services: Vec<ServiceName>,
}

/// Services of which something is there.
fn there(observed: &ObservedEnvironment) -> BTreeSet<ServiceName> {
    let running = observed.services.iter();
    let running =
        running.filter(|(_, it)| !it.sets.is_empty() || it.schedule.is_some() || !it.config.is_empty());
    running.map(|(service, _)| service).chain(observed.addresses.keys()).cloned().collect()
}

impl EndServices {
    /// Traffic first, so that nobody is sent to what ends. Where it goes need not be known: it ends with what serves it.
    async fn end(at: &StepContext<'_>, permit: &Permit, service: &ServiceName) -> Result<(), PortError> {
        let (platform, edge, environment) = (&at.ports.platform, &at.ports.edge, at.environment);
        let weights = edge.weights(environment, service).await.unwrap_or_default();
        if !is_effective(&weights, &[]) {
            edge.weights_set(permit, environment, service, &[]).await?;
        }
        platform.service_end(permit, environment, service, DRAIN_S).await.map(drop)
    }
}

#[async_trait]
impl StepAct for EndServices {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        if !there(&observed).is_empty() {
            return Ok(Look::Todo);
        }
        let ended: Vec<&str> = self.services.iter().map(ServiceName::as_str).collect();
        Ok(Look::Done(Receipt::new(if ended.is_empty() {
            "nothing runs".to_owned()
        } else {
            format!("nothing of {} runs any more", ended.join(", "))
        })))
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        let mut failed = None;
        // One that won't end is no reason to keep the others.
        for service in there(&observed) {
            failed = failed.or(Self::end(at, permit, &service).await.err());
        }
        failed.map_or_else(|| Ok(Receipt::new("services ended")), Err)
    }

    fn undo(&self) -> Undo {
        Undo::Stays
    }

    fn failure_code(&self) -> &'static str {
        "end-failed"
    }
}
