//! Showing what happens to runs while a conversation goes on, with a way to wait until all of it has been shown.

use std::sync::Arc;
use std::time::Duration;

use chat::{Follow, Front, Reporter};
use engine::control::{Engine, Refusal};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How often to look even when no commit of this program tells.
const POLL: Duration = Duration::from_millis(250);
/// Wait after the database or the front failed.
const TROUBLE: Duration = Duration::from_secs(1);
/// Passes before a settling gives up: each shows what is new, and runs that never rest would keep it busy for ever.
const SETTLE_PASSES_MAX: usize = 50;

/// A conversation being shown what happens. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Following {
    settle: mpsc::Sender<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Following {
    /// Around a task that answers settlings.
    pub(super) fn new(settle: mpsc::Sender<oneshot::Sender<()>>, task: JoinHandle<()>) -> Self {
        Self { settle, task }
    }

    /// Returns when everything that had happened by now has been shown.
    pub(crate) async fn settle(&self) {
        let (settled, wait) = oneshot::channel();
        if self.settle.send(settled).await.is_ok() {
            // The task may end meanwhile; then nothing more is shown.
            let _ = wait.await;
        }
    }

    /// Returns when nothing more will be shown: whoever told of it has ended.
    pub(crate) async fn ended(&self) {
        self.settle.closed().await;
    }
}

/// Follows runs of this program's own engine.
pub(super) async fn follow(
    engine: Engine,
    front: Arc<dyn Front>,
    conversation: String,
    follow: Follow,
) -> Result<Following, Refusal> {
    let reporter = Reporter::open(engine.clone(), front, conversation, follow).await?;
    let (settle, settlings) = mpsc::channel(1);
    Ok(Following::new(settle, tokio::spawn(report(engine, reporter, settlings))))
}

async fn report(engine: Engine, mut reporter: Reporter, mut settlings: mpsc::Receiver<oneshot::Sender<()>>) {
    let mut commits = engine.store().watch();
    loop {
        commits.mark_unchanged();
        let nap = match reporter.pass().await {
            Ok(true) => continue,
            Ok(false) => POLL,
            Err(refusal) => {
                tracing::warn!(error = %crate::out::causes(&refusal), "can't report, trying again");
                TROUBLE
            }
        };
        tokio::select! {
            settling = settlings.recv() => {
                let Some(settled) = settling else { return };
                for _ in 0..SETTLE_PASSES_MAX {
                    if !matches!(reporter.pass().await, Ok(true)) {
                        break;
                    }
                }
                // Whoever asked may have gone.
                let _ = settled.send(());
            }
            _ = tokio::time::timeout(nap, commits.changed()) => {}
        }
    }
}
