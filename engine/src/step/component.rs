//! End component: what runs of a component is ended, once nothing is told of it any more. What it holds is kept by the
//! platform, so that undoing brings back the same.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::ComponentName;
use crate::ports::{Permit, PortError, Receipt, Shape};

/// Ends a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndComponent {
    /// Which.
    pub component: ComponentName,
    /// The component alone, as it was: what undoing brings back.
    pub shape: Shape,
}

impl EndComponent {
    async fn is_there(&self, at: &StepContext<'_>) -> Result<bool, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        Ok(observed.components.contains_key(&self.component))
    }
}

#[async_trait]
impl StepAct for EndComponent {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        if self.is_there(at).await? {
            return Ok(Look::Todo);
        }
        Ok(Look::Done(Receipt::new(format!("{} is there no more; what it holds is kept", self.component))))
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        at.ports.platform.component_end(permit, at.environment, &self.component).await
    }

    fn undo(&self) -> Undo {
        Undo::Can
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        if self.is_there(at).await? {
            return Ok(Look::Done(Receipt::new(format!("{} is there again", self.component))));
        }
        Ok(Look::Todo)
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        at.ports.platform.shape_ensure(permit, at.environment, &self.shape).await
    }

    async fn left(&self, at: &StepContext<'_>) -> Result<Vec<String>, PortError> {
        if self.is_there(at).await? {
            return Ok(Vec::new());
        }
        Ok(vec![format!("{} is ended; what it holds is kept", self.component)])
    }

    fn failure_code(&self) -> &'static str {
        "component-failed"
    }
}
