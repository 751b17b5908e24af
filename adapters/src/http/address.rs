//! Addresses a token may be sent to.

use url::{Host, Url};

/// Why an address is none that an API can be called at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It can't be read, or is not http(s).
    #[error("`{0}` is no address: {mend}", mend = self.mend())]
    Unread(String),
    /// It holds a login, a query or a fragment.
    #[error("`{0}` holds more than an address: {mend}", mend = self.mend())]
    TooMuch(String),
    /// A token would travel in the clear.
    #[error("`{0}` is not encrypted, and everybody on the way could read the token: {mend}", mend = self.mend())]
    InTheClear(String),
}

impl AddressError {
    /// What to write instead.
    pub fn mend(&self) -> &'static str {
        match self {
            Self::Unread(_) => "write it like https://api.example.com",
            Self::TooMuch(_) => "leave out login, `?` and `#`",
            Self::InTheClear(_) => "write https://, or an address of this machine",
        }
    }
}

/// The address without a slash at its end; `http` only on this machine.
pub fn address_checked(text: &str) -> Result<String, AddressError> {
    let text = text.trim();
    let url = Url::parse(text).map_err(|_| AddressError::Unread(text.to_owned()))?;
    // A login is not repeated to anybody.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::TooMuch(url.host_str().unwrap_or_default().to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(AddressError::TooMuch(text.to_owned()));
    }
    match url.scheme() {
        "https" if url.has_host() => {}
        "http" if is_here(&url) => {}
        "http" => return Err(AddressError::InTheClear(text.to_owned())),
        _ => return Err(AddressError::Unread(text.to_owned())),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Whether it is this machine.
pub(super) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
