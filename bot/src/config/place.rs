//! Where in a file its keys and their values stand.

use std::collections::BTreeMap;
use std::fmt;

use toml::Spanned;

/// A place in a text, counted from one as editors do, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    line: usize,
    column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ":{}:{}", self.line, self.column)
    }
}

impl Place {
    fn at(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
    }
}

/// Where a key stands, and where its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    /// The key.
    pub(super) key: Place,
    /// Its value.
    pub(super) value: Place,
}

/// The places of all keys at the top; none in what is no TOML, which is a fault of its own.
pub(super) fn places(text: &str) -> BTreeMap<String, Places> {
    let read: BTreeMap<Spanned<String>, Spanned<toml::Value>> = toml::from_str(text).unwrap_or_default();
    read.into_iter()
        .map(|(key, value)| {
            let (from, to) = (Place::at(text, key.span().start), Place::at(text, value.span().start));
            (key.into_inner(), Places { key: from, value: to })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn lines_and_columns_are_those_of_an_editor() {
        let found = places("# ä\nlog = \"info\"\n  listen  =  \"x\"\n");
        let shown = |key: &str| found.get(key).map(|it| format!("{} {}", it.key, it.value));
        assert_eq!(shown("log").as_deref(), Some(":2:1 :2:7"));
        assert_eq!(shown("listen").as_deref(), Some(":3:3 :3:14"));
        assert!(places("= =").is_empty());
    }
}
