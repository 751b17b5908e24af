//! `judge`: recorded canaries through the very judge that runs in production, with its default policy. One JSON object a
//! line in, one a line out, in the same order. A line that can't be judged is answered with what is wrong with it and does not stop the others.

use std::io::BufRead;

use engine::canary::{Policy, Trace};
use serde::Serialize;

use crate::cli::Exit;
use crate::out;

/// What is answered to a line that can't be judged.
#[derive(Debug, Serialize)]
struct Fault {
    /// The trace's name, where it can be made out.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// What is wrong, and where.
    error: String,
}

pub(super) fn run() -> anyhow::Result<Exit> {
    let policy = Policy::default();
    let mut exit = Exit::Fine;
    for (number, line) in (1_u64..).zip(std::io::stdin().lock().split(b'\n')) {
        let line = line?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match judged(&line, &policy) {
            Ok(answer) => out::data(&answer),
            Err(error) => {
                exit = Exit::Failed;
                let error = format!("line {number} can't be judged: {error}");
                out::data(&serde_json::to_string(&Fault { id: id_of(&line), error })?);
            }
        }
    }
    Ok(exit)
}

/// The answer to a line, or what is wrong with it.
fn judged(line: &[u8], policy: &Policy) -> Result<String, String> {
    let trace = Trace::read(line).map_err(|error| error.to_string())?;
    let replayed = trace.replay(policy).map_err(|error| error.to_string())?;
    serde_json::to_string(&replayed).map_err(|error| error.to_string())
}

/// The name in a line that is JSON, though no trace.
fn id_of(line: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(line).ok()?;
    Some(value.get("id")?.as_str()?.to_owned())
}
