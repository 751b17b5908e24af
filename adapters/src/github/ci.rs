//! What continuous integration says of a commit: statuses, which programs set, and check runs, which apps and Actions make. Both
//! count, and what is not known passes nothing.

use engine::ports::{CiReport, CiState, PortError};
use serde::Deserialize;

use super::client::PAGE;
use super::commits::is_sha;
use super::{GitHub, Repository};

/// Pages of each kind that are read; what is behind them makes the whole unknown.
const PAGES_MAX: usize = 10;
/// Checks that are named in a sentence; the others are counted.
const NAMED_MAX: usize = 5;
/// What is shown of a name.
const NAME_CHARS_MAX: usize = 60;

/// One status or check run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name: `ci/build`.
    pub name: String,
    /// What it says; absent when it was left out (`skipped`, `neutral`) and counts neither way.
    pub state: Option<CiState>,
    /// GitHub's word for it.
    pub word: String,
}

/// What continuous integration says of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ci {
    /// All of it in one word.
    pub state: CiState,
    /// Each, as GitHub lists them: statuses, then check runs.
    pub checks: Vec<Check>,
    /// Whether there are more than were read.
    pub is_cut: bool,
}

impl Ci {
    fn of(checks: Vec<Check>, is_cut: bool) -> Self {
        let worst = checks.iter().filter_map(|check| check.state).min();
        // Nothing that was checked is nothing that passed.
        let state = match worst {
            None => CiState::Unknown,
            Some(state) if is_cut => state.min(CiState::Unknown),
            Some(state) => state,
        };
        Self { state, checks, is_cut }
    }

    /// For whoever decides whether a release may go out of it.
    pub fn report(&self) -> CiReport {
        CiReport { state: self.state, says: self.says() }
    }

    /// In a sentence, with the names of what holds it up.
    pub fn says(&self) -> String {
        let named = |state: CiState| {
            let those = self.checks.iter().filter(|check| check.state == Some(state));
            let names = those.clone().take(NAMED_MAX).map(|it| format!("{} ({})", plain(&it.name), it.word));
            let names = names.collect::<Vec<_>>().join(", ");
            match those.count().saturating_sub(NAMED_MAX) {
                0 => names,
                more => format!("{names} and {more} more"),
            }
        };
        match self.state {
            CiState::Unknown if self.is_cut => "unknown: there are more checks than were read".to_owned(),
            CiState::Unknown if named(CiState::Unknown).is_empty() => {
                "unknown: nothing was checked".to_owned()
            }
            CiState::Passing => {
                let passed = self.checks.iter().filter(|check| check.state.is_some()).count();
                format!("passing, {passed} {}", if passed == 1 { "check" } else { "checks" })
            }
            state => format!("{state}: {}", named(state)),
        }
    }
}

/// A name somebody gave, in one line that is not too long.
fn plain(name: &str) -> String {
    let mut plain: String =
        name.chars().take(NAME_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if name.chars().nth(NAME_CHARS_MAX).is_some() {
        plain.push('…');
    }
    plain
}

#[derive(Deserialize)]
struct Statuses {
    total_count: usize,
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    context: String,
    state: String,
}

#[derive(Deserialize)]
struct Runs {
    total_count: usize,
    check_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    name: String,
    status: String,
    conclusion: Option<String>,
}

impl From<Status> for Check {
    fn from(status: Status) -> Self {
        let state = match status.state.as_str() {
            "success" => CiState::Passing,
            "pending" => CiState::Pending,
            "failure" | "error" => CiState::Failing,
            _ => CiState::Unknown,
        };
        Self { name: status.context, state: Some(state), word: status.state }
    }
}

impl From<Run> for Check {
    fn from(run: Run) -> Self {
        let (word, state) = match (run.status.as_str(), run.conclusion) {
            ("completed", Some(conclusion)) => {
                let state = match conclusion.as_str() {
                    "success" => Some(CiState::Passing),
                    "neutral" | "skipped" => None,
                    "failure" | "cancelled" | "timed_out" | "action_required" | "startup_failure"
                    | "stale" => Some(CiState::Failing),
                    _ => Some(CiState::Unknown),
                };
                (conclusion, state)
            }
            ("queued" | "in_progress" | "waiting" | "requested" | "pending", _) => {
                (run.status, Some(CiState::Pending))
            }
            _ => (run.status, Some(CiState::Unknown)),
        };
        Self { name: run.name, state, word }
    }
}

impl GitHub {
    /// What continuous integration says of a commit, by its whole hash: of each status and each check run the latest.
    ///
    /// # Errors
    /// [`PortError::Fail`] when the token may not read one of the two kinds: half of it passes nothing.
    pub async fn ci(&self, repository: &Repository, sha: &str) -> Result<Ci, PortError> {
        if !is_sha(sha) {
            return Err(PortError::fail(format!("`{sha}` is no whole hash of a commit"), ""));
        }
        let mut checks: Vec<Check> = Vec::new();
        let mut is_cut = false;
        let mut read = 0;
        for page in 1..=PAGES_MAX {
            let call = Self::call(repository, &["commits", sha, "status"]);
            let call = call.query("per_page", PAGE.to_string()).query("page", page.to_string());
            let Statuses { total_count, statuses } = self.get(call).await?;
            let is_empty = statuses.is_empty();
            read += statuses.len();
            checks.extend(statuses.into_iter().map(Check::from));
            is_cut = read < total_count;
            if is_empty || !is_cut {
                break;
            }
        }
        let (mut read, mut is_cut_too) = (0, false);
        for page in 1..=PAGES_MAX {
            let call = Self::call(repository, &["commits", sha, "check-runs"]).query("filter", "latest");
            let call = call.query("per_page", PAGE.to_string()).query("page", page.to_string());
            let Runs { total_count, check_runs } = self.get(call).await?;
            let is_empty = check_runs.is_empty();
            read += check_runs.len();
            checks.extend(check_runs.into_iter().map(Check::from));
            is_cut_too = read < total_count;
            if is_empty || !is_cut_too {
                break;
            }
        }
        Ok(Ci::of(checks, is_cut || is_cut_too))
    }
}
