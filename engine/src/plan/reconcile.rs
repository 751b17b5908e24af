//! Reconcile: what runs is brought back to the live release, where somebody or something changed it behind the engine's back. What
//! the description says otherwise by now is no drift: it comes with the next deploy.

use std::collections::BTreeMap;

use super::component;
use super::deploy::{names, retire, schedule_changes, shifts, step};
use super::drift::{Drift, Seen};
use super::operate::{Draft, finish, live, verification};
use super::rollback::{builds, starts};
use super::{Facts, Plan, PlanProblem, PlannedStep};
use crate::model::{Release, RunRequest, ServiceName, ServiceRelease};
use crate::step::{
    Finalize, Preflight, PutConfig, PutSchedules, Replace, Resize, Serve, ShiftTraffic, StepKind,
};

/// The problem's code where nothing has drifted.
pub const NOTHING_DRIFTED: &str = "nothing-drifted";

pub(super) fn plan(request: &RunRequest, facts: &Facts) -> Result<Plan, PlanProblem> {
    let environment = &facts.environment.environment;
    let live = live(facts, "bring anything back to")?;
    let Facts { desired, observed, weights, .. } = facts;
    let seen = Seen { live, desired, observed, weights };
    let parts = seen.wanted();
    let mut drift = seen.drift();
    let shape = component::brought_back(facts, parts.values().map(|part| &part.config));
    if drift.diff.is_empty() {
        return Err(PlanProblem::new(
            NOTHING_DRIFTED,
            format!(
                "nothing has drifted in {environment}: all of it is as release {} has it",
                live.id.number
            ),
            format!("status {environment}"),
        ));
    }
    let steps = drift.steps(facts, live, &parts, shape)?;
    let Drift { diff, notes, .. } = drift;
    let title = format!("Bring {environment} back to release {} ({})", live.id.number, live.reference);
    let way_back = "what was changed by hand does not come back by itself".to_owned();
    let mut plan = finish(request, facts, Draft { title, steps, diff, way_back, notes })?;
    plan.stays = true;
    Ok(plan)
}

impl Drift {
    fn steps(
        &mut self,
        facts: &Facts,
        live: &Release,
        parts: &BTreeMap<ServiceName, ServiceRelease>,
        shape: Option<PlannedStep>,
    ) -> Result<Vec<PlannedStep>, PlanProblem> {
        let services = &self.services;
        let built: Vec<ServiceName> = services
            .iter()
            .filter(|name| parts.get(*name).is_some_and(|part| starts(facts, name, part)))
            .cloned()
            .collect();
        let mut steps = vec![step(
            "preflight",
            "the platform is there and ready".to_owned(),
            StepKind::Preflight(Preflight { shape: facts.shape()?, builds: builds(facts, parts, &built) }),
        )];
        steps.extend(shape);
        // What runs with another configuration, or could not be started without one, is started afresh.
        let is_missing = |name: &ServiceName| self.sets.iter().any(|set| set.service == *name);
        let configs = self.configs.iter().filter(|config| !is_missing(&config.service));
        let afresh = configs.filter_map(|config| parts.get(&config.service)?.set.as_ref());
        let afresh: Vec<(ServiceName, u32)> = afresh.map(|set| (set.service.clone(), set.release)).collect();
        if !self.configs.is_empty() {
            let configs = std::mem::take(&mut self.configs);
            let says = format!("as it is in release {}", live.id.number);
            steps.push(step("config", says, StepKind::PutConfig(PutConfig { configs, of_earlier: true })));
        }
        let shifts = shifts(facts, parts, services);
        if !self.sets.is_empty() {
            let sets = std::mem::take(&mut self.sets);
            let whose: Vec<ServiceName> = sets.iter().map(|set| set.service.clone()).collect();
            let says = format!("{} of release {}, until healthy", names(&whose), live.id.number);
            let of = |shift: &&crate::step::Shift| whose.contains(&shift.service);
            let shifts = shifts.iter().filter(of).cloned().collect();
            steps.push(step("bring up", says, StepKind::Serve(Serve { sets, shifts })));
        }
        if !afresh.is_empty() {
            let says = format!("fresh processes with what release {} has", live.id.number);
            steps.push(step("restart", says, StepKind::Replace(Replace { sets: afresh })));
        }
        if !self.resized.is_empty() {
            let changes = std::mem::take(&mut self.resized);
            let says = "as many processes as were asked for".to_owned();
            steps.push(step("resize", says, StepKind::Resize(Resize { changes })));
        }
        if !shifts.is_empty() {
            let says = format!("all of it to release {}, read back", live.id.number);
            steps.push(step("traffic", says, StepKind::ShiftTraffic(ShiftTraffic { shifts })));
        }
        let scheduled = schedule_changes(facts, parts, services);
        if !scheduled.is_empty() {
            let says = format!("schedules run release {}", live.id.number);
            steps.push(step("cron", says, StepKind::PutSchedules(PutSchedules { changes: scheduled })));
        }
        let served: Vec<ServiceName> = services
            .iter()
            .filter(|name| parts.get(*name).is_some_and(|part| part.set.is_some()))
            .cloned()
            .collect();
        if !served.is_empty() {
            steps.push(verification(facts, live, &served));
        }
        steps.push(step(
            "finalize",
            "what does not belong there ended, and recorded".to_owned(),
            StepKind::Finalize(Finalize { retire: retire(facts, parts, services), changes: Vec::new() }),
        ));
        Ok(steps)
    }
}
