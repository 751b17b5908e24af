//! Health: each component tried for real, with how long it took. 200 when all are up, 503 when one is down.

use crate::config;
use crate::http::Response;
use crate::json::Json;
use std::time::{Duration, Instant};

pub struct Component {
    name: &'static str,
    outcome: Result<(), String>,
    took: Duration,
}

impl Component {
    pub fn try_out(name: &'static str, attempt: impl FnOnce() -> Result<(), String>) -> Component {
        let began = Instant::now();
        let outcome = attempt();
        Component { name, outcome, took: began.elapsed() }
    }

    fn describe(&self) -> Json {
        let latency_ms = (self.took.as_secs_f64() * 100_000.0).round() / 100.0;
        let mut fields =
            vec![("status", status(self.outcome.is_ok())), ("latency_ms", Json::Float(latency_ms))];
        if let Err(problem) = &self.outcome {
            fields.push(("error", Json::text(problem.as_str())));
        }
        Json::object(fields)
    }
}

pub fn respond(components: &[Component]) -> Response {
    let healthy = components.iter().all(|component| component.outcome.is_ok());
    let report = Json::object([
        ("status", status(healthy)),
        ("release", Json::text(config::release())),
        (
            "components",
            Json::object(components.iter().map(|component| (component.name, component.describe()))),
        ),
    ]);
    Response::json(if healthy { 200 } else { 503 }, &report).with("cache-control", "no-store")
}

fn status(up: bool) -> Json {
    Json::text(if up { "up" } else { "down" })
}
