//! Components on this machine: a database is a SQLite file, a cache, storage and mail are folders.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::model::{ComponentKind, ComponentName, EnvironmentKey, ServiceName};
use engine::ports::{PortError, Receipt, Shape};

use super::config::{config_path, configs};
use super::environment::Environment;
use super::files::{append_open, blocking, entries, file_remove, folder_ensure, folder_remove, name_of};
use super::machine::Machine;

/// The file of a database component.
pub(super) const DATABASE_FILE: &str = "app.db";

/// The folder of a component.
pub(super) fn component_folder(environment: &Environment, component: &ComponentName) -> PathBuf {
    environment.folder.join("components").join(component.as_str())
}

/// The folder a service's cache is in.
pub(super) fn cache_folder(
    environment: &Environment,
    component: &ComponentName,
    service: &ServiceName,
) -> PathBuf {
    component_folder(environment, component).join(service.as_str())
}

/// How programs reach a component.
pub(super) fn component_url(
    environment: &Environment,
    component: &ComponentName,
    kind: ComponentKind,
) -> String {
    let folder = component_folder(environment, component);
    match kind {
        ComponentKind::Database => format!("sqlite://{}", folder.join(DATABASE_FILE).display()),
        ComponentKind::Cache | ComponentKind::Storage | ComponentKind::Mail => {
            format!("file://{}", folder.display())
        }
    }
}

impl Machine {
    /// Makes components and edge addresses be there.
    pub(super) async fn shape_apply(
        &self,
        key: &EnvironmentKey,
        shape: &Shape,
    ) -> Result<Receipt, PortError> {
        let environment = self.environment_ensure(key)?;
        environment
            .change(|desired| {
                desired.components.extend(shape.components.clone());
                desired.urls.retain(|name, _| !shape.components.contains_key(name));
                desired.urls.extend(shape.urls.clone());
                desired.edge.extend(shape.edge.clone());
                desired.sticky.retain(|service, _| !shape.edge.contains_key(service));
                desired.sticky.extend(shape.sticky.clone());
                Ok(())
            })
            .await?;
        for (name, kind) in &shape.components {
            let (folder, kind) = (component_folder(&environment, name), *kind);
            if shape.urls.contains_key(name) {
                continue;
            }
            blocking(move || {
                folder_ensure(&folder)?;
                if kind == ComponentKind::Database {
                    append_open(&folder.join(DATABASE_FILE)).map(drop)
                } else {
                    Ok(())
                }
            })
            .await?;
        }
        let mut receipt = Receipt::new(format!(
            "{} components and {} edge addresses are there",
            shape.components.len(),
            shape.edge.len()
        ));
        for (service, address) in &shape.edge {
            self.edge.sticky_set(key, service, shape.sticky.get(service));
            self.edge.listen(key, service, address).await?;
            self.listening_note(key, service, address);
            receipt = receipt.with(&format!("edge.{service}"), address);
        }
        Ok(receipt)
    }

    /// Has a component there no more. Nothing runs of one, and its folder stays with all that is in it.
    pub(super) async fn component_forget(
        &self,
        key: &EnvironmentKey,
        component: &ComponentName,
    ) -> Result<Receipt, PortError> {
        let environment = self.environment_ensure(key)?;
        // Where it is, when it is elsewhere, stays known to the processes that were told of it.
        let was = environment.change(|desired| Ok(desired.components.remove(component))).await?;
        let folder = component_folder(&environment, component);
        let receipt = match was {
            Some(_) if folder.is_dir() => {
                Receipt::new(format!("{component} is there no more; what it holds is kept"))
                    .with("kept", folder.display())
            }
            _ => Receipt::new(format!("{component} is there no more")),
        };
        Ok(receipt)
    }

    /// Ends all that runs of a service, and keeps nothing ready for it.
    pub(super) async fn service_ended(
        self: &Arc<Self>,
        key: &EnvironmentKey,
        service: &ServiceName,
        drain: Duration,
    ) -> Result<Receipt, PortError> {
        self.open_check()?;
        let environment = self.environment_ensure(key)?;
        let releases = environment.change(|desired| Ok(desired.service_end(service))).await?;
        let mut ended = 0;
        for release in releases {
            let handles = environment.handles_of(service, release);
            ended += handles.len();
            self.instances_end(&environment, handles, drain).await;
            self.backends_tell(&environment, service, release);
        }
        self.job_end(key, service).await;
        self.listening_end(key, service).await;
        let (at, named) = (Arc::clone(&environment), service.clone());
        let removed = blocking(move || {
            let all = configs(&at)?.into_iter().filter(|config| config.service == named);
            let releases: Vec<u32> = all.map(|config| config.release).collect();
            for release in &releases {
                file_remove(&config_path(&at, &named, *release))?;
            }
            Ok(releases.len())
        })
        .await?;
        Ok(Receipt::new(format!("ended all of {service}"))
            .with("ended", ended)
            .with("configurations-removed", removed))
    }

    /// Empties the caches of services; of all when none is named.
    pub(super) async fn caches_empty(
        &self,
        key: &EnvironmentKey,
        services: &[ServiceName],
    ) -> Result<Receipt, PortError> {
        let environment = self.environment_ensure(key)?;
        let components = environment.desired.lock().await.components.clone();
        let caches = components.iter().filter(|(_, kind)| **kind == ComponentKind::Cache);
        let folders: Vec<PathBuf> = caches.map(|(name, _)| component_folder(&environment, name)).collect();
        let services: Vec<String> = services.iter().map(ToString::to_string).collect();
        let removed = blocking(move || {
            let mut removed = 0_usize;
            for folder in folders {
                for of_service in entries(&folder)? {
                    if services.is_empty() || services.contains(&name_of(&of_service)) {
                        removed += folder_empty(&of_service)?;
                    }
                }
            }
            Ok(removed)
        })
        .await?;
        Ok(Receipt::new(format!("removed {removed} cached entries")).with("entries", removed))
    }
}

/// Removes what is in a folder, and leaves the folder to the processes that use it.
fn folder_empty(folder: &std::path::Path) -> Result<usize, PortError> {
    if !folder.is_dir() {
        return Ok(0);
    }
    let inside = entries(folder)?;
    for entry in &inside {
        if entry.is_dir() && !entry.is_symlink() { folder_remove(entry)? } else { file_remove(entry)? }
    }
    Ok(inside.len())
}
