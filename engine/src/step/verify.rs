//! Verification: requests through the edge, as a user would send them, get good answers from the release that should
//! answer. A few bad answers in a row of many are enough to fail. Changes nothing.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::ServiceName;
use crate::ports::{Permit, PortError, Receipt};
use crate::run::Reason;

/// What to ask, and who should answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeCheck {
    /// The service.
    pub service: ServiceName,
    /// The path.
    pub path: String,
    /// The release that should answer; absent when the edge can't tell.
    pub release: Option<u32>,
}

/// Sends requests and judges the answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// What to ask.
    pub probes: Vec<ProbeCheck>,
    /// How often each.
    pub requests: u32,
    /// How many answers with a status of 500 or more, of each probe's, fail the run.
    pub failures_max: u32,
}

#[async_trait]
impl StepAct for Verify {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let (mut lines, mut measured) = (Vec::new(), BTreeMap::new());
        for probe in &self.probes {
            let (mut failed, mut example, mut latencies_ms) = (0, String::new(), Vec::new());
            for _ in 0..self.requests {
                let answer = at.ports.edge.probe(at.environment, &probe.service, &probe.path).await?;
                latencies_ms.push(answer.latency_ms);
                let other = answer.release.filter(|release| Some(*release) != probe.release);
                if let (Some(other), Some(wanted)) = (other, probe.release) {
                    return Ok(Look::Broken(Reason::new(
                        "wrong-release",
                        format!(
                            "release {other} answered for {} where release {wanted} should",
                            probe.service
                        ),
                        "status",
                    )));
                }
                if answer.status >= 500 {
                    failed += 1;
                    example =
                        format!("{} answered {}: {}", probe.service, answer.status, first_line(&answer.body));
                }
            }
            latencies_ms.sort_unstable();
            let slowest_ms = latencies_ms.last().copied().unwrap_or_default();
            let median_ms = latencies_ms.get(latencies_ms.len() / 2).copied().unwrap_or_default();
            for (what, value) in [
                ("requests", self.requests),
                ("failed", failed),
                ("median_ms", median_ms),
                ("slowest_ms", slowest_ms),
            ] {
                measured.insert(format!("{}{} {what}", probe.service, probe.path), value.to_string());
            }
            if failed > self.failures_max {
                return Ok(Look::Broken(
                    Reason::new(
                        "verification-failed",
                        format!(
                            "{failed} of {} requests to {}{} failed",
                            self.requests, probe.service, probe.path
                        ),
                        format!("logs {} of {}", probe.service, at.run),
                    )
                    .showing(vec![example])
                    .measuring(measured),
                ));
            }
            lines.push(format!(
                "{}{}: {} of {} good, slowest {slowest_ms} ms",
                probe.service,
                probe.path,
                self.requests - failed,
                self.requests
            ));
        }
        if lines.is_empty() {
            lines.push("nothing to ask".to_owned());
        }
        Ok(Look::Done(Receipt { summary: lines.join(", "), facts: measured }))
    }

    async fn act(&self, _at: &StepContext<'_>, _permit: &Permit) -> Result<Receipt, PortError> {
        Ok(Receipt::new("nothing to do"))
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn failure_code(&self) -> &'static str {
        "verification-failed"
    }
}

fn first_line(body: &str) -> String {
    body.lines().next().unwrap_or_default().chars().take(160).collect()
}
