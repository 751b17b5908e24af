//! The nouns an order can be about, and those that belong to an action.

use crate::intent::actions::Action;
use crate::intent::grammar::runs;

pub(in crate::intent) const DEPLOY_NOUNS: &[&str] =
    &["deploy", "deployment", "rollout", "deploys", "deployments", "redeploy", "redeployment"];

pub(super) const ROLLBACK_NOUNS: &[&str] = &["rollback", "rollbacks", "revert"];

pub(super) const CRON: &[&str] =
    &["cron", "crons", "cronjob", "cronjobs", "cron-job", "cron-jobs", "crontab", "scheduler", "schedules"];

pub(super) const CACHE: &[&str] = &["cache", "caches", "cdn", "caching"];

pub(super) const ENVIRONMENT: &[&str] = &["environment", "env", "environments", "envs"];

pub(super) const VARIABLE: &[&str] =
    &["variable", "var", "variables", "vars", "env-var", "envvar", "setting", "config"];

pub(super) const MIGRATIONS: &[&str] = &["migrations", "migration", "migrate"];

pub(super) const REPLICAS: &[&str] = &["replicas", "instances", "replica"];
pub(super) const BACKFILL: &[&str] = &["backfill", "backfills", "back-fill"];

pub(super) const RUN_NOUNS: &[&str] = &[
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
    "restart",
    "r",
];

/// Whether a word is one of [`object_words`].
pub(in crate::intent) fn is_object_word(action: Action, word: &str) -> bool {
    object_words(action).contains(&word)
}

/// The words an action's noun may be, to be passed over among its arguments.
pub(in crate::intent) fn object_words(action: Action) -> &'static [&'static str] {
    match action {
        Action::Deploy => {
            &["deploy", "deployment", "rollout", "release", "redeploy", "out", "live", "forward", "plan"]
        }
        Action::Rollback => {
            &["rollback", "deploy", "deployment", "back", "release", "revert", "production's"]
        }
        Action::Migrate => &["migrations", "migration", "migrate"],
        Action::Backfill => &["backfill", "backfills", "back-fill"],
        Action::BackfillStop | Action::BackfillResume | Action::BackfillStatus => {
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
            "schedules",
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
        Action::Setup => &["setup", "project"],
        Action::Provision => &["infrastructure", "infra"],
        Action::BootstrapLocal => {
            &["bootstrap", "local", "development", "laptop", "machine", "computer", "my", "locally", "dev"]
        }
        _ if runs::is_run_action(action) => RUN_NOUNS,
        _ => &[],
    }
}
