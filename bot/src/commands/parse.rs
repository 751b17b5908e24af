//! `parse`: the typed command a sentence becomes. Needs no state; without a project of its own it reads with the sample's
//! names. A text that is not understood is an answer too, so the exit code is 0.

use std::io::BufRead;

use chat::intent::{Names, Parsed, Problem, ProblemKind, Vocabulary, parse_with};

use crate::cli::Exit;
use crate::out;

pub(super) fn run(text: Option<&str>, batch: bool) -> anyhow::Result<Exit> {
    let vocabulary = Vocabulary::new(&Names::sample());
    if let Some(text) = text {
        out::line(&serde_json::to_string(&parse_with(text, &vocabulary))?);
    }
    if batch {
        for line in std::io::stdin().lock().lines() {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            let parsed = match serde_json::from_str::<String>(&line) {
                Ok(text) => parse_with(&text, &vocabulary),
                Err(_) => no_string(),
            };
            out::line(&serde_json::to_string(&parsed)?);
        }
    }
    Ok(Exit::Fine)
}

/// One answer a line, also to a line that is no text.
fn no_string() -> Parsed {
    let message = "This line is no JSON string: write \"deploy staging\", with the quotation marks.";
    Parsed {
        commands: Vec::new(),
        missing: Vec::new(),
        problem: Some(Problem::new(ProblemKind::NotACommand, message)),
    }
}
