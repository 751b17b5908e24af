//! What the edge says by itself when no backend speaks: a small JSON body that names service and release and nothing of
//! what is behind them.

use bytes::Bytes;
use engine::model::ServiceName;
use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::body::ReplyBody;
use super::headers;

/// Why the edge answers by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    /// The request can't be passed on as it is.
    BadRequest,
    /// A tunnel to somewhere else was asked for.
    NotAProxy,
    /// The client stopped in the middle of its upload.
    UploadStalled,
    /// No release has weight.
    NoTraffic,
    /// The releases that have weight have no healthy instance.
    NoInstance,
    /// An instance did not answer, or not in HTTP.
    Failed,
    /// An instance took too long.
    TimedOut,
}

impl Own {
    /// The status it is answered with.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::NotAProxy => StatusCode::METHOD_NOT_ALLOWED,
            Self::UploadStalled => StatusCode::REQUEST_TIMEOUT,
            Self::NoTraffic | Self::NoInstance => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed => StatusCode::BAD_GATEWAY,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::BadRequest => "the request needs exactly one Host header",
            Self::NotAProxy => "CONNECT is not offered here",
            Self::UploadStalled => "the upload stopped half-way",
            Self::NoTraffic => "no release takes traffic",
            Self::NoInstance => "no instance is healthy",
            Self::Failed => "the instance did not answer",
            Self::TimedOut => "the instance took too long to answer",
        }
    }
}

#[derive(Serialize)]
struct Says<'a> {
    error: &'static str,
    service: &'a ServiceName,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<u32>,
}

/// The answer, in the name of a release when one was to answer.
pub(crate) fn own(
    why: Own,
    service: &ServiceName,
    release: Option<u32>,
    request_id: &HeaderValue,
) -> Response<ReplyBody> {
    // Two names and a number: this can't fail, and an answer without a body would still be one.
    let text = serde_json::to_vec(&Says { error: why.says(), service, release }).unwrap_or_default();
    let mut response = Response::new(ReplyBody::Own(Some(Bytes::from(text))));
    *response.status_mut() = why.status();
    let map = response.headers_mut();
    map.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    map.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    map.insert(headers::REQUEST_ID, request_id.clone());
    if let Some(release) = release {
        map.insert(headers::RELEASE, HeaderValue::from(release));
    }
    if why.status() == StatusCode::SERVICE_UNAVAILABLE {
        map.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
