//! Synthetic checks: what a release is asked on purpose while it is on trial, because users may not ask it soon enough.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a failing check means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Fails the canary when it fails several times in a row and the stable version passes it.
    Hard,
    /// Is evidence, no more: it is compared with how the stable version does.
    Soft,
}

/// A check of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What its failures mean.
    pub severity: Severity,
    /// Seconds from one to the next.
    pub every_s: u32,
    /// Seconds it may take, all of its steps together.
    pub timeout_s: u32,
    /// Whether it may be made every second when there is too little traffic to tell.
    pub probe: bool,
    /// What it does.
    pub does: CheckDoes,
}

/// What a check does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckDoes {
    /// Asks an instance over HTTP, one request after the other.
    Steps(Vec<CheckStep>),
    /// Runs a command in the release's folder, with its variables; it passes with exit code 0.
    Command(String),
}

/// One request and what is expected of its answer. `${variable.NAME}` is a variable of the service, `${kept.NAME}` what an
/// earlier step kept; cookies are carried on by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckStep {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, from its first slash on.
    pub path: String,
    /// Headers, by name in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Option<String>,
    /// What is expected.
    pub expect: Expect,
    /// What is kept of the answer for later steps, by name.
    pub keep: BTreeMap<String, Keep>,
}

/// What is expected of an answer; what is not named may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expect {
    /// The statuses that are right; none named means any below 400.
    pub status: Vec<u16>,
    /// Patterns of headers, by name in lower case.
    pub headers: BTreeMap<String, String>,
    /// A pattern somewhere in the body.
    pub body: Option<String>,
    /// Patterns of values in a JSON body, by path: `user.email`, `items.0.id`.
    pub json: BTreeMap<String, String>,
}

/// What is kept of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// A value of a JSON body, by path.
    Json(String),
    /// A header, by name in lower case.
    Header(String),
}

impl Check {
    /// Whether it may be made every second when there is too little traffic.
    pub fn is_probe(&self) -> bool {
        self.probe && matches!(self.does, CheckDoes::Steps(_))
    }
}
