//! What releases answered while a run went on, by the edge's own counts: read when it starts and when it is over.

use std::collections::BTreeMap;

use super::Engine;
use super::evidence::touched;
use crate::model::EnvironmentKey;
use crate::plan::Plan;
use crate::ports::Answered;
use crate::run::AnsweredBy;

impl Engine {
    /// What the releases of the services that a plan changes have answered so far; nothing when the edge can't say: a run
    /// goes on without.
    pub(super) async fn answered(
        &self,
        environment: &EnvironmentKey,
        plan: &Plan,
    ) -> Option<Vec<AnsweredBy>> {
        let mut all = Vec::new();
        for service in touched(plan) {
            let counts = match self.ports().edge.answered(environment, &service).await {
                Ok(counts) => counts,
                Err(error) => {
                    tracing::debug!(%error, %environment, %service, "the edge does not say what was answered");
                    return None;
                }
            };
            let by = |(release, answered)| AnsweredBy { service: service.clone(), release, answered };
            all.extend(counts.into_iter().map(by));
        }
        Some(all)
    }
}

/// What was answered between two readings, by whoever answered anything. Counts that are smaller than before come from an
/// edge that began anew in between: what it has is all there is.
pub(super) fn between(before: &[AnsweredBy], after: &[AnsweredBy]) -> Vec<AnsweredBy> {
    let before: BTreeMap<_, Answered> =
        before.iter().map(|one| ((&one.service, one.release), one.answered)).collect();
    let mut all = Vec::new();
    for one in after {
        let had = before.get(&(&one.service, one.release)).copied().unwrap_or_default();
        let had = if had.requests > one.answered.requests { Answered::default() } else { had };
        let answered = Answered {
            requests: one.answered.requests - had.requests,
            server_errors: one.answered.server_errors.saturating_sub(had.server_errors),
        };
        if answered.requests > 0 {
            all.push(AnsweredBy { answered, ..one.clone() });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn by(release: u32, requests: u64, server_errors: u64) -> AnsweredBy {
        AnsweredBy {
            service: "api".parse().unwrap(),
            release,
            answered: Answered { requests, server_errors },
        }
    }

    #[test]
    fn what_was_answered_before_does_not_count() {
        let (before, after) = ([by(1, 100, 4), by(2, 7, 0)], [by(1, 150, 5), by(2, 7, 0), by(3, 20, 20)]);
        assert_eq!(between(&before, &after), [by(1, 50, 1), by(3, 20, 20)]);
    }

    #[test]
    fn an_edge_that_began_anew_has_what_it_has() {
        assert_eq!(between(&[by(1, 100, 4)], &[by(1, 30, 2)]), [by(1, 30, 2)]);
    }
}
