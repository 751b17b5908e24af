//! The environments that are meant in channels. Whether there are such is known once the project is.

use chat::Channels;
use engine::model::{EnvironmentName, Project};

use super::fault::{Collector, ConfigFaults};
use super::layers::Layers;

/// An environment that a setting says is meant in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meant {
    /// The file or variable.
    place: String,
    /// The key.
    key: &'static str,
    /// The channel.
    channel: String,
    /// The environment.
    environment: EnvironmentName,
}

/// All that a setting says.
pub(super) fn read(layers: &Layers, key: &'static str, channels: &Channels) -> Vec<Meant> {
    let meant = channels.meant().map(|(channel, environment)| Meant {
        place: layers.place(key),
        key,
        channel: channel.to_owned(),
        environment: environment.clone(),
    });
    meant.collect()
}

/// Names those that the project does not have.
pub(crate) fn check(meant: &[Meant], project: &Project) -> Result<(), ConfigFaults> {
    let faults = Collector::default();
    let there: Vec<&str> = project.environments.keys().map(EnvironmentName::as_str).collect();
    for Meant { place, key, channel, environment } in meant {
        if !project.environments.contains_key(environment) {
            let what =
                format!("`{channel}={environment}`: {} has no environment {environment}", project.project);
            faults.add(place, key, what, format!("write one of {}, or `{channel}` alone", there.join(", ")));
        }
    }
    faults.none_or(())
}
