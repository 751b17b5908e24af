//! What a vendor answered.

use bytes::Bytes;
use engine::ports::Receipt;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::{ApiError, Vendor};

/// What a vendor answered to a call it took.
#[derive(Clone)]
pub struct Answer {
    pub(super) vendor: &'static Vendor,
    pub(super) what: String,
    pub(super) sent: Option<String>,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.status, self.what)
    }
}

impl Answer {
    /// Its status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What is in it, as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Its JSON. What can't be read is an answer that was lost: the call may have done its work.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.body).map_err(|error| ApiError::Unanswered {
            vendor: self.vendor.name,
            // Of the error only its place and kind: its words may quote what came.
            why: format!(
                "{} answers something else than expected (line {}, column {})",
                self.what,
                error.line(),
                error.column()
            ),
        })
    }

    /// What it leaves behind for the record: which call, the vendor's name for it, sizes and hashes; neither body.
    pub fn receipt(&self, summary: impl Into<String>) -> Receipt {
        let mut receipt = Receipt::new(summary)
            .with("vendor", self.vendor.name)
            .with("call", &self.what)
            .with("status", self.status.as_u16())
            .with("answer-bytes", self.body.len())
            .with("answer-sha256", hex::encode(Sha256::digest(&self.body)));
        if let Some(sent) = &self.sent {
            receipt = receipt.with("sent-sha256", sent);
        }
        if let Some(id) = self.header(self.vendor.request_id) {
            receipt = receipt.with("request-id", id);
        }
        receipt
    }
}
