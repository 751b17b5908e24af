//! Waiting until runs have settled: until none moves by itself any more.

use std::time::{Duration, Instant};

use engine::model::RunId;

use crate::host::{Following, RunBrief, Session};

/// How long is waited when nobody says.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(600);
/// How often to look.
const POLL: Duration = Duration::from_millis(150);

/// Waits until no run moves by itself, at most that long, and until all of it has been shown. Returns how these runs and
/// all others that are not over stand then.
pub(crate) async fn settled(
    session: &Session,
    following: &Following,
    ids: &[RunId],
    at_most: Duration,
) -> anyhow::Result<Vec<RunBrief>> {
    let began = Instant::now();
    loop {
        let runs = session.runs(ids).await?;
        let moving = runs.iter().any(|run| run.moves);
        if !moving || began.elapsed() >= at_most {
            following.settle().await;
            // Showing the end of a run may have begun what was held back behind it.
            let after = session.runs(ids).await?;
            if moving || !after.iter().any(|run| run.moves) {
                return Ok(after);
            }
        }
        tokio::time::sleep(POLL.min(at_most)).await;
    }
}

/// What is left to say after waiting, a line each.
pub(super) fn told(runs: &[RunBrief]) -> Vec<String> {
    let moving: Vec<String> =
        runs.iter().filter(|run| run.moves).map(|run| format!("{} is still {}.", run.id, run.state)).collect();
    if !moving.is_empty() {
        return moving;
    }
    let waiting = runs.iter().filter(|run| !run.over);
    let waiting: Vec<String> =
        waiting.map(|run| format!("{} ({}) waits for {}", run.id, run.command, run.waits_for)).collect();
    if waiting.is_empty() { vec!["No run is under way.".to_owned()] } else { waiting }
}
