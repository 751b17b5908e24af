//! Services that are run at their times: Railway starts the newest deployment by the schedule in its settings, and lets it end. What is wanted is
//! written down first. A schedule that is switched off has no deployment to start: its own is ended before the schedule is taken out of the
//! settings, because without one Railway would keep it running.

use engine::model::ServiceName;
use engine::ports::{InstanceSet, Permit, PortError, Receipt, Schedule};

use super::Hosted;
use super::asking::newest;
use super::ledger::{Asked, Which};
use super::look::There;
use super::observe::BOTH;
use crate::railway::{Deployment, Phase};

const WHICH: Which = Which::Scheduled;

impl Hosted {
    /// Has a service run at its times, or no more.
    pub(super) async fn scheduled(
        &self,
        permit: &Permit,
        service: &ServiceName,
        schedule: Option<&Schedule>,
    ) -> Result<Receipt, PortError> {
        match schedule {
            Some(schedule) if schedule.enabled => self.switched_on(permit, service, schedule).await,
            _ => self.switched_off(permit, service, schedule).await,
        }
    }

    async fn switched_on(
        &self,
        permit: &Permit,
        service: &ServiceName,
        schedule: &Schedule,
    ) -> Result<Receipt, PortError> {
        let release = schedule.release;
        let there = self.made(permit, service).await?;
        Self::config(service, release, &there.ledger)?;
        let set = set_of(schedule);
        refuse_served(service, &there)?;
        let last = there.ledger.asked(WHICH).last().filter(|last| last.set == set && !last.ended);
        // One that failed, was stopped or was removed by somebody is asked for anew.
        let is_asked = last.is_some_and(|last| there.made_for(WHICH, last).is_none_or(is_of_use));
        let mut ledger = there.ledger.clone();
        if !is_asked {
            let commit = match schedule.commit.as_str() {
                "" => self.commit_of(service, &schedule.build).await?,
                commit => commit.to_owned(),
            };
            let again = self.kept_image(&there, WHICH, release).await?;
            ledger.ask(
                WHICH,
                Asked { set, commit, after: newest(&there, WHICH), key: None, again, ended: false },
            );
        }
        ledger.schedule = Some(schedule.clone());
        self.save(permit, service, &there, &ledger).await?;
        // What was asked for before and is not built yet would come later, and be the newest.
        self.ended(permit, &there, |there, at, phase| {
            !phase.is_over()
                && there.ledger.of(WHICH, deployments(there), at).is_some_and(|of| of.set.release != release)
        })
        .await?;
        let made = self.bring(permit, service, WHICH, release).await?;
        self.wait_live(service, WHICH, release).await?;
        let there = self.there(service).await?;
        if let Some(slot) = there.slot(WHICH) {
            // Of a schedule alone nothing has to be deployed.
            self.parts.railway.ensure_cron(permit, &slot.at, Some(&schedule.cron)).await?;
        }
        let mut ledger = there.ledger.clone();
        for other in others(&there, Some(release)) {
            ledger.end(WHICH, other);
        }
        self.save(permit, service, &there, &ledger).await?;
        let summary = format!("Railway runs {service}, release {release}, at `{}`", schedule.cron);
        Ok(Receipt::new(summary).with("deployment", made.id))
    }

    async fn switched_off(
        &self,
        permit: &Permit,
        service: &ServiceName,
        schedule: Option<&Schedule>,
    ) -> Result<Receipt, PortError> {
        let there = match schedule {
            Some(_) => self.made(permit, service).await?,
            None => self.there(service).await?,
        };
        let Some(slot) = there.slot(WHICH) else {
            return Ok(Receipt::new(format!("{service} is not scheduled")));
        };
        if schedule.is_some() {
            refuse_served(service, &there)?;
        }
        let was = there.ledger.schedule.is_some();
        let count = self
            .ended(permit, &there, |there, at, phase| {
                (!phase.is_over() || phase.is_live())
                    && there.ledger.of(WHICH, deployments(there), at).is_some()
            })
            .await?;
        if was || schedule.is_some() {
            self.parts.railway.ensure_cron(permit, &slot.at, None).await?;
        }
        let mut ledger = there.ledger.clone();
        for release in others(&there, None) {
            ledger.end(WHICH, release);
        }
        ledger.schedule = schedule.cloned();
        self.save(permit, service, &there, &ledger).await?;
        let how = if schedule.is_some() { "is switched off" } else { "is not scheduled" };
        Ok(Receipt::new(format!("{service} {how}")).with("deployments-ended", count))
    }

    /// Ends those deployments of a service; how many.
    async fn ended(
        &self,
        permit: &Permit,
        there: &There,
        is_meant: impl Fn(&There, usize, &Phase) -> bool,
    ) -> Result<usize, PortError> {
        let mut count = 0;
        for (at, deployment) in deployments(there).iter().enumerate() {
            if is_meant(there, at, &deployment.phase()) && !was_stopped(deployment) {
                self.parts.railway.end(permit, &deployment.id).await?;
                count += 1;
            }
        }
        Ok(count)
    }
}

/// What is told as the times of a schedule that was asked for and is not deployed, or is no more: neither as it was before nor as it
/// shall be, so that it is put in place or taken back, whichever is wanted.
const NOT_DEPLOYED: &str = "not deployed";

/// The schedule a service has at Railway, as far as all of it is there.
pub(super) fn schedule_of(there: &There) -> Option<Schedule> {
    let schedule = there.ledger.schedule.as_ref()?;
    let at_railway = there.slot(WHICH)?.instance.cron_schedule.clone();
    if !schedule.enabled {
        let is_off = at_railway.is_none() && others(there, None).is_empty();
        return is_off.then(|| schedule.clone());
    }
    let asked = there.ledger.asked(WHICH).last().filter(|last| last.set == set_of(schedule) && !last.ended);
    let made = asked.and_then(|asked| there.made_for(WHICH, asked));
    let is_built = made.is_some_and(|made| {
        matches!(made.phase(), Phase::Live | Phase::Asleep | Phase::Crashed) && !was_stopped(made)
    });
    // When it runs is told as Railway has it.
    let cron = at_railway.filter(|_| is_built).unwrap_or_else(|| NOT_DEPLOYED.to_owned());
    Some(Schedule { cron, ..schedule.clone() })
}

/// A service is one or the other: Railway keeps one deployment of it, which would be ended as the one and begun as the other.
fn refuse_served(service: &ServiceName, there: &There) -> Result<(), PortError> {
    let is_served = BOTH.iter().any(|which| there.ledger.asked(*which).iter().any(|asked| !asked.ended));
    if !is_served {
        return Ok(());
    }
    Err(PortError::fail(
        format!("{service} is served at Railway, and can't become a scheduled service in its place"),
        "Give the scheduled one a name of its own.",
    ))
}

/// The same the other way round.
pub(super) fn refuse_scheduled(service: &ServiceName, there: &There) -> Result<(), PortError> {
    if there.ledger.schedule.is_none() {
        return Ok(());
    }
    Err(PortError::fail(
        format!("{service} runs on a schedule at Railway, and can't become a served one in its place"),
        "Give the served one a name of its own.",
    ))
}

/// Whether what was asked for comes, or is there.
fn is_of_use(made: &Deployment) -> bool {
    match made.phase() {
        Phase::Failed | Phase::Skipped | Phase::Leaving | Phase::Gone => false,
        Phase::Live | Phase::Asleep | Phase::Crashed => !was_stopped(made),
        _ => true,
    }
}

/// Whether somebody stopped it. One that only waits for its next time has ended, too, and is told by its instances.
pub(super) fn was_stopped(made: &Deployment) -> bool {
    made.deployment_stopped && made.instances.iter().any(|one| one.status == "STOPPED")
}

/// Releases that somebody wants to be run at their times, but one.
fn others(there: &There, but: Option<u32>) -> Vec<u32> {
    let asked = there.ledger.asked(WHICH).iter().filter(|asked| !asked.ended);
    asked.map(|asked| asked.set.release).filter(|release| Some(*release) != but).collect()
}

fn deployments(there: &There) -> &[Deployment] {
    there.slot(WHICH).map(|slot| slot.deployments.as_slice()).unwrap_or_default()
}

/// What a scheduled service is deployed as.
fn set_of(schedule: &Schedule) -> InstanceSet {
    InstanceSet {
        service: schedule.service.clone(),
        release: schedule.release,
        build: schedule.build.clone(),
        commit: schedule.commit.clone(),
        start: schedule.command.clone(),
        replicas: 1,
        health: None,
        limits: schedule.limits.clone(),
    }
}
