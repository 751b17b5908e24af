//! The steps of a canary.

use super::{duration, is_day, spelled, unit_s};
use crate::intent::lexicon::Class;
use crate::intent::words::{Kind, Token};

/// The steps of a canary as they were written.
pub(in crate::intent) struct Weights {
    pub(in crate::intent) steps: Vec<u64>,
    /// The soak times said between them ("10% for 5 minutes, then 50%"), in seconds.
    pub(in crate::intent) soak_s: Vec<u64>,
    pub(in crate::intent) len: usize,
}

/// `10/50/100`, `10%, 50%, 100%`, `10 -> 50 -> 100`, `5 25 100`. The numbers are not judged here.
pub(in crate::intent) fn weights(tokens: &[Token<'_>]) -> Option<Weights> {
    let mut found = Vec::new();
    let mut soak_s = Vec::new();
    let mut len = 0;
    // In words alone, one number says nothing of a canary.
    let mut spoken = true;
    while let Some(token) = tokens.get(len).filter(|token| token.is_word()) {
        let Some((more, taken)) = weight(&tokens[len..]) else { break };
        // "10 minutes" after the weights is how long, not how much.
        if more.len() == 1
            && !token.low.ends_with('%')
            && tokens.get(len + taken).is_some_and(|unit| unit.is_word() && unit_s(unit.low).is_some())
        {
            break;
        }
        found.extend(more);
        spoken &= !token.is(Class::DIGIT);
        len += taken;
        if tokens.get(len).is_some_and(|token| token.any(&["percent", "pct"])) {
            len += 1;
        }
        if tokens.get(len).is_some_and(|token| token.any(&["for"]))
            && let Some((seconds, taken)) = duration(&tokens[len + 1..])
        {
            soak_s.push(seconds);
            len += 1 + taken;
        }
        let separators = tokens[len..]
            .iter()
            .take_while(|token| {
                matches!(token.kind, Kind::Comma | Kind::Arrow | Kind::Plus | Kind::Dash)
                    || token.any(&["then", "and", "to", "followed", "by", "/"])
            })
            .count();
        let next = tokens.get(len + separators).filter(|token| token.is_word());
        let goes_on = || tokens.get(len + separators..).is_some_and(|rest| weight(rest).is_some());
        if next.is_some() && goes_on() && (separators > 0 || !found.is_empty()) {
            len += separators;
        } else {
            break;
        }
    }
    let alone = spoken && found.len() == 1 && found != [100];
    (!found.is_empty() && !alone).then_some(Weights { steps: found, soak_s, len })
}

/// One step, or several with slashes, and how many tokens it takes.
fn weight(tokens: &[Token<'_>]) -> Option<(Vec<u64>, usize)> {
    let first = tokens.first().filter(|token| token.is_word())?;
    if let Some((number, len)) = spelled(tokens) {
        return Some((vec![number], len));
    }
    weight_word(first.low).map(|steps| (steps, 1))
}

fn weight_word(word: &str) -> Option<Vec<u64>> {
    // "canary at 2026-02-03" begins then, and has no steps.
    if is_day(word) {
        return None;
    }
    let one = |part: &str| -> Option<u64> {
        let digits = part.strip_suffix('%').unwrap_or(part);
        (digits.len() <= 6 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| digits.parse().ok())
            .flatten()
    };
    word.split(['/', '-', '>', '|']).map(|part| one(part.trim())).collect()
}
