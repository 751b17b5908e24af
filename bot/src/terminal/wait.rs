//! Waiting until runs have settled: until none moves by itself any more.

use std::time::{Duration, Instant};

use engine::model::Identity;

use crate::host::{Following, RunBrief, Session, Which};

/// How long is waited when nobody says.
pub(crate) const WAIT_MAX: Duration = Duration::from_mins(10);
/// How often to look.
const POLL: Duration = Duration::from_millis(150);

/// Waits until none of these runs moves by itself, at most that long, and until all of it has been shown. Returns how they
/// stand then.
pub(crate) async fn settled(
    session: &Session,
    following: &Following,
    identity: &Identity,
    which: &Which,
    at_most: Duration,
) -> anyhow::Result<Vec<RunBrief>> {
    let began = Instant::now();
    loop {
        let runs = session.runs(identity, which).await?;
        let moving = runs.iter().any(|run| run.moves);
        if !moving || began.elapsed() >= at_most {
            following.settle().await;
            // Showing the end of a run may have begun what was held back behind it.
            let after = session.runs(identity, which).await?;
            if moving || !after.iter().any(|run| run.moves) {
                return Ok(after);
            }
        }
        tokio::time::sleep(POLL.min(at_most)).await;
    }
}

/// What is left to say after waiting, a line each.
pub(crate) fn told(runs: &[RunBrief]) -> Vec<String> {
    let moving: Vec<String> = runs
        .iter()
        .filter(|run| run.moves)
        .map(|run| format!("{} is still {}.", run.id, run.state))
        .collect();
    if !moving.is_empty() {
        return moving;
    }
    let waiting = runs.iter().filter(|run| !run.over);
    let waiting: Vec<String> =
        waiting.map(|run| format!("{} ({}) waits for {}", run.id, run.command, run.waits_for)).collect();
    if waiting.is_empty() { vec!["No run is under way.".to_owned()] } else { waiting }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use expect_test::expect;

    use super::*;

    fn brief(id: &str, state: &str, waits_for: &str) -> RunBrief {
        RunBrief {
            id: id.parse().unwrap(),
            command: "deploy production".to_owned(),
            state: state.to_owned(),
            moves: matches!(state, "running" | "queued"),
            over: state == "succeeded",
            succeeded: state == "succeeded",
            waits_for: waits_for.to_owned(),
            starts_ms: None,
        }
    }

    #[test]
    fn what_still_waits_is_said_with_what_to_type() {
        let said = |runs: &[RunBrief]| told(runs).join("\n");
        expect!["No run is under way."].assert_eq(&said(&[brief("r-0001", "succeeded", "")]));
        expect!["r-0002 is still running."].assert_eq(&said(&[
            brief("r-0001", "awaiting-approval", "approval: approve r-0001"),
            brief("r-0002", "running", ""),
        ]));
        expect!["r-0001 (deploy production) waits for approval: approve r-0001"].assert_eq(&said(&[brief(
            "r-0001",
            "awaiting-approval",
            "approval: approve r-0001",
        )]));
    }
}
