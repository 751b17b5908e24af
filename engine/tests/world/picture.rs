//! An environment as it looks from outside, in lines that are the same whenever it is the same: no process ids, no times.

use std::collections::BTreeMap;

use engine::model::{ServiceName, Variable};
use engine::ports::InstanceState;

use super::Story;

/// A service's variables that are the same text everywhere.
fn said(service: &ServiceName, variables: &BTreeMap<String, Variable>) -> Vec<String> {
    let plain = |(name, value): (&String, &Variable)| match value {
        Variable::Plain(text) if !text.contains("${") => Some(format!("{service} {name}={text}")),
        _ => None,
    };
    variables.iter().filter_map(plain).collect()
}

impl Story {
    /// What runs and who is sent where. Components and addresses stay out: they come, and stay when a run is undone.
    pub async fn picture(&self, environment: &str) -> String {
        let key = self.environment(environment);
        let ports = self.world.ports();
        let observed = ports.platform.observe(&key).await.unwrap();
        let mut lines = String::new();
        for (name, service) in &observed.services {
            for set in &service.sets {
                let mut words: Vec<&str> = set
                    .instances
                    .iter()
                    .map(|instance| match instance.state {
                        InstanceState::Building { .. } => "building",
                        InstanceState::Starting { .. } => "starting",
                        InstanceState::Healthy { .. } => "healthy",
                        InstanceState::Unhealthy { .. } => "unhealthy",
                        InstanceState::Exited { .. } => "exited",
                        InstanceState::Failed { .. } => "failed",
                    })
                    .collect();
                words.sort_unstable();
                lines += &format!("{name}@{} {} of {}\n", set.release, words.join(" "), set.replicas);
            }
            if let Some(schedule) = &service.schedule {
                let on = if schedule.enabled { "on" } else { "off" };
                lines += &format!("{name}@{} `{}` {on}\n", schedule.release, schedule.cron);
            }
            let configs: Vec<String> = service.config.keys().map(|release| format!("@{release}")).collect();
            lines += &format!("{name} config {}\n", configs.join(" "));
            let weights = ports.edge.weights(&key, name).await.unwrap();
            for weight in weights.iter().filter(|weight| weight.percent > 0) {
                lines += &format!("{name} {}% to @{}\n", weight.percent, weight.release);
            }
        }
        lines
    }

    /// The addresses services are reached at: they come with the first deploy, and stay until they are taken away.
    pub async fn addresses(&self, environment: &str) -> String {
        let observed = self.world.ports().platform.observe(&self.environment(environment)).await.unwrap();
        let lines = observed.addresses.iter().map(|(name, address)| format!("{name} at {address}"));
        lines.collect::<Vec<_>>().join(", ")
    }

    /// The migrations its database has had.
    pub async fn migrated(&self, environment: &str) -> String {
        let key = self.environment(environment);
        let database =
            engine::ports::DatabaseAt { component: "postgres".parse().unwrap(), url: None, notes: None };
        let applied = self.world.ports().database.migrations_applied(&key, &database).await.unwrap();
        applied.iter().map(|one| one.version.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The database's own view: live release, scaled services, crons off, hold.
    pub async fn desired(&self, environment: &str) -> String {
        let desired =
            self.engine().store().environment_get(&self.environment(environment)).await.unwrap().value;
        let mut words = vec![desired.live.map_or("nothing live".to_owned(), |live| format!("live @{live}"))];
        words.extend(desired.replicas.iter().map(|(name, replicas)| format!("{name} x{replicas}")));
        words.extend(desired.cron_disabled.iter().map(|name| format!("{name} off")));
        words.extend(desired.held.map(|why| format!("held: {why}")));
        words.join(", ")
    }

    /// Its components: those that are there, those its description has, and those each service that is live is told of.
    pub async fn components(&self, environment: &str) -> String {
        let key = self.environment(environment);
        let there = self.world.ports().platform.observe(&key).await.unwrap().components;
        let there: Vec<&str> = there.keys().map(engine::model::ComponentName::as_str).collect();
        format!("there: {}; {}", there.join(" "), self.components_told(environment).await)
    }

    /// The same without those that are there: what was made stays when a run is undone.
    pub async fn components_told(&self, environment: &str) -> String {
        let key = self.environment(environment);
        let project = self.engine().project_get(Some(&key.project)).await.unwrap().value;
        let described: Vec<String> =
            project.components_in(&key.environment).keys().map(ToString::to_string).collect();
        let mut lines = vec![format!("described: {}", described.join(" "))];
        let store = self.engine().store();
        if let Some(live) = store.environment_get(&key).await.unwrap().value.live {
            let release = store.release_get(&key, live).await.unwrap().unwrap();
            for (name, part) in &release.services {
                let told = part.config.components.iter().flatten();
                let told: Vec<&str> = told.map(|(name, _)| name.as_str()).collect();
                lines.push(format!("{name}: {}", told.join(" ")));
            }
        }
        lines.join("; ")
    }

    /// The variables its description says, a service's behind its name: `api GREETING=hello`.
    pub async fn variables(&self, environment: &str) -> String {
        let key = self.environment(environment);
        let project = self.engine().project_get(Some(&key.project)).await.unwrap().value;
        let services = project.services.keys();
        let here = services.filter_map(|name| Some((name, project.service_in(&key.environment, name)?)));
        let lines = here.flat_map(|(name, service)| said(name, &service.variables));
        lines.collect::<Vec<_>>().join(", ")
    }

    /// The variables the live release runs with, likewise.
    pub async fn variables_live(&self, environment: &str) -> String {
        let key = self.environment(environment);
        let store = self.engine().store();
        let live = store.environment_get(&key).await.unwrap().value.live.unwrap();
        let release = store.release_get(&key, live).await.unwrap().unwrap();
        let lines = release.services.iter().flat_map(|(name, part)| said(name, &part.config.variables));
        lines.collect::<Vec<_>>().join(", ")
    }

    /// The secrets the live release was given, and in which version: `api session-secret 1`.
    pub async fn secrets_live(&self, environment: &str) -> String {
        let key = self.environment(environment);
        let store = self.engine().store();
        let Some(live) = store.environment_get(&key).await.unwrap().value.live else { return String::new() };
        let release = store.release_get(&key, live).await.unwrap().unwrap();
        let mut lines = Vec::new();
        for (name, part) in &release.services {
            for (secret, version) in &part.config.secrets {
                lines.push(format!("{name} {secret} {version}"));
            }
        }
        lines.join(", ")
    }

    /// The releases there are: `3 live, 2 superseded, 1 superseded`.
    pub async fn releases(&self, environment: &str) -> String {
        let releases = self.engine().store().release_list(&self.environment(environment), 100).await.unwrap();
        let words: Vec<String> =
            releases.iter().map(|one| format!("{} {}", one.id.number, one.state.as_str())).collect();
        words.join(", ")
    }
}
