//! The serving end. Both ends name a call and what it is given in the same order (`ask.rs`).

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Call, read, strange};
use crate::control::Engine;
use crate::model::{Queries, ServiceName};
use crate::ports::{ConfigSet, Permit, PortError, Ports, Schedule, Weight};

/// A call as the serving end has it.
struct Asked {
    name: String,
    permit: Option<Permit>,
    given: Value,
}

impl Asked {
    /// What it is given.
    fn given<T: DeserializeOwned>(&mut self) -> Result<T, PortError> {
        read(&self.name, self.given.take())
    }

    /// The permit without which nothing is written.
    fn permit(&self) -> Result<&Permit, PortError> {
        self.permit.as_ref().ok_or_else(|| strange(&self.name, &"it writes, and brings no permit"))
    }

    fn told<T: Serialize>(&self, answer: T) -> Result<Value, PortError> {
        serde_json::to_value(answer).map_err(|error| strange(&self.name, &error))
    }
}

impl Engine {
    /// Does what another replica asks of this engine's ports. What writes is done only under a lease that stands: one that
    /// stalled may have lost its run to somebody meanwhile.
    pub async fn serve_call(&self, call: Call) -> Result<Value, PortError> {
        let permit = match call.permit {
            None => None,
            Some(carried) => {
                if let Some(fence) = carried.fence {
                    let stands = self.store().run_fence_stands(&carried.run, fence).await;
                    let stands = stands.map_err(|error| PortError::retry(error.to_string()))?;
                    if !stands {
                        return Err(PortError::unknown(format!(
                            "the lease of {} is another replica's by now: nothing was done",
                            carried.run
                        )));
                    }
                }
                Some(Permit::carried(carried.run, carried.key, carried.fence))
            }
        };
        let asked = Asked { name: call.name, permit, given: call.given };
        match asked.permit {
            Some(_) => act(self.ports(), asked).await,
            None => look(self.ports(), asked).await,
        }
    }
}

/// What only looks.
async fn look(ports: &Ports, mut asked: Asked) -> Result<Value, PortError> {
    let Ports { platform, edge, signals, code, database, .. } = ports;
    match asked.name.as_str() {
        "capabilities" => asked.told(platform.capabilities()),
        "capabilities_of" => {
            let (environment,) = asked.given()?;
            asked.told(platform.capabilities_of(&environment).await?)
        }
        "observe" => {
            let (environment,) = asked.given()?;
            asked.told(platform.observe(&environment).await?)
        }
        "preflight" => {
            let (environment, shape) = asked.given()?;
            asked.told(platform.preflight(&environment, &shape).await?)
        }
        "build_look" => {
            let (key,) = asked.given()?;
            asked.told(platform.build_look(&key).await?)
        }
        "instances_replaced" => {
            let (environment, service, release, key): (_, _, _, String) = asked.given()?;
            asked.told(platform.instances_replaced(&environment, &service, release, &key).await?)
        }
        "job_try" => {
            let (environment, call) = asked.given()?;
            asked.told(platform.job_try(&environment, &call).await?)
        }
        "migrate_look" => {
            let (environment, key): (_, String) = asked.given()?;
            asked.told(platform.migrate_look(&environment, &key).await?)
        }
        "logs" => {
            let (environment, services, since_ms, limit): (_, Vec<ServiceName>, _, _) = asked.given()?;
            asked.told(platform.logs(&environment, &services, since_ms, limit).await?)
        }
        "weights" => {
            let (environment, service) = asked.given()?;
            asked.told(edge.weights(&environment, &service).await?)
        }
        "probe" => {
            let (environment, service, path): (_, _, String) = asked.given()?;
            asked.told(edge.probe(&environment, &service, &path).await?)
        }
        "answered" => {
            let (environment, service) = asked.given()?;
            asked.told(edge.answered(&environment, &service).await?)
        }
        "address" => {
            let (environment, service) = asked.given()?;
            asked.told(edge.address(&environment, &service).await)
        }
        "sticky" => {
            let (environment, service) = asked.given()?;
            asked.told(edge.sticky(&environment, &service).await)
        }
        "is_free" => {
            let (address,): (String,) = asked.given()?;
            asked.told(edge.is_free(&address).await)
        }
        "trouble" => {
            let (environment, service) = asked.given()?;
            asked.told(edge.trouble(&environment, &service).await)
        }
        "seen" => {
            let (environment, service, queries, after_s): (_, _, Option<Queries>, _) = asked.given()?;
            asked.told(signals.seen(&environment, &service, queries.as_ref(), after_s).await?)
        }
        "past" => {
            let (environment, service, queries, after_s): (_, _, Option<Queries>, _) = asked.given()?;
            asked.told(signals.past(&environment, &service, queries.as_ref(), after_s).await?)
        }
        "resolve" => {
            let (source, reference): (_, Option<String>) = asked.given()?;
            asked.told(code.resolve(&source, reference.as_deref()).await?)
        }
        "default_branch" => {
            let (source,) = asked.given()?;
            asked.told(code.default_branch(&source).await?)
        }
        "references" => {
            let (source, limit) = asked.given()?;
            asked.told(code.references(&source, limit).await?)
        }
        "compare" => {
            let (source, from, to, limit): (_, String, String, _) = asked.given()?;
            asked.told(code.compare(&source, &from, &to, limit).await?)
        }
        "files" => {
            let (source, commit, folder): (_, String, String) = asked.given()?;
            asked.told(code.files(&source, &commit, &folder).await?)
        }
        "migrations_applied" => {
            let (environment, at) = asked.given()?;
            asked.told(database.migrations_applied(&environment, &at).await?)
        }
        "rows_try" => {
            let (environment, call) = asked.given()?;
            asked.told(database.rows_try(&environment, &call).await?)
        }
        _ => Err(strange(&asked.name, &"it is not known here, or may not be done without a permit")),
    }
}

/// What writes.
async fn act(ports: &Ports, mut asked: Asked) -> Result<Value, PortError> {
    let Ports { platform, edge, database, .. } = ports;
    match asked.name.as_str() {
        "shape_ensure" => {
            let (environment, shape) = asked.given()?;
            asked.told(platform.shape_ensure(asked.permit()?, &environment, &shape).await?)
        }
        "component_end" => {
            let (environment, component) = asked.given()?;
            asked.told(platform.component_end(asked.permit()?, &environment, &component).await?)
        }
        "service_end" => {
            let (environment, service, drain_s) = asked.given()?;
            asked.told(platform.service_end(asked.permit()?, &environment, &service, drain_s).await?)
        }
        "build_start" => {
            let (request,) = asked.given()?;
            asked.told(platform.build_start(asked.permit()?, &request).await?)
        }
        "build_stop" => {
            let (key,) = asked.given()?;
            asked.told(platform.build_stop(asked.permit()?, &key).await?)
        }
        "config_put" => {
            let (environment, service, release, set): (_, _, _, Option<ConfigSet>) = asked.given()?;
            let set = set.as_ref();
            asked.told(platform.config_put(asked.permit()?, &environment, &service, release, set).await?)
        }
        "instances_ensure" => {
            let (environment, set) = asked.given()?;
            asked.told(platform.instances_ensure(asked.permit()?, &environment, &set).await?)
        }
        "instances_stop" => {
            let (environment, service, release, drain_s) = asked.given()?;
            let stopped =
                platform.instances_stop(asked.permit()?, &environment, &service, release, drain_s).await?;
            asked.told(stopped)
        }
        "instances_replace" => {
            let (environment, service, release) = asked.given()?;
            asked.told(platform.instances_replace(asked.permit()?, &environment, &service, release).await?)
        }
        "schedule_put" => {
            let (environment, service, schedule): (_, _, Option<Schedule>) = asked.given()?;
            let schedule = schedule.as_ref();
            asked.told(platform.schedule_put(asked.permit()?, &environment, &service, schedule).await?)
        }
        "cache_clear" => {
            let (environment, services): (_, Vec<ServiceName>) = asked.given()?;
            asked.told(platform.cache_clear(asked.permit()?, &environment, &services).await?)
        }
        "check" => {
            let (environment, service, release, check) = asked.given()?;
            asked.told(platform.check(asked.permit()?, &environment, &service, release, &check).await?)
        }
        "job_batch" => {
            let (environment, call) = asked.given()?;
            asked.told(platform.job_batch(asked.permit()?, &environment, &call).await?)
        }
        "migrate_start" => {
            let (environment, command) = asked.given()?;
            asked.told(platform.migrate_start(asked.permit()?, &environment, &command).await?)
        }
        "migrate_stop" => {
            let (environment, key): (_, String) = asked.given()?;
            asked.told(platform.migrate_stop(asked.permit()?, &environment, &key).await?)
        }
        "weights_set" => {
            let (environment, service, weights): (_, _, Vec<Weight>) = asked.given()?;
            asked.told(edge.weights_set(asked.permit()?, &environment, &service, &weights).await?)
        }
        "migration_apply" => {
            let (environment, at, migration) = asked.given()?;
            let applied = database.migration_apply(asked.permit()?, &environment, &at, &migration).await?;
            asked.told(applied)
        }
        "rows_fill" => {
            let (environment, call) = asked.given()?;
            asked.told(database.rows_fill(asked.permit()?, &environment, &call).await?)
        }
        _ => Err(strange(&asked.name, &"it is not known here, or needs no permit")),
    }
}
