//! What git logs in with, and how it gets it: through a pipe.
//!
//! The token is nowhere anybody could read it: not in the arguments (`ps` shows those to everybody), not in the environment
//! (every helper git starts inherits that, and writes it into crash dumps), not on disk. git is started with the pipe as its
//! third descriptor, and a credential helper of one line reads from it when git asks. git asks for the one host alone, so a
//! redirect elsewhere gets nothing.

use engine::ports::PortError;
use engine::secrets::SecretRef;
use secrecy::{ExposeSecret, SecretString};

/// The name that goes with a token alone. GitHub and GitLab take any, Bitbucket wants this one.
const TOKEN_USER: &str = "x-token-auth";
/// The longest token, in bytes: all copies of it fit into the buffer of a pipe.
const VALUE_MAX: usize = 4 * 1024;
/// How often one call of git may ask. It does so once for each connection that is turned away.
const COPIES: usize = 4;
/// Gives git one copy, up to the empty line that ends it.
const HELPER: &str = r#"!f() { [ "$1" = get ] || return 0; while IFS= read -r line <&3 && [ -n "$line" ]; do printf '%s\n' "$line"; done; }; f"#;
/// Makes standard input the third descriptor, then becomes the program it is given.
pub(super) const WRAPPER: &str = r#"exec 3<&0 </dev/null && exec "$@""#;

/// A login at one host.
pub(super) struct Login {
    setting: String,
    answer: SecretString,
}

impl Login {
    /// The login at a repository's host, from what the secret holds: a token, or `user:password`.
    pub(super) fn of(repository: &str, secret: &SecretRef, value: &SecretString) -> Result<Self, PortError> {
        let Some((scheme, rest)) = repository.split_once("://") else {
            return Err(PortError::fail(
                format!("{repository} takes no credentials: they are for https://"),
                "Remove `credentials` from the source.",
            ));
        };
        let value = value.expose_secret().trim();
        if value.is_empty() || value.len() > VALUE_MAX || value.contains(char::is_control) {
            let (environment, name) = (&secret.environment, &secret.name);
            return Err(PortError::fail(
                format!(
                    "what {secret} holds can't be a login: it must be a token, or user:password, in one line"
                ),
                format!("infra-chat secret set {environment}/{name}"),
            ));
        }
        let (user, password) = value.split_once(':').unwrap_or((TOKEN_USER, value));
        let host = rest.split('/').next().unwrap_or_default();
        Ok(Self {
            setting: format!("credential.{scheme}://{host}.helper={HELPER}"),
            answer: SecretString::from(format!("username={user}\npassword={password}\n\n")),
        })
    }

    /// The setting that makes git ask us. Holds no secret.
    pub(super) fn setting(&self) -> &str {
        &self.setting
    }

    /// What goes into the pipe.
    pub(super) fn fed(&self) -> Vec<u8> {
        self.answer.expose_secret().repeat(COPIES).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn login(value: &str) -> Result<Login, PortError> {
        let secret = "secretref://shop/staging/git-token".parse().unwrap();
        Login::of("https://git.example:8443/shop.git", &secret, &SecretString::from(value))
    }

    #[test]
    fn a_token_goes_with_a_name_of_its_own_and_to_one_host_only() {
        let token = login("hunter2-token\n").unwrap();
        assert!(token.setting().starts_with("credential.https://git.example:8443.helper=!f()"));
        assert!(!token.setting().contains("hunter2"));
        assert!(token.fed().starts_with(b"username=x-token-auth\npassword=hunter2-token\n\nusername="));
        assert!(login("ana:pass:word").unwrap().fed().starts_with(b"username=ana\npassword=pass:word\n\n"));
    }

    #[test]
    fn what_can_be_no_login_is_refused_without_repeating_it() {
        for value in ["", "  \n", "hunter2\nquit=1", &"hunter2".repeat(1_000)] {
            let refused = login(value).err();
            let Some(PortError::Fail { what, hint }) = refused else {
                unreachable!("`{value}` must be refused")
            };
            assert!(
                what.contains("secretref://shop/staging/git-token") && !what.contains("hunter2"),
                "{what}"
            );
            assert_eq!(hint, "infra-chat secret set shop/staging/git-token");
        }
    }
}
