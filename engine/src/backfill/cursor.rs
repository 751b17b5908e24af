//! A place among the rows of a job.

use serde::{Deserialize, Serialize};

/// The longest, in characters.
const LENGTH_MAX: usize = 200;

/// The key of the last row a job looked at. The job alone knows what it means; we know which of two is behind the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(String);

/// Why a text can't be a cursor or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it must be a text of 1 to {LENGTH_MAX} characters, without control characters, or a whole number")]
pub struct CursorError;

impl TryFrom<String> for Cursor {
    type Error = CursorError;

    fn try_from(given: String) -> Result<Self, CursorError> {
        let fits = (1..=LENGTH_MAX).contains(&given.chars().count()) && !given.chars().any(char::is_control);
        if fits { Ok(Self(given)) } else { Err(CursorError) }
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.0
    }
}

impl Cursor {
    /// As the job wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it lies behind another: as numbers when both are whole numbers, else byte by byte.
    pub fn is_behind(&self, other: &Self) -> bool {
        match (self.0.parse::<i128>(), other.0.parse::<i128>()) {
            (Ok(ours), Ok(theirs)) => ours > theirs,
            _ => self.0.as_bytes() > other.0.as_bytes(),
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn cursor(text: &str) -> Cursor {
        Cursor::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn numbers_are_ordered_as_numbers_and_texts_byte_by_byte() {
        assert!(cursor("10").is_behind(&cursor("9")));
        assert!(!cursor("9").is_behind(&cursor("10")));
        assert!(!cursor("9").is_behind(&cursor("9")));
        assert!(cursor("b").is_behind(&cursor("a9")));
        assert!(cursor("2026-01-02T00:00:00Z").is_behind(&cursor("2026-01-01T23:59:59Z")));
        assert!(cursor("-1").is_behind(&cursor("-2")));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for given in ["", "a\nb", "\u{0}", &"x".repeat(201)] {
            assert!(Cursor::try_from((*given).to_owned()).is_err(), "{given:?}");
        }
    }
}
