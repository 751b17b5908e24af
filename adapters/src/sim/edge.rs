//! The edge's port: weights as they were set, and probes answered as the weighted release behaves.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine::clock::EpochMs;
use engine::model::{EnvironmentKey, ServiceName, Sticky};
use engine::ports::{Answered, Edge, Permit, PortError, Probe, Receipt, Weight};

use super::effects::{Done, done};
use super::world::State;
use super::{Behaviour, Call, World};

/// What all weights of a service add up to.
pub(super) const WHOLE: u32 = 100;
/// A step that visits each of 100 slots once per 100 requests and spreads them: it shares no factor with 100.
const STRIDE: u64 = 37;
/// How long an answer takes, in milliseconds.
const ANSWER_MS: u32 = 5;

/// `@3=10% @2=90%`.
fn spelled(weights: &[Weight]) -> String {
    let words: Vec<_> =
        weights.iter().map(|weight| format!("@{}={}%", weight.release, weight.percent)).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(" ") }
}

impl State {
    fn weights_set(
        &mut self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        weights: &[Weight],
    ) -> Result<Done, PortError> {
        let sum: u32 = weights.iter().map(|weight| u32::from(weight.percent)).sum();
        if !weights.is_empty() && sum != WHOLE {
            return Err(PortError::fail(
                format!("the weights of {service} in {environment} add up to {sum}, not {WHOLE}"),
                "Plan the change anew.",
            ));
        }
        let there = &mut self.service_mut(environment, service).weights;
        let changed = there.as_slice() != weights;
        weights.clone_into(there);
        Ok(done(changed, Receipt::new(format!("{service}: {}", spelled(weights)))))
    }

    fn probe(
        &mut self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        path: &str,
        now: EpochMs,
    ) -> Probe {
        let Self { environments, code, builds, .. } = self;
        let there = environments.get_mut(environment).and_then(|it| it.services.get_mut(service));
        let Some(there) = there.filter(|there| !there.weights.is_empty()) else {
            return unavailable(format!("{service} has no traffic"));
        };
        let slot = there.requests.wrapping_mul(STRIDE) % u64::from(WHOLE);
        there.requests += 1;
        let mut reached = 0;
        let chosen = there.weights.iter().find(|weight| {
            reached += u64::from(weight.percent);
            slot < reached
        });
        let Some(release) = chosen.map(|weight| weight.release) else {
            return unavailable(format!("{service} has no traffic"));
        };
        let set = there.sets.get(&release);
        let behaviour = set.map(|set| set.behaviour(code, builds));
        let healthy = set.zip(behaviour).is_some_and(|(set, behaviour)| {
            set.instances.iter().any(|instance| instance.is_healthy(behaviour, now))
        });
        let Some(behaviour) = behaviour.filter(|_| healthy) else {
            return unavailable(format!("{service}, release {release}, has no healthy instance"));
        };
        let answered = there.answered.entry(release).or_default();
        answered.requests += 1;
        let (status, body) = if fails(behaviour, answered.requests) {
            answered.server_errors += 1;
            (500, format!("{service}, release {release}, failed {path}"))
        } else {
            (200, format!("{service}, release {release}, answered {path}"))
        };
        Probe { status, latency_ms: ANSWER_MS, release: Some(release), body }
    }
}

/// Whether the n-th answer of a release, from 1, is an error: exactly its share of every 100, spread evenly.
fn fails(behaviour: &Behaviour, nth: u64) -> bool {
    let percent = u64::from(behaviour.error_rate_percent.min(100));
    let errors_until = |n: u64| n.saturating_mul(percent) / u64::from(WHOLE);
    errors_until(nth) > errors_until(nth.saturating_sub(1))
}

fn unavailable(body: String) -> Probe {
    Probe { status: 503, latency_ms: 0, release: None, body }
}

impl World {
    /// Another program listens at this address from now on, or no more.
    pub fn taken(&self, address: &str, taken: bool) {
        self.with(|state| {
            if taken {
                state.taken.insert(address.to_owned());
            } else {
                state.taken.remove(address);
            }
        });
    }
}

#[async_trait]
impl Edge for World {
    async fn weights(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<Vec<Weight>, PortError> {
        let subject = format!("{} {service}", environment.environment);
        self.call(Call::Weights, subject, |state, _| {
            Ok(state.service(environment, service).map_or_else(Vec::new, |it| it.weights.clone()))
        })
        .await
    }

    async fn weights_set(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        weights: &[Weight],
    ) -> Result<Receipt, PortError> {
        let subject = format!("{} {service} {}", environment.environment, spelled(weights));
        self.write(permit, Call::WeightsSet, subject, |state, _| {
            state.weights_set(environment, service, weights)
        })
        .await
    }

    async fn probe(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        path: &str,
    ) -> Result<Probe, PortError> {
        let subject = format!("{} {service} {path}", environment.environment);
        self.call(Call::Probe, subject, |state, now| Ok(state.probe(environment, service, path, now))).await
    }

    async fn answered(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<BTreeMap<u32, Answered>, PortError> {
        let subject = format!("{} {service}", environment.environment);
        self.call(Call::Answered, subject, |state, _| {
            Ok(state.service(environment, service).map_or_else(BTreeMap::new, |it| it.answered.clone()))
        })
        .await
    }

    async fn is_free(&self, address: &str) -> bool {
        self.with(|state| !state.taken.contains(address))
    }

    async fn sticky(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<Sticky> {
        self.with(|state| state.environments.get(environment)?.sticky.get(service).cloned())
    }

    async fn address(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<String> {
        self.with(|state| {
            let address = state.environments.get(environment)?.addresses.get(service)?;
            Some(format!("http://{address}"))
        })
    }

    async fn trouble(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<String> {
        self.with(|state| state.environments.get(environment)?.unreached.get(service).cloned())
    }
}
