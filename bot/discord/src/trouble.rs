//! What keeps Discord from being heard or shown, in words that name the setting to mend.

use chat::Troubles;

use crate::check::Lacking;
use crate::web::WebError;

/// What a trouble hinders: hearing.
const HEARING: &str = "hearing";
/// … hearing what is said without naming the bot.
const READING: &str = "reading";
/// … what a permission is missing for.
const PERMISSIONS: &str = "permissions";
/// … what a permission is missing for in single channels.
const IN_CHANNELS: &str = "permissions in channels";
/// … speaking.
const SPEAKING: &str = "speaking";
/// The status of a call without a good token.
const UNAUTHORIZED: u16 = 401;
/// The code of a socket that was closed because of the token.
const WRONG_TOKEN: u16 = 4_004;

/// Discord's number for a channel the bot does not see.
const MISSING_ACCESS: i64 = 50_001;
/// … and for something it may not do there.
pub(crate) const MISSING_PERMISSIONS: i64 = 50_013;

/// Whether Discord says that the token is wrong.
pub(crate) fn is_wrong_token(error: &WebError) -> bool {
    matches!(error, WebError::Refused { status: UNAUTHORIZED, .. })
}

pub(crate) fn token(why: &str) -> String {
    format!(
        "Discord does not take discord.token ({why}): reset the token on the bot's page, set it, and start infra-chat again"
    )
}

/// Discord does not say where its gateway is.
pub(crate) fn unreached(troubles: &Troubles, error: &WebError) {
    let why = error.to_string();
    let says = if is_wrong_token(error) {
        token(&why)
    } else {
        format!("Discord is not reached ({why}); it is tried again")
    };
    troubles.begin(HEARING, &says);
}

/// The gateway's address does not answer.
pub(crate) fn no_gateway(troubles: &Troubles) {
    troubles.begin(HEARING, "Discord's gateway does not answer; it is tried again");
}

/// One socket after the other is lost before a session begins. What is known already says more.
pub(crate) fn lost(troubles: &Troubles) {
    if troubles.all().is_empty() {
        troubles.begin(
            HEARING,
            "Discord's gateway ends each connection before a session begins; it is tried again",
        );
    }
}

/// Discord ended the socket for good, with this code.
pub(crate) fn refused(troubles: &Troubles, code: u16) {
    let says = if code == WRONG_TOKEN {
        "Discord's gateway does not take discord.token (code 4004); it is tried again. If that lasts, reset the token on the \
         bot's page, set it, and start infra-chat again"
            .to_owned()
    } else {
        format!("Discord's gateway refuses the bot (code {code}); it is tried again")
    };
    troubles.begin(HEARING, &says);
}

/// The bot may not read messages.
pub(crate) fn unreadable(troubles: &Troubles) {
    troubles.begin(
        READING,
        "Discord does not let the bot read messages: switch on *Message Content Intent* on the bot's page. Until then it \
         hears mentions, direct messages, commands and clicks alone; it notices by itself when the switch is on",
    );
}

/// Discord is heard, and whether messages can be read.
pub(crate) fn heard(troubles: &Troubles, readable: bool) {
    troubles.end(HEARING);
    if readable {
        troubles.end(READING);
    }
}

/// What the bot may not do; some of it is needed only later, and is better given before.
pub(crate) fn lacking(troubles: &Troubles, lacks: &Lacking) {
    if lacks.servers.is_empty() {
        troubles.end(PERMISSIONS);
    } else {
        let lacks = lacks.servers.join("; ");
        troubles.begin(
            PERMISSIONS,
            &format!(
                "Discord does not let the bot do all it needs ({lacks}): give its role these permissions at *Server Settings*, \
                 *Roles*, or invite it once more with the link in the README; it notices by itself"
            ),
        );
    }
    if lacks.channels.is_empty() {
        troubles.end(IN_CHANNELS);
    } else {
        let lacks = lacks.channels.join("; ");
        troubles.begin(
            IN_CHANNELS,
            &format!(
                "Discord does not let the bot do in a channel what it may elsewhere ({lacks}): allow its role these permissions \
                 at *Edit Channel*, *Permissions* there; it notices by itself"
            ),
        );
    }
}

/// What became of a call: one that has not been answered for a while hinders what needs it.
pub(crate) fn called(troubles: &Troubles, what: &'static str, error: Option<&WebError>) {
    match error {
        Some(error @ WebError::Unanswered { .. }) => troubles.fails(
            what,
            &format!(
                "Discord leaves a call unanswered ({error}); it is tried again. If Discord is well, check \
                 discord.api_base and what stands between"
            ),
        ),
        // Whoever says to wait will answer.
        Some(WebError::Limited { .. }) => {}
        None | Some(WebError::Refused { .. }) => troubles.end(what),
    }
}

/// What became of a message: a token that was taken back while it was in use is noticed here. `seen_in` is the channel or the
/// thread others were to see it in: what works elsewhere says nothing of it.
pub(crate) fn spoke(troubles: &Troubles, channel: &str, seen_in: Option<&str>, error: Option<&WebError>) {
    let shut = |why: String| troubles.shut(seen_in.unwrap_or(channel), why);
    match error {
        None => {
            troubles.end(SPEAKING);
            if let Some(seen_in) = seen_in {
                troubles.open(seen_in);
            }
        }
        Some(error) if is_wrong_token(error) => troubles.begin(SPEAKING, &token(&error.to_string())),
        Some(error) => match error.code() {
            Some(MISSING_ACCESS) => shut(format!(
                "Discord does not let the bot into channel {channel} (50001): give it *View Channel* there, or add it to \
                 the channel; what waits for it comes then"
            )),
            Some(MISSING_PERMISSIONS) => shut(format!(
                "Discord does not let the bot do what it must in channel {channel} (50013): give it *View Channel*, *Send \
                 Messages*, *Send Messages in Threads*, *Embed Links* and *Attach Files* there; what waits comes then"
            )),
            _ => {}
        },
    }
}

/// A thread can't be begun: everything is said in the channel itself.
pub(crate) fn no_thread(troubles: &Troubles, channel: &str, error: &WebError) {
    if let Some(MISSING_ACCESS | MISSING_PERMISSIONS) = error.code() {
        let why = format!(
            "Discord does not let the bot begin threads in channel {channel}: give it *Create Public Threads* and *Send \
             Messages in Threads* there"
        );
        troubles.shut(&format!("{channel}/threads"), why);
    }
}

/// A thread was begun.
pub(crate) fn thread(troubles: &Troubles, channel: &str) {
    troubles.open(&format!("{channel}/threads"));
}
