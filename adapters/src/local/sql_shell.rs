//! SQL for programs that have no database library: `infra-chat sql URL` reads one JSON request a line and answers with
//! one JSON line each, over one connection, until its input ends. The sample application is written with it.
//!
//! `{"id":1,"sql":"SELECT ?1","params":["x"]}` is answered by `{"id":1,"columns":["?1"],"rows":[["x"]],"changes":0}` or
//! `{"id":1,"error":"…"}`. Blobs are hexadecimal text.

use std::str::FromStr;

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Row, Sqlite, TypeInfo, ValueRef};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};

use super::database::BUSY_AT_MOST;

/// The most rows of one answer.
const ROWS_MAX: usize = 100_000;

/// Why the shell could not go on.
#[derive(Debug, thiserror::Error)]
pub enum SqlShellError {
    /// The database can't be opened.
    #[error("can't open the database {url}: use sqlite:///path/to/file")]
    Open {
        /// What was asked for.
        url: String,
        /// What the driver said.
        #[source]
        cause: sqlx::Error,
    },
    /// Requests can't be read or answers not be written.
    #[error("the other side of the pipe is gone")]
    Pipe(#[source] std::io::Error),
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    id: Value,
    sql: String,
    #[serde(default)]
    params: Vec<Value>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Rows { id: Value, columns: Vec<String>, rows: Vec<Vec<Value>>, changes: u64 },
    Error { id: Value, error: String },
}

/// Answers requests until the input ends. A request that fails is answered too, and the next one is read.
pub async fn sql_shell(
    url: &str,
    input: impl AsyncBufRead + Unpin + Send,
    mut output: impl AsyncWrite + Unpin + Send,
) -> Result<(), SqlShellError> {
    let open = |cause| SqlShellError::Open { url: url.to_owned(), cause };
    let options = SqliteConnectOptions::from_str(url).map_err(open)?;
    let options =
        options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal).busy_timeout(BUSY_AT_MOST);
    let mut connection = options.disable_statement_logging().connect().await.map_err(open)?;
    let mut lines = input.lines();
    while let Some(line) = lines.next_line().await.map_err(SqlShellError::Pipe)? {
        if line.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Request>(&line) {
            Ok(request) => answer(&mut connection, request).await,
            Err(cause) => Answer::Error { id: Value::Null, error: format!("not a request: {cause}") },
        };
        let mut text = serde_json::to_vec(&answer)
            .unwrap_or_else(|_| br#"{"id":null,"error":"the answer can't be written as JSON"}"#.to_vec());
        text.push(b'\n');
        output.write_all(&text).await.map_err(SqlShellError::Pipe)?;
        output.flush().await.map_err(SqlShellError::Pipe)?;
    }
    // What was committed stays; a transaction left open is taken back.
    let _ = connection.close().await;
    Ok(())
}

async fn answer(connection: &mut SqliteConnection, request: Request) -> Answer {
    let id = request.id.clone();
    match run(connection, request).await {
        Ok((columns, rows, changes)) => Answer::Rows { id, columns, rows, changes },
        Err(error) => Answer::Error { id, error },
    }
}

type Ran = (Vec<String>, Vec<Vec<Value>>, u64);

async fn run(connection: &mut SqliteConnection, request: Request) -> Result<Ran, String> {
    let told = |cause: sqlx::Error| match cause {
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    };
    let mut query = sqlx::query(AssertSqlSafe(request.sql));
    for value in request.params {
        query = bind(query, value)?;
    }
    let before = changes_total(connection).await.map_err(told)?;
    let (mut columns, mut rows) = (Vec::new(), Vec::new());
    {
        let mut stream = query.fetch(&mut *connection);
        while let Some(row) = stream.try_next().await.map_err(told)? {
            if rows.is_empty() {
                columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
            }
            if rows.len() == ROWS_MAX {
                return Err(format!("more than {ROWS_MAX} rows: add a LIMIT"));
            }
            rows.push(cells(&row)?);
        }
    }
    let after = changes_total(connection).await.map_err(told)?;
    Ok((columns, rows, u64::try_from(after - before).unwrap_or_default()))
}

/// The driver's own count is of the last writing statement, even after a read.
async fn changes_total(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT total_changes()").fetch_one(connection).await
}

type Query = sqlx::query::Query<'static, Sqlite, SqliteArguments>;

fn bind(query: Query, value: Value) -> Result<Query, String> {
    Ok(match value {
        Value::Null => query.bind(None::<String>),
        Value::Bool(flag) => query.bind(i64::from(flag)),
        Value::String(text) => query.bind(text),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => query.bind(whole),
            None => query.bind(number.as_f64().ok_or_else(|| format!("the number {number} is too large"))?),
        },
        Value::Array(_) | Value::Object(_) => {
            return Err("a parameter must be null, a boolean, a number or text".to_owned());
        }
    })
}

fn cells(row: &SqliteRow) -> Result<Vec<Value>, String> {
    (0..row.columns().len()).map(|index| cell(row, index).map_err(|cause| cause.to_string())).collect()
}

pub(super) fn cell(row: &SqliteRow, index: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" => Value::from(row.try_get_unchecked::<i64, _>(index)?),
        "REAL" => Value::from(row.try_get_unchecked::<f64, _>(index)?),
        "BLOB" => Value::from(hex::encode(row.try_get_unchecked::<Vec<u8>, _>(index)?)),
        _ => Value::from(row.try_get_unchecked::<String, _>(index)?),
    })
}
