//! Builds that go: those that were interrupted, and those of old commits that nobody needs.

use std::collections::BTreeSet;

use engine::ports::{BuildKey, PortError};

use super::builds::Built;
use super::environment::locked;
use super::files::{blocking, entries, explain, folder_remove, json_read};
use super::machine::Machine;

impl Machine {
    /// Removes what interrupted builds left.
    pub(super) fn builds_tidy(&self) -> Result<(), PortError> {
        for folder in entries(&self.root.join("builds"))? {
            if !folder.join("built.json").is_file() {
                folder_remove(&folder)?;
            }
        }
        Ok(())
    }

    /// Removes the builds of the oldest commits that no environment needs.
    pub(super) async fn builds_prune(&self) {
        let mut needed = BTreeSet::new();
        for environment in self.environments() {
            needed.extend(environment.desired.lock().await.builds().cloned());
        }
        let (root, kept) = (self.root.join("builds"), self.builds_kept.max(1) as usize);
        let running: BTreeSet<BuildKey> = locked(&self.builds).keys().cloned().collect();
        let pruned = blocking(move || {
            let mut builds = Vec::new();
            for folder in entries(&root)? {
                if let Some(built) = json_read::<Built>(&folder.join("built.json"))? {
                    builds.push((built.at_ms, built, folder));
                }
            }
            builds.sort_by_key(|(at_ms, ..)| std::cmp::Reverse(*at_ms));
            let mut commits = BTreeSet::new();
            for (_, built, folder) in builds {
                if commits.len() < kept || commits.contains(&built.commit) {
                    commits.insert(built.commit);
                } else if !needed.contains(&built.key) && !running.contains(&built.key) {
                    // The marker first: a folder half removed is not taken for a build.
                    let marker = folder.join("built.json");
                    std::fs::remove_file(&marker).map_err(|cause| explain("remove", &marker, &cause))?;
                    folder_remove(&folder)?;
                }
            }
            Ok(())
        });
        if let Err(error) = pruned.await {
            tracing::warn!(%error, "old builds stay");
        }
    }
}
