//! What a person sets to connect to Discord.

use std::collections::BTreeMap;
use std::fmt;

use chat::{BadChannels, Channels};
use engine::model::Role;
use secrecy::SecretString;

/// Discord's own address.
pub const API_BASE: &str = "https://discord.com/api/v10";
/// The version of the interface this front speaks.
const VERSION: &str = "/v10";
/// Digits of an identifier at least and at most: milliseconds since 2015 and a little more, in 64 bits.
const ID_DIGITS: std::ops::RangeInclusive<usize> = 1..=20;

/// The settings. Their `Debug` shows no token.
#[derive(Clone)]
pub struct Settings {
    /// Where the REST interface is, without a slash at its end.
    pub api_base: String,
    /// The bot's token.
    pub token: SecretString,
    /// The channels it listens to plain messages in.
    pub channels: Channels,
    /// What people may do by their roles on the server.
    pub roles: Roles,
    /// What people nobody knows may do.
    pub strangers: Option<Role>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("api_base", &self.api_base)
            .field("channels", &self.channels)
            .field("roles", &self.roles)
            .field("strangers", &self.strangers)
            .finish_non_exhaustive()
    }
}

/// Roles of a server, each with what its holders may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles(BTreeMap<String, Role>);

impl Roles {
    /// The most that somebody with these roles of the server may do.
    pub fn of<'r>(&self, held: impl IntoIterator<Item = &'r str>) -> Option<Role> {
        held.into_iter().filter_map(|id| self.0.get(id).copied()).max()
    }

    /// Whether no role means anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A list of roles that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` gives nobody a role: write it as in `1032456789012345678=deployer, 1032456789012345679=admin`"
)]
pub struct BadRoles {
    /// The part that can't be read.
    pub given: String,
}

/// Reads the list of roles.
pub fn roles(text: &str) -> Result<Roles, BadRoles> {
    let mut roles = BTreeMap::new();
    for given in text.split([',', ' ']).map(str::trim).filter(|given| !given.is_empty()) {
        let bad = || BadRoles { given: given.to_owned() };
        let (id, role) = given.split_once('=').ok_or_else(bad)?;
        if !is_id(id) {
            return Err(bad());
        }
        roles.insert(id.to_owned(), role.parse().map_err(|_| bad())?);
    }
    Ok(Roles(roles))
}

/// Reads the list of channels.
pub fn channels(text: &str) -> Result<Channels, BadChannels> {
    Channels::read(text, is_id, "1032456789012345678, 1032456789012345679=staging")
}

/// The address of the REST interface, however much of it was given: `https://host`, `https://host/api` or all of it.
pub fn api_base(given: &str) -> Option<String> {
    let address = given.trim_end_matches('/');
    let parsed = url::Url::parse(address).ok()?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
        return None;
    }
    let last = address.rsplit('/').next().unwrap_or_default();
    let versioned = last.strip_prefix('v').is_some_and(|number| number.parse::<u8>().is_ok());
    Some(match last {
        _ if versioned => address.to_owned(),
        "api" => format!("{address}{VERSION}"),
        _ => format!("{address}/api{VERSION}"),
    })
}

fn is_id(text: &str) -> bool {
    ID_DIGITS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_highest_role_of_somebody_counts() {
        let roles = roles("11=viewer, 12=admin 13=deployer").unwrap();
        assert_eq!(roles.of(["13", "11", "99"]), Some(Role::Deployer));
        assert_eq!(roles.of(["12", "11"]), Some(Role::Admin));
        assert_eq!(roles.of(["99"]), None);
    }

    #[test]
    fn what_gives_nobody_a_role_is_told() {
        for wrong in ["11", "deployers=deployer", "11=captain"] {
            let told = super::roles(wrong).unwrap_err().to_string();
            assert!(told.starts_with(&format!("`{wrong}` gives nobody a role")), "{told}");
        }
        assert!(channels("#deploys").is_err() && channels("11=staging").is_ok());
    }

    #[test]
    fn an_address_may_be_given_in_part() {
        for given in ["http://127.0.0.1:1", "http://127.0.0.1:1/api/", "http://127.0.0.1:1/api/v10"] {
            assert_eq!(api_base(given).unwrap(), "http://127.0.0.1:1/api/v10");
        }
        assert_eq!(
            api_base("https://proxy.example/discord").unwrap(),
            "https://proxy.example/discord/api/v10"
        );
        assert_eq!(api_base("discord.com"), None);
        assert_eq!(api_base(API_BASE).unwrap(), API_BASE);
    }
}
