//! Orders about one run: promote, pause, resume, cancel, approve, reject, retry.
//!
//! They change the world and are short, so they are read strictly: nothing but a run, "it", or the thing itself may be
//! said of them. "Cancel my subscription" is not for us.

use crate::intent::actions::Action;
use crate::intent::lexicon::Class;
use crate::intent::problem::Problem;
use crate::intent::scan::{Said, Scope, for_a_time};
use crate::intent::values;
use crate::intent::words::{Token, reach};

use super::standing;

/// Whether an action is about one run.
pub(in crate::intent) fn is_run_action(action: Action) -> bool {
    matches!(
        action,
        Action::Promote
            | Action::Pause
            | Action::Resume
            | Action::Cancel
            | Action::Approve
            | Action::Reject
            | Action::Retry
    )
}

/// Whether an action holds a run up or ends it: what is said behind it is a reason, and not to do it would do more.
pub(in crate::intent) fn is_ended_by(action: Action) -> bool {
    matches!(action, Action::Pause | Action::Cancel | Action::Reject)
}

/// Words that may be said of a run without meaning anything more.
const HARMLESS: &[&str] = &[
    "the",
    "this",
    "that",
    "it",
    "a",
    "my",
    "our",
    "now",
    "please",
    "pls",
    "plz",
    "right",
    "away",
    "immediately",
    "asap",
    "for",
    "thanks",
    "thank",
    "you",
    "thx",
    "and",
    "current",
    "running",
    "last",
    "latest",
    "whole",
    "id",
    "number",
    "failed",
    "step",
    "next",
    "again",
    "with",
    "on",
    "of",
    "to",
    "then",
    "here",
    "there",
    "ok",
    "okay",
    "pending",
    "waiting",
    "in",
    "progress",
    "ongoing",
    "me",
    "go",
    "ahead",
    "paused",
    "stage",
    "ty",
    "cheers",
    "just",
    "first",
    // How people say that they have looked at it.
    "lgtm",
    "great",
    "nice",
    "cool",
    "awesome",
    "perfect",
    "fine",
    "sure",
    "yes",
    "yep",
];

/// Reads what is said of a run action.
pub(in crate::intent) fn read(scope: Scope<'_, '_>) -> Result<Box<Said>, Problem> {
    let Scope { action, tokens, .. } = scope;
    let mut said: Box<Said> = Box::default();
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        if !token.is_word() {
            place += 1;
            continue;
        }
        if let Some((run, len)) = values::run(&tokens[place..]) {
            said.runs.push(run);
            place += len;
            continue;
        }
        if let Some(time) = values::time(reach(&tokens[place..])) {
            let written: Vec<&str> =
                tokens[place + time.from..place + time.len].iter().map(|token| token.raw).collect();
            said.at = Some(written.join(" "));
            place += time.len;
            continue;
        }
        // "retry with canary"
        let thing = |token: &&Token<'_>| token.is_word() && !token.any(&["a", "the", "no"]);
        let with = token.any(&["with"]).then(|| tokens[place + 1..].iter().find(thing)).flatten();
        if let Some(manner) = with.filter(|next| next.any(&["canary", "migrations", "migration"])) {
            return Err(Problem::ambiguous(format!(
                "How a run goes was planned with it, and I read `with {}`, so I did nothing. Order it anew.",
                manner.raw
            ))
            .suggest([action.name().to_owned()]));
        }
        if token.any(&["later", "soon"]) {
            said.at = Some(token.raw.to_owned());
        }
        if let Some(len) = values::only_for(reach(&tokens[place..])).filter(|_| token.any(&["for"])) {
            return Err(for_a_time(scope, &tokens[place..place + len]));
        }
        let bare_id = token.low.trim_start_matches('#');
        // "promote to 100" is how far, and no run.
        let counted = bare_id.bytes().all(|byte| byte.is_ascii_digit())
            && (place > 0 && tokens[place - 1].any(&["to", "at", "by"])
                || action == Action::Promote && values::whole(bare_id).is_some_and(|share| share <= 100));
        // "approve r-3f2a 100": a number behind a run is no other.
        let behind = place > 0
            && tokens[place - 1].is_word()
            && !tokens[place - 1].any(&["and", "run", "runs"])
            && !said.runs.is_empty()
            && bare_id.bytes().all(|byte| byte.is_ascii_digit());
        if token.name.is_none()
            && !token.class.known()
            && !behind
            && (3..=32).contains(&bare_id.len())
            && bare_id.bytes().all(|byte| byte.is_ascii_hexdigit())
            && bare_id.bytes().any(|byte| byte.is_ascii_digit())
            && !counted
        {
            said.runs.push(format!("r-{bare_id}"));
            place += 1;
            continue;
        }
        if let Some(problem) = moves_code(scope, token) {
            return Err(problem);
        }
        if token.name.is_some() {
            return Err(Problem::ambiguous(format!(
                "I would {} one run, and `{}` is not a run. Say which run, like `{} r-3f2a`; `status` lists them.",
                action.name(),
                token.raw,
                action.name()
            ))
            .suggest([action.name().to_owned(), "status".to_owned()]));
        }
        // "approve r-3f2a just plan": a part of it.
        if token.any(&["just"]) && !said.runs.is_empty() && tokens.get(place + 1).is_some_and(Token::is_word)
        {
            return Err(unread(action, &said, token));
        }
        // "approve the last run": which of them is not said.
        let run = tokens.get(place + 1).is_some_and(|next| next.any(&["run", "one", "runs"]));
        // What is retried is what failed last.
        let run = run && !(action == Action::Retry && token.any(&["last", "latest"]));
        if run && token.any(&["last", "next", "first", "latest", "other"]) {
            return Err(Problem::ambiguous(format!(
                "I read `{} {}`, and not which run that is, so I did nothing. Say it by its name; `status` lists them.",
                token.raw,
                tokens[place + 1].raw
            ))
            .suggest(["status"]));
        }
        // "approve this one"
        let one = token.any(&["one"]) && place > 0 && tokens[place - 1].any(&["this", "that", "the"]);
        if !super::heads::is_object_word(action, token.low)
            && !one
            && !HARMLESS.contains(&token.low)
            && !token.is(Class::TIME)
            && !token.any(&["soon"])
        {
            return Err(unread(action, &said, token));
        }
        place += 1;
    }
    Ok(said)
}

/// "reject r-3f2a too risky": words that say nothing about a run, beside one that was named or none.
fn unread(action: Action, said: &Said, token: &Token<'_>) -> Problem {
    let verb = action.name();
    let Some(run) = said.runs.first() else {
        return Problem::not_a_command(format!(
            "`{verb} {}` is not about a run, so I did nothing. Say `{verb} r-3f2a` for a run.",
            token.raw
        ))
        // The verb alone would be about the run of this thread.
        .suggest(["status".to_owned(), format!("help {verb}")]);
    };
    let reason = if matches!(action, Action::Reject | Action::Cancel) {
        format!(" A reason stands behind a colon: `{verb} {run}: …`.")
    } else {
        String::new()
    };
    Problem::not_a_command(format!(
        "I don't know what `{}` says about {run}, so I did nothing.{reason}",
        token.raw
    ))
    // "promote r-3f2a to 50%", "approve r-3f2a but not r-1111": not the same without it.
    .suggest(
        (!token.is(Class::DIGIT.and(Class::NEGATION)) && !token.any(&["but", "except", "only", "just"]))
            .then(|| format!("{verb} {run}")),
    )
}

/// "promote v1.4.2 to production", "promote staging to production": elsewhere that is a deploy.
fn moves_code(scope: Scope<'_, '_>, token: &Token<'_>) -> Option<Problem> {
    let Scope { action, tokens, vocabulary, .. } = scope;
    let code = token.name.is_none() && values::is_ref(token.low);
    if action != Action::Promote || !code && token.name.is_none() {
        return None;
    }
    let places = standing::environments(tokens, vocabulary);
    let message = "I promote the canary of a run, and to bring code somewhere is a deploy, so I did nothing.";
    match (places.as_slice(), code) {
        ([onto], true) => {
            Some(Problem::not_a_command(message).suggest([format!("deploy {} to {onto}", token.raw)]))
        }
        ([from, _], false) => {
            Some(Problem::ambiguous(message).suggest([format!("releases {from}"), "promote".to_owned()]))
        }
        _ => None,
    }
}
