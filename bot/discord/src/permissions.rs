//! What the bot may do on a server and in a channel of it, as Discord works it out: its roles say what it may on the server,
//! and a channel may say otherwise, for everybody, for roles and for the bot alone. Pure.

use serde_json::Value;

use crate::payload::{list, text};

/// A permission by its bit, as Discord numbers and names them.
const PERMISSIONS: [(u32, &str); 8] = [
    (VIEW_CHANNELS, "View Channels"),
    (11, "Send Messages"),
    (13, "Manage Messages"),
    (14, "Embed Links"),
    (15, "Attach Files"),
    (16, "Read Message History"),
    (35, "Create Public Threads"),
    (38, "Send Messages in Threads"),
];
/// The permission without which there is none in a channel.
const VIEW_CHANNELS: u32 = 10;
/// The permission that is all of them, whatever a channel says.
const ADMINISTRATOR: u32 = 3;
/// What a channel says of a member, and not of a role.
const OF_MEMBER: u64 = 1;

/// What somebody may do, bit by bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct May(u64);

impl May {
    /// What the bot may do on a server, as Discord describes the server to it.
    pub(crate) fn on(guild: &Value) -> Option<Self> {
        text(guild, "permissions").parse().ok().map(Self)
    }

    fn has(self, bit: u32) -> bool {
        self.0 & (1 << bit) != 0
    }

    /// What it may do in a channel of a server, by what the channel says of it: first what it says of everybody, then of its
    /// roles taken together, then of it alone. What is allowed counts more than what is denied at the same time.
    pub(crate) fn within(self, channel: &Value, guild: &str, roles: &[String], user: &str) -> Self {
        if self.has(ADMINISTRATOR) {
            return self;
        }
        let said: Vec<Said> = list(&channel["permission_overwrites"]).map(Said::of).collect();
        let of_everybody = |it: &&Said| !it.of_member && it.of == guild;
        let of_roles = |it: &&Said| !it.of_member && it.of != guild && roles.contains(&it.of);
        let of_it = |it: &&Said| it.of_member && it.of == user;
        self.after(said.iter().filter(of_everybody))
            .after(said.iter().filter(of_roles))
            .after(said.iter().filter(of_it))
    }

    fn after<'a>(self, said: impl Iterator<Item = &'a Said>) -> Self {
        let (deny, allow) = said.fold((0, 0), |(deny, allow), it| (deny | it.deny, allow | it.allow));
        Self((self.0 & !deny) | allow)
    }

    /// The names of what it will have to do, sooner or later, and may not.
    pub(crate) fn lacks(self) -> Vec<&'static str> {
        if self.has(ADMINISTRATOR) {
            return Vec::new();
        }
        PERMISSIONS.into_iter().filter(|(bit, _)| !self.has(*bit)).map(|(_, name)| name).collect()
    }

    /// What of it a channel takes away that the server gives. Who does not see a channel lacks that alone: the rest follows.
    pub(crate) fn lacks_within(self, within: Self) -> Vec<&'static str> {
        let on_server = self.lacks();
        let taken: Vec<&str> = within.lacks().into_iter().filter(|name| !on_server.contains(name)).collect();
        match PERMISSIONS.first() {
            Some((bit, name)) if taken.contains(name) && !within.has(*bit) => vec![*name],
            _ => taken,
        }
    }
}

/// What a channel says of somebody.
struct Said {
    of: String,
    of_member: bool,
    allow: u64,
    deny: u64,
}

impl Said {
    fn of(overwrite: &Value) -> Self {
        let bits = |key: &str| text(overwrite, key).parse().unwrap_or_default();
        Self {
            of: text(overwrite, "id"),
            of_member: overwrite["type"] == OF_MEMBER,
            allow: bits("allow"),
            deny: bits("deny"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    const ASKED: u64 = 309_237_771_264;
    const SEND: u64 = 1 << 11;
    const FILES: u64 = 1 << 15;

    #[test]
    fn what_the_invitation_asks_for_is_what_is_looked_for() {
        let asked: u64 = PERMISSIONS.into_iter().map(|(bit, _)| 1 << bit).sum();
        assert_eq!(asked, ASKED, "the number of the link in the README");
        let on = |may: u64| May::on(&json!({ "permissions": may.to_string() })).unwrap();
        assert_eq!(on(asked).lacks(), [""; 0]);
        assert_eq!(on(8).lacks(), [""; 0], "an administrator may all");
        assert_eq!(on(asked & !FILES).lacks(), ["Attach Files"]);
    }

    #[test]
    fn a_channel_says_it_of_everybody_of_roles_and_of_one() {
        let lacks = |may: u64, said: &[(&str, u64, u64, u64)]| {
            let overwrite = |(id, kind, allow, deny): &(&str, u64, u64, u64)| json!({ "id": id, "type": kind, "allow": allow.to_string(), "deny": deny.to_string() });
            let overwrites: Vec<Value> = said.iter().map(overwrite).collect();
            let channel = json!({ "permission_overwrites": overwrites });
            let roles = ["bots".to_owned(), "loud".to_owned()];
            May(may).lacks_within(May(may).within(&channel, "server", &roles, "bot")).join(", ")
        };
        assert_eq!(lacks(ASKED, &[]), "");
        assert_eq!(lacks(ASKED, &[("server", 0, 0, SEND)]), "Send Messages");
        assert_eq!(lacks(ASKED, &[("server", 0, 0, SEND), ("bots", 0, SEND, 0)]), "", "a role counts more");
        assert_eq!(lacks(ASKED, &[("bots", 0, 0, SEND | FILES), ("loud", 0, SEND, 0)]), "Attach Files");
        assert_eq!(lacks(ASKED, &[("loud", 0, SEND, 0), ("bot", 1, 0, SEND)]), "Send Messages");
        assert_eq!(lacks(ASKED, &[("others", 0, 0, SEND), ("ana", 1, 0, SEND)]), "", "that is of others");
        assert_eq!(lacks(ASKED, &[("server", 0, 0, 1 << 10 | SEND)]), "View Channels");
        assert_eq!(lacks(8, &[("server", 0, 0, SEND)]), "", "an administrator may all the same");
        // What the server does not give is named with the server.
        assert_eq!(lacks(ASKED & !FILES, &[("server", 0, 0, SEND)]), "Send Messages");
    }
}
