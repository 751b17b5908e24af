//! Services whose address at the edge can't be had.

use super::{Engine, Refusal};
use crate::model::EnvironmentKey;

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
}
