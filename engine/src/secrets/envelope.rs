//! Sealing and opening values.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Error, Key, KeyInit, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::key_file::{KEY_BYTES, random_bytes};
use super::master_key::{MasterKey, hmac_sha256};
use super::{SecretError, SecretRef};

/// Bytes of a nonce: long enough to be drawn at random for every value ever sealed.
const NONCE_BYTES: usize = 24;

/// Bytes of randomness in a generated secret.
const GENERATED_BYTES: usize = 32;

/// Bytes of a fingerprint: enough to tell a handful of versions apart, too few to guess a value from even with the key.
const FINGERPRINT_BYTES: usize = 4;

/// A value as the database keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The master key it was sealed under.
    pub key_id: String,
    /// Drawn at random for this value.
    pub nonce: [u8; NONCE_BYTES],
    /// The encrypted value, with its 16-byte authentication tag at the end.
    pub ciphertext: Vec<u8>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// Seals a version of a secret. Sealing the same value again gives other bytes.
pub fn seal(
    key: &MasterKey,
    secret: &SecretRef,
    version: u32,
    value: &SecretString,
) -> Result<Sealed, SecretError> {
    let nonce = random_bytes()?;
    let associated = associated_data(secret, version);
    let ciphertext = encrypt(key.sealing(), &nonce, associated.as_bytes(), value.expose_secret().as_bytes())
        .map_err(|_| SecretError::TooLong { secret: secret.clone() })?;
    Ok(Sealed { key_id: key.id().to_owned(), nonce, ciphertext })
}

/// Opens a version of a secret. Only the very secret and version it was sealed as, under the same master key, opens.
pub fn open(
    key: &MasterKey,
    secret: &SecretRef,
    version: u32,
    sealed: &Sealed,
) -> Result<SecretString, SecretError> {
    if sealed.key_id != key.id() {
        return Err(SecretError::OtherKey {
            secret: secret.clone(),
            sealed_with: sealed.key_id.clone(),
            have: key.id().to_owned(),
        });
    }
    let altered = || SecretError::Altered { secret: secret.clone(), version };
    let associated = associated_data(secret, version);
    let value = decrypt(key.sealing(), &sealed.nonce, associated.as_bytes(), &sealed.ciphertext);
    let value = Zeroizing::new(value.map_err(|_| altered())?);
    std::str::from_utf8(&value).map(SecretString::from).map_err(|_| altered())
}

/// 8 hexadecimal digits that are equal for equal values under the same master key, and tell nothing to those without it.
pub fn fingerprint(value: &SecretString, key: &MasterKey) -> String {
    let hash = hmac_sha256(key.fingerprinting(), &[value.expose_secret().as_bytes()]);
    hex::encode(&hash[..FINGERPRINT_BYTES])
}

/// A fresh secret of 256 random bits, as 43 letters, digits, `-` and `_`: needs no quoting anywhere.
pub fn generate() -> Result<SecretString, SecretError> {
    let bytes = Zeroizing::new(random_bytes::<GENERATED_BYTES>()?);
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

/// Names hold neither `/` nor spaces, so two secrets or versions never give the same bytes.
fn associated_data(secret: &SecretRef, version: u32) -> String {
    format!("{secret} version {version}")
}

fn encrypt(
    key: &[u8; KEY_BYTES],
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    msg: &[u8],
) -> Result<Vec<u8>, Error> {
    XChaCha20Poly1305::new(&Key::from(*key)).encrypt(&XNonce::from(*nonce), Payload { msg, aad })
}

fn decrypt(
    key: &[u8; KEY_BYTES],
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    msg: &[u8],
) -> Result<Vec<u8>, Error> {
    XChaCha20Poly1305::new(&Key::from(*key)).decrypt(&XNonce::from(*nonce), Payload { msg, aad })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn key(seed: u8) -> MasterKey {
        MasterKey::from_text("test", &hex::encode([seed; KEY_BYTES])).unwrap()
    }

    fn secret(text: &str) -> SecretRef {
        format!("secretref://{text}").parse().unwrap()
    }

    fn said(result: Result<SecretString, SecretError>) -> String {
        result.unwrap_err().to_string()
    }

    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1: the vector libsodium is tested with.
    #[test]
    fn the_cipher_is_the_one_libsodium_has() {
        let key: [u8; 32] = std::array::from_fn(|i| 0x80 + i as u8);
        let nonce: [u8; 24] = std::array::from_fn(|i| 0x40 + i as u8);
        let aad = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let plain = b"Ladies and Gentlemen of the class of '99: \
            If I could offer you only one tip for the future, sunscreen would be it.";
        let sealed = encrypt(&key, &nonce, &aad, plain).unwrap();
        assert_eq!(
            hex::encode(&sealed),
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb\
             731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452\
             2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
             21f9664c97637da9768812f615c68b13b52e\
             c0875924c1c7987947deafd8780acf49"
        );
        assert_eq!(decrypt(&key, &nonce, &aad, &sealed).unwrap(), plain);
    }

    #[test]
    fn a_row_opens_only_as_the_secret_and_version_it_was_sealed_as() {
        let (key, mine) = (key(1), secret("shop/production/stripe"));
        let sealed = seal(&key, &mine, 3, &"sk_live_value".into()).unwrap();
        assert_eq!(open(&key, &mine, 3, &sealed).unwrap().expose_secret(), "sk_live_value");

        let altered = "does not open: its row was changed or swapped with another; set the secret again";
        assert_eq!(said(open(&key, &mine, 2, &sealed)), format!("{mine} version 2 {altered}"));
        let other = secret("shop/staging/stripe");
        assert_eq!(said(open(&key, &other, 3, &sealed)), format!("{other} version 3 {altered}"));
        for position in 0..sealed.ciphertext.len() {
            let mut changed = sealed.clone();
            changed.ciphertext[position] ^= 1;
            assert!(matches!(open(&key, &mine, 3, &changed), Err(SecretError::Altered { .. })));
        }
        let cut = Sealed { ciphertext: Vec::new(), ..sealed };
        assert!(matches!(open(&key, &mine, 3, &cut), Err(SecretError::Altered { .. })));
    }

    #[test]
    fn another_master_key_is_named_and_not_tried() {
        let mine = secret("shop/production/stripe");
        let sealed = seal(&key(1), &mine, 1, &"value".into()).unwrap();
        let refused = said(open(&key(2), &mine, 1, &sealed));
        assert!(refused.contains(key(1).id()) && refused.contains(key(2).id()), "{refused}");
    }

    #[test]
    fn fingerprints_tell_same_from_other_and_hang_on_the_key() {
        let of = |value: &str, seed| fingerprint(&value.into(), &key(seed));
        assert_eq!(of("a", 1), of("a", 1));
        assert_ne!(of("a", 1), of("b", 1));
        assert_ne!(of("a", 1), of("a", 2));
        assert_eq!(of("a", 1).len(), 8);
    }

    #[test]
    fn nothing_of_a_value_shows_in_debug_text() {
        let (key, mine) = (key(1), secret("shop/production/stripe"));
        let sealed = seal(&key, &mine, 1, &"value".into()).unwrap();
        let shown = format!("{sealed:?} {:?}", generate().unwrap());
        assert_eq!(shown.matches("..").count(), 1, "{shown}");
        assert!(!shown.contains(&format!("{:?}", sealed.ciphertext)));
    }

    #[test]
    fn generated_secrets_differ_and_need_no_quoting() {
        let (one, two) = (generate().unwrap(), generate().unwrap());
        assert_ne!(one.expose_secret(), two.expose_secret());
        assert_eq!(one.expose_secret().len(), 43);
        assert!(one.expose_secret().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_again_and_never_seals_alike(value in any::<String>(), version in any::<u32>()) {
            let (key, mine, value) = (key(9), secret("a/b/c"), SecretString::from(value));
            let (one, two) = (seal(&key, &mine, version, &value).unwrap(), seal(&key, &mine, version, &value).unwrap());
            prop_assert_ne!(&one, &two);
            let opened = open(&key, &mine, version, &one).unwrap();
            prop_assert_eq!(opened.expose_secret(), value.expose_secret());
        }
    }
}
