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
pub(in crate::intent) fn read(scope: Scope<'_, '_>) -> Result<Said, Problem> {
    let Scope { action, tokens, .. } = scope;
    let mut said = Said::default();
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
            && place > 0
            && tokens[place - 1].any(&["to", "at", "by"]);
        if token.name.is_none()
            && !token.class.known()
            && (3..=32).contains(&bare_id.len())
            && bare_id.bytes().all(|byte| byte.is_ascii_hexdigit())
            && bare_id.bytes().any(|byte| byte.is_ascii_digit())
            && !counted
        {
            said.runs.push(format!("r-{bare_id}"));
            place += 1;
            continue;
        }
        if token.name.is_some() {
            return Err(Problem::ambiguous(format!(
                "I would {} one run, and `{}` is not a run. Say which run, like `{} r-3f2a`; `status` lists them.",
                action.name(),
                token.raw,
                action.name()
            ))
            .suggest([format!("{} r-3f2a", action.name()), "status".to_owned()]));
        }
        // "approve this one"
        let one = token.any(&["one"]) && place > 0 && tokens[place - 1].any(&["this", "that", "the"]);
        if !super::heads::is_object_word(action, token.low)
            && !one
            && !HARMLESS.contains(&token.low)
            && !token.is(Class::TIME)
            && !token.any(&["soon"])
        {
            return Err(Problem::not_a_command(format!(
                "`{} {}` is not about a run, so I did nothing. Say `{} r-3f2a` for a run.",
                action.name(),
                token.raw,
                action.name()
            ))
            .suggest([format!("{} r-3f2a", action.name())]));
        }
        place += 1;
    }
    Ok(said)
}
