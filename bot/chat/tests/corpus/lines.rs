//! The labelled sentences of this folder.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// One line: what is said, and what is to be understood.
#[derive(Debug)]
pub(crate) struct Case {
    /// What is said.
    pub(crate) text: String,
    /// `{"commands": […], "missing": […]}` or `{"problem": "kind"}`.
    #[allow(dead_code, reason = "the benchmark only needs the texts")]
    pub(crate) expect: Value,
    /// File and line, for messages.
    #[allow(dead_code, reason = "the benchmark only needs the texts")]
    pub(crate) place: String,
}

/// The corpus that was written beside the parser: all lines of all files, in the order of their names.
pub(crate) fn cases() -> Vec<Case> {
    read("tests/corpus")
}

/// The corpus written from the contract alone, by somebody who had not seen the parser.
pub(crate) fn sealed() -> Vec<Case> {
    read("tests/corpus/sealed")
}

/// The second of that kind, written after the first had been opened.
pub(crate) fn sealed2() -> Vec<Case> {
    read("tests/corpus/sealed2")
}

/// The third of that kind, by another hand.
pub(crate) fn sealed3() -> Vec<Case> {
    read("tests/corpus/sealed3")
}

/// Seven blind sets, each by a hand of its own that had seen neither the parser nor any corpus: a file is a hand.
pub(crate) fn blind() -> Vec<Case> {
    read("tests/corpus/blind")
}

/// All corpora.
pub(crate) fn all() -> impl Iterator<Item = Case> {
    cases().into_iter().chain(sealed()).chain(sealed2()).chain(sealed3()).chain(blind())
}

fn read(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "jsonl")) {
        for (number, line) in std::fs::read_to_string(file).unwrap().lines().enumerate() {
            let place = format!("{}:{}", file.file_name().unwrap().to_string_lossy(), number + 1);
            let case: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
            let text = case["text"].as_str().unwrap().to_owned();
            cases.push(Case { text, expect: case["expect"].clone(), place });
        }
    }
    cases
}
