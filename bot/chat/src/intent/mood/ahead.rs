//! How an order is to go, said before its verb: "tonight deploy production", "with canary 10/50/100 deploy staging".

use std::ops::Range;

use crate::intent::grammar::heads::{self, Head};
use crate::intent::grammar::questions::is_you;
use crate::intent::lexicon::Class;
use crate::intent::values::time;
use crate::intent::words::{Kind, Token, Words};

use super::front::places_end;
use super::openers::{near_modal, skip_openers, skip_words};
use super::{condition, flag};

/// What stands before a verb, and where the verb stands.
pub(super) struct Ahead {
    /// The tokens of when, where and how.
    pub(super) said: Range<usize>,
    /// Where the order begins, or the condition it hangs on.
    pub(super) next: usize,
    /// "tomorrow can you …"
    pub(super) polite: bool,
    /// "tonight, if …"
    pub(super) conditional: bool,
}

/// More parts than these nobody says before the verb.
const MAX_PARTS: usize = 3;

/// Reads when, where and how something is to be done, where an order follows that changes something.
pub(super) fn read(tokens: &[Token<'_>], at: usize) -> Option<Ahead> {
    // "next" alone means nothing before an order, and is passed over.
    let at = if at > 0 && tokens[at - 1].any(&["next"]) { at - 1 } else { at };
    let first = tokens.get(at)?;
    let begins = first.is(Class::TIMELY.and(Class::PREPOSITION).and(Class::NEGATION)) || first.any(&["as"]);
    if !begins || !first.is_word() || first.quote > 0 || first.is(Class::DIGIT) {
        return None;
    }
    let mut end = at;
    let (mut says_when, mut says_how) = (false, false);
    for _ in 0..MAX_PARTS {
        let part = skip_words(tokens, end, &[]);
        if let Some(behind) = when(tokens, part) {
            says_when = true;
            end = behind;
        } else if let Some(behind) = how(tokens, part) {
            says_how = true;
            end = behind;
        } else if let Some(behind) = places_end(tokens, part) {
            end = behind;
        } else {
            break;
        }
    }
    // "tonight: deploy production" is a plan.
    if !(says_when || says_how)
        || tokens.get(end).is_some_and(|next| matches!(next.kind, Kind::Colon | Kind::Dash))
    {
        return None;
    }
    let mut next = skip_openers(tokens, end);
    if condition::condition_at(tokens, next).is_some() || condition::stated(tokens, next) {
        return (!says_how).then_some(Ahead { said: at..end, next, polite: false, conditional: true });
    }
    let asks = tokens.get(next).is_some_and(near_modal)
        && tokens.get(next + 1).is_some_and(|you| you.is_word() && is_you(you.low));
    let lets = tokens.get(next).is_some_and(|token| token.any(&["let's", "lets"]));
    if asks || lets {
        next = skip_openers(tokens, next + 1 + usize::from(asks));
    }
    let rest = &tokens[next.min(tokens.len())..];
    let orders = match heads::find(rest) {
        Some((head, len)) => {
            // A verb of which nothing is said may be a noun: "tonight deploy, tomorrow party".
            changes(head) && rest.get(len).is_some_and(Token::is_word)
        }
        None => flag(tokens, next).is_some(),
    };
    orders.then_some(Ahead { said: at..end, next, polite: asks || lets, conditional: false })
}

/// A verb of ours that changes something stands here by itself.
pub(super) fn changes_at(tokens: &[Token<'_>], at: usize) -> bool {
    heads::find(&tokens[at..])
        .is_some_and(|(head, _)| matches!(head, Head::Act(action) if action.row().changes))
}

fn changes(head: Head) -> bool {
    match head {
        Head::Act(action) => action.row().changes,
        Head::Show | Head::Get | Head::Check | Head::Notify => false,
        _ => true,
    }
}

/// "tonight", "at 3am", "in 10 minutes", "tomorrow morning": where the time ends.
fn when(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    const BEGINS: Words = Words::of(&[
        "at",
        "on",
        "in",
        "tonight",
        "tomorrow",
        "today",
        "this",
        "next",
        "noon",
        "midnight",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]);
    tokens.get(at).filter(|first| first.among(&BEGINS))?;
    let time = time(&tokens[at..])?;
    (!time.repeats).then_some(at + time.len)
}

/// "with canary 10/50/100", "without migrations", "in dry run mode", "as a rehearsal": where it ends.
fn how(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let first = tokens.get(at)?;
    let thing = skip_words(tokens, at + 1, &["a", "an", "the", "no", "our"]);
    if first.any(&["in", "as"]) {
        let (len, _) = flag(tokens, thing)?;
        let tried = tokens[thing].any(&["dry", "dry-run", "dryrun", "rehearsal", "simulation"]);
        let end = thing + len;
        return tried.then_some(end + usize::from(tokens.get(end).is_some_and(|mode| mode.any(&["mode"]))));
    }
    let canary = tokens.get(thing).is_some_and(|noun| noun.any(&["canary", "canaries"]));
    let migrations = tokens.get(thing).is_some_and(|noun| noun.any(&["migrations", "migration"]));
    if !first.any(&["with", "without", "using"]) || !(canary || migrations) {
        return None;
    }
    let goes_on = |token: &Token<'_>| {
        token.kind == Kind::Comma
            || token.is_word()
                && token.name.is_none()
                && (token.is(Class::DIGIT)
                    || canary
                        && token.any(&[
                            "at", "of", "steps", "and", "then", "percent", "soak", "for", "each", "minutes",
                            "minute", "min", "hour", "per", "step",
                        ])
                    || migrations && token.any(&["first", "before", "beforehand", "upfront"]))
    };
    let mut end = thing + 1 + tokens[thing + 1..].iter().take_while(|token| goes_on(token)).count();
    while end > thing + 1 && tokens[end - 1].kind == Kind::Comma {
        end -= 1;
    }
    Some(end)
}
