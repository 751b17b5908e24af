//! Whether a token works, for whom, and what it may do.

use engine::ports::PortError;
use serde::Deserialize;

use super::{GitHub, Repository, TokenKind};
use crate::http::{ApiError, Call, Verified};

/// Scopes of a classic token that are no more than what is needed. `repo` writes, too, but nothing smaller reads private code.
const NEEDED: [&str; 5] = ["repo", "public_repo", "repo:status", "read:org", "read:user"];

impl GitHub {
    /// Tries the token on a repository: commits, statuses and check runs are read.
    ///
    /// # Errors
    /// [`PortError::Fail`] when it is not accepted.
    pub async fn verify(&self, repository: &Repository) -> Result<Verified, PortError> {
        let mut verified = Verified::default();
        if self.kind == TokenKind::Installation {
            // An app is nobody.
            verified.account = format!("an app, installed for {}", repository.owner);
            verified.says.push("the token of an app's installation; it lasts an hour".to_owned());
        } else {
            self.person(&mut verified).await?;
        }
        let reads = [
            (vec!["commits", "HEAD"], "Contents: read, for commits and what changes"),
            (
                vec!["commits", "HEAD", "status"],
                "Commit statuses: read, for what continuous integration says",
            ),
            (vec!["commits", "HEAD", "check-runs"], "Checks: read, for what continuous integration says"),
        ];
        for (path, need) in reads {
            match self.asked(Self::call(repository, &path).query("per_page", "1")).await {
                // What a token does not reach is not there, for it.
                Err(ApiError::Refused { status: 403 | 404, .. }) => {
                    verified.missing.push(format!("{need} of {repository}"));
                }
                // 409: no commit was made yet; 422: there is no HEAD.
                Err(ApiError::Refused { status: 409 | 422, .. }) => {
                    verified.warnings.push(format!("{repository} is empty: there is nothing to deploy"));
                    break;
                }
                other => {
                    other.map_err(ApiError::of_read)?;
                }
            }
        }
        Ok(verified)
    }

    async fn person(&self, verified: &mut Verified) -> Result<(), PortError> {
        #[derive(Deserialize)]
        struct User {
            login: String,
        }
        let answer = self.asked(Call::get(&["user"])).await.map_err(ApiError::of_read)?;
        let user: User = answer.json().map_err(ApiError::of_read)?;
        verified.account = user.login;
        if let Some(until) = answer.header("github-authentication-token-expiration") {
            verified.says.push(format!("the token lasts until {until}"));
        }
        // Only classic tokens, and those of applications, have scopes.
        let Some(scopes) = answer.header("x-oauth-scopes") else {
            verified.says.push("a fine-grained token: it reaches chosen repositories only".to_owned());
            return Ok(());
        };
        let scopes: Vec<&str> = scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty()).collect();
        verified.says.push(format!(
            "a classic token with the scopes {}",
            if scopes.is_empty() { "none".to_owned() } else { scopes.join(", ") }
        ));
        let broad: Vec<&str> = scopes.iter().copied().filter(|scope| !NEEDED.contains(scope)).collect();
        if !broad.is_empty() {
            verified.warnings.push(format!("The token may do more than is needed: {}.", broad.join(", ")));
        }
        if scopes.contains(&"repo") {
            verified.warnings.push("The scope `repo` writes to every repository its owner reaches: a fine-grained token with Contents, Commit statuses and Checks to read is enough.".to_owned());
        }
        Ok(())
    }
}
