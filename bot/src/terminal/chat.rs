//! The chat itself: one line heard, one answer, until somebody leaves or the lines end.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chat::intent::{Known, Names, help};
use engine::model::Identity;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::editor::Prompt;
use super::input::{Typed, lines};
use super::screen::{FRONT, Screen, TerminalFront};
use super::slash::{self, Slash};
use super::wait::{WAIT_MAX, settled, told};
use crate::host::{Asked, Following, HostGone, Session, Which};

/// Who talks, and where.
pub(crate) struct Talk {
    /// The name they are known by in the terminal.
    pub(crate) speaker: String,
    /// The conversation.
    pub(crate) conversation: String,
    /// Cancelled when the program is told to end.
    pub(crate) stop: CancellationToken,
}

impl Talk {
    /// Who speaks, as the desk knows them.
    pub(crate) fn identity(&self) -> Identity {
        Identity { front: FRONT.to_owned(), external_id: self.speaker.clone() }
    }
}

/// Where lines come from.
enum Source {
    Person(Prompt),
    Script(mpsc::Receiver<Typed>),
}

/// Talks until somebody leaves. The session stays open.
pub(crate) async fn talk(
    session: &Session,
    screen: &Arc<Screen>,
    data_dir: &Path,
    mut talk: Talk,
) -> anyhow::Result<()> {
    let known = Arc::new(RwLock::new(session.known(&talk.identity()).await?));
    let front = TerminalFront::new(FRONT, Arc::clone(screen));
    let following = session.follow(front, &talk.conversation, &talk.identity(), true).await?;
    // What happened since this conversation was last open comes before the prompt.
    following.settle().await;
    let person = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let mut source = if person {
        Source::Person(Prompt::open(data_dir, screen, Arc::clone(&known))?)
    } else {
        Source::Script(lines())
    };
    loop {
        let typed = tokio::select! {
            typed = source.next(&talk.speaker, screen.coloured()) => typed,
            () = talk.stop.cancelled() => return Ok(()),
            // At once: nobody should type a line that nobody hears.
            () = following.ended() => return Err(HostGone.into()),
        };
        let line = match typed {
            Typed::Line(line) if line.trim().is_empty() => continue,
            Typed::Line(line) => line,
            Typed::Dropped => continue,
            Typed::Interrupted => {
                screen.line("To leave, type /quit or press Ctrl-D. To stop a run, say: cancel");
                continue;
            }
            Typed::End => break,
        };
        if matches!(source, Source::Script(_)) {
            // A transcript without what was said is no transcript.
            screen.line(&format!("{}> {}", talk.speaker, line.trim()));
        }
        match slash::read(&line) {
            Some(Ok(Slash::Quit)) => return Ok(()),
            Some(Ok(Slash::As(name))) => {
                refresh(session, &talk, &known).await;
                speak_as(screen, &mut talk, name, &known);
                refresh(session, &talk, &known).await;
            }
            Some(Ok(Slash::WhoAmI)) => hear(session, screen, &talk, "whoami").await,
            Some(Ok(Slash::Help(topic))) => {
                let names = known.read().unwrap_or_else(PoisonError::into_inner).names.clone();
                help_show(screen, topic.as_deref(), &names);
            }
            Some(Ok(Slash::Wait(at_most))) => wait(session, screen, &following, at_most, &talk).await?,
            Some(Err(why)) => screen.line(&why),
            None => {
                hear(session, screen, &talk, &line).await;
                following.settle().await;
                refresh(session, &talk, &known).await;
            }
        }
    }
    if matches!(source, Source::Script(_)) {
        // Nobody is there to read that all is well.
        if session.runs(&talk.identity(), &Which::Live).await?.iter().any(|run| !run.over) {
            wait(session, screen, &following, WAIT_MAX, &talk).await?;
        }
        following.settle().await;
    }
    Ok(())
}

impl Source {
    async fn next(&mut self, speaker: &str, coloured: bool) -> Typed {
        match self {
            Self::Person(prompt) if coloured => prompt.next(&format!("\u{1b}[1m{speaker}>\u{1b}[0m ")).await,
            Self::Person(prompt) => prompt.next(&format!("{speaker}> ")).await,
            Self::Script(lines) => lines.recv().await.unwrap_or(Typed::End),
        }
    }
}

/// What is proposed from now on; as before where that can't be told.
async fn refresh(session: &Session, talk: &Talk, known: &RwLock<Known>) {
    if let Ok(fresh) = session.known(&talk.identity()).await {
        *known.write().unwrap_or_else(PoisonError::into_inner) = fresh;
    }
}

/// Somebody else speaks, if they are known: nobody else may do anything.
fn speak_as(screen: &Screen, talk: &mut Talk, name: String, known: &RwLock<Known>) {
    let people = known.read().unwrap_or_else(PoisonError::into_inner).people.clone();
    if people.contains(&name) {
        screen.line(&format!("You speak as {name} now."));
        talk.speaker = name;
        return;
    }
    let there = match people.as_slice() {
        [] => "Nobody is known here yet".to_owned(),
        people => format!("There are {}", people.join(", ")),
    };
    screen.line(&format!("Nobody here is called {name}, so you still speak as {}. {there}.", talk.speaker));
    screen.line(&format!(
        "An admin makes somebody known: infra-chat user add NAME --role deployer --identity {FRONT}:NAME"
    ));
}

async fn hear(session: &Session, screen: &Screen, talk: &Talk, text: &str) {
    let asked = Asked { front: FRONT, speaker: &talk.speaker, conversation: &talk.conversation, text };
    match session.hear(&asked).await {
        Ok(heard) => heard.outbound.iter().for_each(|outbound| screen.answer(outbound)),
        Err(error) => screen.line(&format!("{error:#}")),
    }
}

async fn wait(
    session: &Session,
    screen: &Screen,
    following: &Following,
    at_most: Duration,
    talk: &Talk,
) -> anyhow::Result<()> {
    let identity = talk.identity();
    tokio::select! {
        waited = settled(session, following, &identity, &Which::Live, at_most) => {
            for line in told(&waited?) {
                screen.line(&line);
            }
        }
        _ = tokio::signal::ctrl_c() => screen.line("Not waiting any longer; runs go on."),
        () = talk.stop.cancelled() => {}
    }
    Ok(())
}

fn help_show(screen: &Screen, topic: Option<&str>, names: &Names) {
    screen.line(help(topic, names).trim_end());
    if topic.is_none() {
        screen.line(
            "\nTo the terminal itself:\n  \
             /as NAME         speak as somebody else, one of the people known here\n  \
             /wait [SECONDS]  until no run moves by itself\n  \
             /whoami          who you are and what you may do\n  \
             /quit            leave",
        );
    }
}
