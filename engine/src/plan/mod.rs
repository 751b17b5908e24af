//! Plans: what a run is going to do, made from the request and the observed state, without writing anything. One file
//! per run type. A plan is a value; its digest is what people approve.

mod again;
mod backfill;
mod by_command;
mod changes;
mod ci;
mod component;
mod deploy;
mod destroy;
mod drift;
mod facts;
mod judged;
mod lint;
mod operate;
mod reconcile;
mod rollback;
mod rotate;
mod set_variable;
mod stages;
mod variables;
mod way_back;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use drift::Seen;
pub(crate) use facts::no_url;
pub use facts::{Facts, SecretFact};
pub use judged::judged_by;
pub use lint::{Alone, Effect, Finding, breaking, lint, shortened, shown, statements};
pub use reconcile::NOTHING_DRIFTED;

use crate::canonical::canonical_json;
use crate::model::{Change, EnvironmentKey, Release, RunRequest};
use crate::ports::Commit;
use crate::step::{ApplyMigrations, DesiredChange, Finalize, StepKind};

/// Most commits listed under "what changes".
pub const COMMITS_SHOWN: usize = 20;

/// Why no plan can be made: the person asked for something that can't be done now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{say}")]
pub struct PlanProblem {
    /// Stable word: `unknown-ref`, `nothing-to-roll-back`.
    pub code: String,
    /// What is in the way.
    pub say: String,
    /// What to type instead; empty when there is nothing to add.
    pub next: String,
}

impl PlanProblem {
    /// A problem in words.
    pub fn new(code: &str, say: impl Into<String>, next: impl Into<String>) -> Self {
        Self { code: code.to_owned(), say: say.into(), next: next.into() }
    }
}

/// How much could go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RiskLevel {
    /// Easily undone, nobody notices.
    Low,
    /// Users may notice; the way back is quick.
    Medium,
    /// The way back is long, partial or missing.
    High,
}

impl RiskLevel {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The risk of a plan and what makes it so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// How much.
    pub level: RiskLevel,
    /// Why, a sentence each.
    pub because: Vec<String>,
}

impl Risk {
    fn low() -> Self {
        Self { level: RiskLevel::Low, because: Vec::new() }
    }

    /// Raises the level to at least this and says why.
    fn at_least(&mut self, level: RiskLevel, because: impl Into<String>) {
        self.level = self.level.max(level);
        self.because.push(because.into());
    }
}

/// How to undo a plan after it has succeeded, proved before it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayBack {
    /// The number of the release to go back to; absent when there is none.
    pub release: Option<u32>,
    /// One sentence for the card.
    pub say: String,
    /// What was checked and holds, a sentence each: build kept, schema fits.
    pub proof: Vec<String>,
    /// What was checked and does not hold, a sentence each, with what to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// The checks passed: going back will work.
    pub proved: bool,
}

/// A line of "what changes".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// What: `api`, `api COMPANY_NAME`, `migration 0004`.
    pub what: String,
    /// As it is; absent when it is new.
    pub before: Option<String>,
    /// As it will be; absent when it goes away.
    pub after: Option<String>,
}

impl DiffLine {
    /// A change from one thing to another.
    pub fn new(what: impl Into<String>, before: Option<String>, after: Option<String>) -> Self {
        Self { what: what.into(), before, after }
    }
}

impl std::fmt::Display for DiffLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "{}: {before} → {after}", self.what),
            (None, Some(after)) => write!(f, "{}: new, {after}", self.what),
            (Some(before), None) => write!(f, "{}: {before}, goes away", self.what),
            (None, None) => write!(f, "{}", self.what),
        }
    }
}

/// One step as planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Its name on cards: `migrations`, `api and web`.
    pub title: String,
    /// What it will do, in one line.
    pub says: String,
    /// What it does, exactly.
    pub kind: StepKind,
}

/// Everything a run is going to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// One line: "Deploy v1.1.0 (3f2a91c) to staging".
    pub title: String,
    /// Where.
    pub environment: EnvironmentKey,
    /// The run type's word.
    pub run_type: String,
    /// In order.
    pub steps: Vec<PlannedStep>,
    /// Difference of desired and observed state.
    pub diff: Vec<DiffLine>,
    /// The commits that come in, newest first.
    pub commits: Vec<Commit>,
    /// How risky.
    pub risk: Risk,
    /// How to get back.
    pub way_back: WayBack,
    /// Remarks: "nothing to migrate", "web is left as it is".
    pub notes: Vec<String>,
    /// What was known when it was made, and does nothing: "CI of 1a2b3c4 is pending". It may be otherwise when it starts, and is
    /// not part of what is approved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
    /// The observed state it was made from, a line each: anything else at apply is drift.
    pub observed: Vec<String>,
    /// The release it makes, when it makes one.
    pub release: Option<Release>,
    /// It takes something away that can't be brought back.
    pub destructive: bool,
    /// What is done of it stays when the rest fails: it was wrong before, and to undo it would make it wrong again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stays: bool,
}

impl Plan {
    /// The number of the release that is live once it has succeeded; absent when it changes nothing about that.
    pub fn puts_live(&self) -> Option<u32> {
        self.steps.iter().find_map(|step| match &step.kind {
            StepKind::Finalize(Finalize { changes, .. }) => changes.iter().find_map(|change| match change {
                DesiredChange::Live { release, .. } => Some(*release),
                _ => None,
            }),
            _ => None,
        })
    }

    /// SHA-256 over the canonical JSON of the whole plan but for what was only told, hexadecimal. Two plans with one digest do
    /// the same to the same state.
    pub fn digest(&self) -> String {
        let bare = Self { told: Vec::new(), ..self.clone() };
        let value = serde_json::to_value(bare).unwrap_or_default();
        hex::encode(Sha256::digest(canonical_json(&value).as_bytes()))
    }

    /// Whether another plan of a rollback takes the same release back, and goes to the same one.
    pub fn same_way_back(&self, other: &Self) -> bool {
        (&self.title, self.way_back.release, self.puts_live())
            == (&other.title, other.way_back.release, other.puts_live())
    }

    /// The migrations it applies; absent when there are none.
    pub fn pending(&self) -> Option<&ApplyMigrations> {
        self.steps.iter().find_map(|step| match &step.kind {
            StepKind::ApplyMigrations(apply) if !apply.migrations.is_empty() => Some(apply),
            _ => None,
        })
    }

    /// Whether traffic moves in stages, each judged.
    pub fn has_canary(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.kind, StepKind::CanaryStage(_)))
    }

    /// What another plan for the same request would do differently, for people: the fresh diff after a drift.
    pub fn differences(&self, fresh: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for gone in self.observed.iter().filter(|line| !fresh.observed.contains(line)) {
            lines.push(format!("was: {gone}"));
        }
        for come in fresh.observed.iter().filter(|line| !self.observed.contains(line)) {
            lines.push(format!("is now: {come}"));
        }
        let (before, after): (Vec<String>, Vec<String>) = (
            self.diff.iter().map(ToString::to_string).collect(),
            fresh.diff.iter().map(ToString::to_string).collect(),
        );
        for gone in before.iter().filter(|line| !after.contains(line)) {
            lines.push(format!("approved: {gone}"));
        }
        for come in after.iter().filter(|line| !before.contains(line)) {
            lines.push(format!("would now be: {come}"));
        }
        if lines.is_empty() {
            lines = variables::secret_differences(self, fresh);
        }
        if lines.is_empty() && self != fresh {
            lines.push("the steps differ in detail".to_owned());
        }
        lines
    }
}

/// Makes the plan for a request out of the facts. Pure: the same request and facts give the same plan.
pub fn plan(request: &RunRequest, facts: &Facts) -> Result<Plan, PlanProblem> {
    ci::must_pass(request, facts)?;
    let mut plan = planned(request, facts)?;
    plan.told = ci::told(facts);
    Ok(plan)
}

fn planned(request: &RunRequest, facts: &Facts) -> Result<Plan, PlanProblem> {
    match &request.change {
        Change::Deploy { services, reference, proved, migrate, canary } => deploy::plan(
            request,
            facts,
            services,
            &deploy::Code { reference: reference.as_deref(), proved: proved.as_ref() },
            *migrate,
            canary,
        ),
        Change::Rollback { services, to, taking_back } => {
            rollback::plan(request, facts, services, to, *taking_back)
        }
        Change::Migrate { .. } => operate::migrate(request, facts),
        Change::Scale { services, replicas } => operate::scale(request, facts, services, *replicas),
        Change::Restart { services } => operate::restart(request, facts, services),
        Change::CronDisable { services } => operate::cron(request, facts, services, false),
        Change::CronEnable { services } => operate::cron(request, facts, services, true),
        Change::ClearCache { services } => operate::clear_cache(request, facts, services),
        Change::Reconcile => reconcile::plan(request, facts),
        Change::SetVariable { services, name, value } => {
            set_variable::plan(request, facts, services, name, value)
        }
        Change::AddComponent { component } => component::add(request, facts, component),
        Change::RemoveComponent { component } => component::remove(request, facts, component),
        Change::DestroyEnvironment => destroy::plan(request, facts),
        Change::RotateSecret { secret } => rotate::plan(request, facts, secret),
        Change::Backfill { .. } => backfill::plan(request, facts),
    }
}

/// Seven digits: enough to recognise a commit.
pub fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}
