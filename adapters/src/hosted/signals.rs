//! The `Signals` port: Railway's log of requests per deployment, second by second. A second is told once it is some time past, as lines come late;
//! from then on what was read of it stays, so that it is always told the same, and no line is read twice.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::DateTime;
use engine::canary::Side;
use engine::model::{EnvironmentKey, Queries, ServiceName};
use engine::ports::{Answered, PortError, Seen, Served, ServedSecond, Signals};

use super::Hosted;
use super::look::There;
use super::observe::BOTH;
use crate::local::edge::{LATENCY_BOUNDS_MS, LATENCY_BUCKETS};
use crate::railway::{Bounds, Phase, Request};

/// Seconds until a request counts as logged.
const LATE_S: i64 = 10;
/// Seconds that are kept: as many as the edge on this machine keeps.
const KEPT_S: i64 = 660;
/// Lines read at once.
const LINES: u32 = 5_000;
/// Reads of a deployment's log in one call; the rest is read by the next one.
const READS_MAX: usize = 10;
/// Lanes of all releases together.
const LANES: u64 = 10;

/// What was read of a service's requests.
#[derive(Default)]
pub(super) struct Watched {
    /// The first second that can be told of.
    from_s: i64,
    /// The last one that is read of all.
    until_s: i64,
    /// By deployment.
    read: BTreeMap<String, Reading>,
    /// By release, all that was read since this program began.
    totals: BTreeMap<u32, Answered>,
}

struct Reading {
    release: u32,
    /// The last second that is read to its end.
    until_s: i64,
    /// The last second in which it ran.
    ran_s: i64,
    seconds: BTreeMap<i64, Second>,
}

#[derive(Default, Clone)]
struct Second {
    requests: u64,
    errors: u64,
    latency: Vec<u64>,
}

impl Second {
    fn add(&mut self, request: &Request) {
        self.requests += 1;
        self.errors += u64::from(request.http_status >= 500);
        self.latency.resize(LATENCY_BUCKETS, 0);
        let took_ms = u64::try_from(request.total_duration).unwrap_or_default();
        if let Some(bucket) =
            self.latency.get_mut(LATENCY_BOUNDS_MS.partition_point(|bound| *bound < took_ms))
        {
            *bucket += 1;
        }
    }
}

impl Watched {
    /// What all releases answered in a second.
    fn second(&self, at_s: i64) -> BTreeMap<u32, Served> {
        let mut by: BTreeMap<u32, Second> = BTreeMap::new();
        for reading in self.read.values() {
            let Some(second) = reading.seconds.get(&at_s) else { continue };
            let sum = by.entry(reading.release).or_default();
            sum.requests += second.requests;
            sum.errors += second.errors;
            engine::ports::add_latency(&mut sum.latency, &second.latency);
        }
        let all: u64 = by.values().map(|one| one.requests).sum();
        by.into_iter()
            .map(|(release, one)| {
                // Railway tells no clients: releases share the lanes as they share the requests.
                let lanes = ((LANES * one.requests + all / 2) / all.max(1)).clamp(1, LANES).min(one.requests);
                let counts = Side {
                    requests: one.requests,
                    errors: one.errors,
                    lanes,
                    error_lanes: one.errors.min(lanes),
                };
                (release, Served { counts, latency: one.latency })
            })
            .collect()
    }
}

impl Hosted {
    /// Reads what is new; the last second that is read of all.
    async fn read_on(&self, service: &ServiceName, watched: &mut Watched) -> Result<i64, PortError> {
        let until_s = self.parts.clock.now_ms().div_euclid(1_000) - LATE_S;
        // Railway counts calls by the hour: the newest seconds are read a few at a time.
        if !watched.read.is_empty() && until_s - watched.until_s < self.place.look_every_ms / 1_000 {
            return Ok(watched.until_s);
        }
        let look = self.look().await?;
        let Some(there) = look.services.get(service) else { return Ok(until_s) };
        let oldest_s = until_s - KEPT_S + 1;
        if watched.read.is_empty() {
            watched.from_s = oldest_s;
            self.earlier(there, watched, oldest_s).await?;
        }
        for which in BOTH {
            if let Some((live, Some(of))) = there.live(which) {
                let began_s = live.created_at.timestamp().max(oldest_s);
                let reading = watched.read.entry(live.id.clone());
                reading.or_insert_with(|| Reading::new(of.set.release, began_s - 1)).ran_s = until_s;
            }
        }
        let mut read_s = until_s;
        for (deployment, reading) in &mut watched.read {
            // Of one that ended nothing new comes.
            if reading.until_s < until_s && reading.until_s < reading.ran_s + LATE_S {
                let total = watched.totals.entry(reading.release).or_default();
                self.read_log(deployment, reading, until_s, total).await?;
                read_s = read_s.min(reading.until_s);
            }
            reading.seconds.retain(|at_s, _| *at_s >= oldest_s);
        }
        watched.from_s = watched.from_s.max(oldest_s);
        watched.read.retain(|_, reading| reading.ran_s >= oldest_s);
        watched.until_s = read_s;
        Ok(read_s)
    }

    /// Those that ended within the time that is told of.
    async fn earlier(&self, there: &There, watched: &mut Watched, oldest_s: i64) -> Result<(), PortError> {
        for which in BOTH {
            let Some(slot) = there.slot(which) else { continue };
            let all = self.parts.railway.release_list(&slot.at, 20).await?;
            for (at, deployment) in all.iter().enumerate() {
                let ended_s = deployment.status_updated_at.unwrap_or(deployment.created_at).timestamp();
                let Some(of) = there.ledger.of(which, &all, at) else { continue };
                if deployment.phase() == Phase::Gone && ended_s >= oldest_s {
                    let began_s = deployment.created_at.timestamp().max(oldest_s);
                    let reading = Reading { ran_s: ended_s, ..Reading::new(of.set.release, began_s - 1) };
                    watched.read.insert(deployment.id.clone(), reading);
                }
            }
        }
        Ok(())
    }

    async fn read_log(
        &self,
        deployment: &str,
        reading: &mut Reading,
        until_s: i64,
        total: &mut Answered,
    ) -> Result<(), PortError> {
        for _ in 0..READS_MAX {
            if reading.until_s >= until_s {
                break;
            }
            let bounds = Bounds {
                after: DateTime::from_timestamp(reading.until_s + 1, 0),
                before: DateTime::from_timestamp(until_s, 999_999_999),
                most: Some(LINES),
                filter: None,
            };
            let part = self.parts.railway.fetch_requests(deployment, &bounds).await?;
            // Of a log that is cut off the last second may not be whole, unless nothing but it is in it.
            let last_s = part.lines.last().map(|line| line.timestamp.timestamp());
            let whole_s = match last_s.filter(|_| part.is_cut) {
                Some(last_s) => (last_s - 1).max(reading.until_s + 1),
                None => until_s,
            };
            for request in part.lines.iter().filter(|one| one.timestamp.timestamp() <= whole_s) {
                reading.seconds.entry(request.timestamp.timestamp()).or_default().add(request);
                total.requests += 1;
                total.server_errors += u64::from(request.http_status >= 500);
            }
            reading.until_s = whole_s;
        }
        Ok(())
    }

    /// What each release answered, as far as it was read.
    pub(super) async fn totals(&self, service: &ServiceName) -> Result<BTreeMap<u32, Answered>, PortError> {
        let mut all = self.watched.lock().await;
        let watched = all.entry(service.clone()).or_default();
        self.read_on(service, watched).await?;
        Ok(watched.totals.clone())
    }
}

impl Reading {
    fn new(release: u32, until_s: i64) -> Self {
        Self { release, until_s, ran_s: until_s, seconds: BTreeMap::new() }
    }
}

#[async_trait]
impl Signals for Hosted {
    async fn seen(
        &self,
        key: &EnvironmentKey,
        service: &ServiceName,
        queries: Option<&Queries>,
        after_s: i64,
    ) -> Result<Seen, PortError> {
        self.check(key)?;
        self.can_see(queries)?;
        let mut all = self.watched.lock().await;
        let watched = all.entry(service.clone()).or_default();
        let until_s = self.read_on(service, watched).await?;
        let from_s = watched.from_s.max(after_s + 1);
        let told = (from_s..=until_s).map(|at_s| ServedSecond { at_s, by: watched.second(at_s) });
        let seconds = told.filter(|second| !second.by.is_empty()).collect();
        Ok(Seen { from_s, until_s, seconds })
    }

    fn can_see(&self, queries: Option<&Queries>) -> Result<(), PortError> {
        match queries {
            None => Ok(()),
            Some(_) => Err(PortError::fail(
                "Railway has no metrics server that could be asked",
                "Name a Prometheus, or leave the queries out: Railway's log of requests is read then.",
            )),
        }
    }

    fn latency_bounds_ms(&self, _: &EnvironmentKey, _: &ServiceName) -> Vec<u32> {
        LATENCY_BOUNDS_MS.iter().filter_map(|bound| u32::try_from(*bound).ok()).collect()
    }
}
