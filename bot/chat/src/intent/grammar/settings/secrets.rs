//! Secrets to be rotated: what they are called, and where each is to go.

use super::looks_like_variable;
use crate::intent::grammar::foreign::not_ours;
use crate::intent::grammar::{Draft, generic};
use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::problem::Problem;
use crate::intent::scan::Scope;
use crate::intent::sentence::remark::BECAUSE;
use crate::intent::words::Token;

/// What a secret is called: `STRIPE_SECRET_KEY`, or "stripe key" in words.
pub(in crate::intent) fn secret(tokens: &[Token<'_>]) -> Vec<String> {
    let little = |token: &Token<'_>| {
        token.is(Class::TURNS.and(Class::PREPOSITION).and(Class::TELLS)) || token.any(BECAUSE)
    };
    // "on production NOW", "in PROD!": a shout where no name may stand.
    let shouted = |at: usize| {
        let token = &tokens[at];
        !token.raw.contains('_')
            && (token.name.is_some() || !at.checked_sub(1).is_none_or(|before| leads_in(&tokens[before])))
    };
    let mut names: Vec<String> = tokens
        .iter()
        .enumerate()
        .filter(|(at, token)| {
            token.is_word() && looks_like_variable(token.raw) && !little(token) && !shouted(*at)
        })
        .map(|(_, token)| token.raw.to_owned())
        .collect();
    if !names.is_empty() {
        names.dedup();
        return names;
    }
    let mut words = Vec::new();
    // The name is quoted or not: what goes on in quotation is about something else.
    let begins = |token: &&Token<'_>| token.is_word() && !token.is(Class::FILLER);
    let quote = tokens.iter().find(begins).map_or(0, |token| token.quote);
    let named = |token: &&Token<'_>| {
        !token.is(Class::PREPOSITION) && token.is_word() && (token.quote == quote || token.is(Class::FILLER))
    };
    for token in tokens.iter().take_while(named) {
        if token.any(&[
            "the", "our", "my", "a", "secret", "secrets", "please", "now", "called", "named", "all",
            "rotate", "renew",
        ]) {
            continue;
        }
        if token.is(Class::TURNS.and(Class::COMMENTS))
            || token.name.is_some_and(|hit| hit.kind == NameKind::Environment)
        {
            break;
        }
        words.push(token.raw.trim_end_matches('-'));
    }
    let generic = words
        .iter()
        .all(|word| matches!(*word, "key" | "keys" | "credentials" | "it" | "them" | "tokens" | "passwords"));
    if !generic {
        names.push(words.join(" "));
    }
    names
}

/// Behind these a secret may be named.
fn leads_in(before: &Token<'_>) -> bool {
    !before.is_word()
        || before.is(Class::OPENER)
        || before
            .any(&["the", "our", "my", "secret", "secrets", "key", "keys", "named", "called", "both", "all"])
}

/// Whether a word says by itself that a secret is meant.
pub(in crate::intent) fn is_secretive(word: &str) -> bool {
    const NOUNS: &[&str] = &[
        "secrets",
        "keys",
        "passwords",
        "token",
        "tokens",
        "credential",
        "credentials",
        "cert",
        "certificate",
        "certificates",
    ];
    let low = word.to_ascii_lowercase();
    NOUNS.contains(&low.as_str())
        || ["key", "password", "secret"].iter().any(|end| low.ends_with(end))
        || low.contains('_')
        || (word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()))
}

/// A secret called by more words than this is something told.
const MOST_SECRET_WORDS: usize = 4;

/// "rotate the stripe key and the sendgrid key": a command for each.
pub(in crate::intent::grammar) fn secrets(scope: Scope<'_, '_>) -> Result<Vec<Draft>, Problem> {
    let names = secret(scope.tokens);
    if names.iter().any(|name| name.split(' ').count() > MOST_SECRET_WORDS) {
        return Err(Problem::ambiguous(
            "I could not tell which secret is meant. Write its name, like `rotate STRIPE_SECRET_KEY`.",
        )
        .suggest(scope.vocabulary.examples(scope.action)));
    }
    if names.len() > 1
        && let Some(drafts) = secrets_apart(scope, &names)?
    {
        return Ok(drafts);
    }
    let is_name =
        |token: &&Token<'_>| !names.iter().any(|name| name.split(' ').any(|word| word == token.raw));
    let tokens: Vec<Token<'_>> = scope.tokens.iter().filter(is_name).copied().collect();
    // "rotate secrets, i said": somebody speaks, and calls nothing by that name.
    let spoken = |token: &Token<'_>| {
        token.is_word()
            && token.is(Class::SUBJECT.and(Class::TELLS))
            && !token.any(&["it"])
            && names.iter().any(|name| name.split(' ').any(|word| word == token.raw))
    };
    if scope.tokens.iter().any(spoken) {
        return Err(not_ours(scope.action, scope.vocabulary));
    }
    let secretive = |token: &Token<'_>| token.any(&["it", "them"]) || is_secretive(token.raw);
    if !scope.tokens.iter().any(secretive) && !names.is_empty() {
        return Err(not_ours(scope.action, scope.vocabulary));
    }
    let drafts = generic(Scope { tokens: &tokens, ..scope })?;
    if names.is_empty() {
        return Ok(drafts);
    }
    Ok(names
        .into_iter()
        .flat_map(|name| {
            drafts.iter().cloned().map(move |mut draft| {
                draft.command.name = Some(name.clone());
                draft
            })
        })
        .collect())
}

/// "rotate A on staging and B on production": where each is to go is said of it.
#[cold]
fn secrets_apart(scope: Scope<'_, '_>, names: &[String]) -> Result<Option<Vec<Draft>>, Problem> {
    let place = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Environment);
    let named = |token: &Token<'_>| names.iter().any(|name| name == token.raw);
    let mut begins: Vec<usize> = (0..scope.tokens.len()).filter(|at| named(&scope.tokens[*at])).collect();
    let Some(first) = begins.first_mut() else { return Ok(None) };
    *first = 0;
    let ends = begins.iter().skip(1).copied().chain([scope.tokens.len()]);
    let parts: Vec<&[Token<'_>]> =
        begins.iter().zip(ends).map(|(begin, end)| &scope.tokens[*begin..end]).collect();
    if parts.iter().filter(|part| part.iter().any(place)).count() < 2 {
        return Ok(None);
    }
    let mut drafts: Vec<Draft> = Vec::new();
    for part in parts {
        let joins = |token: &Token<'_>| !token.is_word() || token.any(&["and", "then"]);
        let end = part.iter().rposition(|token| !joins(token)).map_or(0, |last| last + 1);
        drafts.extend(secrets(Scope { tokens: &part[..end], ..scope })?);
    }
    // "A and B on staging, C on production"
    let mut where_said: Vec<String> = Vec::new();
    for draft in drafts.iter_mut().rev() {
        if draft.command.environments.is_empty() {
            draft.command.environments.clone_from(&where_said);
        } else {
            where_said.clone_from(&draft.command.environments);
        }
    }
    Ok(Some(drafts))
}
