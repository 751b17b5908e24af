//! What continuous integration says of the commits that come: told where it can be asked, and in the way where it must pass.

use super::{Facts, PlanProblem, short};
use crate::ports::CiState;

/// Whether the commits must pass here: then each is asked about again before anything changes. One that fails, or of which
/// nothing is known, is refused now.
pub(super) fn must_pass(facts: &Facts) -> Result<bool, PlanProblem> {
    if !facts.described()?.policy.requires_ci {
        return Ok(false);
    }
    let environment = &facts.environment.environment;
    for (commit, said) in &facts.ci {
        let says = match said {
            Ok(report) if matches!(report.state, CiState::Passing | CiState::Pending) => continue,
            Ok(report) => format!("is {}", report.says),
            Err(why) => format!("is not known: {why}"),
        };
        return Err(PlanProblem::new(
            "ci-not-passing",
            format!("CI of {} {says}; {environment} takes only what passed", short(commit)),
            format!("mend it and push, or name what passed: deploy {environment} ref …"),
        ));
    }
    Ok(!facts.ci.is_empty())
}

/// What is said of them, for people. Who checks nothing and asks for nothing need not be told each time.
pub(super) fn told(facts: &Facts) -> Vec<String> {
    let must = facts.described().is_ok_and(|it| it.policy.requires_ci);
    let lines = facts.ci.iter().filter_map(|(commit, said)| {
        let commit = short(commit);
        match said {
            Ok(report) if report.state == CiState::Unknown => None,
            Ok(report) if report.state == CiState::Pending && must => {
                Some(format!("CI of {commit} is {}; it is waited for before anything changes", report.says))
            }
            Ok(report) => Some(format!("CI of {commit} is {}", report.says)),
            Err(why) => Some(format!("what CI says of {commit} is not known: {why}")),
        }
    });
    lines.collect()
}
