//! The channels a front listens to plain messages in, each with the environment that is meant there when nobody says one.

use std::collections::BTreeMap;

use engine::model::EnvironmentName;

/// Channels by the identifiers their front gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Channels(BTreeMap<String, Option<EnvironmentName>>);

/// A list of channels that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no channel: write identifiers as in `{example}`")]
pub struct BadChannels {
    /// The part that can't be read.
    pub given: String,
    /// What a list looks like on that front.
    pub example: &'static str,
}

impl Channels {
    /// Reads a list: identifiers between commas or spaces, each perhaps with `=` and its environment. `is_id` knows what an
    /// identifier of the front looks like, `example` is shown to whoever wrote something else.
    pub fn read(text: &str, is_id: fn(&str) -> bool, example: &'static str) -> Result<Self, BadChannels> {
        let mut channels = BTreeMap::new();
        for given in text.split([',', ' ']).map(str::trim).filter(|given| !given.is_empty()) {
            let bad = || BadChannels { given: given.to_owned(), example };
            let (id, environment) = match given.split_once('=') {
                Some((id, environment)) => (id, Some(environment.parse().map_err(|_| bad())?)),
                None => (given, None),
            };
            if !is_id(id) {
                return Err(bad());
            }
            channels.insert(id.to_owned(), environment);
        }
        Ok(Self(channels))
    }

    /// Whether plain messages in a channel are listened to.
    pub fn listens(&self, channel: &str) -> bool {
        self.0.contains_key(channel)
    }

    /// The environment that is meant in a channel when nobody says one.
    pub fn environment(&self, channel: &str) -> Option<&EnvironmentName> {
        self.0.get(channel)?.as_ref()
    }

    /// Those with an environment that is meant in them.
    pub fn meant(&self) -> impl Iterator<Item = (&str, &EnvironmentName)> {
        self.0.iter().filter_map(|(id, environment)| Some((id.as_str(), environment.as_ref()?)))
    }

    /// Their identifiers.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
