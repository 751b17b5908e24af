//! The reporter: reads what happened after its cursor and shows each run's card anew. The cursor is in the database and
//! moves after the showing, so a restart shows nothing twice that had been taken, and misses nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use engine::control::{Engine, Refusal};
use engine::model::RunId;
use engine::run::{Happening, RunState};
use engine::store::{Commit, Write};
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::message::{Front, Outbound};
use crate::view;

/// Happenings read at once.
const BATCH: i64 = 200;
/// How often to look even when no commit of this program tells: other programs write too.
const POLL: Duration = Duration::from_millis(250);
/// Wait after the database or the front failed.
const TROUBLE: Duration = Duration::from_secs(1);

/// Which runs a conversation hears about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// All of them.
    Everything,
    /// Those asked for in it.
    Conversation,
}

/// Shows what happens to runs in one conversation.
pub struct Reporter {
    engine: Engine,
    desk: Desk,
    front: Arc<dyn Front>,
    conversation: String,
    follow: Follow,
    cursor: i64,
}

impl Reporter {
    /// A reporter that goes on where the conversation's last one stopped; a new conversation starts from now.
    pub async fn open(
        engine: Engine,
        front: Arc<dyn Front>,
        conversation: String,
        follow: Follow,
    ) -> Result<Self, Refusal> {
        let cursor = match engine.store().conversation_get(&conversation).await? {
            Some(stored) => stored.cursor,
            None => {
                let cursor = engine.store().happening_head().await?;
                let mut commit = Commit::at(engine.now_ms());
                commit.writes.push(Write::ConversationPut {
                    conversation: conversation.clone(),
                    front: front.name().to_owned(),
                    body: "{}".to_owned(),
                    cursor,
                });
                engine.store().commit(commit).await?;
                cursor
            }
        };
        Ok(Self { desk: Desk::new(engine.clone()), engine, front, conversation, follow, cursor })
    }

    /// Shows what is new; true when anything was.
    pub async fn pass(&mut self) -> Result<bool, Refusal> {
        let happened = self.engine.store().happening_after(self.cursor, BATCH).await?;
        let Some(last) = happened.last().map(|one| one.seq) else { return Ok(false) };
        let mut touched = Vec::new();
        let mut seen = BTreeSet::new();
        let mut over: Vec<(RunId, bool)> = Vec::new();
        for one in happened {
            if let Happening::Moved { to } = &one.what {
                if to.is_over() {
                    over.push((one.run.clone(), matches!(to, RunState::Succeeded { .. })));
                }
            }
            if seen.insert(one.run.clone()) {
                touched.push(one.run);
            }
        }
        for id in touched {
            let detail = self.engine.run_detail(&id).await?;
            let ours = detail.run.request.conversation.as_deref() == Some(self.conversation.as_str());
            if ours || self.follow == Follow::Everything {
                self.show(&Outbound::Update(view::run(&detail, self.engine.now_ms()))).await?;
            }
        }
        for (id, succeeded) in over {
            let heard = self.desk.go_on_after(&self.conversation, &id, succeeded).await?;
            for outbound in &heard.outbound {
                self.show(outbound).await?;
            }
        }
        self.cursor = last;
        let mut commit = Commit::at(self.engine.now_ms());
        commit
            .writes
            .push(Write::ConversationCursor { conversation: self.conversation.clone(), cursor: last });
        self.engine.store().commit(commit).await?;
        Ok(true)
    }

    /// Shows what is new as it comes, until told to stop; what is there by then is shown first.
    pub async fn work(mut self, stop: CancellationToken) {
        let mut commits = self.engine.store().watch();
        loop {
            let stopping = stop.is_cancelled();
            commits.mark_unchanged();
            match self.pass().await {
                Ok(true) => {}
                Ok(false) if stopping => return,
                Ok(false) => {
                    tokio::select! {
                        _ = tokio::time::timeout(POLL, commits.changed()) => {}
                        () = stop.cancelled() => {}
                    }
                }
                Err(refusal) => {
                    tracing::warn!(conversation = %self.conversation, error = %view::causes(&refusal), "can't report, trying again");
                    if stopping {
                        return;
                    }
                    tokio::time::sleep(TROUBLE).await;
                }
            }
        }
    }

    async fn show(&self, outbound: &Outbound) -> Result<(), Refusal> {
        self.front.show(&self.conversation, outbound).await.map_err(|error| Refusal::Port {
            doing: "showing a message".to_owned(),
            error: engine::ports::PortError::retry(error.to_string()),
        })
    }
}
