//! Words of a standing order that it has no place for: of one service, on some days, after somebody was asked. An alert or a
//! rule that lost them would be another one than was said.

use super::{Action, Class, Command, Kind, Problem, Token, Words, standing};
use crate::intent::command::Signal;
use crate::intent::names::NameKind;
use crate::intent::words::{reach, said_again};

/// What reactions are said with, beside the words that mean nothing.
const REACTS: Words = Words::of(&[
    "roll",
    "rolled",
    "rollback",
    "roll-back",
    "revert",
    "restart",
    "reboot",
    "bounce",
    "scale",
    "disable",
    "stop",
    "pause",
    "turn",
    "halt",
    "hold",
    "abort",
    "freeze",
    "cron",
    "crons",
    "cronjobs",
    "schedule",
    "schedules",
    "canary",
    "rollout",
    "deploy",
    "deployment",
    "release",
    "previous",
    "last",
    "automatically",
    "incident",
    "open",
    "file",
    "raise",
    "create",
    "start",
    "log",
    "be",
    "should",
    "must",
    "will",
    "can",
    "could",
    "would",
]);

/// Between these and what they tell of, a signal may be told in any words: "the canary looks *funky*".
const LOOKS: Words = Words::of(&[
    "looks",
    "look",
    "looking",
    "seems",
    "seem",
    "gets",
    "get",
    "goes",
    "go",
    "going",
    "acts",
    "acting",
    "behaves",
    "is",
    "are",
    "becomes",
    "become",
    "turns",
    "feels",
    "smells",
    "starts",
    "misbehaves",
]);

/// What signals and wishes are told with besides.
const TOLD: Words = Words::of(&[
    "misbehaves",
    "misbehave",
    "misbehaving",
    "repeated",
    "repeat",
    "repeats",
    "repeating",
    "repeatedly",
    "anomaly",
    "anomalies",
    "something",
    "lmk",
    "know",
    "healthy",
    "rolls",
    "throw",
    "throws",
    "throwing",
    "return",
    "returns",
    "serves",
    "serving",
    "many",
    "several",
    "multiple",
    "lots",
    "spike",
    "spikes",
    "occurs",
    "occur",
    "appear",
    "appears",
    "seeing",
    "happening",
    "detected",
    "keep",
    "respond",
    "responding",
    "responds",
    "checks",
    "anomalous",
    "happen",
    "happens",
    "weird",
    "strange",
    "bad",
    "wrong",
    "off",
    "detects",
    "detect",
    "raises",
    "trigger",
    "find",
    "notice",
    "spot",
    "ever",
    "anomolies",
    "errors",
    "error",
    "pages",
]);

/// When something was or is always so, which no signal tells.
const DATED: Words = Words::of(&[
    "yesterday",
    "ago",
    "only",
    "every",
    "weekly",
    "daily",
    "nightly",
    "except",
    "during",
    "throughout",
    "last",
    "previous",
]);

/// Whether this is a name that no standing order has a key for.
fn is_other(token: &Token<'_>) -> bool {
    token.name.is_some_and(|hit| !matches!(hit.kind, NameKind::Environment | NameKind::Project))
}

/// The name that stands here is the job's own word: "disable cron" is about all of it.
fn is_cron(token: &Token<'_>) -> bool {
    token.any(&["cron", "crons"])
}

/// Refuses what stands beside the reactions of a rule and is none of them.
pub(super) fn reacts(command: &Command, orders: &[Token<'_>]) -> Result<(), Problem> {
    tried(Action::Rule, orders)?;
    let mut incident = false;
    for (at, token) in orders.iter().enumerate().filter(|(_, token)| token.is_word()) {
        // "with logs, diffs and commits" goes on about the incident.
        incident |= token.any(&["incident"]);
        if is_other(token) && !is_cron(token) {
            return Err(of_one(command, token));
        }
        // "open an incident instead of rolling back" names what is not to be done.
        if token.any(&["or", "either", "instead", "rather"]) {
            return Err(not_held(command, &orders[at..]));
        }
        let idle = Class::IDLE.and(Class::OPENER).and(Class::PREPOSITION);
        // "scale up by one" is what it does.
        let one = token.any(&["one"]) && at > 0 && orders[at - 1].any(&["by"]);
        let held =
            one || token.name.is_some() || token.among(&REACTS) || token.is(idle) && !dated(orders, at);
        let bundled = incident && !token.is(Class::CONDITION.and(Class::TIME)) && !dated(orders, at);
        if !held && !bundled {
            return Err(not_held(command, &orders[at..]));
        }
    }
    Ok(())
}

/// Refuses what stands beside a signal and narrows it.
pub(super) fn watches(command: &Command, condition: &[Token<'_>]) -> Result<(), Problem> {
    tried(command.action, condition)?;
    aimless(command, condition)?;
    for (at, token) in condition.iter().enumerate().filter(|(_, token)| token.is_word()) {
        // Most words are known, and say when or whether at most.
        if token.name.is_none() && token.class.known() {
            if dated(condition, at) || eases(condition, at) {
                return Err(not_held(command, &condition[at..]));
            }
            continue;
        }
        let channel = !standing::channels(std::slice::from_ref(token)).is_empty();
        if is_other(token) && !channel && !(is_cron(token) && command.action == Action::Rule) {
            return Err(of_one(command, token));
        }
        // In any words only the canary is told of: "500s are vanishing" is the contrary.
        let told = command.when.iter().chain(&command.on).any(|signal| *signal == Signal::CanaryAnomaly)
            && condition[..at].iter().rev().take(3).any(|before| before.among(&LOOKS));
        let strange = token.name.is_none()
            && !token.is(Class::DIGIT)
            && !told
            && !worse(condition, at)
            && !token.among(&TOLD)
            && !channel
            && standing::signals(std::slice::from_ref(token), false).is_empty();
        if strange {
            return Err(not_held(command, &condition[at..]));
        }
    }
    Ok(())
}

/// "if repeated 500s *stop*", "*before* a rollback": known, and nothing that tells of trouble.
fn eases(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    if token.quote > 0 {
        return false;
    }
    let little = Class::IDLE
        .and(Class::OPENER)
        .and(Class::FILLER)
        .and(Class::PREPOSITION)
        .and(Class::SUBJECT)
        .and(Class::CONDITION)
        .and(Class::OBJECT)
        .and(Class::NEGATION)
        .and(Class::DIGIT);
    let held = worse(tokens, at)
        || token.is(little) && !token.any(&["before", "over", "until", "till"])
        || token.among(&LOOKS)
        || token.among(&TOLD)
        || token.among(&TROUBLE)
        || token.among(&ASKED)
        || !standing::channels(std::slice::from_ref(token)).is_empty()
        || !standing::signals(std::slice::from_ref(token), false).is_empty();
    !held
}

/// Refuses words before what a rule is to do that say more than "please": "*plan* a rollback".
pub(super) fn ahead(words: &[Token<'_>]) -> Result<(), Problem> {
    let little = Class::IDLE
        .and(Class::OPENER)
        .and(Class::INTERJECTION)
        .and(Class::FILLER)
        .and(Class::PREPOSITION)
        .and(Class::SUBJECT)
        .and(Class::TELLS)
        .and(Class::MODAL);
    let more = words.iter().find(|token| token.is_word() && token.name.is_none() && !token.is(little));
    let Some(more) = more else { return Ok(()) };
    Err(Problem::ambiguous(format!(
        "A rule does what it does for real, and I read `{}` before it, so I kept nothing. Say it without, if that is what you want.",
        more.raw
    )))
}

/// "stops responding", "has gone bad": what would end well, were it not for the next word.
fn worse(tokens: &[Token<'_>], at: usize) -> bool {
    const WORSE: &[&str] =
        &["responding", "working", "answering", "bad", "wrong", "weird", "down", "mad", "haywire"];
    tokens[at].any(&["stops", "stopped", "gone"]) && tokens.get(at + 1).is_some_and(|next| next.any(WORSE))
}

/// How somebody asks to be told, and what sees a signal.
const ASKED: Words = Words::of(&[
    "roll", "rolled", "roll", "rolled", "alert", "message", "notify", "let", "send", "ping", "tell", "page",
    "warn", "give", "see", "health", "has", "does", "rate",
]);

/// What signals are told with that fail.
const TROUBLE: Words = Words::of(&[
    "fail",
    "fails",
    "failed",
    "failing",
    "failure",
    "failures",
    "break",
    "breaks",
    "broke",
    "broken",
    "crash",
    "crashes",
    "crashed",
    "crashing",
    "dies",
    "died",
    "triggered",
    "triggers",
    "hangs",
    "hung",
    "stuck",
    "isn't",
    "aren't",
    "happened",
]);

/// "every night", "only for api", "yesterday". "Every time" is whenever, and "only in production" is in production.
fn dated(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    if !token.among(&DATED) || token.quote > 0 {
        return false;
    }
    let next = |words: &[&str]| tokens.get(at + 1).is_some_and(|next| next.any(words));
    let placed = || {
        let mut behind = tokens[at + 1..].iter().skip_while(|token| token.any(&["in", "on", "the"]));
        behind.next().is_none_or(|next| !next.is_word() || next.name.is_some() || next.any(&["by"]))
    };
    let channel = || at > 0 && !standing::channels(&tokens[at - 1..at]).is_empty();
    match token.low {
        "every" => !next(&["time"]),
        "only" => !placed() && !channel() && !tokens[at + 1].is(Class::CONDITION),
        "during" | "throughout" => {
            let mut behind =
                tokens[at + 1..].iter().skip_while(|token| token.any(&["a", "an", "the", "our"]));
            !behind.next().is_some_and(|what| {
                what.any(&["deploy", "deploys", "deployment", "rollout", "release", "canary", "migration"])
            })
        }
        // "if the last deploy failed": once, and looked at now.
        "last" | "previous" => next(&["deploy", "deployment", "release", "rollout", "run", "rollback"]),
        _ => true,
    }
}

/// "stop after the canary", "if a deploy fails with canary": a canary that is no signal there.
fn aimless(command: &Command, condition: &[Token<'_>]) -> Result<(), Problem> {
    let signals = if command.action == Action::Rule { &command.when } else { &command.on };
    if !signals.contains(&Signal::CanaryAnomaly) {
        return Ok(());
    }
    let canary = condition.iter().position(|token| token.any(&["canary", "canaries"]));
    let Some(at) = canary else { return Ok(()) };
    let before = condition[..at].iter().rev().find(|token| !token.any(&["a", "the", "our"]));
    let alone = !condition[at + 1..].iter().any(Token::is_word);
    let beside = before.is_some_and(|before| {
        before.any(&["after", "before", "while", "until", "once"]) && alone
            || before.any(&["with", "without", "during", "after", "before"]) && signals.len() > 1
    });
    if beside { Err(not_held(command, &condition[at..])) } else { Ok(()) }
}

/// "rollback as a dry run": what comes of a signal is done for real.
fn tried(action: Action, tokens: &[Token<'_>]) -> Result<(), Problem> {
    let dry = tokens.iter().find(|token| {
        token.quote == 0
            && token.any(&["dry", "dry-run", "dryrun", "rehearsal", "rehearse", "simulate", "simulation"])
    });
    dry.map_or(Ok(()), |dry| Err(crate::intent::grammar::places::whole::no_dry_run(action, dry)))
}

/// One service, component or the like is named, and a standing order is about all of a place.
#[cold]
fn of_one(command: &Command, token: &Token<'_>) -> Problem {
    let kind = if command.action == Action::Rule { "A rule" } else { "An alert" };
    Problem::ambiguous(format!(
        "{kind} is about whole environments, and I read `{}`, so I kept nothing. Say it without, if all of the environment is meant.",
        token.raw
    ))
    .suggest(harmless(command))
}

/// The same of any other words.
#[cold]
fn not_held(command: &Command, part: &[Token<'_>]) -> Problem {
    let words = said_again(reach(part)).collect::<Vec<_>>().join(" ");
    let kind = if command.action == Action::Rule { "A rule" } else { "An alert" };
    Problem::ambiguous(format!(
        "{kind} has no place for `{words}`, so I kept nothing. Say it without, if that is what you want."
    ))
    .suggest(harmless(command))
}

/// What can be kept instead and changes nothing that runs: to be told of the same signals.
fn harmless(command: &Command) -> Option<String> {
    let mut alert = Command::new(Action::Alert);
    alert.on = if command.action == Action::Rule { command.when.clone() } else { command.on.clone() };
    alert.by.clone_from(&command.by);
    alert.environments.clone_from(&command.environments);
    (!alert.on.is_empty()).then(|| alert.canonical())
}

/// "ping @kim if …": an alert tells whoever gives it.
pub(super) fn told_others(command: &Command, wish: &[Token<'_>]) -> Result<(), Problem> {
    let ends = |token: &Token<'_>| token.is(Class::CONDITION) || token.any(&["on", "about"]);
    // "by email instead of sms"
    if let Some(at) = wish.iter().position(|token| token.any(&["instead", "rather"])) {
        return Err(not_held(command, &wish[at..]));
    }
    let other =
        wish.iter().take_while(|token| !ends(token)).skip(1).find(|token| token.kind == Kind::Mention);
    let Some(other) =
        other.filter(|other| !other.raw.ends_with(&["here", "channel", "everyone"][..].concat()))
    else {
        return Ok(());
    };
    Err(Problem::ambiguous(format!(
        "I tell whoever asks for it, and `{}` asks for it themselves, so I kept nothing. Say it for yourself alone.",
        other.raw
    ))
    .suggest(harmless(command)))
}

/// "text me if a deploy fails and email me if a rollback triggers": where another wish begins that says itself of what.
pub(super) fn second_alert(tokens: &[Token<'_>]) -> Option<usize> {
    let waits = |tokens: &[Token<'_>]| tokens.iter().any(|token| token.is(Class::CONDITION));
    let first = tokens.iter().position(|token| token.is(Class::CONDITION))?;
    let second = super::notify_within(&tokens[first..])? + first;
    waits(&tokens[second..]).then_some(second)
}
