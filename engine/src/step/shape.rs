//! Reconcile shape: the environment's components and addresses are there. Only adds; what it added stays, because an
//! empty component harms nobody and removing things is a destructive act of its own.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::{ComponentKind, ComponentName};
use crate::ports::{Permit, PortError, Receipt, Shape};

/// Makes the shape be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnsureShape {
    /// The shape.
    pub shape: Shape,
}

/// Whether the address people use (`http://127.0.0.1:7401`) is where the edge was told to listen (`0.0.0.0:7401`). The
/// hosts may be spelled differently, so the ports decide; port 0 stands for any.
fn listens(reachable: &str, wanted: &str) -> bool {
    let port = |address: &str| {
        let (_, port) = address.trim_end_matches('/').rsplit_once(':')?;
        port.parse::<u16>().ok()
    };
    port(wanted).is_none_or(|wanted| wanted == 0 || port(reachable) == Some(wanted))
}

#[async_trait]
impl StepAct for EnsureShape {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        let differs = |(name, kind): (&ComponentName, &ComponentKind)| {
            observed.components.get(name) != Some(kind)
                || observed.urls.get(name) != self.shape.urls.get(name)
        };
        if self.shape.components.iter().any(differs) {
            return Ok(Look::Todo);
        }
        for (service, address) in &self.shape.edge {
            let there = at.ports.edge.address(at.environment, service).await;
            if !there.is_some_and(|there| listens(&there, address)) {
                return Ok(Look::Todo);
            }
            if at.ports.edge.sticky(at.environment, service).await != self.shape.sticky.get(service).cloned()
            {
                return Ok(Look::Todo);
            }
        }
        let components = &self.shape.components;
        Ok(Look::Done(Receipt::new(if self.shape.edge.is_empty() && !components.is_empty() {
            let names: Vec<&str> = components.keys().map(ComponentName::as_str).collect();
            format!("{} {} there", names.join(", "), if names.len() == 1 { "is" } else { "are" })
        } else {
            format!("{} components, {} addresses", components.len(), self.shape.edge.len())
        })))
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
