//! Words that are known and mean something of their own, by what they mean.

/// What services, and what they run on, are often called by.
pub(in crate::intent) const THINGS: &[&str] = &[
    "worker",
    "workers",
    "queue",
    "queues",
    "router",
    "edge",
    "database",
    "databases",
    "db",
    "node",
    "nodes",
    "job",
    "jobs",
    "task",
    "tasks",
    "table",
    "tables",
    "cache",
    "caches",
    "cached",
    "cdn",
    "dns",
    "domain",
    "domains",
    "process",
    "processes",
    "instance",
    "container",
    "pod",
    "machine",
    "schema",
    "data",
    "secret",
    "secrets",
    "key",
    "keys",
    "account",
    "accounts",
    "component",
    "components",
    "provider",
    "providers",
    "pipeline",
    "pipelines",
    "cron",
    "crons",
    "cronjob",
    "cronjobs",
    "backend",
    "frontend",
    "gateway",
    "proxy",
    "scheduler",
    "consumer",
    "consumers",
    "poller",
    "daemon",
    "sidecar",
    "mailer",
    "bucket",
];

/// What a service may be called beside its name.
pub(super) const KINDS: &[&str] = &[
    "instance",
    "container",
    "pod",
    "node",
    "nodes",
    "machine",
    "process",
    "processes",
    "job",
    "replicas",
    "replica",
];

/// Nouns an order makes with what it is about: "deploy production logs" asks for them, if anything.
pub(in crate::intent) const REPORTED: &[&str] = &[
    "logs",
    "log",
    "history",
    "status",
    "state",
    "plan",
    "plans",
    "report",
    "reports",
    "audit",
    "health",
    "list",
    "count",
    "incident",
    "incidents",
    "releases",
    "versions",
    "deploys",
    "deployments",
    "runs",
    "reason",
    "time",
    "number",
    "window",
    "windows",
    "request",
    "requests",
    "notes",
    "alert",
    "alerts",
    "rollbacks",
];

/// Those of them that are asked for with a command of their own, and its verb.
pub(super) const SHOWN: &[(&str, &str)] = &[
    ("logs", "logs"),
    ("log", "logs"),
    ("history", "releases"),
    ("releases", "releases"),
    ("versions", "releases"),
    ("deploys", "releases"),
    ("deployments", "releases"),
    ("status", "status"),
    ("state", "status"),
    ("health", "status"),
    ("audit", "audit"),
    ("incident", "incidents"),
    ("incidents", "incidents"),
    ("plan", "dry run deploy"),
];

/// What an order is that is not meant for real.
pub(in crate::intent) const TRIALS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "trial",
    "drill",
    "experiment",
    "exercise",
    "joke",
    "show",
    "fun",
    "practice",
    "mode",
    "check",
    "checks",
    "preview",
    "plan",
    "noop",
    "example",
    "pretend",
    "kicks",
    "laughs",
];

/// Releases that are not the newest, to which only a rollback goes.
pub(in crate::intent) const FORMER: &[&str] =
    &["previous", "last", "earlier", "prior", "former", "preceding", "old", "older", "oldest", "yesterday's"];

/// Words that count or choose among releases.
pub(super) const NUMBERED: &[&str] = &["next", "first", "second", "one", "another", "other", "same"];

/// What a release is called.
pub(super) const VERSIONS: &[&str] =
    &["version", "versions", "release", "releases", "build", "builds", "tag", "commit", "code"];

/// Words that put off without a time.
pub(in crate::intent) const SOMETIME: &[&str] = &[
    "later",
    "soon",
    "while",
    "night",
    "overnight",
    "hour",
    "day",
    "morning",
    "afternoon",
    "evening",
    "sometime",
    "eventually",
    "shortly",
    "moment",
    "bit",
    "few",
    "couple",
    "eod",
    "eob",
    "cob",
];

/// Words by which one place is to be as another.
pub(in crate::intent) const COMPARES: &[&str] =
    &["like", "as", "match", "matching", "matches", "equal", "equals", "mirroring", "mirror", "identical"];

/// Whom an order is left to by somebody who does not give it.
pub(super) const ANYBODY: &[&str] =
    &["someone", "somebody", "anyone", "anybody", "nobody", "noone", "whoever"];

/// What a backfill is about, beside the names of jobs.
pub(super) const BACKFILLED: &[&str] = &[
    "job", "jobs", "task", "data", "database", "db", "table", "tables", "column", "columns", "field", "rows", "row",
    "records", "record", "users", "user", "customers", "customer", "process", "script", "run",
];

/// What a column is said to be, and where it is.
pub(super) const COLUMNS: &[&str] = &[
    "column", "columns", "field", "fields", "table", "tables", "schema", "database", "db", "new", "nullable", "default",
    "null", "not-null", "text", "string", "integer", "boolean", "timestamp", "timestamptz", "varchar", "int", "bool",
    "uuid", "json", "jsonb", "type", "date", "named", "called", "name", "users", "user", "customers", "customer",
    "records", "rows", "accounts", "jobs",
];

/// What a secret is called beside its name.
pub(super) const SECRETS: &[&str] = &[
    "secret", "secrets", "key", "keys", "password", "passwords", "token", "tokens", "credential", "credentials",
    "variable", "value", "named", "called", "name", "new", "account", "database", "db",
];
