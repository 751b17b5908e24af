//! Whether a call really is Twilio's: HMAC-SHA1 under the account's token over the address as it was given to Twilio, and every
//! parameter (<https://www.twilio.com/docs/usage/security>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

/// The header it stands in.
pub const HEADER: &str = "X-Twilio-Signature";

/// The parameters of a form, decoded, in the order they came.
pub fn form(body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

/// The signature of a call to an address with these parameters.
pub fn sign(token: &SecretString, address: &str, parameters: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = parameters.iter().collect();
    sorted.sort();
    // A name that comes twice with the same value counts once.
    sorted.dedup();
    // A key of any length is one.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.expose_secret().as_bytes()) else {
        return String::new();
    };
    mac.update(address.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Whether a signature is the one of such a call. Compared in constant time; proxies add the usual port or take it away.
pub fn is_genuine(token: &SecretString, address: &str, parameters: &[(String, String)], given: &str) -> bool {
    let mut genuine = false;
    for address in with_and_without_port(address) {
        let signed = sign(token, &address, parameters);
        let same: bool = signed.as_bytes().ct_eq(given.as_bytes()).into();
        genuine |= same && !signed.is_empty();
    }
    genuine
}

fn with_and_without_port(address: &str) -> Vec<String> {
    let mut all = vec![address.to_owned()];
    let Ok(parsed) = url::Url::parse(address) else { return all };
    let Some((scheme, rest)) = address.split_once("://") else { return all };
    let (host, path) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let usual = match parsed.scheme() {
        "https" => ":443",
        "http" => ":80",
        _ => return all,
    };
    match host.strip_suffix(usual) {
        Some(bare) => all.push(format!("{scheme}://{bare}{path}")),
        None if parsed.port().is_none() => all.push(format!("{scheme}://{host}{usual}{path}")),
        None => {}
    }
    all
}
