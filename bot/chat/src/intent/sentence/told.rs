//! Lines that tell instead of ordering: marked as done, of an agenda, a list under a heading, a message pasted with its
//! author.
//!
//! Their words are often those of an order to the letter ("todo: deploy production"), so what stands around them decides.

use super::log::{heads_commit, is_log};
use super::{Class, Head, Heard, Kind, Mood, Reader, Token, Words, classes, framed, heads, mood};

/// Why lines are not read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telling {
    pub(super) heard: Heard,
    /// Those below are not read either, up to a blank one.
    pub(super) goes_on: bool,
    /// Nor are those behind a blank one that stand further in.
    pub(super) further: bool,
    /// What it is about begins behind a blank line.
    pub(super) ahead: bool,
}

impl Reader<'_, '_> {
    /// Whether the line that begins here is not to be read: for what it is, or for one above it.
    pub(super) fn line(&self, begin: usize, before: Option<Telling>) -> Option<Telling> {
        let (line, below, said) = if self.said.is(Class::of_kind(Kind::Newline)) {
            let mut lines = self.tokens[begin..].split(|token| token.kind == Kind::Newline);
            let line = lines.next().unwrap_or_default();
            (line, lines.next().unwrap_or_default(), classes(line))
        } else {
            (self.tokens, &[][..], self.said)
        };
        if line.is_empty() {
            return before.filter(|telling| telling.further || telling.ahead);
        }
        let above = self.tokens[..begin.saturating_sub(1)].rsplit(|token| token.kind == Kind::Newline).next();
        let parted = begin > 0 && above.is_none_or(<[Token<'_>]>::is_empty);
        if let Some(goes_on) = before.filter(|telling| telling.goes_on)
            && (!parted || goes_on.ahead || self.stands_in(begin))
        {
            return Some(Telling { ahead: goes_on.ahead && !parted, ..goes_on });
        }
        if heads_commit(line, below) {
            return Some(Telling { heard: Heard::Log, goes_on: true, further: true, ahead: false });
        }
        if is_log(line, said) {
            return Some(Telling { heard: Heard::Log, goes_on: true, further: false, ahead: false });
        }
        if self.drafts.is_empty() && framed::heads_mail(line, said) {
            return Some(Telling { heard: Heard::Quotation, goes_on: true, further: true, ahead: true });
        }
        let first = begins_item(line) && !(begin > 0 && above.is_some_and(begins_item));
        let items = self.tokens[begin..].split(|token| token.kind == Kind::Newline);
        let below_order = begin > 0 && !parted && above.is_some_and(orders);
        // "Plan for tomorrow:", and a blank line below.
        let ahead = below.is_empty() && said.is(Class::of_kind(Kind::Colon)) && self.heads_next(begin, line);
        let list = ahead || heads_list(line, below) || (first && !below_order && lists_others(items));
        (list || tells(line, said)).then_some(Telling {
            heard: Heard::List,
            goes_on: list,
            further: false,
            ahead,
        })
    }

    /// Whether a line that ends with a colon makes a list of what stands behind the blank lines below it.
    #[cold]
    fn heads_next(&self, begin: usize, line: &[Token<'_>]) -> bool {
        let mut lines = self.tokens[begin..].split(|token| token.kind == Kind::Newline).skip(1);
        let colon = line.last().is_some_and(|last| last.kind == Kind::Colon);
        colon
            && lines
                .find(|next| !next.is_empty())
                .is_some_and(|next| heads_list(line, next) && !framed::tends(line, next))
    }

    /// Blanks stand before the first word of the line that begins here.
    pub(super) fn stands_in(&self, begin: usize) -> bool {
        let line = begin.checked_sub(1).map_or(0, |newline| self.tokens[newline].end());
        self.tokens[begin].at > line
    }
}

/// What the words before a colon are called where what follows is a list of things and not an order.
pub(in crate::intent) const LABELS: &[&str] = &[
    "agenda",
    "todo",
    "todos",
    "to-do",
    "to-dos",
    "fixme",
    "changelog",
    "standup",
    "stand-up",
    "minutes",
    "notes",
    "note",
    "retro",
    "summary",
    "recap",
    "yesterday",
    "today",
    "tomorrow",
    "done",
    "finished",
    "completed",
    "doing",
    "example",
    "examples",
    "e.g",
    "i.e",
    "steps",
    "runbook",
    "checklist",
    "backlog",
    "roadmap",
    "schedule",
    "draft",
    "history",
    "blockers",
    "reminder",
    "subject",
    "title",
    "topic",
    "quote",
    "log",
    "output",
    "usage",
    "syntax",
    "terminal",
    "console",
    "transcript",
    "excerpt",
    "snippet",
];

/// How far into a line its label may reach.
const LABEL_REACH: usize = 4;

/// Whether a line of words of these classes only tells, whatever stands in it.
pub(super) fn tells(line: &[Token<'_>], said: Class) -> bool {
    const SIGNS: Class = Class::of_kind(Kind::Colon)
        .and(Class::of_kind(Kind::Bracket))
        .and(Class::of_kind(Kind::Dash))
        .and(Class::of_kind(Kind::Plus))
        .and(Class::of_kind(Kind::Stop))
        .and(Class::of_kind(Kind::Arrow));
    if !said.is(SIGNS) {
        let example = |token: &Token<'_>| token.listed(&["e.g", "i.e"]);
        return said.is(Class::LISTED) && line.iter().any(example) && labelled(line);
    }
    statistics(line)
        || button(line)
        || subject(line)
        || checkbox(line)
        || difference(line)
        || labelled(line)
        || enumerated(line)
        || outcome(line)
}

/// Whether a line makes a list of those below it, up to the next blank one: "Notes from the retro:".
pub(super) fn heads_list(line: &[Token<'_>], next: &[Token<'_>]) -> bool {
    if next.is_empty() || begins_item(line) {
        return false;
    }
    let label = |token: &Token<'_>| token.is(Class::TIME) || token.listed(LABELS);
    let words = line.iter().filter(|token| token.is_word()).count();
    let labels = words > 0 && line.iter().all(|token| label(token) || token.kind == Kind::Colon);
    if labels || authored(line) {
        return true;
    }
    // "Not today:", "not now,"
    let hangs = line.last().is_some_and(|last| matches!(last.kind, Kind::Colon | Kind::Comma | Kind::Dash));
    if hangs && line[0].any(&["not"]) && matches!(mood::read(line), Mood::Retraction) {
        return true;
    }
    let colon = line.last().is_some_and(|token| token.kind == Kind::Colon);
    if !colon && !begins_item(next) {
        return false;
    }
    let addresses = line.iter().all(|token| {
        !token.is_word()
            || token.name.is_some()
            || token.is(Class::OPENER)
            || token.is(Class::PREPOSITION)
            || token.is(Class::INTERJECTION) && !token.listed(LABELS)
    });
    !addresses
        && match mood::read(line) {
            // "Logs:", "Usage:" above what was pasted.
            Mood::Order(opening) => {
                colon && matches!(opening.head, Head::Act(action) if !action.row().changes)
            }
            Mood::Retraction => false,
            Mood::Notify(_) => colon,
            _ => true,
        }
}

/// "- deploy", "1. deploy", "[x] deploy", "2) deploy".
pub(super) fn begins_item(line: &[Token<'_>]) -> bool {
    line.first().is_some_and(|token| match token.kind {
        Kind::Dash => true,
        Kind::Bracket => token.raw == "[",
        Kind::Word => {
            token.low.bytes().all(|byte| byte.is_ascii_digit())
                && line.get(1).is_some_and(|next| matches!(next.kind, Kind::Stop | Kind::Bracket))
        }
        _ => false,
    })
}

/// "- [x] deploy staging", "[ ] deploy staging", "( ) deploy staging".
fn checkbox(line: &[Token<'_>]) -> bool {
    let dashes = line.iter().take_while(|token| token.kind == Kind::Dash).count();
    match &line[dashes..] {
        [open, close, ..] if matches!((open.raw, close.raw), ("[", "]") | ("(", ")")) => true,
        [open, mark, close, ..] => open.raw == "[" && close.raw == "]" && mark.raw.len() == 1,
        _ => false,
    }
}

/// "+deploy", "--- deploy": a line of a difference, or a rule across the page.
fn difference(line: &[Token<'_>]) -> bool {
    match line {
        [plus, word, ..] if plus.kind == Kind::Plus => word.glued,
        [first, second, ..] => first.kind == Kind::Dash && second.kind == Kind::Dash,
        _ => false,
    }
}

/// "[deploy] production v1.2.3", "[approve] [reject]": a label of a tool, or buttons.
fn button(line: &[Token<'_>]) -> bool {
    match line {
        [open, verb, close, ..] => {
            open.raw == "[" && close.raw == "]" && verb.is(Class::HEAD) && verb.name.is_none()
        }
        _ => false,
    }
}

/// "revert: deploy production" is what a commit is called, and "approve: 3, reject: 1" how many were for it.
fn subject(line: &[Token<'_>]) -> bool {
    let [verb, colon, next, rest @ ..] = line else { return false };
    if !verb.is(Class::HEAD) || colon.kind != Kind::Colon {
        return false;
    }
    let counted = next.is(Class::DIGIT) && next.low.bytes().all(|byte| byte.is_ascii_digit());
    counted && rest.first().is_none_or(|sign| !sign.is_word())
        || verb.any(&["revert", "rollback"]) && next.is(Class::HEAD) && next.name.is_none()
}

/// "deploys this week: 12, rollbacks: 1": how many there were.
fn statistics(line: &[Token<'_>]) -> bool {
    const COUNTED: Words = Words::of(&[
        "deploys",
        "deployments",
        "releases",
        "rollbacks",
        "rollouts",
        "runs",
        "incidents",
        "migrations",
        "backfills",
        "outages",
        "errors",
        "failures",
        "approvals",
        "restarts",
    ]);
    line.windows(2).any(|pair| {
        pair[0].kind == Kind::Colon
            && pair[1].is(Class::DIGIT)
            && pair[1].low.bytes().all(|byte| byte.is_ascii_digit())
    }) && line[0].among(&COUNTED)
}

/// "1. lunch 2. deploy production": things to do, of which not all are ours.
fn enumerated(line: &[Token<'_>]) -> bool {
    let number = |at: usize| {
        line[at].is_word()
            && line[at].low.bytes().all(|byte| byte.is_ascii_digit())
            && line.get(at + 1).is_some_and(|next| matches!(next.kind, Kind::Stop | Kind::Bracket))
    };
    let mut numbers = (0..line.len()).filter(|at| number(*at));
    match (numbers.next(), numbers.next()) {
        (Some(0), Some(second)) => !item_is_ours(&line[..second]),
        _ => false,
    }
}

/// Whether the items of a list that begins here are not all for us: "- lunch", "- deploy production".
pub(super) fn lists_others<'a, 't: 'a>(lines: impl Iterator<Item = &'a [Token<'t>]>) -> bool {
    lines.take_while(|line| begins_item(line)).any(|line| !item_is_ours(line))
}

/// An order: what is listed right below it is how it is to go.
pub(super) fn orders(line: &[Token<'_>]) -> bool {
    matches!(mood::read(line), Mood::Order(_))
}

/// An item that orders something, or says nothing at all, or is at least about a name of ours.
fn item_is_ours(line: &[Token<'_>]) -> bool {
    let begin =
        line.iter().position(|token| token.is_word() && !token.low.bytes().all(|b| b.is_ascii_digit()));
    let Some(item) = begin.map(|begin| &line[begin..]) else { return true };
    item.iter().any(|token| token.name.is_some())
        || !matches!(mood::read(item), Mood::Statement | Mood::Imperative(..))
}

/// "todo: …", "agenda for monday: …", "e.g. …".
fn labelled(line: &[Token<'_>]) -> bool {
    let from = mood::skip_openers(line, 0);
    // "done" may open an order ("done, now deploy"), but does not before a colon.
    let begin = if line.first().is_some_and(|token| token.listed(LABELS)) { 0 } else { from };
    let line = &line[begin.min(line.len())..];
    if line.first().is_some_and(|token| token.any(&["e.g", "i.e"])) {
        return true;
    }
    let reach = &line[..line.len().min(LABEL_REACH + 1)];
    let Some(colon) = reach.iter().position(|token| token.kind == Kind::Colon) else { return false };
    heads::find(line).is_none() && line[..colon].iter().any(|token| token.listed(LABELS))
}

/// How tools say what came of a step.
pub(in crate::intent) const OUTCOMES: &[&str] =
    &["ok", "done", "skipped", "success", "failed", "passed", "error", "x", "fail"];

/// "deploy production [ok]", "deploy production: ok", "deploy production ... ok": how tools say what came of a step.
fn outcome(line: &[Token<'_>]) -> bool {
    let line = match line {
        [rest @ .., last] if matches!(last.raw, "]" | ")") => rest,
        line => line,
    };
    let [before @ .., sign, last] = line else { return false };
    // "unlock staging: load - test - done": the reason of a lock may end in any word.
    let locks = line[0].is(Class::HEAD) && line[0].any(&["lock", "unlock", "freeze", "unfreeze"]);
    if last.quote > 0 || locks && before.iter().any(|token| token.kind == Kind::Colon) {
        return false;
    }
    let dots = sign.kind == Kind::Stop && before.last().is_some_and(|token| token.kind == Kind::Stop);
    last.any(OUTCOMES)
        && (dots || matches!(sign.kind, Kind::Colon | Kind::Bracket | Kind::Arrow | Kind::Dash))
        && before.iter().any(Token::is_word)
}

/// "Ana 10:22 AM" above a pasted message.
fn authored(line: &[Token<'_>]) -> bool {
    /// Names of people are not longer, with their time.
    const LONGEST: usize = 6;
    let end = line.iter().rposition(|token| !token.any(&["am", "pm"]) && token.kind != Kind::Bracket);
    let clock = |word: &str| {
        word.split_once(':').is_some_and(|(hour, minute)| {
            !hour.is_empty()
                && [hour, minute].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
        })
    };
    (2..=LONGEST).contains(&line.len())
        && end.is_some_and(|end| end > 0 && clock(line[end].low))
        && heads::find(line).is_none()
        && line[0].is_word()
}
