//! Whether the program lives, and whether it can do its work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Api;
use super::auth::problem;

/// The process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The database answers and the worker is at work.
pub(super) async fn readyz(State(api): State<Api>) -> Response {
    if let Err(error) = api.engine.store().ping().await {
        tracing::warn!(error = %crate::out::causes(&error), "the database does not answer");
        return problem(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer");
    }
    if let Some(why) = (api.worker)() {
        return problem(StatusCode::SERVICE_UNAVAILABLE, &why);
    }
    "ready\n".into_response()
}
