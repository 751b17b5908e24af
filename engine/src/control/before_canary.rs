//! What a second deploy is planned from while a canary is at work: things as they are once that canary has been taken back. That
//! is what it meets when it takes the canary's place; when the canary goes through instead, its plan is made anew at its turn, and
//! one that people approved says what has changed.

use std::collections::BTreeMap;

use super::{Engine, Refusal};
use crate::model::{Change, RunRequest, ServiceName};
use crate::ports::{ObservedEnvironment, Weight};
use crate::step::StepKind;

impl Engine {
    /// Takes the canary that is at work out of what was observed, for a deploy that comes after it.
    pub(super) async fn without_canary(
        &self,
        request: &RunRequest,
        observed: &mut ObservedEnvironment,
        weights: &mut BTreeMap<ServiceName, Vec<Weight>>,
    ) -> Result<(), Refusal> {
        if !matches!(request.change, Change::Deploy { .. }) {
            return Ok(());
        }
        let Some(id) = self.canary_in(&request.environment).await? else { return Ok(()) };
        let plan = self.plan_there(&id).await?;
        for step in &plan.steps {
            let StepKind::CanaryStage(stage) = &step.kind else { continue };
            for shift in &stage.shift.shifts {
                if shift.before.is_empty() {
                    weights.remove(&shift.service);
                } else {
                    weights.insert(shift.service.clone(), shift.before.clone());
                }
            }
        }
        let Some(release) = plan.release.as_ref().map(|release| release.id.number) else { return Ok(()) };
        for service in observed.services.values_mut() {
            service.sets.retain(|set| set.release != release);
            service.config.remove(&release);
        }
        Ok(())
    }
}
