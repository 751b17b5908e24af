//! Services that can't be used, because an instance is not healthy or their address at the edge can't be had: told whoever
//! asks, and of addresses people once where they are.

use serde_json::json;

use super::symptoms::{last_of, noticed};
use super::{Engine, Refusal};
use crate::model::{Actor, EnvironmentKey, Release, ServiceName};
use crate::ports::InstanceState;
use crate::run::{Happening, RunHappened};
use crate::store::AuditEntry;

impl Engine {
    /// Why services with an address are not reached there, in words, one for each of all projects; nothing when all are.
    pub async fn unreached(&self) -> Result<Vec<String>, Refusal> {
        let mut unreached = Vec::new();
        for project in self.store().project_list().await? {
            for (name, environment) in &project.value.environments {
                let key = EnvironmentKey::new(project.value.project.clone(), name.clone());
                for service in environment.edge.keys() {
                    unreached.extend(self.ports().edge.trouble(&key, service).await);
                }
            }
        }
        Ok(unreached)
    }

    /// Records of a live release's services that nobody reaches them, and that they are reached again: once each time,
    /// also over a restart.
    pub(super) async fn look_at_addresses(&self, live: &Release) -> Result<(), Refusal> {
        let key = &live.id.environment;
        let project = self.project_of(key).await?.value;
        let Some(described) = project.environments.get(&key.environment) else { return Ok(()) };
        let happened = self.store().happening_of_run(&live.run).await?;
        let mut commit = noticed(&live.run, last_of(&happened), self.now_ms());
        for service in described.edge.keys().filter(|service| live.services.contains_key(*service)) {
            let (what, action, say) = match self.ports().edge.trouble(key, service).await {
                Some(why) if !is_told(&happened, service) => {
                    let what = Happening::Unreached { service: service.clone(), why: why.clone() };
                    (what, "service.unreached", why)
                }
                None if is_told(&happened, service) => {
                    let what = Happening::Reached { service: service.clone() };
                    (what, "service.reached", "reached at its address again".to_owned())
                }
                Some(_) | None => continue,
            };
            commit.happenings.push((live.run.clone(), what));
            commit.audit.push(AuditEntry {
                actor: Actor::system(),
                action,
                subject: service.to_string(),
                environment: Some(key.clone()),
                run: Some(live.run.clone()),
                data: json!({ "say": say }),
            });
        }
        if commit.happenings.is_empty() {
            return Ok(());
        }
        self.write_noticed(commit).await
    }
}

/// Whether the last thing that was told of a service's address is that nobody reaches it.
fn is_told(happened: &[RunHappened], service: &ServiceName) -> bool {
    let last = happened.iter().rev().find_map(|one| match &one.what {
        Happening::Unreached { service: of, .. } if *of == *service => Some(true),
        Happening::Reached { service: of } if *of == *service => Some(false),
        _ => None,
    });
    last.unwrap_or_default()
}

/// What is wrong with an instance, in words; nothing when it is healthy.
pub(super) fn trouble(state: &InstanceState) -> Option<String> {
    match state {
        InstanceState::Healthy { .. } => None,
        InstanceState::Starting { last } => Some(format!("starting: {last}")),
        InstanceState::Unhealthy { last } => Some(format!("unhealthy: {last}")),
        InstanceState::Building { .. } => Some("being built".to_owned()),
        InstanceState::Failed { why, .. } => Some(why.clone()),
        InstanceState::Exited { how, starts, .. } => Some(format!("ended ({how}) after {starts} starts")),
    }
}
