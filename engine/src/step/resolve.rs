//! Resolve ref: every ref still stands for the commit that was planned. Changes nothing.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::Source;
use crate::plan::short;
use crate::ports::{Permit, PortError, Receipt};
use crate::run::Reason;

/// A ref and the commit it stood for when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefCheck {
    /// Where the code is.
    pub source: Source,
    /// The ref as people said it; absent for the default branch.
    pub reference: Option<String>,
    /// The full commit id.
    pub commit: String,
}

/// Checks every ref again at apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolveRef {
    /// The refs.
    pub checks: Vec<RefCheck>,
}

#[async_trait]
impl StepAct for ResolveRef {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let mut receipt = Receipt::new("");
        let mut lines = Vec::new();
        for check in &self.checks {
            let now = at.ports.code.resolve(&check.source, check.reference.as_deref()).await?;
            let name = check.reference.as_deref().unwrap_or("the default branch");
            if now.id != check.commit {
                return Ok(Look::Broken(Reason::new(
                    "ref-moved",
                    format!(
                        "{name} was {} when this was planned and is {} now",
                        short(&check.commit),
                        short(&now.id)
                    ),
                    "retry",
                )));
            }
            // A commit that was named by its own id is what it always was; that it is there is the news.
            lines.push(if now.id.starts_with(name) {
                format!("{} is there", short(&now.id))
            } else {
                format!("{name} is {}", short(&now.id))
            });
            let fact = if receipt.facts.contains_key(name) {
                format!("{name} of {}", check.source.repository)
            } else {
                name.to_owned()
            };
            receipt = receipt.with(&fact, &now.id);
        }
        receipt.summary = lines.join(", ");
        Ok(Look::Done(receipt))
    }

    async fn act(&self, _at: &StepContext<'_>, _permit: &Permit) -> Result<Receipt, PortError> {
        Ok(Receipt::new("nothing to do"))
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn failure_code(&self) -> &'static str {
        "unknown-ref"
    }
}
