//! Cron: scheduled services get their new schedule. Undo puts the old one back.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::ServiceName;
use crate::ports::{ObservedEnvironment, Permit, PortError, Receipt, Schedule};

/// One schedule, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleChange {
    /// The service.
    pub service: ServiceName,
    /// As it was; absent when there was none.
    pub before: Option<Schedule>,
    /// As it shall be; absent when there shall be none.
    pub after: Option<Schedule>,
}

/// Puts schedules in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutSchedules {
    /// Which.
    pub changes: Vec<ScheduleChange>,
}

fn observed<'a>(observed: &'a ObservedEnvironment, service: &ServiceName) -> Option<&'a Schedule> {
    observed.services.get(service)?.schedule.as_ref()
}

impl PutSchedules {
    async fn look_for(
        &self,
        at: &StepContext<'_>,
        pick: impl Fn(&ScheduleChange) -> Option<&Schedule> + Send,
    ) -> Result<Look, PortError> {
        if self.changes.is_empty() {
            return Ok(Look::Done(Receipt::new("nothing scheduled")));
        }
        let now = at.ports.platform.observe(at.environment).await?;
        if self.changes.iter().any(|change| observed(&now, &change.service) != pick(change)) {
            return Ok(Look::Todo);
        }
        let lines: Vec<String> = self
            .changes
            .iter()
            .map(|change| match pick(change) {
                Some(schedule) if schedule.enabled => {
                    format!("{} runs at `{}`", change.service, schedule.cron)
                }
                Some(_) => format!("{} is switched off", change.service),
                None => format!("{} is not scheduled", change.service),
            })
            .collect();
        Ok(Look::Done(Receipt::new(lines.join(", "))))
    }

    async fn put(
        &self,
        at: &StepContext<'_>,
        permit: &Permit,
        pick: impl Fn(&ScheduleChange) -> Option<&Schedule> + Send,
    ) -> Result<Receipt, PortError> {
        let now = at.ports.platform.observe(at.environment).await?;
        let mut failed = None;
        for change in self.changes.iter().filter(|one| observed(&now, &one.service) != pick(one)) {
            let platform = &at.ports.platform;
            let put = platform.schedule_put(permit, at.environment, &change.service, pick(change)).await;
            failed = failed.or(put.err());
        }
        failed.map_or_else(|| Ok(Receipt::new("schedules put in place")), Err)
    }
}

#[async_trait]
impl StepAct for PutSchedules {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        self.look_for(at, |change| change.after.as_ref()).await
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        self.put(at, permit, |change| change.after.as_ref()).await
    }

    fn undo(&self) -> Undo {
        if self.changes.is_empty() { Undo::Nothing } else { Undo::Can }
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        self.look_for(at, |change| change.before.as_ref()).await
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        self.put(at, permit, |change| change.before.as_ref()).await
    }

    async fn left(&self, at: &StepContext<'_>) -> Result<Vec<String>, PortError> {
        let now = at.ports.platform.observe(at.environment).await?;
        let astray = self.changes.iter().filter(|one| observed(&now, &one.service) != one.before.as_ref());
        Ok(astray
            .map(|change| match observed(&now, &change.service) {
                None => format!("{} is not scheduled any more", change.service),
                Some(schedule) => format!(
                    "{} is scheduled with release {}, {}",
                    change.service,
                    schedule.release,
                    if schedule.enabled { "on" } else { "off" }
                ),
            })
            .collect())
    }

    fn failure_code(&self) -> &'static str {
        "schedule-failed"
    }
}
