//! Settings from the environment. A missing or wrong one is named with what it is for; secrets are never shown.

use std::env;

/// A variable that has to be there.
pub fn required(name: &str, meaning: &str) -> Result<String, String> {
    match env::var(name) {
        Ok(value) if !value.trim().is_empty() => Ok(value),
        _ => Err(format!("{name} is not set: it is {meaning}")),
    }
}

pub fn optional(name: &str, default: &str) -> String {
    env::var(name).ok().filter(|value| !value.trim().is_empty()).unwrap_or_else(|| default.to_string())
}

pub fn port() -> Result<u16, String> {
    let text = required("PORT", "the port to listen on, on 127.0.0.1")?;
    text.parse().map_err(|_| format!("PORT is {text:?}, which is not a port number"))
}

pub fn release() -> String {
    optional("RELEASE", "unreleased")
}

pub fn company() -> String {
    optional("COMPANY_NAME", "Invoice Perfect")
}
