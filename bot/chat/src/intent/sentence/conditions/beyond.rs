//! Parts of a standing order that none can hold: "if 500s, rollback and *wipe the cache*". What is kept would be less than
//! what was said, so nothing is.

use super::{
    Action, Class, Command, Head, Kind, Mood, Problem, Token, Vocabulary, Words, conditional, mood, reach,
    standing,
};
use crate::intent::command::{Reaction, Signal};
use crate::intent::names::NameKind;
use crate::intent::problem::ALERTS;
use crate::intent::words::said_again;

/// Whether this token stands between two things to be done or to be seen.
fn joins(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::Comma | Kind::Plus | Kind::Dash | Kind::Semicolon)
        || token.any(&["and", "then", "also", "plus"])
}

/// Words that order and tell nothing by themselves: "please", "in production", "it".
fn says_nothing(part: &[Token<'_>]) -> bool {
    let idle = Class::OPENER.and(Class::INTERJECTION).and(Class::FILLER).and(Class::PREPOSITION);
    part.iter().all(|token| !token.is_word() || token.name.is_some() || token.is(idle))
}

/// Something is ordered here that changes the world, or that nobody here can do.
fn orders(part: &[Token<'_>]) -> bool {
    match mood::read(part) {
        Mood::Order(opening) => match opening.head {
            Head::Act(action) => action.row().changes,
            _ => true,
        },
        Mood::Imperative(..) | Mood::Notify(_) => part.iter().filter(|token| token.is_word()).count() > 1,
        _ => false,
    }
}

/// A number no reaction can hold: "scale web to 5".
fn numbered(part: &[Token<'_>]) -> bool {
    part.iter().any(|token| token.is_word() && token.name.is_none() && token.is(Class::DIGIT))
}

/// What is ordered here beside what rules do.
pub(super) fn undone<'a, 't>(tokens: &'a [Token<'t>], when: &[Signal]) -> Option<&'a [Token<'t>]> {
    let mut bundle = false;
    tokens.split(joins).find(|part| {
        let reactions = standing::reactions(part, when);
        if reactions.is_empty() {
            // "with logs and diffs" goes on about the incident.
            return if bundle { orders(part) } else { !says_nothing(part) };
        }
        bundle = reactions.contains(&Reaction::Incident);
        numbered(part)
    })
}

/// "text me and open a ticket if a deploy fails": where what is ordered begins behind the wish to be told.
pub(super) fn order_within(tokens: &[Token<'_>], signals_named: bool) -> Option<usize> {
    let ends = |token: &Token<'_>| joins(token) || token.is(Class::CONDITION) || token.any(&["on", "about"]);
    (1..tokens.len()).filter(|at| joins(&tokens[at - 1])).find(|at| {
        let rest = reach(&tokens[*at..]);
        let part = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
        !standing::notifies(rest)
            && standing::channels(part).is_empty()
            // "on failed deploys and rollback" names what is to be told.
            && (if standing::signals(part, false).is_empty() { orders(part) } else { !signals_named })
    })
}

/// Words that except something from what stands before them.
const EXCEPTS: &[&str] =
    &["except", "excluding", "unless", "until", "till", "besides", "apart", "else", "otherwise"];

/// What is not, when something is in trouble: "isn't healthy".
const WELL: Words = Words::of(&[
    "healthy",
    "well",
    "up",
    "ok",
    "okay",
    "fine",
    "good",
    "right",
    "respond",
    "responding",
    "answer",
    "answering",
    "reachable",
    "reached",
    "available",
    "ready",
    "work",
    "working",
    "alive",
    "running",
    "pass",
    "passing",
    "succeed",
    "start",
]);

/// Negations that begin questions as well.
const IS_NOT: &[&str] = &["isn't", "isnt", "aren't", "arent", "wasn't", "hasn't", "haven't"];

/// Where a standing order is turned round or narrowed: "*but not* in production", "*don't* roll back", "*unless* …".
fn turned(tokens: &[Token<'_>]) -> Option<usize> {
    /// So close behind its no stands what something is not.
    const CLOSE: usize = 4;
    (0..tokens.len()).find(|at| {
        let token = &tokens[*at];
        let well = || tokens[at + 1..].iter().take(CLOSE).any(|next| next.among(&WELL));
        token.is_word()
            && token.quote == 0
            && (token.any(EXCEPTS)
                || token.any(&["but"]) && tokens[at + 1..].iter().take(2).any(is_environment)
                || token.any(IS_NOT) && !well()
                || token.is(Class::NEGATION) && (!well() || token.any(&["without"])))
    })
}

fn is_environment(token: &Token<'_>) -> bool {
    token.name.is_some_and(|hit| hit.kind == NameKind::Environment)
}

/// How a canary ends well: nothing looks weird then.
const ENDS_WELL: Words = Words::of(&[
    "done",
    "pass",
    "passes",
    "passed",
    "finishes",
    "finished",
    "succeeds",
    "succeeded",
    "complete",
    "completes",
    "completed",
    "fine",
    "good",
    "ok",
    "okay",
    "healthy",
    "over",
    "through",
    "promoted",
    "starts",
    "started",
    "begins",
    "better",
    "improves",
    "improved",
    "improving",
    "recovers",
    "recovered",
    "recovering",
    "stable",
    "clean",
    "green",
    "normal",
]);

/// "when the canary is done": of a canary only what looks weird is told, and that is not what was said.
fn well(command: &Command, condition: &[Token<'_>]) -> bool {
    command.on.iter().chain(&command.when).eq(&[Signal::CanaryAnomaly])
        && condition.iter().any(|token| token.among(&ENDS_WELL))
        && !condition.iter().any(|token| token.is(Class::NEGATION))
}

/// A time, a number of times or a share: signals have their own.
fn measured<'a, 't>(tokens: &'a [Token<'t>]) -> Option<&'a Token<'t>> {
    tokens.iter().find(|token| {
        token.is_word()
            && token.quote == 0
            && token.name.is_none()
            && (token.is(Class::TIME) || token.is(Class::DIGIT) || token.any(&["twice", "thrice"]))
            && standing::signals(std::slice::from_ref(token), false).is_empty()
    })
}

/// "if *cpu is high* or we see 500s": what stands beside a signal and is none.
fn unwatched<'a, 't>(condition: &'a [Token<'t>]) -> Option<&'a [Token<'t>]> {
    let begins = condition.iter().position(|token| !token.is(Class::CONDITION)).unwrap_or(0);
    let joint = |token: &Token<'_>| token.any(&["or"]) || joins(token);
    condition[begins..].split(joint).find(|part| {
        let strange = |token: &Token<'_>| {
            token.is_word() && token.name.is_none() && !token.class.known() && !token.is(Class::DIGIT)
        };
        // "or is slow"
        let besides =
            |token: &Token<'_>| !says_nothing(std::slice::from_ref(token)) && !token.is(Class::CONDITION);
        let told = part.iter().filter(|token| token.is_word()).count() > 1 && part.iter().any(besides);
        (part.iter().any(strange) || told)
            && standing::signals(part, false).is_empty()
            && standing::channels(part).is_empty()
    })
}

fn said(part: &[Token<'_>]) -> String {
    let end = part.iter().rposition(|token| !joins(token)).map_or(0, |last| last + 1);
    said_again(&part[..end]).collect::<Vec<_>>().join(" ")
}

/// Refuses what excepts something, which an alert or a rule would lose.
pub(super) fn unturned(command: &Command, all: &[Token<'_>], vocabulary: &Vocabulary) -> Result<(), Problem> {
    turned(all).map_or(Ok(()), |at| Err(narrowed(command, all, at, vocabulary)))
}

/// "if staging fails, rollback *production*": what is watched and what is done are at different places, and an order has one.
pub(super) fn one_place(
    command: &Command,
    condition: &[Token<'_>],
    orders: &[Token<'_>],
    vocabulary: &Vocabulary,
) -> Result<(), Problem> {
    let mut seen = standing::environments(condition, vocabulary);
    let mut done = standing::environments(orders, vocabulary);
    seen.sort();
    done.sort();
    if seen.is_empty() || done.is_empty() || seen == done {
        return Ok(());
    }
    let problem = Problem::ambiguous(format!(
        "A rule acts where it watches, and I read {} and then {}, so I kept nothing. Say one rule for each place.",
        seen.join(", "),
        done.join(", ")
    ));
    let within = |environments| Command { environments, ..command.clone() }.canonical();
    Err(problem.suggest([within(seen), within(done)]))
}

/// "text me and *ben*": a standing order tells whoever gives it.
pub(super) fn told_alone(tokens: &[Token<'_>]) -> Result<(), Problem> {
    let whom =
        tokens.iter().skip(1).take_while(|token| !token.is(Class::CONDITION) && !token.any(&["on", "about"]));
    let mut joined = false;
    for token in whom {
        let other = token.is_word()
            && token.name.is_none()
            && !token.class.known()
            && standing::channels(std::slice::from_ref(token)).is_empty();
        if joined && other {
            return Err(Problem::ambiguous(format!(
                "I tell whoever asks for it, and `{name}` asks for it themselves, so I kept nothing. Say it for yourself alone.",
                name = token.raw
            ))
            .suggest(ALERTS));
        }
        joined = joins(token);
    }
    Ok(())
}

/// Refuses what nobody watches, and times and numbers, which an alert or a rule would lose.
pub(super) fn watched(command: &Command, condition: &[Token<'_>], all: &[Token<'_>]) -> Result<(), Problem> {
    let begins = |token: &Token<'_>| token.is(Class::CONDITION) || token.any(&["on", "about"]);
    let condition = &condition[condition.iter().position(begins).unwrap_or(0)..];
    if let Some(part) = unwatched(condition).or_else(|| well(command, condition).then_some(condition)) {
        return Err(Problem::bad_value(format!(
            "I can't watch `{}`, so I kept nothing. I watch for a weird canary, a rollback, a failed deploy, repeated 500s, \
             and something unhealthy.",
            said(part)
        ))
        .suggest([command.canonical()]));
    }
    if let Some(token) = measured(all) {
        return Err(Problem::bad_value(format!(
            "A standing order holds at any time, and its signals have limits of their own: it can't keep `{}`, so I kept \
             nothing.",
            token.raw
        ))
        .suggest([command.canonical()]));
    }
    Ok(())
}

/// "…, but not in production": the other environments are suggested, by name.
#[cold]
fn narrowed(command: &Command, all: &[Token<'_>], at: usize, vocabulary: &Vocabulary) -> Problem {
    let problem = Problem::ambiguous(format!(
        "I read `{}` in that, which a standing order can't keep, so I kept nothing. Say what is to happen, and where.",
        said(&all[at..])
    ));
    let out = standing::environments(&all[at..], vocabulary);
    let mut within = standing::environments(&all[..at], vocabulary);
    if within.is_empty() {
        within.extend(vocabulary.names().environments.iter().map(|environment| environment.name.clone()));
    }
    within.retain(|environment| !out.contains(environment));
    if out.is_empty() || within.is_empty() {
        return problem;
    }
    let mut rest = command.clone();
    rest.environments = within;
    problem.suggest([rest.canonical()])
}

/// A part of what is to be done is nothing a rule does. The rule without it is suggested.
#[cold]
pub(super) fn not_by_rule(part: &[Token<'_>], rest: &Command) -> Problem {
    let problem = Problem::ambiguous(format!(
        "A rule can't do `{}`, so I kept nothing. It can roll back, open an incident, restart, scale up by one, \
         disable cron, or halt the canary.",
        said(part)
    ));
    if rest.then.is_empty() { problem } else { problem.suggest([rest.canonical()]) }
}

/// Something else is wanted beside being told.
#[cold]
pub(super) fn not_told(order: &[Token<'_>]) -> Problem {
    Problem::ambiguous(format!(
        "Beside the wish to be told I read `{}`, so I kept nothing. Send the two apart.",
        said(order)
    ))
    .suggest(ALERTS)
}

/// "if we see 500s, deploy staging": the signal is one of ours, and what is to be done nothing a rule does.
#[cold]
pub(super) fn no_rule(signals: &[Signal], orders: &[Token<'_>], vocabulary: &Vocabulary) -> Problem {
    if signals.is_empty() || says_nothing(orders) {
        return conditional(orders, vocabulary);
    }
    let mut rule = Command::new(Action::Rule);
    rule.when = signals.to_vec();
    rule.then = vec![Reaction::Incident];
    let mut problem = not_by_rule(orders, &Command::new(Action::Rule));
    let mut other = conditional(orders, vocabulary);
    problem.suggestions.extend(std::mem::take(&mut other.suggestions).into_iter().take(1));
    problem.suggest([rule.canonical()])
}

/// "text me": the wish to be told, and nothing of what.
#[cold]
pub(super) fn of_what(tokens: &[Token<'_>]) -> Problem {
    let wish = said(tokens);
    let signals = ["if a deploy fails", "if the canary looks weird", "if a rollback triggers"];
    Problem::not_a_command(format!(
        "Of what? I can tell you of a weird canary, a rollback, a failed deploy, repeated 500s, or something unhealthy, \
         like: {wish} {}",
        signals[0]
    ))
    .suggest(signals.map(|signal| format!("{wish} {signal}")))
}
