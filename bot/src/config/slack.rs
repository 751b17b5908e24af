//! The settings of Slack. It is connected when any of them is given; then what its mode needs must be there.

use secrecy::SecretString;
use slack::{API_BASE, Mode, Settings};

use super::fault::Collector;
use super::layers::Layers;
use super::strangers;

/// Where people read which token is which.
const SETUP: &str = "the README's part about Slack says where it is found";

/// Reads them; `None` when none was given.
pub(super) fn read(layers: &Layers, faults: &Collector) -> Option<Settings> {
    if !layers.has_table("slack") {
        return None;
    }
    let mode = layers.checked("slack.mode", faults, |word| match word {
        "socket" => Ok(Mode::Socket),
        "http" => Ok(Mode::Http),
        _ => Err((format!("`{word}` is no mode"), "write `socket` or `http`".to_owned())),
    });
    let mode = mode.unwrap_or(Mode::Socket);
    let api_base = layers.checked("slack.api_base", faults, |address| {
        let address = address.trim_end_matches('/');
        if address.starts_with("https://") || address.starts_with("http://") {
            Ok(address.to_owned())
        } else {
            Err((format!("`{address}` is no address"), format!("write it like {API_BASE}")))
        }
    });
    let token = |key, begins: &'static str| {
        layers.checked(key, faults, |token| {
            if begins.is_empty() || token.starts_with(begins) {
                Ok(SecretString::from(token))
            } else {
                Err((format!("does not begin with `{begins}`"), SETUP.to_owned()))
            }
        })
    };
    let bot_token = token("slack.bot_token", "xoxb-");
    let app_token = token("slack.app_token", "xapp-");
    let signing_secret = token("slack.signing_secret", "");
    let needed = [
        ("slack.bot_token", bot_token.is_some(), true),
        ("slack.app_token", app_token.is_some(), mode == Mode::Socket),
        ("slack.signing_secret", signing_secret.is_some(), mode == Mode::Http),
    ];
    for (key, given, needed) in needed {
        if needed && !given && !layers.has(key) {
            faults.add("the configuration", key, "is missing", SETUP);
        }
    }
    let channels = layers.checked("slack.channels", faults, |text| {
        slack::channels(text).map_err(|error| {
            (error.to_string(), "Slack shows a channel's identifier at the end of its details".to_owned())
        })
    });
    let strangers = strangers(layers, "slack.unknown_people", faults);
    Some(Settings {
        api_base: api_base.unwrap_or_else(|| API_BASE.to_owned()),
        bot_token: bot_token?,
        app_token,
        signing_secret,
        mode,
        channels: channels.unwrap_or_default(),
        strangers,
    })
}
