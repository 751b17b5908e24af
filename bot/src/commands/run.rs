//! `run`: says one thing, waits for what comes of it, and tells by the exit code.

use std::time::Duration;

use engine::model::RunId;

use super::speaker;
use crate::cli::{Exit, Global};
use crate::host::{Asked, Came, Purpose, RunBrief, Session};
use crate::out;
use crate::terminal::{Screen, TerminalFront, settled};

/// How long a run is waited for: as long as it takes, since each of its steps has a limit of its own.
const WAIT: Duration = Duration::from_hours(24);

pub(super) async fn run(global: &Global, text: &str, command: &'static str) -> anyhow::Result<Exit> {
    let config = super::config_with_folder(global)?;
    let session = Session::open(&config, Purpose { command }, &super::progress).await?;
    super::progress("");
    let stop = super::chat::stop_signals(true)?;
    let name = speaker::name(global);
    let exit = tokio::select! {
        exit = say(&session, &name, text) => exit,
        () = stop.cancelled() => {
            out::aside("Not waiting any longer. What was begun goes on at the next `infra-chat` or `infra-chat serve`.");
            Ok(Exit::Failed)
        }
    };
    if let Session::Host(host) = &session {
        let serving = host.engine().store().project_list().await.is_ok_and(|projects| !projects.is_empty());
        if serving && command == "run" {
            out::aside("Services run only while `infra-chat` or `infra-chat serve` does; this one ends now.");
        }
    }
    session.close().await;
    exit
}

async fn say(session: &Session, name: &str, text: &str) -> anyhow::Result<Exit> {
    let screen = Screen::of_stdout();
    // A conversation of its own: what is held back behind a run belongs to whoever said it.
    let conversation = format!("{}:{}", speaker::FRONT, uuid::Uuid::new_v4());
    let front = TerminalFront::new(speaker::FRONT, screen.clone());
    // A host for the while also shows the runs that go on because of it: one that was approved, one that was interrupted.
    let following = session.follow(front, &conversation, session.host().is_some()).await?;
    let asked = Asked { front: speaker::FRONT, speaker: name, conversation: &conversation, text };
    let heard = session.hear(&asked).await?;
    for outbound in &heard.outbound {
        screen.show(outbound);
    }
    let asked_for = match heard.came {
        Came::Answered => Vec::new(),
        Came::Refused | Came::Asked => return Ok(Exit::Refused),
        Came::Requested { runs } => runs,
    };
    // A program that runs the services until it ends must not end in the middle of a run it has just let go on.
    if asked_for.is_empty() && session.host().is_none() {
        return Ok(Exit::Fine);
    }
    let runs = settled(session, &following, &asked_for, WAIT).await?;
    Ok(judge(&asked_for, &runs))
}

/// What a shell hears of runs: refused beats failed, because somebody has to do something.
fn judge(asked_for: &[RunId], runs: &[RunBrief]) -> Exit {
    let ours = || runs.iter().filter(|run| asked_for.contains(&run.id));
    if ours().any(|run| !run.over && !run.waits_for.is_empty()) {
        Exit::Refused
    } else if ours().all(|run| run.succeeded) {
        Exit::Fine
    } else {
        Exit::Failed
    }
}
