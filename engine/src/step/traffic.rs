//! Canary, a single stage of 100%: traffic is shifted to the new release and the weights are read back. Undo shifts it
//! back to where it was; in a rollback this is the first thing that happens.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::ServiceName;
use crate::ports::{Permit, PortError, Receipt, Weight};

/// The traffic of one service, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// The service.
    pub service: ServiceName,
    /// As it was; empty when it had none.
    pub before: Vec<Weight>,
    /// As it shall be.
    pub after: Vec<Weight>,
}

/// Shifts traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftTraffic {
    /// Which.
    pub shifts: Vec<Shift>,
}

fn effective(weights: &[Weight]) -> Vec<&Weight> {
    let mut real: Vec<&Weight> = weights.iter().filter(|weight| weight.percent > 0).collect();
    real.sort_by_key(|weight| weight.release);
    real
}

/// Whether traffic is where it should be: weights of 0% don't count.
pub(super) fn is_effective(now: &[Weight], wanted: &[Weight]) -> bool {
    effective(now) == effective(wanted)
}

fn shown(weights: &[Weight]) -> String {
    let parts: Vec<String> = effective(weights)
        .iter()
        .map(|weight| format!("{}% to release {}", weight.percent, weight.release))
        .collect();
    if parts.is_empty() { "no traffic".to_owned() } else { parts.join(" and ") }
}

impl ShiftTraffic {
    async fn look_for(
        &self,
        at: &StepContext<'_>,
        pick: impl Fn(&Shift) -> &[Weight] + Send,
    ) -> Result<Look, PortError> {
        let mut lines = Vec::new();
        for shift in &self.shifts {
            let weights = at.ports.edge.weights(at.environment, &shift.service).await?;
            if !is_effective(&weights, pick(shift)) {
                return Ok(Look::Todo);
            }
            lines.push(format!("{}: {}", shift.service, shown(&weights)));
        }
        if lines.is_empty() {
            lines.push("no traffic to shift".to_owned());
        }
        Ok(Look::Done(Receipt::new(lines.join(", "))))
    }

    async fn set(
        &self,
        at: &StepContext<'_>,
        permit: &Permit,
        pick: impl Fn(&Shift) -> &[Weight] + Send,
    ) -> Result<Receipt, PortError> {
        for shift in &self.shifts {
            let weights = at.ports.edge.weights(at.environment, &shift.service).await?;
            if !is_effective(&weights, pick(shift)) {
                at.ports.edge.weights_set(permit, at.environment, &shift.service, pick(shift)).await?;
            }
        }
        Ok(Receipt::new("weights set"))
    }
}

#[async_trait]
impl StepAct for ShiftTraffic {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        self.look_for(at, |shift| &shift.after).await
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        self.set(at, permit, |shift| &shift.after).await
    }

    fn undo(&self) -> Undo {
        if self.shifts.is_empty() { Undo::Nothing } else { Undo::Can }
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        self.look_for(at, |shift| &shift.before).await
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        self.set(at, permit, |shift| &shift.before).await
    }

    fn failure_code(&self) -> &'static str {
        "traffic-failed"
    }
}
