//! The application's own command for its migrations: one file after the other, each taking its time, until one is refused.

use engine::clock::EpochMs;
use engine::model::{ComponentName, EnvironmentKey};
use engine::ports::{AppliedMigration, MigrateCommand, MigrateState};

use super::world::{SimEnvironment, State};

/// A command under way, or over.
#[derive(Debug)]
pub(super) struct SimMigrate {
    key: String,
    component: ComponentName,
    /// What is left to do, in order.
    left: Vec<String>,
    /// The one that is refused when its turn comes.
    refused: Option<String>,
    takes_ms: i64,
    /// When the first that is left is applied.
    due_ms: EpochMs,
    ended: Option<(bool, String, Vec<String>)>,
    interrupted: bool,
}

impl SimMigrate {
    fn is_running(&self) -> bool {
        self.ended.is_none() && !self.interrupted
    }

    fn settle(&mut self, environment: &mut SimEnvironment, now: EpochMs) {
        while self.is_running() && self.due_ms <= now {
            let Some(version) = self.left.first().cloned() else { return };
            if self.refused.as_ref() == Some(&version) {
                let tail = vec![
                    format!("== {version}: migrating ======="),
                    "ERROR: relation \"invoices\" does not exist".to_owned(),
                ];
                self.ended = Some((false, "exit code 1".to_owned(), tail));
                return;
            }
            let applied = environment.migrations.entry(self.component.clone()).or_default();
            if applied.iter().all(|had| had.version != version) {
                applied.push(AppliedMigration { version, checksum: String::new(), at_ms: 0 });
                applied.sort_by(|one, other| one.version.cmp(&other.version));
            }
            self.left.remove(0);
            self.due_ms += self.takes_ms;
            if self.left.is_empty() {
                self.ended = Some((true, "exit code 0".to_owned(), Vec::new()));
            }
        }
    }
}

impl State {
    /// Starts it unless it was started under that key; says whether it did.
    pub(super) fn migrate_start(
        &mut self,
        environment: &EnvironmentKey,
        key: &str,
        command: &MigrateCommand,
        now: EpochMs,
    ) -> bool {
        let behaviour = self
            .builds
            .commit_of(&command.build)
            .map(|commit| self.code.behaviour(commit).clone())
            .unwrap_or_default();
        let there = self.environment(environment);
        if there.migrating.iter().any(|one| one.key == key && !one.interrupted) {
            return false;
        }
        there.migrating.retain(|one| one.key != key);
        let had = there.migrations.get(&command.database.component);
        let is_new = |version: &&String| had.is_none_or(|had| had.iter().all(|had| had.version != **version));
        let left: Vec<String> = command.versions.iter().filter(is_new).cloned().collect();
        there.migrating.push(SimMigrate {
            key: key.to_owned(),
            component: command.database.component.clone(),
            ended: left.is_empty().then(|| (true, "nothing to do".to_owned(), Vec::new())),
            left,
            refused: behaviour.migration_fails,
            takes_ms: behaviour.migration_takes_ms,
            due_ms: now + behaviour.migration_takes_ms,
            interrupted: false,
        });
        self.settle_migrations(now);
        true
    }

    pub(super) fn migrate_look(&self, environment: &EnvironmentKey, key: &str) -> MigrateState {
        let all = self.environments.get(environment).map(|it| it.migrating.as_slice()).unwrap_or_default();
        match all.iter().find(|one| one.key == key) {
            None => MigrateState::Absent,
            Some(SimMigrate { interrupted: true, .. }) => MigrateState::Interrupted,
            Some(SimMigrate { ended: Some((well, how, tail)), .. }) => {
                MigrateState::Ended { well: *well, how: how.clone(), tail: tail.clone() }
            }
            Some(running) => MigrateState::Running {
                last_line: running
                    .left
                    .first()
                    .map(|version| format!("== {version}: migrating"))
                    .unwrap_or_default(),
            },
        }
    }

    /// Ends it if it runs; says whether it did.
    pub(super) fn migrate_stop(&mut self, environment: &EnvironmentKey, key: &str) -> bool {
        let there = self.environment(environment);
        let running = there.migrating.iter_mut().find(|one| one.key == key && one.is_running());
        let Some(running) = running else { return false };
        running.ended = Some((false, "ended by signal 15".to_owned(), Vec::new()));
        true
    }

    /// The platform was killed: what ran is ended where it was.
    pub(super) fn migrations_interrupt(&mut self, environment: &EnvironmentKey) {
        let running = self.environment(environment).migrating.iter_mut().filter(|one| one.is_running());
        running.for_each(|one| one.interrupted = true);
    }

    /// Applies what is due.
    pub(super) fn settle_migrations(&mut self, now: EpochMs) {
        for environment in self.environments.values_mut() {
            let mut migrating = std::mem::take(&mut environment.migrating);
            for one in &mut migrating {
                one.settle(environment, now);
            }
            environment.migrating = migrating;
        }
    }
}
