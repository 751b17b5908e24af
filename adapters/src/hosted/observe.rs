//! What there is, in the engine's words: a release is told where its deployment's commit and its marker prove it.

use engine::clock::EpochMs;
use engine::ports::{Instance, InstanceState, ObservedEnvironment, ObservedService, ObservedSet, PortError};

use super::Hosted;
use super::ledger::{Asked, Which};
use super::look::{Look, There};
use super::schedule::schedule_of;
use crate::railway::{Bounds, Deployment, LogOf, Phase};

/// Lines of a log that say why.
const TAIL: u32 = 12;
/// Both slots of what is served.
pub(super) const BOTH: [Which; 2] = [Which::Stable, Which::Canary];

impl Hosted {
    /// All of it.
    pub(super) async fn observed(&self, look: &Look) -> Result<ObservedEnvironment, PortError> {
        let mut observed = ObservedEnvironment::default();
        let Some(environment) = &look.environment else { return Ok(observed) };
        for (service, there) in &look.services {
            let mut told = ObservedService::default();
            for which in BOTH {
                for set in self.sets(there, which).await? {
                    match told.sets.iter_mut().find(|one: &&mut ObservedSet| one.release == set.release) {
                        // On its way from the one to the other.
                        Some(one) if one.instances.is_empty() => *one = set,
                        Some(_) => {}
                        None => told.sets.push(set),
                    }
                }
            }
            told.sets.sort_by_key(|set| set.release);
            told.schedule = schedule_of(there);
            told.config = there
                .ledger
                .configs
                .iter()
                .map(|(release, config)| (*release, config.fingerprint.clone()))
                .collect();
            observed.services.insert(service.clone(), told);
        }
        if let Some(home) = self.home(look) {
            // One that was ended is kept, and there no more.
            let is_there = |name: &str| {
                let service = environment.service(name);
                service.is_some_and(|it| !it.latest_deployment.as_ref().is_some_and(Deployment::was_ended))
            };
            for (name, kind) in &home.ledger.components {
                if home.ledger.urls.contains_key(name) || is_there(name.as_str()) {
                    observed.components.insert(name.clone(), *kind);
                }
            }
            observed.urls.clone_from(&home.ledger.urls);
        }
        Ok(observed)
    }

    /// The service in whose ledger the environment's components stand.
    pub(super) fn home<'l>(&self, look: &'l Look) -> Option<&'l There> {
        look.services.get(self.place.services.keys().next()?)
    }

    /// The releases somebody wants in a slot.
    async fn sets(&self, there: &There, which: Which) -> Result<Vec<ObservedSet>, PortError> {
        let mut sets: Vec<ObservedSet> = Vec::new();
        for asked in there.ledger.asked(which) {
            let release = asked.set.release;
            let Some(newest) = there.ledger.wanted(which, release).filter(|newest| *newest == asked) else {
                continue;
            };
            let runs = there.live(which).and_then(|(_, of)| of).filter(|of| of.set.release == release);
            let is_made = there.made_for(which, newest).is_some();
            if !is_made && runs.is_none() && !was_replaced(there, which, newest) {
                // It was asked for and never heard of: not there.
                continue;
            }
            // What was asked for last and never heard of has changed nothing yet.
            let counted = runs.filter(|_| !is_made).unwrap_or(newest);
            sets.push(ObservedSet {
                release,
                replicas: counted.set.replicas,
                instances: self.instances(there, which, newest).await?,
            });
        }
        Ok(sets)
    }

    async fn instances(
        &self,
        there: &There,
        which: Which,
        asked: &Asked,
    ) -> Result<Vec<Instance>, PortError> {
        let live =
            there.live(which).filter(|(_, of)| of.is_some_and(|of| of.set.release == asked.set.release));
        let newest = there.made_for(which, asked);
        let address = there.address(which).unwrap_or_default();
        let told = |index: usize, handle: &str, state: InstanceState, of: &Deployment| Instance {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            handle: handle.to_owned(),
            address: address.clone(),
            state,
            started_ms: started_ms(of),
            built_ms: (!matches!(of.phase(), Phase::Waiting | Phase::Building | Phase::Unknown))
                .then(|| started_ms(of)),
            crashes: None,
        };
        let all = |state: &InstanceState, of: &Deployment| -> Vec<Instance> {
            (0..asked.set.replicas as usize).map(|index| told(index, &of.id, state.clone(), of)).collect()
        };
        // What comes tells more than what still runs; while fresh instances replace good ones, these are told.
        let Some(newest) = newest.filter(|newest| {
            live.is_none_or(|(live, _)| {
                live.id == newest.id || !(asked.key.is_some() && live.phase().is_live())
            })
        }) else {
            return Ok(live.map(|(live, _)| running(live, &told, &all)).unwrap_or_default());
        };
        Ok(match newest.phase() {
            Phase::Live | Phase::Asleep if newest.is_stopped() => Vec::new(),
            Phase::Live | Phase::Asleep => running(newest, &told, &all),
            Phase::Failed | Phase::Crashed | Phase::Skipped | Phase::NeedsApproval => {
                let why = given_up(newest);
                let tail = self.tail(newest).await;
                all(&InstanceState::Failed { why, tail }, newest)
            }
            Phase::Waiting | Phase::Building => all(&InstanceState::Building { last: String::new() }, newest),
            Phase::Starting | Phase::Unknown => {
                let last = format!("Railway: {}", newest.status.to_lowercase());
                all(&InstanceState::Starting { last }, newest)
            }
            Phase::Leaving | Phase::Gone => Vec::new(),
        })
    }

    /// The last lines of what failed; without them when they can't be read: that it failed is known.
    pub(super) async fn tail(&self, of: &Deployment) -> Vec<String> {
        let which = if of.phase() == Phase::Crashed { LogOf::Running } else { LogOf::Build };
        let bounds = Bounds { most: Some(TAIL), ..Bounds::default() };
        let part = self.parts.railway.fetch_logs(&of.id, which, &bounds).await;
        let lines = part.map(|part| part.lines).unwrap_or_default();
        lines.iter().map(|line| self.parts.redactor.redact(&line.message).into_owned()).collect()
    }
}

/// Whether another release was asked for in its place since.
fn was_replaced(there: &There, which: Which, asked: &Asked) -> bool {
    there.ledger.asked(which).last().is_some_and(|last| last != asked)
}

/// Why nothing more will come of it.
pub(super) fn given_up(of: &Deployment) -> String {
    match of.phase() {
        Phase::NeedsApproval => "somebody must approve the deployment at railway.com".to_owned(),
        Phase::Skipped => "Railway skipped the deployment: it found nothing to deploy".to_owned(),
        Phase::Crashed => "it crashed, and Railway does not start it again".to_owned(),
        _ => "its build or its start failed at Railway".to_owned(),
    }
}

fn started_ms(of: &Deployment) -> EpochMs {
    of.status_updated_at.unwrap_or(of.created_at).timestamp_millis()
}

fn running(
    of: &Deployment,
    told: &dyn Fn(usize, &str, InstanceState, &Deployment) -> Instance,
    all: &dyn Fn(&InstanceState, &Deployment) -> Vec<Instance>,
) -> Vec<Instance> {
    // Railway tells no latency of its health checks.
    let healthy = InstanceState::Healthy { latency_ms: 0 };
    if of.phase() == Phase::Asleep {
        return all(&healthy, of);
    }
    let states = of.instances.iter().filter_map(|one| {
        let state = match one.status.as_str() {
            "RUNNING" => healthy.clone(),
            "CREATED" | "INITIALIZING" | "RESTARTING" => {
                InstanceState::Starting { last: format!("Railway: {}", one.status.to_lowercase()) }
            }
            "CRASHED" => InstanceState::Exited { how: "it crashed".to_owned(), starts: 1, tail: Vec::new() },
            _ => return None,
        };
        Some((one.id.as_str(), state))
    });
    states.enumerate().map(|(index, (handle, state))| told(index, handle, state, of)).collect()
}
