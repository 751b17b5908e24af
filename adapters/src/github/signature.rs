//! Whether a call really is GitHub's: HMAC-SHA256 under the webhook's secret over the body as it came
//! (<https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>).

use secrecy::{ExposeSecret as _, SecretString};

use crate::http::{hmac_sha256_hex, is_same_signature};

/// The header it stands in.
pub const HEADER: &str = "X-Hub-Signature-256";

/// Whether a signature is the one of such a call. Compared in constant time. It says nothing of when: who must not act twice
/// remembers `X-GitHub-Delivery`.
pub fn is_genuine(secret: &SecretString, header: &str, body: &[u8]) -> bool {
    // Anybody can sign with no secret at all.
    if secret.expose_secret().is_empty() {
        return false;
    }
    let Some(given) = header.strip_prefix("sha256=") else { return false };
    is_same_signature(&hmac_sha256_hex(secret, &[body]), given)
}
