//! Killing the program at the worst moments.

use super::Chat;

/// Kills before a story that crashes after every commit is called endless.
const KILLS_MAX: usize = 2_000;

impl Chat {
    /// Like `settles`, in a program that is killed after each single commit it makes, before it has heard that the
    /// commit was made. Gives how often that was.
    pub(crate) async fn settles_killed_after_each_commit(&mut self) -> usize {
        for kills in 0..KILLS_MAX {
            let engine = self.engine().clone();
            let mut commits = engine.store().watch();
            commits.mark_unchanged();
            let ticked = tokio::select! {
                biased;
                _ = commits.changed() => None,
                ticked = engine.tick() => Some(ticked.expect("the engine moves what can move")),
            };
            drop((engine, commits));
            match ticked {
                None => self.crash_and_restart().await,
                Some(Some(due_ms)) if self.moves().await && due_ms - self.now_ms() <= super::NEAR_MS => {
                    self.clock.advance_to(due_ms);
                }
                Some(_) => return kills,
            }
        }
        panic!("it does not settle:\n{}", self.room.everything());
    }
}
