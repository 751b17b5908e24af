//! Running git: the same careful environment every time, a time limit, bounded output, and errors in words.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engine::ports::PortError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::Instant;

use super::login::{Login, WRAPPER};
use super::words::{Said, explain, shown, tidied};

/// How long a command that only reads the mirror may take.
const LOCAL_AT_MOST: Duration = Duration::from_secs(30);
/// How long a checkout of a large repository may take: git says nothing while it writes files.
const CHECKOUT_AT_MOST: Duration = Duration::from_mins(15);
/// How long a command that talks to another machine may say nothing.
const IDLE_AT_MOST: Duration = Duration::from_mins(2);
/// How long it may take while it makes progress: the first fetch of a large repository over a slow line.
const FETCH_AT_MOST: Duration = Duration::from_hours(3);
/// The most of what git says on the way that is kept, in bytes: progress is one line written over and over.
const WORDS_MAX: usize = 64 * 1024;
/// The most output that is read from one command, in bytes.
const OUTPUT_MAX: u64 = 64 * 1024 * 1024;
/// Variables of ours that git may see; everything else (`GIT_DIR` of a hook we run under, above all) is left out.
const INHERITED: [&str; 10] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
];

/// Told how far git is, in its words: `Receiving objects: 42% (420/1000)`.
pub(crate) type Progress<'p> = &'p (dyn Fn(&str) + Send + Sync);

/// How long commands may take that talk to another machine.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long they may say nothing at all.
    pub idle: Duration,
    /// How long they may take, whatever they say.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { idle: IDLE_AT_MOST, whole: FETCH_AT_MOST }
    }
}

/// One call of git, not yet made.
pub(super) struct Git<'p> {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
    input: Vec<u8>,
    patience: Patience,
    login: Option<Login>,
    progress: Option<Progress<'p>>,
    verb: String,
    about: String,
}

/// A call of the program that is git with these arguments.
pub(super) fn git<'p>(program: &OsStr, arguments: &[&str]) -> Git<'p> {
    Git {
        program: program.to_owned(),
        arguments: arguments.iter().map(OsString::from).collect(),
        variables: Vec::new(),
        input: Vec::new(),
        patience: Patience { idle: LOCAL_AT_MOST, whole: LOCAL_AT_MOST },
        login: None,
        progress: None,
        verb: arguments.first().copied().unwrap_or_default().to_owned(),
        about: String::new(),
    }
}

impl<'p> Git<'p> {
    /// Against a bare repository.
    pub(super) fn in_repository(mut self, folder: &Path) -> Self {
        self.arguments.splice(0..0, [OsString::from("--git-dir"), folder.into()]);
        self
    }

    /// With a folder for files to be written to.
    pub(super) fn into_folder(mut self, folder: &Path) -> Self {
        self.arguments.splice(0..0, ["-c", "core.bare=false", "--work-tree"].map(OsString::from));
        self.arguments.insert(3, folder.into());
        self
    }

    /// With one more environment variable.
    pub(super) fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// With something to read.
    pub(super) fn input(mut self, bytes: Vec<u8>) -> Self {
        self.input = bytes;
        self
    }

    /// With the time a checkout gets.
    pub(super) fn checking_out(mut self) -> Self {
        self.patience = Patience { idle: CHECKOUT_AT_MOST, whole: CHECKOUT_AT_MOST };
        self
    }

    /// Talks to another machine: with as much time as it makes progress, and a login if there is one.
    pub(super) fn far(mut self, patience: Patience, login: Option<Login>) -> Self {
        self.patience = patience;
        if let Some(login) = &login {
            self.arguments.splice(0..0, ["-c".into(), login.setting().into()]);
            self.input = login.fed();
        }
        self.login = login;
        self
    }

    /// Tells how far it is.
    pub(super) fn telling(mut self, progress: Progress<'p>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Says in errors which repository it is about.
    pub(super) fn about(mut self, repository: &str) -> Self {
        self.about = shown(repository);
        self
    }

    /// Its output, if it succeeded.
    pub(super) async fn run(self) -> Result<String, PortError> {
        self.run_bytes().await.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Its output as bytes, if it succeeded.
    pub(super) async fn run_bytes(self) -> Result<Vec<u8>, PortError> {
        let about = self.about.clone();
        let output = self.output().await?;
        if output.status.success() { Ok(output.stdout) } else { Err(explain(&about, &output)) }
    }

    /// Its output if it succeeded, nothing if it ended with an error: for questions whose answer may be no.
    pub(super) async fn succeeds(self) -> Result<Option<String>, PortError> {
        let output = self.output().await?;
        Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
    }

    async fn output(self) -> Result<Output, PortError> {
        let mut command = if self.login.is_some() {
            let mut command = Command::new("sh");
            command.args(["-c", WRAPPER, "sh"]).arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        command.args(&self.arguments).env_clear();
        command.envs(INHERITED.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))));
        command
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "true")
            .env("SSH_ASKPASS", "true")
            .env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .envs(self.variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => missing(),
            _ => PortError::retry(format!("git could not be started: {cause}")),
        })?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let heard = Heard { last: Mutex::new(Instant::now()), progress: self.progress };
        let work = async {
            let feed = async {
                if let Some(mut stdin) = stdin {
                    // A git that ends early closes its input; its exit code tells why.
                    let _ = stdin.write_all(&self.input).await;
                }
            };
            let ((), stdout, stderr) = tokio::join!(feed, read_bounded(stdout, &heard), heard.read(stderr));
            child.wait().await.map(|status| Output { status, stdout, stderr })
        };
        let subject = if self.about.is_empty() { String::new() } else { format!(" for {}", self.about) };
        let (verb, idle, whole) = (&self.verb, self.patience.idle, self.patience.whole);
        tokio::select! {
            biased;
            done = work => match done {
                // The shell in front says with this that there is no such program.
                Ok(output) if self.login.is_some() && output.status.code() == Some(127) => Err(missing()),
                Ok(output) => Ok(output),
                Err(cause) => Err(PortError::retry(format!("git's outcome could not be read: {cause}"))),
            },
            () = heard.silent_for(idle) => Err(PortError::retry(format!(
                "git {verb}{subject} made no progress for {} s and was ended",
                idle.as_secs()
            ))),
            () = tokio::time::sleep(whole) => Err(PortError::retry(format!(
                "git {verb}{subject} took longer than {} s and was ended",
                whole.as_secs()
            ))),
        }
    }
}

fn missing() -> PortError {
    PortError::fail(
        "git is not installed, or not on the PATH",
        "Install it (`apt-get install git`, `brew install git`) and try again.",
    )
}

/// Listens to what a git says, and knows when it last did.
struct Heard<'p> {
    last: Mutex<Instant>,
    progress: Option<Progress<'p>>,
}

impl Heard<'_> {
    fn now(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Comes back once nothing was heard for so long.
    async fn silent_for(&self, idle: Duration) {
        loop {
            let due = *self.last.lock().unwrap_or_else(PoisonError::into_inner) + idle;
            if due <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(due).await;
        }
    }

    /// What git says on standard error, without the progress, which is passed on.
    async fn read(&self, stream: Option<impl tokio::io::AsyncRead + Unpin>) -> Vec<u8> {
        let (mut words, mut line, mut chunk) = (Vec::new(), Vec::new(), vec![0; 4096]);
        let Some(mut stream) = stream else { return words };
        // What could be read is used; a broken pipe shows in the exit code.
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            self.now();
            for byte in &chunk[..read] {
                line.push(*byte);
                if matches!(byte, b'\r' | b'\n') || line.len() == chunk.len() {
                    self.line(&mut words, &line);
                    line.clear();
                }
            }
        }
        self.line(&mut words, &line);
        words
    }

    fn line(&self, words: &mut Vec<u8>, line: &[u8]) {
        match tidied(&String::from_utf8_lossy(line)) {
            Said::Progress(far) => {
                if let Some(progress) = self.progress {
                    progress(far);
                }
            }
            Said::Word if words.len() < WORDS_MAX => words.extend_from_slice(line),
            Said::Word => {}
        }
    }
}

async fn read_bounded(stream: Option<impl tokio::io::AsyncRead + Unpin>, heard: &Heard<'_>) -> Vec<u8> {
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; 16 * 1024]);
    let Some(mut stream) = stream.map(|stream| stream.take(OUTPUT_MAX)) else { return bytes };
    // What could be read is used; a broken pipe shows in the exit code.
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        heard.now();
        bytes.extend_from_slice(&chunk[..read]);
    }
    bytes
}

/// A path beside `destination` that nobody else uses.
pub(super) fn beside(destination: &Path, what: &str) -> PathBuf {
    let name = destination.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    destination.with_file_name(format!(".{name}.{what}-{}", uuid::Uuid::new_v4().simple()))
}
