//! Asking Railway.

use std::time::Duration;

use engine::ports::{Permit, PortError, Receipt};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::documents::Document;
use super::problems::{Kind, RAILWAY, refusal};
use crate::http::{Answer, Api, ApiError, Auth, Budgets, Call, Effect, Settings};

/// Things in a page.
const PAGE: u32 = 50;
/// Pages that are followed: more is a mistake, not a list to read.
const PAGES_MAX: usize = 20;

/// A token of Railway, of one of the kinds it gives out (<https://docs.railway.com/reference/public-api>).
#[derive(Debug, Clone)]
pub enum Token {
    /// Of an account or a workspace: goes as `Authorization: Bearer`.
    Account(SecretString),
    /// Of one environment of a project: goes as `Project-Access-Token`.
    Project(SecretString),
}

/// Railway's API with one token. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Railway {
    api: Api,
    is_project_token: bool,
}

/// What an ensuring call leaves: the thing, and what was done to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Made<T> {
    /// The thing as it is now, read back.
    pub it: T,
    /// What was done; its fact `writes` is 0 when all was right before.
    pub receipt: Receipt,
}

#[derive(Deserialize)]
pub(super) struct Page<T> {
    edges: Vec<Edge<T>>,
    #[serde(rename = "pageInfo")]
    info: PageInfo,
}

#[derive(Deserialize)]
struct Edge<T> {
    node: T,
}

#[derive(Deserialize)]
struct PageInfo {
    #[serde(rename = "hasNextPage")]
    has_next: bool,
    #[serde(rename = "endCursor")]
    end: Option<String>,
}

impl<T> Page<T> {
    /// What is in it, and where the next one begins.
    pub(super) fn open(self) -> (impl Iterator<Item = T>, Option<String>) {
        let next = self.info.end.filter(|_| self.info.has_next);
        (self.edges.into_iter().map(|edge| edge.node), next)
    }
}

impl Railway {
    /// Railway at its own address or another one (`api_base`, that of the host, without `/graphql/v2`), waiting 30 s or as long as
    /// told for an answer.
    ///
    /// # Errors
    /// When the address is none, would send the token in the clear, or the token can be in no header.
    pub fn new(
        token: &Token,
        api_base: Option<&str>,
        answer_wait: Option<Duration>,
        budgets: &Budgets,
    ) -> Result<Self, PortError> {
        let auth = match token {
            Token::Account(token) => Auth::Bearer(token.clone()),
            Token::Project(token) => Auth::Header("project-access-token", token.clone()),
        };
        let settings = Settings { api_base: api_base.map(str::to_owned), auth, answer_wait };
        let api = Api::new(&RAILWAY, &settings, budgets).map_err(ApiError::of_read)?;
        Ok(Self { api, is_project_token: matches!(token, Token::Project(_)) })
    }

    /// Whether the token is one of a project.
    pub fn is_project_token(&self) -> bool {
        self.is_project_token
    }

    /// Reads.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        document: Document,
        variables: Value,
    ) -> Result<T, PortError> {
        self.try_read(document, variables).await.map_err(ApiError::of_read)
    }

    /// Reads, and leaves it to the caller what a refusal means.
    pub(super) async fn try_read<T: DeserializeOwned>(
        &self,
        document: Document,
        variables: Value,
    ) -> Result<T, ApiError> {
        Ok(self.ask(document, variables, &[]).await?.0)
    }

    /// Writes. The permit is what makes it possible to be here.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        permit: &Permit,
        document: Document,
        variables: Value,
        hidden: &[SecretString],
    ) -> Result<(T, Written), ApiError> {
        tracing::info!(
            step = permit.idempotency_key(),
            operation = document.name,
            "asks Railway to change something"
        );
        let (data, answer) = self.ask(document, variables, hidden).await?;
        Ok((data, Written(answer)))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        document: Document,
        variables: Value,
        hidden: &[SecretString],
    ) -> Result<(T, Answer), ApiError> {
        let mut call = Call::post(&["graphql", "v2"]).json(json!({
            "operationName": document.name,
            "query": document.text,
            "variables": variables,
        }));
        if document.effect == Effect::Read {
            call = call.reading();
        }
        for hidden in hidden {
            call = call.hiding(hidden.clone());
        }
        let answer = self.api.send_as(call.clone(), document.does.to_owned()).await?;
        let body: Value = answer.json()?;
        if let Some(refusal) = refusal(&body) {
            let failed = |why: String| ApiError::Unanswered { vendor: RAILWAY.name, why };
            let is_done =
                body["data"].as_object().is_some_and(|data| data.values().any(|value| !value.is_null()));
            return Err(match refusal.kind {
                // Half an answer to a write: its root is there, so it was done.
                _ if is_done && document.effect == Effect::Write => {
                    failed(format!("it was asked to {} and answered in part only", document.does))
                }
                Kind::Broken => failed(format!("it failed when asked to {}", document.does)),
                Kind::Limited => {
                    self.api.budget().hold(RAILWAY.limited_ms);
                    ApiError::Limited { vendor: RAILWAY.name, after_ms: RAILWAY.limited_ms }
                }
                kind => self.api.refused(
                    &call,
                    document.does.to_owned(),
                    kind.status(),
                    refusal.code,
                    Some(&refusal.says),
                ),
            });
        }
        let data = body.get("data").filter(|data| !data.is_null()).cloned().unwrap_or_default();
        let data = T::deserialize(data).map_err(|_| ApiError::Unanswered {
            vendor: RAILWAY.name,
            // The words of the error could quote a value.
            why: format!("asked to {}, it answers something else than expected", document.does),
        })?;
        Ok((data, answer))
    }

    /// Reads a list to its end. `list` finds the page in an answer.
    pub(super) async fn all<A: DeserializeOwned, T>(
        &self,
        document: Document,
        mut variables: Value,
        list: impl Fn(A) -> Page<T>,
    ) -> Result<Vec<T>, PortError> {
        let mut all = Vec::new();
        variables["first"] = json!(PAGE);
        for _ in 0..PAGES_MAX {
            let (things, next) = list(self.read(document, variables.clone()).await?).open();
            all.extend(things);
            match next {
                Some(next) => variables["after"] = json!(next),
                None => return Ok(all),
            }
        }
        Err(too_many(document))
    }

    /// How many things are asked for at once, and how often.
    pub(super) fn bounds() -> (u32, usize) {
        (PAGE, PAGES_MAX)
    }
}

/// A list that does not end where lists of people's projects do.
pub(super) fn too_many(document: Document) -> PortError {
    PortError::fail(
        format!("Railway was asked to {} and has more than {}.", document.does, PAGE as usize * PAGES_MAX),
        "Name a smaller project or environment.",
    )
}

/// A write that was taken.
pub(super) struct Written(Answer);

/// The receipt of one or several writes.
pub(super) fn receipt(summary: impl Into<String>, permit: &Permit, written: &[Written]) -> Receipt {
    let receipt = match written {
        [] => Receipt::new(summary).with("vendor", RAILWAY.name),
        [.., last] => last.0.receipt(summary),
    };
    receipt.with("writes", written.len()).with("step", permit.idempotency_key())
}

/// A look that fails right after a write leaves open what the write did.
pub(super) fn after_write(error: PortError) -> PortError {
    match error {
        PortError::Retry { what, .. } => PortError::unknown(format!(
            "Railway took the change, and could not be asked what became of it: {what}"
        )),
        other => other,
    }
}

/// After a write that was taken, what is read back is not what was asked for.
pub(super) fn not_seen(what: impl std::fmt::Display) -> PortError {
    PortError::unknown(format!("Railway took the change, but {what} is not to be seen yet."))
}
