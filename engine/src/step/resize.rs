//! Resize: sets that have traffic get another number of instances. Undo gives them back the number they had.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::serve::{look_at_all, observed_set};
use super::{Look, StepAct, StepContext, Undo};
use crate::ports::{InstanceSet, Permit, PortError, Receipt};

/// One set, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResizeOne {
    /// As it was.
    pub before: InstanceSet,
    /// As it shall be.
    pub after: InstanceSet,
}

/// Changes the number of instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resize {
    /// Which sets.
    pub changes: Vec<ResizeOne>,
}

impl Resize {
    async fn ensure(
        &self,
        at: &StepContext<'_>,
        permit: &Permit,
        pick: impl Fn(&ResizeOne) -> &InstanceSet + Send,
    ) -> Result<Receipt, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        let mut receipts = Vec::new();
        for change in &self.changes {
            let set = pick(change);
            if observed_set(&observed, set).is_none_or(|there| there.replicas != set.replicas) {
                receipts.push(at.ports.platform.instances_ensure(permit, at.environment, set).await?.summary);
            }
        }
        Ok(Receipt::new(receipts.join("; ")))
    }
}

#[async_trait]
impl StepAct for Resize {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        Ok(look_at_all(self.changes.iter().map(|change| &change.after), &observed, at))
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        self.ensure(at, permit, |change| &change.after).await
    }

    fn undo(&self) -> Undo {
        Undo::Can
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        Ok(look_at_all(self.changes.iter().map(|change| &change.before), &observed, at))
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        self.ensure(at, permit, |change| &change.before).await
    }

    async fn left(&self, at: &StepContext<'_>) -> Result<Vec<String>, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        let replicas = |set| observed_set(&observed, set).map_or(0, |there| there.replicas);
        let other = self.changes.iter().filter(|one| replicas(&one.before) != one.before.replicas);
        Ok(other
            .map(|one| {
                let (service, now) = (&one.before.service, replicas(&one.before));
                format!("{service} has {now} replicas and had {}", one.before.replicas)
            })
            .collect())
    }

    fn failure_code(&self) -> &'static str {
        "scale-failed"
    }
}
