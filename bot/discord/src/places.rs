//! Which channels are threads, and of what: Discord says it once, when a server is joined or a thread begins.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::payload::{list, text};

/// Kinds of channels that are threads.
const THREADS: [i64; 3] = [10, 11, 12];
/// Kinds of channels between the bot and people alone.
const DIRECT: [i64; 2] = [1, 3];
/// Kinds of channels that are made of threads alone, as posts in them.
const FORUMS: [i64; 2] = [15, 16];
/// Channels remembered; more are asked for again.
const KNOWN_MAX: usize = 50_000;

/// What a channel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One of a server's own.
    Channel,
    /// One that is made of threads alone: nothing can be said in itself.
    Forum,
    /// A thread in a channel.
    Thread {
        /// The channel.
        parent: String,
    },
    /// Between the bot and somebody.
    Direct,
}

/// Whether a channel, as Discord describes it, is between the bot and people alone.
pub(crate) fn is_direct(channel: &Value) -> bool {
    channel["type"].as_i64().is_some_and(|kind| DIRECT.contains(&kind))
}

/// The channels known so far.
#[derive(Debug, Default)]
pub(crate) struct Places(Mutex<HashMap<String, Kind>>);

impl Places {
    fn known(&self) -> MutexGuard<'_, HashMap<String, Kind>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a channel is, as far as known.
    pub(crate) fn get(&self, channel: &str) -> Option<Kind> {
        self.known().get(channel).cloned()
    }

    /// The threads of a channel, as far as known.
    pub(crate) fn threads_of(&self, channel: &str) -> Vec<String> {
        let known = self.known();
        let theirs = |kind: &Kind| matches!(kind, Kind::Thread { parent } if parent == channel);
        known.iter().filter(|(_, kind)| theirs(kind)).map(|(id, _)| id.clone()).collect()
    }

    /// Remembers a channel, as Discord describes it; what it is, when that is said.
    pub(crate) fn learn(&self, channel: &Value) -> Option<Kind> {
        let kind = match channel["type"].as_i64()? {
            kind if THREADS.contains(&kind) => match text(channel, "parent_id") {
                // Not the whole of it came along.
                parent if parent.is_empty() => return self.get(&text(channel, "id")),
                // A post is where all of it is said, cards of runs too.
                parent if self.get(&parent) == Some(Kind::Forum) => Kind::Channel,
                parent => Kind::Thread { parent },
            },
            kind if DIRECT.contains(&kind) => Kind::Direct,
            kind if FORUMS.contains(&kind) => Kind::Forum,
            _ => Kind::Channel,
        };
        let mut known = self.known();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(text(channel, "id"), kind.clone());
        Some(kind)
    }

    /// Takes in what happened to channels, threads and servers.
    pub(crate) fn hear(&self, kind: &str, body: &Value) {
        match kind {
            "GUILD_CREATE" | "THREAD_LIST_SYNC" => {
                for channel in list(&body["channels"]).chain(list(&body["threads"])) {
                    self.learn(channel);
                }
            }
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => {
                self.learn(body);
            }
            "CHANNEL_DELETE" | "THREAD_DELETE" => {
                self.known().remove(&text(body, "id"));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_post_in_a_forum_is_a_channel_of_its_own() {
        let places = Places::default();
        let thread = |id: &str, parent: &str| json!({ "id": id, "type": 11, "parent_id": parent });
        let channels = json!([{ "id": "1", "type": 0 }, { "id": "2", "type": 15 }]);
        places.hear(
            "GUILD_CREATE",
            &json!({ "channels": channels, "threads": [thread("10", "1"), thread("20", "2")] }),
        );
        assert_eq!(places.get("10"), Some(Kind::Thread { parent: "1".to_owned() }));
        assert_eq!(places.get("20"), Some(Kind::Channel));
        places.hear("THREAD_CREATE", &thread("21", "2"));
        assert_eq!(places.get("21"), Some(Kind::Channel));
    }
}
