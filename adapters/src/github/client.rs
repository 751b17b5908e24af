//! GitHub's REST API, to read with.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use engine::ports::PortError;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::{
    self, Answer, Api, ApiError, Auth, Budgets, Call, Problem, Quota, Vendor, limits_of_fields,
};

/// GitHub's own address. That of a server of one's own is `https://HOST/api/v3`.
pub const API_BASE: &str = "https://api.github.com";
/// The version of the API these calls are written in.
const API_VERSION: &str = "2022-11-28";
/// Things on a page, the most GitHub gives.
pub(super) const PAGE: usize = 100;

static VENDOR: Vendor = Vendor {
    name: "GitHub",
    api_base: API_BASE,
    // What a person's token may ask; answers say what is left (<https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>).
    quota: Quota { calls: 5_000, per_ms: 3_600_000 },
    // "Wait for at least one minute" when a secondary limit does not say how long.
    limited_ms: 60_000,
    request_id: "x-github-request-id",
    problem,
    limits: |headers, now_ms| limits_of_fields(headers, "x-ratelimit", now_ms),
    token_hint: "Look at https://github.com/settings/personal-access-tokens whether the token still exists, reaches the repository and may read that, then set it again.",
};

fn problem(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Problem {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let says = body["message"].as_str().map(str::to_owned);
    let words = says.as_deref().unwrap_or_default().to_lowercase();
    // A refusal for too many calls has the status of one for too few rights; only some say how long to wait.
    let is_limit = status == StatusCode::FORBIDDEN
        && (headers.contains_key("retry-after")
            || headers.get("x-ratelimit-remaining").is_some_and(|left| left == "0")
            || words.contains("secondary rate limit")
            || words.contains("abuse detection"));
    Problem { code: None, says, is_limit }
}

/// What kind of token it is, by its beginning
/// (<https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A person's, for everything they reach, cut down by scopes: `ghp_…`.
    Classic,
    /// A person's, for chosen repositories and permissions: `github_pat_…`.
    FineGrained,
    /// An app's, for where it is installed: `ghs_…`.
    Installation,
    /// An application's on behalf of a person: `gho_…`, `ghu_…`.
    OnBehalf,
    /// Some other: of a server of one's own, say.
    Other,
}

impl TokenKind {
    fn of(token: &str) -> Self {
        match token.split_once('_').map_or("", |(begins, _)| begins) {
            "ghp" => Self::Classic,
            "github" if token.starts_with("github_pat_") => Self::FineGrained,
            "ghs" => Self::Installation,
            "gho" | "ghu" => Self::OnBehalf,
            _ => Self::Other,
        }
    }
}

/// A repository: `acme/shop`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Repository {
    /// Whose.
    pub owner: String,
    /// Its name.
    pub name: String,
}

/// What is no repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no repository: write it like acme/shop")]
pub struct RepositoryError(String);

impl FromStr for Repository {
    type Err = RepositoryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |part: &str| {
            let has_word = part.chars().any(|c| c != '.');
            has_word
                && part.len() <= 100
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        match text.split_once('/') {
            Some((owner, name)) if is_plain(owner) && is_plain(name) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(RepositoryError(text.to_owned())),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// How to get in.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The token.
    pub token: SecretString,
    /// Where the API is (`github.api_base`); GitHub's own address when absent.
    pub api_base: Option<String>,
    /// Longest wait for one answer; 30 s when absent.
    pub answer_wait: Option<Duration>,
}

/// GitHub with one token, to read with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct GitHub {
    api: Api,
    pub(super) kind: TokenKind,
}

impl GitHub {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`PortError::Fail`] when the token can be none, or the address.
    pub fn new(settings: &Settings, budgets: &Budgets) -> Result<Self, PortError> {
        let token = settings.token.expose_secret().trim();
        let mut there = http::Settings::new(Auth::Bearer(SecretString::from(token)));
        there.api_base.clone_from(&settings.api_base);
        there.answer_wait = settings.answer_wait;
        let api = Api::new(&VENDOR, &there, budgets).map_err(ApiError::of_read)?;
        Ok(Self { api, kind: TokenKind::of(token) })
    }

    /// What kind of token it is.
    pub fn token_kind(&self) -> TokenKind {
        self.kind
    }

    /// The answer to a reading call.
    pub(super) async fn asked(&self, call: Call) -> Result<Answer, ApiError> {
        let call =
            call.header("accept", "application/vnd.github+json").header("x-github-api-version", API_VERSION);
        let what = format!("{call:?}");
        let answer = self.api.ask(&call, what.clone()).await?;
        if matches!(answer.status(), 301 | 302 | 307 | 308) {
            // Following it would act on whatever has that name now.
            let says = "it was renamed or moved: name it as it is called now";
            return Err(self.api.refused(&call, what, answer.status(), None, Some(says)));
        }
        self.api.judged(&call, answer)
    }

    /// What a reading call finds.
    pub(super) async fn get<T: DeserializeOwned>(&self, call: Call) -> Result<T, PortError> {
        self.asked(call).await.and_then(|answer| answer.json()).map_err(ApiError::of_read)
    }

    /// A reading call about a repository.
    pub(super) fn call(repository: &Repository, rest: &[&str]) -> Call {
        let path: Vec<&str> =
            ["repos", &repository.owner, &repository.name].into_iter().chain(rest.iter().copied()).collect();
        Call::get(&path)
    }
}
