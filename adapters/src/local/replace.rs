//! Rolling replacement: slot by slot a fresh instance is started, waited for, and only then the old one drained and
//! ended. What was asked is on disk under its idempotency key, so it goes on after a restart and never happens twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::model::{EnvironmentKey, ServiceName};
use engine::ports::{InstanceState, PortError, Receipt, Replacement};

use super::desired::Slot;
use super::environment::{Environment, Handle};
use super::machine::Machine;

/// How often a fresh instance is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a fresh instance without a health check may take.
const PATIENCE_WITHOUT_CHECK: Duration = Duration::from_secs(15);
/// Time on top of what the health check allows: starting the process, the last check.
const PATIENCE_EXTRA: Duration = Duration::from_secs(3);
/// How often a fresh instance may end before we call it failed.
const STARTS_MAX: u32 = 3;
/// How long open requests of a replaced instance may go on.
const DRAIN: Duration = Duration::from_secs(10);

impl Machine {
    /// Begins a replacement, once per key.
    pub(super) async fn replacement_start(
        self: &Arc<Self>,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        idempotency_key: &str,
    ) -> Result<Receipt, PortError> {
        let environment = self.environment_ensure(key)?;
        let fresh = environment
            .change(|desired| {
                if desired.replacement(idempotency_key).is_none() && desired.set(service, release).is_none() {
                    let what = format!("{service}, release {release}, does not run in {key}");
                    return Err(PortError::fail(what, "`status` shows what runs; deploy it first."));
                }
                Ok(desired.replacement_begin(idempotency_key, service, release))
            })
            .await?;
        if fresh {
            self.replacement_spawn(&environment, idempotency_key);
            Ok(Receipt::new(format!("began to replace the instances of {service}, release {release}")))
        } else {
            Ok(Receipt::new(format!(
                "the instances of {service}, release {release}, were replaced under this key already"
            )))
        }
    }

    /// Goes on with all replacements that were under way.
    pub(super) async fn replacements_resume(self: &Arc<Self>, environment: &Arc<Environment>) {
        for record in &environment.desired.lock().await.replacements {
            if matches!(record.state, Replacement::Running { .. }) {
                self.replacement_spawn(environment, &record.key);
            }
        }
    }

    fn replacement_spawn(self: &Arc<Self>, environment: &Arc<Environment>, idempotency_key: &str) {
        let (machine, environment, key) =
            (Arc::clone(self), Arc::clone(environment), idempotency_key.to_owned());
        self.spawn(async move {
            if let Err(error) = machine.replacement_run(&environment, &key).await {
                tracing::error!(%error, key, "a replacement stopped half-way; it goes on at the next start");
            }
        });
    }

    async fn replacement_run(
        self: &Arc<Self>,
        environment: &Arc<Environment>,
        key: &str,
    ) -> Result<(), PortError> {
        let mut index = 0;
        loop {
            self.open_check()?;
            let step = {
                let desired = environment.desired.lock().await;
                let record =
                    desired.replacement(key).filter(|r| matches!(r.state, Replacement::Running { .. }));
                let Some(record) = record.cloned() else { return Ok(()) };
                desired.set(&record.service, record.release).and_then(|wanted| {
                    let old = wanted.slot(index, *wanted.slots.get(index)?);
                    Some((wanted.set.clone(), old, wanted.slot(index, record.generation)))
                })
            };
            let Some((set, old, fresh)) = step else {
                return self.replacement_end(environment, key, Replacement::Done).await;
            };
            if old.generation < fresh.generation {
                let handle = self.instance_begin(environment, &set, fresh, None);
                let health = set.health.as_ref();
                let patience = health
                    .map_or(PATIENCE_WITHOUT_CHECK, |health| Duration::from_secs(health.timeout_s.into()));
                if let Err(why) = became_healthy(&handle, patience + PATIENCE_EXTRA).await {
                    self.instances_end(environment, vec![handle], Duration::ZERO).await;
                    return self.replacement_end(environment, key, Replacement::Failed { why }).await;
                }
                if environment.change(|desired| Ok(desired.replacement_advance(key, index))).await? {
                    self.slot_end(environment, &old).await;
                } else {
                    self.instances_end(environment, vec![handle], DRAIN).await;
                }
            }
            index += 1;
        }
    }

    async fn slot_end(self: &Arc<Self>, environment: &Arc<Environment>, slot: &Slot) {
        if let Some(handle) = environment.handle(slot) {
            self.instances_end(environment, vec![handle], DRAIN).await;
        }
    }

    async fn replacement_end(
        &self,
        environment: &Environment,
        key: &str,
        state: Replacement,
    ) -> Result<(), PortError> {
        environment
            .change(|desired| {
                desired.replacement_finish(key, state);
                Ok(())
            })
            .await
    }
}

async fn became_healthy(handle: &Handle, patience: Duration) -> Result<(), String> {
    let began = Instant::now();
    loop {
        let last = match handle.status().state {
            InstanceState::Healthy { .. } => return Ok(()),
            InstanceState::Unhealthy { last } => return Err(last),
            InstanceState::Exited { how, starts, tail } if starts >= STARTS_MAX => {
                let said = tail.last().map(|line| format!(": {line}")).unwrap_or_default();
                return Err(format!("a fresh instance ended ({how}){said}"));
            }
            InstanceState::Exited { how, .. } => how,
            InstanceState::Starting { last } | InstanceState::Building { last } => last,
            InstanceState::Failed { why, .. } => return Err(why),
        };
        if handle.stop.is_cancelled() {
            return Err("the release was stopped meanwhile".to_owned());
        }
        if began.elapsed() > patience {
            return Err(format!(
                "a fresh instance did not become healthy within {} s: {last}",
                patience.as_secs()
            ));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
