//! What continuous integration says of a commit: statuses, which programs set, check runs, which apps and Actions make, and the
//! suites those come in, which say whether more will come. All count, and what is not known passes nothing.

use engine::ports::{CiReport, CiState, PortError};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::PAGE;
use super::commits::is_sha;
use super::{GitHub, Repository};
use crate::http::Call;

/// Pages of each kind that are read; what is behind them makes the whole unknown.
const PAGES_MAX: usize = 10;
/// GitHub's word for what is done.
const DONE: &str = "completed";
/// The app whose checks are GitHub's own workflows.
const ACTIONS: &str = "github-actions";
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
    /// Each, as GitHub lists them: statuses, check runs, then suites that say more than their runs.
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

#[derive(Deserialize)]
struct Suites {
    total_count: usize,
    check_suites: Vec<Suite>,
}

/// The check runs of one app for a commit (<https://docs.github.com/en/rest/checks/suites>).
#[derive(Deserialize)]
struct Suite {
    app: Option<App>,
    status: Option<String>,
    conclusion: Option<String>,
    latest_check_runs_count: u64,
}

#[derive(Deserialize)]
struct App {
    slug: Option<String>,
}

impl Suite {
    /// What it says beyond its runs: that more are to come, or that it ended without any.
    fn check(self) -> Option<Check> {
        let app = self.app.and_then(|app| app.slug).unwrap_or_default();
        let has_runs = self.latest_check_runs_count > 0;
        // Every app that may make checks gets a suite with each push; most never make any. Actions does.
        if !has_runs && app != ACTIONS {
            return None;
        }
        let status = self.status.unwrap_or_else(|| "queued".to_owned());
        if status == DONE && has_runs {
            return None;
        }
        let check = Check::from(Run { name: app, status, conclusion: self.conclusion });
        // One that is done and had nothing to do passed nothing.
        let state = check.state.filter(|state| *state != CiState::Passing);
        Some(Check { state, ..check })
    }
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
            (DONE, Some(conclusion)) => {
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
    /// What continuous integration says of a commit, by its whole hash: of each status and each check run the latest, and whether
    /// apps have more to say. A job that waits for another has no check run before that one is done; its suite is not done then.
    ///
    /// # Errors
    /// [`PortError::Fail`] when the token may not read one of the kinds: half of it passes nothing.
    pub async fn ci(&self, repository: &Repository, sha: &str) -> Result<Ci, PortError> {
        if !is_sha(sha) {
            return Err(PortError::fail(format!("`{sha}` is no whole hash of a commit"), ""));
        }
        let of = |what: &str| Self::call(repository, &["commits", sha, what]);
        let (statuses, cut) =
            self.listed(|| of("status"), |it: Statuses| (it.total_count, it.statuses)).await?;
        let (runs, more) = self
            .listed(|| of("check-runs").query("filter", "latest"), |it: Runs| (it.total_count, it.check_runs))
            .await?;
        let (suites, rest) =
            self.listed(|| of("check-suites"), |it: Suites| (it.total_count, it.check_suites)).await?;
        let mut checks: Vec<Check> = statuses.into_iter().map(Check::from).collect();
        checks.extend(runs.into_iter().map(Check::from));
        let is_pending = checks.iter().any(|check| check.state == Some(CiState::Pending));
        // What is not done is named by what it does, where that is known.
        let says_more = |check: &Check| !(is_pending && check.state == Some(CiState::Pending));
        checks.extend(suites.into_iter().filter_map(Suite::check).filter(says_more));
        Ok(Ci::of(checks, cut || more || rest))
    }

    /// All of a list that comes in pages, and whether there is more than was read.
    async fn listed<P: DeserializeOwned, T>(
        &self,
        call: impl Fn() -> Call,
        of: impl Fn(P) -> (usize, Vec<T>),
    ) -> Result<(Vec<T>, bool), PortError> {
        let mut all = Vec::new();
        for page in 1..=PAGES_MAX {
            let call = call().query("per_page", PAGE.to_string()).query("page", page.to_string());
            let (total, one) = of(self.get(call).await?);
            let is_last = one.is_empty();
            all.extend(one);
            if is_last || all.len() >= total {
                let is_cut = all.len() < total;
                return Ok((all, is_cut));
            }
        }
        Ok((all, true))
    }
}
