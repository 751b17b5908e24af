//! Which action a head means together with what it is said of.

use super::nouns::{
    BACKFILL, CACHE, CRON, DEPLOY_NOUNS, ENVIRONMENT, MIGRATIONS, REPLICAS, ROLLBACK_NOUNS, RUN_NOUNS,
    VARIABLE,
};
use super::{Head, Rest};
use crate::intent::actions::Action;
use crate::intent::lexicon::Class;
use crate::intent::names::NameKind;
use crate::intent::values::is_ref;
use crate::intent::words::{Kind, Token};

/// What a head means with what it is said of.
pub(in crate::intent) enum Meaning {
    Action(Action),
    /// The same, but only looked at.
    DryRun(Action),
    /// Nothing we do; maybe because the object is missing or not ours.
    None,
}

/// The words after a head, with what is asked of them again and again.
struct About<'a, 't> {
    rest: &'a Rest<'a, 't>,
    first: Option<&'a Token<'t>>,
}

impl About<'_, '_> {
    fn begins(&self, words: &[&str]) -> bool {
        self.first.is_some_and(|token| token.any(words))
    }

    fn backfill(&self) -> bool {
        // A job's name typed wrong is still one.
        let job = |token: &Token<'_>| {
            token.low.len() > 8 && token.low.starts_with("backfil") && token.name.is_none()
        };
        self.rest.says(BACKFILL) || self.rest.names(NameKind::Job) || self.rest.0.iter().any(job)
    }

    fn cron(&self) -> bool {
        let scheduled = |pair: &[Token<'_>]| {
            pair[0].any(&["scheduled", "periodic"]) && pair[1].any(&["jobs", "job", "tasks", "task"])
        };
        self.rest.says(CRON) || self.rest.0.windows(2).any(scheduled)
    }

    /// "switch the alarms back on in staging": what was off is to be on. "Put production back on v1.4.1" is about a release.
    fn back_on(&self) -> bool {
        self.rest.0.windows(2).enumerate().any(|(at, pair)| {
            let behind = self.rest.0.get(at + 2);
            pair[0].any(&["back"])
                && pair[1].any(&["on"])
                && behind.is_none_or(|next| !next.is_word() || next.any(&["in", "for", "again", "please"]))
        })
    }

    /// A name in capitals stands first: "TZ to …".
    fn variable(&self) -> bool {
        let capitals = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let others =
            || self.rest.0.iter().any(|token| token.raw.bytes().any(|byte| byte.is_ascii_lowercase()));
        self.first.is_some_and(|token| {
            token.name.is_none() && token.raw.len() > 1 && token.raw.bytes().all(capitals) && others()
        })
    }

    /// Nothing is said, or only "it".
    fn bare(&self) -> bool {
        let pronoun = |token: &Token<'_>| {
            token.any(&["it", "this", "that", "now", "please", "there"]) || !token.is_word()
        };
        self.rest.0.iter().all(pronoun)
    }

    fn run_id(&self) -> bool {
        self.rest.0.iter().any(|token| token.low.trim_start_matches('#').starts_with("r-"))
    }

    /// A release and a place, and nothing that takes the one from the other: "staging to v1.2", "v1.2 onto staging".
    fn release_there(&self) -> bool {
        let tokens = self.rest.0;
        let place = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Environment);
        let onto = tokens.windows(2).any(|pair| {
            pair[0].any(&["to", "onto", "on", "into"]) && (is_ref(pair[1].low) || place(&pair[1]))
        });
        let release = tokens.iter().any(|token| token.is_word() && token.name.is_none() && is_ref(token.low));
        onto && release && tokens.iter().any(place) && !self.taken_off()
    }

    /// "get v1.2 onto staging", and not "get v1.2 on staging", which may ask for it.
    fn put_there(&self) -> bool {
        self.release_there()
            && !self.rest.says(&[
                "logs",
                "log",
                "status",
                "releases",
                "history",
                "audit",
                "incidents",
                "from",
                "of",
            ])
    }

    /// "v1.2 off staging", "out of staging".
    fn taken_off(&self) -> bool {
        let tokens = self.rest.0;
        let placed = |token: &Token<'_>| token.name.is_some_and(|hit| hit.kind == NameKind::Environment);
        tokens.iter().enumerate().any(|(at, token)| {
            let next = tokens.get(at + 1);
            token.any(&["off", "away"])
                && next.is_none_or(|next| placed(next) || next.any(&["of", "the", "from"]))
                || token.any(&["out"]) && next.is_some_and(|next| next.any(&["of"]))
        })
    }

    /// "the lock", "the release freeze on …", "staging's lock": a lock is what it is about.
    fn lock(&self) -> bool {
        let little = |token: &&Token<'_>| {
            token.any(&["the", "our", "this", "that", "a", "deploy", "release", "code", "change"])
                || token.name.is_some_and(|hit| hit.kind == NameKind::Environment)
        };
        self.rest
            .0
            .iter()
            .find(|token| !little(token))
            .is_some_and(|noun| noun.any(&["lock", "freeze", "locks"]))
    }

    /// A run is meant: the one there is, one by its id, or one by its kind.
    fn run(&self) -> bool {
        self.bare() || self.run_id() || self.rest.says(RUN_NOUNS)
    }
}

/// "a restart": something to be done, where things to look at are shown.
fn gives(pair: &[Token<'_>]) -> bool {
    pair[0].any(&["a"]) && pair[1].any(&["restart", "reboot", "kick", "redeploy", "rollback", "bounce"])
}

/// "api restarted": what is to become of a name.
fn done(pair: &[Token<'_>]) -> bool {
    pair[0].name.is_some()
        && pair[1].any(&[
            "redeployed",
            "restarted",
            "rebooted",
            "bounced",
            "scaled",
            "migrated",
            "reverted",
            "locked",
            "unlocked",
            "rolled",
            "reconciled",
        ])
}

fn given(condition: bool, action: Action) -> Meaning {
    if condition { Meaning::Action(action) } else { Meaning::None }
}

/// The action a head means together with the words that follow it.
pub(in crate::intent) fn resolve(head: Head, rest: &Rest<'_, '_>) -> Meaning {
    let about = About { rest, first: rest.0.first() };
    match head {
        Head::Act(action) => act(action, &about),
        Head::Add => Meaning::Action(add(rest)),
        Head::Remove => remove(rest),
        Head::Create => create(rest),
        Head::Destroy => destroy(rest),
        Head::Clone => given(rest.copies_environment(), Action::CreateEnvironment),
        Head::Set if about.release_there() && !rest.assigns() && !about.variable() => {
            Meaning::Action(Action::Deploy)
        }
        Head::Set => Meaning::Action(set(&about)),
        Head::Resize if about.release_there() => Meaning::Action(Action::Deploy),
        Head::Resize => given(rest.says(REPLICAS) && rest.names(NameKind::Service), Action::Scale),
        Head::Stop => stop(&about),
        Head::Hold => match () {
            () if about.backfill() => Meaning::Action(Action::BackfillStop),
            () if about.cron() => Meaning::Action(Action::CronDisable),
            () => given(about.run(), Action::Pause),
        },
        Head::GoOn => match () {
            () if about.backfill() => Meaning::Action(Action::BackfillResume),
            () if about.cron() => Meaning::Action(Action::CronEnable),
            () => given(about.run() || about.begins(&["with"]), Action::Resume),
        },
        Head::Lift => given(about.lock(), Action::Unlock),
        Head::Start => start(rest, about.backfill(), about.cron()),
        Head::Disable => given(about.cron(), Action::CronDisable),
        Head::Enable => given(about.cron(), Action::CronEnable),
        Head::Empty => given(rest.says(CACHE), Action::ClearCache),
        Head::Fix => given(rest.says(&["drift"]), Action::Reconcile),
        Head::Check => check(rest, about.backfill()),
        Head::Roll if rest.says(&["back"]) => Meaning::Action(Action::Rollback),
        Head::Roll => given(rest.says(&["out"]) || about.release_there(), Action::Deploy),
        Head::Get if about.put_there() => Meaning::Action(Action::Deploy),
        Head::Get if about.taken_off() || rest.says(&["onto", "into"]) => Meaning::None,
        // "get api restarted" wants it done, in so many words as nobody orders.
        Head::Get if rest.0.windows(2).any(done) => Meaning::None,
        // "give api 3 instances" is no look at it.
        Head::Get | Head::Show
            if rest.says(REPLICAS) && rest.0.iter().any(|token| token.is(Class::DIGIT)) =>
        {
            Meaning::None
        }
        // "give api a restart"
        Head::Show if rest.0.windows(2).any(gives) => Meaning::None,
        Head::Get | Head::Show => show(rest),
        Head::Put => put(&about),
        Head::Make => make(&about),
        Head::Use | Head::Notify => Meaning::None,
    }
}

/// A head that is an action of ours is that action, but for what people say instead of another one's name.
fn act(action: Action, about: &About<'_, '_>) -> Meaning {
    let rest = about.rest;
    Meaning::Action(match action {
        // "release the lock"
        Action::Deploy if about.begins(&["the", "lock"]) && rest.says(&["lock"]) => Action::Unlock,
        // "undo the lock"
        Action::Rollback if about.lock() => Action::Unlock,
        Action::Backfill if rest.says(&["status", "progress"]) => Action::BackfillStatus,
        Action::Status if about.backfill() => Action::BackfillStatus,
        Action::Readiness if rest.says(&["check", "checks"]) => return Meaning::DryRun(Action::Readiness),
        action => action,
    })
}

fn add(rest: &Rest<'_, '_>) -> Action {
    if rest.says(&["column", "columns", "field"]) {
        Action::Expand
    } else if rest.names(NameKind::Component) {
        Action::AddComponent
    } else if rest.says(VARIABLE) || rest.assigns() {
        Action::SetVariable
    } else if rest.says(ENVIRONMENT) {
        Action::CreateEnvironment
    } else if rest.names(NameKind::Provider) {
        Action::Connect
    } else {
        Action::AddComponent
    }
}

fn remove(rest: &Rest<'_, '_>) -> Meaning {
    Meaning::Action(if rest.says(&["lock", "freeze"]) {
        Action::Unlock
    } else if rest.names(NameKind::Component) {
        rest.removed()
    } else if rest.says(&["column", "columns", "table", "variable", "var"]) {
        return Meaning::None;
    } else if rest.says(ENVIRONMENT) {
        Action::DestroyEnvironment
    } else {
        Action::RemoveComponent
    })
}

fn create(rest: &Rest<'_, '_>) -> Meaning {
    Meaning::Action(if rest.says(ENVIRONMENT) {
        Action::CreateEnvironment
    } else if rest.says(&["column", "field"]) {
        Action::Expand
    } else if rest.names(NameKind::Component) {
        Action::AddComponent
    } else if rest.says(VARIABLE) || rest.assigns() {
        Action::SetVariable
    } else {
        return given(rest.is_like_another(), Action::CreateEnvironment);
    })
}

fn destroy(rest: &Rest<'_, '_>) -> Meaning {
    Meaning::Action(if rest.says(&["cache", "caches"]) {
        Action::ClearCache
    } else if rest.names(NameKind::Component) {
        rest.removed()
    } else if rest.says(&["column", "table", "variable", "var", "run", "job", "user"]) {
        return Meaning::None;
    } else {
        Action::DestroyEnvironment
    })
}

fn set(about: &About<'_, '_>) -> Action {
    // "set REPLICAS to 3": in capitals it is the name of a variable, unless all is.
    let capitals = |token: &Token<'_>| token.raw.bytes().all(|byte| byte.is_ascii_uppercase());
    let variable = about.begins(REPLICAS)
        && about.first.is_some_and(capitals)
        && about.rest.0.iter().any(|token| token.raw.bytes().any(|byte| byte.is_ascii_lowercase()));
    // "set variable REPLICAS" says so itself.
    let variable = variable || about.begins(&["variable"]);
    if about.rest.says(REPLICAS) && !about.rest.assigns() && !variable {
        Action::Scale
    } else if about.begins(&["up"]) && about.rest.0.get(1).is_none_or(|next| next.kind != Kind::Equals) {
        Action::Setup
    } else {
        Action::SetVariable
    }
}

fn stop(about: &About<'_, '_>) -> Meaning {
    let rest = about.rest;
    if about.lock() {
        Meaning::Action(Action::Unlock)
    } else if about.backfill() {
        Meaning::Action(Action::BackfillStop)
    } else if about.cron() {
        Meaning::Action(Action::CronDisable)
    } else if rest.says(&["canary"]) && !about.begins(&["r"]) && !about.run_id() {
        let run = rest.says(DEPLOY_NOUNS) || rest.says(&["run"]);
        Meaning::Action(if run { Action::Cancel } else { Action::Pause })
    } else {
        given(about.run(), Action::Cancel)
    }
}

/// "put production back to v1.4.1", "take the cron off", "bring v1.4.2 to staging".
fn put(about: &About<'_, '_>) -> Meaning {
    let rest = about.rest;
    if rest.says(&["off"]) && about.lock() {
        Meaning::Action(Action::Unlock)
    } else if rest.says(&["off"]) && about.cron() {
        Meaning::Action(Action::CronDisable)
    } else if rest.says(&["on"]) && about.cron() && about.begins(&["cron", "schedules", "the"]) {
        Meaning::Action(Action::CronEnable)
    } else if rest.says(&["back", "previous"]) && !about.back_on() {
        Meaning::Action(Action::Rollback)
    } else {
        let release = rest.0.iter().any(|token| is_ref(token.low));
        given(release && rest.names(NameKind::Environment) && !about.taken_off(), Action::Deploy)
    }
}

fn make(about: &About<'_, '_>) -> Meaning {
    let rest = about.rest;
    let named = about.first.is_some_and(|token| token.name.is_some());
    if rest.says(REPLICAS) && rest.names(NameKind::Service) {
        return Meaning::Action(Action::Scale);
    }
    if rest.says(&["ready"]) || named && rest.says(&["for"]) {
        Meaning::Action(Action::Readiness)
    } else if about.begins(DEPLOY_NOUNS) {
        // "make deploy" is a Makefile's.
        Meaning::None
    } else if rest.says(DEPLOY_NOUNS) {
        Meaning::Action(Action::Deploy)
    } else {
        given(rest.says(ENVIRONMENT), Action::CreateEnvironment)
    }
}

fn start(rest: &Rest<'_, '_>, backfill: bool, cron: bool) -> Meaning {
    let act = |action| Meaning::Action(action);
    // "run api with 3 replicas"
    if rest.says(REPLICAS) && rest.names(NameKind::Service) {
        return act(Action::Scale);
    }
    if backfill {
        return act(Action::Backfill);
    }
    if rest.says(&["readiness", "bundle"]) {
        return if rest.says(&["check", "checks"]) {
            Meaning::DryRun(Action::Readiness)
        } else {
            act(Action::Readiness)
        };
    }
    if rest.says(&["check", "checks", "healthcheck"]) {
        return Meaning::DryRun(Action::Readiness);
    }
    if rest.says(ROLLBACK_NOUNS) {
        return act(Action::Rollback);
    }
    if rest.says(DEPLOY_NOUNS) {
        return act(Action::Deploy);
    }
    if rest.says(MIGRATIONS) {
        return act(Action::Migrate);
    }
    if rest.says(&["restart"]) {
        return act(Action::Restart);
    }
    if rest.says(&["reconcile", "reconciliation"]) {
        return act(Action::Reconcile);
    }
    if rest.says(&["diagnostics", "diagnosis", "diagnose"]) {
        return act(Action::Diagnose);
    }
    if rest.says(&["bootstrap"]) {
        return act(Action::BootstrapLocal);
    }
    if rest.says(&["setup"]) {
        return act(Action::Setup);
    }
    if rest.says(&["release"]) {
        return act(Action::Deploy);
    }
    if cron {
        return act(Action::CronEnable);
    }
    Meaning::None
}

fn show(rest: &Rest<'_, '_>) -> Meaning {
    let act = |action| Meaning::Action(action);
    if rest.says(&["dry", "dry-run"]) {
        return if rest.says(DEPLOY_NOUNS) { Meaning::DryRun(Action::Deploy) } else { Meaning::None };
    }
    if rest.says(BACKFILL) || rest.names(NameKind::Job) {
        return act(Action::BackfillStatus);
    }
    if rest.says(&["audit", "who"]) {
        return act(Action::Audit);
    }
    if rest.says(&["logs", "log", "output"]) {
        return act(Action::Logs);
    }
    if rest.says(&[
        "releases",
        "deploys",
        "deployments",
        "release",
        "versions",
        "version",
        "history",
        "deployed",
    ]) {
        return act(Action::Releases);
    }
    if rest.says(&["incidents", "incident", "outages"]) {
        return act(Action::Incidents);
    }
    if rest.says(&["drift"]) {
        return Meaning::DryRun(Action::Reconcile);
    }
    if rest.says(&["plan"]) {
        return if rest.says(DEPLOY_NOUNS) { Meaning::DryRun(Action::Deploy) } else { Meaning::None };
    }
    if rest.says(&["readiness"]) {
        return Meaning::DryRun(Action::Readiness);
    }
    if rest.says(&["help", "commands"]) {
        return act(Action::Help);
    }
    let run = rest.0.iter().any(|token| token.low.trim_start_matches('#').starts_with("r-"));
    // "see deploy production": what is to be seen is called like an order, and is no place.
    let titled = matches!(rest.0, [first, name, ..] if name.name.is_some()
        && first.any(&["deploy", "restart", "rollback", "migrate"]));
    if titled && !rest.says(&["status", "state", "health", "run", "runs", "overview"]) {
        return Meaning::None;
    }
    if run
        || rest.says(&["status", "state", "health", "run", "runs", "overview"])
        || rest.names(NameKind::Environment)
        || rest.names(NameKind::Service)
    {
        return act(Action::Status);
    }
    Meaning::None
}

fn check(rest: &Rest<'_, '_>, backfill: bool) -> Meaning {
    let act = |action| Meaning::Action(action);
    if backfill {
        return act(Action::BackfillStatus);
    }
    if rest.says(&["drift"]) {
        return Meaning::DryRun(Action::Reconcile);
    }
    if rest.says(&["logs", "log"]) {
        return act(Action::Logs);
    }
    if rest.says(&["status"]) || rest.0.iter().any(|token| token.low.starts_with("r-")) {
        return act(Action::Status);
    }
    if rest.says(&["incidents"]) {
        return act(Action::Incidents);
    }
    if rest.says(&["audit"]) {
        return act(Action::Audit);
    }
    if rest.says(&["releases", "deployments"]) {
        return act(Action::Releases);
    }
    if rest.says(&["readiness", "ready", "health", "security", "backup", "backups"])
        || rest.names(NameKind::Environment)
    {
        return Meaning::DryRun(Action::Readiness);
    }
    Meaning::None
}
