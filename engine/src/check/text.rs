//! `${variable.NAME}` and `${kept.NAME}` in what a check sends.

/// A stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'t> {
    /// To be taken as it is.
    Text(&'t str),
    /// A variable of the service.
    Variable(&'t str),
    /// What an earlier step kept.
    Kept(&'t str),
}

/// Takes a text apart; what stands in braces and means nothing is given back. A `$` without a brace is plain text.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, &str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        let (inside, after) = from["${".len()..].split_once('}').ok_or(from)?;
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(match inside.split_once('.') {
            Some(("variable", name)) if !name.is_empty() => Piece::Variable(name),
            Some(("kept", name)) if !name.is_empty() => Piece::Kept(name),
            _ => return Err(&from[..from.len() - after.len()]),
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}
