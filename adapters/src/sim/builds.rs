//! Builds: started once, done when the clock says so.

use std::collections::BTreeMap;

use engine::clock::EpochMs;
use engine::ports::{BuildKey, BuildRequest, BuildState};

use super::Building;

/// The exit code of a build that fails.
const FAILED_EXIT: i32 = 1;

/// All builds, by key.
#[derive(Debug, Default)]
pub(super) struct Builds(BTreeMap<BuildKey, Build>);

#[derive(Debug)]
struct Build {
    commit: String,
    command: Option<String>,
    started_ms: EpochMs,
    outcome: Building,
    /// Stays true once it is, whatever the clock does then.
    done: bool,
}

impl Builds {
    pub(super) fn settle(&mut self, now: EpochMs) {
        for build in self.0.values_mut() {
            if let Building::Ok { took_ms } = build.outcome {
                build.done |= now.saturating_sub(build.started_ms) >= took_ms;
            }
        }
    }

    pub(super) fn look(&self, key: &BuildKey) -> BuildState {
        match self.0.get(key) {
            None => BuildState::Absent,
            Some(Build { outcome: Building::Fails { tail }, .. }) => {
                BuildState::Failed { exit_code: Some(FAILED_EXIT), tail: tail.clone(), full: None }
            }
            Some(Build { outcome: Building::Ok { took_ms }, done: true, started_ms, .. }) => {
                BuildState::Done { took_ms: *took_ms, at_ms: started_ms.saturating_add(*took_ms) }
            }
            Some(build) => BuildState::Running {
                last_line: build
                    .command
                    .as_ref()
                    .map_or_else(|| "checking out".to_owned(), |line| format!("$ {line}")),
            },
        }
    }

    /// Starts it, unless it runs or is done; says whether it did.
    pub(super) fn start(&mut self, request: &BuildRequest, outcome: Building, now: EpochMs) -> bool {
        if matches!(self.look(&request.key), BuildState::Running { .. } | BuildState::Done { .. }) {
            return false;
        }
        let build = Build {
            commit: request.commit.clone(),
            command: request.command.clone(),
            started_ms: now,
            outcome,
            done: false,
        };
        self.0.insert(request.key.clone(), build);
        self.settle(now);
        true
    }

    /// Ends it if it runs; says whether it did.
    pub(super) fn stop(&mut self, key: &BuildKey) -> bool {
        matches!(self.look(key), BuildState::Running { .. }) && self.lose(key)
    }

    /// Puts a finished build there.
    pub(super) fn seed(&mut self, key: BuildKey, commit: String, now: EpochMs) {
        let outcome = Building::default();
        self.0.insert(key, Build { commit, command: None, started_ms: now, outcome, done: true });
    }

    /// Takes it away, whatever its state; says whether it was there.
    pub(super) fn lose(&mut self, key: &BuildKey) -> bool {
        self.0.remove(key).is_some()
    }

    pub(super) fn commit_of(&self, key: &BuildKey) -> Option<&str> {
        self.0.get(key).map(|build| build.commit.as_str())
    }
}
