//! What is wrong with a description: where, and how to mend it.

use std::cell::RefCell;
use std::fmt;

use super::limits::FAULTS_SHOWN;
use crate::model::in_plain_sight;

/// A place in the text, both counted from 1; columns are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Place {
    /// Where a text begins.
    pub(super) const START: Self = Self { line: 1, column: 1 };
}

/// One fault of a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFault {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The keys that lead there: `services.api.health.path`; empty for the file as a whole.
    pub path: String,
    /// What is wrong and how to mend it.
    pub says: String,
}

impl ProjectFault {
    pub(super) fn new(at: Place, path: impl Into<String>, says: impl Into<String>) -> Self {
        Self { line: at.line, column: at.column, path: printable(path.into()), says: printable(says.into()) }
    }
}

/// Faults quote the file and end up in terminals, which must not be given control codes.
fn printable(text: String) -> String {
    let text = if text.contains(char::is_control) { text.replace(char::is_control, " ") } else { text };
    in_plain_sight(&text).into_owned()
}

impl fmt::Display for ProjectFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.says)
    }
}

/// Everything that is wrong with a description, in the order of the file. Shows one line for each fault, as compilers do:
/// ``infra-chat.project.yaml:12:5 services.api.helth: no such key; did you mean `health`?``
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFaults {
    /// What the file is called; [`super::FILE_NAME`] unless [`Self::in_file`] said otherwise.
    pub file: String,
    /// The faults, at least one.
    pub faults: Vec<ProjectFault>,
}

impl ProjectFaults {
    pub(super) fn new(mut faults: Vec<ProjectFault>) -> Self {
        faults.sort_by_key(|fault| (fault.line, fault.column));
        // A value that several aliases repeat is wrong once.
        faults.dedup_by(|a, b| a.line == b.line && a.column == b.column && a.says == b.says);
        Self { file: super::FILE_NAME.to_owned(), faults }
    }

    /// The same faults under the file name the person gave.
    #[must_use]
    pub fn in_file(self, file: impl Into<String>) -> Self {
        Self { file: file.into(), ..self }
    }
}

impl fmt::Display for ProjectFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().take(FAULTS_SHOWN).enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:{fault}", self.file)?;
        }
        match self.faults.len().saturating_sub(FAULTS_SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n… and {more} more"),
        }
    }
}

impl std::error::Error for ProjectFaults {}

/// Collects faults while reading goes on, so that a person sees all of them at once.
#[derive(Debug, Default)]
pub(super) struct Faults(RefCell<Vec<ProjectFault>>);

impl Faults {
    pub(super) fn push(&self, fault: ProjectFault) {
        self.0.borrow_mut().push(fault);
    }

    pub(super) fn into_vec(self) -> Vec<ProjectFault> {
        self.0.into_inner()
    }
}
