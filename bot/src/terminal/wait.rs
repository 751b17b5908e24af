//! Waiting until runs have settled: until none moves by itself any more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::model::Identity;
use tokio_util::sync::CancellationToken;

use super::screen::{FRONT, Screen, TerminalFront};
use crate::host::{Following, RunBrief, Session, Which, may_pass};

/// How long is waited when nobody says.
pub(crate) const WAIT_MAX: Duration = Duration::from_mins(10);
/// How often to look.
const POLL: Duration = Duration::from_millis(150);
/// How often to look while the database does not answer.
const POLL_AWAY: Duration = Duration::from_secs(1);
/// What is said when the database does not answer while somebody waits. Why, the host says.
const AWAY: &str = "How runs stand can't be told while the database does not answer. Waiting goes on.";

/// Waits until none of these runs moves by itself, at most that long, and until all of it has been shown. Returns how they
/// stand then. A database that does not answer is waited for as well, which `say` is told once.
pub(crate) async fn settled(
    session: &Session,
    following: &Following,
    identity: &Identity,
    which: &Which,
    at_most: Duration,
    say: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<Waited> {
    let looking = Looking { session, identity, which, until: Instant::now().checked_add(at_most), say };
    let mut said = false;
    loop {
        let Waited::Runs(runs) = looking.look(&mut said).await? else { return Ok(Waited::Untold) };
        let moving = runs.iter().any(|run| run.moves);
        if !moving || looking.is_late() {
            following.settle().await;
            // Showing the end of a run may have begun what was held back behind it.
            let Waited::Runs(after) = looking.look(&mut said).await? else { return Ok(Waited::Untold) };
            if moving || !after.iter().any(|run| run.moves) {
                return Ok(Waited::Runs(after));
            }
        }
        tokio::time::sleep(POLL.min(at_most)).await;
    }
}

/// Follows what happens in a conversation, as soon as the database answers; nothing when `stop` comes before that.
pub(super) async fn followed(
    session: &Session,
    screen: &Arc<Screen>,
    conversation: &str,
    identity: &Identity,
    stop: &CancellationToken,
) -> anyhow::Result<Option<Following>> {
    let mut said = false;
    loop {
        let front = TerminalFront::new(FRONT, Arc::clone(screen));
        match session.follow(front, conversation, identity, true).await {
            Ok(following) => return Ok(Some(following)),
            Err(error) if !may_pass(&error) => return Err(error),
            Err(_) if !std::mem::replace(&mut said, true) => screen.line(AWAY),
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(POLL_AWAY) => {}
            _ = tokio::signal::ctrl_c() => return Ok(None),
            () = stop.cancelled() => return Ok(None),
        }
    }
}

/// What waiting came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Waited {
    /// How runs stand.
    Runs(Vec<RunBrief>),
    /// The database did not answer until the end, so nobody can tell.
    Untold,
}

/// Somebody who wants to know how runs stand, until then.
struct Looking<'a> {
    session: &'a Session,
    identity: &'a Identity,
    which: &'a Which,
    until: Option<Instant>,
    say: &'a (dyn Fn(&str) + Sync),
}

impl Looking<'_> {
    fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// How they stand, as soon as somebody can tell.
    async fn look(&self, said: &mut bool) -> anyhow::Result<Waited> {
        loop {
            match self.session.runs(self.identity, self.which).await {
                Ok(runs) => return Ok(Waited::Runs(runs)),
                Err(error) if !may_pass(&error) => return Err(error),
                Err(error) => {
                    tracing::debug!(error = format!("{error:#}"), "can't look how runs stand, trying again");
                    if !std::mem::replace(said, true) {
                        (self.say)(AWAY);
                    }
                }
            }
            if self.is_late() {
                return Ok(Waited::Untold);
            }
            tokio::time::sleep(POLL_AWAY).await;
        }
    }
}

/// What is left to say after waiting, a line each.
pub(super) fn waited_told(waited: &Waited) -> Vec<String> {
    match waited {
        Waited::Runs(runs) => told(runs),
        Waited::Untold => {
            vec![
                "Not waiting any longer: the database does not answer. Runs go on when it is back."
                    .to_owned(),
            ]
        }
    }
}

/// What is left to say of these runs, a line each.
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
