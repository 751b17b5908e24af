//! Running git: the same careful environment every time, a time limit, bounded output, and errors in words.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use engine::ports::PortError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// How long a command that only reads the mirror may take.
const LOCAL_AT_MOST: Duration = Duration::from_secs(30);
/// How long a fetch or a checkout may take.
pub(super) const LONG_AT_MOST: Duration = Duration::from_mins(2);
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

/// One call of git, not yet made.
pub(super) struct Git {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
    input: Vec<u8>,
    at_most: Duration,
    verb: String,
    about: String,
}

/// A call of the program that is git with these arguments.
pub(super) fn git(program: &OsStr, arguments: &[&str]) -> Git {
    Git {
        program: program.to_owned(),
        arguments: arguments.iter().map(OsString::from).collect(),
        variables: Vec::new(),
        input: Vec::new(),
        at_most: LOCAL_AT_MOST,
        verb: arguments.first().copied().unwrap_or_default().to_owned(),
        about: String::new(),
    }
}

impl Git {
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

    /// With the time a fetch or checkout gets.
    pub(super) fn long(mut self) -> Self {
        self.at_most = LONG_AT_MOST;
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
        let mut command = Command::new(&self.program);
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
            std::io::ErrorKind::NotFound => PortError::fail(
                "git is not installed, or not on the PATH",
                "Install it (`apt-get install git`, `brew install git`) and try again.",
            ),
            _ => PortError::retry(format!("git could not be started: {cause}")),
        })?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let work = async {
            let feed = async {
                if let Some(mut stdin) = stdin {
                    // A git that ends early closes its input; its exit code tells why.
                    let _ = stdin.write_all(&self.input).await;
                }
            };
            let ((), stdout, stderr) = tokio::join!(feed, read_bounded(stdout), read_bounded(stderr));
            child.wait().await.map(|status| Output { status, stdout, stderr })
        };
        let subject = if self.about.is_empty() { String::new() } else { format!(" for {}", self.about) };
        match tokio::time::timeout(self.at_most, work).await {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(cause)) => Err(PortError::retry(format!("git's outcome could not be read: {cause}"))),
            Err(_) => Err(PortError::retry(format!(
                "git {} took longer than {} s{subject} and was ended",
                self.verb,
                self.at_most.as_secs()
            ))),
        }
    }
}

async fn read_bounded(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // What could be read is used; a broken pipe shows in the exit code.
        let _ = stream.take(OUTPUT_MAX).read_to_end(&mut bytes).await;
    }
    bytes
}

/// A repository as it may be shown: a password in its URL is left out.
pub(super) fn shown(repository: &str) -> String {
    match repository.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('/') {
            Some((host, path)) => {
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                format!("{scheme}://{host}/{path}")
            }
            None => repository.to_owned(),
        },
        None => repository.to_owned(),
    }
}

/// Words with which git says that somebody else could not be reached just now.
const UNREACHABLE: [&str; 8] = [
    "Could not resolve host",
    "Connection refused",
    "Connection reset",
    "Connection timed out",
    "Network is unreachable",
    "Operation timed out",
    "The requested URL returned error: 5",
    "early EOF",
];
/// Words with which git says that we may not read it.
const REFUSED: [&str; 5] = [
    "could not read Username",
    "could not read Password",
    "Authentication failed",
    "Permission denied",
    "Host key verification failed",
];
/// Words with which git says that there is nothing there.
const MISSING: [&str; 4] =
    ["does not appear to be a git repository", "not found", "does not exist", "not a git repository"];

fn explain(about: &str, output: &Output) -> PortError {
    let text = String::from_utf8_lossy(&output.stderr);
    let told = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let says: Vec<String> =
        told.map(|line| line.split(' ').map(shown).collect::<Vec<_>>().join(" ")).take(3).collect();
    let says = says.join("; ");
    let about = if about.is_empty() { "the repository" } else { about };
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["No space left"]) {
        PortError::fail(
            format!("the disk is full, so {about} can't be fetched"),
            "Free some space and try again.",
        )
    } else if has(&UNREACHABLE) {
        PortError::retry(format!("{about} can't be reached: {says}"))
    } else if has(&REFUSED) {
        let hint = "Give this account read access: an ssh key without a passphrase, or a token in the URL.";
        PortError::fail(format!("{about} doesn't let us read it: {says}"), hint)
    } else if has(&MISSING) {
        PortError::fail(
            format!("{about} is not a git repository we can see: {says}"),
            "Check the source's repository.",
        )
    } else {
        PortError::fail(format!("git failed on {about}: {says}"), "")
    }
}

/// A path beside `destination` that nobody else uses.
pub(super) fn beside(destination: &Path, what: &str) -> PathBuf {
    let name = destination.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    destination.with_file_name(format!(".{name}.{what}-{}", uuid::Uuid::new_v4().simple()))
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        assert_eq!(shown("https://ana:hunter2@git.example/a.git"), "https://git.example/a.git");
        assert_eq!(shown("/srv/a.git"), "/srv/a.git");
        assert_eq!(shown("git@host:a.git"), "git@host:a.git");
    }
}
