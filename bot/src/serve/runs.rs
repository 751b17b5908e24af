//! A run over HTTP.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::control::Refusal;
use engine::model::{Identity, RunId};
use serde::Deserialize;
use serde_json::json;

use super::Api;
use super::auth::problem;
use super::messages::FRONT;

/// Who looks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Looker {
    /// As `infra-chat user link NAME http:ID` says.
    #[serde(rename = "as")]
    speaker: String,
}

/// The run with its plan, its steps and its approval, for those who may look at its environment.
pub(super) async fn get(
    State(api): State<Api>,
    Path(id): Path<String>,
    looker: Result<Query<Looker>, QueryRejection>,
) -> Response {
    let Ok(Query(looker)) = looker else {
        return problem(
            StatusCode::BAD_REQUEST,
            "say who looks: /v1/runs/RUN?as=ID, linked with `infra-chat user link NAME http:ID`",
        );
    };
    let id: RunId = match id.parse() {
        Ok(id) => id,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("{error}")),
    };
    let identity = Identity { front: FRONT.to_owned(), external_id: looker.speaker };
    let looked = match api.engine.actor(&identity).await {
        Ok(actor) => api.engine.run_look(&id, &actor).await,
        Err(refusal) => Err(refusal),
    };
    match looked {
        Ok(detail) => Json(json!({
            "run": detail.run,
            "plan": detail.plan,
            "steps": detail.steps,
            "approval": detail.approval,
            "votes": detail.votes,
            "place": detail.place,
        }))
        .into_response(),
        Err(refusal @ Refusal::NotAllowed { .. }) => problem(StatusCode::FORBIDDEN, &refusal.to_string()),
        Err(refusal @ Refusal::NotFound { .. }) => problem(StatusCode::NOT_FOUND, &refusal.to_string()),
        Err(refusal) => {
            tracing::warn!(error = %crate::out::causes(&refusal), run = %id, "can't read a run");
            problem(StatusCode::SERVICE_UNAVAILABLE, &refusal.to_string())
        }
    }
}
