//! Whether the settings do: who the bot is with its token, and what the app was not given. Nothing is heard or shown.

use std::sync::Arc;

use engine::clock::{Clock as _, SystemClock};

use crate::settings::Settings;
use crate::trouble::bot_token;
use crate::web::{Web, WebError};

/// The scopes of deploy/slack/manifest.yaml: what the bot can't do without.
pub const SCOPES: [&str; 8] = [
    "app_mentions:read",
    "channels:history",
    "groups:history",
    "im:history",
    "im:write",
    "chat:write",
    "commands",
    "files:write",
];

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// The token is good.
    Known {
        /// Who the bot is, and where: `@infra in Acme`.
        who: String,
        /// The scopes it lacks, by name; none where Slack does not say which it has.
        missing: Vec<&'static str>,
    },
    /// Slack was asked and says no.
    Refused(String),
    /// It can't be asked now.
    Unreached(String),
}

/// Asks Slack who the bot is.
pub async fn check(settings: &Settings) -> Checked {
    let web = match Web::new(settings, Arc::new(|| SystemClock.now_ms())) {
        Ok(web) => web,
        Err(error) => return Checked::Unreached(format!("the way to Slack can't be prepared: {error}")),
    };
    match web.who_am_i().await {
        Ok(bot) => {
            let missing = bot.scopes.as_deref().map(lacking).unwrap_or_default();
            Checked::Known { who: bot.called(), missing }
        }
        Err(error @ WebError::Refused { .. }) => Checked::Refused(bot_token(&error)),
        Err(error) => Checked::Unreached(format!("Slack is not reached ({error})")),
    }
}

/// What a token with these scopes lacks.
pub(crate) fn lacking(has: &[String]) -> Vec<&'static str> {
    SCOPES.into_iter().filter(|scope| !has.iter().any(|one| one == scope)).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::SCOPES;

    #[test]
    fn what_is_looked_for_is_what_the_manifest_asks_for() {
        let manifest =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/slack/manifest.yaml"))
                .unwrap();
        let scopes = manifest.split("    bot:\n").nth(1).unwrap().split("settings:").next().unwrap();
        let mut asked: Vec<&str> = scopes
            .lines()
            .filter_map(|line| line.trim().strip_prefix("- ")?.split_whitespace().next())
            .collect();
        let mut looked = SCOPES.to_vec();
        asked.sort_unstable();
        looked.sort_unstable();
        assert_eq!(asked, looked);
    }
}
