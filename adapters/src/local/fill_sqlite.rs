//! Jobs that are declared in SQL, on a component's SQLite file.

use std::borrow::Cow;
use std::path::Path;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use engine::backfill::{Batch, Cursor, Fill, Quarantined, Sample};
use engine::clock::EpochMs;
use engine::ports::{FillCall, PortError};
use serde_json::Value;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Executor, Row, SqlSafeStr, Sqlite};

use super::database::explain;
use super::fill::{
    NOTE_FIND, NOTE_PUT, NOTES_CREATE, Refused, STATEMENT_AT_MOST_S, SetRows, TRIED_ROWS, batch_of,
    condition, key_of, no_key, reason, set_all, update,
};
use super::sql_shell::cell;

/// Between two looks at the clock a statement makes so many steps.
const STEPS: i32 = 10_000;
/// A column's type, and whether it tells rows apart: the only one of the primary key, or unique and never empty.
const KEY_LOOK: &str = "SELECT upper(c.type), CASE WHEN c.pk > 0
        THEN (SELECT count(*) FROM pragma_table_info($1) WHERE pk > 0) = 1
        ELSE c.\"notnull\" AND EXISTS (SELECT 1 FROM pragma_index_list($1) l WHERE l.\"unique\" AND NOT l.partial
            AND (SELECT count(*) FROM pragma_index_info(l.name)) = 1
            AND (SELECT lower(name) FROM pragma_index_info(l.name)) = $2) END
    FROM pragma_table_info($1) c WHERE lower(c.name) = $2";

/// The file a job's batch is made on.
pub(super) struct Filler<'a> {
    connection: &'a mut SqliteConnection,
    file: &'a Path,
    call: &'a FillCall,
    /// The key is a whole number, not a text.
    is_number: bool,
}

impl<'a> Filler<'a> {
    /// Looks whether the job's rows can be walked by its key.
    pub(super) async fn of(
        connection: &'a mut SqliteConnection,
        file: &'a Path,
        call: &'a FillCall,
    ) -> Result<Self, PortError> {
        let fill = &call.fill;
        let look: Option<(String, bool)> = sqlx::query_as(KEY_LOOK)
            .bind(&fill.table_name)
            .bind(&fill.key_name)
            .fetch_optional(&mut *connection)
            .await
            .map_err(|cause| explain(file, &cause))?;
        let (kind, tells_apart) =
            look.ok_or_else(|| no_key(fill, "there is no such column, or no such table"))?;
        // <https://www.sqlite.org/datatype3.html>, 3.1
        let is_number = kind.contains("INT");
        if !is_number && !["CHAR", "CLOB", "TEXT"].iter().any(|text| kind.contains(text)) {
            return Err(no_key(fill, &format!("it is of the type {kind}")));
        }
        if !tells_apart {
            return Err(no_key(fill, "it is not unique, or may be empty"));
        }
        Ok(Self { connection, file, call, is_number })
    }

    /// Makes a batch, once.
    pub(super) async fn fill(mut self, now_ms: EpochMs) -> Result<Batch, PortError> {
        let call = self.call;
        let behind = if call.counts { self.count().await? } else { None };
        self.run("BEGIN IMMEDIATE").await?;
        self.run(NOTES_CREATE).await?;
        let asked = call.cursor.as_ref().map_or("", Cursor::as_str);
        let before: Option<String> = sqlx::query_scalar(NOTE_FIND)
            .bind(&call.noted_as)
            .bind(asked)
            .fetch_optional(&mut *self.connection)
            .await
            .map_err(|cause| self.wrong(&cause))?;
        if let Some(batch) = before.and_then(|it| serde_json::from_str(&it).ok()) {
            self.run("COMMIT").await?;
            return Ok(batch);
        }
        let keys = self.pick(call.batch).await?;
        // What the database does not understand is no row's fault.
        let understood = self.connection.prepare(AssertSqlSafe(self.set()).into_sql_str()).await.map(drop);
        understood.map_err(|cause| self.wrong(&cause))?;
        let quarantined = set_all(&mut self, &keys).await?;
        let batch = batch_of(&keys, call.batch, quarantined, behind);
        let answer = serde_json::to_string(&batch)
            .map_err(|error| PortError::fail(format!("a batch can't be noted: {error}"), ""))?;
        sqlx::query(NOTE_PUT)
            .bind(&call.noted_as)
            .bind(call.job.as_str())
            .bind(asked)
            .bind(answer)
            .bind(now_ms)
            .execute(&mut *self.connection)
            .await
            .map_err(|cause| self.wrong(&cause))?;
        self.run("COMMIT").await?;
        Ok(batch)
    }

    /// What the next batch would do, on a connection that can only read.
    pub(super) async fn tried(mut self) -> Result<Batch, PortError> {
        let fill = &self.call.fill;
        let behind = self.count().await?;
        let asked = self.call.batch.min(TRIED_ROWS);
        let keys = self.pick(asked).await?;
        let (before, after): (Vec<&str>, Vec<String>) =
            fill.columns.iter().map(|it| (it.column.as_str(), format!("({})", it.value))).unzip();
        let (before, after) = (before.join(", "), after.join(", "));
        let shows = format!("SELECT {before}, {after} FROM {} WHERE {} = $1", fill.table, fill.key);
        let understood = self.connection.prepare(AssertSqlSafe(shows.clone()).into_sql_str()).await.map(drop);
        understood.map_err(|cause| self.wrong(&cause))?;
        let (mut samples, mut quarantined) = (Vec::new(), Vec::new());
        for key in &keys {
            self.time_begin().await?;
            let query = self.bound(sqlx::query(AssertSqlSafe(shows.clone())), key);
            match query.fetch_optional(&mut *self.connection).await {
                // Somebody took it away meanwhile.
                Ok(None) => {}
                Ok(Some(row)) => {
                    let values = (0..row.columns().len()).map(|index| cell(&row, index));
                    let values: Vec<Value> =
                        values.collect::<Result<_, _>>().map_err(|cause| self.wrong(&cause))?;
                    let (before, after) = values.split_at(fill.columns.len());
                    samples.push(Sample {
                        key: key.clone(),
                        before: shown(fill, before),
                        after: shown(fill, after),
                    });
                }
                Err(cause) => match self.refused(&cause) {
                    Refused::Row(code) => quarantined.push(Quarantined { key: key.clone(), code }),
                    Refused::All(error) => return Err(error),
                },
            }
        }
        Ok(Batch { samples, ..batch_of(&keys, asked, quarantined, behind) })
    }

    /// The statement that sets rows. A conflict gives the statement up, whatever the table says: `REPLACE` would remove rows.
    fn set(&self) -> String {
        let Fill { key, .. } = &self.call.fill;
        update(&self.call.fill, "UPDATE OR ABORT", &format!("{key} >= $1 AND {key} <= $2"))
    }

    /// Gives the next statement its time.
    async fn time_begin(&mut self) -> Result<(), PortError> {
        let until = Instant::now() + Duration::from_secs(STATEMENT_AT_MOST_S);
        let file = self.file;
        let mut handle = self.connection.lock_handle().await.map_err(|cause| explain(file, &cause))?;
        handle.set_progress_handler(STEPS, move || Instant::now() < until);
        Ok(())
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), PortError> {
        let done = sqlx::query(sql).execute(&mut *self.connection).await;
        done.map(drop).map_err(|cause| self.wrong(&cause))
    }

    fn bound(&self, query: Query, key: &Cursor) -> Query {
        match key.as_str().parse::<i64>() {
            Ok(number) if self.is_number => query.bind(number),
            _ => query.bind(key.as_str().to_owned()),
        }
    }

    fn behind(&self) -> Option<String> {
        self.call.cursor.as_ref().map(|_| format!("{} > $1", self.call.fill.key))
    }

    /// How many rows there are; none when counting takes too long.
    async fn count(&mut self) -> Result<Option<u64>, PortError> {
        let condition = condition(&self.call.fill, self.behind().as_deref());
        let sql = format!("SELECT count(*) FROM {}{condition}", self.call.fill.table);
        let mut query = sqlx::query(AssertSqlSafe(sql));
        if let Some(cursor) = &self.call.cursor {
            query = self.bound(query, cursor);
        }
        self.time_begin().await?;
        let counted = query.fetch_one(&mut *self.connection).await;
        match counted.and_then(|row| row.try_get::<i64, _>(0)) {
            Ok(count) => Ok(u64::try_from(count).ok()),
            Err(cause) if code(&cause) == "9" => Ok(None),
            Err(cause) => Err(self.wrong(&cause)),
        }
    }

    /// The keys of the next rows, in their order.
    async fn pick(&mut self, most: u32) -> Result<Vec<Cursor>, PortError> {
        let Fill { table, key, .. } = &self.call.fill;
        let condition = condition(&self.call.fill, self.behind().as_deref());
        // The key as text has another name, or it would be ordered as text.
        let sql = format!(
            "SELECT typeof({key}), CAST({key} AS TEXT) AS ops_job_key FROM {table}{condition} ORDER BY {key} LIMIT {most}"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        if let Some(cursor) = &self.call.cursor {
            query = self.bound(query, cursor);
        }
        self.time_begin().await?;
        let rows = query.fetch_all(&mut *self.connection).await.map_err(|cause| self.wrong(&cause))?;
        let wanted = if self.is_number { "integer" } else { "text" };
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let kind: String = row.try_get(0).map_err(|cause| self.wrong(&cause))?;
            let text: Option<String> = row.try_get(1).map_err(|cause| self.wrong(&cause))?;
            if text.is_some() && kind != wanted {
                return Err(no_key(&self.call.fill, &format!("one is of the type {kind}, not {wanted}")));
            }
            keys.push(key_of(&self.call.fill, text)?);
        }
        Ok(keys)
    }

    /// Whether a row was refused: its data, a constraint, a trigger.
    fn refused(&self, cause: &sqlx::Error) -> Refused {
        let code = code(cause);
        // The lowest byte is the kind: https://www.sqlite.org/rescode.html#extrc. What is left of the general error (1) once the
        // statement is understood is arithmetic, and JSON that is none.
        let kind = code.parse::<u32>().map_or(0, |code| code & 0xff);
        if matches!(kind, 1 | 18..=20) {
            Refused::Row(reason(&code))
        } else {
            Refused::All(self.wrong(cause))
        }
    }

    /// What went wrong with the job.
    fn wrong(&self, cause: &sqlx::Error) -> PortError {
        let job = &self.call.job;
        let code = code(cause);
        match code.as_str() {
            "9" => PortError::retry(format!(
                "a statement of the job {job} took longer than {STATEMENT_AT_MOST_S} s; smaller batches take less"
            )),
            "1" => PortError::fail(
                format!(
                    "the job {job} can't be run on {}: {}",
                    self.file.display(),
                    super::database::said(cause)
                ),
                "Mend its `rows`, `key` or `set` in the project's file and import it.",
            ),
            _ => explain(self.file, cause),
        }
    }
}

#[async_trait]
impl SetRows for Filler<'_> {
    async fn set_rows(&mut self, keys: &[Cursor]) -> Result<(), Refused> {
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return Ok(()) };
        self.run("SAVEPOINT ops_job_rows").await.map_err(Refused::All)?;
        self.time_begin().await.map_err(Refused::All)?;
        // Nobody else writes meanwhile: between the first and the last are the same rows as before.
        let query = self.bound(sqlx::query(AssertSqlSafe(self.set())), first);
        let query = self.bound(query, last);
        if let Err(cause) = query.execute(&mut *self.connection).await {
            let refused = self.refused(&cause);
            if matches!(refused, Refused::Row(_)) {
                self.run("ROLLBACK TO SAVEPOINT ops_job_rows").await.map_err(Refused::All)?;
            }
            return Err(refused);
        }
        self.run("RELEASE SAVEPOINT ops_job_rows").await.map_err(Refused::All)
    }
}

type Query = sqlx::query::Query<'static, Sqlite, SqliteArguments>;

/// One column by itself, several by their names.
fn shown(fill: &Fill, values: &[Value]) -> Value {
    match values {
        [one] => one.clone(),
        more => {
            let names = fill.columns.iter().map(|it| it.name.clone());
            Value::Object(names.zip(more.iter().cloned()).collect())
        }
    }
}

fn code(cause: &sqlx::Error) -> String {
    let code = cause.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.map(Cow::into_owned).unwrap_or_default()
}
