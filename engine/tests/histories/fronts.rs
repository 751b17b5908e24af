//! The reporters of fronts: each reads what happened behind its cursor, shows it, and writes down how far it came. One that
//! dies in between shows some of it again, and nothing is lost.

use engine::store::{Commit, Store, Write};

use crate::life::{Broken, Kept};

/// Read at once: small, so that a reader is often in the midst of it.
const BATCH: i64 = 7;

/// A front and what people saw there.
#[derive(Debug)]
pub(crate) struct Front {
    name: String,
    /// What it has shown, in order, with what was said.
    pub(crate) shown: Vec<(i64, String)>,
}

impl Front {
    pub(crate) fn new(number: usize) -> Self {
        Self { name: format!("front-{number}"), shown: Vec::new() }
    }

    /// Reads a batch and shows it; whether there may be more.
    pub(crate) async fn reads(&mut self, store: &Store, now_ms: i64, dies: bool) -> Kept<bool> {
        let failed = |error| Broken::new("nothing is lost", format!("{}: {error:?}", self.name));
        let kept = store.conversation_get(&self.name).await.map_err(failed)?;
        let cursor = kept.as_ref().map_or(0, |kept| kept.cursor);
        let batch = store.happening_after(cursor, BATCH).await.map_err(failed)?;
        let Some(last) = batch.last().map(|one| one.seq) else { return Ok(false) };
        let more = batch.len() == BATCH as usize;
        for one in batch {
            self.shown.push((one.seq, serde_json::to_string(&one.what).unwrap()));
        }
        if dies {
            return Ok(more);
        }
        let mut commit = Commit::at(now_ms);
        commit.writes.push(match kept {
            Some(_) => Write::ConversationCursor { conversation: self.name.clone(), cursor: last },
            None => Write::ConversationPut {
                conversation: self.name.clone(),
                front: "test".to_owned(),
                before: String::new(),
                body: "{}".to_owned(),
                cursor: last,
            },
        });
        store.commit(commit).await.map_err(failed)?;
        Ok(more)
    }

    /// What it showed for the first time each, in order: without gaps from the beginning, and as it was written.
    pub(crate) fn is_whole(&self, written: &[(i64, String)]) -> Kept {
        let mut next = 0;
        for (seq, said) in &self.shown {
            let at = *seq as usize;
            let here = written.get(at - 1).is_some_and(|(there, what)| there == seq && what == said);
            if at > next + 1 || !here {
                let what = format!("{} showed {seq} after {next}: {said}", self.name);
                return Err(Broken::new("nothing is lost", what));
            }
            next = next.max(at);
        }
        Ok(())
    }

    /// The last it showed.
    pub(crate) fn last(&self) -> i64 {
        self.shown.iter().map(|(seq, _)| *seq).max().unwrap_or_default()
    }
}
