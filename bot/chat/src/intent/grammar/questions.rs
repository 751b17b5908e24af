//! Questions, each answered by the read-only command that knows.
//!
//! Who or when → `audit`; did, what is deployed → `releases`; is, how is → `status`; may we, is it safe → `can`; what has
//! drifted and what would change → a dry run. A question none of these answers is no command.

mod topic;

use crate::intent::actions::Action;
use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::words::{Kind, Token, Words, words_at};

pub(in crate::intent) use topic::{actor, help, person};
use topic::{at_all, backfills, opines};

/// What a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::intent) enum Asked {
    /// This action answers it; its arguments are among the words from the given place on.
    By(Action, usize),
    /// A dry run of the action answers it.
    DryRun(Action, usize),
    /// A dry run of the order that begins at this place, and ends before the other.
    Order(usize, usize),
    /// Whether the order that begins at this place is allowed.
    Can(usize),
    /// "can you …": the order begins at this place.
    Please(usize),
    /// "don't we …", "can you not …".
    Refused,
    /// Nothing we can answer.
    Unanswered,
}

/// What only a project's history knows, said of a branch or a commit.
const HISTORY: Words = Words::of(&[
    "has", "have", "contains", "contain", "includes", "include", "holds", "fixes", "fixed", "broke",
    "breaks", "added", "adds", "changed", "changes",
]);

fn is_run(token: &Token<'_>) -> bool {
    token.is_word() && token.low.trim_start_matches('#').starts_with("r-")
}

/// "see the game yesterday": nothing of ours, neither by name nor by what is done to it.
fn is_idle(tokens: &[Token<'_>]) -> bool {
    let ours = |token: &Token<'_>| {
        token.name.is_some()
            || is_run(token)
            || token.is(Class::HEAD.and(Class::OBJECT).and(Class::KEYWORD))
                && !token.any(&["see", "get", "do"])
    };
    !tokens.iter().any(|token| token.is_word() && ours(token))
        && tokens.iter().any(|token| !token.class.known())
}

/// "who locked me out of the office?", "who forgot to unlock the car?": a lock of another kind.
fn elsewhere(tokens: &[Token<'_>]) -> bool {
    let locks = tokens.iter().any(|token| token.any(&["lock", "locked", "unlock", "unlocked", "locks"]));
    let named = tokens.iter().any(|token| token.name.is_some());
    let strange = tokens.iter().rev().find(|token| token.is_word()).is_some_and(|last| !last.class.known());
    locks && !named && strange
}

fn says(tokens: &[Token<'_>], words: &[&str]) -> bool {
    tokens.iter().any(|token| token.any(words))
}

/// What is asked by words that begin with a question word. `None`: they do not ask.
pub(in crate::intent) fn read(tokens: &[Token<'_>]) -> Option<Asked> {
    let word = words_at(tokens);
    let marked = tokens.iter().any(|token| token.kind == Kind::Question);
    Some(match word(0) {
        "who" if matches!(word(1), "am") && matches!(word(2), "i") => Asked::By(Action::Whoami, 3),
        "who" | "who's" | "whos"
            if says(tokens, &["can", "should", "may", "wants", "is"])
                && !says(tokens, &["deploying", "approving"]) =>
        {
            Asked::Unanswered
        }
        "who" if matches!(word(1), "are" | "cares" | "knows" | "goes") => Asked::Unanswered,
        "who" | "who's" | "whos" if elsewhere(tokens) => Asked::Unanswered,
        "who" | "who's" | "whos" => Asked::By(Action::Audit, 1),
        "when" | "when's" => when(tokens, marked)?,
        // "which of you broke the build?" asks each other, "which of you deployed production?" what was done.
        "which" if word(1) == "of" && matches!(word(2), "you" | "us") => {
            if tokens.iter().any(|token| token.name.is_some()) {
                Asked::By(Action::Audit, 3)
            } else {
                Asked::Unanswered
            }
        }
        "what" | "what's" | "whats" | "which" => what(tokens),
        "where" | "where's" if says(tokens, &["logs"]) => Asked::By(Action::Logs, 1),
        "how" | "how's" | "hows" => how(tokens),
        // "Did not deploy production.": told, without its subject.
        "did" if word(1) == "not" && !marked => return None,
        "did" if matches!(word(1), "you" | "anyone" | "anybody" | "they") && is_idle(&tokens[2..]) => {
            Asked::Unanswered
        }
        "did" | "didn't" => Asked::By(Action::Releases, 1),
        "has" | "have" | "was" | "were" | "hasn't" | "had" | "wasn't" => has(tokens),
        "is" | "are" | "isn't" | "aren't" => is(tokens),
        "am" if says(tokens, &["allowed", "permitted", "able"]) => can_after(tokens, 1),
        "any" | "anything" => any(tokens),
        // "may the rollback be with you" wishes.
        "may" | "might" if !marked && !matches!(word(1), "i" | "we" | "anyone" | "they" | "you") => {
            Asked::Unanswered
        }
        "may" | "might" => can_after(tokens, 1),
        "can" | "could" | "would" | "will" => modal(tokens, marked),
        "do" if matches!(word(1), "we" | "you" | "i" | "they") => {
            if says(tokens, &["incidents", "incident"]) {
                Asked::By(Action::Incidents, 2)
            } else {
                Asked::Unanswered
            }
        }
        "where" | "where's" | "why" | "why's" | "whose" | "whom" | "am" | "does" | "doesn't" | "should"
        | "shall" | "must" | "shouldn't" | "wouldn't" | "couldn't" | "can't" | "won't" | "anyone"
        | "whether" => Asked::Unanswered,
        _ => return None,
    })
}

fn when(tokens: &[Token<'_>], marked: bool) -> Option<Asked> {
    let word = words_at(tokens);
    match word(1) {
        "can" | "could" | "may" => Some(can_after(tokens, 2)),
        "did" => Some(Asked::By(Action::Audit, 1)),
        "was" | "were" | "has" | "have" => Some(Asked::By(Action::Audit, 2)),
        "will" | "should" | "is" | "are" | "do" | "does" | "would" => Some(Asked::Unanswered),
        _ if marked => Some(Asked::Unanswered),
        _ => None,
    }
}

fn what(tokens: &[Token<'_>]) -> Asked {
    let word = words_at(tokens);
    if says(tokens, &["drifted", "drift", "drifts", "drifting"]) {
        return Asked::DryRun(Action::Reconcile, 1);
    }
    if word(1) == "if" {
        return Asked::Unanswered;
    }
    if let Some(would) = tokens.iter().position(|token| token.any(&["would", "will"])) {
        return would_change(tokens, would);
    }
    if matches!(word(1), "can" | "do" | "could")
        && matches!(word(2), "you" | "i" | "we")
        && matches!(word(3), "do" | "say" | "ask" | "type" | "run")
    {
        return Asked::By(Action::Help, tokens.len());
    }
    if says(tokens, &["incidents", "incident", "outages"]) {
        return Asked::By(Action::Incidents, 1);
    }
    if says(tokens, &["status", "state", "health", "progress"]) {
        let action = if backfills(tokens) { Action::BackfillStatus } else { Action::Status };
        return Asked::By(action, 1);
    }
    if says(tokens, &["commands"]) {
        return Asked::By(Action::Help, tokens.len());
    }
    // "which version do you recommend?": what somebody thinks best.
    if opines(tokens) {
        return Asked::Unanswered;
    }
    // "which branch has the fix?": what is in it, which only its history knows.
    if word(0) == "which"
        && tokens.get(2).is_some_and(|verb| verb.among(&HISTORY) || verb.any(&["introduced"]))
        && !says(tokens, &["deployed", "released", "shipped", "been"])
        && !tokens.iter().any(|token| token.name.is_some_and(|hit| hit.kind == NameKind::Environment))
    {
        return Asked::Unanswered;
    }
    if says(
        tokens,
        &[
            "deployed", "version", "versions", "release", "releases", "live", "running", "shipped", "ref",
            "tag", "commit", "out", "released", "build", "branch",
        ],
    ) && !says(tokens, &["should", "notes", "wrong", "means", "mean"])
    {
        return Asked::By(Action::Releases, 1);
    }
    // "what did ana do", "what did ana restart", "what ana did"
    let somebody = |at: usize| {
        tokens.get(at).is_some_and(|token| token.is_word() && !token.class.known() && token.name.is_none())
    };
    if word(1) == "did"
        && somebody(2)
        && tokens.get(3).is_some_and(|verb| verb.any(&["do", "change"]) || verb.is(Class::HEAD))
        || word(2) == "did"
            && somebody(1)
            && !tokens.get(3).is_some_and(|verb| verb.any(&["is", "was", "were", "looks", "broke"]))
    {
        return Asked::By(Action::Audit, 1);
    }
    if matches!(word(0), "what's" | "whats") && matches!(word(1), "on" | "in")
        || word(1) == "is" && matches!(word(2), "on" | "in")
    {
        if says(tokens, &["going"]) {
            return Asked::By(Action::Status, 1);
        }
        if tokens.iter().any(|token| token.name.is_some()) {
            return Asked::By(Action::Releases, 1);
        }
    }
    if says(tokens, &["going"]) && tokens.iter().any(|token| token.name.is_some()) {
        return Asked::By(Action::Status, 1);
    }
    Asked::Unanswered
}

/// "what would deploy production change?", "what would change if I deployed staging?"
fn would_change(tokens: &[Token<'_>], would: usize) -> Asked {
    let changes = tokens.iter().position(|token| token.any(&["change", "happen", "do", "changes", "look"]));
    let Some(changes) = changes else { return Asked::Unanswered };
    if let Some(condition) = tokens.iter().position(|token| token.any(&["if", "when", "by"])) {
        let mut at = condition + 1;
        while tokens.get(at).is_some_and(|token| {
            token.any(&[
                "i", "we", "you", "they", "would", "were", "to", "did", "do", "a", "the", "ran", "run",
            ])
        }) {
            at += 1;
        }
        return Asked::Order(at, tokens.len());
    }
    let mut at = would + 1;
    while tokens.get(at).is_some_and(|token| {
        token.any(&[
            "a", "the", "an", "be", "happen", "change", "in", "with", "on", "changed", "by", "to", "it",
        ])
    }) {
        at += 1;
    }
    // "what would reconcile do in staging?"
    let placed = tokens.get(changes + 1).is_some_and(|next| next.any(&["in", "on", "to"]));
    if changes < at || placed { Asked::Order(at, tokens.len()) } else { Asked::Order(at, changes) }
}

fn how(tokens: &[Token<'_>]) -> Asked {
    let word = words_at(tokens);
    // "how long does the backfill usually take?"
    if matches!(word(1), "long" | "much" | "many")
        && says(tokens, &["take", "takes", "cost", "costs", "usually", "should"])
    {
        return Asked::Unanswered;
    }
    if backfills(tokens) && !says(tokens, &["do", "should"]) {
        return Asked::By(Action::BackfillStatus, 1);
    }
    if word(0) != "how" || matches!(word(1), "is" | "are" | "was") {
        let thing =
            tokens.iter().any(|token| token.name.is_some() || token.is(Class::OBJECT) || is_run(token));
        let ours = says(tokens, &["everything", "things", "it", "we", "environments", "services", "system"]);
        return if thing || ours { Asked::By(Action::Status, 1) } else { Asked::Unanswered };
    }
    if matches!(word(1), "do" | "can" | "to" | "does")
        && (matches!(word(2), "i" | "we" | "you" | "one") || word(1) == "to")
    {
        // "how do you pronounce nginx?" is about nothing we do.
        let ours = |token: &Token<'_>| {
            token.is_word() && token.is(Class::HEAD.and(Class::OBJECT).and(Class::KEYWORD).and(Class::DATA))
        };
        let said = says(tokens, &["pronounce", "spell", "say", "translate", "write"]);
        return if !said && tokens[2..].iter().any(ours) {
            Asked::By(Action::Help, 2)
        } else {
            Asked::Unanswered
        };
    }
    if word(1) == "far" {
        return Asked::By(Action::Status, 2);
    }
    Asked::Unanswered
}

fn has(tokens: &[Token<'_>]) -> Asked {
    if says(tokens, &["drifted", "drift"]) {
        return Asked::DryRun(Action::Reconcile, 1);
    }
    if says(tokens, &["incidents", "incident"]) {
        return Asked::By(Action::Incidents, 1);
    }
    // "had we rolled back, …" supposes it.
    if tokens.first().is_some_and(|token| token.any(&["had"])) {
        return Asked::Unanswered;
    }
    let done =
        says(tokens, &["deployed", "released", "shipped", "rolled", "reverted", "pushed", "gone", "landed"]);
    let happened = tokens.first().is_some_and(|token| token.any(&["was", "were", "wasn't"]))
        || says(tokens, &["been", "happened", "finished", "made", "reached", "run", "succeeded", "failed"]);
    let thing = says(tokens, &["deploy", "release", "live", "out", "rollback"]);
    if done || thing && happened {
        return Asked::By(Action::Releases, 1);
    }
    if says(tokens, &["finished", "done", "completed", "succeeded", "failed", "recovered", "restarted"]) {
        return Asked::By(Action::Status, 1);
    }
    Asked::Unanswered
}

fn is(tokens: &[Token<'_>]) -> Asked {
    let word = words_at(tokens);
    let permission = tokens.iter().position(|token| {
        token.any(&[
            "safe",
            "ok",
            "okay",
            "allowed",
            "possible",
            "permitted",
            "fine",
            "alright",
            "good",
            "wise",
        ])
    });
    if let Some(at) = permission
        && tokens[at..].iter().any(|token| token.any(&["to"]))
        && let Some(to) = tokens[at..].iter().position(|token| token.any(&["to"]))
        && tokens.get(at + to + 1).is_some_and(|token| token.is(Class::HEAD))
        && !says(tokens, &["ready"])
    {
        return Asked::Can(at + to + 1);
    }
    if matches!(word(1), "we" | "anyone" | "i") && says(tokens, &["allowed", "permitted", "able"]) {
        return can_after(tokens, 2);
    }
    if says(tokens, &["ready", "prepared"]) {
        return Asked::DryRun(Action::Readiness, 1);
    }
    if says(tokens, &["drift", "drifted", "drifting"]) {
        return Asked::DryRun(Action::Reconcile, 1);
    }
    if says(tokens, &["incidents", "incident", "outages"]) {
        return Asked::By(Action::Incidents, 1);
    }
    if backfills(tokens) {
        return Asked::By(Action::BackfillStatus, 1);
    }
    let version = tokens.iter().any(|token| crate::intent::values::is_ref(token.low));
    if says(tokens, &["deployed", "released"]) || (version && says(tokens, &["live", "out", "in", "on"])) {
        return Asked::By(Action::Releases, 1);
    }
    let run = tokens.iter().any(is_run);
    let thing = run || tokens.iter().any(|token| token.name.is_some() || token.is(Class::OBJECT));
    let ours = says(
        tokens,
        &["everything", "things", "we", "it", "all", "system", "site", "services", "environments"],
    );
    let state = says(
        tokens,
        &[
            "up",
            "down",
            "healthy",
            "unhealthy",
            "ok",
            "okay",
            "fine",
            "running",
            "done",
            "finished",
            "working",
            "stable",
            "green",
            "good",
            "alive",
            "broken",
            "stuck",
            "slow",
            "locked",
            "paused",
            "failing",
            "alright",
            "responding",
            "online",
            "live",
            "still",
        ],
    );
    // Others have an environment of that name; this project says that it has none.
    let elsewhere = matches!(word(1), "demo" | "testing" | "preview");
    if thing || ((ours || elsewhere) && state) { Asked::By(Action::Status, 1) } else { Asked::Unanswered }
}

/// "check if staging is up": the question, said as a statement.
pub(in crate::intent) fn stated(tokens: &[Token<'_>]) -> Asked {
    match is(tokens) {
        Asked::By(action, _) => Asked::By(action, 0),
        Asked::DryRun(action, _) => Asked::DryRun(action, 0),
        other => other,
    }
}

fn any(tokens: &[Token<'_>]) -> Asked {
    if says(tokens, &["incidents", "incident", "outages"]) {
        return Asked::By(Action::Incidents, 1);
    }
    if says(tokens, &["drift", "drifted"]) {
        return Asked::DryRun(Action::Reconcile, 1);
    }
    if says(tokens, &["releases", "deploys", "deployments", "deployed"]) {
        return Asked::By(Action::Releases, 1);
    }
    Asked::Unanswered
}

/// Whoever is asked, also in a hurry.
pub(in crate::intent) fn is_you(word: &str) -> bool {
    matches!(
        word,
        "you"
            | "u"
            | "ya"
            | "infra-chat"
            | "infrachat"
            | "y'all"
            | "yuo"
            | "yu"
            | "oyu"
            | "yoy"
            | "ypu"
            | "yiu"
            | "youu"
    )
}

fn modal(tokens: &[Token<'_>], marked: bool) -> Asked {
    let word = words_at(tokens);
    match word(1) {
        you if is_you(you) && marked && at_all(tokens) => can_after(tokens, 2),
        you if is_you(you) => {
            if word(0) == "will" && !marked {
                return Asked::Please(2);
            }
            // "could you maybe deploy …"
            let perhaps = usize::from(matches!(word(2), "maybe" | "perhaps" | "possibly"));
            if matches!(word(2 + perhaps), "not" | "never") {
                return Asked::Refused;
            }
            // "would you have deployed production?"
            if word(2) == "have" && word(3).ends_with("ed") {
                return Asked::Unanswered;
            }
            Asked::Please(2 + perhaps)
        }
        "i" | "we" | "anyone" | "somebody" | "they" => {
            if word(0) == "would" || word(0) == "will" {
                return Asked::Unanswered;
            }
            if matches!(word(2), "see" | "get" | "have") {
                return Asked::Please(2);
            }
            can_after(tokens, 2)
        }
        "someone" => Asked::Unanswered,
        _ if tokens.get(1).is_some_and(|token| token.name.is_some()) => Asked::Unanswered,
        _ => Asked::Unanswered,
    }
}

fn can_after(tokens: &[Token<'_>], from: usize) -> Asked {
    let mut at = from;
    while tokens.get(at).is_some_and(|token| {
        token.any(&[
            "i",
            "we",
            "you",
            "anyone",
            "now",
            "please",
            "safely",
            "just",
            "to",
            "allowed",
            "permitted",
            "able",
            "be",
            "already",
            "again",
            "next",
            "also",
            "still",
            "go",
            "ahead",
            "and",
            "finally",
            "today",
        ])
    }) {
        at += 1;
    }
    Asked::Can(at)
}
