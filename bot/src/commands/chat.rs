//! `chat`: talk in the terminal, or read lines from a pipe.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use chat::intent::{Known, Names};
use engine::model::Identity;
use engine::store::Room;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::speaker;
use crate::cli::{Exit, Global};
use crate::config::Config;
use crate::host::{HostGone, Session, Which};
use crate::terminal::{Chat, FRONT, Screen, Talk, Talked};
use crate::wiring::{Holder, Host, Sample, Standing, database_is_away, installation};

/// Between two tries to take the place of a host that has ended.
const PLACE_RETRY: Duration = Duration::from_secs(1);

pub(super) async fn run(global: &Global) -> anyhow::Result<Exit> {
    run_with(&super::config_with_folder(global)?, global).await
}

/// The same with a configuration whose data folder is there.
pub(super) async fn run_with(config: &Config, global: &Global) -> anyhow::Result<Exit> {
    // A person's Ctrl-C ends waiting or a half-typed line, not the program with its services.
    let stop = stop_signals(!std::io::stdin().is_terminal())?;
    let mut session = Session::open(config, "chat", Sample::Made, &super::progress).await?;
    let screen = Screen::of_stdout();
    let (mut first, mut conversation) = (false, FRONT.to_owned());
    super::progress("");
    match &session {
        Session::Host(host) => {
            first = host.sample_made();
            watch_host(host, &screen);
            // A database that others share holds their terminals' conversations too.
            if host.engine().store().is_shared() {
                conversation = format!("{FRONT}:{}", installation(&config.data_dir)?);
            }
        }
        Session::Guest { holder, .. } => {
            screen.line(&format!(
                "{} runs the services here; this one speaks with it as a guest.",
                name_of(holder.as_ref())
            ));
            // Each conversation is told everything once, so two terminals need two.
            conversation = format!("{FRONT}:{}", uuid::Uuid::new_v4());
        }
    }
    let (identity, known) = loop {
        match introduced(&session, global).await {
            Err(error) if error.is::<HostGone>() => match succeed(config, &screen, None).await? {
                Some(next) => session = next,
                None => return Ok(Exit::Fine),
            },
            introduced => break introduced?,
        }
    };
    let speaker = identity.external_id.clone();
    greet(&screen, first, &speaker, &known.names);
    let talk = Talk { speaker, conversation, stop: stop.clone() };
    let mut chat = Chat::new(&screen, &config.data_dir, known, talk);
    let talked = loop {
        match chat.go_on(&session).await {
            Ok(Talked::Left) => break Ok(()),
            Ok(Talked::HostGone) => {}
            Err(error) => break Err(error),
        }
        // What is cut short here is as if it had been killed: the next start goes on with it.
        let succeeded = tokio::select! {
            succeeded = succeed(config, &screen, Some(&mut chat)) => succeeded,
            () = stop.cancelled() => break Ok(()),
        };
        match succeeded {
            Ok(Some(next)) => session = next,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    // Before the services are stopped: the terminal is the shell's again, and the editor takes nothing more.
    drop(chat);
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

/// Who speaks, and what there is to speak about.
async fn introduced(session: &Session, global: &Global) -> anyhow::Result<(Identity, Known)> {
    let speaker = speaker::of_session(session, FRONT, global).await?;
    let identity = Identity { front: FRONT.to_owned(), external_id: speaker };
    let known = session.known(&identity).await?;
    Ok((identity, known))
}

/// The host is gone: this program takes its place, or is a guest of whoever was faster. While the database is away it
/// waits, and says so; nothing is returned when somebody leaves meanwhile.
async fn succeed(
    config: &Config,
    screen: &Arc<Screen>,
    mut chat: Option<&mut Chat>,
) -> anyhow::Result<Option<Session>> {
    let mut told = false;
    let session = loop {
        // Somebody may be typing: what is being done is no news to them until it is done.
        let opened = Session::open(config, "chat", Sample::Kept, &|what| tracing::info!("{what}")).await;
        let why = match opened {
            Ok(session) => break session,
            Err(error) if database_is_away(&error) => error,
            Err(error) => {
                return Err(error.context(
                    "the infra-chat that ran the services has ended, and this one can't take its place",
                ));
            }
        };
        if !told {
            told = true;
            screen.line(&format!(
                "The infra-chat that ran the services has ended, and this one can't take its place yet: {why:#}. It tries \
                 again by itself, and what is typed waits until then; /quit leaves."
            ));
        }
        let leaves = async {
            match chat.as_mut() {
                Some(chat) => chat.leaves().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = tokio::time::sleep(PLACE_RETRY) => {}
            () = leaves => return Ok(None),
        }
    };
    match &session {
        Session::Host(host) => {
            watch_host(host, screen);
            screen.line("The infra-chat that ran the services has ended: this one runs them now.");
        }
        Session::Guest { holder, .. } => screen.line(&format!(
            "The infra-chat that ran the services has ended: {} runs them now, and this one is its guest.",
            name_of(holder.as_ref())
        )),
    }
    Ok(Some(session))
}

fn name_of(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "Another infra-chat".to_owned(), ToString::to_string)
}

/// Says it when runs have to wait, and when that is over.
pub(super) fn watch_host(host: &Host, screen: &Arc<Screen>) {
    tokio::spawn(tell_standing(host.standing(), Arc::clone(screen)));
    tokio::spawn(tell_room(host.engine().store().full(), Arc::clone(screen)));
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
