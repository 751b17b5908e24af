//! The HTTP API of `serve`: whether it lives, and the desk for programs.

mod auth;
mod health;
mod messages;
mod runs;
mod twilio;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use chat::Desk;
use engine::control::Engine;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::wiring::{Host, Member};

pub(crate) use twilio::routes as twilio_routes;

/// Largest body read, in bytes: a sentence with room around it.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// What the routes need.
#[derive(Clone)]
pub(crate) struct Api {
    engine: Engine,
    desk: Arc<Desk>,
    token: Option<Arc<SecretString>>,
    worker: Worker,
}

/// Why nothing moves; nothing while the host's worker is at work.
pub(crate) type Worker = Arc<dyn Fn() -> Option<String> + Send + Sync>;

impl Api {
    /// The API of a host.
    pub(crate) fn of_host(host: &Host, token: Option<&SecretString>) -> Self {
        Self {
            engine: host.engine().clone(),
            desk: Arc::clone(host.desk()),
            token: token.cloned().map(Arc::new),
            worker: host.worker_watch(),
        }
    }

    /// The API of a replica beside it.
    pub(crate) fn of_member(member: &Member, token: Option<&SecretString>) -> Self {
        Self {
            engine: member.engine().clone(),
            desk: Arc::clone(member.desk()),
            token: token.cloned().map(Arc::new),
            worker: member.worker_watch(),
        }
    }
}

/// Serves until told to stop, with what chat platforms call; requests under way are finished.
pub(crate) async fn serve(
    listener: TcpListener,
    api: Api,
    called_by_fronts: Router,
    stop: CancellationToken,
) -> std::io::Result<()> {
    axum::serve(listener, router(api).merge(called_by_fronts))
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await
}

fn router(api: Api) -> Router {
    let v1 = Router::new()
        .route("/messages", post(messages::post))
        .route("/runs/{id}", get(runs::get))
        .route("/runs/{id}/artifacts", get(runs::artifacts))
        .route("/runs/{id}/artifacts/{*name}", get(runs::artifact))
        .layer(from_fn_with_state(api.clone(), auth::require_token));
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .nest("/v1", v1)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(api)
}
