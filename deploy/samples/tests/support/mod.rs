//! Building, starting and asking one release of the sample, for the tests.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(unreachable_pub, reason = "a module of several test programs")]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// One release, checked out into a folder of its own, with a database and a cache beside it.
pub struct Release {
    tag: String,
    commit: String,
    home: TempDir,
}

impl Release {
    pub fn check_out(tag: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let sample = samples::materialise(&home.path().join("sample")).unwrap();
        let release = Self { tag: tag.to_owned(), commit: sample.tags[tag].clone(), home };
        let clone = ["clone", "--quiet", "--branch", tag, sample.repository.to_str().unwrap()];
        let advice = ["-c", "advice.detachedHead=false"];
        succeed(Command::new("git").args(advice).args(clone).arg(release.source()));
        release
    }

    /// Checked out, built (once for each commit, as that is what takes the time), and its migrations run.
    pub fn ready(tag: &str) -> Self {
        let release = Self::check_out(tag);
        let built =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("invoice-perfect-{}", release.commit));
        let program = release.source().join("bin/invoice-perfect");
        if !built.exists() {
            release.build_cleanly();
            // Copied by another process: a file this one has open for writing could not be started from its threads.
            let draft = built.with_extension(release.home.path().file_name().unwrap());
            succeed(Command::new("mv").arg(&program).arg(&draft));
            std::fs::rename(draft, &built).unwrap();
        }
        std::os::unix::fs::symlink(built, program).unwrap();
        release.migrate_cleanly();
        release
    }

    pub fn build_cleanly(&self) {
        let build = self.build();
        assert!(build.status.success() && build.stderr.is_empty(), "{}: {}", self.tag, text(&build.stderr));
    }

    pub fn migrate_cleanly(&self) {
        let migrated = self.migrate();
        assert!(migrated.status.success(), "{}: {}", self.tag, text(&migrated.stderr));
    }

    /// Exactly the build command of the project description.
    pub fn build(&self) -> Output {
        let line =
            samples::PROJECT_YAML.lines().find_map(|line| line.trim().strip_prefix("build: ")).unwrap();
        let mut words = line.trim_matches('"').split(' ');
        Command::new(words.next().unwrap()).args(words).current_dir(self.source()).output().unwrap()
    }

    pub fn migrate(&self) -> Output {
        let folder = self.source().join("migrations");
        let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        Command::new(sql_shell()).arg("migrate").arg(self.database_url()).args(files).output().unwrap()
    }

    /// Changes the database behind the program's back.
    pub fn sql(&self, statement: &str) {
        use std::io::Write as _;
        let mut shell = Command::new(sql_shell())
            .args(["sql", &self.database_url()])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let request = serde_json::json!({ "id": 1, "sql": statement, "params": [] });
        writeln!(shell.stdin.take().unwrap(), "{request}").unwrap();
        let output = shell.wait_with_output().unwrap();
        assert!(text(&output.stdout).contains(r#""changes":1"#), "{}", text(&output.stdout));
    }

    pub fn api(&self) -> Service {
        self.serve("api", "")
    }

    /// The api with a database shell that takes so many seconds to start.
    pub fn api_with_slow_shell(&self, seconds: u32) -> Service {
        use std::os::unix::fs::PermissionsExt as _;
        let slow = self.home.path().join("slow-shell");
        let script = format!("#!/bin/sh\nsleep {seconds}\nexec '{}' \"$@\"\n", sql_shell().display());
        std::fs::write(&slow, script).unwrap();
        std::fs::set_permissions(&slow, std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut command = self.command(&["api"]);
        command.env("INFRA_CHAT_SQL", slow);
        Self::serve_by(&self.tag, command, "api", "")
    }

    pub fn web(&self, api: &Service) -> Service {
        self.serve("web", &format!("http://127.0.0.1:{}", api.port))
    }

    /// Runs a command of the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.source().join("bin/invoice-perfect"));
        command
            .args(arguments)
            .current_dir(self.source())
            .env("RELEASE", &self.tag)
            .env("DATABASE_URL", self.database_url())
            .env("CACHE_DIR", self.home.path().join("cache"))
            .env("SESSION_SECRET", "a secret of the tests")
            .env("INFRA_CHAT_SQL", sql_shell())
            .env("SQL_SHELL_PID_FILE", self.home.path().join("shell.pid"));
        command
    }

    fn serve(&self, service: &str, api_url: &str) -> Service {
        Self::serve_by(&self.tag, self.command(&[service]), service, api_url)
    }

    fn serve_by(tag: &str, mut command: Command, service: &str, api_url: &str) -> Service {
        command.env("PORT", "0").env("API_URL", api_url).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        log.read_line(&mut first).unwrap();
        let listening = serde_json::from_str::<serde_json::Value>(&first).unwrap_or_default();
        let port = listening["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        let port = port.unwrap_or_else(|| panic!("{service} {tag} does not listen: {first}"));
        // Somebody has to read the log, or a full pipe stops the service.
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = log.read_to_string(&mut text);
            text
        });
        Service { port, child, log: Some(log) }
    }

    pub fn source(&self) -> PathBuf {
        self.home.path().join("source")
    }

    /// The process id of the database shell started last.
    pub fn shell_process(&self) -> String {
        std::fs::read_to_string(self.home.path().join("shell.pid")).unwrap()
    }

    /// The folder with the cache and the database.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    fn database_url(&self) -> String {
        format!("sqlite://{}", self.home.path().join("app.db").display())
    }
}

/// A running service; it is ended with the test.
pub struct Service {
    pub port: u16,
    child: Child,
    log: Option<std::thread::JoinHandle<String>>,
}

impl Service {
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        write!(request, "content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        Answer::parse(&text)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(ANSWER_TIMEOUT)).unwrap();
        stream
    }

    /// Asks it to stop; how long that took, its exit code, and everything it logged.
    pub fn stop(mut self) -> (Duration, Option<i32>, String) {
        let began = Instant::now();
        signal("TERM", &self.child.id().to_string());
        let code = self.child.wait().unwrap().code();
        let log = self.log.take().unwrap().join().unwrap();
        (began.elapsed(), code, log)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| *key == name)
            .map(|pair| pair.1)
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads one answer with a `content-length` and leaves the connection open.
pub fn read_answer(stream: &TcpStream) -> Answer {
    let mut reader = BufReader::new(stream);
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut text).unwrap() > 0, "the connection was closed: {text}");
    }
    let head = Answer::parse(&text);
    let mut body = vec![0; head.header("content-length").unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Answer { body: String::from_utf8(body).unwrap(), ..head }
}

pub fn signal(name: &str, process: &str) {
    // The shell's own `kill`: a small machine may not have the program.
    succeed(Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, process]));
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", text(&output.stderr));
}

/// `examples/sql_shell.rs`, which cargo builds beside the tests.
fn sql_shell() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let shell = test.parent().and_then(Path::parent).unwrap().join("examples/sql_shell");
    assert!(
        shell.exists(),
        "{} is missing: build it with `cargo test -p samples` or `cargo build --examples`",
        shell.display()
    );
    shell
}
