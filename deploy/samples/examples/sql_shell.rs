//! A stand-in for the platform's database shell, `infra-chat sql URL`, used by this crate's tests: one JSON request a
//! line on standard input, one JSON answer a line on standard output. It runs the sample's statements on a real SQLite
//! database, so a slip in the sample's SQL fails a test here and not a person's first deployment.
//!
//! `sql_shell sql sqlite:///path/app.db` serves requests; `sql_shell migrate sqlite:///path/app.db FILE...` applies files.

#![allow(clippy::print_stdout, reason = "standard output is the protocol")]

use std::io::{BufRead as _, Write as _};
use std::str::FromStr as _;

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions as _, Row as _, TypeInfo as _, ValueRef as _};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["sql", url] => runtime.block_on(serve(url)),
        ["migrate", url, files @ ..] => runtime.block_on(migrate(url, files)),
        _ => Err("usage: sql_shell sql URL | sql_shell migrate URL FILE...".into()),
    }
}

async fn connect(url: &str) -> Result<SqliteConnection, Failure> {
    Ok(SqliteConnectOptions::from_str(url)?.create_if_missing(true).connect().await?)
}

async fn migrate(url: &str, files: &[&str]) -> Result<(), Failure> {
    let mut connection = connect(url).await?;
    for file in files {
        let sql = format!("BEGIN IMMEDIATE;\n{}\n;COMMIT;", std::fs::read_to_string(file)?);
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await?;
    }
    Ok(())
}

async fn serve(url: &str) -> Result<(), Failure> {
    if let Ok(file) = std::env::var("SQL_SHELL_PID_FILE") {
        // For the tests that end a shell under the application's feet.
        std::fs::write(file, std::process::id().to_string())?;
    }
    let mut connection = connect(url).await?;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let mut answer = match run(&mut connection, &request).await {
            Ok(answer) => answer,
            Err(error) => json!({ "error": error.to_string() }),
        };
        answer["id"] = request["id"].clone();
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

async fn run(connection: &mut SqliteConnection, request: &Value) -> Result<Value, Failure> {
    let sql = request["sql"].as_str().ok_or("`sql` is missing")?.to_owned();
    let mut query = sqlx::query::<sqlx::Sqlite>(sqlx::AssertSqlSafe(sql));
    for parameter in request["params"].as_array().into_iter().flatten() {
        query = bind(query, parameter);
    }
    let rows = query.fetch_all(&mut *connection).await?;
    let changes: i64 = sqlx::query_scalar("SELECT changes()").fetch_one(connection).await?;
    let columns: Vec<&str> =
        rows.first().map_or_else(Vec::new, |row| row.columns().iter().map(sqlx::Column::name).collect());
    let values = rows.iter().map(row_values).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "rows": values, "columns": columns, "changes": changes }))
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>;

fn bind<'q>(query: Query<'q>, parameter: &Value) -> Query<'q> {
    match parameter {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => query.bind(whole),
            None => query.bind(number.as_f64()),
        },
        Value::String(text) => query.bind(text.clone()),
        Value::Bool(flag) => query.bind(*flag),
        _ => query.bind(None::<String>),
    }
}

fn row_values(row: &SqliteRow) -> Result<Value, Failure> {
    let mut values = Vec::new();
    for index in 0..row.columns().len() {
        let raw = row.try_get_raw(index)?;
        values.push(match raw.type_info().name() {
            "NULL" => Value::Null,
            "INTEGER" | "BOOLEAN" => json!(row.try_get_unchecked::<i64, _>(index)?),
            "REAL" => json!(row.try_get_unchecked::<f64, _>(index)?),
            _ => json!(row.try_get_unchecked::<String, _>(index)?),
        });
    }
    Ok(Value::Array(values))
}
