//! What a story may not leave behind.

use engine::audit::{Exporter, Hash, Verdict, verify};
use engine::run::LockHolder;

use super::{CONVERSATION, Chat};

impl Chat {
    /// Fails on bad news and questions nobody looked at, runs that still move, effects that happened twice, faults that
    /// struck nothing, a broken record, and anything left open.
    pub(super) async fn end(mut self) {
        self.reports().await;
        let mut faults = self.stage.faults();
        for card in self.room.overlooked() {
            faults.push(format!("nobody looked at this:\n{card}"));
        }
        let store = self.engine().store();
        let live = store.run_live().await.unwrap();
        for run in live.iter().filter(|run| run.state.moves_by_itself()) {
            faults.push(format!("{} is still {}", run.request.command, run.state.as_str()));
        }
        for effect in self.world.doubled() {
            faults.push(format!("this happened twice: {effect}"));
        }
        for fault in self.world.faults_unstruck() {
            faults.push(format!("this fault had nothing to strike: {fault:?}"));
        }
        for environment in ["staging", "production"] {
            for lock in store.lock_list(&self.key(environment)).await.unwrap() {
                if let LockHolder::Run(run) = &lock.holder
                    && live.iter().all(|live| live.id != *run)
                {
                    faults.push(format!("{environment} is locked by a run that is over"));
                }
            }
        }
        let talk = store.conversation_get(CONVERSATION).await.unwrap().map(|talk| talk.body);
        let talk: serde_json::Value = serde_json::from_str(&talk.unwrap_or_default()).unwrap_or_default();
        for left in ["questions", "held_back"] {
            if talk[left].as_array().is_some_and(|left| !left.is_empty()) {
                faults.push(format!("the conversation still has {left}: {}", talk[left]));
            }
        }
        if !store.outbox_list(CONVERSATION, 1).await.unwrap().is_empty() {
            faults.push("messages are still in the outbox".to_owned());
        }
        match self.record_verdict().await {
            Verdict::Intact { .. } => {}
            verdict => faults.push(format!("the record: {verdict}")),
        }
        assert!(faults.is_empty(), "The story left something behind:\n{}", faults.join("\n"));
        self.program = None;
        self.database.remove().await;
    }

    /// What an export of the record is worth to somebody who has the public key.
    async fn record_verdict(&self) -> Verdict {
        self.engine().checkpoint().await.unwrap();
        let store = self.engine().store();
        let key = self.program().public_key;
        let checkpoints = store.checkpoint_list().await.unwrap();
        let mut export = Exporter::start(Vec::new(), &key).unwrap();
        for (event, hash) in store.audit_after(0, i64::MAX).await.unwrap() {
            let hash: Hash = hash.parse().unwrap();
            export.event(&event, &hash).unwrap();
            for checkpoint in checkpoints.iter().filter(|checkpoint| checkpoint.seq == event.seq) {
                export.checkpoint(checkpoint).unwrap();
            }
        }
        verify(export.finish().unwrap().as_slice(), Some(&key), &[]).unwrap()
    }
}
