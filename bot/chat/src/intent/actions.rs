//! The table of actions: one row each, from which grammar, help, completion, command line and HTTP are made.
//!
//! To add an action, add a variant to [`Action`], its row to [`TABLE`] (same place), and, where its arguments are of a
//! new kind, one function in `grammar/`. Two things don't follow from the row: the policy's schema has a name for each action
//! (`policies/rules/schema.cedarschema`, a test says which is missing), and what is built needs somebody who does it (`desk/`).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Everything a person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is described by its row's help")]
pub enum Action {
    Deploy,
    Rollback,
    Promote,
    Pause,
    Resume,
    Cancel,
    Approve,
    Reject,
    Retry,
    Migrate,
    Backfill,
    BackfillStop,
    BackfillResume,
    BackfillStatus,
    Expand,
    Setup,
    CreateEnvironment,
    DestroyEnvironment,
    AddComponent,
    RemoveComponent,
    SetVariable,
    RotateSecret,
    Connect,
    Scale,
    Restart,
    CronDisable,
    CronEnable,
    ClearCache,
    Reconcile,
    Lock,
    Unlock,
    Alert,
    Rule,
    BootstrapLocal,
    Provision,
    Diagnose,
    Readiness,
    Can,
    Status,
    Releases,
    Logs,
    Audit,
    Incidents,
    Whoami,
    Help,
}

/// A key of the typed command. The order of a row's keys is the order they are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the contract's own keys")]
pub enum Key {
    Environments,
    Services,
    Ref,
    Canary,
    Migrate,
    At,
    DryRun,
    Rehearse,
    To,
    Run,
    Job,
    BatchSize,
    RatePerMin,
    MaxRuntime,
    Column,
    Project,
    Platform,
    Edge,
    Connections,
    Environment,
    From,
    Component,
    Name,
    Value,
    Provider,
    Mode,
    Replicas,
    Reason,
    On,
    By,
    When,
    Then,
    Providers,
    Bundle,
    Verb,
    Since,
    Actor,
    Topic,
}

impl Key {
    /// The key as it stands in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Environments => "environments",
            Self::Services => "services",
            Self::Ref => "ref",
            Self::Canary => "canary",
            Self::Migrate => "migrate",
            Self::At => "at",
            Self::DryRun => "dry_run",
            Self::Rehearse => "rehearse",
            Self::To => "to",
            Self::Run => "run",
            Self::Job => "job",
            Self::BatchSize => "batch_size",
            Self::RatePerMin => "rate_per_min",
            Self::MaxRuntime => "max_runtime_s",
            Self::Column => "column",
            Self::Project => "project",
            Self::Platform => "platform",
            Self::Edge => "edge",
            Self::Connections => "connections",
            Self::Environment => "environment",
            Self::From => "from",
            Self::Component => "component",
            Self::Name => "name",
            Self::Value => "value",
            Self::Provider => "provider",
            Self::Mode => "mode",
            Self::Replicas => "replicas",
            Self::Reason => "reason",
            Self::On => "on",
            Self::By => "by",
            Self::When => "when",
            Self::Then => "then",
            Self::Providers => "providers",
            Self::Bundle => "bundle",
            Self::Verb => "verb",
            Self::Since => "since_s",
            Self::Actor => "actor",
            Self::Topic => "topic",
        }
    }
}

/// One row of the table: all that is particular to an action.
#[derive(Debug)]
pub struct ActionRow {
    /// The action this row describes.
    pub action: Action,
    /// Its name in JSON, on the command line and in policies.
    pub name: &'static str,
    /// The keys it may carry, in the order they are written.
    pub keys: &'static [Key],
    /// Whether carrying it out changes anything outside the bot.
    pub changes: bool,
    /// Keys without which it can't start and for which no default exists, in the order they are asked for.
    pub needs: &'static [Key],
    /// One line for help.
    pub help: &'static str,
    /// Words that order it, the canonical one first. A phrase may have several words.
    pub verbs: &'static [&'static str],
    /// Sentences that order it; `{env}`, `{service}`, `{component}`, `{job}`, `{provider}`, `{project}` and `{column}`
    /// are filled from the person's own project.
    pub examples: &'static [&'static str],
    /// Whether it can be done already; what is marked `later` is understood, and answered with that.
    pub built: bool,
}

use Key::{
    Actor, At, BatchSize, Bundle, By, Canary, Column, Component, Connections, DryRun, Edge, Environment,
    Environments, From, Job, MaxRuntime, Migrate as Migrations, Mode, Name, On, Platform, Project, Provider,
    Providers, RatePerMin, Reason, Ref, Rehearse, Replicas, Run, Services, Since, Then, To, Topic, Value,
    Verb, When,
};

macro_rules! built {
    () => {
        true
    };
    (later) => {
        false
    };
}

macro_rules! table {
    ($($action:ident $name:literal $changes:literal [$($key:ident),*] needs [$($need:ident),*]
        $help:literal verbs [$($verb:literal),*] examples [$($example:literal),*] $($later:ident)?;)*) => {
        /// Every action, in the order of [`Action`]'s variants.
        pub static TABLE: &[ActionRow] = &[$(ActionRow {
            action: Action::$action, name: $name, keys: &[$($key),*], changes: $changes, needs: &[$($need),*],
            help: $help, verbs: &[$($verb),*], examples: &[$($example),*], built: built!($($later)?),
        }),*];
        static ALL: &[Action] = &[$(Action::$action),*];
    };
}

table! {
    Deploy "deploy" true [Environments, Services, Ref, Canary, Migrations, At, DryRun, Rehearse] needs [Environments]
        "Put a ref onto environments, with a plan, a proved way back and, if you like, a canary."
        verbs ["deploy", "redeploy", "re-deploy", "ship", "release", "push", "roll out", "rollout"]
        examples ["deploy {env}", "deploy {service} main to {env} with canary 10/50/100", "dry run deploy {env}"];
    Rollback "rollback" true [Environments, Services, To, DryRun, Rehearse] needs [Environments]
        "Go back to a release that worked."
        verbs ["rollback", "roll back", "roll-back", "revert", "undo", "put back"]
        examples ["rollback {env}", "rollback {env} to the previous release", "rollback {env} to v1.2.0"];
    Promote "promote" true [Run] needs []
        "Move a canary on to its next stage, whatever its judge still lacks."
        verbs ["promote", "advance"] examples ["promote", "promote r-3f2a"];
    Pause "pause" true [Run] needs []
        "Hold a run where it is."
        verbs ["pause", "halt", "hold"] examples ["pause r-3f2a", "halt the canary"];
    Resume "resume" true [Run] needs []
        "Let a paused run go on."
        verbs ["resume", "continue", "unpause", "proceed"] examples ["resume r-3f2a"];
    Cancel "cancel" true [Run] needs []
        "Stop a run for good."
        verbs ["cancel", "abort", "stop"] examples ["cancel r-3f2a", "stop the deploy"];
    Approve "approve" true [Run] needs []
        "Let a planned run start."
        verbs ["approve"] examples ["approve", "approve r-3f2a"];
    Reject "reject" true [Run] needs []
        "Refuse a planned run."
        verbs ["reject", "deny", "decline"] examples ["reject r-3f2a"];
    Retry "retry" true [Run] needs []
        "Ask for the same again: a new run, planned afresh, from the start."
        verbs ["retry", "rerun", "re-run", "try again"] examples ["retry r-3f2a"];
    Migrate "migrate" true [Environments, Ref, At, DryRun, Rehearse] needs [Environments]
        "Run database migrations."
        verbs ["migrate"] examples ["run migrations on {env}", "dry run migrate {env}"];
    Backfill "backfill" true [Environments, Job, BatchSize, RatePerMin, MaxRuntime, DryRun, At] needs [Environments, Job]
        "Run a data job in batches, at a rate, and resumable."
        verbs ["backfill"] examples ["backfill {job} on {env} at 500/min", "dry run backfill {job} on {env}"];
    BackfillStop "backfill-stop" true [Environments, Job] needs [Environments, Job]
        "Stop a running data job after its current batch."
        verbs ["stop backfill", "backfill-stop", "pause backfill", "cancel backfill"] examples ["stop backfill {job} on {env}"];
    BackfillResume "backfill-resume" true [Environments, Job] needs [Environments, Job]
        "Go on with a stopped data job."
        verbs ["resume backfill", "backfill-resume"] examples ["resume backfill {job} on {env}"];
    BackfillStatus "backfill-status" false [Environments, Job] needs []
        "How far a data job is."
        verbs ["backfill status", "backfill-status"] examples ["backfill status {job} on {env}"];
    Expand "expand" true [Environments, Column] needs [Environments]
        "Prepare a schema change: add a column without disturbing the code that runs."
        verbs ["expand"] examples ["add {column} column in {env}"] later;
    Setup "setup" true [Project, Environments, Platform, Edge, Connections] needs [Environments]
        "Set a project up by questions: its services, components and environments."
        verbs ["set up", "setup", "set-up"]
        examples ["set up {env} for {project} on local",
            "set up {env} for {project} on railway. Use cloudflare for DNS. Connect stripe and sendgrid."];
    CreateEnvironment "create-environment" true [Environment, From] needs [Environment]
        "Make a new environment, perhaps like another."
        verbs ["create environment", "create-environment"]
        examples ["create environment qa", "create environment qa from {env}"];
    DestroyEnvironment "destroy-environment" true [Environment] needs [Environment]
        "End all that runs of an environment, and remove it; its data is kept."
        verbs ["destroy environment", "destroy-environment"] examples ["destroy environment {env}"];
    AddComponent "add-component" true [Component, Environments] needs [Environments, Component]
        "Add a database, cache or store to environments."
        verbs ["add", "add-component"] examples ["add {component} to {env}"];
    RemoveComponent "remove-component" true [Component, Environments] needs [Environments, Component]
        "Take a component away from environments."
        verbs ["remove", "remove-component"] examples ["remove {component} from {env}"];
    SetVariable "set-variable" true [Environments, Services, Name, Value] needs [Environments, Name, Value]
        "Set a configuration variable."
        verbs ["set", "set-variable"] examples ["set LOG_LEVEL=debug for {service} in {env}"];
    RotateSecret "rotate-secret" true [Name, Environments] needs [Environments, Name]
        "Replace a secret by a new one."
        verbs ["rotate", "rotate-secret"] examples ["rotate STRIPE_SECRET_KEY in {env}"];
    Connect "connect" true [Provider, Environments, Mode] needs [Environments, Provider]
        "Connect a provider's account."
        verbs ["connect", "link", "integrate", "hook up"] examples ["connect {provider} to {env} in test mode"];
    Scale "scale" true [Environments, Services, Replicas] needs [Environments, Replicas]
        "Change how many replicas run."
        verbs ["scale", "resize"] examples ["scale {service} to 3 in {env}"];
    Restart "restart" true [Environments, Services] needs [Environments]
        "Restart services without downtime."
        verbs ["restart", "reboot", "bounce", "re-start"] examples ["restart {service} in {env}"];
    CronDisable "cron-disable" true [Environments, Services] needs [Environments]
        "Stop scheduled jobs from starting."
        verbs ["disable cron", "cron-disable"] examples ["disable cron in {env}"];
    CronEnable "cron-enable" true [Environments, Services] needs [Environments]
        "Let scheduled jobs start again."
        verbs ["enable cron", "cron-enable"] examples ["enable cron in {env}"];
    ClearCache "clear-cache" true [Environments, Services] needs [Environments]
        "Empty the caches."
        verbs ["clear cache", "clear-cache"] examples ["clear the cache in {env}"];
    Reconcile "reconcile" true [Environments, DryRun] needs [Environments]
        "Bring what runs back to what should run; a dry run only shows the drift."
        verbs ["reconcile", "resync", "fix drift"] examples ["reconcile {env}", "what has drifted in {env}?"];
    Lock "lock" true [Environments, Reason] needs [Environments]
        "Keep everybody from changing an environment."
        verbs ["lock", "freeze"] examples ["lock {env}: database maintenance"];
    Unlock "unlock" true [Environments, Reason] needs [Environments]
        "Let changes through again."
        verbs ["unlock", "unfreeze"] examples ["unlock {env}"];
    Alert "alert" true [On, By, Environments] needs []
        "Tell you when something happens."
        verbs ["alert me", "notify me", "text me", "email me", "tell me", "ping me", "let me know", "warn me"]
        examples ["text me if the canary looks weird or if a rollback triggers"];
    Rule "rule" true [When, Then, Environments] needs []
        "Do something by itself when something happens."
        verbs ["if", "when", "whenever"] examples ["if we see repeated 500s after deploy, rollback and open an incident"];
    BootstrapLocal "bootstrap-local" true [Project] needs []
        "Prepare this machine for development."
        verbs ["bootstrap local", "bootstrap", "bootstrap-local"] examples ["bootstrap local"] later;
    Provision "provision" true [Project] needs []
        "Create what the project describes and does not have yet."
        verbs ["provision"] examples ["provision {project}"] later;
    Diagnose "diagnose" false [Environments, Providers] needs []
        "Look for what is wrong, and change nothing."
        verbs ["diagnose", "troubleshoot", "debug"] examples ["diagnose {env}", "diagnose {provider} in {env}"] later;
    Readiness "readiness" true [Environments, Bundle, DryRun] needs [Environments]
        "Check that an environment is ready, by a bundle of checks: health, security, backup or deploy."
        verbs ["readiness"] examples ["is {env} ready?", "run the security readiness bundle on {env}"] later;
    Can "can" false [Verb, Environments, Services] needs []
        "Whether you may do something now, and if not, why and from when."
        verbs ["can I"] examples ["can I deploy {env}?"];
    Status "status" false [Environments, Services, Run] needs []
        "How things are."
        verbs ["status"] examples ["status {env}", "status r-3f2a"];
    Releases "releases" false [Environments, Services] needs []
        "What is deployed, and what was."
        verbs ["releases"] examples ["releases {env}", "what is deployed in {env}?"];
    Logs "logs" false [Environments, Services, Since] needs []
        "What the services wrote."
        verbs ["logs", "tail"] examples ["logs {service} in {env} for the last 30 minutes"];
    Audit "audit" false [Environments, Since, Actor] needs []
        "Who did what, and when."
        verbs ["audit"] examples ["audit {env}", "who deployed {env}?"];
    Incidents "incidents" false [Environments, Since] needs []
        "What went wrong, with the evidence."
        verbs ["incidents"] examples ["incidents in {env} in the last 7 days"];
    Whoami "whoami" false [] needs []
        "Who the bot thinks you are, and your role."
        verbs ["whoami"] examples ["whoami"];
    Help "help" false [Topic] needs []
        "What you can say."
        verbs ["help"] examples ["help", "help deploy"];
}

impl Action {
    /// This action's row of the table.
    pub fn row(self) -> &'static ActionRow {
        &TABLE[self as usize]
    }

    /// Whether it can be done already.
    pub fn is_built(self) -> bool {
        self.row().built
    }

    /// Every action, in table order.
    pub fn all() -> &'static [Action] {
        ALL
    }

    /// Its name in JSON, on the command line and in policies.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The action of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.action)
    }

    /// Whether it may carry this key.
    pub fn has(self, key: Key) -> bool {
        HAS[self as usize] & key.bit() != 0
    }
}

/// The keys of each action, in table order, as a set: asked for again and again while a text is read, so that it is made
/// where this is compiled.
static HAS: [u64; Action::Help as usize + 1] = {
    let mut sets = [0; Action::Help as usize + 1];
    let mut action = 0;
    while action < TABLE.len() {
        let keys = TABLE[action].keys;
        let mut key = 0;
        while key < keys.len() {
            sets[action] |= keys[key].bit();
            key += 1;
        }
        action += 1;
    }
    sets
};

impl Key {
    const fn bit(self) -> u64 {
        1 << self as u32
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| serde::de::Error::custom(format!("no action is named `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_variants() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.action as usize, place, "{} stands in the wrong place", row.name);
            assert_eq!(Action::from_name(row.name), Some(row.action));
        }
    }

    #[test]
    fn what_an_action_needs_is_among_its_keys() {
        for row in TABLE {
            assert!(row.needs.iter().all(|key| row.keys.contains(key)), "{}", row.name);
            assert!(!row.examples.is_empty() && !row.verbs.is_empty(), "{}", row.name);
        }
    }
}
