//! The embedded history: `base/` and the folders of `history/` become one stream for `git fast-import`.
//!
//! Each folder of `history/`, in order, is a commit: its files are laid over the tree before it (or over the release named
//! in `START_FROM`), `MESSAGE` is its message, and `NN-vX.Y.Z-…` in its name makes it a tagged release.

use std::collections::BTreeMap;

use crate::SampleError;

/// A file of `invoice-perfect/`: its path there, and its text.
pub(crate) type File = (&'static str, &'static str);

/// Every file of `invoice-perfect/`, sorted by path.
pub(crate) const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

const BASE: &str = "base/";
const HISTORY: &str = "history/";
const MESSAGE: &str = "MESSAGE";
const START_FROM: &str = "START_FROM";

/// Commits are a week apart from Monday, 2026-01-05 09:00 UTC: fixed, so that commit ids are.
const FIRST_COMMIT_S: u64 = 1_767_603_600;
const COMMIT_INTERVAL_S: u64 = 7 * 24 * 3600;
/// The sample's deployers, who commit in turn.
const AUTHORS: [&str; 2] = ["Ana <ana@invoice-perfect.example>", "Ben <ben@invoice-perfect.example>"];

type Tree = BTreeMap<&'static str, &'static str>;

/// The stream that makes `main` and every release's annotated tag.
pub(crate) fn fast_import(files: &[File]) -> Result<String, SampleError> {
    let mut tree = below(files, BASE);
    let mut released: BTreeMap<&str, Tree> = BTreeMap::new();
    let mut stream = String::new();
    for (index, (step, overlay)) in (0..).zip(steps(files)) {
        if let Some(start) = overlay.get(START_FROM).map(|start| start.trim()) {
            let known = released.get(start);
            tree = known
                .ok_or_else(|| SampleError::History { step: step.to_owned(), start: start.to_owned() })?
                .clone();
        }
        tree.extend(overlay.iter().filter(|(path, _)| ![MESSAGE, START_FROM].contains(*path)));
        let message = overlay.get(MESSAGE).copied().unwrap_or(step);
        let who = signature(index);
        commit(&mut stream, index, &who, message, &tree);
        if let Some(tag) = tag(step) {
            released.insert(tag, tree.clone());
            let annotation = format!("Invoice Perfect {tag}\n");
            stream.extend([format!("tag {tag}\nfrom :{}\ntagger {who}\n", index + 1), data(&annotation)]);
        }
    }
    stream.push_str("done\n");
    Ok(stream)
}

fn commit(stream: &mut String, index: u64, who: &str, message: &str, tree: &Tree) {
    let mark = index + 1;
    let parent = if index > 0 { format!("from :{index}\n") } else { String::new() };
    stream.extend([
        format!("commit refs/heads/main\nmark :{mark}\nauthor {who}\ncommitter {who}\n"),
        data(message),
        parent,
        "deleteall\n".to_owned(),
    ]);
    for (path, text) in tree {
        stream.extend([format!("M 100644 inline {path}\n"), data(text)]);
    }
}

fn signature(index: u64) -> String {
    let [ana, ben] = AUTHORS;
    let author = if index.is_multiple_of(2) { ana } else { ben };
    format!("{author} {} +0000", FIRST_COMMIT_S + index * COMMIT_INTERVAL_S)
}

fn data(text: &str) -> String {
    format!("data {}\n{text}\n", text.len())
}

/// The folders of `history/` in order, each with its files.
fn steps(files: &[File]) -> BTreeMap<&'static str, Tree> {
    let mut steps: BTreeMap<&str, Tree> = BTreeMap::new();
    for (path, text) in below(files, HISTORY) {
        if let Some((step, file)) = path.split_once('/') {
            steps.entry(step).or_default().insert(file, text);
        }
    }
    steps
}

fn below(files: &[File], folder: &str) -> Tree {
    files.iter().filter_map(|(path, text)| Some((path.strip_prefix(folder)?, *text))).collect()
}

/// `v1.1.0` of `02-v1.1.0-due-dates`; nothing for a commit that is no release.
fn tag(step: &str) -> Option<&str> {
    step.split('-')
        .nth(1)
        .filter(|word| word.strip_prefix('v').is_some_and(|rest| rest.starts_with(char::is_numeric)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_release_is_named_in_its_folder() {
        assert_eq!(tag("02-v1.1.0-due-dates"), Some("v1.1.0"));
        assert_eq!(tag("05-revert-reminders"), None);
        assert_eq!(tag("11-visible-totals"), None);
    }

    #[test]
    fn every_commit_has_a_message_and_a_place_to_start() {
        fast_import(FILES).unwrap();
        let speechless: Vec<_> =
            steps(FILES).into_iter().filter(|(_, files)| !files.contains_key(MESSAGE)).collect();
        assert!(speechless.is_empty(), "{speechless:?}");
    }

    #[test]
    fn a_start_that_is_no_release_is_named() {
        let error = fast_import(&[("history/01-revert/START_FROM", "v9.9.9\n")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "release `01-revert` of the sample starts from `v9.9.9`, which is no earlier release"
        );
    }
}
