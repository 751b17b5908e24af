//! A run over HTTP.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::control::Refusal;
use engine::model::RunId;
use serde_json::json;

use super::Api;
use super::auth::problem;

/// The run with its plan, its steps and its approval.
pub(super) async fn get(State(api): State<Api>, Path(id): Path<String>) -> Response {
    let id: RunId = match id.parse() {
        Ok(id) => id,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("{error}")),
    };
    match api.engine.run_detail(&id).await {
        Ok(detail) => Json(json!({
            "run": detail.run,
            "plan": detail.plan,
            "steps": detail.steps,
            "approval": detail.approval,
            "votes": detail.votes,
            "place": detail.place,
        }))
        .into_response(),
        Err(refusal @ Refusal::NotFound { .. }) => problem(StatusCode::NOT_FOUND, &refusal.to_string()),
        Err(refusal) => {
            tracing::warn!(error = %crate::out::causes(&refusal), run = %id, "can't read a run");
            problem(StatusCode::SERVICE_UNAVAILABLE, &refusal.to_string())
        }
    }
}
