//! A guest's end of the socket.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use chat::intent::Known;
use chat::{Front, Inbound};
use engine::control::Refusal;
use engine::model::Identity;
use engine::ports::PortError;
use engine::ports::far::{Call, NoAnswer, Way};
use serde_json::Value;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};

use super::Following;
use super::socket;
use super::wire::{Answer, Ask, Heard, RunBrief, Which};

/// How long a host may take to open its socket after it has taken the lock: it adopts and starts services first.
const HOST_START: Duration = Duration::from_mins(1);
/// Between two tries.
const HOST_RETRY: Duration = Duration::from_millis(200);

/// The host is there no more.
#[derive(Debug)]
pub(crate) struct HostGone;

impl std::fmt::Display for HostGone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "the infra-chat that runs the services here has ended; start it again with `infra-chat` or `infra-chat serve`",
        )
    }
}

impl std::error::Error for HostGone {}

/// The host is there, and could not do it.
#[derive(Debug)]
struct HostFailed {
    why: String,
    may_pass: bool,
}

impl std::fmt::Display for HostFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for HostFailed {}

/// Whether the same may work later, because it was the database that did not answer; of an error of a session.
pub(crate) fn may_pass(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<Refusal>() {
        Some(refusal) => refusal.may_pass(),
        None => error.downcast_ref::<HostFailed>().is_some_and(|failed| failed.may_pass),
    }
}

/// A socket that breaks has lost its other end.
fn broken(error: anyhow::Error) -> anyhow::Error {
    if error.is::<std::io::Error>() { HostGone.into() } else { error }
}

/// Whether nobody is behind a socket: no host, one that has ended, or one that ends at this very moment.
fn is_gone(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
    )
}

/// Which services the host of a data folder can't be reached for at their address, and why.
pub(crate) async fn unreached(data_dir: &Path) -> anyhow::Result<Vec<String>> {
    match (Guest { path: socket::path(data_dir) }).ask(&Ask::Unreached).await? {
        Answer::Unreached { why } => Ok(why),
        other => unexpected(&other),
    }
}

/// What keeps the chat platforms that the host of a data folder is connected to from hearing or speaking.
pub(crate) async fn front_troubles(data_dir: &Path) -> anyhow::Result<Vec<String>> {
    match (Guest { path: socket::path(data_dir) }).ask(&Ask::Fronts).await? {
        Answer::Fronts { why, .. } => Ok(why),
        other => unexpected(&other),
    }
}

/// The chat platforms that the host of a data folder is connected to, as whom and where.
pub(crate) async fn fronts_connected(data_dir: &Path) -> anyhow::Result<Vec<String>> {
    match (Guest { path: socket::path(data_dir) }).ask(&Ask::Fronts).await? {
        Answer::Fronts { connected, .. } => Ok(connected),
        other => unexpected(&other),
    }
}

/// A program that asks another one.
#[derive(Debug, Clone)]
pub(crate) struct Guest {
    path: PathBuf,
}

impl Guest {
    /// A guest of the host that holds this data folder's lock; waits while that one is starting. `gone` says whether it
    /// has ended meanwhile: then there is no host any more.
    pub(crate) async fn connect(data_dir: &Path, gone: impl Fn() -> bool) -> anyhow::Result<Option<Self>> {
        let guest = Self { path: socket::path(data_dir) };
        let began = Instant::now();
        loop {
            match guest.open().await {
                Ok(_) => return Ok(Some(guest)),
                Err(_) if gone() => return Ok(None),
                Err(error) if began.elapsed() > HOST_START => return Err(error),
                Err(_) => tokio::time::sleep(HOST_RETRY).await,
            }
        }
    }

    async fn open(&self) -> anyhow::Result<(BufReader<OwnedReadHalf>, OwnedWriteHalf)> {
        let stream = match UnixStream::connect(&self.path).await {
            Ok(stream) => stream,
            Err(error) if is_gone(error.kind()) => return Err(HostGone.into()),
            Err(error) => {
                return Err(error).context("can't speak with the infra-chat that runs the services");
            }
        };
        socket::peer_check(&stream)?;
        let (read, write) = stream.into_split();
        Ok((BufReader::new(read), write))
    }

    /// Returns when the host has answered: it is alive.
    pub(crate) async fn ping(&self) -> anyhow::Result<()> {
        self.ask(&Ask::Settle).await.map(drop)
    }

    /// The process behind the socket, whether or not it answers; nothing where nobody takes connections.
    pub(crate) async fn listening(&self) -> Option<u32> {
        let stream = UnixStream::connect(&self.path).await.ok()?;
        socket::peer_check(&stream).ok()?;
        stream.peer_cred().ok()?.pid().and_then(|pid| u32::try_from(pid).ok())
    }

    async fn ask(&self, ask: &Ask) -> anyhow::Result<Answer> {
        let (mut read, mut write) = self.open().await?;
        socket::write(&mut write, ask).await.map_err(broken)?;
        match socket::read(&mut read).await.map_err(broken)? {
            Some(Answer::Failed { why, may_pass }) => Err(HostFailed { why, may_pass }.into()),
            Some(answer) => Ok(answer),
            None => Err(HostGone.into()),
        }
    }

    pub(super) async fn hear(&self, inbound: &Inbound) -> anyhow::Result<Heard> {
        match self.ask(&Ask::Hear { inbound: inbound.clone() }).await? {
            Answer::Heard(heard) => Ok(heard),
            other => unexpected(&other),
        }
    }

    pub(super) async fn known(&self, identity: &Identity) -> anyhow::Result<Known> {
        match self.ask(&Ask::Known { identity: identity.clone() }).await? {
            Answer::Known { known } => Ok(known),
            other => unexpected(&other),
        }
    }

    pub(super) async fn speaker(&self, front: &str, name: &str) -> anyhow::Result<String> {
        match self.ask(&Ask::Speaker { front: front.to_owned(), name: name.to_owned() }).await? {
            Answer::Speaker { name } => Ok(name),
            other => unexpected(&other),
        }
    }

    pub(super) async fn runs(&self, identity: &Identity, which: &Which) -> anyhow::Result<Vec<RunBrief>> {
        match self.ask(&Ask::Runs { identity: identity.clone(), which: which.clone() }).await? {
            Answer::Runs { runs } => Ok(runs),
            other => unexpected(&other),
        }
    }

    pub(super) async fn follow(
        &self,
        front: Arc<dyn Front>,
        conversation: String,
        identity: Identity,
        everything: bool,
    ) -> anyhow::Result<Following> {
        let (mut read, mut write) = self.open().await?;
        let ask = Ask::Follow {
            conversation: conversation.clone(),
            front: front.name().to_owned(),
            identity,
            everything,
        };
        socket::write(&mut write, &ask).await.map_err(broken)?;
        match socket::read(&mut read).await.map_err(broken)? {
            Some(Answer::Settled) => {}
            Some(Answer::Failed { why, may_pass }) => return Err(HostFailed { why, may_pass }.into()),
            Some(other) => return unexpected(&other),
            None => return Err(HostGone.into()),
        }
        let (settle, settlings) = mpsc::channel(1);
        let task = tokio::spawn(async move {
            if let Err(error) = show(read, write, front, conversation, settlings).await {
                tracing::warn!(error = format!("{error:#}"), "the host tells no more");
            }
        });
        Ok(Following::new(settle, task))
    }
}

/// The ports of the host, for a replica that shares its runs.
#[async_trait]
impl Way for Guest {
    async fn carry(&self, call: Call) -> Result<Result<Value, PortError>, NoAnswer> {
        let away = |why: &str| format!("the infra-chat that runs the services {why}");
        let not_taken = |_| NoAnswer::NotTaken(away("is not there at the moment"));
        let (mut read, mut write) = self.open().await.map_err(not_taken)?;
        let lost = |_| NoAnswer::Lost(away("ended before it answered"));
        socket::write(&mut write, &Ask::Call { call }).await.map_err(lost)?;
        match socket::read(&mut read).await.map_err(lost)? {
            Some(Answer::Called { came }) => Ok(came),
            Some(_) => Err(NoAnswer::NotTaken(away("is of another version"))),
            None => Err(NoAnswer::Lost(away("ended before it answered"))),
        }
    }
}

async fn show(
    mut read: BufReader<OwnedReadHalf>,
    mut write: OwnedWriteHalf,
    front: Arc<dyn Front>,
    conversation: String,
    mut settlings: mpsc::Receiver<oneshot::Sender<()>>,
) -> anyhow::Result<()> {
    let (answers, mut answered) = mpsc::channel(64);
    // Reading a line must not be given up half-way, so it has a task of its own.
    let reader = tokio::spawn(async move {
        while let Ok(Some(answer)) = socket::read::<Answer>(&mut read).await {
            if answers.send(answer).await.is_err() {
                return;
            }
        }
    });
    let mut waiting: Option<oneshot::Sender<()>> = None;
    loop {
        tokio::select! {
            settling = settlings.recv(), if waiting.is_none() => {
                let Some(settled) = settling else { break };
                socket::write(&mut write, &Ask::Settle).await?;
                waiting = Some(settled);
            }
            answer = answered.recv() => match answer {
                Some(Answer::Show { outbound }) => front.show(&conversation, &outbound).await?,
                Some(Answer::Settled) => {
                    if let Some(settled) = waiting.take() {
                        // Whoever asked may have gone.
                        let _ = settled.send(());
                    }
                }
                Some(_) => {}
                None => break,
            }
        }
    }
    reader.abort();
    Ok(())
}

fn unexpected<T>(answer: &Answer) -> anyhow::Result<T> {
    tracing::warn!(?answer, "the host answered something else");
    bail!("the infra-chat that runs the services is of another version; end it and start it again")
}
