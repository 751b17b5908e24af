//! One pass: what happened is read, whose turn it is gets a text, and what waits is sent.

use super::turn::Words;
use crate::control::{Engine, Refusal};
use crate::store::{Commit, StoreError, TextWrite, Write};

/// The cursor on what happened.
pub(super) const CURSOR: &str = "happenings";

impl Engine {
    /// Texts tell of what happens from now on; where they were begun before, from where they stopped.
    pub async fn texts_begin(&self) -> Result<(), Refusal> {
        if self.store().text_cursor(CURSOR).await?.is_some() {
            return Ok(());
        }
        let mut commit = Commit::at(self.now_ms());
        let to = self.store().happening_head().await?;
        commit.writes.push(Write::Text(TextWrite::CursorPut { name: CURSOR.to_owned(), from: None, to }));
        match self.store().commit(commit).await {
            // Somebody else has just begun.
            Err(StoreError::Conflict) => Ok(()),
            committed => Ok(committed?),
        }
    }

    /// Reads what happened, gives turns, sends; true when there was anything to do.
    pub async fn texts_pass(&self, words: &Words) -> Result<bool, Refusal> {
        let read = begun(self.texts_read(words).await)?;
        let tested = begun(self.texts_test().await)?;
        let turned = begun(self.texts_turn(words).await)?;
        let sent = begun(Box::pin(self.texts_send()).await)?;
        Ok(read || tested || turned || sent)
    }
}

/// Somebody else's write that came first means: look again.
fn begun(done: Result<bool, Refusal>) -> Result<bool, Refusal> {
    match done {
        Err(Refusal::Store(StoreError::Conflict)) => Ok(true),
        other => other,
    }
}
