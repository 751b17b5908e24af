//! How people name the bot. Discord gives each bot it lets in with permissions a role called as it is, and proposes both where
//! somebody types `@infra`: who takes the role means the bot.

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;

use crate::payload::{Said, list, text};

/// The bot's user and the roles that are its own.
#[derive(Debug, Default)]
pub(crate) struct Names {
    user: OnceLock<String>,
    roles: Mutex<BTreeSet<String>>,
}

impl Names {
    /// Discord says who the bot is. A restart brings the same one again.
    pub(crate) fn is(&self, user: String) {
        let _ = self.user.set(user);
    }

    /// The bot's user; empty until Discord has said so.
    pub(crate) fn user(&self) -> &str {
        self.user.get().map(String::as_str).unwrap_or_default()
    }

    /// Takes in what happened to servers and their roles.
    pub(crate) fn hear(&self, kind: &str, body: &Value) {
        let told: Vec<&Value> = match kind {
            "GUILD_CREATE" => list(&body["roles"]).collect(),
            "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" => vec![&body["role"]],
            _ => return,
        };
        let own = |role: &&Value| !self.user().is_empty() && text(&role["tags"], "bot_id") == self.user();
        let own = told.into_iter().filter(own).map(|role| text(role, "id"));
        self.roles.lock().unwrap_or_else(PoisonError::into_inner).extend(own);
    }

    /// What was said without the bot's names, and whether they stand in it or it wakes the bot.
    pub(crate) fn without(&self, said: &Said) -> (String, bool) {
        let user = self.user();
        if user.is_empty() {
            return (said.text.trim().to_owned(), false);
        }
        let roles = self.roles.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let names = [format!("<@{user}>"), format!("<@!{user}>")];
        let names = names.into_iter().chain(roles.iter().map(|role| format!("<@&{role}>")));
        let (mut left, mut named) = (said.text.clone(), said.mentions.iter().any(|woken| woken == user));
        for name in names {
            named |= left.contains(&name);
            left = left.replace(&name, " ");
        }
        (left.trim().to_owned(), named)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bot_is_named_by_its_user_and_by_its_own_role() {
        let names = Names::default();
        names.is("7".to_owned());
        let role = |id: &str, bot: &str| json!({ "id": id, "tags": { "bot_id": bot } });
        names.hear("GUILD_CREATE", &json!({ "roles": [role("70", "7"), role("80", "8"), { "id": "90" }] }));
        names.hear("GUILD_ROLE_CREATE", &json!({ "role": role("71", "7") }));
        for (said, left, named) in [
            ("<@7> status", "status", true),
            ("<@!7> status", "status", true),
            ("<@&70> status", "status", true),
            ("status <@&71>", "status", true),
            ("<@&80> <@&90> status", "<@&80> <@&90> status", false),
            ("<@70> status", "<@70> status", false),
        ] {
            let message =
                json!({ "id": "1", "channel_id": "2", "content": said, "author": { "id": "3" }, "type": 0 });
            let said = crate::payload::said(&message).unwrap();
            assert_eq!(names.without(&said), (left.to_owned(), named), "{}", said.text);
        }
    }
}
