//! What there is on a copy, before and after: what two performances are compared by, and what one that failed has left.

use std::collections::{BTreeMap, BTreeSet};

use engine::control::Refusal;
use engine::model::ServiceName;
use engine::plan::PlanProblem;
use engine::ports::{InstanceState, PortError, Weight};

use super::copy::{Copy, Stage};

/// Everything of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Picture {
    /// What runs, where traffic goes and what is scheduled, a line each; and what is live.
    pub(super) running: Vec<String>,
    /// By service: the commit its users reach, or its schedule runs.
    pub(super) code: BTreeMap<ServiceName, String>,
    /// Components and addresses.
    pub(super) made: BTreeSet<String>,
    /// Migrations the database has had: those of a run that failed stay, and its steps say so.
    pub(super) migrations: usize,
    /// Automatic deploys are held.
    pub(super) held: bool,
}

impl Picture {
    /// What there is here more than there was, though the run was taken back; nothing of it runs.
    pub(super) fn stays(&self, before: &Self) -> Vec<String> {
        let mut stays = Vec::new();
        let made: Vec<&str> = self.made.difference(&before.made).map(String::as_str).collect();
        if !made.is_empty() {
            stays.push(made.join(", "));
        }
        if self.held && !before.held {
            stays.push("the hold on automatic deploys".to_owned());
        }
        stays
    }
}

impl Stage {
    /// What there is now.
    pub(super) async fn picture(&self, copy: &Copy<'_>) -> Result<Picture, Refusal> {
        let (facts, ports) = (&copy.scene.facts, self.world.ports());
        let environment = &facts.environment;
        let seen = |error: PortError| PlanProblem::new("unseen", error.to_string(), "status");
        let observed = ports.platform.observe(environment).await.map_err(seen)?;
        let desired = self.store.environment_get(environment).await?.value;
        let live = match desired.live {
            Some(number) => self.store.release_get(environment, number).await?,
            None => None,
        };
        let mut picture = Picture { held: desired.held.is_some(), ..Picture::default() };
        picture.running.push(format!("live {:?}", desired.live));
        for (service, there) in &observed.services {
            let lines = &mut picture.running;
            for set in &there.sets {
                let healthy = |state: &InstanceState| matches!(state, InstanceState::Healthy { .. });
                let well = set.instances.iter().filter(|one| healthy(&one.state)).count();
                lines.push(format!("{service} {} {well} of {}", set.release, set.replicas));
            }
            if let Some(schedule) = &there.schedule {
                lines.push(format!(
                    "{service} {} at {} {}",
                    schedule.release, schedule.cron, schedule.enabled
                ));
            }
            let weights = ports.edge.weights(environment, service).await.map_err(seen)?;
            let weights: Vec<&Weight> = weights.iter().filter(|weight| weight.percent > 0).collect();
            lines.extend(weights.iter().map(|it| format!("{service} {}% to {}", it.percent, it.release)));
            let serves = match weights.as_slice() {
                [all] => Some(all.release),
                _ => there.schedule.as_ref().map(|schedule| schedule.release),
            };
            let part = live.as_ref().and_then(|live| live.services.get(service));
            if let Some(part) = part.filter(|part| serves.is_none_or(|release| release == part.origin)) {
                picture.code.insert(service.clone(), part.commit.clone());
            }
        }
        picture.made = observed.components.keys().map(ToString::to_string).collect();
        picture.made.extend(observed.addresses.keys().map(|service| format!("the address of {service}")));
        if let Some(database) = facts.project.database_migrated(&environment.environment) {
            let applied = ports.database.migrations_applied(environment, &database).await.map_err(seen)?;
            picture.migrations = applied.len();
        }
        Ok(picture)
    }
}
