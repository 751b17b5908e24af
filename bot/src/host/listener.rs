//! The host's end of the socket.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use chat::{Desk, Follow, Front, FrontError, Outbound, References, front_troubles, fronts_connected, known};
use engine::control::{Engine, Refusal};
use tokio::io::BufReader;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::follow::follow;
use super::socket;
use super::wire::{self, Answer, Ask};
use crate::wiring::speaker_default;

/// Only the owner may ask.
const SOCKET_MODE: u32 = 0o600;

/// What guests ask about. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Served {
    /// The engine.
    pub(crate) engine: Engine,
    /// Where people are heard.
    pub(crate) desk: Arc<Desk>,
    /// The refs of the project's repository.
    pub(crate) references: References,
}

/// Takes guests until closed.
#[derive(Debug)]
pub(crate) struct Listener {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Listener {
    /// Opens the socket of a data folder. Only the holder of the folder's lock may: what lies there is a dead host's.
    pub(crate) fn open(data_dir: &Path, served: Served, stop: CancellationToken) -> anyhow::Result<Self> {
        let path = socket::path(data_dir);
        let open = || format!("can't open the socket {}", path.display());
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(open);
            }
            _ => {}
        }
        let listener = UnixListener::bind(&path).with_context(open)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(SOCKET_MODE)).with_context(open)?;
        let task = tokio::spawn(accept(listener, served, stop));
        Ok(Self { path, task })
    }

    /// Returns when all guests have been let go; the token has been cancelled before.
    pub(crate) async fn close(self) {
        // A panic in there has been reported already.
        let _ = self.task.await;
        // A socket without anybody behind it is cleaned up by the next host too.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn accept(listener: UnixListener, served: Served, stop: CancellationToken) {
    let guests = TaskTracker::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "can't take a guest");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = stop.cancelled() => break,
        };
        let (served, stop) = (served.clone(), stop.clone());
        guests.spawn(async move {
            tokio::select! {
                ended = serve(stream, served) => {
                    if let Err(error) = ended {
                        tracing::debug!(error = format!("{error:#}"), "a guest left");
                    }
                }
                () = stop.cancelled() => {}
            }
        });
    }
    guests.close();
    guests.wait().await;
}

async fn serve(stream: UnixStream, served: Served) -> anyhow::Result<()> {
    let Served { engine, desk, references } = served;
    socket::peer_check(&stream)?;
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    while let Some(ask) = socket::read::<Ask>(&mut read).await? {
        let answer = match ask {
            Ask::Hear { inbound } => Answer::Heard(desk.hear(&inbound).await.into()),
            Ask::Known { identity } => match known(&engine, &desk, &references, &identity).await {
                Ok(known) => Answer::Known { known },
                Err(refusal) => failed(&refusal),
            },
            Ask::Speaker { front, name } => match speaker_default(&engine, &front, &name).await {
                Ok(name) => Answer::Speaker { name },
                Err(error) => failed(&error.into()),
            },
            Ask::Runs { identity, which } => match wire::runs(&engine, &identity, &which).await {
                Ok(runs) => Answer::Runs { runs },
                Err(refusal) => failed(&refusal),
            },
            Ask::Follow { conversation, front, identity, everything } => {
                match wire::follow_of(&engine, &identity, everything).await {
                    Ok(follow) => return show(read, write, engine, conversation, front, follow).await,
                    Err(refusal) => failed(&refusal),
                }
            }
            Ask::Unreached => match engine.unreached().await {
                Ok(why) => Answer::Unreached { why },
                Err(refusal) => failed(&refusal),
            },
            Ask::Fronts => {
                let connected = fronts_connected(&engine).into_iter();
                let connected = connected.map(|(front, says)| format!("{front}, {says}")).collect();
                Answer::Fronts { why: front_troubles(&engine), connected }
            }
            Ask::Call { call } => Answer::Called { came: engine.serve_call(call).await },
            Ask::Settle => Answer::Settled,
        };
        socket::write(&mut write, &answer).await?;
    }
    Ok(())
}

/// What did not work, and what to do then.
fn failed(refusal: &Refusal) -> Answer {
    let (why, next) = (crate::out::causes(refusal), refusal.next());
    let may_pass = refusal.may_pass();
    Answer::Failed { why: if next.is_empty() { why } else { format!("{why}\n  next: {next}") }, may_pass }
}

/// The rest of a connection that follows.
async fn show(
    mut read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
    engine: Engine,
    conversation: String,
    front: String,
    runs: Follow,
) -> anyhow::Result<()> {
    let front = Arc::new(SocketFront { name: front, write: Mutex::new(write) });
    let following = match follow(engine, front.clone(), conversation, runs).await {
        Ok(following) => following,
        // A guest that is told nothing takes the host for gone.
        Err(refusal) => return socket::write(&mut *front.write.lock().await, &failed(&refusal)).await,
    };
    socket::write(&mut *front.write.lock().await, &Answer::Settled).await?;
    while socket::read::<Ask>(&mut read).await?.is_some() {
        following.settle().await;
        socket::write(&mut *front.write.lock().await, &Answer::Settled).await?;
    }
    Ok(())
}

/// A guest as a front.
struct SocketFront {
    name: String,
    write: Mutex<OwnedWriteHalf>,
}

#[async_trait]
impl Front for SocketFront {
    fn name(&self) -> &str {
        &self.name
    }

    async fn show(&self, _conversation: &str, outbound: &Outbound) -> Result<(), FrontError> {
        let answer = Answer::Show { outbound: outbound.clone() };
        socket::write(&mut *self.write.lock().await, &answer)
            .await
            .map_err(|error| FrontError { front: self.name.clone(), why: format!("{error:#}") })
    }
}
