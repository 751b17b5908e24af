//! Addresses the edge listens on: `127.0.0.1:7401`, `[::1]:7401`, `localhost:7401`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    host: Host,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Ip(IpAddr),
    Name(String),
}

/// A name in the DNS, in lower case: where people reach a service that a provider runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostName(String);

/// Text that is no name in the DNS.
#[derive(Debug, thiserror::Error)]
#[error("must be a name in the DNS, as in `api.example.com`, not `{0}`")]
pub(super) struct HostNameError(String);

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(given: &str) -> Result<Self, HostNameError> {
        match host_of(given) {
            Some(Host::Name(name)) if name.contains('.') => Ok(Self(name)),
            _ => Err(HostNameError(given.chars().take(60).collect())),
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that is no address.
#[derive(Debug, thiserror::Error)]
#[error("must be host:port with a port from 1 to 65535, as in `127.0.0.1:7401`, not `{0}`")]
pub(super) struct AddressError(String);

impl Address {
    /// Whether one of them keeps the other from listening: the same port on hosts that overlap.
    pub(super) fn clashes_with(&self, other: &Self) -> bool {
        self.port == other.port
            && (self.host == other.host
                || self.host.is_every()
                || other.host.is_every()
                || (self.host.is_loopback() && other.host.is_loopback()))
    }
}

impl Host {
    fn is_every(&self) -> bool {
        matches!(self, Self::Ip(ip) if ip.is_unspecified())
    }

    /// `localhost` may turn out to be either of the loopback addresses, so it overlaps with both.
    fn is_loopback(&self) -> bool {
        match self {
            Self::Ip(ip) => {
                *ip == IpAddr::from([127, 0, 0, 1]) || *ip == IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])
            }
            Self::Name(name) => name == "localhost",
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(given: &str) -> Result<Self, AddressError> {
        let parsed = given.rsplit_once(':').and_then(|(host, port)| {
            let digits = port.bytes().all(|b| b.is_ascii_digit());
            let port = port.parse().ok().filter(|port| digits && *port > 0)?;
            Some(Self { host: host_of(host)?, port })
        });
        parsed.ok_or_else(|| AddressError(given.chars().take(60).collect()))
    }
}

fn host_of(text: &str) -> Option<Host> {
    if let Some(inside) = text.strip_prefix('[') {
        return inside.strip_suffix(']')?.parse().ok().map(|ip| Host::Ip(IpAddr::V6(ip)));
    }
    if let Ok(ip) = text.parse() {
        return Some(Host::Ip(IpAddr::V4(ip)));
    }
    // All digits and dots but no address, as in `127.0.1`, is a slip and not a name.
    let label = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let named =
        text.len() <= 253 && text.split('.').all(label) && text.contains(|c: char| c.is_ascii_alphabetic());
    named.then(|| Host::Name(text.to_ascii_lowercase()))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]:{}", self.port),
            Host::Ip(IpAddr::V4(ip)) => write!(f, "{ip}:{}", self.port),
            Host::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}
