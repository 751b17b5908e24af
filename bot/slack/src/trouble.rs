//! What keeps Slack from being heard or shown, in words that name the setting to mend.

use std::sync::Arc;

use chat::Troubles;

use crate::intake::Intake;
use crate::web::WebError;

/// What a trouble hinders: hearing.
const HEARING: &str = "hearing";
/// … what a scope is missing for.
const SCOPES: &str = "scopes";
/// … and speaking.
const SPEAKING: &str = "speaking";

/// Slack's words for a token that is none, or none any more. Anything else may pass.
pub(crate) const WRONG_TOKEN: [&str; 7] = [
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
    "no_app_token",
];
/// Slack's words for a token that was made without a scope.
const WITHOUT_SCOPE: [&str; 2] = ["missing_scope", "no_permission"];

/// Slack's words for a channel the bot may not speak in.
const NOT_LET_IN: [&str; 8] = [
    "not_in_channel",
    "channel_not_found",
    ARCHIVED,
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "messages_tab_disabled",
    "access_denied",
];
/// The one of them that no invitation mends.
const ARCHIVED: &str = "is_archived";

/// Slack's words for a method it does not have, or no more.
const NO_METHOD: [&str; 3] = ["unknown_method", "deprecated_endpoint", "method_deprecated"];

/// Whether Slack says that the token is wrong.
pub(crate) fn is_wrong_token(error: &WebError) -> bool {
    matches!(error, WebError::Refused { code, .. } if WRONG_TOKEN.contains(&code.as_str()))
}

fn is_without_scope(error: &WebError) -> bool {
    matches!(error, WebError::Refused { code, .. } if WITHOUT_SCOPE.contains(&code.as_str()))
}

/// Asks who the bot is, if that is not known yet; whether it is known by now.
pub(crate) async fn asked_who_it_is(intake: &Arc<Intake>) -> bool {
    if intake.bot.get().is_some() {
        return true;
    }
    match intake.web.who_am_i().await {
        Ok(who) => {
            // Another one may have asked in the same moment.
            let _ = intake.bot.set(who);
            intake.troubles.end(HEARING);
            true
        }
        Err(error) if is_wrong_token(&error) => {
            intake.troubles.begin(HEARING, &bot_token(&error));
            false
        }
        Err(error) => {
            intake.troubles.begin(HEARING, &format!("Slack is not reached ({error}); it is tried again"));
            false
        }
    }
}

pub(crate) fn bot_token(error: &WebError) -> String {
    format!(
        "Slack does not take slack.bot_token ({error}): copy the Bot User OAuth Token of the app once more, set it, and \
         start infra-chat again"
    )
}

/// No socket can be opened.
pub(crate) fn unopened(intake: &Intake, error: &WebError) {
    let why = if is_wrong_token(error) || is_without_scope(error) {
        format!(
            "Slack does not take slack.app_token ({error}): make an App-Level Token with the scope connections:write, set \
             it, and start infra-chat again"
        )
    } else {
        format!("no socket to Slack can be opened ({error}); it is tried again")
    };
    intake.troubles.begin(HEARING, &why);
}

/// Sockets are opened and lost before anything is said on them, or their address does not answer.
pub(crate) fn unheard(intake: &Intake, why: &str) {
    // Over another one it may be heard.
    if !intake.hearing.is_present() {
        intake.troubles.begin(HEARING, &format!("Slack is not heard ({why}); it is tried again"));
    }
}

/// Sockets are switched off.
pub(crate) fn disabled(intake: &Intake) {
    intake.troubles.begin(
        HEARING,
        "Socket Mode is switched off for the app: switch it on at https://api.slack.com/apps, or set slack.mode to http",
    );
}

/// Slack is heard.
pub(crate) fn heard(intake: &Intake) {
    intake.troubles.end(HEARING);
    connected(intake);
}

/// Says as whom it is connected.
pub(crate) fn connected(intake: &Intake) {
    let says = intake.bot.get().map(crate::web::Bot::called).unwrap_or_default();
    intake.troubles.connected(&says);
}

/// The scopes the app was not given; some of them are needed only later, and are better given before.
pub(crate) fn lacking(troubles: &Troubles, scopes: &[&str]) {
    if scopes.is_empty() {
        return troubles.end(SCOPES);
    }
    troubles.begin(
        SCOPES,
        &format!(
            "Slack was not told that the app may do all it needs (scopes {}): add them at *OAuth & Permissions* \
             (deploy/slack/manifest.yaml has all of them), and install the app once more; it notices by itself",
            scopes.join(", ")
        ),
    );
}

/// What became of a call: a method that nobody knows, or that has not been answered for a while, hinders what needs it.
pub(crate) fn called(troubles: &Troubles, method: &'static str, error: Option<&WebError>) {
    match error {
        Some(error @ WebError::Unanswered { .. }) => troubles.fails(
            method,
            &format!(
                "Slack leaves a call unanswered ({error}); it is tried again. If Slack is well, check slack.api_base and \
                 what stands between"
            ),
        ),
        Some(WebError::Refused { code, .. }) if NO_METHOD.contains(&code.as_str()) => troubles.begin(
            method,
            &format!(
                "what answers at slack.api_base has no {method} ({code}), and nothing that needs it comes: check the setting"
            ),
        ),
        // Whoever says to wait will answer.
        Some(WebError::Limited { .. }) => {}
        None | Some(WebError::Refused { .. }) => troubles.end(method),
    }
}

/// What became of a message: a token that was taken back while it was in use is noticed here. `open` says whether everybody in
/// the channel was to see it: what one person alone sees says nothing of that.
pub(crate) fn spoke(troubles: &Troubles, channel: &str, open: bool, error: Option<&WebError>) {
    match error {
        None => {
            troubles.end(SPEAKING);
            if open {
                troubles.open(channel);
            }
        }
        Some(error) if is_wrong_token(error) => troubles.begin(SPEAKING, &bot_token(error)),
        Some(error) if is_without_scope(error) => troubles.begin(
            SPEAKING,
            &format!(
                "Slack does not let the app do all it must ({error}): give it the scopes of deploy/slack/manifest.yaml and \
                 install it once more"
            ),
        ),
        Some(WebError::Refused { code, .. }) if code == ARCHIVED => troubles.shut(
            channel,
            format!(
                "Channel {channel} on Slack is archived ({code}): unarchive it, and what waits for it comes then; or take it \
                 out of slack.channels"
            ),
        ),
        Some(WebError::Refused { code, .. }) if NOT_LET_IN.contains(&code.as_str()) => troubles.shut(
            channel,
            format!(
                "Slack does not let the bot speak in channel {channel} ({code}): `/invite` it there, or check that the \
                 channel is there and not restricted; what waits for it comes then"
            ),
        ),
        Some(_) => {}
    }
}
