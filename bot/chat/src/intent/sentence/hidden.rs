//! A condition that none of the rules knows by its word: mistyped ("wehn QA is done, deploy"), glued to what stands beside it ("...if green",
//! "aslong"), or without any word of its own ("QA done, deploy", "repeated 500s, restart").

use std::sync::LazyLock;

use super::{
    Class, Joined, Kind, Mood, Problem, Reader, Token, Words, conditions, mood, reach, report, statement,
};
use crate::intent::grammar::standing;
use crate::intent::lexicon::look_up;
use crate::intent::near::Spelled;

/// How things are once they are as wanted, where no verb tells that they are.
const STATES: Words = Words::of(&[
    "green", "done", "fine", "ok", "okay", "ready", "healthy", "stable", "clean", "quiet", "calm",
]);

/// Whether a part of a sentence begins as a condition does, but for how its word is written.
#[cold]
#[inline(never)]
pub(super) fn opens(part: &[Token<'_>]) -> bool {
    let sought = |token: &Token<'_>| {
        token.kind == Kind::Word && (!token.class.known() || matches!(token.low, "next" | "as"))
    };
    if !part.iter().take(4).any(sought) {
        return false;
    }
    // "next time a deploy fails": once, and a rule holds for good.
    if part.windows(2).take(3).any(|pair| pair[0].any(&["next"]) && pair[1].any(&["time"])) {
        return true;
    }
    let begin = mood::skip_openers(part, 0).min(part.len());
    let part = &part[begins(&part[begin..]) + begin..];
    let Some(first) = part.first().filter(|first| first.is_word() && first.quote == 0) else { return false };
    // "as son as QA is ok"
    if first.any(&["as"]) {
        return part.get(2).is_some_and(|next| next.any(&["as"]));
    }
    if first.class.known() || first.name.is_some() || part.len() < 2 {
        return false;
    }
    // "...if", "-if", "1.if"
    let bare = first.low.trim_start_matches(|c: char| !c.is_alphabetic());
    if bare.len() < first.low.len() && look_up(bare).class.is(Class::CONDITIONAL) {
        return true;
    }
    near_condition(bare)
}

/// "no: if a deploy fails": a condition behind a colon.
#[cold]
pub(super) fn labels(refusal: &[Token<'_>]) -> bool {
    let colon = refusal.iter().position(|token| token.kind == Kind::Colon);
    colon.is_some_and(|colon| matches!(mood::read(&refusal[colon + 1..]), Mood::Condition(_)))
}

fn begins(part: &[Token<'_>]) -> usize {
    part.iter().take_while(|token| !token.is_word()).count()
}

/// "QA done", "tests green": what is wanted of something, with no verb that tells that it is so. "all green" says that it is.
fn bare(part: &[Token<'_>]) -> bool {
    let begin = mood::skip_openers(part, 0).min(part.len());
    match &part[begin..] {
        [what, between @ .., state] if state.among(&STATES) && state.quote == 0 && between.len() < 2 => {
            what.is_word()
                && !what.any(&[
                    "all",
                    "everything",
                    "looks",
                    "looking",
                    "we're",
                    "i'm",
                    "everyone",
                    "we",
                    "i",
                    "it's",
                    "that's",
                    "now",
                ])
                && !what.low.ends_with("'s")
                && !between
                    .iter()
                    .any(|token| token.is(Class::TELLS) || !token.is_word() || report::participle(token))
        }
        _ => false,
    }
}

/// "repeated 500s, restart production": a signal and what is done about it, as a rule says them, and nothing told.
fn signals(before: &[Token<'_>]) -> bool {
    let tells = |token: &Token<'_>| {
        token.is_word()
            && (token.is(Class::TELLS.and(Class::SUBJECT).and(Class::TIME))
                || token.any(&["again", "everywhere"]))
    };
    // "a deploy fails, roll back"
    let supposed = before.first().is_some_and(|first| first.any(&["a", "an"]));
    before.len() < 5 && (supposed || !before.iter().any(tells)) && !standing::signals(before, true).is_empty()
}

/// "two days ago", "so I thought", "he was like", "needs approval": of when, in whose words, or on what the order behind it hangs.
fn told(part: &[Token<'_>]) -> bool {
    let begin = mood::skip_openers(part, 0).min(part.len());
    let needs = part.get(begin).is_some_and(|first| {
        first.any(&["needs", "need", "requires", "require", "awaits", "awaiting", "wants"])
    });
    let last = part.iter().rfind(|token| token.is_word());
    last.is_some_and(|last| {
        last.any(&["like", "thought", "goes", "went"])
            || last.any(&["ago", "yesterday"])
                && !part
                    .iter()
                    .any(|token| token.is(Class::TELLS.and(Class::AILS)) && !token.any(&["ago", "yesterday"]))
    }) || needs
}

/// Whether an order behind these words hangs on them.
#[cold]
#[inline(never)]
pub(super) fn hangs(before: &[Token<'_>]) -> bool {
    let before = reach(before);
    let mut parts = before.split(|token| matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Colon));
    parts.any(|part| !part.is_empty() && (opens(part) || bare(part) || told(part))) || signals(before)
}

impl<'t> Reader<'_, 't> {
    /// Where the next order begins behind a statement that is none.
    pub(super) fn behind_statement(&self, tokens: &[Token<'t>]) -> Result<(usize, Joined), Problem> {
        let Some(next) = statement::after_statement(tokens) else { return Ok((tokens.len(), Joined::Start)) };
        if hangs(&tokens[..next]) {
            return Err(conditions::conditional(&tokens[next..], self.vocabulary));
        }
        Ok((next, Joined::Start))
    }
}

/// Whether this unknown word is likely what a condition begins with, typed wrong or glued to the next word: "wehn", "ifwe".
fn near_condition(word: &str) -> bool {
    static NEAR: LazyLock<Vec<Spelled<&str>>> = LazyLock::new(|| {
        const WORDS: &str = "when whenever once after until unless provided providing assuming supposing \
            presuming granted contingent conditional before while";
        WORDS.split_whitespace().map(Spelled::new).collect()
    });
    // Words themselves, and shorter than what is measured.
    const OTHERS: &[&str] = &["provider", "providers", "provides", "provide", "wheel", "alter", "whale"];
    const SHORT: &[&str] = &[
        "fi",
        "iif",
        "ifi",
        "wn",
        "wen",
        "presuming",
        "granted",
        "aslong",
        "assoon",
        "incase",
        "everytime",
        "anytime",
    ];
    const GLUED: &[&str] = &["if", "when", "once", "unless", "until"];
    const NEXT: &[&str] =
        &["we", "you", "it", "the", "a", "i", "this", "that", "all", "they", "there", "any", "no", "not"];
    let glued = GLUED.iter().any(|begin| {
        word.strip_prefix(begin).is_some_and(|next| NEXT.contains(&next) || next.starts_with(['.', ':', '-']))
    });
    if glued || SHORT.contains(&word) {
        return true;
    }
    let said = Spelled::new(word);
    !OTHERS.contains(&word) && NEAR.iter().any(|condition| condition.distance(&said).is_some())
}
