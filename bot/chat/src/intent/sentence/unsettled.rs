//! Remarks behind the comma of an order that may hold it back or be part of it: "…, i wanted staging", "…, we changed our minds".
//!
//! As a sentence of its own behind an order, one is passed over when it is known to change nothing: it tells how things are, and names no place
//! that was not ordered, no time from which the order might go, and nothing that is left out.

use super::nothing::left_to_people;
use super::{
    Action, Class, Kind, Problem, Reader, Token, Words, abroad, apart, aside, behind, classes, grammar,
    hidden, reach, remark, report,
};
use crate::intent::names::NameKind;
use crate::intent::values;
use crate::intent::words::said_again;

/// Whether a remark behind this order, in the words behind its comma, is none of those.
#[cold]
#[inline(never)]
pub(super) fn unsettles(action: Action, order: &[Token<'_>], tail: &[Token<'_>]) -> bool {
    // Who ends or holds a run has said what there is to say; the verbs for runs have rules of their own.
    if matches!(action, Action::Lock | Action::Unlock | Action::Setup) || grammar::runs::is_run_action(action)
    {
        return false;
    }
    let said = classes(tail);
    let (plain, _) = abroad::without_politeness(report::without_courtesies(reach(tail), said), said);
    let begins = plain.iter().take_while(|token| joint(token)).count();
    let remark = &plain[begins..];
    // "…, but it's locked"
    if remark.first().is_some_and(|first| first.any(&["but"])) || remark.split(joint).any(hidden::opens) {
        return true;
    }
    if !remark.iter().any(Token::is_word) {
        return false;
    }
    let known = aside::behind(remark)
        || behind::is_harmless(remark)
        || remark.split(joint).filter(|part| !part.is_empty()).all(lacks)
        || matches!(remark, [its, a, ..] if its.any(&["its"]) && a.any(&["a", "an"]) && !behind::holds_back(remark));
    !known || remark.split(joint).any(|part| speaks_of_it(part, order))
}

/// "how about not", "what about staging", "is that ok": asked behind an order about the order.
#[cold]
fn asks_about_it(question: &[Token<'_>]) -> bool {
    let spoken = reach(question);
    let begins = spoken.iter().take_while(|token| !token.is_word()).count();
    match &spoken[begins..] {
        [what, about, ..] if what.any(&["what", "how"]) && about.any(&["about"]) => true,
        [why, not, ..] if why.any(&["why"]) && not.any(&["not", "don't", "dont"]) => true,
        rest => apart::doubts(rest),
    }
}

/// "approve r-3f2a - or should we wait", "approve r-3f2a: permission denied": what leaves open whether a run is to go on.
#[cold]
pub(super) fn doubts_run(action: Action, remark: &[Token<'_>]) -> bool {
    let spoken = reach(remark);
    let begins = spoken.iter().take_while(|token| !token.is_word()).count();
    let colon = spoken.first().is_some_and(|sign| sign.kind == Kind::Colon);
    let ends = matches!(action, Action::Cancel | Action::Reject | Action::Pause);
    !colon && spoken.get(begins).is_some_and(|or| or.any(&["or"]))
        || colon && !ends && behind::holds_back(&spoken[begins..])
        || !ends && adds(&spoken[begins..])
}

/// "approve r-3f2a - staging only", "… - when QA is done", "… - and r-3f2b": how, when or what else, and nothing told.
fn adds(spoken: &[Token<'_>]) -> bool {
    spoken.first().is_some_and(|first| first.any(&["and", "with", "just", "only", "except", "at"]))
        || apart::says_how(spoken)
        || hidden::opens(spoken)
        || crate::intent::mood::condition_within(spoken).is_some()
}

/// "approve r-3f2a - at 22:00": a time, and a run knows none.
#[cold]
pub(super) fn not_later(action: Action, remark: &[Token<'_>]) -> Result<(), Problem> {
    let spoken = reach(remark);
    let rest = &spoken[spoken.iter().take_while(|token| !token.is_word()).count()..];
    let ends = matches!(action, Action::Cancel | Action::Reject | Action::Pause);
    match values::time(rest) {
        Some(time) if time.from <= 1 && !ends && !rest.iter().any(|token| token.is(Class::TELLS)) => {
            Err(Problem::bad_value(format!(
                "A {} can't be planned for later (`{}`), and doing it now would be wrong.",
                action.name(),
                said_again(&rest[..time.len.min(rest.len())]).collect::<Vec<_>>().join(" ")
            )))
        }
        _ => Ok(()),
    }
}

/// What is asked behind an order of the same sentence: people, about the order, or something else than it.
#[cold]
pub(super) fn asked_behind(tokens: &[Token<'_>], from: usize) -> Result<(), Problem> {
    if remark::asks_people(&tokens[from..]) {
        return Err(left_to_people());
    }
    // "can you deploy production, or is it locked?"
    if tokens[..from].iter().any(|token| token.any(&["or"])) {
        return Err(Problem::ambiguous(
            "Behind the order I read \"or\" and a question, so I did nothing. Ask first, or say the order alone.",
        ));
    }
    if asks_about_it(tokens) { Err(unsettled(tokens)) } else { Ok(()) }
}

impl<'t> Reader<'_, 't> {
    /// "help with: deploy production, restart staging": what somebody wants to know about, or an order behind it?
    pub(super) fn behind_help(&self, changes: bool) -> Result<(), Problem> {
        let last = self.drafts.get(self.sentence..).unwrap_or_default().last();
        if !changes || last.is_none_or(|draft| draft.command.action != Action::Help) {
            return Ok(());
        }
        Err(Problem::ambiguous(
            "Behind what help was asked for I read an order, and not whether it is to be done, so I did nothing. Send it alone.",
        ))
    }

    /// "backfill timezone in staging then pause it", "set A=1 on staging and then undo it": a verb of runs and releases behind an order that
    /// makes neither.
    pub(super) fn about_no_run(&self, action: Action) -> Result<(), Problem> {
        let Some(last) =
            self.drafts.get(self.sentence..).unwrap_or_default().last().map(|it| it.command.action)
        else {
            return Ok(());
        };
        let made = matches!(last, Action::Deploy | Action::Rollback | Action::Migrate);
        let turns = action == Action::Rollback || grammar::runs::is_run_action(action);
        if !turns || made || grammar::runs::is_run_action(last) || !last.row().changes {
            return Ok(());
        }
        Err(Problem::ambiguous(format!(
            "`{}` is about a run or a release, and what stands before it makes none that it could mean, so I did nothing. Say what is meant by its name.",
            action.name()
        )))
    }

    /// "…, nobody agreed to that"
    pub(super) fn nobody(&self, tokens: &[Token<'t>]) -> Result<(), Problem> {
        let first = tokens.iter().find(|token| token.is_word());
        if first.is_some_and(|first| first.any(&["nobody", "noone", "none"])) {
            self.unsettled_by(tokens)
        } else {
            Ok(())
        }
    }

    /// Refuses a statement of its own behind an order of this sentence that may hold it back or be part of it.
    pub(super) fn unsettled_by(&self, tokens: &[Token<'t>]) -> Result<(), Problem> {
        let Some(draft) = self.drafts.get(self.sentence..).unwrap_or_default().last() else { return Ok(()) };
        let action = draft.command.action;
        let Some(begin) =
            tokens.first().map(|first| self.tokens.partition_point(|token| token.at < first.at))
        else {
            return Ok(());
        };
        if action.row().changes && unsettles(action, &self.tokens[..begin], tokens) {
            return Err(unsettled(tokens));
        }
        Ok(())
    }
}

/// What is asked where a remark stands behind an order that may be more than one.
#[cold]
pub(super) fn unsettled(remark: &[Token<'_>]) -> Problem {
    let said =
        said_again(reach(remark)).skip_while(|word| matches!(*word, "," | "-")).collect::<Vec<_>>().join(" ");
    Problem::ambiguous(format!(
        "Behind the order I read \"{said}\", and not whether that changes or holds it back, so I did nothing. Say it in the order itself, or \
         the order alone."
    ))
}

fn joint(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::Comma | Kind::Dash | Kind::Bracket | Kind::Colon)
}

/// "it can't do anything", "i don't have the nerves for this", "it answers not", "it only eats money": what somebody or something lacks or does.
fn lacks(part: &[Token<'_>]) -> bool {
    let plain = |token: &Token<'_>| token.name.is_none() && !token.is(Class::KEYWORD.and(Class::CONDITION));
    if !part.iter().all(plain) {
        return false;
    }
    let how = part.iter().skip(1).take_while(|token| token.any(remark::HOW)).count();
    let does = |at: usize| {
        part.first().is_some_and(|it| it.any(&["it", "they"]))
            && part.get(at).is_some_and(|verb| verb.low.len() > 2 && verb.low.ends_with('s'))
    };
    match part {
        [it, not, verb, what, ..]
            if not.any(&["can't", "cant", "cannot", "doesn't", "doesnt", "don't", "dont"]) =>
        {
            verb.any(&["do", "have"])
                && (it.is(Class::SUBJECT) || it.any(&["it", "this", "that"]))
                && !what.any(&["it", "this", "that", "yet", "time", "to", "anymore"])
        }
        [_, _, not] if not.any(&["not"]) => does(1),
        // "we expect a lot of traffic", "i trust you"
        [who, verb, ..] if who.any(&["we", "i"]) && verb.any(&["expect", "trust", "love", "like"]) => {
            !part.iter().any(|token| token.is(Class::NEGATION.and(Class::DIGIT).and(Class::TIME)))
        }
        _ => how > 0 && does(1 + how) && !part.iter().any(|token| token.is(Class::NEGATION)),
    }
}

/// Words of what something is that an order is not for, or not now.
const EXEMPT: Words = Words::of(&[
    "excluded",
    "exempt",
    "skipped",
    "excepted",
    "untouched",
    "protected",
    "reserved",
    "optional",
    "blocked",
    "locked",
    "busy",
    "taken",
    "enough",
    "planned",
    "scheduled",
    "due",
    "pinned",
    "off-limits",
    "archived",
    "retired",
    "cancelled",
    "canceled",
    "postponed",
    "delayed",
    "out",
    "off",
]);

/// What people do who order something.
const MEANWHILE: Words = Words::of(&[
    "waiting",
    "watching",
    "monitoring",
    "standing",
    "sitting",
    "going",
    "leaving",
    "getting",
    "seeing",
    "losing",
    "running",
    "having",
    "driving",
    "talking",
    "looking",
    "hurrying",
    "dying",
    "burning",
    "bleeding",
    "travelling",
    "traveling",
    "debugging",
    "heading",
    "working",
    "dealing",
    "fixing",
    "debugging",
    "failing",
    "drowning",
    "panicking",
    "begging",
    "asking",
]);

/// Whether a remark names where, when or for what the order is to be, or says of whoever gives it that it is not given.
fn speaks_of_it(part: &[Token<'_>], order: &[Token<'_>]) -> bool {
    let word =
        |at: usize, words: &[&str]| part.get(at).is_some_and(|token| token.quote == 0 && token.any(words));
    let Some(first) = part.first() else { return false };
    // "is blocked", "would be nice": what is said of the order itself.
    if first.any(&["is", "was", "isn't", "wasn't", "are", "would", "wouldn't"])
        && !word(1, &["it", "that", "this", "there"])
    {
        return true;
    }
    // "nobody wants it", "Kim is against it"
    if first.any(&["nobody", "noone", "none"]) && word(1, &["wants", "wanted", "asked", "likes"])
        || part
            .iter()
            .any(|token| token.any(&["against", "objects", "opposes", "refuses", "vetoes", "vetoed"]))
    {
        return true;
    }
    // "you need kim's ok"
    if word(0, &["you", "u"]) && word(1, &["need", "must", "should", "want", "have", "ought"]) {
        return true;
    }
    // "i'm quoting", "it's a mock", "it's too soon"
    let own = first.any(&["i'm", "im", "we're"]) || word(0, &["i", "we"]) && word(1, &["am", "are"]);
    let doing = |token: &Token<'_>| {
        token.is_word() && token.low.ends_with("ing") && token.low.len() > 4 && !token.among(&MEANWHILE)
    };
    if own && part.iter().skip(1).take(3).any(doing) {
        return true;
    }
    if part
        .windows(2)
        .any(|pair| pair[0].any(&["too"]) && pair[1].any(&["soon", "late", "risky", "dangerous"]))
    {
        return true;
    }
    let pronoun = first.any(&["it", "it's", "its", "this", "that", "that's", "thats", "they", "these"]);
    // "production is locked" is no news of an order for staging.
    let named = part.iter().take(2).any(|token| {
        token.name.is_some_and(|hit| hit.kind != NameKind::Environment || place_in(order, hit.index()))
    });
    if (pronoun || named) && part.iter().skip(1).any(|token| token.quote == 0 && token.among(&EXEMPT)) {
        return true;
    }
    // "the board wants it on friday"
    let wanted = || {
        part.windows(2).any(|pair| {
            pair[0].any(&["wants", "want", "wanted", "needs", "need"]) && pair[1].any(&["it", "this", "that"])
        })
    };
    let timely = part.iter().any(|token| token.is(Class::TIMELY.and(Class::DIGIT)));
    elsewhere(part, order) || timely && (pronoun || own || first.any(&["i", "we"]) || wanted()) && timed(part)
}

/// "kim wants staging": a place that is not ordered, and of which nothing is told but that somebody wants it.
fn elsewhere(part: &[Token<'_>], order: &[Token<'_>]) -> bool {
    part.iter().enumerate().skip(2).any(|(at, token)| {
        let named = token.name.filter(|hit| hit.kind == NameKind::Environment && token.quote == 0);
        named.is_some_and(|hit| !place_in(order, hit.index()))
            && !part[..at]
                .iter()
                .rev()
                .find(|token| !token.any(&["the", "our"]))
                .is_some_and(|before| before.any(&["in", "on", "from", "at", "of", "as", "by", "behind"]))
    })
}

/// Whether this environment is named among these words.
fn place_in(order: &[Token<'_>], index: usize) -> bool {
    order
        .iter()
        .filter_map(|token| token.name)
        .any(|hit| hit.kind == NameKind::Environment && hit.index() == index)
}

/// "we start at 22:00", "it's planned for tonight": a time that is none of the past.
fn timed(part: &[Token<'_>]) -> bool {
    const PAST: Words = Words::of(&[
        "was",
        "were",
        "since",
        "ago",
        "died",
        "broke",
        "went",
        "had",
        "did",
        "got",
        "began",
        "have",
        "has",
        "last",
        "yesterday",
        "fell",
        "came",
        "been",
        "until",
        "till",
    ]);
    let past = |token: &Token<'_>| {
        token.among(&PAST) || report::participle(token) && !token.any(&["planned", "scheduled"])
    };
    if part.iter().any(past) {
        return false;
    }
    (1..part.len()).any(|at| {
        let is = part[at - 1].any(&["it's", "is", "its"]);
        values::time(reach(&part[at..])).is_some_and(|time| time.from == 0 || !is)
            && !(is && values::is_day(part[at].low))
            && !part[at].any(&["today", "now"])
    })
}
