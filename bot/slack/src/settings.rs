//! What a person sets to connect to Slack.

use std::fmt;

use chat::{BadChannels, Channels};
use engine::model::Role;
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

/// Reads the list of channels.
pub fn channels(text: &str) -> Result<Channels, BadChannels> {
    let is_id =
        |id: &str| id.starts_with(['C', 'G', 'D']) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    Channels::read(text, is_id, "C0420ABCD, C0421EFGH=staging")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn channels_may_have_an_environment() {
        let channels = channels("C042, C043=staging").unwrap();
        assert!(channels.listens("C042") && channels.listens("C043") && !channels.listens("C044"));
        assert_eq!(channels.about("C042").environment, None);
        assert_eq!(channels.about("C043").environment.as_deref(), Some("staging"));
    }

    #[test]
    fn a_name_is_no_identifier() {
        let told = channels("#deploys").unwrap_err().to_string();
        assert_eq!(told, "`#deploys` is no channel: write identifiers as in `C0420ABCD, C0421EFGH=staging`");
    }
}
