//! The database, spoken to through a database shell: a child process, `$INFRA_CHAT_SQL sql $DATABASE_URL`, that
//! takes one JSON request a line and gives one JSON answer a line.
//!
//! ```text
//! {"id":1,"sql":"SELECT name FROM customers WHERE id = ?1","params":[7]}
//! {"id":1,"columns":["name"],"rows":[["Ada"]],"changes":0}      or      {"id":1,"error":"no such table: customers"}
//! ```
//!
//! A shell that has died is replaced. A statement whose answer never came is repeated only when it merely reads: a
//! write may have happened, and doing it twice would be worse than saying so. A shell that is late is left to go on:
//! on a busy machine its start alone may take longer than anybody waits, and ending it would only begin that anew.

use crate::config;
use crate::json::Json;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

/// How long a question may take in all, waiting for its turn included: whoever asks us how we are waits 10 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// A shell that owes an answer for longer than this hangs, and is replaced.
const HANGS_AFTER: Duration = Duration::from_secs(30);
const TURN_POLL: Duration = Duration::from_millis(2);
/// How long a shell may take to end by itself, and close its database well, before it is killed.
const END_LIMIT: Duration = Duration::from_millis(500);
const END_POLL: Duration = Duration::from_millis(2);

pub struct Database {
    program: String,
    url: String,
    shell: Mutex<Option<Shell>>,
}

pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Json>>,
    pub changes: i64,
}

impl Rows {
    /// Each row as an object with the columns' names.
    pub fn objects(self) -> Vec<Json> {
        let named = |row: Vec<Json>| Json::object(self.columns.iter().cloned().zip(row));
        self.rows.into_iter().map(named).collect()
    }

    /// The single number a `count(*)` gives.
    pub fn number(&self) -> i64 {
        self.rows.first().and_then(|row| row.first()).and_then(Json::as_int).unwrap_or(0)
    }
}

impl Database {
    pub fn from_environment() -> Result<Database, String> {
        Ok(Database {
            program: config::required("INFRA_CHAT_SQL", "the database shell to start")?,
            url: config::required("DATABASE_URL", "the database, as sqlite:///path/app.db")?,
            shell: Mutex::new(None),
        })
    }

    pub fn query(&self, sql: &str, params: &[Json]) -> Result<Rows, String> {
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        let mut shell = self.turn(deadline)?;
        let reads_only = sql.trim_start().starts_with("SELECT");
        for last_try in [!reads_only, true] {
            let alive = shell.take().and_then(|mut open| open.is_alive().then_some(open));
            let mut open = match alive {
                Some(open) => open,
                None => Shell::start(&self.program, &self.url)?,
            };
            match open.ask(sql, params, deadline) {
                Ok(answer) => {
                    *shell = Some(open);
                    return understand(&answer);
                }
                Err(Problem::Late) => {
                    if !open.hangs() {
                        *shell = Some(open);
                    }
                    return Err(format!("the database shell gave no answer in {} s", ANSWER_TIMEOUT.as_secs()));
                }
                Err(Problem::Gone(what)) if last_try => return Err(format!("the database shell {what}")),
                Err(Problem::Gone(_)) => {}
            }
        }
        Err("the database shell does not answer".to_string())
    }

    /// The shell, once nobody else asks it.
    fn turn(&self, deadline: Instant) -> Result<MutexGuard<'_, Option<Shell>>, String> {
        loop {
            match self.shell.try_lock() {
                Ok(shell) => return Ok(shell),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(TURN_POLL),
                Err(TryLockError::WouldBlock) => {
                    return Err(format!("the database was busy for {} s", ANSWER_TIMEOUT.as_secs()))
                }
            }
        }
    }
}

/// Why there is no answer.
enum Problem {
    /// Not in time; it may still come.
    Late,
    /// The shell is of no use any more.
    Gone(String),
}

fn understand(answer: &Json) -> Result<Rows, String> {
    if let Some(error) = answer.get("error").as_str() {
        return Err(error.to_string());
    }
    Ok(Rows {
        columns: answer.get("columns").items().iter().filter_map(Json::as_str).map(str::to_string).collect(),
        rows: answer.get("rows").items().iter().map(|row| row.items().to_vec()).collect(),
        changes: answer.get("changes").as_int().unwrap_or(0),
    })
}

struct Shell {
    child: Child,
    /// Taken when the shell is to end: it ends by itself at the end of its input.
    requests: Option<ChildStdin>,
    answers: Receiver<String>,
    last_id: i64,
    /// When the question was asked whose answer is still to come.
    owes_since: Option<Instant>,
}

impl Shell {
    fn start(program: &str, url: &str) -> Result<Shell, String> {
        let mut child = Command::new(program)
            .args(["sql", url])
            .env_remove("SESSION_SECRET")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the database shell {program}: {error}"))?;
        let (requests @ Some(_), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the database shell has no pipes".to_string());
        };
        let (sender, answers) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Shell { child, requests, answers, last_id: 0, owes_since: None })
    }

    fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn hangs(&self) -> bool {
        self.owes_since.is_some_and(|since| since.elapsed() > HANGS_AFTER)
    }

    fn ask(&mut self, sql: &str, params: &[Json], deadline: Instant) -> Result<Json, Problem> {
        // An answer that nobody waits for any more comes first. Nothing is sent before: what is given up while it waits
        // for its turn has not happened.
        if self.owes_since.is_some() {
            self.answer(deadline)?;
        }
        self.last_id += 1;
        let request = Json::object([
            ("id", Json::Int(self.last_id)),
            ("sql", Json::text(sql)),
            ("params", Json::List(params.to_vec())),
        ]);
        let sent = match &mut self.requests {
            Some(requests) => requests.write_all(format!("{request}\n").as_bytes()),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        };
        sent.map_err(|error| Problem::Gone(format!("is gone: {error}")))?;
        self.owes_since = Some(Instant::now());
        self.answer(deadline)
    }

    /// The answer to the last question.
    fn answer(&mut self, deadline: Instant) -> Result<Json, Problem> {
        let left = deadline.saturating_duration_since(Instant::now());
        let line = self.answers.recv_timeout(left).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => Problem::Late,
            mpsc::RecvTimeoutError::Disconnected => Problem::Gone("ended before it answered".to_string()),
        })?;
        self.owes_since = None;
        let answer = Json::parse(&line).map_err(|error| Problem::Gone(format!("answered nonsense: {error}")))?;
        if answer.get("id").as_int() == Some(self.last_id) {
            Ok(answer)
        } else {
            Err(Problem::Gone("answered another question".to_string()))
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.requests.take());
        let began = Instant::now();
        while self.is_alive() && began.elapsed() < END_LIMIT {
            std::thread::sleep(END_POLL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
