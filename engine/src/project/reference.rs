//! `${service.api.url}` and `${component.postgres.url}` inside variables: what the platform fills in.

use crate::model::{ComponentName, ServiceName};

/// Whose address is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// The address at which a service of the same environment is reached.
    Service(ServiceName),
    /// The connection string of a component of the same environment.
    Component(ComponentName),
}

/// A stretch of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text to be taken as it is.
    Text(&'t str),
    /// An address to be filled in.
    Url(Reference),
}

/// A `${…}` that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is nothing the platform fills in; there are `${{service.NAME.url}}` and `${{component.NAME.url}}`"
)]
pub struct ReferenceError {
    /// What was written, cut to a readable length.
    pub given: String,
}

/// Takes a variable's text apart. A `$` without a brace is plain text.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, ReferenceError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        let (inside, after) = from["${".len()..].split_once('}').ok_or_else(|| unknown(from))?;
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces
            .push(Piece::Url(reference(inside).ok_or_else(|| unknown(&from[..inside.len() + "${}".len()]))?));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

fn reference(inside: &str) -> Option<Reference> {
    let mut words = inside.split('.');
    let (kind, name, what) = (words.next()?, words.next()?, words.next()?);
    match (kind, what, words.next()) {
        ("service", "url", None) => Some(Reference::Service(name.parse().ok()?)),
        ("component", "url", None) => Some(Reference::Component(name.parse().ok()?)),
        _ => None,
    }
}

fn unknown(given: &str) -> ReferenceError {
    const SHOWN_MAX: usize = 60;
    ReferenceError { given: given.chars().take(SHOWN_MAX).collect() }
}
