//! What a person sets to connect to Slack.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use engine::model::{EnvironmentName, Role};
use secrecy::SecretString;

/// Slack's own address of its Web API.
pub const API_BASE: &str = "https://slack.com/api";

/// How Slack reaches this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Over sockets that this program opens: no public address is needed.
    Socket,
    /// Slack calls this program's HTTP address.
    Http,
}

/// The settings. Their `Debug` shows no token.
#[derive(Clone)]
pub struct Settings {
    /// Where the Web API is, without a slash at its end.
    pub api_base: String,
    /// The bot's token, `xoxb-…`.
    pub bot_token: SecretString,
    /// The app's token, `xapp-…`: sockets need it.
    pub app_token: Option<SecretString>,
    /// What Slack signs its calls with: HTTP needs it.
    pub signing_secret: Option<SecretString>,
    /// How Slack reaches this program.
    pub mode: Mode,
    /// The channels it listens to plain messages in.
    pub channels: Channels,
    /// What people nobody knows may do.
    pub strangers: Option<Role>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("api_base", &self.api_base)
            .field("mode", &self.mode)
            .field("channels", &self.channels)
            .field("strangers", &self.strangers)
            .finish_non_exhaustive()
    }
}

/// Channels by their identifiers, each with the environment that is meant there when nobody says one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Channels(BTreeMap<String, Option<EnvironmentName>>);

impl Channels {
    /// Whether plain messages in a channel are listened to.
    pub fn listens(&self, channel: &str) -> bool {
        self.0.contains_key(channel)
    }

    /// The environment that is meant in a channel when nobody says one.
    pub fn environment(&self, channel: &str) -> Option<&EnvironmentName> {
        self.0.get(channel)?.as_ref()
    }

    /// Their identifiers.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// A list of channels that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no channel: write identifiers as in `C0420ABCD, C0421EFGH=staging`")]
pub struct BadChannels {
    /// The part that can't be read.
    pub given: String,
}

impl FromStr for Channels {
    type Err = BadChannels;

    fn from_str(text: &str) -> Result<Self, BadChannels> {
        let mut channels = BTreeMap::new();
        for given in text.split([',', ' ']).map(str::trim).filter(|given| !given.is_empty()) {
            let bad = || BadChannels { given: given.to_owned() };
            let (id, environment) = match given.split_once('=') {
                Some((id, environment)) => (id, Some(environment.parse().map_err(|_| bad())?)),
                None => (given, None),
            };
            let known =
                id.starts_with(['C', 'G', 'D']) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !known {
                return Err(bad());
            }
            channels.insert(id.to_owned(), environment);
        }
        Ok(Self(channels))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn channels_may_have_an_environment() {
        let channels: Channels = "C042, C043=staging".parse().unwrap();
        assert!(channels.listens("C042") && channels.listens("C043") && !channels.listens("C044"));
        assert_eq!(channels.environment("C042"), None);
        assert_eq!(channels.environment("C043").unwrap().as_str(), "staging");
    }

    #[test]
    fn a_name_is_no_identifier() {
        let told = "#deploys".parse::<Channels>().unwrap_err().to_string();
        assert_eq!(told, "`#deploys` is no channel: write identifiers as in `C0420ABCD, C0421EFGH=staging`");
    }
}
