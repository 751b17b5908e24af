//! What continuous integration says of the commits that come: told where it can be asked, and in the way where it must pass. A
//! plan is made once more when its run starts, so what failed since is in the way then.

use super::{Facts, PlanProblem, short};
use crate::model::RunRequest;
use crate::ports::CiState;

/// Refuses commits that have to pass here and did not, or of which that is not known.
pub(super) fn must_pass(request: &RunRequest, facts: &Facts) -> Result<(), PlanProblem> {
    if !facts.described()?.policy.requires_ci {
        return Ok(());
    }
    let holding = facts.ci.iter().filter_map(|(commit, said)| {
        let commit = short(commit);
        match said {
            Ok(report) if report.state == CiState::Passing => None,
            Ok(report) => Some(format!("CI of {commit} is {}", report.says)),
            Err(why) => Some(format!("what CI says of {commit} is not known: {why}")),
        }
    });
    let holding: Vec<String> = holding.collect();
    if holding.is_empty() {
        return Ok(());
    }
    let environment = &facts.environment.environment;
    Err(PlanProblem::new(
        "ci-not-passing",
        format!("{}; {environment} takes only what passed, so say it again once it does", holding.join("; ")),
        request.command.clone(),
    ))
}

/// What is said of them, for people. Who checks nothing and asks for nothing need not be told each time.
pub(super) fn told(facts: &Facts) -> Vec<String> {
    let lines = facts.ci.iter().filter_map(|(commit, said)| {
        let commit = short(commit);
        match said {
            Ok(report) if report.state == CiState::Unknown => None,
            Ok(report) => Some(format!("CI of {commit} is {}", report.says)),
            Err(why) => Some(format!("what CI says of {commit} is not known: {why}")),
        }
    });
    lines.collect()
}
