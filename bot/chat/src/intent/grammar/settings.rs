//! Orders about configuration: variables, and the reason a lock carries. Secrets have a file of their own.

mod secrets;
mod value;

use super::foreign::not_ours;
use super::{Draft, generic};
use crate::intent::lexicon::Class;
use crate::intent::markup::TICK;
use crate::intent::names::NameKind;
use crate::intent::problem::Problem;
use crate::intent::scan::Scope;
use crate::intent::sentence::remark::BECAUSE;
use crate::intent::sentence::report;
use crate::intent::words::{Kind, Token, classes, reach};
pub(in crate::intent) use secrets::is_secretive;
pub(super) use secrets::secrets;
use value::{Value, as_typed};

/// One `NAME=value`, and which tokens it took.
pub(in crate::intent) struct Assignment {
    pub(in crate::intent) name: Option<String>,
    pub(in crate::intent) value: Option<String>,
    /// Why the value may be another than it reads like.
    doubt: Option<Problem>,
    /// The tokens that belong to it.
    pub(in crate::intent) from: usize,
    /// One past the last of them.
    pub(in crate::intent) to: usize,
    /// Tokens between name and value that belong to neither.
    pub(in crate::intent) inside: std::ops::Range<usize>,
}

impl Assignment {
    /// One of these tokens, without a doubt.
    const fn plain(name: Option<String>, value: Option<String>, tokens: std::ops::Range<usize>) -> Self {
        Self { name, value, doubt: None, from: tokens.start, to: tokens.end, inside: 0..0 }
    }
}

fn is_identifier(word: &str) -> bool {
    word.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether a word is written like a variable: `LOG_LEVEL`, `log_level`, `PORT`.
fn looks_like_variable(word: &str) -> bool {
    is_identifier(word)
        && (word.contains('_') || (word.len() > 1 && !word.bytes().any(|byte| byte.is_ascii_lowercase())))
}

/// "A", "X": a variable of one letter, where a value follows it.
fn is_letter(word: &str) -> bool {
    word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// "ENV", "NODE_ENV", "APP_ENVIRONMENT": what such a variable is set to is the name of an environment.
fn holds_place(variable: &str) -> bool {
    variable.rsplit('_').next().is_some_and(|last| matches!(last, "env" | "environment"))
}

/// The next assignment among these tokens: `NAME=value`, `NAME to value`, `variable name to "a value"`.
pub(in crate::intent) fn assignment(tokens: &[Token<'_>], text: &str) -> Option<Assignment> {
    let keyword = |token: &Token<'_>| {
        token.any(&[
            "variable",
            "var",
            "env-var",
            "envvar",
            "variables",
            "setting",
            "config",
            "called",
            "named",
        ])
    };
    let mut found = None;
    for (place, token) in tokens.iter().enumerate().filter(|(_, token)| token.is_word()) {
        let assigned = tokens.get(place + 1).is_some_and(|next| next.kind == Kind::Equals);
        let announced = place > 0
            && keyword(&tokens[place - 1])
            && is_identifier(token.raw)
            && !keyword(token)
            && !token.is(Class::PREPOSITION);
        // "SET VARIABLE LOG_LEVEL TO …": all of it is in capitals.
        let called = keyword(token)
            && tokens.get(place + 1).is_some_and(|next| next.is_word() && !next.any(&["to", "as", "is"]));
        if (assigned && is_identifier(token.raw))
            || (looks_like_variable(token.raw) && token.name.is_none() && !token.is(Class::TURNS) && !called)
            || is_letter(token.raw)
                && tokens
                    .get(place + 1)
                    .is_some_and(|next| next.any(&["to", "as", "back"]) || next.kind == Kind::Colon)
            || (announced && !token.is(Class::NEGATION))
        {
            found = Some(place);
            break;
        }
    }
    let place = found.or_else(|| plain_words(tokens))?;
    let name = Some(tokens[place].raw.to_owned());
    let mut at = place + 1;
    let mut announced = false;
    while let Some(token) = tokens.get(at) {
        let sign = matches!(token.kind, Kind::Equals | Kind::Colon | Kind::Arrow);
        let to = token.any(&["to", "as", "variable", "var", "is"]) && !announced;
        // What is quoted is the value, whatever it begins with.
        let between = text.get(tokens[at - 1].end()..token.at).unwrap_or_default();
        let quoted = announced && between.contains(['"', '\'', TICK]);
        if !(sign || to) || quoted {
            break;
        }
        announced |= sign || token.any(&["to", "as", "is"]);
        at += 1;
    }
    // "set A= in staging": the value was forgotten.
    let forgotten = |token: &Token<'_>| {
        token.is(Class::PREPOSITION)
            && !token.glued
            && token.quote == 0
            && tokens[at - 1].kind == Kind::Equals
            && text.get(tokens[at - 1].end()..token.at).is_some_and(|between| {
                // "\"OR=\" in staging": the mark ends what the name stands in.
                let ended = tokens[place].quote > 0 && !between.contains("\"\"") && !between.contains("''");
                between.trim_start_matches(|c| ended && matches!(c, '"' | '\'')).trim().is_empty()
            })
            && tokens.get(at + 1).is_some_and(|next| {
                next.name.is_some_and(|hit| matches!(hit.kind, NameKind::Environment | NameKind::Service))
            })
    };
    let begins = tokens.get(at).filter(|token| announced && !forgotten(token));
    let placed_name = begins.is_some_and(|token| token.name.is_some())
        && tokens.get(at - 1).is_some_and(|token| token.any(&["to"]))
        && !holds_place(tokens[place].low)
        && !tokens[at..].iter().any(|token| token.any(&["in", "on", "for"]))
        && !tokens[..place]
            .iter()
            .any(|token| token.name.is_some_and(|hit| hit.kind == NameKind::Environment));
    // "set FOO for api in staging to 5": the value comes behind the place.
    if !announced && let Some(last) = behind_place(tokens, at) {
        let Value { written, to, doubt } = Value::at(tokens, last + 1, &tokens[last + 1], place, text);
        return Some(Assignment { name, value: Some(written), doubt, from: place, to, inside: at..last });
    }
    let Some(first) = begins.filter(|_| !placed_name) else {
        // NAME="" and NAME=* at the end of the text leave no token behind the sign.
        let sign = tokens[at - 1].end();
        let line = || text.get(sign..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let marks = || line().trim_matches([' ', '"', '\'', TICK]);
        if announced && at == tokens.len() && value::is_marks(marks()) {
            let value = Some(marks().to_owned());
            return Some(Assignment::plain(name, value, place..at));
        }
        let empty = announced && text.get(sign..).is_some_and(|rest| is_nothing(rest.trim()));
        if empty && at == tokens.len() {
            return Some(Assignment::plain(name, Some(String::new()), place..at));
        }
        let to = if announced && !placed_name { at } else { place + 1 };
        return Some(Assignment::plain(name, None, place..to));
    };
    // NAME="" sets nothing at all, which leaves no token between the marks.
    let sign = tokens[at - 1].end();
    if text.get(sign..first.at).is_some_and(|between| between.contains("\"\"") || between.contains("''")) {
        return Some(Assignment::plain(name, Some(String::new()), place..at));
    }
    let Value { written, to, doubt } = Value::at(tokens, at, first, place, text);
    Some(Assignment { name, value: Some(written), doubt, from: place, to, inside: 0..0 })
}

/// "for api in staging to debug": where "to" or a sign stands behind nothing but the place and the service.
fn behind_place(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let said = |token: &Token<'_>| {
        token.name.is_some()
            || token.is(Class::PREPOSITION.and(Class::FILLER))
            || token.kind == Kind::Comma
            || token.any(&["and", "back", "environment", "env", "service"])
    };
    let last = reach(&tokens[at..])
        .iter()
        .position(|token| token.any(&["to"]) && !token.any(&["into"]) || token.kind == Kind::Equals)?;
    let last = at + last;
    let value = tokens.get(last + 1)?;
    (value.is_word() && value.name.is_none() && tokens[at..last].iter().all(said)).then_some(last)
}

/// Two quotation marks with nothing between them, also where the order ends in quotation: `'NAME=""'`.
fn is_nothing(rest: &str) -> bool {
    matches!(rest, "\"\"" | "''" | "\"\"'" | "''\"")
}

/// "set timeout to 30 in staging": a name in lower case, when a value follows it.
fn plain_words(tokens: &[Token<'_>]) -> Option<usize> {
    let place = tokens.iter().position(|token| !token.any(&["the", "our", "a"]) || is_letter(token.raw))?;
    let token = &tokens[place];
    let assigned = tokens.get(place + 1).is_some_and(|next| next.any(&["to"]));
    let value = tokens.get(place + 2).is_some_and(|next| next.is_word() && next.name.is_none());
    let plain =
        token.is_word() && is_identifier(token.raw) && token.name.is_none() && !token.is(Class::TURNS);
    (plain && assigned && value && tokens[place + 3..].iter().any(|token| token.name.is_some()))
        .then_some(place)
}

/// What follows ":", "reason" or "because", and where it begins.
pub(in crate::intent) fn reason(tokens: &[Token<'_>], text: &str) -> Option<(String, usize)> {
    let place = tokens
        .iter()
        .position(|token| token.kind == Kind::Colon || token.any(&["reason"]) || token.any(BECAUSE))?;
    let mut begin = place + 1;
    // "because of X"
    let of = tokens[place].any(BECAUSE) && tokens.get(begin).is_some_and(|of| of.any(&["of"]));
    begin += usize::from(of);
    while tokens.get(begin).is_some_and(|token| {
        // What is quoted is all of it the reason.
        let quoted = token.quote > 0 && token.quote != tokens[place].quote;
        matches!(token.kind, Kind::Colon | Kind::Equals | Kind::Dash) && !quoted
            || (begin == place + 1 && tokens[place].any(&["reason"]) && token.any(&["is"]))
    }) {
        begin += 1;
    }
    let first = tokens.get(begin)?;
    let last = tokens.last()?;
    // "--dry-run" in quotation marks keeps its signs.
    let whole = first.quote > 0 && first.quote != tokens[place].quote;
    let from = if whole { tokens[begin - 1].end() } else { first.at };
    let written = text.get(from..last.end())?;
    let frames = |c: char| c.is_whitespace() || matches!(c, '.' | '!' | '?' | '_' | '*' | '~');
    let reason: String = written.chars().filter(|c| !matches!(c, '"' | '\u{1}' | '\u{2}')).collect();
    let reason = reason.trim_matches(frames).to_owned();
    (!reason.is_empty()).then_some((reason, place))
}

/// "set A=1 and B=2 in staging": a command for each.
pub(super) fn assignments(scope: Scope<'_, '_>) -> Result<Vec<Draft>, Problem> {
    let mut found = Vec::new();
    let mut others: Vec<Token<'_>> = Vec::new();
    let mut rest = scope.tokens;
    // Where in the others those behind an assignment end.
    let mut parted = Vec::new();
    while let Some(assignment) = assignment(rest, scope.text) {
        others.extend_from_slice(&rest[..assignment.from]);
        if !found.is_empty() {
            parted.push(others.len());
        }
        others.extend_from_slice(&rest[assignment.inside.clone()]);
        rest = &rest[assignment.to.min(rest.len())..];
        if let Some(doubt) = assignment.doubt {
            return Err(doubt);
        }
        let apart = found.is_empty() || assignment.value.is_some();
        if apart {
            let value = assignment.value.map(as_typed).transpose()?;
            found.push((assignment.name, value));
        }
    }
    others.extend_from_slice(rest);
    let about = others.iter().any(|token| {
        token.name.is_some()
            || token.any(&["variable", "variables", "var", "vars", "env", "config", "setting"])
    });
    if found.is_empty() && !about && others.iter().any(Token::is_word) {
        return Err(not_ours(scope.action, scope.vocabulary));
    }
    if let Some(reason) = reason_within(&others) {
        // "set A=1 on staging because x=2 is slow": told as well, or a second one to set?
        if parted.iter().any(|begins| *begins > reason) {
            return Err(Problem::ambiguous(
                "I read a value behind `because`, and not whether it is to be set as well, so I did nothing. Say the reason last.",
            ));
        }
        others.truncate(reason);
    }
    if found.iter().any(|(_, value)| value.is_some()) {
        told(&others)?;
    }
    // "set x to production in staging": one of the two is the value.
    if found.iter().all(|(_, value)| value.is_none()) && apart_places(&others) {
        return Err(Problem::ambiguous(
            "I could not tell which of the environments is the value and where it is to be set. Write it like NAME=value.",
        )
        .suggest(scope.vocabulary.examples(scope.action)));
    }
    let named_only =
        others.iter().all(|token| !token.is_word() || token.class.known() || token.name.is_some());
    if found.is_empty() && !named_only {
        return Err(Problem::ambiguous(
            "I could not tell which variable is to be set. Write it like NAME=value.",
        )
        .suggest(scope.vocabulary.examples(scope.action)));
    }
    if found.len() == parted.len() + 1 && found.len() > 1 && placed_apart(&others, &parted) {
        return each_where_said(scope, found, &others, &parted);
    }
    let drafts = generic(Scope { tokens: &unjoined(&others), ..scope })?;
    if found.is_empty() {
        found.push((None, None));
    }
    Ok(found
        .into_iter()
        .flat_map(|(name, value)| {
            drafts.iter().cloned().map(move |mut draft| {
                draft.command.name.clone_from(&name);
                draft.command.value.clone_from(&value);
                draft
            })
        })
        .collect())
}

/// "because the api is slow", "so the api works": where what is told of why begins.
fn reason_within(others: &[Token<'_>]) -> Option<usize> {
    if !classes(others).is(Class::COMMENTS) {
        return None;
    }
    (1..others.len()).find(|at| {
        let begins = others.get(at + 1).is_some_and(|next| {
            next.is(Class::SUBJECT) || next.any(&["it", "the", "that", "this", "our", "my"])
        });
        others[*at].quote == 0
            && (others[*at].any(BECAUSE) || others[*at].any(&["so", "since", "as"]) && begins)
    })
}

/// "set A=1 on staging failed", "… has been done", "… maybe": told of an order, or not meant yet.
fn told(others: &[Token<'_>]) -> Result<(), Problem> {
    let tells = |token: &&Token<'_>| {
        token.is_word()
            && token.quote == 0
            && token.name.is_none()
            && (token.is(Class::TELLS) || report::participle(token))
            && !token.any(&["named", "called"])
    };
    match others.iter().find(tells) {
        Some(token) => Err(Problem::not_a_command(format!(
            "I read `{}` as told of what is set, and not as an order to set it, so I did nothing.",
            token.raw
        ))),
        None => Ok(()),
    }
}

/// The words without what joins them.
fn unjoined<'t>(tokens: &[Token<'t>]) -> Vec<Token<'t>> {
    let joins = |token: &&Token<'_>| matches!(token.kind, Kind::Comma) || token.any(&["and"]);
    tokens.iter().filter(|token| !joins(token)).copied().collect()
}

/// The stretches of these words that end at these places, and the rest.
fn stretches<'a, 't>(
    others: &'a [Token<'t>],
    parted: &'a [usize],
) -> impl Iterator<Item = &'a [Token<'t>]> + Clone {
    let ends = parted.iter().copied().chain([others.len()]);
    let begins = [0].into_iter().chain(parted.iter().copied());
    begins.zip(ends).map(|(begin, end)| &others[begin..end])
}

/// "A=1 in staging and B=2 in production": more than one of the assignments says where, or of which service.
fn placed_apart(others: &[Token<'_>], parted: &[usize]) -> bool {
    [NameKind::Environment, NameKind::Service].into_iter().any(|kind| {
        let names =
            |part: &&[Token<'_>]| part.iter().any(|token| token.name.is_some_and(|hit| hit.kind == kind));
        stretches(others, parted).filter(names).count() > 1
    })
}

/// A command for each assignment, with what was said beside it; where it is to be set may be said of the one behind or before.
fn each_where_said(
    scope: Scope<'_, '_>,
    found: Vec<(Option<String>, Option<String>)>,
    others: &[Token<'_>],
    parted: &[usize],
) -> Result<Vec<Draft>, Problem> {
    let mut drafts: Vec<Draft> = Vec::new();
    for ((name, value), part) in found.into_iter().zip(stretches(others, parted)) {
        let mut read = generic(Scope { tokens: &unjoined(part), ..scope })?;
        for draft in &mut read {
            draft.command.name.clone_from(&name);
            draft.command.value.clone_from(&value);
        }
        drafts.extend(read);
    }
    let mut place: Vec<String> = Vec::new();
    for draft in drafts.iter_mut().rev() {
        if draft.command.environments.is_empty() {
            draft.command.environments.clone_from(&place);
        } else {
            place.clone_from(&draft.command.environments);
        }
    }
    Ok(drafts)
}

/// Two environments with nothing that joins them.
fn apart_places(tokens: &[Token<'_>]) -> bool {
    let place = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Environment);
    let mut places = (0..tokens.len()).filter(|at| place(&tokens[*at]));
    let (Some(first), Some(second)) = (places.next(), places.next()) else { return false };
    let joins = |token: &Token<'_>| token.any(&["and"]) || matches!(token.kind, Kind::Comma | Kind::Plus);
    !tokens[first..second].iter().any(joins)
}
