//! New secret: the secret's next version, made at random. It is written in the commit that ends the step, so that it is there
//! once, whatever comes in between. One that comes too late, as somebody set another value meanwhile, is not needed any more.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::SecretName;
use crate::ports::{Permit, PortError, Receipt};

/// Makes a secret's next version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewSecret {
    /// Which.
    pub secret: SecretName,
    /// The version it gets.
    pub version: u32,
}

#[async_trait]
impl StepAct for RenewSecret {
    async fn look(&self, _: &StepContext<'_>) -> Result<Look, PortError> {
        Ok(Look::Done(Receipt::new(format!("{} has version {}", self.secret, self.version))))
    }

    async fn act(&self, _: &StepContext<'_>, _: &Permit) -> Result<Receipt, PortError> {
        Ok(Receipt::new("nothing is to be done outside"))
    }

    /// A version more harms nobody: what runs keeps the one it was given, and this one comes with the next deploy.
    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn failure_code(&self) -> &'static str {
        "secret-failed"
    }
}
