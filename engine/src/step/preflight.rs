//! Preflight: everything the run needs is there, and the code builds. Builds go into folders of their own and are
//! shared by environments, so nothing that runs is touched; a build still running is ended when the run is undone.

use async_trait::async_trait;
use chrono::{TimeZone, Utc};
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::clock::EpochMs;
use crate::ports::{BuildRequest, BuildState, Permit, PortError, Receipt, Shape};
use crate::run::Reason;

/// Checks the platform and builds what is not built yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preflight {
    /// What the environment should hold.
    pub shape: Shape,
    /// What must be built; those there already are left alone.
    pub builds: Vec<BuildRequest>,
}

#[async_trait]
impl StepAct for Preflight {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        if at.acted == 0 {
            let findings = at.ports.platform.preflight(at.environment, &self.shape).await?;
            let blocking: Vec<String> =
                findings.into_iter().filter(|finding| finding.blocks).map(|finding| finding.says).collect();
            if let Some(first) = blocking.first() {
                return Ok(Look::Broken(
                    Reason::new("preflight", first.clone(), "retry").showing(blocking[1..].to_vec()),
                ));
            }
        }
        let mut ready = Ready::default();
        for build in &self.builds {
            match at.ports.platform.build_look(&build.key).await? {
                BuildState::Absent => return Ok(Look::Todo),
                BuildState::Running { last_line } => {
                    let note = if last_line.is_empty() {
                        "building".to_owned()
                    } else {
                        format!("building: {last_line}")
                    };
                    return Ok(Look::going(note));
                }
                // What was there before this run asked for anything is not its work. Whether it asked may not have been
                // written down, when it was killed just then.
                BuildState::Done { took_ms, at_ms }
                    if at_ms > at.since_ms || (at.acted > 0 && at_ms == at.since_ms) =>
                {
                    ready.built += 1;
                    ready.took_ms += took_ms;
                }
                BuildState::Done { at_ms, .. } => ready.used_again_ms.push(at_ms),
                // It failed for somebody else before, perhaps on a full disk: this run builds it once itself.
                BuildState::Failed { .. } if at.acted == 0 || at.unknown => return Ok(Look::Todo),
                BuildState::Failed { exit_code, tail, full } => {
                    let how = exit_code
                        .map_or("was ended".to_owned(), |code| format!("ended with exit code {code}"));
                    let command = build.command.as_deref().unwrap_or("the checkout");
                    if let Some(full) = full {
                        let say = format!("{full}, so `{command}` {how}; free some space, then retry");
                        return Ok(Look::Broken(Reason::new("disk-full", say, "retry").showing(tail)));
                    }
                    return Ok(Look::Broken(
                        Reason::new(
                            "build-failed",
                            format!("`{command}` {how}"),
                            "mend the code, push, and deploy again",
                        )
                        .showing(tail),
                    ));
                }
            }
        }
        let receipt = Receipt::new(ready.to_string());
        Ok(Look::Done(match self.builds.as_slice() {
            [one] => receipt.with("build", &one.key.0),
            _ => receipt,
        }))
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        let mut started = Vec::new();
        for build in &self.builds {
            let so_far = at.ports.platform.build_look(&build.key).await?;
            if matches!(so_far, BuildState::Absent | BuildState::Failed { .. }) {
                at.ports.platform.build_start(permit, build).await?;
                started.push(build.key.0.clone());
            }
        }
        Ok(Receipt::new(format!("started building {}", started.join(", "))))
    }

    fn undo(&self) -> Undo {
        if self.builds.is_empty() { Undo::Nothing } else { Undo::Can }
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        for build in &self.builds {
            if matches!(at.ports.platform.build_look(&build.key).await?, BuildState::Running { .. }) {
                return Ok(Look::Todo);
            }
        }
        Ok(Look::Done(Receipt::new("no build is running")))
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        for build in &self.builds {
            at.ports.platform.build_stop(permit, &build.key).await?;
        }
        Ok(Receipt::new("builds ended"))
    }

    fn failure_code(&self) -> &'static str {
        "preflight"
    }

    fn acts_max(&self) -> u32 {
        super::ACTS_MAX + self.builds.len() as u32
    }
}

/// The builds that are there, for people.
#[derive(Debug, Default)]
struct Ready {
    /// How many were made for this run.
    built: usize,
    /// How long those took.
    took_ms: i64,
    /// When the others were made, which are used again.
    used_again_ms: Vec<EpochMs>,
}

impl std::fmt::Display for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ready")?;
        match self.built {
            0 => {}
            1 => write!(f, ", built in {}", seconds(self.took_ms))?,
            many => write!(f, ", {many} builds in {}", seconds(self.took_ms))?,
        }
        match self.used_again_ms.as_slice() {
            [] => Ok(()),
            [at_ms] => write!(f, ", the build of {} is used again", minute(*at_ms)),
            many => {
                let newest_ms = many.iter().copied().max().unwrap_or_default();
                write!(f, ", {} builds are used again, the newest of {}", many.len(), minute(newest_ms))
            }
        }
    }
}

/// An instant as people read it: "2026-11-18 12:00 UTC".
fn minute(at_ms: EpochMs) -> String {
    let at = Utc.timestamp_millis_opt(at_ms).single();
    at.map_or_else(|| "an unknown time".to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// Milliseconds as people read them: "90.0 s".
fn seconds(ms: i64) -> String {
    format!("{}.{} s", ms / 1_000, ms % 1_000 / 100)
}
