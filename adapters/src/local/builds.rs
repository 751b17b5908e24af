//! Builds: a commit's files in a folder of their own, and the build command run there. `built.json` is written last, so a
//! build is finished or it isn't there.

use std::collections::VecDeque;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use engine::clock::EpochMs;
use engine::model::Limits;
use engine::ports::{BuildKey, BuildRequest, BuildState, PortError, Receipt};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio_util::sync::CancellationToken;

use super::environment::locked;
use super::files::{append_open, blocking, folder_ensure, folder_remove, json_read, json_write};
use super::machine::Machine;
use super::preflight::free_bytes;
use super::process::{Ending, Launch, Process};

/// How many builds run at once; the others wait.
pub(super) const BUILDS_AT_ONCE: usize = 2;
/// How long a build may take.
const BUILD_AT_MOST: Duration = Duration::from_mins(30);
/// How long an ended build may take to go.
const GRACE: Duration = Duration::from_secs(3);
/// The most output that is kept of a build, in bytes.
const LOG_MAX: usize = 4 * 1024 * 1024;
/// The longest line that is kept whole, in bytes.
const LINE_MAX: u64 = 16 * 1024;
/// How much is left out at the end of a longer line, in bytes: as much of a secret may stand there without its end.
const CUT_SECRET_MAX: usize = 4 * 1024;
/// How many last lines a failed build is remembered by.
const TAIL_LINES: usize = 40;
/// Builds let everything else go first.
const NICENESS: u8 = 10;
/// Where common build tools keep themselves; a build may see them, a service not.
const BUILD_INHERITED: [&str; 4] = ["CARGO_HOME", "RUSTUP_HOME", "GOPATH", "JAVA_HOME"];
/// Words with which programs and we say that a disk is full.
const NO_ROOM: [&str; 4] =
    ["No space left on device", "os error 28", "the disk is full", "Disk quota exceeded"];
/// With less free space than this after a build has failed, that is why, in bytes.
const FULL_BELOW: u64 = 4 * 1024 * 1024;
/// The longest key that is used as a folder's name as it is.
const KEY_MAX: usize = 100;

/// A build under way.
pub(super) struct BuildJob {
    last_line: Mutex<String>,
    stop: CancellationToken,
    done: CancellationToken,
}

/// What `built.json` says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Built {
    pub(super) key: BuildKey,
    pub(super) commit: String,
    /// The folder within the repository where commands run.
    path: String,
    pub(super) at_ms: EpochMs,
    state: Outcome,
}

/// How a build came out, as it is written down.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
enum Outcome {
    Done {
        took_ms: i64,
    },
    Failed {
        exit_code: Option<i32>,
        tail: Vec<String>,
        #[serde(default)]
        full: Option<String>,
    },
}

impl Built {
    fn state_now(self) -> BuildState {
        match self.state {
            Outcome::Done { took_ms } => BuildState::Done { took_ms, at_ms: self.at_ms },
            Outcome::Failed { exit_code, tail, full } => BuildState::Failed { exit_code, tail, full },
        }
    }
}

/// How running the command came out.
enum Ran {
    Stopped,
    Ended { ending: Ending, tail: Vec<String> },
}

impl Machine {
    fn build_folder(&self, key: &BuildKey) -> PathBuf {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name =
            if key.0.chars().all(plain) && !key.0.starts_with('.') && (1..=KEY_MAX).contains(&key.0.len()) {
                key.0.clone()
            } else {
                hex::encode(&Sha256::digest(key.0.as_bytes())[..16])
            };
        self.root.join("builds").join(name)
    }

    /// The folder in which a build's commands run, if the build is whole.
    pub(super) fn build_folder_check(&self, key: &BuildKey) -> Result<PathBuf, PortError> {
        let folder = self.build_folder(key);
        let built = json_read::<Built>(&folder.join("built.json"))?;
        let hint = "Deploy again: it is built anew.";
        match built {
            Some(Built { state: Outcome::Done { .. }, path, .. }) => {
                let code = folder.join("code").join(path);
                if code.is_dir() {
                    Ok(code)
                } else {
                    Err(PortError::fail(format!("the built code {} is gone", code.display()), hint))
                }
            }
            _ => Err(PortError::fail(format!("the build {} is not there", key.0), hint)),
        }
    }

    /// How far a build is.
    pub(super) fn build_state(&self, key: &BuildKey) -> Result<BuildState, PortError> {
        if let Some(job) = locked(&self.builds).get(key) {
            return Ok(BuildState::Running { last_line: locked(&job.last_line).clone() });
        }
        let folder = self.build_folder(key);
        Ok(match json_read::<Built>(&folder.join("built.json"))? {
            Some(built) if folder.join("code").is_dir() => built.state_now(),
            _ => BuildState::Absent,
        })
    }

    /// Starts a build unless it is running or done; one that failed is tried again.
    pub(super) fn build_begin(self: &Arc<Self>, request: &BuildRequest) -> Result<Receipt, PortError> {
        self.open_check()?;
        if request.source.path.split('/').any(|part| part == "..") || request.source.path.starts_with('/') {
            let what = format!("`{}` is not a folder inside the repository", request.source.path);
            return Err(PortError::fail(
                what,
                "Give a path relative to the repository's root, without `..`.",
            ));
        }
        let short: String = request.commit.chars().take(10).collect();
        match self.build_state(&request.key)? {
            BuildState::Done { .. } => return Ok(Receipt::new(format!("{short} is built already"))),
            BuildState::Running { .. } => return Ok(Receipt::new(format!("{short} is being built already"))),
            BuildState::Absent | BuildState::Failed { .. } => {}
        }
        folder_ensure(&self.root.join("builds"))?;
        let job = Arc::new(BuildJob {
            last_line: Mutex::new("waiting for its turn".to_owned()),
            stop: CancellationToken::new(),
            done: CancellationToken::new(),
        });
        {
            let mut builds = locked(&self.builds);
            if builds.contains_key(&request.key) {
                return Ok(Receipt::new(format!("{short} is being built already")));
            }
            builds.insert(request.key.clone(), Arc::clone(&job));
        }
        let (machine, request) = (Arc::clone(self), request.clone());
        let receipt = Receipt::new(format!("started to build {short}")).with("build", &request.key.0);
        self.spawn(async move {
            machine.build_run(&request, &job).await;
            // Before anybody is told that it is done, who may then look for what goes.
            machine.builds_prune().await;
            machine.releases_prune().await;
            locked(&machine.builds).remove(&request.key);
            job.done.cancel();
        });
        Ok(receipt)
    }

    /// Ends a running build and waits for its end.
    pub(super) async fn build_end(&self, key: &BuildKey) -> Receipt {
        let job = locked(&self.builds).get(key).cloned();
        match job {
            None => Receipt::new("no such build is running"),
            Some(job) => {
                job.stop.cancel();
                job.done.cancelled().await;
                Receipt::new("ended the build").with("build", &key.0)
            }
        }
    }

    async fn build_run(&self, request: &BuildRequest, job: &BuildJob) {
        let began = Instant::now();
        let Ok(_turn) = self.build_turns.acquire().await else { return };
        let folder = self.build_folder(&request.key);
        let state = match self.build_in(request, job, &folder).await {
            Ok(Ran::Stopped) => None,
            Ok(Ran::Ended { ending, .. }) if ending.code == Some(0) => {
                Some(Outcome::Done { took_ms: began.elapsed().as_millis() as i64 })
            }
            Ok(Ran::Ended { ending, mut tail }) => {
                if ending.code.is_none() {
                    tail.push(ending.how);
                }
                let full = self.full_look(&tail);
                Some(Outcome::Failed { exit_code: ending.code, tail, full })
            }
            Err(error) => {
                let hint =
                    if let PortError::Fail { hint, .. } = &error { hint.clone() } else { String::new() };
                let tail: Vec<String> =
                    [error.to_string(), hint].into_iter().filter(|line| !line.is_empty()).collect();
                let full = self.full_look(&tail);
                Some(Outcome::Failed { exit_code: None, tail, full })
            }
        };
        // What a build that found no room has written is of no use, and everything else needs the room: above all the
        // database, which has to record how the build came out.
        if matches!(state, Some(Outcome::Failed { full: Some(_), .. })) {
            let code = folder.join("code");
            if let Err(error) = blocking(move || folder_remove(&code)).await {
                tracing::warn!(%error, build = request.key.0, "what a failed build wrote stays");
            }
        }
        let finished = match state {
            None => blocking(move || folder_remove(&folder)).await,
            Some(state) => {
                let built = Built {
                    key: request.key.clone(),
                    commit: request.commit.clone(),
                    path: request.source.path.clone(),
                    at_ms: self.clock.now_ms(),
                    state,
                };
                // `code` must exist for a failure to be remembered: without it the build counts as never made.
                let code = folder.join("code");
                match blocking(move || folder_ensure(&code)).await {
                    Ok(()) => json_write(&folder.join("built.json"), &built).await,
                    Err(error) => Err(error),
                }
            }
        };
        if let Err(error) = finished {
            tracing::error!(%error, build = request.key.0, "the outcome of a build could not be written");
        }
    }

    /// What is full, when a build that ended with these lines found no room.
    fn full_look(&self, tail: &[String]) -> Option<String> {
        let free = free_bytes(&self.root)?;
        let said = tail.iter().any(|line| NO_ROOM.iter().any(|words| line.contains(words)));
        (said || free < FULL_BELOW).then(|| {
            let (free, root) = (free / 1024 / 1024, self.root.display());
            format!("the disk is full ({free} MB are free at {root})")
        })
    }

    async fn build_in(
        &self,
        request: &BuildRequest,
        job: &BuildJob,
        folder: &std::path::Path,
    ) -> Result<Ran, PortError> {
        let fresh = folder.to_owned();
        blocking(move || {
            folder_remove(&fresh)?;
            folder_ensure(&fresh)
        })
        .await?;
        "checking out".clone_into(&mut locked(&job.last_line));
        let fetching = |far: &str| *locked(&job.last_line) = format!("fetching the code: {far}");
        let code = folder.join("code");
        tokio::select! {
            () = job.stop.cancelled() => return Ok(Ran::Stopped),
            () = self.closing.cancelled() => return Ok(Ran::Stopped),
            done = self.git.checkout(&request.source, &request.commit, &code, &fetching) => done?,
        }
        let place = code.join(&request.source.path);
        if !place.is_dir() {
            let what = format!("commit {} has no folder `{}`", request.commit, request.source.path);
            return Err(PortError::fail(what, "Check `path` of the service's source."));
        }
        let Some(command) = request.command.clone() else {
            return Ok(Ran::Ended { ending: Ending { code: Some(0), how: String::new() }, tail: Vec::new() });
        };
        let mut log = append_open(&folder.join("build.log"))?;
        let inherited =
            BUILD_INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
        let mut process = Process::start(Launch {
            command,
            folder: place,
            variables: inherited.collect(),
            limits: Limits::default(),
            niceness: NICENESS,
            marker: self.root_id.build(&request.key),
            output: None,
        })?;
        let mut tail = VecDeque::new();
        let ending = {
            let reading = async {
                let output = process.output_take();
                if let Some(output) = output {
                    self.lines_read(BufReader::new(output), &job.last_line, &mut log, &mut tail).await;
                }
                process.wait().await
            };
            tokio::select! {
                () = job.stop.cancelled() => None,
                () = self.closing.cancelled() => None,
                ending = tokio::time::timeout(BUILD_AT_MOST, reading) => Some(ending),
            }
        };
        match ending {
            Some(Ok(ending)) => {
                // Servers that a build tool leaves behind go with it.
                process.end_rest().await;
                Ok(Ran::Ended { ending, tail: tail.into() })
            }
            Some(Err(_)) => {
                process.end(GRACE).await;
                let how = format!(
                    "the build took longer than {} minutes and was ended",
                    BUILD_AT_MOST.as_secs() / 60
                );
                Ok(Ran::Ended { ending: Ending { code: None, how }, tail: tail.into() })
            }
            None => {
                process.end(GRACE).await;
                Ok(Ran::Stopped)
            }
        }
    }

    /// Reads what a process prints until its end: all of it into a log, its last lines and the very last one redacted.
    pub(super) async fn lines_read(
        &self,
        mut output: BufReader<tokio::process::ChildStdout>,
        last_line: &Mutex<String>,
        log: &mut std::fs::File,
        tail: &mut VecDeque<String>,
    ) {
        let mut written = 0;
        let mut line = Vec::new();
        let mut redactor = self.redactor.lines();
        let mut within_line = false;
        loop {
            line.clear();
            match (&mut output).take(LINE_MAX).read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            if written < LOG_MAX {
                written += line.len();
                // The log is a convenience; a full disk makes the build itself fail.
                let _ = log.write_all(&line);
            }
            // Of a longer line, only the beginning is shown: a secret cut in two is not recognised.
            let (continued, whole) = (within_line, line.ends_with(b"\n") || (line.len() as u64) < LINE_MAX);
            within_line = !whole;
            if continued {
                continue;
            }
            let text = String::from_utf8_lossy(&line);
            let mut text = redactor.redact(text.trim_end()).into_owned();
            if !whole {
                text.truncate(text.floor_char_boundary(text.len().saturating_sub(CUT_SECRET_MAX)));
            }
            if !text.is_empty() {
                text.clone_into(&mut locked(last_line));
                if tail.len() == TAIL_LINES {
                    tail.pop_front();
                }
                tail.push_back(text);
            }
        }
    }
}
