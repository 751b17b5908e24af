//! All traffic at once: it is shifted to the new release and the weights are read back. Undo shifts it back to where it
//! was; in a rollback this is the first thing that happens. Stages of a canary are [`super::CanaryStage`].

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
pub(crate) fn is_effective(now: &[Weight], wanted: &[Weight]) -> bool {
    effective(now) == effective(wanted)
}

/// In words: "60% to release 3 and 40% to release 4".
pub(crate) fn shown(weights: &[Weight]) -> String {
    let parts: Vec<String> = effective(weights)
        .iter()
        .map(|weight| format!("{}% to release {}", weight.percent, weight.release))
        .collect();
    if parts.is_empty() { "no traffic".to_owned() } else { parts.join(" and ") }
}

/// Puts a service's traffic back to where it was.
pub(super) async fn take_back(at: &StepContext<'_>, permit: &Permit, shift: &Shift) -> Result<(), PortError> {
    let edge = &at.ports.edge;
    if !is_effective(&edge.weights(at.environment, &shift.service).await?, &shift.before) {
        edge.weights_set(permit, at.environment, &shift.service, &shift.before).await?;
    }
    Ok(())
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
}

#[async_trait]
impl StepAct for ShiftTraffic {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        self.look_for(at, |shift| &shift.after).await
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        for shift in &self.shifts {
            let weights = at.ports.edge.weights(at.environment, &shift.service).await?;
            if !is_effective(&weights, &shift.after) {
                at.ports.edge.weights_set(permit, at.environment, &shift.service, &shift.after).await?;
            }
        }
        Ok(Receipt::new("weights set"))
    }

    fn undo(&self) -> Undo {
        if self.shifts.is_empty() { Undo::Nothing } else { Undo::Can }
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        self.look_for(at, |shift| &shift.before).await
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        let mut failed = None;
        for shift in &self.shifts {
            failed = failed.or(take_back(at, permit, shift).await.err());
        }
        failed.map_or_else(|| Ok(Receipt::new("weights set")), Err)
    }

    async fn left(&self, at: &StepContext<'_>) -> Result<Vec<String>, PortError> {
        let mut left = Vec::new();
        for shift in &self.shifts {
            let weights = at.ports.edge.weights(at.environment, &shift.service).await?;
            if !is_effective(&weights, &shift.before) {
                left.push(format!("{} still has {}", shift.service, shown(&weights)));
            }
        }
        Ok(left)
    }

    fn failure_code(&self) -> &'static str {
        "traffic-failed"
    }
}
