//! `run`: says one thing, waits for what comes of it, and tells by the exit code.

use std::time::Duration;

use anyhow::{Context as _, bail};
use chat::view;
use engine::model::RunId;

use super::chat::watch_host;
use super::speaker;
use crate::cli::{Exit, Global};
use crate::host::{Asked, Came, HostGone, RunBrief, Session, Which};
use crate::out;
use crate::terminal::{Screen, TerminalFront, Waited, settled, told};
use crate::wiring::Sample;

/// How long a run is waited for: as long as it takes, since each of its steps has a limit of its own.
const WAIT: Duration = Duration::from_hours(24);
/// The states of a run that was stopped and undone whole: by a cancel, or by a rollback of its canary.
const STOPPED: [&str; 2] = ["cancelled", "rolled-back"];

pub(super) async fn run(global: &Global, text: &str, command: &'static str) -> anyhow::Result<Exit> {
    let config = super::config_with_folder(global)?;
    let session = Session::open(&config, command, Sample::Left, &super::progress).await?;
    super::progress("");
    let stop = super::chat::stop_signals(true)?;
    let name = speaker::of_session(&session, speaker::FRONT, global).await?;
    let exit = tokio::select! {
        exit = say(&session, &name, text) => exit,
        () = stop.cancelled() => {
            out::aside(match &session {
                Session::Host(_) => "Not waiting any longer. What was begun goes on at the next `infra-chat` or `infra-chat serve`.",
                Session::Guest { .. } => "Not waiting any longer. What was begun goes on; `infra-chat status` says how far it is.",
            });
            Ok(Exit::Failed)
        }
    };
    if let Session::Host(host) = &session {
        match host.engine().store().project_list().await {
            Ok(projects) if projects.is_empty() => out::aside(
                "To try it out, type `infra-chat` alone: it brings the sample project Invoice Perfect and opens the chat.",
            ),
            Ok(_) if command == "run" => {
                out::aside(
                    "Services run only while `infra-chat` or `infra-chat serve` does; this one ends now.",
                );
            }
            _ => {}
        }
    }
    session.close().await;
    exit
}

async fn say(session: &Session, name: &str, text: &str) -> anyhow::Result<Exit> {
    let screen = Screen::of_stdout();
    if let Some(host) = session.host() {
        watch_host(host, &screen);
    }
    // A conversation of its own: what is held back behind a run belongs to whoever said it.
    let conversation = format!("{}:{}", speaker::FRONT, uuid::Uuid::new_v4());
    let front = TerminalFront::new(speaker::FRONT, screen.clone());
    // A host for the while also shows the runs that go on because of it: one that was approved, one that was interrupted.
    let asked =
        Asked { front: speaker::FRONT, speaker: name, conversation: &conversation, text, event: None };
    let identity = asked.identity();
    let following = session.follow(front.clone(), &conversation, &identity, session.host().is_some()).await?;
    let unsure =
        "nobody can tell whether it was heard: look with `infra-chat status` before you say it again";
    let heard = session.hear(&asked).await.context(unsure)?;
    for outbound in &heard.outbound {
        screen.answer(outbound);
    }
    let mut asked_for = match heard.came {
        Came::Answered => Vec::new(),
        Came::Failed => return Ok(Exit::Failed),
        Came::Asked => {
            // Each `run` is a conversation of its own: the next one is no answer to this.
            out::aside(
                "Nobody waits for the answer here: say the whole with `infra-chat run \"…\"`, answer through a pipe into `infra-chat chat`, or talk with `infra-chat`.",
            );
            return Ok(Exit::Refused);
        }
        Came::Refused => return Ok(Exit::Refused),
        Came::Requested { runs } => runs,
    };
    // What was approved or let go on is what was wanted, whoever asked for it first; so is that what was cancelled ends.
    asked_for.extend(heard.goes_on);
    asked_for.extend(heard.stops.iter().cloned());
    let asked_runs = asked_for.clone();
    let ours = Which::Ours { ids: asked_for, conversation };
    let unheard = |error: anyhow::Error| {
        let host_is_there = session.host().is_none() && !error.is::<HostGone>();
        error.context(if host_is_there { not_told(&asked_runs) } else { lost(&asked_runs) })
    };
    let mut runs =
        all_told(settled(session, &following, &identity, &ours, WAIT, &out::aside).await).map_err(unheard)?;
    // A program that runs the services until it ends must not end in the middle of a run it has just let go on.
    if session.host().is_some() {
        all_told(settled(session, &following, &identity, &Which::Live, WAIT, &out::aside).await)?;
        runs = all_told(settled(session, &following, &identity, &ours, WAIT, &out::aside).await)?;
    }
    for line in runs.iter().filter(|run| is_left(run)).flat_map(|run| told(std::slice::from_ref(run))) {
        screen.line(&line);
    }
    for run in &runs {
        if let Some(starts_ms) = run.starts_ms {
            screen.line(&format!("{} starts {}; it is not waited for.", run.id, view::clock(starts_ms)));
        }
    }
    Ok(judge(&runs, &heard.stops, heard.said_no || front.was_refused()))
}

/// How runs stand, when somebody could tell in the end.
fn all_told(waited: anyhow::Result<Waited>) -> anyhow::Result<Vec<RunBrief>> {
    match waited? {
        Waited::Runs(runs) => Ok(runs),
        Waited::Untold => bail!("the database does not answer"),
    }
}

/// A run that somebody must do something about.
fn is_left(run: &RunBrief) -> bool {
    !run.over && run.starts_ms.is_none() && !run.waits_for.is_empty()
}

/// What is said when the program that works on these runs is gone.
fn lost(runs: &[RunId]) -> String {
    let [first, ..] = runs else { return "the answer is incomplete".to_owned() };
    let names: Vec<String> = runs.iter().map(ToString::to_string).collect();
    format!(
        "{} is not over, and nobody works on it now. It goes on when `infra-chat` or `infra-chat serve` is started; \
         then `infra-chat run \"status {first}\"` says what came of it",
        names.join(", ")
    )
}

/// What is said when the program that works on these runs is there, and can't tell how they stand.
fn not_told(runs: &[RunId]) -> String {
    let [first, ..] = runs else { return "the answer is incomplete".to_owned() };
    format!(
        "not waiting any longer: how {first} stands can't be told now. The infra-chat that runs the services is there and goes \
         on with it; ask later with `infra-chat run \"status {first}\"`"
    )
}

/// What a shell hears of all runs that came of it, of those that were to be stopped, and of what was held back behind them.
/// Refused beats failed, because somebody has to do something; a run that has a time was scheduled, which is what was
/// asked.
fn judge(runs: &[RunBrief], stops: &[RunId], rest_refused: bool) -> Exit {
    let is_as_asked = |run: &RunBrief| {
        if stops.contains(&run.id) {
            return STOPPED.contains(&run.state.as_str());
        }
        run.succeeded || run.starts_ms.is_some()
    };
    if runs.iter().any(is_left) {
        Exit::Refused
    } else if !runs.iter().all(is_as_asked) {
        Exit::Failed
    } else if rest_refused {
        Exit::Refused
    } else {
        Exit::Fine
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn brief(state: &str, waits_for: &str, starts_ms: Option<i64>) -> RunBrief {
        RunBrief {
            id: "r-3f2a".parse().unwrap(),
            command: "deploy staging".to_owned(),
            state: state.to_owned(),
            moves: state == "running",
            over: matches!(state, "succeeded" | "failed"),
            succeeded: state == "succeeded",
            waits_for: waits_for.to_owned(),
            starts_ms,
        }
    }

    #[test]
    fn all_that_came_of_it_is_judged() {
        let done = brief("succeeded", "", None);
        let failed = brief("failed", "", None);
        let waits = brief("awaiting-approval", "approval", None);
        let later = brief("queued", "its time", Some(1));
        assert_eq!(judge(std::slice::from_ref(&done), &[], false), Exit::Fine);
        assert_eq!(judge(&[done.clone(), failed.clone()], &[], true), Exit::Failed);
        assert_eq!(judge(std::slice::from_ref(&done), &[], true), Exit::Refused);
        assert_eq!(judge(&[done.clone(), waits], &[], false), Exit::Refused);
        assert_eq!(judge(&[later], &[], false), Exit::Fine);
        assert_eq!(judge(&[done, brief("running", "", None)], &[], false), Exit::Failed);
        assert_eq!(judge(&[], &[], false), Exit::Fine);
        assert_eq!(
            judge(&[brief("paused", "ben, who paused it: resume r-3f2a", None)], &[], false),
            Exit::Refused
        );
        let stops = ["r-3f2a".parse().unwrap()];
        for (state, exit) in
            [("cancelled", Exit::Fine), ("failed", Exit::Failed), ("succeeded", Exit::Failed)]
        {
            assert_eq!(judge(&[brief(state, "", None)], &stops, false), exit, "{state}");
        }
    }
}
