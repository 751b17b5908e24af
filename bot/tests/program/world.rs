//! A folder to run the program in, and the program in it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long anything here may take: two cores may be busy with other things.
const PATIENCE: Duration = Duration::from_mins(4);
/// When the sample holds texts about production back.
const QUIET: &str = ", quiet: \"22:00 - 07:00\", zone: Europe/Berlin";

/// What a program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: Option<i32>,
}

impl Told {
    /// The whole of it, for a failing test to show.
    pub(crate) fn all(&self) -> String {
        format!("exit {:?}\n--- out\n{}\n--- err\n{}", self.code, self.out, self.err)
    }

    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.all());
        self
    }

    #[track_caller]
    pub(crate) fn says(self, what: &str) -> Self {
        assert!(self.out.contains(what) || self.err.contains(what), "no {what:?} in\n{}", self.all());
        self
    }

    #[track_caller]
    pub(crate) fn says_not(self, what: &str) -> Self {
        assert!(!self.out.contains(what) && !self.err.contains(what), "{what:?} in\n{}", self.all());
        self
    }

    /// The first run that is named.
    #[track_caller]
    pub(crate) fn run(&self) -> String {
        run_in(&self.out).unwrap_or_else(|| panic!("no run in\n{}", self.all()))
    }
}

/// Its last lines: what tells why something is not there stands at the end, and reports of tests are cut.
fn end_of(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let from = lines.len().saturating_sub(60);
    format!("({from} lines before)\n{}", lines[from..].join("\n"))
}

fn run_in(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .find(|word| {
            word.strip_prefix("r-")
                .is_some_and(|hex| hex.len() >= 4 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        })
        .map(str::to_owned)
}

/// A place to run the program in.
pub(crate) struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// Nothing there yet.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The sample project imported, at addresses of its own.
    pub(crate) fn with_sample() -> Self {
        Self::with_sample_on(&[])
    }

    /// The same with these settings.
    pub(crate) fn with_sample_on(variables: &[(&str, &str)]) -> Self {
        Self::empty().and_sample(variables)
    }

    /// The same within this folder.
    pub(crate) fn with_sample_in(folder: &Path) -> Self {
        Self { folder: tempfile::tempdir_in(folder).unwrap() }.and_sample(&[])
    }

    /// The address of a service at the edge, as the sample's description has it.
    pub(crate) fn edge(&self, environment: &str, service: &str) -> String {
        let yaml = std::fs::read_to_string(self.path("sample/infra-chat.project.yaml")).unwrap();
        let (_, rest) = yaml.split_once(&format!("\n  {environment}:\n")).unwrap();
        let (_, rest) = rest.split_once(&format!(" {service}: \"")).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    }

    fn and_sample(self, variables: &[(&str, &str)]) -> Self {
        let world = self;
        samples::materialise(&world.path("sample")).unwrap();
        let file = world.path("sample/infra-chat.project.yaml");
        let mut yaml = std::fs::read_to_string(&file).unwrap();
        // The program's clock is this machine's, and what a test sees of texts must not depend on the hour it is run at.
        let by_day = yaml.replace(QUIET, "");
        assert_ne!(by_day, yaml, "the sample's quiet hours are written in another way");
        yaml = by_day;
        for port in [7300, 7301, 7400, 7401, 7500, 7501] {
            yaml = yaml.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{}", free_port()));
        }
        std::fs::write(&file, yaml).unwrap();
        let import = ["project", "import", "sample/infra-chat.project.yaml"];
        world.program_with(&import, "", variables).ended(0);
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command_of(env!("CARGO_BIN_EXE_infra-chat"));
        command.arg("--data-dir").arg(self.data()).args(arguments);
        command
    }

    /// A program in this folder, knowing nothing of the settings of whoever runs the tests.
    fn command_of(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("INFRA_CHAT_") {
                command.env_remove(name);
            }
        }
        command
            .env_remove("DATABASE_URL")
            .env("USER", "stranger")
            .env_remove("NO_COLOR")
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    #[track_caller]
    pub(crate) fn program(&self, arguments: &[&str]) -> Told {
        self.program_with(arguments, "", &[])
    }

    /// Runs the program to its end with this on its standard input.
    #[track_caller]
    pub(crate) fn program_with(&self, arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Told {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        let mut running = Running::of(command.spawn().unwrap());
        running.input.take().unwrap().write_all(input.as_bytes()).unwrap();
        running.end()
    }

    /// Says these lines in the chat.
    #[track_caller]
    pub(crate) fn chat(&self, lines: &[&str]) -> Told {
        self.program_with(&["--as", "ana", "chat"], &format!("{}\n", lines.join("\n")), &[])
    }

    /// Starts the program and leaves it running.
    pub(crate) fn start(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Running {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        Running::of(command.spawn().unwrap())
    }

    /// Starts another program and leaves it running.
    pub(crate) fn start_program(
        &self,
        program: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Running {
        let mut command = self.command_of(program);
        command.args(arguments);
        command.envs(variables.iter().copied());
        Running::of(command.spawn().unwrap())
    }
}

impl Drop for World {
    /// A test that failed may leave processes behind: the next host of the folder would end them, and so do we.
    fn drop(&mut self) {
        let folder = self.folder.path().to_string_lossy().into_owned();
        let Ok(processes) = std::fs::read_dir("/proc") else { return };
        for process in processes.flatten() {
            let here = |file: &str| std::fs::read_link(process.path().join(file)).unwrap_or_default();
            let Ok(pid) = process.file_name().to_string_lossy().parse::<u32>() else { continue };
            if here("cwd").starts_with(&folder) && pid != std::process::id() {
                signal(pid, "KILL");
            }
        }
    }
}

/// A running program, its words being collected.
pub(crate) struct Running {
    child: Child,
    pub(crate) input: Option<ChildStdin>,
    out: Arc<Mutex<String>>,
    err: Arc<Mutex<String>>,
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl Running {
    fn of(mut child: Child) -> Self {
        let (out, err) = (Arc::default(), Arc::default());
        let readers = vec![
            collect(child.stdout.take().unwrap(), Arc::clone(&out)),
            collect(child.stderr.take().unwrap(), Arc::clone(&err)),
        ];
        Self { input: child.stdin.take(), child, out, err, readers }
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.types(&format!("{line}\n"));
    }

    /// Writes to its standard input, without ending the line.
    pub(crate) fn types(&mut self, text: &str) {
        self.input.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Nothing more is typed.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.out.lock().unwrap(), self.err.lock().unwrap())
    }

    /// Waits until something has been said, and returns all that has.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, what: &str) -> String {
        self.wait_for_more(what, 0)
    }

    /// Waits until something has been said more often than this, and returns all that has been said.
    #[track_caller]
    pub(crate) fn wait_for_more(&mut self, what: &str, times: usize) -> String {
        let began = Instant::now();
        let enough = |said: &str| said.matches(what).nth(times).is_some();
        loop {
            let said = self.said();
            if enough(&said) {
                return said;
            }
            assert!(began.elapsed() < PATIENCE, "not {times} + 1 times {what:?} in\n{}", end_of(&said));
            if let Some(ended) = self.child.try_wait().unwrap() {
                std::thread::sleep(Duration::from_millis(200));
                let said = self.said();
                assert!(enough(&said), "ended ({ended}) without {what:?} in\n{}", end_of(&said));
                return said;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until what is made of it is as it should be, and returns that.
    #[track_caller]
    pub(crate) fn wait_until(
        &mut self,
        look: impl Fn(&Self) -> String,
        is_so: impl Fn(&str) -> bool,
    ) -> String {
        let began = Instant::now();
        loop {
            let seen = look(self);
            if is_so(&seen) {
                return seen;
            }
            assert!(began.elapsed() < PATIENCE, "it never comes to that:\n{seen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for the end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Told {
        drop(self.input.take());
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if began.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("it does not end; it said\n{}", end_of(&self.said()));
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let taken = |text: &Arc<Mutex<String>>| text.lock().unwrap().clone();
        Told { out: taken(&self.out), err: taken(&self.err), code: status.code() }
    }
}

fn collect(mut from: impl Read + Send + 'static, into: Arc<Mutex<String>>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut pending = Vec::new();
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut chunk) {
            pending.extend_from_slice(&chunk[..read]);
            // A character may be cut in two between reads.
            let whole = match std::str::from_utf8(&pending) {
                Ok(_) => pending.len(),
                Err(error) => error.valid_up_to(),
            };
            into.lock().unwrap().push_str(&String::from_utf8_lossy(&pending[..whole]));
            pending.drain(..whole);
        }
    })
}

fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).stderr(Stdio::null()).status();
}

/// A port nobody has right now and no other test is given. Below those the system hands out by itself, which the services
/// of other tests are taking meanwhile.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 18_000 + (std::process::id() % 12_000) as u16;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 1_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// One HTTP request, answered: status and body.
pub(crate) fn http(address: &str, request: &str) -> (u16, String) {
    let (status, _, body) = http_with_head(address, request);
    (status, body)
}

/// The same with the headers between them, in lower case.
pub(crate) fn http_with_head(address: &str, request: &str) -> (u16, String, String) {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    (status, head.to_lowercase(), body.to_owned())
}

/// Whether a file is its owner's alone.
pub(crate) fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).unwrap().permissions().mode().trailing_zeros() >= 6
}
