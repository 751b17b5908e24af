//! The words an order begins with, and which action they mean together with what they are said of.
//!
//! Many verbs mean an action only with their object: "stop the deploy" is `cancel`, "stop cron" is `cron-disable`.

use crate::intent::actions::Action;
use crate::intent::names::NameKind;
use crate::intent::words::{Kind, Token};

/// The beginning of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::intent) enum Head {
    /// Means this action, whatever follows.
    Act(Action),
    Add,
    Remove,
    Create,
    Destroy,
    Set,
    Stop,
    Hold,
    GoOn,
    Start,
    Disable,
    Enable,
    Empty,
    Show,
    Check,
    Roll,
    Put,
    Make,
    Clone,
    Use,
    Fix,
    Notify,
}

/// Phrases and the heads they are; of two that fit, the longer is meant.
pub(in crate::intent) const HEADS: &[(&str, Head)] = &[
    ("deploy", Head::Act(Action::Deploy)),
    ("redeploy", Head::Act(Action::Deploy)),
    ("re-deploy", Head::Act(Action::Deploy)),
    ("ship", Head::Act(Action::Deploy)),
    ("release", Head::Act(Action::Deploy)),
    ("push", Head::Act(Action::Deploy)),
    ("push out", Head::Act(Action::Deploy)),
    ("rollout", Head::Act(Action::Deploy)),
    ("roll out", Head::Act(Action::Deploy)),
    ("rollback", Head::Act(Action::Rollback)),
    ("roll-back", Head::Act(Action::Rollback)),
    ("roll back", Head::Act(Action::Rollback)),
    ("revert", Head::Act(Action::Rollback)),
    ("undo", Head::Act(Action::Rollback)),
    ("put back", Head::Act(Action::Rollback)),
    ("go back", Head::Act(Action::Rollback)),
    ("roll", Head::Roll),
    ("put", Head::Put),
    ("take", Head::Put),
    ("restore", Head::Put),
    ("bring", Head::Put),
    ("get", Head::Show),
    ("promote", Head::Act(Action::Promote)),
    ("advance", Head::Act(Action::Promote)),
    ("pause", Head::Hold),
    ("halt", Head::Hold),
    ("hold", Head::Hold),
    ("suspend", Head::Hold),
    ("resume", Head::GoOn),
    ("unpause", Head::GoOn),
    ("continue", Head::GoOn),
    ("proceed", Head::GoOn),
    ("cancel", Head::Stop),
    ("abort", Head::Stop),
    ("stop", Head::Stop),
    ("kill", Head::Stop),
    ("approve", Head::Act(Action::Approve)),
    ("reject", Head::Act(Action::Reject)),
    ("deny", Head::Act(Action::Reject)),
    ("decline", Head::Act(Action::Reject)),
    ("retry", Head::Act(Action::Retry)),
    ("rerun", Head::Act(Action::Retry)),
    ("re-run", Head::Act(Action::Retry)),
    ("try again", Head::Act(Action::Retry)),
    ("migrate", Head::Act(Action::Migrate)),
    ("backfill", Head::Act(Action::Backfill)),
    ("back-fill", Head::Act(Action::Backfill)),
    ("backfill-stop", Head::Act(Action::BackfillStop)),
    ("backfill-resume", Head::Act(Action::BackfillResume)),
    ("backfill-status", Head::Act(Action::BackfillStatus)),
    ("backfill stop", Head::Act(Action::BackfillStop)),
    ("backfill resume", Head::Act(Action::BackfillResume)),
    ("backfill status", Head::Act(Action::BackfillStatus)),
    ("expand", Head::Act(Action::Expand)),
    ("setup", Head::Act(Action::Setup)),
    ("set-up", Head::Act(Action::Setup)),
    ("set up", Head::Act(Action::Setup)),
    ("create", Head::Create),
    ("spin up", Head::Create),
    ("stand up", Head::Create),
    ("create-environment", Head::Act(Action::CreateEnvironment)),
    ("destroy", Head::Destroy),
    ("delete", Head::Destroy),
    ("tear down", Head::Destroy),
    ("teardown", Head::Destroy),
    ("destroy-environment", Head::Act(Action::DestroyEnvironment)),
    ("add", Head::Add),
    ("install", Head::Add),
    ("add-component", Head::Act(Action::AddComponent)),
    ("remove", Head::Remove),
    ("drop", Head::Remove),
    ("uninstall", Head::Remove),
    ("remove-component", Head::Act(Action::RemoveComponent)),
    ("set", Head::Set),
    ("set-variable", Head::Act(Action::SetVariable)),
    ("change", Head::Set),
    ("update", Head::Set),
    ("rotate", Head::Act(Action::RotateSecret)),
    ("rotate-secret", Head::Act(Action::RotateSecret)),
    ("renew", Head::Act(Action::RotateSecret)),
    ("connect", Head::Act(Action::Connect)),
    ("integrate", Head::Act(Action::Connect)),
    ("link", Head::Act(Action::Connect)),
    ("hook up", Head::Act(Action::Connect)),
    ("scale", Head::Act(Action::Scale)),
    ("scale up", Head::Act(Action::Scale)),
    ("scale down", Head::Act(Action::Scale)),
    ("scale out", Head::Act(Action::Scale)),
    ("resize", Head::Act(Action::Scale)),
    ("restart", Head::Act(Action::Restart)),
    ("re-start", Head::Act(Action::Restart)),
    ("reboot", Head::Act(Action::Restart)),
    ("bounce", Head::Act(Action::Restart)),
    ("cron-disable", Head::Act(Action::CronDisable)),
    ("cron-enable", Head::Act(Action::CronEnable)),
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
    ("clear-cache", Head::Act(Action::ClearCache)),
    ("clear", Head::Empty),
    ("flush", Head::Empty),
    ("purge", Head::Empty),
    ("empty", Head::Empty),
    ("bust", Head::Empty),
    ("invalidate", Head::Empty),
    ("wipe", Head::Empty),
    ("reconcile", Head::Act(Action::Reconcile)),
    ("resync", Head::Act(Action::Reconcile)),
    ("fix", Head::Fix),
    ("repair", Head::Fix),
    ("correct", Head::Fix),
    ("detect", Head::Check),
    ("lock", Head::Act(Action::Lock)),
    ("lock down", Head::Act(Action::Lock)),
    ("freeze", Head::Act(Action::Lock)),
    ("unlock", Head::Act(Action::Unlock)),
    ("unfreeze", Head::Act(Action::Unlock)),
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
    ("bootstrap", Head::Act(Action::BootstrapLocal)),
    ("bootstrap-local", Head::Act(Action::BootstrapLocal)),
    ("provision", Head::Act(Action::Provision)),
    ("diagnose", Head::Act(Action::Diagnose)),
    ("troubleshoot", Head::Act(Action::Diagnose)),
    ("debug", Head::Act(Action::Diagnose)),
    ("investigate", Head::Act(Action::Diagnose)),
    ("readiness", Head::Act(Action::Readiness)),
    ("status", Head::Act(Action::Status)),
    ("releases", Head::Act(Action::Releases)),
    ("deployments", Head::Act(Action::Releases)),
    ("deploys", Head::Act(Action::Releases)),
    ("logs", Head::Act(Action::Logs)),
    ("log", Head::Act(Action::Logs)),
    ("tail", Head::Act(Action::Logs)),
    ("audit", Head::Act(Action::Audit)),
    ("incidents", Head::Act(Action::Incidents)),
    ("whoami", Head::Act(Action::Whoami)),
    ("help", Head::Act(Action::Help)),
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
    ("list", Head::Show),
    ("give", Head::Show),
    ("display", Head::Show),
    ("view", Head::Show),
    ("fetch", Head::Show),
    ("print", Head::Show),
    ("see", Head::Show),
    ("find", Head::Show),
    ("check", Head::Check),
    ("verify", Head::Check),
    ("health check", Head::Check),
    ("healthcheck", Head::Check),
    ("security check", Head::Check),
    ("backup check", Head::Check),
    ("test", Head::Check),
];

/// The head that begins at the first of these tokens, and how many tokens it takes.
pub(in crate::intent) fn find(tokens: &[Token<'_>]) -> Option<(Head, usize)> {
    let first =
        tokens.first().filter(|token| token.is(crate::intent::lexicon::Class::HEAD) && token.is_word())?;
    let mut best = None;
    for (phrase, head) in HEADS {
        let mut words = phrase.split(' ');
        if words.next() != Some(first.low) {
            continue;
        }
        let mut len = 1;
        let fits = words.all(|word| {
            let found = tokens.get(len).is_some_and(|token| token.is_word() && token.low == word);
            len += 1;
            found
        });
        if fits && best.is_none_or(|(_, longest)| len > longest) {
            best = Some((*head, len));
        }
    }
    best
}

/// What an order is about, seen from its head: the tokens that follow.
pub(in crate::intent) struct Rest<'a, 't>(pub(in crate::intent) &'a [Token<'t>]);

impl Rest<'_, '_> {
    /// Whether one of these words is said, outside quotation.
    pub(in crate::intent) fn says(&self, words: &[&str]) -> bool {
        self.0.iter().any(|token| token.any(words))
    }

    fn names(&self, kind: NameKind) -> bool {
        self.0.iter().any(|token| token.name.is_some_and(|hit| hit.kind == kind))
    }

    fn assigns(&self) -> bool {
        self.0.iter().any(|token| token.kind == Kind::Equals)
    }
}

pub(in crate::intent) const DEPLOY_NOUNS: &[&str] =
    &["deploy", "deployment", "rollout", "deploys", "deployments", "redeploy", "redeployment"];
const ROLLBACK_NOUNS: &[&str] = &["rollback", "rollbacks", "revert"];
const CRON: &[&str] =
    &["cron", "crons", "cronjob", "cronjobs", "cron-job", "cron-jobs", "crontab", "scheduler"];
const CACHE: &[&str] = &["cache", "caches", "cdn", "caching"];
const ENVIRONMENT: &[&str] = &["environment", "env", "environments", "envs"];
const VARIABLE: &[&str] = &["variable", "var", "variables", "vars", "env-var", "envvar", "setting", "config"];
const MIGRATIONS: &[&str] = &["migrations", "migration", "migrate"];
const BACKFILL: &[&str] = &["backfill", "backfills", "back-fill"];
const RUN_NOUNS: &[&str] = &[
    "deploy",
    "deployment",
    "rollout",
    "run",
    "release",
    "canary",
    "rollback",
    "migration",
    "it",
    "this",
    "that",
    "plan",
    "request",
    "change",
    "migrations",
    "redeploy",
    "r",
];

/// What a head means with what it is said of.
pub(in crate::intent) enum Meaning {
    Action(Action),
    /// The same, but only looked at.
    DryRun(Action),
    /// Nothing we do; maybe because the object is missing or not ours.
    None,
}

/// The action a head means together with the words that follow it.
pub(in crate::intent) fn resolve(head: Head, rest: &Rest<'_, '_>) -> Meaning {
    let act = |action| Meaning::Action(action);
    let backfill = rest.says(BACKFILL) || rest.names(NameKind::Job);
    let cron = rest.says(CRON);
    let first = rest.0.first();
    let bare = first.is_none()
        || rest
            .0
            .iter()
            .all(|token| token.any(&["it", "this", "that", "now", "please", "there"]) || !token.is_word());
    let run_id = rest.0.iter().any(|token| token.low.trim_start_matches('#').starts_with("r-"));
    match head {
        Head::Act(Action::Deploy)
            if rest.says(&["lock"]) && first.is_some_and(|token| token.any(&["the", "lock"])) =>
        {
            act(Action::Unlock)
        }
        Head::Act(Action::Backfill) if rest.says(&["status", "progress"]) => act(Action::BackfillStatus),
        Head::Act(Action::Expand) => act(Action::Expand),
        Head::Act(Action::Connect | Action::RotateSecret | Action::Help | Action::Audit) => match head {
            Head::Act(action) => act(action),
            _ => Meaning::None,
        },
        Head::Act(action @ (Action::Status | Action::Logs)) if backfill && action == Action::Status => {
            act(Action::BackfillStatus)
        }
        Head::Act(Action::Readiness) if rest.says(&["check", "checks"]) => Meaning::DryRun(Action::Readiness),
        Head::Act(action) => act(action),
        Head::Add => {
            if rest.says(&["column", "columns", "field"]) {
                act(Action::Expand)
            } else if rest.names(NameKind::Component) {
                act(Action::AddComponent)
            } else if rest.says(VARIABLE) || rest.assigns() {
                act(Action::SetVariable)
            } else if rest.says(ENVIRONMENT) {
                act(Action::CreateEnvironment)
            } else if rest.names(NameKind::Provider) {
                act(Action::Connect)
            } else {
                act(Action::AddComponent)
            }
        }
        Head::Remove => {
            if rest.says(&["lock", "freeze"]) {
                act(Action::Unlock)
            } else if rest.names(NameKind::Component) {
                act(Action::RemoveComponent)
            } else if rest.says(&["column", "columns", "table", "variable", "var"]) {
                Meaning::None
            } else if rest.says(ENVIRONMENT) {
                act(Action::DestroyEnvironment)
            } else {
                act(Action::RemoveComponent)
            }
        }
        Head::Create => {
            if rest.says(ENVIRONMENT) {
                act(Action::CreateEnvironment)
            } else if rest.says(&["column", "field"]) {
                act(Action::Expand)
            } else if rest.names(NameKind::Component) {
                act(Action::AddComponent)
            } else if rest.says(VARIABLE) || rest.assigns() {
                act(Action::SetVariable)
            } else {
                Meaning::None
            }
        }
        Head::Destroy => {
            if rest.says(&["cache", "caches"]) {
                act(Action::ClearCache)
            } else if rest.names(NameKind::Component) {
                act(Action::RemoveComponent)
            } else if rest.says(&["column", "table", "variable", "var", "run", "job", "user"]) {
                Meaning::None
            } else {
                act(Action::DestroyEnvironment)
            }
        }
        Head::Clone => act(Action::CreateEnvironment),
        Head::Set => {
            if rest.says(&["replicas", "instances", "replica"]) && !rest.assigns() {
                act(Action::Scale)
            } else if first.is_some_and(|token| token.any(&["up"])) {
                act(Action::Setup)
            } else {
                act(Action::SetVariable)
            }
        }
        Head::Stop => {
            if backfill {
                act(Action::BackfillStop)
            } else if cron {
                act(Action::CronDisable)
            } else if rest.says(&["canary"]) && first.is_none_or(|token| !token.any(&["r"])) && !run_id {
                act(if rest.says(DEPLOY_NOUNS) || rest.says(&["run"]) {
                    Action::Cancel
                } else {
                    Action::Pause
                })
            } else if bare || run_id || rest.says(RUN_NOUNS) {
                act(Action::Cancel)
            } else {
                Meaning::None
            }
        }
        Head::Hold => {
            if backfill {
                act(Action::BackfillStop)
            } else if cron {
                act(Action::CronDisable)
            } else if bare || run_id || rest.says(RUN_NOUNS) {
                act(Action::Pause)
            } else {
                Meaning::None
            }
        }
        Head::GoOn => {
            if backfill {
                act(Action::BackfillResume)
            } else if cron {
                act(Action::CronEnable)
            } else if bare
                || run_id
                || rest.says(RUN_NOUNS)
                || first.is_some_and(|token| token.any(&["with"]))
            {
                act(Action::Resume)
            } else {
                Meaning::None
            }
        }
        Head::Start => start(rest, backfill, cron),
        Head::Disable => {
            if cron {
                act(Action::CronDisable)
            } else {
                Meaning::None
            }
        }
        Head::Enable => {
            if cron {
                act(Action::CronEnable)
            } else {
                Meaning::None
            }
        }
        Head::Empty => {
            if rest.says(CACHE) {
                act(Action::ClearCache)
            } else {
                Meaning::None
            }
        }
        Head::Fix => {
            if rest.says(&["drift"]) {
                act(Action::Reconcile)
            } else {
                Meaning::None
            }
        }
        Head::Show => show(rest),
        Head::Check => check(rest, backfill),
        Head::Roll => {
            if rest.says(&["back"]) {
                act(Action::Rollback)
            } else if rest.says(&["out"]) {
                act(Action::Deploy)
            } else {
                Meaning::None
            }
        }
        Head::Put => {
            if rest.says(&["off"]) && cron {
                act(Action::CronDisable)
            } else if rest.says(&["on"]) && cron && first.is_some_and(|token| token.any(&["cron", "the"])) {
                act(Action::CronEnable)
            } else if rest.says(&["back", "previous"]) {
                act(Action::Rollback)
            } else if rest.0.iter().any(|token| crate::intent::values::is_ref(token.low))
                && rest.names(NameKind::Environment)
            {
                act(Action::Deploy)
            } else {
                Meaning::None
            }
        }
        Head::Make => {
            if rest.says(&["ready"]) || first.is_some_and(|token| token.name.is_some()) && rest.says(&["for"])
            {
                act(Action::Readiness)
            } else if rest.says(DEPLOY_NOUNS) {
                act(Action::Deploy)
            } else if rest.says(ENVIRONMENT) {
                act(Action::CreateEnvironment)
            } else {
                Meaning::None
            }
        }
        Head::Use | Head::Notify => Meaning::None,
    }
}

fn start(rest: &Rest<'_, '_>, backfill: bool, cron: bool) -> Meaning {
    let act = |action| Meaning::Action(action);
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
    if rest.says(BACKFILL) {
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

/// The words an action's noun may be, to be passed over among its arguments.
pub(in crate::intent) fn is_object_word(action: Action, word: &str) -> bool {
    let mine: &[&str] = match action {
        Action::Deploy => &["deploy", "deployment", "rollout", "release", "redeploy", "out", "live", "plan"],
        Action::Rollback => {
            &["rollback", "deploy", "deployment", "back", "release", "revert", "production's"]
        }
        Action::Migrate => &["migrations", "migration", "migrate"],
        Action::Backfill | Action::BackfillStop | Action::BackfillResume | Action::BackfillStatus => {
            &["backfill", "backfills", "status", "progress", "back-fill", "stop", "resume"]
        }
        Action::CronDisable | Action::CronEnable => &[
            "cron",
            "crons",
            "cronjob",
            "cronjobs",
            "cron-job",
            "cron-jobs",
            "scheduler",
            "scheduled",
            "on",
            "off",
        ],
        Action::ClearCache => CACHE,
        Action::Reconcile => &["drift", "drifted", "reconciliation", "reconcile"],
        Action::Lock | Action::Unlock => &["lock", "freeze", "deploys", "deployments", "deploy"],
        Action::Readiness => &[
            "readiness",
            "ready",
            "check",
            "checks",
            "health",
            "security",
            "backup",
            "backups",
            "bundle",
            "deploy",
            "deployment",
            "deploying",
            "healthcheck",
            "release",
        ],
        Action::Status => &[
            "status",
            "state",
            "health",
            "healthy",
            "run",
            "runs",
            "overview",
            "deploy",
            "canary",
            "deployment",
            "rollout",
        ],
        Action::Releases => &[
            "releases",
            "release",
            "deploys",
            "deployments",
            "history",
            "versions",
            "deploy",
            "deployment",
            "deployed",
        ],
        Action::Logs => &["logs", "log", "output", "errors", "error"],
        Action::Audit => &["audit", "log", "logs", "trail", "history", "events", "entries"],
        Action::Incidents => &["incidents", "incident", "outages", "open"],
        Action::Diagnose => {
            &["diagnostics", "diagnosis", "diagnose", "issue", "issues", "problem", "problems", "connection"]
        }
        Action::Restart => &["restart"],
        Action::Scale => &["replicas", "replica", "instances", "up", "down", "out"],
        Action::Setup => &["setup"],
        Action::BootstrapLocal => &["bootstrap", "local", "development", "laptop", "locally", "dev"],
        _ if super::runs::is_run_action(action) => RUN_NOUNS,
        _ => &[],
    };
    mine.contains(&word)
}
