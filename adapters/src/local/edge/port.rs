//! The engine's port, served by the edge.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine::model::{EnvironmentKey, Queries, ServiceName, Sticky};
use engine::ports::{
    Answered, Edge, Permit, PortError, Probe, Receipt, Seen, Served, ServedSecond, Signals, Weight,
};

use super::probe;
use super::seconds::KEPT_S;
use super::service::second_now;
use super::{EdgeProxy, LATENCY_BOUNDS_MS, PROBE_TIMEOUT, ReleaseCounts};

#[async_trait]
impl Edge for EdgeProxy {
    async fn weights(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<Vec<Weight>, PortError> {
        Ok(self.find(environment, service).map(|found| found.table().weights().to_vec()).unwrap_or_default())
    }

    async fn weights_set(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        service: &ServiceName,
        weights: &[Weight],
    ) -> Result<Receipt, PortError> {
        weights_check(service, weights)?;
        let says = describe(service, weights);
        self.weights_store(environment, service, weights).await?;
        Ok(Receipt::new(says)
            .with("environment", environment)
            .with("service", service)
            .with("idempotency-key", permit.idempotency_key()))
    }

    async fn probe(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        path: &str,
    ) -> Result<Probe, PortError> {
        let bound = self.address(environment, service).ok_or_else(|| {
            PortError::fail(
                format!("`{service}` of {environment} has no address at the edge"),
                "Give it one in the project's description and deploy it.",
            )
        })?;
        probe::probe(service, bound, path, PROBE_TIMEOUT).await
    }

    async fn answered(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<BTreeMap<u32, Answered>, PortError> {
        let counts = self.counts(environment, service).into_iter();
        Ok(counts
            .map(|(release, counts)| {
                let ReleaseCounts { requests, server_errors, .. } = counts;
                (release, Answered { requests, server_errors })
            })
            .collect())
    }

    async fn address(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<String> {
        let bound = EdgeProxy::address(self, environment, service)?;
        Some(format!("http://{}", probe::reachable(bound)))
    }

    async fn sticky(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<Sticky> {
        let cookie = self.find(environment, service)?.sticky()?;
        Some(Sticky { cookie: cookie.to_string() })
    }

    async fn is_free(&self, address: &str) -> bool {
        std::net::TcpListener::bind(address).is_ok()
    }

    async fn trouble(&self, environment: &EnvironmentKey, service: &ServiceName) -> Option<String> {
        self.shared.deaf.borrow().get(&(environment.clone(), service.clone())).cloned()
    }
}

#[async_trait]
impl Signals for EdgeProxy {
    async fn seen(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        _: Option<&Queries>,
        after_s: i64,
    ) -> Result<Seen, PortError> {
        let until_s = second_now() - 1;
        let Some(found) = self.find(environment, service) else {
            return Ok(Seen { from_s: until_s + 1, until_s, seconds: Vec::new() });
        };
        let from_s = found.from_s.max(until_s - KEPT_S + 1).max(after_s + 1);
        let seconds = found.table().seconds(from_s - 1, until_s).into_iter();
        let seconds = seconds.map(|(at_s, by)| ServedSecond { at_s, by }).collect();
        Ok(Seen { from_s, until_s, seconds })
    }

    async fn past(
        &self,
        environment: &EnvironmentKey,
        service: &ServiceName,
        _: Option<&Queries>,
        after_s: i64,
    ) -> Result<Seen, PortError> {
        let until_s = second_now() - 1;
        let spans = self.find(environment, service).map(|found| found.table().spans(after_s, until_s));
        let mut by_span: BTreeMap<i64, BTreeMap<u32, Served>> = BTreeMap::new();
        for (release, spans) in spans.unwrap_or_default() {
            for (at_s, served) in spans {
                by_span.entry(at_s).or_default().insert(release, served);
            }
        }
        let seconds = by_span.into_iter().map(|(at_s, by)| ServedSecond { at_s, by }).collect();
        Ok(Seen { from_s: after_s + 1, until_s, seconds })
    }

    fn latency_bounds_ms(&self, _: &EnvironmentKey, _: &ServiceName) -> Vec<u32> {
        LATENCY_BOUNDS_MS.map(|bound_ms| bound_ms as u32).to_vec()
    }
}

/// Weights are whole percent, of different releases, and add up to 100; none at all ends a service's traffic. A release
/// need not have instances yet: until then the others take its turns.
fn weights_check(service: &ServiceName, weights: &[Weight]) -> Result<(), PortError> {
    let sum: u32 = weights.iter().map(|weight| u32::from(weight.percent)).sum();
    if !weights.is_empty() && sum != 100 {
        return Err(PortError::fail(
            format!("The weights of `{service}` add up to {sum}%, not 100%"),
            "Give whole percents that add up to 100.",
        ));
    }
    for (at, weight) in weights.iter().enumerate() {
        if weights[..at].iter().any(|earlier| earlier.release == weight.release) {
            return Err(PortError::fail(
                format!("Release {} of `{service}` was given two weights", weight.release),
                "Name each release once.",
            ));
        }
    }
    Ok(())
}

fn describe(service: &ServiceName, weights: &[Weight]) -> String {
    if weights.is_empty() {
        return format!("{service} takes no traffic");
    }
    let shares: Vec<String> =
        weights.iter().map(|weight| format!("{}% to release {}", weight.percent, weight.release)).collect();
    format!("traffic of {service}: {}", shares.join(", "))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn check(shares: &[(u32, u8)]) -> String {
        let service = "api".parse().unwrap();
        let weights: Vec<Weight> =
            shares.iter().map(|&(release, percent)| Weight { release, percent }).collect();
        match weights_check(&service, &weights) {
            Ok(()) => describe(&service, &weights),
            Err(refused) => refused.to_string(),
        }
    }

    #[test]
    fn weights_are_all_or_nothing() {
        let said = [
            &[][..],
            &[(12, 100)],
            &[(12, 90), (13, 10)],
            &[(12, 100), (13, 0)],
            &[(12, 90)],
            &[(12, 200), (13, 200)],
            &[(12, 50), (12, 50)],
        ]
        .map(check)
        .join("\n");
        expect_test::expect![[r"
            api takes no traffic
            traffic of api: 100% to release 12
            traffic of api: 90% to release 12, 10% to release 13
            traffic of api: 100% to release 12, 0% to release 13
            The weights of `api` add up to 90%, not 100%
            The weights of `api` add up to 400%, not 100%
            Release 12 of `api` was given two weights"]]
        .assert_eq(&said);
    }
}
