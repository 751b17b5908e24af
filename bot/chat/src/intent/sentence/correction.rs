//! Corrections: "deploy production, I mean staging".
//!
//! What is put right and what stays is a guess, so an order that is corrected behind is asked about, whichever way it
//! was corrected. Only what is taken back whole ("scratch that, deploy staging") leaves no doubt.

use super::{Class, Heard, Kind, Mood, Problem, Reader, Token, lead, mood};
use crate::intent::names::NameKind;
use crate::intent::values;
use crate::intent::words::{classes, reach, said_again};

/// The words by which people put right what they said, or begin to.
pub(in crate::intent) const CORRECTS: &[&str] = &[
    "mean",
    "meant",
    "make",
    "change",
    "scratch",
    "strike",
    "forget",
    "ignore",
    "disregard",
    "never",
    "nevermind",
    "nvm",
    "wait",
    "no",
    "nope",
    "nah",
    "or",
    "correction",
    "typo",
    "edit",
    "my",
    "on",
    "excuse",
    "pardon",
    "oops",
    "whoops",
    "ooops",
    "oopsie",
    "woops",
    "sorry",
    "soz",
    "rather",
    "actually",
    "instead",
    "wrong",
    "better",
    "well",
    "err",
    "er",
    "erm",
    "hm",
    "hmm",
    "um",
    "uh",
    "ah",
    "oh",
];

/// How plainly a phrase puts something right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Takes back all that was said: what follows is said anew.
    Anew,
    /// Whatever follows stands for something said before.
    Plain,
    /// What follows does, if it is a value or an order.
    Likely,
    /// What follows does, if something of its kind was said before.
    Faint,
}

/// The longest of those that fit is meant, so the longer ones stand first.
const PHRASES: &[(&[&str], Mark)] = &[
    (&["on", "second", "thoughts"], Mark::Plain),
    (&["on", "second", "thought"], Mark::Plain),
    (&["change", "that", "to"], Mark::Plain),
    (&["change", "it", "to"], Mark::Plain),
    (&["scratch", "that"], Mark::Anew),
    (&["strike", "that"], Mark::Anew),
    (&["forget", "that"], Mark::Anew),
    (&["forget", "it"], Mark::Anew),
    (&["ignore", "that"], Mark::Anew),
    (&["disregard", "that"], Mark::Anew),
    (&["never", "mind"], Mark::Anew),
    (&["nevermind"], Mark::Anew),
    (&["nvm"], Mark::Anew),
    (&["i", "mean"], Mark::Plain),
    (&["i", "meant"], Mark::Plain),
    (&["meant"], Mark::Plain),
    (&["make", "that"], Mark::Plain),
    (&["make", "it"], Mark::Plain),
    (&["no", "wait"], Mark::Plain),
    (&["wait", "no"], Mark::Plain),
    (&["or", "rather"], Mark::Plain),
    (&["my", "bad"], Mark::Plain),
    (&["my", "mistake"], Mark::Plain),
    (&["excuse", "me"], Mark::Plain),
    (&["pardon", "me"], Mark::Plain),
    (&["correction"], Mark::Plain),
    (&["typo"], Mark::Plain),
    (&["pardon"], Mark::Plain),
    (&["edit"], Mark::Likely),
    (&["oops"], Mark::Likely),
    (&["whoops"], Mark::Likely),
    (&["ooops"], Mark::Likely),
    (&["oopsie"], Mark::Likely),
    (&["woops"], Mark::Likely),
    (&["sorry"], Mark::Likely),
    (&["soz"], Mark::Likely),
    (&["rather"], Mark::Likely),
    (&["actually"], Mark::Likely),
    (&["instead"], Mark::Likely),
    (&["wrong"], Mark::Likely),
    (&["wait"], Mark::Faint),
    (&["better"], Mark::Faint),
    (&["nope"], Mark::Faint),
    (&["nah"], Mark::Faint),
    (&["no"], Mark::Faint),
    (&["well"], Mark::Faint),
    (&["err"], Mark::Faint),
    (&["er"], Mark::Faint),
    (&["erm"], Mark::Faint),
    (&["hmm"], Mark::Faint),
    (&["hm"], Mark::Faint),
    (&["um"], Mark::Faint),
    (&["uh"], Mark::Faint),
    (&["ah"], Mark::Faint),
    (&["oh"], Mark::Faint),
];

/// What kind of thing a word says, of which an order has one or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Name(NameKind),
    Ref,
    Run,
    Time,
    Duration,
    Number,
    Steps,
    Manner,
}

/// A correction among the words of a sentence.
struct Correction {
    mark: Mark,
    /// Where the phrase begins.
    from: usize,
    /// Where what is said in its place begins; the end, where that stands before the phrase.
    to: usize,
    /// What is said in its place is an order of its own.
    order: bool,
}

impl<'t> Reader<'_, 't> {
    /// Where reading goes on in a sentence that is taken back whole, or the problem of one that is put right behind.
    pub(super) fn corrected(&mut self, tokens: &[Token<'t>]) -> Result<usize, Problem> {
        let spoken = reach(tokens);
        let found = find(spoken, !self.drafts.is_empty());
        let Some(found) = found.or_else(|| self.starred(spoken)) else { return Ok(0) };
        if found.mark == Mark::Anew && (found.order || found.to >= tokens.len()) {
            self.drafts.clear();
            self.sentence = 0;
            self.previous = 0;
            self.hear(Heard::Refusal);
            return Ok(found.to);
        }
        let phrase = tokens[found.from..found.to.min(tokens.len())].iter().filter(|token| token.is_word());
        let phrase = phrase.map(|token| token.raw).collect::<Vec<_>>().join(" ");
        let phrase = if phrase.is_empty() { "*".to_owned() } else { phrase };
        Err(Problem::ambiguous(format!(
            "I read a correction (\"{phrase}\") and will not guess what it puts right, so I did nothing. Send the order as it is to be."
        ))
        .suggest(self.put_right(tokens, &found)))
    }

    /// "deploy production *staging": how people in chats put right a word, with no star that closes an emphasis.
    fn starred(&self, tokens: &[Token<'t>]) -> Option<Correction> {
        let star = self
            .text
            .rfind('*')
            .filter(|star| !self.text[..*star].ends_with(|c: char| !c.is_whitespace()))?;
        let from = tokens.iter().position(|token| token.at == star + 1)?;
        judge(tokens, from, from, Mark::Faint)
    }

    /// The order as it is likely meant.
    fn put_right(&self, tokens: &[Token<'t>], found: &Correction) -> Option<String> {
        let behind = &tokens[found.to.min(tokens.len())..];
        if found.order {
            return Some(said_again(behind).collect::<Vec<_>>().join(" "));
        }
        let mut before = &tokens[..found.from];
        let (value, rest) = if let Some((value, rest)) = behind.split_first() {
            (value, rest)
        } else {
            let at = before.iter().rposition(|token| said(std::slice::from_ref(token)).is_some())?;
            let value = &before[at];
            before = &before[..at];
            (value, &[][..])
        };
        let kind = said(std::slice::from_ref(value))?;
        if found.from == 0 {
            let [draft] = &self.drafts[..] else { return None };
            let mut command = draft.command.clone();
            let hit = value.name.filter(|hit| hit.kind == NameKind::Environment)?;
            command.environments = vec![self.vocabulary.spelling(hit.kind, hit.index()).to_owned()];
            return Some(command.canonical());
        }
        let wrong = before.iter().rposition(|token| said(std::slice::from_ref(token)) == Some(kind))?;
        let kept = |tokens: &[Token<'t>]| {
            let sign = |token: &Token<'_>| matches!(token.kind, Kind::Equals | Kind::Colon | Kind::Plus);
            let kept = tokens.iter().filter(|token| token.is_word() || sign(token));
            kept.map(|token| token.raw).collect::<Vec<_>>().join(" ")
        };
        let parts = [kept(&before[..wrong]), value.raw.to_owned(), kept(&before[wrong + 1..]), kept(rest)];
        Some(parts.join(" ").split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

fn find(tokens: &[Token<'_>], ordered: bool) -> Option<Correction> {
    for from in 0..tokens.len() {
        let token = &tokens[from];
        if !token.is(Class::CORRECTS) && !token.any(&["i"]) || token.quote > 0 {
            continue;
        }
        // The words that begin a phrase most often, and mostly begin none.
        let behind = |words: &[&str]| tokens.get(from + 1).is_some_and(|next| next.any(words));
        if token.any(&["on"]) && !behind(&["second"]) || token.any(&["i"]) && !behind(&["mean", "meant"]) {
            continue;
        }
        let before = &tokens[..from];
        // What stands behind a colon, a sign or "because" is a reason or a value.
        let value = |token: &Token<'_>| {
            matches!(token.kind, Kind::Equals)
                || token.any(&["because", "reason", "ref", "branch", "tag", "commit", "called", "named"])
        };
        if before.last().is_some_and(value) {
            continue;
        }
        if before.iter().any(|token| token.any(&["because", "reason"]) || token.kind == Kind::Colon) {
            return None;
        }
        let fits = |phrase: &&(&[&str], Mark)| {
            phrase.0.len() <= tokens.len() - from
                && phrase.0.iter().zip(&tokens[from..]).all(|(word, token)| token.any(&[word]))
        };
        let Some((phrase, mark)) = PHRASES.iter().find(fits) else { continue };
        // "and actually restart api too", "instead of staging": no correction.
        let goes_on = before.last().is_some_and(|last| {
            last.any(&["and", "then", "also", "not", "do", "don't", "dont", "never", "did", "didn't"])
        });
        let end = from + phrase.len();
        let than = tokens.get(end).is_some_and(|next| next.any(&["of", "than", "for", "about", "to"]))
            && matches!(mark, Mark::Likely | Mark::Faint)
            && !token.any(&["actually", "rather", "sorry", "oops", "whoops"]);
        if goes_on || than || (from == 0 && !ordered) {
            continue;
        }
        if let Some(found) = judge(tokens, from, end, *mark) {
            // "tests are green, deploy production, I mean staging"
            let behind = |at: usize| {
                before[at].kind == Kind::Comma && matches!(mood::read(&before[at..]), Mood::Order(_))
            };
            let orders = from == 0
                || matches!(mood::read(before), Mood::Order(_))
                || lead::end(before, classes(before)) > 0
                || (0..before.len()).any(behind);
            return orders.then_some(found);
        }
    }
    None
}

/// What a phrase of correction puts right, if it does.
fn judge(tokens: &[Token<'_>], from: usize, end: usize, mark: Mark) -> Option<Correction> {
    let before = &tokens[..from];
    let said_before = |kind: Said| {
        from == 0 || (0..before.len()).any(|at| said(&before[at..]).is_some_and(|said| said == kind))
    };
    let mut to = end;
    let mut placed = false;
    while let Some(token) = tokens.get(to) {
        let sign = !token.is_word() && token.kind != Kind::Mention;
        let little = token.any(&[
            "only", "just", "that", "the", "it", "be", "i", "mean", "meant", "wait", "no", "it's", "its",
        ]) && said(&tokens[to..]).is_none();
        let preposition = token.any(&["to", "in", "on", "onto", "into", "for", "at"]);
        if !(sign || little || preposition || token.is(Class::CORRECTS) && said(&tokens[to..]).is_none()) {
            break;
        }
        placed |= preposition;
        to += 1;
    }
    let Some(first) = tokens.get(to) else {
        // "don't deploy production, deploy staging instead"
        let turned = tokens[from].any(&["instead"]) && matches!(mood::read(before), Mood::Refusal);
        let doubled = from > 0 && !turned && mark != Mark::Faint && said_twice(before);
        return (doubled || mark == Mark::Anew).then_some(Correction {
            mark,
            from,
            to: tokens.len(),
            order: false,
        });
    };
    let order = matches!(mood::read(&tokens[to..]), Mood::Order(_));
    let hit = match (said(&tokens[to..]), mark) {
        // "wait 10 minutes" and "no canary" say what they say.
        (Some(Said::Duration | Said::Manner), Mark::Faint) => {
            tokens[from].any(&["no", "nope"]) && tokens.get(end).is_some_and(|next| !next.is_word())
        }
        (Some(kind), Mark::Faint) => said_before(kind),
        (Some(kind), _) => !placed || said_before(kind),
        (None, Mark::Faint) => false,
        (None, Mark::Likely) => order && !placed,
        (None, Mark::Anew) => order,
        (None, Mark::Plain) => {
            order
                || !first.is(Class::OPENER)
                    && !placed
                    && !first.is(Class::FILLER)
                    && !tokens[end..to].iter().any(|token| token.any(&["it"]))
        }
    };
    hit.then_some(Correction { mark, from, to, order: order && said(&tokens[to..]).is_none() })
}

/// "deploy production, staging I mean": two of a kind with nothing that joins them, before a phrase that ends the sentence.
fn said_twice(before: &[Token<'_>]) -> bool {
    let mut kinds = (0..before.len()).rev().filter_map(|at| Some((at, said(&before[at..])?)));
    let (Some((last, kind)), Some((first, other))) = (kinds.next(), kinds.next()) else { return false };
    kind == other
        && !before[first..last].iter().any(|token| token.any(&["and", "then"]) || token.kind == Kind::Plus)
}

/// What the first of these tokens says.
fn said(tokens: &[Token<'_>]) -> Option<Said> {
    let token = tokens.first().filter(|token| token.is_word() && token.quote == 0)?;
    if let Some(hit) = token.name {
        return Some(Said::Name(hit.kind));
    }
    if token.any(&["with", "without", "no", "canary"]) {
        let next = tokens.get(1);
        let ends = next.is_none_or(|next| !next.is_word());
        let manner = next.is_some_and(|next| next.any(&["canary", "migrations", "a", "the"]));
        return (token.any(&["canary"]) || ends && !token.any(&["no"]) || manner).then_some(Said::Manner);
    }
    if values::run(&tokens[..1]).is_some() {
        return Some(Said::Run);
    }
    if token.is(Class::DIGIT.and(Class::NUMBER)) {
        if token.low.contains('/') || token.low.ends_with('%') {
            return Some(Said::Steps);
        }
        if values::duration(tokens).is_some() {
            return Some(Said::Duration);
        }
    }
    if values::time(tokens).is_some_and(|time| time.from == 0) {
        return Some(Said::Time);
    }
    if values::is_ref(token.low) {
        return Some(Said::Ref);
    }
    values::whole(token.low).map(|_| Said::Number)
}
