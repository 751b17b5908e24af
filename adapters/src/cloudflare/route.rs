//! How traffic is shared between the release in use and the one on trial: weights of the two origins of one pool, in hundredths, so
//! that every whole percent is exactly itself. What the weights were before a run moved them stands in the pool's description, written by
//! the very call that moves them: a way back is known even where every answer got lost.

use async_trait::async_trait;
use engine::model::RunId;
use engine::ports::{Permit, PortError};
use serde_json::{Value, json};

use super::balancer::Balancer;
use super::ensure::{Plan, Want};
use super::pool::{CANARY, OriginState, PoolState, STABLE, origins_body};
use super::{Cloudflare, Ensured, Zone};
use crate::http::Call;

/// A host whose traffic is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// The load balancer's host.
    pub host: String,
    /// The pool's name.
    pub pool: String,
    /// Whether clients are kept with their origin, as the load balancer was set up. Cookies that are out stay true when weights move, so at 0
    /// percent the canary is then switched off as well: a way back leaves nobody behind.
    pub is_sticky: bool,
}

/// Weights of two origins, in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    /// Of the release in use.
    pub stable: u32,
    /// Of the release on trial.
    pub canary: u32,
}

impl Weights {
    /// These percent for the canary, the rest for stable; nothing above 100.
    fn of_percent(percent: u8) -> Option<Self> {
        let canary = u32::from(percent);
        Some(Self { stable: 100_u32.checked_sub(canary)?, canary })
    }

    /// The canary's share in whole percent; nothing where it is none, or nobody has a share.
    pub fn percent(self) -> Option<u8> {
        let sum = self.stable + self.canary;
        if sum == 0 || !(self.canary * 100).is_multiple_of(sum) {
            return None;
        }
        u8::try_from(self.canary * 100 / sum).ok()
    }

    fn of(pool: &PoolState) -> Option<Self> {
        let share = |origin: &OriginState| if origin.enabled { origin.hundredths() } else { 0 };
        Some(Self { stable: share(pool.origin(STABLE)?), canary: share(pool.origin(CANARY)?) })
    }
}

impl std::fmt::Display for Weights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.stable, self.canary)
    }
}

/// How traffic is shared now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The weights as they work now.
    pub weights: Weights,
    /// The run that moved them last.
    pub moved_by: Option<String>,
    /// What they were before it.
    pub before: Option<Weights>,
    /// Whether clients stay with the origin they came to first.
    pub is_sticky: bool,
    /// What makes that they do not hold for everybody, in words; empty when they do.
    pub detours: Vec<String>,
}

/// What a pool's description remembers.
struct Moved {
    run: String,
    before: Weights,
}

impl Moved {
    /// `infra-chat:acme/production run=r-3f2a before=100:0`
    fn read(description: Option<&str>) -> Option<Self> {
        let field = |name: &str| {
            description?.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
        };
        let (stable, canary) = field("before")?.split_once(':')?;
        let before = Weights { stable: stable.parse().ok()?, canary: canary.parse().ok()? };
        Some(Self { run: field("run")?.to_owned(), before })
    }

    fn written(&self, mark: &str) -> String {
        format!("{mark} run={} before={}", self.run, self.before)
    }
}

fn route_of(pool: &PoolState, balancer: Option<&Balancer>, host: &str) -> Result<Route, PortError> {
    let Some(weights) = Weights::of(pool) else {
        return Err(PortError::fail(
            format!("the pool {} lacks the origin {STABLE} or {CANARY}", pool.name),
            "Set up the environment's canary once more.",
        ));
    };
    let mut detours = match balancer {
        Some(balancer) => balancer.detours(&pool.id),
        None => vec![format!("there is no load balancer {host}")],
    };
    let is_other = |one: &&OriginState| one.name != STABLE && one.name != CANARY;
    for other in pool.origins.iter().filter(is_other).filter(|one| one.enabled && one.hundredths() > 0) {
        detours.push(format!("the origin {} has a share, too", other.name));
    }
    if !pool.is_random() {
        detours.push("origins are not chosen by weight alone".to_owned());
    }
    if !pool.enabled {
        detours.push("the pool is switched off".to_owned());
    }
    let moved = Moved::read(pool.description.as_deref());
    Ok(Route {
        weights,
        before: moved.as_ref().map(|moved| moved.before),
        moved_by: moved.map(|moved| moved.run),
        is_sticky: balancer.is_some_and(Balancer::is_sticky),
        detours,
    })
}

impl Cloudflare {
    /// The same as [`Self::route_look`]; nothing where there is no such pool yet.
    pub async fn route_find(&self, zone: &Zone, canary: &Canary) -> Result<Option<Route>, PortError> {
        match self.pool(&canary.pool).await? {
            Some(_) => self.route_look(zone, canary).await.map(Some),
            None => Ok(None),
        }
    }

    async fn pool_of(&self, canary: &Canary) -> Result<PoolState, PortError> {
        let what = format!("the pool {}", canary.pool);
        let Some(pool) = self.pool(&canary.pool).await? else {
            return Err(PortError::fail(
                format!("{what} is not there"),
                "Set up the environment's canary once more.",
            ));
        };
        if self.owner.owns(pool.description.as_deref()) {
            Ok(pool)
        } else {
            Err(self.owner.conflict(&what, pool.description.as_deref()))
        }
    }

    /// The weights now, and whether they hold for everybody.
    pub async fn route_look(&self, zone: &Zone, canary: &Canary) -> Result<Route, PortError> {
        let pool = self.pool_of(canary).await?;
        let balancer = self.balancer(zone, &canary.host).await?;
        route_of(&pool, balancer.as_ref(), &canary.host)
    }

    /// Gives the canary these percent, exactly, and stable the rest; reads them back. Nothing is moved where they would not hold.
    pub async fn route_weights(
        &self,
        permit: &Permit,
        zone: &Zone,
        canary: &Canary,
        percent: u8,
    ) -> Result<Ensured<Route>, PortError> {
        let Some(weights) = Weights::of_percent(percent) else {
            return Err(PortError::fail(format!("{percent} percent are no share of traffic"), "0 to 100."));
        };
        let route = self.route_look(zone, canary).await?;
        if let Some(detour) = route.detours.first() {
            return Err(PortError::fail(
                format!("weights of {} would not hold: {detour}", canary.host),
                "Set up the environment's canary once more; what leads elsewhere is then removed.",
            ));
        }
        let run = permit.run().to_string();
        let moving = Moving { zone, canary, run: &run, to: Some(weights) };
        let mut ensured = self.ensure(permit, &moving).await?;
        let now = &ensured.thing;
        ensured.receipt = ensured.receipt.with("weights", now.weights).with("weights-before", route.weights);
        Ok(ensured)
    }

    /// Gives back the weights that were there before a run moved them: the first thing of a way back, so it asks for nothing but the pool before
    /// it writes. Where another run has moved them since, or this one never did, they stay.
    pub async fn route_previous(
        &self,
        permit: &Permit,
        zone: &Zone,
        canary: &Canary,
        of: &RunId,
    ) -> Result<Ensured<Route>, PortError> {
        let run = of.to_string();
        let moving = Moving { zone, canary, run: &run, to: None };
        let mut ensured = self.ensure(permit, &moving).await?;
        let now = &ensured.thing;
        if let Some(other) = now.moved_by.as_ref().filter(|by| **by != run) {
            ensured.receipt.summary = format!(
                "the weights of {} stay {}: run {other} moved them last, there is nothing of {run} to take back",
                canary.host, now.weights
            );
        }
        ensured.receipt = ensured.receipt.with("weights", now.weights);
        Ok(ensured)
    }
}

/// Weights that shall be: those, or the ones from before the run.
struct Moving<'a> {
    zone: &'a Zone,
    canary: &'a Canary,
    run: &'a str,
    to: Option<Weights>,
}

impl Moving<'_> {
    /// The body that moves the weights; nothing when they are there.
    fn body(&self, pool: &PoolState, to: Weights, description: &str) -> Option<Value> {
        let mut origins = pool.origins.clone();
        for origin in &mut origins {
            let (weight, enabled) = match origin.name.as_str() {
                STABLE => (to.stable, true),
                CANARY => (to.canary, to.canary > 0 || !self.canary.is_sticky),
                _ => continue,
            };
            origin.weight = f64::from(weight) / 100.0;
            origin.enabled = enabled;
        }
        let is_there = origins == pool.origins;
        (!is_there).then(|| json!({ "description": description, "origins": origins_body(&origins) }))
    }
}

#[async_trait]
impl Want for Moving<'_> {
    type Thing = Route;

    fn name(&self) -> String {
        format!("the traffic of {}", self.canary.host)
    }

    async fn look(&self, at: &Cloudflare, _: bool) -> Result<Plan<Route>, PortError> {
        let pool = at.pool_of(self.canary).await?;
        let now = route_of(&pool, None, &self.canary.host)?;
        let moved = Moved::read(pool.description.as_deref()).filter(|moved| moved.run == self.run);
        let (to, moved) = match (self.to, moved) {
            (Some(to), Some(moved)) => (to, moved),
            (Some(to), None) => {
                // Weights that send nobody anywhere are nothing to go back to.
                let is_some = now.weights.stable + now.weights.canary > 0;
                let before = if is_some { now.weights } else { Weights { stable: 100, canary: 0 } };
                (to, Moved { run: self.run.to_owned(), before })
            }
            (None, Some(moved)) => (moved.before, moved),
            (None, None) => return Ok(Plan::Done(self.seen(at, &pool).await?)),
        };
        let Some(body) = self.body(&pool, to, &moved.written(&at.owner.mark())) else {
            return Ok(Plan::Done(self.seen(at, &pool).await?));
        };
        let path = at.in_account(&["load_balancers", "pools", &pool.id]).await?;
        let words = format!(
            "moved the traffic of {} from {} to {} (stable:canary, in hundredths)",
            self.canary.host, now.weights, to
        );
        Ok(Plan::write(Call::patch(&path).json(body), words))
    }
}

impl Moving<'_> {
    /// The route of a pool that was just read. That weights were given back is true whether or not the balancer can be read, too.
    async fn seen(&self, at: &Cloudflare, pool: &PoolState) -> Result<Route, PortError> {
        match at.balancer(self.zone, &self.canary.host).await {
            Ok(balancer) => route_of(pool, balancer.as_ref(), &self.canary.host),
            Err(error) if self.to.is_none() => {
                let mut route = route_of(pool, None, &self.canary.host)?;
                route.is_sticky = self.canary.is_sticky;
                route.detours = vec![format!("what else the load balancer does is not known: {error}")];
                Ok(route)
            }
            Err(error) => Err(error),
        }
    }
}
