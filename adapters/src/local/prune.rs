//! Builds that go: those that were interrupted, and those of old commits that nobody needs.

use std::collections::BTreeSet;

use engine::ports::{BuildKey, PortError};

use super::builds::Built;
use super::environment::locked;
use super::files::{blocking, entries, explain, file_remove, folder_remove, json_read, name_of};
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

    /// Removes the configurations and logs of releases older than all that are served, scheduled, about to be, or have
    /// their builds kept. A rollback to one of those builds it and writes its configuration anew.
    pub(super) async fn releases_prune(&self) {
        for environment in self.environments() {
            // Locked until all are removed, so that a configuration put meanwhile is not taken for an old one.
            let desired = environment.desired.lock().await;
            let Some(oldest) = desired.release_oldest() else { continue };
            // What is being ended still writes its log.
            let instances = environment.handles().into_iter().map(|handle| handle.slot.release);
            let jobs = self.jobs_running(&environment.key).into_iter().map(|(_, release)| release);
            let oldest = instances.chain(jobs).fold(oldest, u32::min);
            let folder = environment.folder.clone();
            let pruned = blocking(move || {
                for part in ["config", "logs"] {
                    for path in entries(&folder.join(part))? {
                        if release_of(&name_of(&path)).is_some_and(|release| release < oldest) {
                            file_remove(&path)?;
                        }
                    }
                }
                Ok(())
            });
            if let Err(error) = pruned.await {
                tracing::warn!(%error, environment = %environment.key, "files of old releases stay");
            }
            drop(desired);
        }
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

/// The release a file belongs to by its name: `api@12.json`, `api@12.0.log.1`.
fn release_of(name: &str) -> Option<u32> {
    name.split_once('@')?.1.split_once('.')?.0.parse().ok()
}
