//! `chat`: talk in the terminal, or read lines from a pipe.

use std::io::IsTerminal;
use std::sync::Arc;

use chat::intent::Names;
use engine::model::Identity;
use engine::store::Room;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::speaker;
use crate::cli::{Exit, Global};
use crate::host::{Session, Which};
use crate::terminal::{FRONT, Screen, Talk, talk};
use crate::wiring::{Sample, Standing, installation};

pub(super) async fn run(global: &Global) -> anyhow::Result<Exit> {
    let config = super::config_with_folder(global)?;
    // A person's Ctrl-C ends waiting or a half-typed line, not the program with its services.
    let stop = stop_signals(!std::io::stdin().is_terminal())?;
    let session = Session::open(&config, "chat", Sample::Made, &super::progress).await?;
    let screen = Screen::of_stdout();
    let (mut first, mut conversation) = (false, FRONT.to_owned());
    match &session {
        Session::Host(host) => {
            first = host.sample_made();
            super::progress("");
            tokio::spawn(tell_standing(host.standing(), Arc::clone(&screen)));
            tokio::spawn(tell_room(host.engine().store().full(), Arc::clone(&screen)));
            // A database that others share holds their terminals' conversations too.
            if host.engine().store().is_shared() {
                conversation = format!("{FRONT}:{}", installation(&config.data_dir)?);
            }
        }
        Session::Guest { holder, .. } => {
            super::progress("");
            let who = holder.as_ref().map_or_else(|| "Another infra-chat".to_owned(), ToString::to_string);
            screen.line(&format!("{who} runs the services here; this one speaks with it as a guest."));
            // Each conversation is told everything once, so two terminals need two.
            conversation = format!("{FRONT}:{}", uuid::Uuid::new_v4());
        }
    }
    let speaker = speaker::of_session(&session, FRONT, global).await?;
    let known = session.known(&Identity { front: FRONT.to_owned(), external_id: speaker.clone() }).await?;
    greet(&screen, first, &speaker, &known.names);
    let identity = Identity { front: FRONT.to_owned(), external_id: speaker.clone() };
    let talked = talk(&session, &screen, &config.data_dir, Talk { speaker, conversation, stop }).await;
    if session.host().is_some() {
        for run in
            session.runs(&identity, &Which::Live).await.unwrap_or_default().iter().filter(|run| run.moves)
        {
            screen.line(&format!(
                "{} is still {}: it goes on when infra-chat is started again.",
                run.id, run.state
            ));
        }
        screen.flush();
        super::progress("stopping the services");
    }
    session.close().await;
    super::progress("");
    screen.flush();
    talked?;
    Ok(Exit::Fine)
}

/// Says it when runs begin to wait for the database, and when they go on.
async fn tell_standing(mut standing: watch::Receiver<Standing>, screen: Arc<Screen>) {
    while standing.changed().await.is_ok() {
        let line = match &*standing.borrow_and_update() {
            Standing::Working => "The database is back: runs go on.".to_owned(),
            Standing::Waiting(why) => {
                format!(
                    "Runs wait and services stay as they are: {why}. They go on by themselves when it is back."
                )
            }
        };
        screen.line(&line);
    }
}

/// Says it when the database's disk is full, and when it is not any more.
async fn tell_room(mut full: watch::Receiver<Option<Room>>, screen: Arc<Screen>) {
    while full.changed().await.is_ok() {
        let line = match &*full.borrow_and_update() {
            None => "The disk of the database has room again: runs go on.".to_owned(),
            Some(room) => format!(
                "The disk of the database is full ({room}): runs wait and services stay as they are. Free some space; they \
                 go on by themselves then."
            ),
        };
        screen.line(&line);
    }
}

fn greet(screen: &Screen, first: bool, speaker: &str, names: &Names) {
    if first {
        screen
            .line("Infra Chat: infrastructure you can talk to. The sample project Invoice Perfect is ready.");
    } else {
        screen.line("Infra Chat: infrastructure you can talk to.");
    }
    screen.line(&format!("You speak as {speaker}; `/as NAME` speaks as somebody else."));
    // Where trying does least harm: staging, or else what the project begins with.
    let first =
        names.environments.iter().find(|named| named.name == "staging").or(names.environments.first());
    screen.line(&match first {
        Some(environment) => format!("Try: deploy {}    Everything there is: /help", environment.name),
        None => "There is no project yet. Try: set up staging and production    Or: infra-chat project import FILE".to_owned(),
    });
}

/// Cancelled when the program is told to end: by SIGTERM or a closed terminal, and by SIGINT where that means it.
pub(super) fn stop_signals(interrupt_ends: bool) -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn({
        let stop = stop.clone();
        async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => break,
                    _ = hangup.recv() => break,
                    _ = interrupt.recv() => if interrupt_ends { break },
                }
            }
            stop.cancel();
        }
    });
    Ok(stop)
}
