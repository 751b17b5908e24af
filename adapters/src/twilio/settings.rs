//! Whose account, which sender, and where Twilio finds us.

use std::fmt;

use engine::model::Phone;
use secrecy::SecretString;

/// Twilio's own address.
pub const API_BASE: &str = "https://api.twilio.com";
/// Countries whose carriers refuse links of senders they do not know.
const STRICT: [&str; 1] = ["+1"];

/// Who texts come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// A number of the account.
    Number(Phone),
    /// A messaging service, which chooses one.
    Service(String),
}

/// Where links are let through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Links {
    /// Everywhere but where carriers refuse them from senders they do not know.
    #[default]
    Usual,
    /// Everywhere: the sender is registered.
    Everywhere,
    /// To no phone.
    Nowhere,
    /// To numbers that begin so: `+49`.
    To(Vec<String>),
}

impl Links {
    /// As it is written: `everywhere`, `nowhere`, or `+49, +43`.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "everywhere" => Some(Self::Everywhere),
            "nowhere" => Some(Self::Nowhere),
            _ => {
                let begin: Vec<String> = text.split(',').map(|one| one.trim().to_owned()).collect();
                let is_code = |one: &String| {
                    one.strip_prefix('+').is_some_and(|digits| {
                        (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
                    })
                };
                begin.iter().all(is_code).then_some(Self::To(begin))
            }
        }
    }

    /// Whether they reach a phone.
    pub fn reach(&self, to: &Phone) -> bool {
        match self {
            Self::Usual => !STRICT.iter().any(|code| to.as_str().starts_with(code)),
            Self::Everywhere => true,
            Self::Nowhere => false,
            Self::To(begin) => begin.iter().any(|code| to.as_str().starts_with(code)),
        }
    }
}

/// Everything about the account. Its `Debug` shows no token.
#[derive(Clone)]
pub struct Settings {
    /// Where the API is, without a slash at its end.
    pub api_base: String,
    /// The account.
    pub account_sid: String,
    /// Its token: it opens the account and signs what Twilio calls.
    pub auth_token: SecretString,
    /// Who texts come from.
    pub sender: Sender,
    /// Where Twilio finds us, without a slash at its end; without it nobody can reply.
    pub public_url: Option<String>,
    /// Where links are let through.
    pub links: Links,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("api_base", &self.api_base)
            .field("account_sid", &self.account_sid)
            .field("auth_token", &"set")
            .field("sender", &self.sender)
            .field("public_url", &self.public_url)
            .field("links", &self.links)
            .finish()
    }
}

fn is_sid(text: &str, begins: &str) -> bool {
    text.strip_prefix(begins)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether that is an account's identifier.
pub fn account_sid(text: &str) -> bool {
    is_sid(text, "AC")
}

/// Whether that is a messaging service's identifier.
pub fn messaging_service(text: &str) -> bool {
    is_sid(text, "MG")
}
