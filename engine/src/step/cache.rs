//! Clear cache: the caches of services are emptied. Nothing can be undone, and nothing needs to be: caches fill again.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::ServiceName;
use crate::ports::{Permit, PortError, Receipt};

/// Empties caches. Safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearCache {
    /// Of which services.
    pub services: Vec<ServiceName>,
}

#[async_trait]
impl StepAct for ClearCache {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        // An empty cache fills again at once, so looking can't tell: what counts is that it was emptied.
        if at.acted == 0 || at.unknown {
            return Ok(Look::Todo);
        }
        let names: Vec<&str> = self.services.iter().map(crate::model::ServiceName::as_str).collect();
        Ok(Look::Done(Receipt::new(format!("emptied the caches of {}", names.join(", ")))))
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        at.ports.platform.cache_clear(permit, at.environment, &self.services).await
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn failure_code(&self) -> &'static str {
        "cache-failed"
    }
}
