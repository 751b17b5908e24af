//! An environment as it looks from outside, in lines that are the same whenever it is the same: no process ids, no times.

use engine::ports::InstanceState;

use super::Story;

impl Story {
    /// What runs and who is sent where. Components and addresses stay out: they only ever come, and stay.
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

    /// The releases there are: `3 live, 2 superseded, 1 superseded`.
    pub async fn releases(&self, environment: &str) -> String {
        let releases = self.engine().store().release_list(&self.environment(environment), 100).await.unwrap();
        let words: Vec<String> =
            releases.iter().map(|one| format!("{} {}", one.id.number, one.state.as_str())).collect();
        words.join(", ")
    }
}
