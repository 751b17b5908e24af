//! Batches of jobs: the job's command once, in the release of its service, its output read whole and its errors kept in the service's
//! log. One batch of a job at a time: one whose answer nobody waits for any more is ended before the next begins.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::backfill::output_max;
use engine::model::EnvironmentKey;
use engine::ports::{JobCall, JobEnded, PortError};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;

use super::environment::{Environment, locked};
use super::files::{blocking, folder_ensure};
use super::machine::Machine;
use super::process::{Launch, Process};

/// How long a batch may take.
const BATCH_AT_MOST: Duration = Duration::from_mins(10);
/// How long one that is ended may take to go.
const GRACE: Duration = Duration::from_secs(5);
/// The end of a log that its last line is looked for in, in bytes.
const TAIL: u64 = 16 * 1024;
/// The most of a last line that is told, in characters.
const LINE_TOLD: usize = 200;

/// How a batch came to its end.
enum End {
    Itself { well: bool, how: String, output: Vec<u8> },
    Endless,
    Late,
    NotWanted,
}

impl Machine {
    /// Runs a batch and waits for its end.
    pub(super) async fn batch_run(
        self: &Arc<Self>,
        key: &EnvironmentKey,
        call: &JobCall,
        dry_run: bool,
    ) -> Result<JobEnded, PortError> {
        self.open_check()?;
        let environment = self.environment(key).ok_or_else(|| {
            PortError::fail(format!("{key} does not run on this machine"), "Deploy it first.")
        })?;
        let turn = {
            let mut turns = locked(&self.batch_turns);
            Arc::clone(turns.entry((key.clone(), call.job.clone())).or_default())
        };
        let unwanted = CancellationToken::new();
        // Whoever waited for the answer may be gone before it comes.
        let _waiting = unwanted.clone().drop_guard();
        let (machine, call) = (Arc::clone(self), call.clone());
        let batch = self.spawn(async move {
            let _turn = turn.lock().await;
            machine.batch_process(&environment, &call, dry_run, &unwanted).await
        });
        match batch.await {
            Ok(Some(ended)) => ended,
            Ok(None) | Err(_) => Err(PortError::unknown("the platform went away while the batch ran")),
        }
    }

    async fn batch_process(
        &self,
        environment: &Environment,
        call: &JobCall,
        dry_run: bool,
        unwanted: &CancellationToken,
    ) -> Result<JobEnded, PortError> {
        let log = environment.log_path(&call.service, call.release, "job");
        folder_ensure(log.parent().unwrap_or(Path::new(".")))?;
        let logged = std::fs::metadata(&log).map_or(0, |meta| meta.len());
        let command = format!("{{\n{}\n}} 2>>'{}'", call.command_line(dry_run), quoted(&log));
        let mut process = Process::start(Launch {
            command,
            folder: self.build_folder_check(&call.build)?,
            variables: self.variables(environment, &call.service, call.release).await?,
            limits: call.limits.clone(),
            niceness: 0,
            marker: self.root_id.job(&environment.key, &call.service),
            output: None,
        })?;
        let most = output_max(call.batch);
        let output = process.output_take();
        let run = async {
            let mut printed = Vec::new();
            if let Some(output) = output {
                // One whose output breaks off is judged by how it ends, and by what is missing then.
                let _read = output.take(most as u64 + 1).read_to_end(&mut printed).await;
            }
            if printed.len() > most {
                return End::Endless;
            }
            let ending = process.wait().await;
            End::Itself { well: ending.code == Some(0), how: ending.how, output: printed }
        };
        let end = tokio::select! {
            end = run => end,
            () = tokio::time::sleep(BATCH_AT_MOST) => End::Late,
            () = unwanted.cancelled() => End::NotWanted,
            () = self.closing.cancelled() => End::NotWanted,
        };
        let (endless, well, how, output) = match end {
            End::Itself { well, how, output } => {
                process.end_rest().await;
                (false, well, how, output)
            }
            End::Endless => (true, false, process.end(GRACE).await.how, Vec::new()),
            End::Late => {
                process.end(GRACE).await;
                let how = format!("no answer within {} minutes", BATCH_AT_MOST.as_secs() / 60);
                (false, false, how, Vec::new())
            }
            End::NotWanted => {
                process.end(GRACE).await;
                return Err(PortError::unknown("the batch was ended because nobody waited for it any more"));
            }
        };
        let last = blocking(move || Ok(last_line(&log, logged))).await?;
        let last_line: String = self.redactor.redact(&last).chars().take(LINE_TOLD).collect();
        let output = String::from_utf8_lossy(&output).into_owned();
        Ok(JobEnded { output, endless, well, how, last_line })
    }
}

/// A path within single quotes.
fn quoted(path: &Path) -> String {
    path.to_string_lossy().replace('\'', r"'\''")
}

/// The last line that was written behind a place in a log; empty when none was. One that was moved away meanwhile is begun anew.
fn last_line(log: &PathBuf, behind: u64) -> String {
    let Ok(mut file) = std::fs::File::open(log) else { return String::new() };
    let length = file.metadata().map_or(0, |meta| meta.len());
    let behind = if length < behind { 0 } else { behind };
    let mut tail = Vec::new();
    let begin = behind.max(length.saturating_sub(TAIL));
    if file.seek(SeekFrom::Start(begin)).and_then(|_| file.take(TAIL).read_to_end(&mut tail)).is_err() {
        return String::new();
    }
    let tail = String::from_utf8_lossy(&tail);
    tail.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().to_owned()
}
