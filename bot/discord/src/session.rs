//! What is kept of a session on the gateway, and what the end of a socket means for it. Pure.

use std::time::Duration;

use url::Url;

/// The version and form of what is spoken.
const SPOKEN: [(&str, &str); 2] = [("v", "10"), ("encoding", "json")];

/// What an address may ask for that is not understood here: frames would come packed. Nothing of it is offered.
const PACKED: &str = "compress";

/// A session that can be resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Its identifier.
    pub(crate) id: String,
    /// Where it is resumed.
    pub(crate) url: String,
    /// The number of what was last heard.
    pub(crate) seq: u64,
}

/// What follows when a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The session goes on, when there is one.
    Resume,
    /// A new session begins.
    Anew,
    /// It goes on after this long.
    Wait(Duration),
    /// The bot may not read messages.
    Unreadable,
    /// Discord refuses the bot, for this.
    Refused(u16),
}

impl Session {
    /// A session that has just begun. Discord says where it wants it resumed; that is done where it is on the same host as
    /// its gateway or anywhere at Discord: who put an address of their own in Discord's place means it for all of it.
    pub(crate) fn begun(id: String, resume_url: &str, gateway_url: Option<&str>) -> Self {
        let host = |url: &str| Url::parse(url).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
        let at_discord =
            |url: &str| host(url).is_some_and(|host| host == "discord.gg" || host.ends_with(".discord.gg"));
        let url = match gateway_url {
            Some(gateway) => {
                let same = host(resume_url).is_some() && host(resume_url) == host(gateway);
                let kept = same || (at_discord(resume_url) && at_discord(gateway));
                if kept { resume_url } else { gateway }
            }
            None => resume_url,
        };
        Self { id, url: dialled(url), seq: 0 }
    }
}

/// The whole address of a gateway.
pub(crate) fn dialled(url: &str) -> String {
    let Ok(mut whole) = Url::parse(url) else { return url.to_owned() };
    let own: Vec<(String, String)> = whole
        .query_pairs()
        .filter(|(name, _)| name != PACKED && !SPOKEN.iter().any(|(spoken, _)| spoken == name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    whole.query_pairs_mut().clear().extend_pairs(SPOKEN).extend_pairs(own);
    whole.into()
}

/// What the code of a closed socket means.
pub(crate) fn after_close(code: Option<u16>) -> End {
    match code {
        // Wrong sequence, timed out: the session is over. So it is after a normal end.
        Some(1_000 | 4_003 | 4_007 | 4_009) => End::Anew,
        Some(4_014) => End::Unreadable,
        Some(code @ (4_004 | 4_010..=4_013)) => End::Refused(code),
        _ => End::Resume,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_resumed_where_it_began() {
        let resumed = |resume: &str, gateway: &str| Session::begun("s".to_owned(), resume, Some(gateway)).url;
        let real = "wss://gateway-us-east1-b.discord.gg";
        assert_eq!(
            resumed(real, "wss://gateway.discord.gg/"),
            "wss://gateway-us-east1-b.discord.gg/?v=10&encoding=json"
        );
        let own = "ws://127.0.0.1:9/gateway";
        assert_eq!(resumed(real, own), "ws://127.0.0.1:9/gateway?v=10&encoding=json");
        assert_eq!(resumed("ws://127.0.0.1:10", own), "ws://127.0.0.1:10/?v=10&encoding=json");
        assert_eq!(resumed("", own), "ws://127.0.0.1:9/gateway?v=10&encoding=json");
        let packed = "ws://127.0.0.1:10/?compress=zlib-stream&shard=1";
        assert_eq!(
            resumed(packed, own),
            "ws://127.0.0.1:10/?v=10&encoding=json&shard=1",
            "packed is not offered"
        );
    }

    #[test]
    fn codes_say_whether_a_session_goes_on() {
        assert_eq!(after_close(None), End::Resume);
        assert_eq!(after_close(Some(4_000)), End::Resume);
        assert_eq!(after_close(Some(4_009)), End::Anew);
        assert_eq!(after_close(Some(4_004)), End::Refused(4_004));
        assert_eq!(after_close(Some(4_014)), End::Unreadable);
        // Each of Discord's own: whether the session goes on, a new one begins, or a person has to mend something.
        for code in [1_001, 1_006, 4_000, 4_001, 4_002, 4_005, 4_008] {
            assert_eq!(after_close(Some(code)), End::Resume, "{code}");
        }
        for code in [1_000, 4_003, 4_007, 4_009] {
            assert_eq!(after_close(Some(code)), End::Anew, "{code}");
        }
        for code in [4_004, 4_010, 4_011, 4_012, 4_013] {
            assert_eq!(after_close(Some(code)), End::Refused(code), "{code}");
        }
    }
}
