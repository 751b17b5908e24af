//! Whether the settings do: who the bot is with its token, on which servers, and what it may not do there. Nothing is heard
//! or shown.

use std::sync::Arc;

use engine::clock::{Clock as _, SystemClock};
use serde_json::Value;

use crate::payload::text;
use crate::settings::Settings;
use crate::trouble::token;
use crate::web::{Web, WebError};

/// A permission by its bit, as Discord numbers and names them.
const PERMISSIONS: [(u32, &str); 8] = [
    (10, "View Channels"),
    (11, "Send Messages"),
    (13, "Manage Messages"),
    (14, "Embed Links"),
    (15, "Attach Files"),
    (16, "Read Message History"),
    (35, "Create Public Threads"),
    (38, "Send Messages in Threads"),
];
/// The permission that is all of them.
const ADMINISTRATOR: u32 = 3;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// The token is good.
    Known {
        /// Who the bot is, and where: `infra on Acme`.
        who: String,
        /// What it lacks, each with where that is given.
        missing: Vec<String>,
    },
    /// Discord was asked and says no.
    Refused(String),
    /// It can't be asked now.
    Unreached(String),
}

/// Asks Discord who the bot is, and what it may do.
pub async fn check(settings: &Settings) -> Checked {
    let web = match Web::new(settings, Arc::new(|| SystemClock.now_ms())) {
        Ok(web) => web,
        Err(error) => return Checked::Unreached(format!("the way to Discord can't be prepared: {error}")),
    };
    let bot = match web.who_am_i().await {
        Ok(bot) => bot,
        Err(error @ WebError::Refused { .. }) => return Checked::Refused(token(&error.to_string())),
        Err(error) => return Checked::Unreached(format!("Discord is not reached ({error})")),
    };
    let mut missing = Vec::new();
    if matches!(web.may_read_messages().await, Ok(false)) {
        missing.push("the switch *Message Content Intent* on the bot's page".to_owned());
    }
    let guilds = web.guilds().await.unwrap_or_default();
    missing.extend(guilds.iter().filter_map(lacks));
    let names: Vec<String> = guilds.iter().map(|guild| text(guild, "name")).collect();
    let on = if names.is_empty() {
        "on no server yet: invite it".to_owned()
    } else {
        format!("on {}", names.join(", "))
    };
    Checked::Known { who: format!("{} {on}", text(&bot, "username")), missing }
}

/// What the bot may not do on its servers and will have to, sooner or later: nothing where it may all of it.
pub(crate) async fn lacking(web: &Web) -> Result<Vec<String>, WebError> {
    Ok(web.guilds().await?.iter().filter_map(lacks).collect())
}

/// What the bot may not do on a server, by name.
fn lacks(guild: &Value) -> Option<String> {
    let may: u64 = text(guild, "permissions").parse().ok()?;
    let has = |bit: u32| may & (1 << bit) != 0;
    let names: Vec<&str> = PERMISSIONS
        .into_iter()
        .filter(|(bit, _)| !has(*bit) && !has(ADMINISTRATOR))
        .map(|(_, name)| name)
        .collect();
    (!names.is_empty()).then(|| format!("on {}: {}", text(guild, "name"), names.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_invitation_asks_for_is_what_is_looked_for() {
        let asked: u64 = PERMISSIONS.into_iter().map(|(bit, _)| 1 << bit).sum();
        assert_eq!(asked, 309_237_771_264, "the number of the link in the README");
        assert_eq!(lacks(&json!({ "name": "Acme", "permissions": asked.to_string() })), None);
        assert_eq!(lacks(&json!({ "name": "Acme", "permissions": "8" })), None, "an administrator may all");
        let without = (asked & !(1 << 15)).to_string();
        let lacks = lacks(&json!({ "name": "Acme", "permissions": without }));
        assert_eq!(lacks.as_deref(), Some("on Acme: Attach Files"));
    }
}
