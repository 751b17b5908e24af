//! Keys: what their beginning says of them.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// Whether money is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is not.
    Test,
    /// It is.
    Live,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Test => "test",
            Self::Live => "live",
        })
    }
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Everything: `sk_…`.
    Secret,
    /// What was chosen for it: `rk_…`.
    Restricted,
}

/// Why a text is no key for this adapter. It never shows the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Browsers have it.
    #[error(
        "this is a publishable key (pk_…): it is for browsers and can set nothing up. Use a restricted one (rk_…)"
    )]
    Publishable,
    /// It signs webhooks.
    #[error("this is the signing secret of a webhook (whsec_…), no key. Use a restricted one (rk_…)")]
    Signing,
    /// Nothing that Stripe gives out, or of an organization.
    #[error("this is no key of a Stripe account: they begin with rk_test_, rk_live_, sk_test_ or sk_live_")]
    Unknown,
}

/// A key, read by its beginning (<https://docs.stripe.com/keys>). Its `Debug` does not show it.
#[derive(Debug, Clone)]
pub struct Key {
    /// What it may do.
    pub kind: Kind,
    /// Whether money is real.
    pub mode: Mode,
    /// The key.
    pub text: SecretString,
}

impl Key {
    /// Reads one; white space around it is dropped.
    pub fn read(text: &SecretString) -> Result<Self, KeyError> {
        let text = text.expose_secret().trim();
        let of = |kind, mode| Ok(Self { kind, mode, text: SecretString::from(text) });
        match text.splitn(3, '_').collect::<Vec<_>>().as_slice() {
            ["sk", "test", rest] if !rest.is_empty() => of(Kind::Secret, Mode::Test),
            ["sk", "live", rest] if !rest.is_empty() => of(Kind::Secret, Mode::Live),
            ["rk", "test", rest] if !rest.is_empty() => of(Kind::Restricted, Mode::Test),
            ["rk", "live", rest] if !rest.is_empty() => of(Kind::Restricted, Mode::Live),
            ["pk", ..] => Err(KeyError::Publishable),
            ["whsec", ..] => Err(KeyError::Signing),
            _ => Err(KeyError::Unknown),
        }
    }
}
