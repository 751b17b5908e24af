//! The value of a variable, as somebody wrote it: what its signs mean elsewhere, they don't mean here.

use crate::intent::hollow;
use crate::intent::lexicon::Class;
use crate::intent::markup::{MENTION, TICK};
use crate::intent::problem::Problem;
use crate::intent::sentence::remark::BECAUSE;
use crate::intent::words::{Kind, Token};

/// A value, and where it ends.
pub(super) struct Value {
    pub(super) written: String,
    /// One past the last of its tokens.
    pub(super) to: usize,
    /// Why it may be another.
    pub(super) doubt: Option<Problem>,
}

impl Value {
    /// The value before which or with which this token stands; the name stands at `name`. It runs to its closing quotation mark, or
    /// to the next blank.
    pub(super) fn at(tokens: &[Token<'_>], at: usize, first: &Token<'_>, name: usize, text: &str) -> Self {
        if let Some(value) = Self::quoted(tokens, at, first, text) {
            return value;
        }
        let sign = at.checked_sub(1).map_or(0, |before| tokens[before].end());
        // "*", "~/data", "--dry-run": signs that make no token, or are no part of one.
        let skipped = text.get(sign..first.at).map_or("", |between| {
            between.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | TICK))
        });
        let start = first.at - skipped.len();
        let rest = &text[start..];
        let blank = rest
            .find(|c: char| c.is_whitespace() || c == TICK || c == '"' && first.quote > 0)
            .unwrap_or(rest.len());
        let written = rest[..blank].trim_end_matches([',', ';', '!', '?', '.']);
        let written = unbracketed(written, text.get(..tokens[name].at).unwrap_or_default());
        let end = start + written.len();
        let to = tokens.iter().position(|token| token.at >= end).unwrap_or(tokens.len());
        let to = if skipped.is_empty() { to.max(at + 1) } else { to.max(at) };
        let doubt = doubt(tokens, at..to, name, text, start..end);
        Self { written: written.to_owned(), to, doubt }
    }

    /// The value in quotation marks or ticks that begins behind the sign.
    fn quoted(tokens: &[Token<'_>], at: usize, first: &Token<'_>, text: &str) -> Option<Self> {
        let sign = at.checked_sub(1).map_or(0, |before| tokens[before].end());
        let between = text.get(sign..first.at)?;
        // "'*'": signs alone, which make no token.
        let begins = between.trim_start();
        if let Some(mark) = begins.chars().next().filter(|c| matches!(*c, '"' | '\'' | TICK))
            && let Some((inside, _)) = begins[1..].split_once(mark)
        {
            return Some(Self { written: inside.to_owned(), to: at, doubt: None });
        }
        // The mark may open the value, or the whole order.
        let open = between.find(['"', '\'']);
        if first.quote > 0
            && let Some(open) = open
        {
            let start = sign + open + 1;
            let len = tokens[at..].iter().take_while(|token| token.quote == first.quote).count();
            let last = tokens[at + len - 1].end();
            let end = text[last..].find(&text[start - 1..start]).map_or(last, |close| last + close);
            let written = text.get(start..end).unwrap_or(first.raw).to_owned();
            return Some(Self { written, to: at + len, doubt: None });
        }
        let ticked = between.find(TICK)?;
        let start = sign + ticked + TICK.len_utf8();
        let close = text[start..].find(TICK)?;
        let end = start + close;
        let to = tokens.iter().position(|token| token.at >= end).unwrap_or(tokens.len()).max(at + 1);
        Some(Self { written: text[start..end].to_owned(), to, doubt: None })
    }
}

/// "(LOG_LEVEL=debug)": the value without the bracket that was opened before its name.
fn unbracketed<'t>(written: &'t str, before: &str) -> &'t str {
    match written.strip_suffix(')') {
        Some(inside) if before.ends_with('(') && !inside.contains('(') => {
            inside.trim_end_matches([',', ';', '.'])
        }
        _ => written,
    }
}

/// Whether what stands behind a sign is signs alone, which are a value.
pub(super) fn is_marks(rest: &str) -> bool {
    matches!(rest, "*" | "**" | "~" | "-" | "_" | "/" | "." | "~/")
}

/// Why a value that stands without quotation marks, in these bytes and tokens, may be another than it reads like.
fn doubt(
    tokens: &[Token<'_>],
    own: std::ops::Range<usize>,
    name: usize,
    text: &str,
    bytes: std::ops::Range<usize>,
) -> Option<Problem> {
    let written = text.get(bytes.clone())?;
    if hollow::is_placeholder(written) {
        return Some(hollow::unfilled(written));
    }
    // "set A==B", "set *A=b*"
    let doubled = own.start > 1
        && [own.start - 1, own.start - 2].iter().all(|at| tokens[*at].kind == Kind::Equals)
        && tokens[own.start - 1].glued;
    let before = text[..tokens[name].at].chars().next_back().filter(|c| matches!(c, '*' | '_' | '~'));
    let framed = before.is_some_and(|mark| written.ends_with(mark))
        || ['*', '_', '~'].iter().any(|mark| {
            written.len() > 1
                && written.starts_with(*mark)
                && written.ends_with(*mark)
                && !written.trim_matches(*mark).is_empty()
        });
    let rest = &text[bytes.end..];
    // "hunter2!": the sign may be part of it.
    let loud = rest.starts_with(['!', '?']);
    let torn = written.contains(';');
    // "*/5 * * * *"
    let signs = rest.trim_end_matches(|c| c != '*').len();
    let signs = if rest[..signs].chars().all(|c| matches!(c, ' ' | '*')) { signs } else { 0 };
    let every_mark = ['"', '\'', TICK].iter().all(|mark| written.contains(*mark));
    let next = tokens.get(own.end);
    // A word nobody knows is asked about like any other, and one before "=" is the next variable.
    let assigns = tokens.get(own.end + 1).is_some_and(|sign| sign.kind == Kind::Equals);
    let more = next.is_some_and(|next| next.class.known() && is_part(next)) && !assigns;
    let article = own.len() == 1
        && tokens[own.start].any(&["the", "a", "an", "our", "my", "your"])
        && next.is_some_and(|next| next.is_word() && !next.is(Class::PREPOSITION));
    // "set A as secret": what it is, or how it is kept?
    let kind = tokens[own.start - 1].any(&["as"])
        && tokens.get(own.start).is_some_and(|token| {
            token.any(&[
                "secret",
                "sensitive",
                "private",
                "hidden",
                "encrypted",
                "variable",
                "string",
                "number",
            ])
        });
    if !(doubled || framed || loud || torn || every_mark || signs > 0 || article || kind || more) {
        return None;
    }
    let start = bytes.start - usize::from(doubled);
    let words = if torn { 0 } else { tokens[own.end..].iter().take_while(|token| is_part(token)).count() };
    let end = match words {
        0 if signs > 0 => bytes.end + signs,
        0 => bytes.end + rest.chars().take_while(|c| matches!(c, '!' | '?')).count(),
        words => tokens[own.end + words - 1].end(),
    };
    let whole = &text[start..end];
    let certain = !torn && !article && before.is_none();
    let mark = ['"', '\'']
        .into_iter()
        .find(|mark| !whole.contains(*mark) && certain && !whole.contains([TICK, '\n']));
    let plain = framed.then(|| whole.trim_matches(['*', '_', '~']).to_owned());
    let quoted = mark.map(|mark| format!("{mark}{whole}{mark}"));
    let problem = Problem::ambiguous(
        "I am not sure how much of that is the value, so I did nothing. Put the value in quotation marks.",
    );
    Some(problem.instead(start..end, plain.into_iter().chain(quoted)))
}

/// Whether a word right behind a value may be more of it: nothing that says where it is to be set, and no courtesy.
fn is_part(token: &Token<'_>) -> bool {
    token.is_word()
        && !token.glued
        && token.name.is_none()
        && token.quote == 0
        && !token.is(Class::PREPOSITION
            .and(Class::JOINS)
            .and(Class::ALL)
            .and(Class::TIME)
            .and(Class::NEGATION)
            .and(Class::COURTEOUS))
        && !token.is_courtesy()
        && !token.any(&["and", "then", "both", "now", "please", "again", "too", "also"])
        && !token.any(BECAUSE)
}

/// A value of more signs that stand by themselves is as many words, and no order of so many is read.
const MOST_SIGNS: usize = 64;

/// A value with the signs somebody typed in the place of our own.
pub(super) fn as_typed(value: String) -> Result<String, Problem> {
    let behind = |at: usize| value[at + 1..].starts_with(char::is_alphanumeric);
    let signs = value.match_indices(|c: char| c.is_ascii_punctuation()).filter(|(at, sign)| match *sign {
        "_" | "/" | "%" | "#" | "@" | "$" | "*" | "'" | "`" | "~" | "^" | "\\" => false,
        "." | "!" | "-" => !behind(*at),
        _ => true,
    });
    if signs.count() > MOST_SIGNS {
        return Err(Problem::bad_value(format!(
            "The value holds more than {MOST_SIGNS} signs, which I don't read in a sentence, so I did nothing."
        )));
    }
    if !value.is_empty() && value.chars().all(|c| matches!(c, '"' | '\'' | TICK)) {
        return Err(Problem::ambiguous(
            "The value is quotation marks alone, so I did nothing: I can't tell which of them are meant.",
        ));
    }
    if value.contains(MENTION) {
        return Err(Problem::bad_value(
            "The value holds a mention, and what stands behind one here is no text to be set, so I did nothing. Write it \
             without the mention.",
        ));
    }
    Ok(if value.contains(TICK) { value.replace(TICK, "`") } else { value })
}
