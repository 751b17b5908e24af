//! Whether a call really is Stripe's: HMAC-SHA256 under the endpoint's secret over the time and the body as it came
//! (<https://docs.stripe.com/webhooks#verify-manually>).

use engine::clock::EpochMs;
use secrecy::{ExposeSecret as _, SecretString};

use crate::http::{hmac_sha256_hex, is_same_signature};

/// The header it stands in.
pub const HEADER: &str = "Stripe-Signature";
/// How old, or how far ahead, a call may be, in seconds.
pub const TOLERANCE_S: i64 = 300;

/// Why a call is not taken for Stripe's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header has no time or no signature of the kind `v1`.
    #[error("the header {HEADER} can't be read")]
    Unread,
    /// No signature is the one of this body under this secret.
    #[error("the signature is not that of this endpoint's secret")]
    Wrong,
    /// It is genuine and of another time: somebody may play it again.
    #[error("the call was signed more than {TOLERANCE_S} s ago or ahead")]
    Old,
}

/// Checks a call. While a secret is rolled there are several signatures: one that fits is enough. All are compared, each in
/// constant time; kinds other than `v1` are passed over.
pub fn verify(
    secret: &SecretString,
    header: &str,
    body: &[u8],
    now_ms: EpochMs,
) -> Result<(), SignatureError> {
    let mut at = None;
    let mut given = Vec::new();
    for item in header.split(',') {
        match item.trim().split_once('=') {
            Some(("t", time)) => at = Some(time),
            Some(("v1", signature)) => given.push(signature),
            _ => {}
        }
    }
    let at = at.ok_or(SignatureError::Unread)?;
    let at_s: i64 = at.parse().map_err(|_| SignatureError::Unread)?;
    if given.is_empty() {
        return Err(SignatureError::Unread);
    }
    // Anybody can sign with no secret at all.
    if secret.expose_secret().is_empty() {
        return Err(SignatureError::Wrong);
    }
    let genuine = hmac_sha256_hex(secret, &[at.as_bytes(), b".", body]);
    let is_genuine =
        given.into_iter().fold(false, |is, signature| is | is_same_signature(&genuine, signature));
    if !is_genuine {
        return Err(SignatureError::Wrong);
    }
    let apart_s = now_ms.div_euclid(1_000).saturating_sub(at_s).saturating_abs();
    if apart_s > TOLERANCE_S { Err(SignatureError::Old) } else { Ok(()) }
}
