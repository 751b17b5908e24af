//! Connections: accounts at providers that a project uses, and the providers the product knows.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ConnectionName, SecretName};
use crate::clock::EpochMs;
use crate::ports::Account;

/// A provider the product knows by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Provider {
    Railway,
    Render,
    Vercel,
    Supabase,
    Cloudflare,
    Stripe,
    Sendgrid,
    Twilio,
    Github,
    Slack,
    Discord,
}

impl Provider {
    /// All of them: the one list, for reading sentences and descriptions alike.
    pub const ALL: [Self; 11] = [
        Self::Railway,
        Self::Render,
        Self::Vercel,
        Self::Supabase,
        Self::Cloudflare,
        Self::Stripe,
        Self::Sendgrid,
        Self::Twilio,
        Self::Github,
        Self::Slack,
        Self::Discord,
    ];

    /// Its word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Railway => "railway",
            Self::Render => "render",
            Self::Vercel => "vercel",
            Self::Supabase => "supabase",
            Self::Cloudflare => "cloudflare",
            Self::Stripe => "stripe",
            Self::Sendgrid => "sendgrid",
            Self::Twilio => "twilio",
            Self::Github => "github",
            Self::Slack => "slack",
            Self::Discord => "discord",
        }
    }

    /// Whether people speak through it: then the program itself is connected to it, by its configuration.
    pub const fn is_front(self) -> bool {
        matches!(self, Self::Slack | Self::Discord)
    }

    /// Whether it runs environments or splits their traffic: what runs on this machine has no use for it.
    pub const fn hosts(self) -> bool {
        matches!(self, Self::Railway | Self::Render | Self::Vercel | Self::Cloudflare)
    }

    /// Whether it can be asked to only pretend: those that charge, mail or text people out there.
    pub const fn has_modes(self) -> bool {
        matches!(self, Self::Stripe | Self::Sendgrid | Self::Twilio)
    }

    /// The mode a key of this provider works in, when the key itself says so.
    pub fn mode_of_key(self, key: &str) -> Option<ConnectionMode> {
        // https://docs.stripe.com/keys: publishable, secret and restricted keys carry their mode behind their kind.
        let (kind, rest) = key.trim().split_once('_')?;
        let is_stripe_key = self == Self::Stripe && matches!(kind, "pk" | "sk" | "rk");
        ConnectionMode::ALL.into_iter().find(|mode| {
            is_stripe_key && rest.strip_prefix(mode.name()).is_some_and(|rest| rest.starts_with('_'))
        })
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a connection reaches real customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionMode {
    /// Nothing is charged, mailed or texted for real.
    Test,
    /// For real.
    Live,
}

impl ConnectionMode {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Test, Self::Live];

    /// The only mode an environment may hold: production is live, everything else is a test. A test that charges real
    /// cards and a production that charges none are both worse than no connection at all.
    pub const fn of_environment(production: bool) -> Self {
        if production { Self::Live } else { Self::Test }
    }

    /// Its word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

impl fmt::Display for ConnectionMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An account at a provider, as a project's description or one environment's has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Whose.
    pub provider: Provider,
    /// The mode, when it is said; else it follows from the environment.
    pub mode: Option<ConnectionMode>,
    /// The secret that opens it, by name: each environment has its own under that name.
    pub secret: SecretName,
}

/// A connection as one environment has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionHere {
    /// Its name.
    pub name: ConnectionName,
    /// Whose.
    pub provider: Provider,
    /// The mode it works in; absent for providers that know no modes.
    pub mode: Option<ConnectionMode>,
    /// The environment's secret that opens it.
    pub secret: SecretName,
}

/// What a provider said when it was last asked about a connection's secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionCheck {
    /// The version of the secret it was asked about.
    pub version: u32,
    /// Whose key it is; or why it is not taken, and what to do about it.
    pub said: Result<Account, (String, String)>,
    /// When.
    pub at_ms: EpochMs,
}

impl Connection {
    /// The mode it works in in an environment; absent for providers that know no modes.
    pub fn mode_in(&self, production: bool) -> Option<ConnectionMode> {
        self.provider
            .has_modes()
            .then(|| self.mode.unwrap_or_else(|| ConnectionMode::of_environment(production)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_is_stored_under_its_word() {
        for provider in Provider::ALL {
            let stored = serde_json::to_value(provider).unwrap_or_default();
            assert_eq!(stored, provider.name());
        }
    }

    #[test]
    fn keys_that_tell_their_mode() {
        let of = |key| Provider::Stripe.mode_of_key(key);
        assert_eq!(of("sk_test_51H"), Some(ConnectionMode::Test));
        assert_eq!(of("rk_live_51H\n"), Some(ConnectionMode::Live));
        for silent in ["sk_51H", "sk_testing_1", "whsec_live_1", "live_1", ""] {
            assert_eq!(of(silent), None, "{silent}");
        }
        assert_eq!(Provider::Sendgrid.mode_of_key("sk_live_51H"), None);
    }
}
