//! One process group: started in a clean environment under limits, watched, ended whole. Groups of their own outlive us,
//! so a deploy survives the death of the program that made it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use engine::model::Limits;
use engine::ports::PortError;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process, kill_process_group,
    test_kill_process_group, waitid,
};
use sysinfo::{ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};
use tokio::process::{Child, ChildStdout, Command};

use super::files::explain;
use super::marker::MARKER;

/// How often a process that is not our child is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often a child is looked at even when the system says of none that it has ended.
const LOOK_AT_LEAST_EVERY: Duration = Duration::from_secs(1);
/// Open files of one process, unless its limits say otherwise.
const OPEN_FILES: u32 = 4_096;
/// The system's two ways to compute a start time may differ by this much, in seconds.
const START_TIME_SLACK_S: u64 = 2;
/// Variables of ours that every process gets.
const INHERITED: [&str; 5] = ["PATH", "HOME", "LANG", "TMPDIR", "TZ"];
/// Sets limits, then becomes the command. A limit above what the machine allows is left at what it allows.
const WRAPPER: &str = r#"exec 2>&1
ulimit -c 0
ulimit -n "$1" 2>/dev/null || true
if [ "$2" -gt 0 ]; then ulimit -v "$2" || exit 125; fi
exec nice -n "$3" sh -c "$4""#;

/// What to start.
pub(super) struct Launch {
    pub(super) command: String,
    pub(super) folder: PathBuf,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) limits: Limits,
    /// How much others go first, 0 to 19.
    pub(super) niceness: u8,
    pub(super) marker: String,
    /// Where its output goes; piped to us when absent.
    pub(super) output: Option<File>,
}

/// A process group of ours.
pub(super) enum Process {
    /// Started by this program.
    Child { child: Child, pid: i32 },
    /// Started by an earlier one.
    Adopted { pid: i32, started_s: u64, marker: String },
}

impl Process {
    /// Starts it.
    pub(super) fn start(launch: Launch) -> Result<Self, PortError> {
        if !launch.folder.is_dir() {
            let what = format!("the built code {} is gone", launch.folder.display());
            return Err(PortError::fail(what, "Deploy again: it is built anew."));
        }
        let open_files = launch.limits.open_files.unwrap_or(OPEN_FILES).to_string();
        let memory_kb = launch.limits.memory_mb.map_or(0, |mb| u64::from(mb) * 1024).to_string();
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                WRAPPER,
                "sh",
                &open_files,
                &memory_kb,
                &launch.niceness.to_string(),
                &launch.command,
            ])
            .current_dir(&launch.folder)
            .env_clear()
            .envs(INHERITED.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))))
            .envs(&launch.variables)
            .env(MARKER, &launch.marker)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        match launch.output {
            Some(file) => {
                let copy =
                    file.try_clone().map_err(|cause| explain("write the log in", &launch.folder, &cause))?;
                command.stdout(file).stderr(copy);
            }
            None => {
                command.stdout(Stdio::piped());
            }
        }
        let child = command.spawn().map_err(|cause| explain("start a process in", &launch.folder, &cause))?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
        Ok(Self::Child { child, pid })
    }

    /// Its id, which is its group's too.
    pub(super) fn pid(&self) -> i32 {
        match self {
            Self::Child { pid, .. } | Self::Adopted { pid, .. } => *pid,
        }
    }

    /// Its piped output, once.
    pub(super) fn output_take(&mut self) -> Option<ChildStdout> {
        match self {
            Self::Child { child, .. } => child.stdout.take(),
            Self::Adopted { .. } => None,
        }
    }

    /// Waits for the end of its leader. May be dropped and called again. Of a child, the entry stays until this is dropped:
    /// ids are given out anew within seconds on a busy machine, and until then its own can't be.
    pub(super) async fn wait(&mut self) -> Ending {
        match self {
            Self::Child { pid, .. } => match ended(*pid).await {
                Ok(status) => Ending::of(&status),
                Err(cause) => Ending { code: None, how: format!("its end could not be read: {cause}") },
            },
            Self::Adopted { pid, started_s, .. } => {
                while is_alive(*pid, *started_s) {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                let how = "ended; how is not known, as an earlier infra-chat started it".to_owned();
                Ending { code: None, how }
            }
        }
    }

    /// Asks the group to end, and after `grace` ends what is left of it.
    pub(super) async fn end(mut self, grace: Duration) -> Ending {
        self.signal(Signal::TERM).await;
        let all_gone = async {
            let ending = self.wait().await;
            // A shell in front ends at once; what it started gets the same grace.
            while self.group_is_alive().await {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            ending
        };
        let ended = tokio::time::timeout(grace, all_gone).await;
        self.signal(Signal::KILL).await;
        match ended {
            Ok(ending) => ending,
            Err(_) => self.wait().await,
        }
    }

    /// Ends at once what its leader left behind in its group: it would hold ports and files.
    pub(super) async fn end_rest(&self) {
        self.signal(Signal::KILL).await;
    }

    /// Signals the whole group, and nobody else. One that is already gone is fine.
    async fn signal(&self, what: Signal) {
        match self {
            Self::Child { pid, .. } => signal_group(*pid, what),
            Self::Adopted { pid, started_s, .. } if is_alive(*pid, *started_s) => signal_group(*pid, what),
            // Its id may be another group's by now.
            Self::Adopted { pid, marker, .. } => {
                for left in marked_in(*pid, marker).await {
                    signal_one(left, what);
                }
            }
        }
    }

    /// Whether anybody in the group is still running.
    async fn group_is_alive(&self) -> bool {
        match self {
            Self::Child { pid, .. } => group_is_alive(*pid).await,
            Self::Adopted { pid, started_s, marker } => {
                is_alive(*pid, *started_s) || !marked_in(*pid, marker).await.is_empty()
            }
        }
    }
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) code: Option<i32>,
    /// In words: `exit code 3`, `ended by signal 9`.
    pub(super) how: String,
}

impl Ending {
    fn of(status: &WaitIdStatus) -> Self {
        let code = status.exit_status();
        let how = match (code, status.terminating_signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("ended by signal {signal}"),
            (None, None) => "ended".to_owned(),
        };
        Self { code, how }
    }
}

/// Waits for a child's end without collecting it.
async fn ended(pid: i32) -> std::io::Result<WaitIdStatus> {
    // Before the first look, so that no end comes in between.
    let mut children = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::child())?;
    let pid = Pid::from_raw(pid).ok_or(std::io::ErrorKind::NotFound)?;
    loop {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if let Some(status) = waitid(WaitId::Pid(pid), options)? {
            return Ok(status);
        }
        // Whether it was told or time passed: it is looked at again.
        let _told = tokio::time::timeout(LOOK_AT_LEAST_EVERY, children.recv()).await;
    }
}

/// Those of a group that carry a marker.
async fn marked_in(group: i32, marker: &str) -> Vec<i32> {
    let marker = marker.to_owned();
    let look = move || {
        let found = marked(|other| other == marker).into_iter().map(|process| process.pid);
        found.filter(|pid| group_of(*pid) == Some(group)).collect()
    };
    tokio::task::spawn_blocking(look).await.unwrap_or_default()
}

fn signal_group(group: i32, what: Signal) {
    if let Some(group) = Pid::from_raw(group).filter(|_| group > 1) {
        let _ = kill_process_group(group, what);
    }
}

/// Whether anybody in a group is still running; entries of the dead that nobody has collected don't count.
async fn group_is_alive(group: i32) -> bool {
    let Some(group) = Pid::from_raw(group).filter(|_| group > 1) else { return false };
    if test_kill_process_group(group).is_err() {
        return false;
    }
    let look = move || {
        let mut system = System::new();
        let what = ProcessRefreshKind::nothing().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
        system.processes().values().any(|process| {
            let pid = i32::try_from(process.pid().as_u32()).ok();
            !is_dead(process.status()) && pid.and_then(group_of) == Some(group.as_raw_pid())
        })
    };
    tokio::task::spawn_blocking(look).await.unwrap_or(false)
}

/// The group of a process; none when it is gone. Read from /proc where there is one: the kernel's own threads have group
/// 0, which the system call's wrapper takes for impossible.
#[cfg(target_os = "linux")]
fn group_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // `pid (name) state parent group …`, and the name may hold anything, brackets too.
    let (_, behind_name) = stat.rsplit_once(')')?;
    behind_name.split_whitespace().nth(2)?.parse().ok()
}

/// The group of a process; none when it is gone.
#[cfg(not(target_os = "linux"))]
fn group_of(pid: i32) -> Option<i32> {
    rustix::process::getpgid(Pid::from_raw(pid)).ok().map(Pid::as_raw_pid)
}

fn is_dead(status: ProcessStatus) -> bool {
    matches!(status, ProcessStatus::Zombie | ProcessStatus::Dead)
}

/// Ends single processes at once; those already gone are fine.
pub(super) fn kill(pid: i32) {
    signal_one(pid, Signal::KILL);
}

fn signal_one(pid: i32, what: Signal) {
    if let Some(pid) = Pid::from_raw(pid).filter(|_| pid > 1) {
        let _ = kill_process(pid, what);
    }
}

/// When a process was started, in seconds since the epoch; nothing when it isn't there or only its entry is.
pub(super) fn started_s(pid: i32) -> Option<u64> {
    let pid = sysinfo::Pid::from_u32(u32::try_from(pid).ok()?);
    let mut system = System::new();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, ProcessRefreshKind::nothing());
    let process = system.process(pid)?;
    (!is_dead(process.status())).then(|| process.start_time())
}

/// Whether the process of that id is still the one started then.
pub(super) fn is_alive(pid: i32, then_s: u64) -> bool {
    started_s(pid).is_some_and(|now_s| now_s.abs_diff(then_s) <= START_TIME_SLACK_S)
}

/// A process that carries a marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) pid: i32,
    /// It leads its group: the one to adopt or to end.
    pub(super) leads: bool,
    pub(super) started_s: u64,
    pub(super) marker: String,
    pub(super) port: Option<u16>,
    /// As its note says it was when it was last asked: how many milliseconds it took to say that it is healthy.
    pub(super) healthy_ms: Option<u32>,
}

/// All processes of this machine whose marker `wanted` accepts.
pub(super) fn marked(wanted: impl Fn(&str) -> bool) -> Vec<Found> {
    let mut system = System::new();
    let what = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always).without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
    let mut found = Vec::new();
    for process in system.processes().values() {
        let variable = |name: &str| {
            let value = process.environ().iter().filter_map(|entry| entry.to_str());
            value
                .filter_map(|entry| entry.split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
        };
        let dead = is_dead(process.status());
        let Some(marker) = variable(MARKER).filter(|marker| !dead && wanted(marker)) else { continue };
        let Ok(pid) = i32::try_from(process.pid().as_u32()) else { continue };
        let port = variable("PORT").and_then(|port| port.parse().ok());
        found.push(Found {
            pid,
            leads: group_of(pid) == Some(pid),
            started_s: process.start_time(),
            marker,
            port,
            healthy_ms: None,
        });
    }
    found.sort_by_key(|process| process.pid);
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn started(command: &str, marker: &str) -> Process {
        let launch = Launch {
            command: command.to_owned(),
            folder: std::env::temp_dir(),
            variables: BTreeMap::new(),
            limits: Limits::default(),
            niceness: 0,
            marker: marker.to_owned(),
            output: None,
        };
        Process::start(launch).unwrap()
    }

    #[tokio::test]
    async fn the_id_of_a_child_is_nobody_elses_until_all_is_done_with_it() {
        let mut process = started("exit 3", "test:id");
        assert_eq!(process.wait().await, Ending { code: Some(3), how: "exit code 3".to_owned() });
        let group = Pid::from_raw(process.pid()).unwrap();
        assert!(test_kill_process_group(group).is_ok(), "its entry is there");
        assert_eq!(process.wait().await.code, Some(3), "and can be asked again");
        drop(process);
        assert!(test_kill_process_group(group).is_err(), "it is collected");
    }

    #[tokio::test]
    async fn a_group_that_was_given_the_id_of_one_that_is_gone_is_left_alone() {
        let mut theirs = started("exec sleep 100", "test:theirs");
        let gone = Process::Adopted { pid: theirs.pid(), started_s: 1, marker: "test:ours".to_owned() };
        let ending = tokio::time::timeout(Duration::from_mins(1), gone.end(Duration::from_mins(10))).await;
        assert!(ending.is_ok(), "it is not waited for");
        let unharmed = tokio::time::timeout(Duration::from_millis(300), theirs.wait()).await;
        assert!(unharmed.is_err(), "{unharmed:?}");
        assert_eq!(theirs.end(Duration::from_secs(10)).await.how, "ended by signal 15");
    }
}
