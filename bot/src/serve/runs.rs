//! A run over HTTP.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use engine::artifacts::ArtifactName;
use engine::control::Refusal;
use engine::model::{Actor, Identity, RunId};
use serde::Deserialize;
use serde_json::json;

use super::Api;
use super::auth::problem;
use super::messages::FRONT;

/// Says of a file's content that it is not all that is kept, and so has another hash than the list says.
const HIDES: &str = "infra-chat-hides";

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
    let (id, actor) = match asked(&api, &id, looker).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    match api.engine.run_look(&id, &actor).await {
        Ok(detail) => Json(json!({
            "run": detail.run,
            "plan": detail.plan,
            "steps": detail.steps,
            "approval": detail.approval,
            "votes": detail.votes,
            "place": detail.place,
        }))
        .into_response(),
        Err(refusal) => refused(&id, &refusal),
    }
}

/// The files the run left behind, for those who may look at it: name, size, hash, and where each is kept.
pub(super) async fn artifacts(
    State(api): State<Api>,
    Path(id): Path<String>,
    looker: Result<Query<Looker>, QueryRejection>,
) -> Response {
    let (id, actor) = match asked(&api, &id, looker).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    match api.engine.run_files(&id, &actor).await {
        Ok(found) => {
            let files = found.files.iter().map(|file| {
                json!({
                    "name": file.name.to_string(),
                    "size": file.kept.size,
                    "sha256": file.kept.sha256,
                    "hides": file.hides,
                })
            });
            let files: Vec<_> = files.collect();
            Json(json!({ "run": id, "place": found.place, "artifacts": files })).into_response()
        }
        Err(refusal) => refused(&id, &refusal),
    }
}

/// What is in one of them, without what is known as secret by now.
pub(super) async fn artifact(
    State(api): State<Api>,
    Path((id, name)): Path<(String, String)>,
    looker: Result<Query<Looker>, QueryRejection>,
) -> Response {
    let (id, actor) = match asked(&api, &id, looker).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let name: ArtifactName = match name.parse() {
        Ok(name) => name,
        Err(error) => return problem(StatusCode::NOT_FOUND, &format!("{error}")),
    };
    match api.engine.run_file(&id, &name, &actor).await {
        Ok(file) => {
            let saved_as = format!("{id}-{}", name.to_string().replace('/', "-"));
            // What services print is in there: no browser is to take it for a page.
            let mut headers = vec![
                (header::CONTENT_TYPE, media_type(&name).to_owned()),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{saved_as}\"")),
            ];
            if file.hides {
                headers.push((header::HeaderName::from_static(HIDES), "secret".to_owned()));
            }
            (AppendHeaders(headers), file.text).into_response()
        }
        Err(refusal) => refused(&id, &refusal),
    }
}

fn media_type(name: &ArtifactName) -> &'static str {
    match name {
        ArtifactName::Build | ArtifactName::Log(_) => "text/plain; charset=utf-8",
        ArtifactName::Chart => "image/svg+xml",
        ArtifactName::Incident => "text/markdown; charset=utf-8",
        ArtifactName::Run
        | ArtifactName::Plan
        | ArtifactName::Diff
        | ArtifactName::Receipt(_)
        | ArtifactName::Metrics
        | ArtifactName::Observed
        | ArtifactName::Manifest => "application/json",
    }
}

/// Which run, and who looks at it; or what is wrong with the question.
async fn asked(
    api: &Api,
    id: &str,
    looker: Result<Query<Looker>, QueryRejection>,
) -> Result<(RunId, Actor), Response> {
    let Ok(Query(looker)) = looker else {
        return Err(problem(
            StatusCode::BAD_REQUEST,
            "say who looks: /v1/runs/RUN?as=ID, linked with `infra-chat user link NAME http:ID`",
        ));
    };
    let id: RunId = id.parse().map_err(|error| problem(StatusCode::BAD_REQUEST, &format!("{error}")))?;
    let identity = Identity { front: FRONT.to_owned(), external_id: looker.speaker };
    match api.engine.actor(&identity).await {
        Ok(actor) => Ok((id, actor)),
        Err(refusal) => Err(refused(&id, &refusal)),
    }
}

fn refused(id: &RunId, refusal: &Refusal) -> Response {
    let says = refusal.to_string();
    match refusal {
        Refusal::NotAllowed { .. } => problem(StatusCode::FORBIDDEN, &says),
        Refusal::NotFound { .. } => problem(StatusCode::NOT_FOUND, &says),
        // It is not over yet, so there is nothing to be read.
        Refusal::Standing { .. } => problem(StatusCode::CONFLICT, &says),
        refusal => {
            tracing::warn!(error = %crate::out::causes(refusal), run = %id, "can't read a run");
            problem(StatusCode::SERVICE_UNAVAILABLE, &says)
        }
    }
}
