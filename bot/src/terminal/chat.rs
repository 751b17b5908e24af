//! The chat itself: one line heard, one answer, until somebody leaves or the lines end.

use std::collections::VecDeque;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chat::intent::{Known, Names, help};
use chat::{Card, Outbound, looks_secret};
use engine::model::Identity;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::editor::Prompt;
use super::input::{Typed, lines};
use super::screen::{FRONT, Screen};
use super::slash::{self, Slash};
use super::wait::{WAIT_MAX, Waited, followed, settled, waited_told};
use crate::host::{Asked, Following, HostGone, Session, Which};

/// What drops a question.
const NEVER_MIND: &str = "never mind";

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

/// How a talk came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Talked {
    /// Somebody left, the lines have ended, or the program is told to end.
    Left,
    /// The host is there no more. The talk goes on with the one that takes its place.
    HostGone,
}

/// A talk, from the first line to the last, whoever is the host meanwhile.
pub(crate) struct Chat {
    talk: Talk,
    screen: Arc<Screen>,
    data_dir: PathBuf,
    known: Arc<RwLock<Known>>,
    /// Opened behind what has happened since this conversation was last open.
    source: Option<Source>,
    /// What was said to a host that ended before it answered, and what was said since.
    unheard: VecDeque<Said>,
    lines_ended: bool,
    /// What was asked last and is not answered, as it stood on its card.
    open: Option<String>,
}

/// Where lines come from.
enum Source {
    Person(Prompt),
    Script(mpsc::Receiver<Typed>),
}

/// A line, with a name of its own: heard by two hosts, it is done once.
struct Said {
    line: String,
    event: String,
    again: bool,
}

impl Said {
    fn new(line: String) -> Self {
        Self { line, event: uuid::Uuid::new_v4().to_string(), again: false }
    }
}

/// What to do now.
enum Next {
    Take(Said),
    Leave,
    Finish,
}

impl Chat {
    /// A talk that nobody has begun.
    pub(crate) fn new(screen: &Arc<Screen>, data_dir: &Path, known: Known, talk: Talk) -> Self {
        Self {
            talk,
            screen: Arc::clone(screen),
            data_dir: data_dir.to_owned(),
            known: Arc::new(RwLock::new(known)),
            source: None,
            unheard: VecDeque::new(),
            lines_ended: false,
            open: None,
        }
    }

    /// Talks until somebody leaves or the host is gone; nothing that was typed is lost then. The session stays open.
    pub(crate) async fn go_on(&mut self, session: &Session) -> anyhow::Result<Talked> {
        match self.talk(session).await {
            Ok(()) => Ok(Talked::Left),
            Err(error) if error.is::<HostGone>() => Ok(Talked::HostGone),
            Err(error) => Err(error),
        }
    }

    /// Returns when somebody wants to leave while there is no host; whatever else is typed is kept for the next one. A
    /// script waits: it is to have its answers.
    pub(crate) async fn leaves(&mut self) {
        let Some(source @ Source::Person(_)) = &mut self.source else { return std::future::pending().await };
        loop {
            match source.next(&self.talk.speaker, self.screen.coloured()).await {
                Typed::End => return,
                Typed::Line(line) if matches!(slash::read(&line), Some(Ok(Slash::Quit))) => return,
                Typed::Line(line) if line.trim().is_empty() => {}
                Typed::Line(line) => self.unheard.push_back(Said::new(line)),
                Typed::Dropped => {}
                Typed::Interrupted => self.screen.line("To leave, type /quit or press Ctrl-D."),
            }
        }
    }

    async fn talk(&mut self, session: &Session) -> anyhow::Result<()> {
        let identity = self.talk.identity();
        let following =
            followed(session, &self.screen, &self.talk.conversation, &identity, &self.talk.stop).await?;
        let Some(following) = following else { return Ok(()) };
        // What happened since this conversation was last open comes before the prompt.
        following.settle().await;
        while !self.lines_ended {
            let said = match self.next(&following).await? {
                Next::Take(said) => said,
                Next::Leave => return Ok(()),
                Next::Finish => break,
            };
            match self.take(session, &following, &said).await {
                Ok(Talking::On) => {}
                Ok(Talking::Over) => {
                    self.left_open();
                    return Ok(());
                }
                Err(error) => {
                    self.unheard.push_front(Said { again: true, ..said });
                    return Err(error);
                }
            }
        }
        self.lines_ended = true;
        if matches!(self.source, Some(Source::Script(_))) {
            // Nobody is there to read that all is well.
            if !all_over(session, &following, &self.talk).await? {
                wait(session, &self.screen, &following, WAIT_MAX, &self.talk).await?;
            }
            following.settle().await;
        }
        self.left_open();
        Ok(())
    }

    /// Whoever leaves is told that what they were asked stays: to leave is no answer.
    fn left_open(&self) {
        if let Some(question) = &self.open {
            self.screen.line(&format!(
                "Still open, for half an hour since it was asked: {question} You are asked again next time; `never mind` drops it."
            ));
        }
    }

    /// The next line; first the one that nobody answered.
    async fn next(&mut self, following: &Following) -> anyhow::Result<Next> {
        if let Some(said) = self.unheard.pop_front() {
            return Ok(Next::Take(said));
        }
        if self.source.is_none() {
            let person = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
            self.source = Some(if person {
                Source::Person(Prompt::open(&self.data_dir, &self.screen, Arc::clone(&self.known))?)
            } else {
                Source::Script(lines())
            });
        }
        let Some(source) = &mut self.source else { return Ok(Next::Finish) };
        loop {
            let typed = tokio::select! {
                typed = source.next(&self.talk.speaker, self.screen.coloured()) => typed,
                () = self.talk.stop.cancelled() => return Ok(Next::Leave),
                // At once: nobody should type a line that nobody hears.
                () = following.ended() => return Err(HostGone.into()),
            };
            let line = match typed {
                Typed::Line(line) if line.trim().is_empty() => continue,
                Typed::Line(line) => line,
                Typed::Dropped => continue,
                Typed::Interrupted => {
                    self.screen.line("To leave, type /quit or press Ctrl-D. To stop a run, say: cancel");
                    continue;
                }
                Typed::End => return Ok(Next::Finish),
            };
            if matches!(source, Source::Script(_)) {
                // A transcript without what was said is no transcript.
                self.screen.line(&format!("{}> {}", self.talk.speaker, repeatable(&line)));
            }
            return Ok(Next::Take(Said::new(line)));
        }
    }

    /// Does what a line says.
    async fn take(
        &mut self,
        session: &Session,
        following: &Following,
        said: &Said,
    ) -> anyhow::Result<Talking> {
        match slash::read(&said.line) {
            Some(Ok(Slash::Quit)) => return Ok(Talking::Over),
            Some(Ok(Slash::As(name))) => {
                refresh(session, &self.talk, &self.known).await;
                speak_as(&self.screen, &mut self.talk, name, &self.known);
                refresh(session, &self.talk, &self.known).await;
            }
            Some(Ok(Slash::WhoAmI)) => {
                self.hear(session, &Said { line: "whoami".to_owned(), event: said.event.clone(), ..*said })
                    .await?;
            }
            Some(Ok(Slash::Help(topic))) => {
                let names = self.known.read().unwrap_or_else(PoisonError::into_inner).names.clone();
                help_show(&self.screen, topic.as_deref(), &names);
            }
            Some(Ok(Slash::Wait(at_most))) => {
                wait(session, &self.screen, following, at_most, &self.talk).await?;
            }
            Some(Err(why)) => self.screen.line(&why),
            None => {
                self.hear(session, said).await?;
                following.settle().await;
                refresh(session, &self.talk, &self.known).await;
            }
        }
        Ok(Talking::On)
    }

    async fn hear(&mut self, session: &Session, said: &Said) -> anyhow::Result<()> {
        let asked = Asked {
            front: FRONT,
            speaker: &self.talk.speaker,
            conversation: &self.talk.conversation,
            text: &said.line,
            event: Some(&said.event),
        };
        match session.hear(&asked).await {
            Ok(heard) => {
                heard.outbound.iter().for_each(|outbound| self.screen.answer(outbound));
                self.open =
                    heard.outbound.last().map(Outbound::card).filter(|card| asks(card)).map(question_of);
                if said.again && heard.outbound.is_empty() {
                    let line = repeatable(&said.line);
                    self.screen.line(&format!(
                        "\"{line}\" was heard before that one ended; `status` shows what came of it."
                    ));
                }
            }
            Err(error) if error.is::<HostGone>() => return Err(error),
            Err(error) => self.screen.line(&format!("{error:#}")),
        }
        Ok(())
    }
}

/// A line as it may be shown once more: what looks like a secret is shown nowhere.
fn repeatable(line: &str) -> &str {
    if looks_secret(line) { "(what looks like a secret)" } else { line.trim() }
}

/// Whether a card asks something that can be dropped.
fn asks(card: &Card) -> bool {
    card.buttons.iter().any(|button| button.command == NEVER_MIND)
}

/// What a card asks, however often it was asked before, and whatever was said about the last answer.
fn question_of(card: &Card) -> String {
    if card.asks.is_empty() { card.headline.clone() } else { card.asks.clone() }
}

/// Whether the talk goes on.
enum Talking {
    On,
    Over,
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

/// Whether all runs are over, as far as that can be told now.
async fn all_over(session: &Session, following: &Following, talk: &Talk) -> anyhow::Result<bool> {
    let now = Duration::ZERO;
    let waited = settled(session, following, &talk.identity(), &Which::Live, now, &|_| ()).await?;
    Ok(matches!(waited, Waited::Runs(runs) if runs.iter().all(|run| run.over)))
}

async fn wait(
    session: &Session,
    screen: &Screen,
    following: &Following,
    at_most: Duration,
    talk: &Talk,
) -> anyhow::Result<()> {
    let identity = talk.identity();
    let say = |line: &str| screen.line(line);
    tokio::select! {
        waited = settled(session, following, &identity, &Which::Live, at_most, &say) => {
            for line in waited_told(&waited?) {
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
             /project NAME    which of several projects you speak about\n  \
             /wait [SECONDS]  until no run moves by itself\n  \
             /whoami          who you are and what you may do\n  \
             /quit            leave",
        );
    }
}
