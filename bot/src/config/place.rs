//! Where in a file its keys and their values stand.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
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

/// Keys with their values, each with its place.
type Keys = BTreeMap<Spanned<String>, Spanned<toml::Value>>;

/// The tables settings stand in.
#[derive(Default, Deserialize)]
struct Tables {
    #[serde(default)]
    slack: Keys,
    #[serde(default)]
    discord: Keys,
}

/// The places of all keys, a dot before those of a table; none in what is no TOML, which is a fault of its own.
pub(super) fn places(text: &str) -> BTreeMap<String, Places> {
    let top: Keys = toml::from_str(text).unwrap_or_default();
    let tables: Tables = toml::from_str(text).unwrap_or_default();
    let place = |table: &str, (key, value): (Spanned<String>, Spanned<toml::Value>)| {
        let (from, to) = (Place::at(text, key.span().start), Place::at(text, value.span().start));
        (format!("{table}{}", key.into_inner()), Places { key: from, value: to })
    };
    let slack = tables.slack.into_iter().map(|one| place("slack.", one));
    let discord = tables.discord.into_iter().map(|one| place("discord.", one));
    top.into_iter().map(|one| place("", one)).chain(slack).chain(discord).collect()
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
        let found = places("log = \"info\"\n[slack]\nmode = \"http\"\n");
        assert_eq!(found.get("slack.mode").map(|it| it.value.to_string()).as_deref(), Some(":3:8"));
        assert!(places("= =").is_empty());
    }
}
