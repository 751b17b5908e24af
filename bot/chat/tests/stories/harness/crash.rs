//! Killing the program at the worst moments.

use super::Chat;
use crate::stage::REPORTED_IN;

/// Kills before a story that crashes after every commit is called endless.
const KILLS_MAX: usize = 2_000;

impl Chat {
    /// Like `settles`, in a program that is killed after each single commit it makes, before it has heard that the
    /// commit was made. Gives how often that was.
    pub(crate) async fn settles_killed_after_each_commit(&mut self) -> usize {
        let mut kills = 0;
        while kills < KILLS_MAX {
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
                None => {
                    kills += 1;
                    self.restart().await;
                    kills += self.reports_killed_after_each_commit().await;
                }
                Some(_) if self.something_to_report().await => {
                    kills += self.reports_killed_after_each_commit().await;
                }
                Some(Some(due_ms)) if self.moves().await && due_ms - self.now_ms() <= super::NEAR_MS => {
                    self.clock.advance_to(due_ms);
                }
                Some(_) => {
                    self.reports().await;
                    return kills;
                }
            }
        }
        panic!("it does not settle:\n{}", self.room.everything());
    }

    /// Somebody says something to a program that is killed after each commit, and whose front delivers it again until it
    /// is answered. Gives how often it was killed; it is spared after that many kills.
    pub(crate) async fn hears_killed_after_each_commit(
        &mut self,
        person: &str,
        text: &str,
        kills_max: usize,
    ) -> usize {
        let (event, text) = (format!("event of {person}"), self.room.with_real_ids(text));
        for kills in 0..KILLS_MAX {
            let mut commits = self.engine().store().watch();
            commits.mark_unchanged();
            let (stage, program) = (&self.stage, self.program.as_mut().unwrap());
            let answered = async {
                program.connected.hears(stage, person, &text, Some(&event), None).await;
                program.connected.shows(stage).await;
            };
            let is_answered = tokio::select! {
                biased;
                _ = commits.changed(), if kills < kills_max => false,
                () = answered => true,
            };
            drop(commits);
            if is_answered {
                return kills + self.reports_killed_after_each_commit().await;
            }
            self.restart().await;
        }
        panic!("it is never answered:\n{}", self.room.everything());
    }

    /// The reporter and the front show what is new, and are killed after each commit they make. Gives how often that was.
    async fn reports_killed_after_each_commit(&mut self) -> usize {
        for kills in 0..KILLS_MAX {
            let mut commits = self.engine().store().watch();
            commits.mark_unchanged();
            let (stage, program) = (&self.stage, self.program.as_mut().unwrap());
            let showing = async {
                let reported = program.reporter.pass().await.expect("the reporter reports");
                program.connected.shows(stage).await || reported
            };
            let shown = tokio::select! {
                biased;
                _ = commits.changed() => None,
                shown = showing => Some(shown),
            };
            drop(commits);
            match shown {
                None => self.restart().await,
                Some(true) => {}
                Some(false) => return kills,
            }
        }
        panic!("what is to be shown does not come to rest:\n{}", self.room.everything());
    }

    /// Rules are followed by a program that is killed after each commit it makes of it. Gives how often that was.
    #[allow(dead_code, reason = "for stories of one front alone")]
    pub(crate) async fn rules_killed_after_each_commit(&mut self) -> usize {
        for kills in 0..KILLS_MAX {
            let engine = self.engine().clone();
            let mut commits = engine.store().watch();
            commits.mark_unchanged();
            let passed = tokio::select! {
                biased;
                _ = commits.changed() => None,
                passed = engine.rules_pass() => Some(passed.expect("rules are followed")),
            };
            drop((engine, commits));
            match passed {
                None => self.restart().await,
                Some(true) => {}
                Some(false) => return kills,
            }
        }
        panic!("rules do not come to rest");
    }

    async fn something_to_report(&self) -> bool {
        let head = self.engine().store().happening_head().await.unwrap();
        let stored = self.engine().store().conversation_get(REPORTED_IN).await.unwrap();
        stored.is_some_and(|stored| stored.cursor < head)
    }

    /// All that stays is the database, the files and the world.
    async fn restart(&mut self) {
        self.program = None;
        self.start(None).await;
    }
}
