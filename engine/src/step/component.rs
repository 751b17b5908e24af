//! Bring component and end component. What runs of one is ended once nothing is told of it any more; what it holds is kept by
//! the platform, so that bringing it back brings back the same.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{EnsureShape, Look, StepAct, StepContext, Undo};
use crate::model::ComponentName;
use crate::ports::{Permit, PortError, Receipt, Shape};

/// Has a component there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BringComponent {
    /// Which.
    pub component: ComponentName,
    /// The component alone.
    pub shape: Shape,
    /// It was there before, and stays when the run is undone.
    pub was_there: bool,
}

#[async_trait]
impl StepAct for BringComponent {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        EnsureShape { shape: self.shape.clone() }.look(at).await
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        at.ports.platform.shape_ensure(permit, at.environment, &self.shape).await
    }

    fn undo(&self) -> Undo {
        if self.was_there { Undo::Nothing } else { Undo::Can }
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        if is_there(at, &self.component).await? {
            return Ok(Look::Todo);
        }
        Ok(Look::Done(Receipt::new(format!("{} is there no more; what it holds is kept", self.component))))
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        at.ports.platform.component_end(permit, at.environment, &self.component).await
    }

    async fn left(&self, at: &StepContext<'_>) -> Result<Vec<String>, PortError> {
        let is_left = is_there(at, &self.component).await?;
        Ok(is_left
            .then(|| format!("{} is still there, and nothing is told of it", self.component))
            .into_iter()
            .collect())
    }

    fn failure_code(&self) -> &'static str {
        "component-failed"
    }
}

/// Ends a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndComponent {
    /// Which.
    pub component: ComponentName,
    /// The component alone, as it was: what undoing brings back.
    pub shape: Shape,
}

async fn is_there(at: &StepContext<'_>, component: &ComponentName) -> Result<bool, PortError> {
    let observed = at.ports.platform.observe(at.environment).await?;
    Ok(observed.components.contains_key(component))
}

#[async_trait]
impl StepAct for EndComponent {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        if is_there(at, &self.component).await? {
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
        if is_there(at, &self.component).await? {
            return Ok(Look::Done(Receipt::new(format!("{} is there again", self.component))));
        }
        Ok(Look::Todo)
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        at.ports.platform.shape_ensure(permit, at.environment, &self.shape).await
    }

    async fn left(&self, at: &StepContext<'_>) -> Result<Vec<String>, PortError> {
        if is_there(at, &self.component).await? {
            return Ok(Vec::new());
        }
        Ok(vec![format!("{} is ended; what it holds is kept", self.component)])
    }

    fn failure_code(&self) -> &'static str {
        "component-failed"
    }
}
