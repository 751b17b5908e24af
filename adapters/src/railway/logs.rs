//! Logs of one deployment, within bounds.

use chrono::{DateTime, SecondsFormat, Utc};
use engine::ports::PortError;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Railway;
use super::documents::{self, Document};

/// Most that Railway gives at once.
const LINES_MAX: u32 = 5_000;

/// Which log of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogOf {
    /// What the service says.
    Running,
    /// What its build said.
    Build,
}

/// Which part of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Lines from this moment on.
    pub after: Option<DateTime<Utc>>,
    /// Lines up to this moment.
    pub before: Option<DateTime<Utc>>,
    /// Lines at most; 1 to 5000, 100 when absent.
    pub most: Option<u32>,
    /// Railway's filter: `@level:error`, or words that must be in it.
    pub filter: Option<String>,
}

/// A part of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T> {
    /// Lines, oldest first.
    pub lines: Vec<T>,
    /// Whether there may be more within the bounds than were asked for.
    pub is_cut: bool,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// When, RFC 3339 to the nanosecond; two lines may have the same.
    pub timestamp: DateTime<Utc>,
    /// `info`, `err` … when the service says.
    pub severity: Option<String>,
    /// What it says.
    pub message: String,
    /// What was read out of a structured line.
    pub attributes: Vec<Attribute>,
}

/// Something read out of a structured line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub key: String,
    /// Its value, as JSON or text.
    pub value: String,
}

/// A request that came to a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// When it came.
    pub timestamp: DateTime<Utc>,
    /// Railway's id of it.
    pub request_id: String,
    /// `GET` …
    pub method: String,
    /// Its path.
    pub path: String,
    /// For which host.
    pub host: String,
    /// What was answered.
    pub http_status: u16,
    /// How long it took, in milliseconds.
    pub total_duration: i64,
    /// How long the service took for it, in milliseconds.
    pub upstream_rq_duration: i64,
    /// What went wrong on the way to the service; empty when nothing.
    pub upstream_errors: String,
    /// Where it entered.
    pub edge_region: String,
    /// Which copy answered.
    pub deployment_instance_id: String,
}

impl Bounds {
    fn lines(&self) -> u32 {
        self.most.unwrap_or(100).clamp(1, LINES_MAX)
    }

    fn check(&self) -> Result<(), PortError> {
        match (self.after, self.before) {
            (Some(after), Some(before)) if after >= before => Err(PortError::fail(
                "The log is asked for up to a moment before the one it is to begin at.",
                "",
            )),
            _ => Ok(()),
        }
    }
}

fn moment(at: Option<DateTime<Utc>>) -> Value {
    json!(at.map(|at| at.to_rfc3339_opts(SecondsFormat::Nanos, true)))
}

impl Railway {
    /// A part of a deployment's log. With neither end the newest lines, with a beginning the first after it.
    pub async fn fetch_logs(
        &self,
        deployment: &str,
        of: LogOf,
        bounds: &Bounds,
    ) -> Result<Part<Line>, PortError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(alias = "deploymentLogs", alias = "buildLogs")]
            lines: Vec<Line>,
        }
        bounds.check()?;
        let document: Document = match of {
            LogOf::Running => documents::DEPLOYMENT_LOGS,
            LogOf::Build => documents::BUILD_LOGS,
        };
        let variables = json!({
            "id": deployment,
            "limit": bounds.lines(),
            "start": moment(bounds.after),
            "end": moment(bounds.before),
            "filter": bounds.filter.as_deref().unwrap_or_default(),
        });
        let answer: Answer = self.read(document, variables).await?;
        Ok(part(answer.lines, bounds, |line| line.timestamp))
    }

    /// The requests that came to a deployment. Railway counts them from an anchor: with a beginning the first after it, else the newest up to the
    /// end, which must then be given.
    pub async fn fetch_requests(
        &self,
        deployment: &str,
        bounds: &Bounds,
    ) -> Result<Part<Request>, PortError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            http_logs: Vec<Request>,
        }
        bounds.check()?;
        let variables = match (bounds.after, bounds.before) {
            (None, None) => {
                return Err(PortError::fail(
                    "Requests are asked for from a moment on, or up to one.",
                    "Give one of them.",
                ));
            }
            (Some(after), before) => json!({
                "id": deployment,
                "anchor": moment(Some(after)),
                "after": moment(before),
                "afterLimit": bounds.lines(),
                "beforeLimit": 0,
                "filter": bounds.filter,
            }),
            (None, before) => json!({
                "id": deployment,
                "anchor": moment(before),
                "beforeLimit": bounds.lines(),
                "afterLimit": 0,
                "filter": bounds.filter,
            }),
        };
        let answer: Answer = self.read(documents::HTTP_LOGS, variables).await?;
        Ok(part(answer.http_logs, bounds, |request| request.timestamp))
    }
}

/// In order, within the bounds whatever Railway makes of them.
fn part<T>(mut lines: Vec<T>, bounds: &Bounds, at: impl Fn(&T) -> DateTime<Utc>) -> Part<T> {
    let is_cut = lines.len() >= bounds.lines() as usize;
    lines.retain(|line| {
        bounds.after.is_none_or(|after| at(line) >= after)
            && bounds.before.is_none_or(|before| at(line) <= before)
    });
    lines.sort_by_key(|line| at(line));
    Part { lines, is_cut }
}
