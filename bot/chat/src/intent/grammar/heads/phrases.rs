//! The phrases an order may begin with: the verbs of the table, and more.

use std::sync::LazyLock;

use super::Head;
use crate::intent::actions::{Action, TABLE};

/// A phrase an order may begin with.
#[derive(Debug)]
pub(super) struct Phrase {
    pub(super) first: &'static str,
    pub(super) rest: Box<[&'static str]>,
    pub(super) head: Head,
}

/// Every phrase, sorted by its first word; of those with the same one the longest stand first.
pub(super) fn all() -> &'static [Phrase] {
    static ALL: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
        let rows = TABLE.iter().filter(|row| !READ_ELSEWHERE.contains(&row.action));
        let of_rows = rows.flat_map(|row| {
            let words = row.verbs.iter().copied().chain([row.name]);
            // "create environment": a verb that needs its object is read together with it.
            words.filter(|words| !needs_object(words)).map(|words| (words, Head::Act(row.action)))
        });
        let mut all: Vec<Phrase> = Vec::new();
        // What stands here goes before what the table says.
        for (words, head) in MORE.iter().copied().chain(of_rows) {
            let mut split = words.split(' ');
            let (first, rest) = (split.next().unwrap_or_default(), split.collect::<Box<[_]>>());
            if !all.iter().any(|phrase| phrase.first == first && phrase.rest == rest) {
                all.push(Phrase { first, rest, head });
            }
        }
        all.sort_by(|a, b| a.first.cmp(b.first).then(b.rest.len().cmp(&a.rest.len())));
        all
    });
    &ALL
}

/// Whether the first of several words is a verb that means different actions of different things.
fn needs_object(words: &str) -> bool {
    let first = words.split_once(' ').map(|(first, _)| first);
    first.is_some_and(|first| MORE.iter().any(|(verb, head)| *verb == first && !matches!(head, Head::Act(_))))
}

/// Their sentences do not begin with a verb: `questions` and `standing` read them.
const READ_ELSEWHERE: &[Action] = &[Action::Alert, Action::Rule, Action::Can];

/// Phrases beside the verbs of the table, and verbs of the table that mean more than one action.
const MORE: &[(&str, Head)] = &[
    ("roll out", Head::Act(Action::Deploy)),
    ("roll back", Head::Act(Action::Rollback)),
    ("put back", Head::Act(Action::Rollback)),
    ("set up", Head::Act(Action::Setup)),
    ("push out", Head::Act(Action::Deploy)),
    ("go back", Head::Act(Action::Rollback)),
    ("back out", Head::Act(Action::Rollback)),
    ("accept", Head::Act(Action::Approve)),
    ("roll", Head::Roll),
    ("put", Head::Put),
    ("take", Head::Put),
    ("restore", Head::Put),
    ("bring", Head::Put),
    ("upgrade", Head::Put),
    ("publish", Head::Put),
    ("move", Head::Put),
    ("roll forward", Head::Put),
    ("get", Head::Get),
    ("pause", Head::Hold),
    ("halt", Head::Hold),
    ("hold", Head::Hold),
    ("suspend", Head::Hold),
    ("resume", Head::GoOn),
    ("unpause", Head::GoOn),
    ("continue", Head::GoOn),
    ("proceed", Head::GoOn),
    ("go on with", Head::GoOn),
    ("go ahead with", Head::GoOn),
    ("carry on with", Head::GoOn),
    ("keep going", Head::GoOn),
    ("keep going with", Head::GoOn),
    ("lift", Head::Lift),
    ("end", Head::Lift),
    ("cancel", Head::Stop),
    ("abort", Head::Stop),
    ("stop", Head::Stop),
    ("kill", Head::Stop),
    ("stop backfilling", Head::Act(Action::BackfillStop)),
    ("cancel backfilling", Head::Act(Action::BackfillStop)),
    ("pause backfilling", Head::Act(Action::BackfillStop)),
    ("halt backfilling", Head::Act(Action::BackfillStop)),
    ("resume backfilling", Head::Act(Action::BackfillResume)),
    ("continue backfilling", Head::Act(Action::BackfillResume)),
    ("start backfilling", Head::Act(Action::Backfill)),
    ("back-fill", Head::Act(Action::Backfill)),
    ("backfill stop", Head::Act(Action::BackfillStop)),
    ("backfill resume", Head::Act(Action::BackfillResume)),
    ("create", Head::Create),
    ("spin up", Head::Create),
    ("stand up", Head::Create),
    ("destroy", Head::Destroy),
    ("delete", Head::Destroy),
    ("tear down", Head::Destroy),
    ("teardown", Head::Destroy),
    ("add", Head::Add),
    ("install", Head::Add),
    ("remove", Head::Remove),
    ("drop", Head::Remove),
    ("uninstall", Head::Remove),
    ("set", Head::Set),
    ("change", Head::Set),
    ("update", Head::Set),
    ("recycle", Head::Act(Action::Restart)),
    ("cycle", Head::Act(Action::Restart)),
    ("renew", Head::Act(Action::RotateSecret)),
    ("scale up", Head::Act(Action::Scale)),
    ("scale down", Head::Act(Action::Scale)),
    ("scale out", Head::Act(Action::Scale)),
    ("increase", Head::Resize),
    ("decrease", Head::Resize),
    ("bump", Head::Resize),
    ("bump up", Head::Resize),
    ("disable", Head::Disable),
    ("turn off", Head::Disable),
    ("switch off", Head::Disable),
    ("enable", Head::Enable),
    ("re-enable", Head::Enable),
    ("reenable", Head::Enable),
    ("turn on", Head::Enable),
    ("switch on", Head::Enable),
    ("turn", Head::Put),
    ("switch", Head::Put),
    ("clear", Head::Empty),
    ("flush", Head::Empty),
    ("purge", Head::Empty),
    ("empty", Head::Empty),
    ("bust", Head::Empty),
    ("invalidate", Head::Empty),
    ("wipe", Head::Empty),
    ("fix", Head::Fix),
    ("repair", Head::Fix),
    ("correct", Head::Fix),
    ("open incidents", Head::Act(Action::Incidents)),
    ("detect", Head::Check),
    ("lock down", Head::Act(Action::Lock)),
    ("alert", Head::Notify),
    ("notify", Head::Notify),
    ("text", Head::Notify),
    ("sms", Head::Notify),
    ("email", Head::Notify),
    ("e-mail", Head::Notify),
    ("mail", Head::Notify),
    ("message", Head::Notify),
    ("dm", Head::Notify),
    ("slack", Head::Notify),
    ("ping", Head::Notify),
    ("page", Head::Notify),
    ("warn", Head::Notify),
    ("tell", Head::Notify),
    ("let", Head::Notify),
    ("send", Head::Notify),
    ("post", Head::Notify),
    ("investigate", Head::Act(Action::Diagnose)),
    ("deployments", Head::Act(Action::Releases)),
    ("deploys", Head::Act(Action::Releases)),
    ("log", Head::Act(Action::Logs)),
    ("commands", Head::Act(Action::Help)),
    ("usage", Head::Act(Action::Help)),
    ("start", Head::Start),
    ("run", Head::Start),
    ("execute", Head::Start),
    ("trigger", Head::Start),
    ("perform", Head::Start),
    ("initiate", Head::Start),
    ("launch", Head::Start),
    ("begin", Head::Start),
    ("do", Head::Start),
    ("kick off", Head::Start),
    ("apply", Head::Start),
    ("make", Head::Make),
    ("prepare", Head::Make),
    ("clone", Head::Clone),
    ("copy", Head::Clone),
    ("use", Head::Use),
    ("show", Head::Show),
    ("look at", Head::Show),
    ("take a look at", Head::Show),
    ("list", Head::Show),
    ("give", Head::Show),
    ("display", Head::Show),
    ("view", Head::Show),
    ("fetch", Head::Show),
    ("print", Head::Show),
    ("see", Head::Show),
    ("gimme", Head::Show),
    ("find", Head::Show),
    ("check", Head::Check),
    ("verify", Head::Check),
    ("health check", Head::Check),
    ("healthcheck", Head::Check),
    ("security check", Head::Check),
    ("backup check", Head::Check),
    ("test", Head::Check),
];
