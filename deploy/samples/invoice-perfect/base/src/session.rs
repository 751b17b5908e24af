//! Sessions without a table: a cookie with who and until when, signed with HMAC-SHA256.

use crate::http::Request;
use crate::{config, sha256, time};

const COOKIE: &str = "session";
const LIFETIME_S: u64 = 12 * 3600;
const MIN_SECRET_BYTES: usize = 16;
/// Lax keeps other sites from posting forms in our users' names.
const ATTRIBUTES: &str = "Path=/; HttpOnly; SameSite=Lax";

pub struct Sessions {
    secret: Vec<u8>,
}

impl Sessions {
    pub fn from_environment() -> Result<Sessions, String> {
        let secret =
            config::required("SESSION_SECRET", "the secret that signs session cookies")?.into_bytes();
        if secret.len() < MIN_SECRET_BYTES {
            return Err(format!("SESSION_SECRET is too short: it needs {MIN_SECRET_BYTES} bytes at least"));
        }
        Ok(Sessions { secret })
    }

    /// The `Set-Cookie` that signs `email` in.
    pub fn open(&self, email: &str) -> String {
        let claim = format!("{}.{}", sha256::hex(email.as_bytes()), time::now_s() + LIFETIME_S);
        format!("{COOKIE}={claim}.{}; {ATTRIBUTES}; Max-Age={LIFETIME_S}", self.sign(&claim))
    }

    /// The e-mail address of whoever sent this request, when the cookie is ours and still good.
    pub fn viewer(&self, request: &Request) -> Option<String> {
        let cookies = request.header("cookie")?.split(';').map(str::trim);
        let token = cookies.filter_map(|cookie| cookie.split_once('=')).find(|(name, _)| *name == COOKIE)?.1;
        let (claim, signature) = token.rsplit_once('.')?;
        let (email, expires_s) = claim.split_once('.')?;
        let genuine = sha256::same(signature.as_bytes(), self.sign(claim).as_bytes());
        if !genuine || expires_s.parse::<u64>().ok()? < time::now_s() {
            return None;
        }
        from_hex(email)
    }

    fn sign(&self, claim: &str) -> String {
        sha256::hex(&sha256::hmac(&self.secret, claim.as_bytes()))
    }
}

/// The `Set-Cookie` that signs out.
pub fn close() -> String {
    format!("{COOKIE}=; {ATTRIBUTES}; Max-Age=0")
}

fn from_hex(text: &str) -> Option<String> {
    let pairs = text.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).ok());
    let bytes = pairs.map(|two| u8::from_str_radix(two?, 16).ok()).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}
