//! Typed reading of the tree: each question a description is asked (is it text, a number within bounds, one of these words?)
//! in one place, with the sentence a person gets when the answer is no.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::fault::{Faults, Place, ProjectFault};
use super::limits::{LINE_MAX, TEXT_MAX_BYTES};
use super::tree::{Node, Value, join};
use crate::model::{code_point, is_unseen};

/// A value, the way to it, and where to report what is wrong with it.
#[derive(Clone)]
pub(super) struct Spot<'a> {
    pub(super) node: &'a Node,
    /// Where its key stands; for items of a list where they begin.
    pub(super) key_at: Place,
    pub(super) path: String,
    /// The last key on the way, as written; empty for items of a list.
    pub(super) key: &'a str,
    faults: &'a Faults,
}

/// The keys of a mapping whose keys are known beforehand.
pub(super) struct Keys<'a> {
    spot: Spot<'a>,
}

impl<'a> Spot<'a> {
    /// The document itself.
    pub(super) fn root(node: &'a Node, faults: &'a Faults) -> Self {
        Self { node, key_at: node.at, path: String::new(), key: "", faults }
    }

    /// Reports a fault of the value.
    pub(super) fn fault(&self, says: impl Into<String>) {
        self.faults.push(ProjectFault::new(self.node.at, self.path.as_str(), says));
    }

    /// Reports a fault of the key, or of the thing as a whole.
    pub(super) fn fault_at_key(&self, says: impl Into<String>) {
        self.faults.push(ProjectFault::new(self.key_at, self.path.as_str(), says));
    }

    /// A mapping that may have these keys and no others. No value at all counts as an empty mapping.
    pub(super) fn keys(&self, known: &[&str]) -> Option<Keys<'a>> {
        for entry in self.entries()? {
            let key = entry.key;
            if known.contains(&key) {
                continue;
            }
            if key == "<<" {
                entry.fault_at_key(
                    "merge keys are not read here; write the keys out, or repeat a whole value by `*alias`",
                );
                continue;
            }
            entry.fault_at_key(format!("no such key; {}", instead(key, known)));
        }
        Some(Keys { spot: self.clone() })
    }

    /// The entries of a mapping with free keys, each key once. No value at all counts as an empty mapping.
    pub(super) fn entries(&self) -> Option<Vec<Self>> {
        match &self.node.value {
            Value::Null => Some(Vec::new()),
            Value::Map(entries) => {
                let mut spots: Vec<Self> = Vec::with_capacity(entries.len());
                let mut seen = std::collections::HashSet::new();
                for (key, node) in entries {
                    if seen.insert(key.text.as_str()) {
                        let path = join(&self.path, &key.text);
                        spots.push(Self { node, key_at: key.at, path, key: &key.text, faults: self.faults });
                    }
                }
                Some(spots)
            }
            _ => {
                self.fault(format!("must be keys with values (`key: value`), not {}", self.kind()));
                None
            }
        }
    }

    /// The items of a list. No value at all counts as an empty list.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        match &self.node.value {
            Value::Null => Some(Vec::new()),
            Value::List(items) => {
                let spot = |(index, node): (usize, &'a Node)| Self {
                    node,
                    key_at: node.at,
                    path: format!("{}[{index}]", self.path),
                    key: "",
                    faults: self.faults,
                };
                Some(items.iter().enumerate().map(spot).collect())
            }
            _ => {
                self.fault(format!("must be a list (`[one, two]`), not {}", self.kind()));
                None
            }
        }
    }

    /// The value under a key, when this is a mapping that has it.
    pub(super) fn under(&self, key: &str) -> Option<Self> {
        let (name, node) = self.node.entries().iter().find(|(name, _)| name.text == key)?;
        Some(Self {
            node,
            key_at: name.at,
            path: join(&self.path, key),
            key: &name.text,
            faults: self.faults,
        })
    }

    /// The key as a checked name.
    pub(super) fn key_as<T: FromStr<Err: Display>>(&self) -> Option<T> {
        self.key.parse().map_err(|error: T::Err| self.fault_at_key(error.to_string())).ok()
    }

    /// The scalar as written, without any check.
    pub(super) fn scalar(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Text(text) => Some(text),
            Value::Null => {
                self.fault("has no value; give it one, or remove the key");
                None
            }
            _ => {
                self.fault(format!("must be a single value, not {}", self.kind()));
                None
            }
        }
    }

    /// Text of any number of lines: a command, a variable.
    pub(super) fn text(&self) -> Option<String> {
        let text = self.scalar()?;
        if text.len() > TEXT_MAX_BYTES {
            self.fault(format!("is {} bytes long and may be {TEXT_MAX_BYTES}", text.len()));
            return None;
        }
        if text.contains('\0') {
            self.fault("holds a NUL character, which no process can be given; remove it");
            return None;
        }
        Some(text.to_owned())
    }

    /// Text that says something: not blank.
    pub(super) fn said(&self) -> Option<String> {
        let text = self.text()?;
        if text.trim().is_empty() {
            self.fault("is blank; give it a value, or remove it");
            return None;
        }
        Some(text)
    }

    /// Text for people, in one line.
    pub(super) fn line(&self) -> Option<String> {
        let text = self.said()?;
        if text.chars().count() > LINE_MAX || text.chars().any(char::is_control) {
            self.fault(format!("must be one line of at most {LINE_MAX} characters"));
            return None;
        }
        if let Some(unseen) = text.chars().find(|c| is_unseen(*c)) {
            self.fault(format!("has a character nobody sees, {}: type it again", code_point(unseen)));
            return None;
        }
        Some(text)
    }

    /// A value whose type knows how to read itself and says what is wrong.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self) -> Option<T> {
        self.scalar()?.parse().map_err(|error: T::Err| self.fault(error.to_string())).ok()
    }

    /// A whole number within bounds.
    pub(super) fn number(&self, bounds: &RangeInclusive<u32>) -> Option<u32> {
        let text = self.scalar()?;
        let number = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        match number {
            Some(number) if bounds.contains(&number) => Some(number),
            _ => {
                let shown = shown(text);
                self.fault(format!(
                    "must be a whole number from {} to {}, not {shown}",
                    bounds.start(),
                    bounds.end()
                ));
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&self) -> Option<bool> {
        self.one_of(&[("true", true), ("false", false)])
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.scalar()?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let one_of = if known.len() > 1 { "one of " } else { "" };
        self.fault(format!("must be {one_of}{}, not {}", listed(&known), shown(text)));
        None
    }

    fn kind(&self) -> String {
        match &self.node.value {
            Value::Null => "nothing".to_owned(),
            Value::Text(text) => shown(text),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "keys with values".to_owned(),
        }
    }
}

impl<'a> Keys<'a> {
    /// The value under a key, when it is there.
    pub(super) fn get(&self, key: &str) -> Option<Spot<'a>> {
        self.spot.under(key)
    }

    /// The value under a key that must be there.
    pub(super) fn need(&self, key: &str, example: &str) -> Option<Spot<'a>> {
        let found = self.get(key);
        if found.is_none() {
            self.spot.fault_at_key(format!("`{key}` is missing; add `{key}: {example}`"));
        }
        found
    }

    /// A value with a default: what is there and wrong counts as the default, since it has been reported.
    pub(super) fn or<T>(&self, key: &str, default: T, read: impl FnOnce(Spot<'a>) -> Option<T>) -> T {
        self.get(key).and_then(read).unwrap_or(default)
    }

    /// A value that may be absent.
    pub(super) fn maybe<T>(&self, key: &str, read: impl FnOnce(Spot<'a>) -> Option<T>) -> Option<T> {
        self.get(key).and_then(read)
    }

    /// Reports a fault of the mapping as a whole.
    pub(super) fn fault(&self, says: impl Into<String>) {
        self.spot.fault_at_key(says);
    }
}

/// The word a person most likely meant, when one is near enough.
pub(super) fn nearest<'w>(given: &str, known: &[&'w str]) -> Option<&'w str> {
    let given = given.to_lowercase();
    let allowed = (given.chars().count() / 3).max(1);
    known
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&given, &word.to_lowercase()), *word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// What to write after "there is no such thing": the nearest word, or all of them.
pub(crate) fn instead(given: &str, known: &[&str]) -> String {
    // What is there twice is a fault of its own.
    let known: Vec<&str> = known
        .iter()
        .enumerate()
        .filter(|(place, word)| !known[..*place].contains(*word))
        .map(|(_, word)| *word)
        .collect();
    match (nearest(given, &known), known.as_slice()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => "there are none".to_owned(),
        (None, [only]) => format!("there is only `{only}`"),
        (None, _) => format!("there are {}", listed(&known)),
    }
}

/// Words for a sentence: `a`, `b`, `c`.
pub(super) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// What was given, cut to what a line can hold.
pub(super) fn shown(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    let flat: String = text.chars().take(SHOWN_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let cut = if text.chars().nth(SHOWN_MAX).is_some() { "…" } else { "" };
    format!("`{flat}{cut}`")
}
