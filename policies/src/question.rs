//! What the host asks: who wants to do what, where, and what is true at that moment. Plain values, so that a question can
//! be kept with the run it was asked for and asked again.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A reason for breaking the glass that is shorter says nothing to whoever reads the record later.
pub const BREAK_GLASS_REASON_MIN_CHARS: usize = 10;

/// One question to the rules. The same question always gets the same answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Who asks.
    pub actor: Actor,
    /// The action's name, as in the command table: `deploy`, `approve`, `lock-take-over`.
    pub action: String,
    /// The project's own spelling.
    pub project: String,
    /// Absent when the action concerns the whole project.
    #[serde(default)]
    pub environment: Option<Environment>,
    /// What is true now.
    #[serde(default)]
    pub facts: Facts,
}

impl Question {
    /// As it stands in a sentence: `remove component`.
    pub(crate) fn action_in_words(&self) -> String {
        match self.action.as_str() {
            // No order anybody gives, but what giving one comes to.
            "lock-take-over" => "taking over somebody's lock".to_owned(),
            "alert-take-over" => "taking away somebody's alert".to_owned(),
            "secret-list" => "listing secrets".to_owned(),
            "secret-remove" => "removing a secret".to_owned(),
            "secrets-rekey" => "replacing the master key".to_owned(),
            action => action.replace('-', " "),
        }
    }
}

/// A person (or the product itself) with the role they have in the project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The name people know them by.
    pub name: String,
    /// The highest role they have.
    pub role: Role,
}

/// Each role may do what those before it may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Somebody we do not know: may ask for help and who they are.
    #[default]
    Nobody,
    /// Reads everything.
    Viewer,
    /// Changes environments and approves the runs of others.
    Deployer,
    /// Everything, also what destroys.
    Admin,
}

impl Role {
    /// All roles, lowest first.
    pub const ALL: [Self; 4] = [Self::Nobody, Self::Viewer, Self::Deployer, Self::Admin];

    /// The role's name in rules, tables and sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Viewer => "viewer",
            Self::Deployer => "deployer",
            Self::Admin => "admin",
        }
    }

    /// As it stands in a sentence.
    pub(crate) const fn with_article(self) -> &'static str {
        match self {
            Self::Nobody => "nobody we know",
            Self::Viewer => "a viewer",
            Self::Deployer => "a deployer",
            Self::Admin => "an admin",
        }
    }

    /// The role of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The environment an action is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The project's own spelling.
    pub name: String,
    /// It serves real customers.
    pub production: bool,
}

/// What the host found out. The default is an ordinary moment in which no rule but the roles and the production gate has
/// anything to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Something outside would be written. False for a dry run or a rehearsal.
    pub changes_world: bool,
    /// Only the plan is asked for.
    pub dry_run: bool,
    /// Data or infrastructure would be lost for good, whatever the action is called.
    pub destructive: bool,
    /// The git ref asked for.
    pub ref_name: Option<String>,
    /// The host matched `ref_name` against `allowed_refs`.
    pub ref_allowed: bool,
    /// The environment's patterns, for the sentence.
    pub allowed_refs: Vec<String>,
    /// The freeze window that is open now.
    pub frozen: Option<Freeze>,
    /// Changing runs started in this environment in the last 60 minutes.
    pub runs_last_hour: u32,
    /// How many the environment takes; absent means any number.
    pub runs_per_hour_limit: Option<u32>,
    /// When the oldest of those runs leaves the hour, in epoch milliseconds.
    pub rate_frees_at_ms: Option<i64>,
    /// Instances of a service asked for.
    pub replicas: Option<u32>,
    /// How many instances a service may have here.
    pub max_replicas: Option<u32>,
    /// The largest size asked for, or the first that is not allowed: `small`, `oversized`, `unlimited`.
    pub size: Option<String>,
    /// Machine sizes the environment may use; empty means all.
    pub allowed_sizes: Vec<String>,
    /// From the environment's settings. Production asks for one even when this says zero.
    pub approvals_required: u32,
    /// Distinct people who approved and were allowed to, without the requester unless the team is one person.
    pub approvals_given: u32,
    /// Those of `approvals_given` who are admins.
    pub admin_approvals_given: u32,
    /// For `approve`: the actor asked for the run.
    pub is_requester: bool,
    /// The project's settings say that there is nobody else.
    pub one_person_team: bool,
    /// The reason somebody gave for breaking the glass.
    pub break_glass: Option<String>,
    /// Who else has locked the environment.
    pub lock_held_by_other: Option<String>,
    /// Why they locked it, when they said so.
    pub lock_reason: Option<String>,
    /// When their lock ends by itself, in epoch milliseconds.
    pub lock_until_ms: Option<i64>,
    /// In the project's time zone: 1 is Monday, 7 is Sunday, 0 is not known.
    pub weekday: u8,
    /// Minutes since midnight in the project's time zone.
    pub minute_of_day: u16,
    /// Nobody asks at this moment: it starts by itself, at a time it was given.
    pub automatic: bool,
    /// Automatic deploys are on hold since a rollback.
    pub held: bool,
}

impl Facts {
    /// The glass counts as broken only when the reason says something.
    pub(crate) fn glass_is_broken(&self) -> bool {
        self.break_glass
            .as_deref()
            .is_some_and(|reason| reason.trim().chars().count() >= BREAK_GLASS_REASON_MIN_CHARS)
    }
}

/// A window in which nothing new goes out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// What people call it.
    pub name: String,
    /// Why it is there.
    pub reason: String,
    /// When it closes, in epoch milliseconds.
    pub until_ms: i64,
}
