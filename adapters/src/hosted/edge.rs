//! The `Edge` port: weights of the two origins at Cloudflare, or Railway's own switch from one deployment to the next.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use engine::model::{EnvironmentKey, ServiceName, Sticky};
use engine::ports::{Answered, Edge, Permit, PortError, Probe, Receipt, Weight};
use reqwest::Method;

use super::ledger::Which;
use super::look::There;
use super::observe::BOTH;
use super::{Hosted, locked};
use crate::cloudflare::{Route, Zone};

/// How long a probe waits.
const PROBE_WAIT: Duration = Duration::from_secs(30);
/// The most of a body that is told.
const PROBE_BODY: usize = 2 * 1_024;

/// A request to a host.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) headers: &'a BTreeMap<String, String>,
    pub(super) body: String,
}

impl Hosted {
    /// The zone of a host.
    pub(super) async fn zone(&self, host: &str) -> Result<Zone, PortError> {
        if let Some(zone) = locked(&self.zones).get(host) {
            return Ok(zone.clone());
        }
        let cloudflare = self
            .parts
            .cloudflare
            .as_ref()
            .ok_or_else(|| PortError::fail("Cloudflare is not connected", ""))?;
        let zone = cloudflare.zone_of(host).await?;
        locked(&self.zones).insert(host.to_owned(), zone.clone());
        Ok(zone)
    }

    /// How a service's traffic is split; nothing where that is not set up yet.
    async fn route(&self, service: &ServiceName) -> Result<Option<Route>, PortError> {
        let Some((cloudflare, host)) = self.split(service) else { return Ok(None) };
        let zone = self.zone(host).await?;
        cloudflare.route_find(&zone, &self.canary(service, host, false)).await
    }

    /// The canary's share in percent; 0 where nothing is split.
    pub(super) async fn share(&self, service: &ServiceName) -> Result<u8, PortError> {
        let Some(route) = self.route(service).await? else { return Ok(0) };
        if let Some(detour) = route.detours.first() {
            return Err(PortError::fail(
                format!("the traffic of {service} is not where its weights say: {detour}"),
                "Deploy again: what leads elsewhere is removed when the environment is set up.",
            ));
        }
        route.weights.percent().ok_or_else(|| {
            PortError::fail(
                format!("the weights of {service} are no whole percents: {}", route.weights),
                "Set them right at Cloudflare.",
            )
        })
    }

    /// Gives the canary that share, read back.
    pub(super) async fn share_set(
        &self,
        permit: &Permit,
        service: &ServiceName,
        percent: u8,
    ) -> Result<Receipt, PortError> {
        let Some((cloudflare, host)) = self.split(service) else {
            return Err(PortError::fail(format!("the traffic of {service} can't be split"), ""));
        };
        let zone = self.zone(host).await?;
        let is_sticky = self.there(service).await?.ledger.sticky.is_some();
        let moved =
            cloudflare.route_weights(permit, &zone, &self.canary(service, host, is_sticky), percent).await;
        self.forget();
        Ok(moved?.receipt)
    }

    async fn weights_now(&self, service: &ServiceName, there: &There) -> Result<Vec<Weight>, PortError> {
        let of = |which, percent| Some(Weight { release: there.serves(which)?, percent });
        if self.split(service).is_none() {
            return Ok(of(Which::Stable, 100).into_iter().collect());
        }
        if there.slot(Which::Stable).is_none() || self.route(service).await?.is_none() {
            return Ok(Vec::new());
        }
        let canary = self.share(service).await?;
        let both = [of(Which::Stable, 100 - canary), of(Which::Canary, canary)];
        let mut weights: Vec<Weight> =
            both.into_iter().flatten().filter(|weight| weight.percent > 0).collect();
        if let [one, other] = weights.as_slice()
            && one.release == other.release
        {
            weights = vec![Weight { release: one.release, percent: 100 }];
        }
        Ok(weights)
    }

    /// Sends a request to a host, redirects left to who asks.
    pub(super) async fn send(
        &self,
        request: Request<'_>,
        wait: Duration,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let Request { method, host, path, headers, body } = request;
        let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET);
        let base = self.parts.all_hosts_at.clone();
        let mut sent = self
            .http
            .request(method, format!("{}{path}", base.as_deref().unwrap_or(&format!("https://{host}"))));
        if base.is_some() {
            sent = sent.header("host", host);
        }
        for (name, value) in headers {
            sent = sent.header(name, value);
        }
        if !body.is_empty() {
            sent = sent.body(body);
        }
        sent.timeout(wait).send().await
    }
}

#[async_trait]
impl Edge for Hosted {
    async fn weights(&self, key: &EnvironmentKey, service: &ServiceName) -> Result<Vec<Weight>, PortError> {
        self.check(key)?;
        let now_ms = self.parts.clock.passed_ms();
        if let Some((at_ms, weights)) = locked(&self.recent).weights.get(service)
            && now_ms - at_ms < self.place.look_every_ms
        {
            return Ok(weights.clone());
        }
        let look = self.look().await?;
        let Some(there) = look.services.get(service) else { return Ok(Vec::new()) };
        let weights = self.weights_now(service, there).await?;
        locked(&self.recent).weights.insert(service.clone(), (now_ms, weights.clone()));
        Ok(weights)
    }

    async fn weights_set(
        &self,
        permit: &Permit,
        key: &EnvironmentKey,
        service: &ServiceName,
        weights: &[Weight],
    ) -> Result<Receipt, PortError> {
        self.check(key)?;
        self.placed(service)?;
        let wanted: Vec<&Weight> = weights.iter().filter(|weight| weight.percent > 0).collect();
        let sum: u32 = wanted.iter().map(|weight| u32::from(weight.percent)).sum();
        if wanted.is_empty() {
            return Ok(Receipt::new(format!("the traffic of {service} ends with what serves it")));
        }
        if sum != 100 {
            return Err(PortError::fail(
                format!("the weights of {service} add up to {sum}, not 100"),
                "Give whole percents that add up to 100.",
            ));
        }
        if self.split(service).is_none() {
            let [only] = wanted.as_slice() else {
                return Err(PortError::fail(
                    format!("Railway moves all traffic of {service} at once and can't split it"),
                    "Give the service a host at Cloudflare, or deploy without a canary.",
                ));
            };
            self.go_back(permit, service, only.release).await?;
            return Ok(Receipt::new(format!("{service}: 100% to release {}", only.release)));
        }
        let there = self.there(service).await?;
        let mut percent = 0;
        for weight in &wanted {
            // One that is in both places is on its way to the stable one.
            match BOTH.into_iter().find(|which| there.serves(*which) == Some(weight.release)) {
                Some(Which::Stable | Which::Scheduled) => {}
                Some(Which::Canary) => percent = weight.percent,
                None => {
                    return Err(PortError::fail(
                        format!(
                            "{service}, release {}, runs nowhere and can have no traffic",
                            weight.release
                        ),
                        "Start it first.",
                    ));
                }
            }
        }
        self.share_set(permit, service, percent).await
    }

    async fn probe(
        &self,
        key: &EnvironmentKey,
        service: &ServiceName,
        path: &str,
    ) -> Result<Probe, PortError> {
        self.check(key)?;
        let there = self.look().await?;
        let there = there.services.get(service);
        let host = match self.split(service) {
            Some((_, host)) => Some(host.to_owned()),
            None => there.and_then(|there| there.address(Which::Stable)),
        };
        let host = host.ok_or_else(|| PortError::fail(format!("{service} has no address"), ""))?;
        let began = Instant::now();
        let request =
            Request { method: "GET", host: &host, path, headers: &BTreeMap::new(), body: String::new() };
        let answer = self.send(request, PROBE_WAIT).await;
        let took_ms = |began: Instant| u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.is_timeout() => {
                let body = format!("no answer within {} s", PROBE_WAIT.as_secs());
                return Ok(Probe { status: 504, latency_ms: took_ms(began), release: None, body });
            }
            Err(_) => return Err(PortError::retry(format!("{service} can't be asked at {host}"))),
        };
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Ok(Some(part)) = answer.chunk().await {
            body.extend_from_slice(&part);
            if body.len() >= PROBE_BODY {
                break;
            }
        }
        body.truncate(PROBE_BODY);
        let body = self.parts.redactor.redact(&String::from_utf8_lossy(&body)).into_owned();
        Ok(Probe { status, latency_ms: took_ms(began), release: None, body })
    }

    async fn answered(
        &self,
        key: &EnvironmentKey,
        service: &ServiceName,
    ) -> Result<BTreeMap<u32, Answered>, PortError> {
        self.check(key)?;
        self.totals(service).await
    }

    async fn address(&self, key: &EnvironmentKey, service: &ServiceName) -> Option<String> {
        self.check(key).ok()?;
        let look = self.look().await.ok()?;
        let there = look.services.get(service)?;
        match self.split(service) {
            Some((_, host)) => {
                let route = self.route(service).await.ok()??;
                let is_there = there.canary.is_some() && route.detours.is_empty();
                is_there.then(|| format!("https://{host}"))
            }
            None => Some(format!("https://{}", there.address(Which::Stable)?)),
        }
    }

    async fn sticky(&self, key: &EnvironmentKey, service: &ServiceName) -> Option<Sticky> {
        self.check(key).ok()?;
        self.look().await.ok()?.services.get(service)?.ledger.sticky.clone()
    }

    async fn is_free(&self, _: &str) -> bool {
        true
    }
}
