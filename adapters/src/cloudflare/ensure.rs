//! The one way anything is changed: look, change what is missing, look again.

use async_trait::async_trait;
use engine::ports::{Permit, PortError, Receipt};

use super::Cloudflare;
use crate::http::{Answer, ApiError, Call};

/// Changes of one operation at most: a way that leads nowhere ends.
const WRITES_MAX: usize = 24;

/// What an operation left: the thing as it was read back, and the receipt.
#[derive(Debug, Clone)]
pub struct Ensured<T> {
    /// As Cloudflare tells it.
    pub thing: T,
    /// Whether anything was written.
    pub is_changed: bool,
    /// For the record.
    pub receipt: Receipt,
}

/// What a look found.
pub(super) enum Plan<T> {
    /// All is as wanted.
    Done(T),
    /// This is missing, told in words of what will have been done: `made the pool web`.
    Write(Box<Call>, String),
}

impl<T> Plan<T> {
    /// A change that is missing.
    pub(super) fn write(call: Call, words: impl Into<String>) -> Self {
        Self::Write(Box::new(call), words.into())
    }
}

/// Something that shall be.
#[async_trait]
pub(super) trait Want: Sync {
    /// What it is once it is there.
    type Thing: Send;

    /// Its name for people: `the pool web`.
    fn name(&self) -> String;

    /// What is missing; `wrote` says whether this operation has already changed something. Writes nothing.
    async fn look(&self, at: &Cloudflare, wrote: bool) -> Result<Plan<Self::Thing>, PortError>;
}

impl Cloudflare {
    /// Makes it so. What is refused is looked at once more: somebody may have done it meanwhile, or taken it away.
    pub(super) async fn ensure<W: Want>(
        &self,
        permit: &Permit,
        want: &W,
    ) -> Result<Ensured<W::Thing>, PortError> {
        let name = want.name();
        let mut done: Vec<String> = Vec::new();
        let mut said: Vec<String> = Vec::new();
        let mut refused: Option<(String, PortError)> = None;
        let mut last = None;
        for _ in 0..WRITES_MAX {
            let wrote = !done.is_empty();
            let (call, words) = match want.look(self, wrote).await {
                Ok(Plan::Done(thing)) => {
                    let receipt = match last {
                        Some(answer) => receipt_of(&answer, &said),
                        None => Receipt::new(format!("{name} is as wanted")).with("vendor", "Cloudflare"),
                    };
                    let receipt = receipt.with("writes", done.len()).with("permit", permit.idempotency_key());
                    return Ok(Ensured { thing, is_changed: wrote, receipt });
                }
                Ok(Plan::Write(call, words)) => (call, words),
                Err(error) => return Err(half_done(error, &said)),
            };
            let route = format!("{call:?} {words}");
            if let Some((_, error)) = refused.take_if(|(before, _)| *before == route) {
                return Err(half_done(error, &said));
            }
            if done.contains(&route) {
                return Err(PortError::unknown(format!(
                    "{name} was changed and reads otherwise: somebody else changes it at the same time"
                )));
            }
            match self.client.write(*call).await {
                Ok(answer) => {
                    done.push(route);
                    said.push(words);
                    last = Some(answer);
                }
                Err(error @ ApiError::Refused { .. }) if !error.is_denied() => {
                    refused = Some((route, error.of_write()));
                }
                Err(error) => return Err(half_done(error.of_write(), &said)),
            }
        }
        Err(PortError::unknown(format!("{name} is still not as wanted after {} changes", done.len())))
    }
}

fn receipt_of(answer: &Answer, said: &[String]) -> Receipt {
    answer.receipt(said.join(", "))
}

/// "Nothing happened" is no longer true once something was written.
fn half_done(error: PortError, said: &[String]) -> PortError {
    match error {
        PortError::Retry { what, .. } if !said.is_empty() => {
            PortError::unknown(format!("{}; then {what}", said.join(", ")))
        }
        other => other,
    }
}
