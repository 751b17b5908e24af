//! Serve: instances of the new release are started beside those that have the traffic, and waited for until all are
//! healthy. A service that nobody serves at the moment (the first release, or one whose live instances are all down)
//! gets its traffic as soon as it is healthy: nobody loses anything, and those that need it can become healthy in their
//! turn. Undo takes such traffic back and ends the instances.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::finalize::DRAIN_S;
use super::traffic::{is_effective, take_back};
use super::{Look, Shift, StepAct, StepContext, Undo};
use crate::ports::{
    Instance, InstanceSet, InstanceState, ObservedEnvironment, ObservedSet, Permit, PortError, Receipt,
};
use crate::run::Reason;

/// Starts after which an instance that keeps ending counts as a crash loop.
const CRASH_LOOP_STARTS: u32 = 3;
/// Seconds a set may take to become healthy when its service does not say.
const HEALTH_TIMEOUT_S: u32 = 30;
/// Seconds a platform's own build may take: what Railway and its like give one at the most is less.
const BUILD_WAIT_S: i64 = 3_600;
/// Lines of output shown when an instance does not come up.
const TAIL_LINES: usize = 12;
/// Lines of its service looked through for those: other releases print there, too.
const LINES_LOOKED_AT: usize = 200;

/// Brings sets of instances up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serve {
    /// Those that are not there yet.
    pub sets: Vec<InstanceSet>,
    /// Where their traffic goes later; at once for a service nobody serves.
    pub shifts: Vec<Shift>,
}

impl Serve {
    /// Traffic that can go to healthy instances at once, because nobody serves it now.
    async fn openings(
        &self,
        at: &StepContext<'_>,
        observed: &ObservedEnvironment,
    ) -> Result<Vec<&Shift>, PortError> {
        let mut openings = Vec::new();
        for shift in &self.shifts {
            let is_up = self.sets.iter().any(|set| {
                set.service == shift.service && matches!(look_at(set, observed, at), Look::Done(_))
            });
            if !is_up {
                continue;
            }
            let weights = at.ports.edge.weights(at.environment, &shift.service).await?;
            let is_served = weights.iter().filter(|weight| weight.percent > 0).any(|weight| {
                observed.services.get(&shift.service).is_some_and(|there| {
                    there.sets.iter().filter(|set| set.release == weight.release).any(|set| {
                        set.instances.iter().any(|one| matches!(one.state, InstanceState::Healthy { .. }))
                    })
                })
            });
            if !is_served && !is_effective(&weights, &shift.after) {
                openings.push(shift);
            }
        }
        Ok(openings)
    }

    /// The last lines of the set that does not come up: it is alive, so the platform has not told them by itself. When they
    /// can't be read it fails without them.
    async fn printed(&self, at: &StepContext<'_>, observed: &ObservedEnvironment) -> Vec<String> {
        let is_broken = |set: &&InstanceSet| matches!(look_at(set, observed, at), Look::Broken(_));
        let Some(set) = self.sets.iter().find(is_broken) else { return Vec::new() };
        let services = std::slice::from_ref(&set.service);
        let lines = at.ports.platform.logs(at.environment, services, at.since_ms, LINES_LOOKED_AT).await;
        let mut lines = lines.unwrap_or_default();
        lines.retain(|line| line.release == set.release);
        let shown = lines.split_off(lines.len().saturating_sub(TAIL_LINES));
        shown.into_iter().map(|line| line.text).collect()
    }

    /// Traffic that this step gave to its instances.
    async fn opened(&self, at: &StepContext<'_>) -> Result<Vec<&Shift>, PortError> {
        let mut opened = Vec::new();
        for shift in self.shifts.iter().filter(|shift| !is_effective(&shift.before, &shift.after)) {
            let weights = at.ports.edge.weights(at.environment, &shift.service).await?;
            if is_effective(&weights, &shift.after) {
                opened.push(shift);
            }
        }
        Ok(opened)
    }
}

/// A set as the platform has it.
pub(super) fn observed_set<'a>(
    observed: &'a ObservedEnvironment,
    set: &InstanceSet,
) -> Option<&'a ObservedSet> {
    observed.services.get(&set.service)?.sets.iter().find(|other| other.release == set.release)
}

/// How far a set has come towards being there and healthy.
pub(super) fn look_at(set: &InstanceSet, observed: &ObservedEnvironment, at: &StepContext<'_>) -> Look {
    let Some(there) = observed_set(observed, set) else { return Look::Todo };
    if there.replicas != set.replicas {
        return Look::Todo;
    }
    let healthy =
        there.instances.iter().filter(|one| matches!(one.state, InstanceState::Healthy { .. })).count();
    if healthy >= set.replicas as usize && there.instances.len() == healthy {
        return Look::Done(Receipt::new(format!("{} {healthy}/{}", set.service, set.replicas)));
    }
    if let Some(reason) =
        there.instances.iter().find_map(|one| given_up(set, one, at).or_else(|| crash_loop(set, one, at)))
    {
        return Look::Broken(reason);
    }
    let last = there.instances.iter().find_map(last_word).unwrap_or_else(|| "no answer yet".to_owned());
    if there.instances.iter().any(|one| matches!(one.state, InstanceState::Building { .. })) {
        let waited_s = (at.now_ms - at.since_ms) / 1_000;
        if waited_s >= BUILD_WAIT_S {
            let why = format!("{} was not built within {} min: {last}", set.service, BUILD_WAIT_S / 60);
            return Look::Broken(Reason::new("build-failed", why, logs(set, at)));
        }
        return Look::going(format!("{} {last}", set.service));
    }
    // What was being built had no time to become healthy meanwhile.
    let built_ms = there.instances.iter().filter_map(|one| one.built_ms).max().unwrap_or(at.since_ms);
    let waited_s = (at.now_ms - at.since_ms.max(built_ms)) / 1_000;
    let allowed_s = i64::from(set.health.as_ref().map_or(HEALTH_TIMEOUT_S, |health| health.timeout_s));
    if waited_s >= allowed_s {
        return Look::Broken(
            Reason::new(
                "unhealthy",
                format!("{} did not become healthy within {allowed_s} s: {last}", set.service),
                logs(set, at),
            )
            .showing(there.instances.iter().flat_map(tail).collect()),
        );
    }
    Look::going(format!("{} {healthy}/{} healthy, {last}", set.service, set.replicas))
}

/// What to type to see why: the run's own logs, which are kept when its processes are ended.
fn logs(set: &InstanceSet, at: &StepContext<'_>) -> String {
    format!("logs {} of {}", set.service, at.run)
}

fn crash_loop(set: &InstanceSet, instance: &Instance, at: &StepContext<'_>) -> Option<Reason> {
    let InstanceState::Exited { how, starts, .. } = &instance.state else { return None };
    (*starts >= CRASH_LOOP_STARTS).then(|| {
        Reason::new(
            "crash-loop",
            format!("{} was started {starts} times and always ended ({how})", set.service),
            logs(set, at),
        )
        .showing(tail(instance))
    })
}

fn given_up(set: &InstanceSet, instance: &Instance, at: &StepContext<'_>) -> Option<Reason> {
    let InstanceState::Failed { why, .. } = &instance.state else { return None };
    let says = format!("{} did not come up: {why}", set.service);
    Some(Reason::new("start-failed", says, logs(set, at)).showing(tail(instance)))
}

fn last_word(instance: &Instance) -> Option<String> {
    match &instance.state {
        InstanceState::Starting { last } | InstanceState::Unhealthy { last } => Some(last.clone()),
        InstanceState::Building { last } if last.is_empty() => Some("is being built".to_owned()),
        InstanceState::Building { last } => Some(format!("is being built: {last}")),
        InstanceState::Exited { how, .. } => Some(format!("ended ({how}), starting again")),
        InstanceState::Failed { why, .. } => Some(why.clone()),
        InstanceState::Healthy { .. } => None,
    }
}

fn tail(instance: &Instance) -> Vec<String> {
    match &instance.state {
        InstanceState::Exited { tail, .. } | InstanceState::Failed { tail, .. } => {
            tail[tail.len().saturating_sub(TAIL_LINES)..].to_vec()
        }
        _ => Vec::new(),
    }
}

/// Looks at several sets: broken beats to do beats going beats done.
pub(super) fn look_at_all<'a>(
    sets: impl Iterator<Item = &'a InstanceSet>,
    observed: &ObservedEnvironment,
    at: &StepContext<'_>,
) -> Look {
    let (mut todo, mut going, mut done) = (false, None, Vec::new());
    for set in sets {
        match look_at(set, observed, at) {
            Look::Broken(reason) => return Look::Broken(reason),
            Look::Todo => todo = true,
            going_on @ Look::Going { .. } => going = going.or(Some(going_on)),
            Look::Done(Receipt { summary, .. }) | Look::Stays(summary) => done.push(summary),
        }
    }
    match (todo, going) {
        (true, _) => Look::Todo,
        (false, Some(going)) => going,
        (false, None) if done.is_empty() => Look::Done(Receipt::new("nothing to start")),
        (false, None) => Look::Done(Receipt::new(format!("healthy: {}", done.join(", ")))),
    }
}

#[async_trait]
impl StepAct for Serve {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        match look_at_all(self.sets.iter(), &observed, at) {
            going @ Look::Going { .. } if self.openings(at, &observed).await?.is_empty() => Ok(going),
            Look::Going { .. } => Ok(Look::Todo),
            Look::Broken(reason) if reason.evidence.is_empty() => {
                let printed = self.printed(at, &observed).await;
                Ok(Look::Broken(reason.showing(printed)))
            }
            look => Ok(look),
        }
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        let mut receipts = Vec::new();
        for shift in self.openings(at, &observed).await? {
            at.ports.edge.weights_set(permit, at.environment, &shift.service, &shift.after).await?;
            receipts.push(format!("nobody served {}, so its traffic goes to the new release", shift.service));
        }
        for set in &self.sets {
            if observed_set(&observed, set).is_none_or(|there| there.replicas != set.replicas) {
                receipts.push(at.ports.platform.instances_ensure(permit, at.environment, set).await?.summary);
            }
        }
        Ok(Receipt::new(receipts.join("; ")))
    }

    fn undo(&self) -> Undo {
        if self.sets.is_empty() { Undo::Nothing } else { Undo::Can }
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        let is_there = self.sets.iter().any(|set| observed_set(&observed, set).is_some());
        if is_there || !self.opened(at).await?.is_empty() {
            return Ok(Look::Todo);
        }
        Ok(Look::Done(Receipt::new("new processes ended")))
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        let (mut failed, mut serving) = (None, Vec::new());
        for shift in self.opened(at).await? {
            if let Err(error) = take_back(at, permit, shift).await {
                failed = failed.or(Some(error));
                serving.push(&shift.service);
            }
        }
        // Those that people are still sent to go on.
        for set in self.sets.iter().filter(|set| !serving.contains(&&set.service)) {
            let platform = &at.ports.platform;
            let stopped =
                platform.instances_stop(permit, at.environment, &set.service, set.release, DRAIN_S).await;
            failed = failed.or(stopped.err());
        }
        failed.map_or_else(|| Ok(Receipt::new("new processes ended")), Err)
    }

    async fn left(&self, at: &StepContext<'_>) -> Result<Vec<String>, PortError> {
        let observed = at.ports.platform.observe(at.environment).await?;
        let there = |set: &InstanceSet| observed_set(&observed, set).map(|there| there.instances.len());
        let mut left: Vec<String> = self
            .sets
            .iter()
            .filter_map(|set| Some((set, there(set)?)))
            .map(|(set, count)| match count {
                1 => format!("1 process of {}, release {}, still runs", set.service, set.release),
                _ => format!("{count} processes of {}, release {}, still run", set.service, set.release),
            })
            .collect();
        for shift in self.opened(at).await? {
            left.push(format!("{} still has its traffic there", shift.service));
        }
        Ok(left)
    }

    fn failure_code(&self) -> &'static str {
        "start-failed"
    }

    fn acts_max(&self) -> u32 {
        super::ACTS_MAX + self.shifts.len() as u32
    }
}
