//! The line of runs that wait for an environment: who is how far from the front, and waits for what.

use super::{Engine, Refusal};
use crate::model::RunId;
use crate::run::{LockHolder, Run};

impl Engine {
    /// A queued run's place among those that wait, and what it waits for. One at the front that nothing holds is about to
    /// start, and one whose time has not come stands in nobody's way: neither waits in line.
    pub(super) async fn line(&self, run: &Run) -> Result<(Option<usize>, Option<String>), Refusal> {
        let holder = self.waits_for(run).await?;
        let now_ms = self.now_ms();
        let due = |run: &Run| run.request.not_before_ms.is_none_or(|not_before_ms| not_before_ms <= now_ms);
        if !due(run) {
            return Ok((None, holder));
        }
        let live = self.store().run_live().await?;
        let queue = self.store().run_queue(run.environment()).await?;
        let ahead: Vec<RunId> = queue
            .into_iter()
            .take_while(|other| *other != run.id)
            .filter(|other| live.iter().any(|run| run.id == *other && due(run)))
            .collect();
        Ok(match (holder, ahead.first()) {
            (Some(holder), _) => (Some(ahead.len() + 1), Some(holder)),
            (None, Some(first)) => {
                (Some(ahead.len()), Some(format!("{first} in {}", run.environment().environment)))
            }
            (None, None) => (None, None),
        })
    }

    /// What a queued run waits for, in words.
    async fn waits_for(&self, run: &Run) -> Result<Option<String>, Refusal> {
        if run.request.not_before_ms.is_some_and(|not_before_ms| not_before_ms > self.now_ms()) {
            return Ok(Some("its time".to_owned()));
        }
        let environment = &run.environment().environment;
        Ok(self.store().lock_list(run.environment()).await?.into_iter().find_map(|lock| match &lock.holder {
            LockHolder::Run(holder) if *holder != run.id => Some(format!("{holder} in {environment}")),
            LockHolder::Person(name) if *name != run.requester.name => {
                Some(format!("{name}'s lock on {environment}"))
            }
            _ => None,
        }))
    }
}
