//! Reconcile shape: the environment's components and addresses are there. Only adds; what it added stays, because an
//! empty component harms nobody and removing things is a destructive act of its own.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::ports::{Permit, PortError, Receipt, Shape};

/// Makes the shape be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnsureShape {
    /// The shape.
    pub shape: Shape,
}

#[async_trait]
impl StepAct for EnsureShape {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        if self.shape.components.iter().any(|(name, kind)| observed.components.get(name) != Some(kind)) {
            return Ok(Look::Todo);
        }
        for (service, address) in &self.shape.edge {
            if at.ports.edge.address(at.environment, service).await.as_deref() != Some(address.as_str()) {
                return Ok(Look::Todo);
            }
        }
        Ok(Look::Done(Receipt::new(format!(
            "{} components, {} addresses",
            self.shape.components.len(),
            self.shape.edge.len()
        ))))
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        at.ports.platform.shape_ensure(permit, at.environment, &self.shape).await
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn failure_code(&self) -> &'static str {
        "shape"
    }
}
