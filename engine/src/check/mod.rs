//! Synthetic checks, the pure part: what a step asks, and whether an answer is what was expected. Whoever has the network sends
//! it. What is said of a failure names steps, statuses and keys, and never a value that was sent, kept or received: among them
//! are passwords and tokens.

mod text;

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

pub use text::{Piece, pieces};

use crate::model::{CheckStep, Keep};

/// The most of a body that is looked at, in bytes.
pub const BODY_MAX_BYTES: usize = 256 * 1024;

/// A request to be sent.
#[derive(PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, from its first slash on.
    pub path: String,
    /// Headers, by name in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body; empty when there is none.
    pub body: String,
}

/// An answer that came.
pub struct Answered<'a> {
    /// HTTP status.
    pub status: u16,
    /// Headers in the order they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, or its beginning.
    pub body: &'a str,
}

/// What one check carries from step to step. It has no `Debug`: it holds secrets.
pub struct Session<'a> {
    variables: &'a BTreeMap<String, String>,
    kept: BTreeMap<String, String>,
    cookies: BTreeMap<String, String>,
}

impl<'a> Session<'a> {
    /// A session of a release with these variables.
    pub fn new(variables: &'a BTreeMap<String, String>) -> Self {
        Self { variables, kept: BTreeMap::new(), cookies: BTreeMap::new() }
    }

    /// What a step asks; or what it needs and has not.
    pub fn ask(&self, step: &CheckStep) -> Result<Asked, String> {
        let plain = |value: &str| value.to_owned();
        let mut headers = BTreeMap::new();
        for (name, value) in &step.headers {
            headers.insert(name.clone(), self.fill(value, plain)?);
        }
        let body = step.body.as_deref().unwrap_or_default();
        let is_json = body.trim_start().starts_with(['{', '[']);
        let body = if is_json { self.fill(body, inside_json)? } else { self.fill(body, plain)? };
        if is_json {
            headers.entry("content-type".to_owned()).or_insert_with(|| "application/json".to_owned());
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.entry("cookie".to_owned()).or_insert_with(|| cookies.join("; "));
        }
        Ok(Asked { method: step.method.clone(), path: self.fill(&step.path, plain)?, headers, body })
    }

    /// Holds an answer against what a step expects, and keeps what later steps need of it.
    pub fn take(&mut self, step: &CheckStep, answer: &Answered<'_>) -> Result<(), String> {
        let expect = &step.expect;
        let right = match expect.status.as_slice() {
            [] => answer.status < 400,
            wanted => wanted.contains(&answer.status),
        };
        if !right {
            let wanted: Vec<String> = expect.status.iter().map(ToString::to_string).collect();
            let wanted = if wanted.is_empty() { "less than 400".to_owned() } else { wanted.join(" or ") };
            return Err(format!("answered {}, expected {wanted}", answer.status));
        }
        for (name, pattern) in &expect.headers {
            match header(answer, name) {
                None => return Err(format!("answered without the header {name}")),
                Some(value) if !shows(pattern, value) => {
                    return Err(format!("answered with another {name} than expected"));
                }
                Some(_) => {}
            }
        }
        if expect.body.as_ref().is_some_and(|pattern| !shows(pattern, answer.body)) {
            return Err("answered with another body than expected".to_owned());
        }
        let reads_json =
            !expect.json.is_empty() || step.keep.values().any(|keep| matches!(keep, Keep::Json(_)));
        let json: Value = if reads_json {
            serde_json::from_str(answer.body).map_err(|_| "answered with no JSON".to_owned())?
        } else {
            Value::Null
        };
        for (path, pattern) in &expect.json {
            match value(&json, path) {
                None => return Err(format!("answered without `{path}`")),
                Some(value) if !shows(pattern, &value) => {
                    return Err(format!("answered with another `{path}` than expected"));
                }
                Some(_) => {}
            }
        }
        for (name, keep) in &step.keep {
            let kept = match keep {
                Keep::Json(path) => value(&json, path).ok_or_else(|| format!("answered without `{path}`"))?,
                Keep::Header(wanted) => header(answer, wanted)
                    .ok_or_else(|| format!("answered without the header {wanted}"))?
                    .to_owned(),
            };
            self.kept.insert(name.clone(), kept);
        }
        let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
        for (name, value) in set.filter_map(|(_, cookie)| cookie.split(';').next()?.split_once('=')) {
            self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
        }
        Ok(())
    }

    fn fill(&self, text: &str, quoted: impl Fn(&str) -> String) -> Result<String, String> {
        let mut filled = String::new();
        for piece in pieces(text).map_err(|given| format!("asks for {given}, which is nothing"))? {
            let (known, name, what) = match piece {
                Piece::Text(text) => {
                    filled.push_str(text);
                    continue;
                }
                Piece::Variable(name) => (self.variables, name, "the variable"),
                Piece::Kept(name) => (&self.kept, name, "what was kept as"),
            };
            let value = known.get(name).ok_or_else(|| format!("needs {what} {name}, which is not there"))?;
            filled.push_str(&quoted(value));
        }
        Ok(filled)
    }
}

fn header<'a>(answer: &'a Answered<'_>, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

/// Whether a text shows a pattern; one that is no pattern is shown by nothing.
fn shows(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

/// The value at a path of a JSON text, as text.
fn value(json: &Value, path: &str) -> Option<String> {
    let found = path.split('.').try_fold(json, |at, key| match at {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        other => other.get(key),
    })?;
    Some(found.as_str().map_or_else(|| found.to_string(), ToOwned::to_owned))
}

/// A text as it stands between the quotation marks of a JSON string.
fn inside_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests;
