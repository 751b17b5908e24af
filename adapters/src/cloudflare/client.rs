//! Calls to Cloudflare, out of their envelope and page by page.

use engine::ports::PortError;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::http::{Answer, Api, ApiError, Budgets, Call, Problem, Quota, Settings, Vendor, limits_of_policy};

/// Cloudflare's API: 1,200 calls in five minutes for each token; who asks more is locked out for five minutes
/// (<https://developers.cloudflare.com/fundamentals/api/reference/limits/>).
pub static CLOUDFLARE: Vendor = Vendor {
    name: "Cloudflare",
    api_base: "https://api.cloudflare.com/client/v4",
    quota: Quota { calls: 1_200, per_ms: 300_000 },
    limited_ms: 300_000,
    request_id: "cf-ray",
    problem,
    limits: |headers, _| limits_of_policy(headers),
    token_hint: "Make a token under My Profile, API Tokens, with the permissions that the page of this adapter lists.",
};

/// Pages that are read of one list at most.
const PAGES_MAX: u32 = 40;

/// One complaint, with those behind it.
#[derive(Deserialize)]
struct Complaint {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    error_chain: Vec<Complaint>,
}

/// How far a list goes.
#[derive(Deserialize)]
struct Info {
    total_count: Option<u64>,
}

#[derive(Deserialize)]
struct Envelope<T> {
    success: bool,
    #[serde(default)]
    errors: Option<Vec<Complaint>>,
    result: Option<T>,
    #[serde(default)]
    result_info: Option<Info>,
}

fn told(errors: &[Complaint]) -> (Option<String>, Option<String>) {
    let code = errors.first().map(|first| first.code.to_string());
    let all = errors.iter().flat_map(|one| std::iter::once(one).chain(&one.error_chain));
    let says: Vec<&str> = all.map(|one| one.message.as_str()).filter(|words| !words.is_empty()).collect();
    (code, if says.is_empty() { None } else { Some(says.join("; ")) })
}

fn problem(_: StatusCode, _: &HeaderMap, body: &[u8]) -> Problem {
    let envelope: Option<Envelope<serde::de::IgnoredAny>> = serde_json::from_slice(body).ok();
    let (code, says) = told(&envelope.and_then(|it| it.errors).unwrap_or_default());
    Problem { code, says, is_limit: false }
}

/// Calls with one token.
#[derive(Debug, Clone)]
pub(super) struct Client {
    api: Api,
}

impl Client {
    pub(super) fn new(settings: &Settings, budgets: &Budgets) -> Result<Self, ApiError> {
        Ok(Self { api: Api::new(&CLOUDFLARE, settings, budgets)? })
    }

    async fn envelope<T: DeserializeOwned>(&self, call: Call) -> Result<(Envelope<T>, Answer), ApiError> {
        let answer = self.api.send(call.clone()).await?;
        let envelope: Envelope<T> = answer.json()?;
        if envelope.success {
            return Ok((envelope, answer));
        }
        let (code, says) = told(&envelope.errors.unwrap_or_default());
        Err(self.api.refused(&call, format!("{call:?}"), answer.status(), code, says.as_deref()))
    }

    /// What is there.
    pub(super) async fn read<T: DeserializeOwned>(&self, call: Call) -> Result<T, ApiError> {
        let what = format!("{call:?}");
        let (envelope, _) = self.envelope(call).await?;
        envelope.result.ok_or_else(|| ApiError::Unanswered {
            vendor: CLOUDFLARE.name,
            why: format!("{what} answers nothing"),
        })
    }

    /// What is there; nothing where there is none of that name.
    pub(super) async fn find<T: DeserializeOwned>(&self, call: Call) -> Result<Option<T>, PortError> {
        match self.read(call).await {
            Ok(there) => Ok(Some(there)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.of_read()),
        }
    }

    /// A whole list that comes in pages.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        call: &Call,
        per_page: u32,
    ) -> Result<Vec<T>, PortError> {
        let mut all: Vec<T> = Vec::new();
        for page in 1..=PAGES_MAX {
            let one = call.clone().query("page", page.to_string()).query("per_page", per_page.to_string());
            let (envelope, _) = self.envelope::<Vec<T>>(one).await.map_err(ApiError::of_read)?;
            let part = envelope.result.unwrap_or_default();
            let came = part.len();
            all.extend(part);
            let is_whole = match envelope.result_info.and_then(|info| info.total_count) {
                Some(total) => all.len() as u64 >= total,
                None => came < per_page as usize,
            };
            if came == 0 || is_whole {
                return Ok(all);
            }
        }
        Err(PortError::fail(
            format!("Cloudflare has more than {} of what {call:?} lists", PAGES_MAX * per_page),
            "Nobody wants so many: remove those that are no longer needed.",
        ))
    }

    /// A list that comes in one answer. One that is cut is no answer: what is missing in it would be made twice.
    pub(super) async fn list<T: DeserializeOwned>(&self, call: Call) -> Result<Vec<T>, PortError> {
        let what = format!("{call:?}");
        let (envelope, _) = self.envelope::<Vec<T>>(call).await.map_err(ApiError::of_read)?;
        let all = envelope.result.unwrap_or_default();
        match envelope.result_info.and_then(|info| info.total_count) {
            Some(total) if total > all.len() as u64 => Err(PortError::fail(
                format!("Cloudflare tells {} of {total} of what {what} lists", all.len()),
                "Remove what is no longer needed, so that one answer holds them all.",
            )),
            _ => Ok(all),
        }
    }

    /// A change. Of what it answers only the envelope counts: a look behind it says what is there.
    pub(super) async fn write(&self, call: Call) -> Result<Answer, ApiError> {
        Ok(self.envelope::<serde::de::IgnoredAny>(call).await?.1)
    }
}
