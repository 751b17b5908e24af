//! The settings of Discord. It is connected when any of them is given; then there must be a token.

use discord::{API_BASE, Settings};
use secrecy::SecretString;

use super::fault::Collector;
use super::layers::Layers;
use super::strangers;

/// Where people read how to get a token.
const SETUP: &str = "the README's part about Discord says where it is found";
/// How identifiers are found.
const IDS: &str = "with Discord's developer mode on, *Copy ID* is in the menu of every channel and role";

/// Reads them; `None` when none was given.
pub(super) fn read(layers: &Layers, faults: &Collector) -> Option<Settings> {
    if !layers.has_table("discord") {
        return None;
    }
    let api_base = layers.checked("discord.api_base", faults, |address| {
        discord::api_base(address)
            .ok_or_else(|| (format!("`{address}` is no address"), format!("write it like {API_BASE}")))
    });
    let token = layers.checked("discord.token", faults, |token| {
        let token = token.strip_prefix("Bot ").unwrap_or(token);
        if token.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(SecretString::from(token))
        } else {
            Err(("holds what no token holds".to_owned(), SETUP.to_owned()))
        }
    });
    if token.is_none() && !layers.has("discord.token") {
        faults.add("the configuration", "discord.token", "is missing", SETUP);
    }
    let channels = layers.checked("discord.channels", faults, |text| {
        discord::channels(text).map_err(|error| (error.to_string(), IDS.to_owned()))
    });
    let roles = layers.checked("discord.roles", faults, |text| {
        discord::roles(text).map_err(|error| (error.to_string(), IDS.to_owned()))
    });
    let strangers = strangers(layers, "discord.unknown_people", faults);
    Some(Settings {
        api_base: api_base.unwrap_or_else(|| API_BASE.to_owned()),
        token: token?,
        channels: channels.unwrap_or_default(),
        roles: roles.unwrap_or_default(),
        strangers,
    })
}
