//! Steps: one file per kind. A step **looks** at the world through a port, **acts** only on what looking found missing,
//! and is done when looking confirms it. That makes it safe to repeat after a crash, a lost answer or a retry: the
//! executor simply asks it to look again. Each kind says what it changes outside and how that is undone.

mod cache;
mod component;
mod config;
mod end;
mod finalize;
mod migrations;
mod preflight;
mod replace;
mod resize;
mod resolve;
mod run_job;
mod schedule;
mod secret;
mod serve;
mod shape;
mod stage;
mod traffic;
mod verify;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use cache::ClearCache;
pub use component::{BringComponent, EndComponent};
pub use config::PutConfig;
pub use end::EndServices;
pub use finalize::{DesiredChange, Finalize};
pub use migrations::ApplyMigrations;
pub use preflight::Preflight;
pub use replace::Replace;
pub use resize::{Resize, ResizeOne};
pub use resolve::{RefCheck, ResolveRef};
pub use run_job::{JobWork, RunJob, SqlWork};
pub use schedule::{PutSchedules, ScheduleChange};
pub use secret::RenewSecret;
pub use serve::Serve;
pub use shape::EnsureShape;
pub use stage::{CanaryStage, Judged};
pub use traffic::{Shift, ShiftTraffic};
pub(crate) use traffic::{is_effective, shown};
pub use verify::{ProbeCheck, Verify};

use crate::clock::EpochMs;
use crate::model::{EnvironmentKey, RunId};
use crate::ports::{Permit, PortError, Ports, Receipt};
use crate::run::Reason;

/// How often a step looks again at something that takes its time, in milliseconds.
pub const POLL_MS: i64 = 200;
/// How often an effect that does not show is asked for again before the step gives up.
pub const ACTS_MAX: u32 = 5;

/// What a step may use.
pub struct StepContext<'a> {
    /// The world.
    pub ports: &'a Ports,
    /// The run it is a step of.
    pub run: &'a RunId,
    /// Where.
    pub environment: &'a EnvironmentKey,
    /// Now.
    pub now_ms: EpochMs,
    /// When the step's intent was recorded: deadlines count from here.
    pub since_ms: EpochMs,
    /// How often it has acted.
    pub acted: u32,
    /// An effect was asked for and it is not known whether it happened.
    pub unknown: bool,
    /// The key its writes carry when it is done, while it is undone, too: the same for every attempt.
    pub idempotency_key: &'a str,
}

/// What looking found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Something is missing, and acting would bring it about.
    Todo,
    /// It is under way by itself: look again then.
    Going {
        /// What it is waiting for.
        note: String,
        /// In how many milliseconds.
        poll_ms: i64,
    },
    /// It is as it should be.
    Done(Receipt),
    /// It can't become as it should be.
    Broken(Reason),
    /// Of undoing: what is there of it stays, and what was there before can live with that.
    Stays(String),
}

impl Look {
    fn going(note: impl Into<String>) -> Self {
        Self::Going { note: note.into(), poll_ms: POLL_MS }
    }
}

/// Whether and how a step can be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undo {
    /// It changed nothing that needs undoing.
    Nothing,
    /// `look_undo` and `act_undo` undo it.
    Can,
    /// What it did of it stays, and is told: another run goes on from there, or brings back what was.
    Stays,
    /// Once it has started there is no way back within this run: it can't be cancelled any more.
    NoReturn,
}

/// One kind of step.
#[async_trait]
pub trait StepAct: Send + Sync {
    /// Looks at the world. Writes nothing.
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError>;
    /// Brings about what looking found missing, or a part of it.
    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError>;
    /// Whether and how it can be undone.
    fn undo(&self) -> Undo;
    /// Looks whether it is undone.
    async fn look_undo(&self, _at: &StepContext<'_>) -> Result<Look, PortError> {
        Ok(Look::Done(Receipt::new("nothing to undo")))
    }
    /// Undoes what is still there, as much as can be: one part that fails is no reason to leave the others.
    async fn act_undo(&self, _at: &StepContext<'_>, _permit: &Permit) -> Result<Receipt, PortError> {
        Ok(Receipt::new("nothing to undo"))
    }
    /// What is still there of it, for people, when undoing was given up. Looks only.
    async fn left(&self, _at: &StepContext<'_>) -> Result<Vec<String>, PortError> {
        Ok(Vec::new())
    }
    /// The reason code when an act fails for good.
    fn failure_code(&self) -> &'static str;
    /// How often it may act: once per thing it brings about, and some more.
    fn acts_max(&self) -> u32 {
        ACTS_MAX
    }
}

/// All kinds. Adding one: a file here, a variant, a line in [`StepKind::as_act`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum StepKind {
    /// The refs still stand for the commits of the plan.
    ResolveRef(ResolveRef),
    /// Tools, disk and ports are there; the code builds.
    Preflight(Preflight),
    /// Components and addresses are there.
    EnsureShape(EnsureShape),
    /// Configuration is written.
    PutConfig(PutConfig),
    /// Migrations are applied.
    ApplyMigrations(ApplyMigrations),
    /// Instances are up and healthy.
    Serve(Serve),
    /// Sets have another number of instances.
    Resize(Resize),
    /// Every instance is a fresh one.
    Replace(Replace),
    /// Schedules are in place.
    PutSchedules(PutSchedules),
    /// Traffic goes where it should.
    ShiftTraffic(ShiftTraffic),
    /// A canary has its share of traffic and has soaked.
    CanaryStage(CanaryStage),
    /// Requests through the edge get good answers from the right release.
    Verify(Verify),
    /// Caches are empty.
    ClearCache(ClearCache),
    /// A secret has a new value.
    RenewSecret(RenewSecret),
    /// A component is there.
    BringComponent(BringComponent),
    /// A component is ended.
    EndComponent(EndComponent),
    /// Nothing of any service runs.
    EndServices(EndServices),
    /// A job has gone through all rows.
    RunJob(Box<RunJob>),
    /// What is not needed any more is gone, and the database knows the new state.
    Finalize(Finalize),
}

impl StepKind {
    /// The kind behind the value.
    pub fn as_act(&self) -> &dyn StepAct {
        match self {
            Self::ResolveRef(step) => step,
            Self::Preflight(step) => step,
            Self::EnsureShape(step) => step,
            Self::PutConfig(step) => step,
            Self::ApplyMigrations(step) => step,
            Self::Serve(step) => step,
            Self::Resize(step) => step,
            Self::Replace(step) => step,
            Self::PutSchedules(step) => step,
            Self::ShiftTraffic(step) => step,
            Self::CanaryStage(step) => step,
            Self::Verify(step) => step,
            Self::ClearCache(step) => step,
            Self::RenewSecret(step) => step,
            Self::BringComponent(step) => step,
            Self::EndComponent(step) => step,
            Self::EndServices(step) => step,
            Self::RunJob(step) => &**step,
            Self::Finalize(step) => step,
        }
    }

    /// Whether users see what it does.
    pub fn moves_traffic(&self) -> bool {
        matches!(self, Self::ShiftTraffic(_) | Self::CanaryStage(_))
    }
}
