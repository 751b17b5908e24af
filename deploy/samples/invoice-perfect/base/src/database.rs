//! The database, spoken to through a database shell: a child process, `$INFRA_CHAT_SQL sql $DATABASE_URL`, that
//! takes one JSON request a line and gives one JSON answer a line.
//!
//! ```text
//! {"id":1,"sql":"SELECT name FROM customers WHERE id = ?1","params":[7]}
//! {"id":1,"columns":["name"],"rows":[["Ada"]],"changes":0}      or      {"id":1,"error":"no such table: customers"}
//! ```
//!
//! A shell that has died is replaced. A statement whose answer never came is repeated only when it merely reads: a
//! write may have happened, and doing it twice would be worse than saying so.

use crate::config;
use crate::json::Json;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
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
        let mut shell = self.shell.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let reads_only = sql.trim_start().starts_with("SELECT");
        for last_try in [!reads_only, true] {
            let alive = shell.take().and_then(|mut open| open.is_alive().then_some(open));
            let mut open = match alive {
                Some(open) => open,
                None => Shell::start(&self.program, &self.url)?,
            };
            match open.ask(sql, params) {
                Ok(answer) => {
                    *shell = Some(open);
                    return understand(&answer);
                }
                Err(problem) if last_try => return Err(problem),
                Err(_) => {}
            }
        }
        Err("the database shell does not answer".to_string())
    }
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
        Ok(Shell { child, requests, answers, last_id: 0 })
    }

    fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn ask(&mut self, sql: &str, params: &[Json]) -> Result<Json, String> {
        self.last_id += 1;
        let request = Json::object([
            ("id", Json::Int(self.last_id)),
            ("sql", Json::text(sql)),
            ("params", Json::List(params.to_vec())),
        ]);
        let gone = |what: String| format!("the database shell {what}");
        let sent = match &mut self.requests {
            Some(requests) => requests.write_all(format!("{request}\n").as_bytes()),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        };
        sent.map_err(|error| gone(format!("is gone: {error}")))?;
        let line = self.answers.recv_timeout(ANSWER_TIMEOUT).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => {
                gone(format!("gave no answer in {} s", ANSWER_TIMEOUT.as_secs()))
            }
            mpsc::RecvTimeoutError::Disconnected => gone("ended before it answered".to_string()),
        })?;
        let answer = Json::parse(&line).map_err(|error| gone(format!("answered nonsense: {error}")))?;
        if answer.get("id").as_int() == Some(self.last_id) {
            Ok(answer)
        } else {
            Err(gone("answered another question".to_string()))
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
