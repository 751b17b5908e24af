//! What is meant in channels. Whether there is such a project and environment is known once the projects are.

use chat::Channels;
use engine::model::Project;

use super::fault::{Collector, ConfigFaults};
use super::layers::Layers;

/// What a setting says is meant in channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meant {
    /// The file or variable.
    place: String,
    /// The key.
    key: &'static str,
    /// The channels.
    channels: Channels,
}

/// What a setting says.
pub(super) fn read(layers: &Layers, key: &'static str, channels: &Channels) -> Meant {
    Meant { place: layers.place(key), key, channels: channels.clone() }
}

/// Names the channels that mean something there is not.
pub(crate) fn check(meant: &[Meant], projects: &[Project]) -> Result<(), ConfigFaults> {
    let faults = Collector::default();
    for Meant { place, key, channels } in meant {
        for unknown in channels.unknown(projects) {
            let mend = format!("{}; write one of these, or the channel alone", unknown.there);
            faults.add(place, key, format!("`{}` means {}", unknown.given, unknown.nothing), mend);
        }
    }
    faults.none_or(())
}
