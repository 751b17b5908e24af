//! Keeps secrets out of everything that is shown or stored: chat messages, logs, receipts, artifacts, the audit record.
//!
//! A [`Redactor`] replaces two kinds of text. **Values it was told of** become `[secret NAME]`, as they are and in the forms
//! they travel in: base64 (also inside a longer encoded text, and broken into lines), hexadecimal, escaped for URLs, JSON, HTML, SQL and shells, each line of a
//! value of several lines, and a key whose end was cut off. **Shapes of secrets nobody told it of** (tokens of providers, JSON web tokens, private keys,
//! passwords in URLs and settings) become `[secret KIND]`. JSON stays JSON.
//!
//! Both are one pass over the text in linear time, whatever the text; text that is redacted already may be redacted again. Text
//! that arrives in lines goes through [`Redactor::lines`], which remembers that it is inside a private key.
//!
//! It is a net and not a wall: what should not be shown should not be fetched. Values are copied into the search automaton
//! and can't be wiped from memory there.

#[cfg(test)]
mod format_tests;
mod forms;
mod patterns;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use secrecy::{ExposeSecret, SecretString};

use forms::{KEY_BEGINNING, forms, keys};
use patterns::{KeyBlock, Patterns};

/// Shortest value, in bytes, that is looked for. Shorter ones turn up by chance in ordinary words and numbers (`abc12`,
/// `5432`), and blotting those out would make logs unreadable and give the value away. Nobody should set such a secret.
pub const KNOWN_BYTES_MIN: usize = 6;

/// Why the automaton that finds secrets can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the search for secrets in text can't be prepared: {why}; set fewer or shorter secrets")]
pub struct RedactError {
    why: String,
}

impl RedactError {
    fn new(why: &impl ToString) -> Self {
        Self { why: why.to_string() }
    }
}

/// Replaces secrets in text. One for the whole program, shared; it learns further values while it is in use.
pub struct Redactor {
    known: RwLock<Arc<Known>>,
    patterns: Patterns,
}

/// The values told so far, and the automaton over all their forms.
struct Known {
    values: Vec<(String, SecretString)>,
    search: AhoCorasick,
    /// What to write for each text found, by the automaton's number for it; none to leave it.
    replacements: Vec<Option<Replacement>>,
}

struct Replacement {
    marker: String,
    /// What a key goes on with after the beginning that was found: as much of it as is there goes, too.
    rest: String,
}

impl Redactor {
    /// Knows the shapes, and no values yet.
    pub fn new() -> Result<Self, RedactError> {
        Ok(Self { known: RwLock::new(Arc::new(Known::of(Vec::new())?)), patterns: Patterns::new()? })
    }

    /// From now on replaces these values too. Values told before stay known: what was replaced by a rotation may still be
    /// in logs. Values shorter than [`KNOWN_BYTES_MIN`] are not looked for.
    pub fn learn(&self, more: impl IntoIterator<Item = (String, SecretString)>) -> Result<(), RedactError> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut values = known.values.clone();
        for (name, value) in more {
            let told = |(_, old): &(String, SecretString)| old.expose_secret() == value.expose_secret();
            if !values.iter().any(told) {
                values.push((name, value));
            }
        }
        if values.len() > known.values.len() {
            *known = Arc::new(Known::of(values)?);
        }
        Ok(())
    }

    /// The text without its secrets; borrowed when there was nothing to replace.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.known();
        match known.replace(text) {
            Cow::Borrowed(text) => self.patterns.replace(text),
            Cow::Owned(text) => match self.patterns.replace(&text) {
                Cow::Borrowed(_) => Cow::Owned(text),
                Cow::Owned(text) => Cow::Owned(text),
            },
        }
    }

    /// Whether a text holds a known value, in any of the forms it travels in. Shapes of secrets nobody told it of don't count:
    /// one is only like them.
    pub fn holds(&self, text: &str) -> bool {
        let known = self.known();
        known.search.find_iter(text).any(|found| known.replacements[found.pattern().as_usize()].is_some())
    }

    /// For text that arrives line by line.
    pub fn lines(&self) -> LineRedactor<'_> {
        LineRedactor { redactor: self, block: KeyBlock::default() }
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("values", &self.known().values.len()).finish_non_exhaustive()
    }
}

/// Redacts one stream of lines, in order. Make one for each stream: it remembers whether it is inside a private key.
#[derive(Debug)]
pub struct LineRedactor<'r> {
    redactor: &'r Redactor,
    block: KeyBlock,
}

impl LineRedactor<'_> {
    /// The next line without its secrets; lines of a private key are replaced one for one.
    pub fn redact<'t>(&mut self, line: &'t str) -> Cow<'t, str> {
        if self.block.holds(line) { Cow::Borrowed(patterns::KEY_BLOCK) } else { self.redactor.redact(line) }
    }
}

impl Known {
    fn of(values: Vec<(String, SecretString)>) -> Result<Self, RedactError> {
        let (mut searched, mut replacements) = (Vec::new(), Vec::new());
        for (name, value) in &values {
            let value = value.expose_secret();
            let whole = forms(value).into_iter().map(|form| (form, String::new()));
            let cut = keys(value).map(|key| {
                let (beginning, rest) = key.split_at(KEY_BEGINNING);
                (beginning.to_owned(), rest.to_owned())
            });
            for (form, rest) in whole.chain(cut) {
                searched.push(form);
                replacements.push(Some(Replacement { marker: patterns::marker(name), rest }));
            }
        }
        // What we wrote ourselves is found and left alone, or a value such as `password` would be replaced again within it.
        for own in values
            .iter()
            .map(|(name, _)| patterns::marker(name))
            .chain(patterns::kinds().map(patterns::marker))
        {
            searched.push(own);
            replacements.push(None);
        }
        // Longest first, so that a value which begins with another is replaced whole.
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&searched)
            .map_err(|error| RedactError::new(&error))?;
        Ok(Self { values, search, replacements })
    }

    fn replace<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let (mut out, mut copied) = (String::new(), 0);
        for found in self.search.find_iter(text) {
            let Some(replacement) = &self.replacements[found.pattern().as_usize()] else { continue };
            // It may begin within what a cut key took along.
            let before = text.get(copied..found.start()).unwrap_or_default();
            let (kept, halved) = unescaped(before, &text[found.range()]);
            out.push_str(kept);
            out.push_str(halved);
            out.push_str(&replacement.marker);
            copied = copied.max(found.end() + alike(&text[found.end()..], &replacement.rest));
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[copied..]);
        Cow::Owned(out)
    }
}

/// What is kept of the text before a value that was found, and of the value itself: an escape (RFC 8259, section 7) is kept or taken
/// whole, since half of one would spoil the JSON around it.
fn unescaped<'t>(before: &'t str, found: &'t str) -> (&'t str, &'t str) {
    let escapes = before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    match found.as_bytes().first() {
        // What looks like the beginning of `\/` is the end of `\\`.
        Some(b'\\') if escapes => (before, &found[..1]),
        // "nightfall" within a new line and "ightfall".
        Some(b'"' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u') if escapes => {
            (&before[..before.len() - 1], "")
        }
        _ => (before, ""),
    }
}

/// How many bytes two texts have in common at their beginning.
fn alike(text: &str, other: &str) -> usize {
    text.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}
