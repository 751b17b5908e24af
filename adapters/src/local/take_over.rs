//! After a start: what an earlier program left running is adopted when it is wanted and ended when it is not, and what is
//! missing is started.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::ports::{InstanceState, PortError};

use super::environment::{Environment, locked};
use super::files::blocking;
use super::leftovers;
use super::machine::Machine;
use super::process::Found;

/// How often addresses are tried that could not be listened on.
const EDGE_RETRY: Duration = Duration::from_secs(5);

impl Machine {
    /// Brings what runs in line with what is wanted.
    pub(super) async fn take_over(self: &Arc<Self>) -> Result<(), PortError> {
        let folders: Vec<PathBuf> =
            self.environments().iter().map(|environment| environment.folder.clone()).collect();
        let root_id = self.root_id.clone();
        let found = blocking(move || leftovers::find(&root_id, &folders)).await?;
        let (mut adopted, mut unwanted): (Vec<(Arc<Environment>, Found)>, Vec<Found>) =
            (Vec::new(), Vec::new());
        for process in found.into_iter().filter(|process| process.leads) {
            match self.wanted_by(&process).await {
                Some(environment) => adopted.push((environment, process)),
                None => unwanted.push(process),
            }
        }
        let mut ending = tokio::task::JoinSet::new();
        for process in unwanted {
            tracing::info!(pid = process.pid, marker = process.marker, "ending a leftover that nobody wants");
            ending.spawn(async move { leftovers::end(&process).await });
        }
        ending.join_all().await;
        self.builds_tidy()?;
        for (environment, process) in adopted {
            let Some((_, slot)) = self.root_id.instance_parse(&process.marker) else { continue };
            // Its secrets must be known, so that its log is redacted.
            if let Err(error) = self.variables(&environment, &slot.service, slot.release).await {
                tracing::warn!(%error, instance = %slot, "the configuration of an adopted instance can't be read");
            }
            let desired = environment.desired.lock().await;
            if let Some(set) = desired.set(&slot.service, slot.release).map(|wanted| wanted.set.clone()) {
                drop(desired);
                tracing::info!(instance = %slot, pid = process.pid, "adopted");
                self.instance_begin(&environment, &set, slot, Some(process));
            }
        }
        let kept: Vec<String> = self.markers();
        let root_id = self.root_id.clone();
        leftovers::sweep(move |marker| root_id.owns(marker) && !kept.iter().any(|kept| kept == marker)).await;
        self.edge_listens().await;
        for environment in self.environments() {
            let desired = environment.desired.lock().await.clone();
            for (set, slot) in desired.slots() {
                self.instance_begin(&environment, &set, slot, None);
            }
            self.replacements_resume(&environment).await;
        }
        Ok(())
    }

    /// Takes back addresses that another program had when this one started, as soon as they are free.
    pub(super) async fn edge_follow(self: Arc<Self>) {
        loop {
            tokio::time::sleep(EDGE_RETRY).await;
            self.edge_listens().await;
        }
    }

    /// Makes the edge listen wherever it should and does not.
    async fn edge_listens(&self) {
        for environment in self.environments() {
            let (wanted, sticky) = {
                let desired = environment.desired.lock().await;
                (desired.edge.clone(), desired.sticky.clone())
            };
            for (service, address) in &wanted {
                let slot = (environment.key.clone(), service.clone());
                if locked(&self.listening).get(&slot) == Some(address) {
                    continue;
                }
                self.edge.sticky_set(&environment.key, service, sticky.get(service));
                match self.edge.listen(&environment.key, service, address).await {
                    Ok(()) => self.listening_note(&environment.key, service, address),
                    Err(error) => tracing::debug!(%error, %service, address, "the edge can't listen"),
                }
            }
        }
    }

    /// Waits until every instance has answered once, at most so long.
    pub(super) async fn first_answers(&self, at_most: Duration) {
        let answered = async {
            loop {
                let waiting = self.environments().iter().any(|environment| {
                    environment
                        .handles()
                        .iter()
                        .any(|handle| matches!(locked(&handle.status).state, InstanceState::Starting { .. }))
                });
                if !waiting {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        // Not in time is no failure: they go on becoming healthy.
        let _late = tokio::time::timeout(at_most, answered).await;
    }

    async fn wanted_by(&self, process: &Found) -> Option<Arc<Environment>> {
        let (key, slot) = self.root_id.instance_parse(&process.marker)?;
        let environment = self.environment(&key)?;
        let wanted = environment.desired.lock().await.wants(&slot);
        (wanted && process.port.is_some()).then_some(environment)
    }

    fn markers(&self) -> Vec<String> {
        let of = |environment: Arc<Environment>| {
            let handles = environment.handles();
            handles.into_iter().map(move |handle| self.root_id.instance(&environment.key, &handle.slot))
        };
        self.environments().into_iter().flat_map(of).collect()
    }
}
