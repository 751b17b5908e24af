//! Jobs that are declared in SQL, on a PostgreSQL server.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use engine::backfill::{Batch, Cursor, Fill, Quarantined, Sample};
use engine::clock::EpochMs;
use engine::ports::{FillCall, PortError};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::database_postgres::{Server, code, is_lost, run, said};
use super::fill::{
    NOTE_FIND, NOTE_PUT, NOTES_CREATE, Refused, STATEMENT_AT_MOST_S, SetRows, TRIED_ROWS, batch_of,
    condition, key_of, no_key, reason, set_all, update,
};

/// How long a connection that nobody uses is taken up again; the server ends it a little later.
const KEPT_AT_MOST: Duration = Duration::from_secs(30);
/// The server ends what nobody takes up again. Version 13 does not know that setting, and keeps it until we end.
const SETTINGS: &str = "SET statement_timeout = '30s'; SET lock_timeout = '5s'; \
    SET idle_in_transaction_session_timeout = '60s'; \
    SELECT set_config(name, '60s', false) FROM pg_settings WHERE name = 'idle_session_timeout'";
/// What is checked only at the end of a transaction would be refused where no row can be told apart any more.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET CONSTRAINTS ALL IMMEDIATE";
/// A batch whose answer nobody waits for any more may still be at work.
const TURN: &str = "SELECT pg_advisory_xact_lock(hashtextextended('ops_job_runs ' || $1, 0))";
const NOTES_PRESENT: &str = "SELECT to_regclass('ops_job_runs') IS NOT NULL";
/// A column's type, and whether it tells rows apart.
const KEY_LOOK: &str = "SELECT format_type(a.atttypid, NULL), a.attnotnull AND EXISTS (
        SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
        AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum)
    FROM pg_attribute a
    WHERE a.attrelid = to_regclass($1) AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped";
/// Types whose texts lead back to the same value.
const KEY_TYPES: [&str; 6] = ["smallint", "integer", "bigint", "uuid", "text", "character varying"];

/// A connection with which a job's batches are made one after the other.
pub(super) struct Filler {
    connection: PgConnection,
    url: SecretString,
    fill: Fill,
    key_type: String,
    used: Instant,
}

impl Filler {
    /// Opens one, and looks whether the job's rows can be walked by its key.
    pub(super) async fn open(
        server: &Server,
        url: &SecretString,
        call: &FillCall,
    ) -> Result<Self, PortError> {
        let told = |cause: sqlx::Error| wrong(server, call, &cause);
        let mut connection = server.open("infra-chat jobs").await?;
        run(&mut connection, SETTINGS).await.map_err(told)?;
        let fill = call.fill.clone();
        let look: Option<(String, bool)> = sqlx::query_as(KEY_LOOK)
            .bind(&fill.table)
            .bind(&fill.key_name)
            .fetch_optional(&mut connection)
            .await
            .map_err(told)?;
        let (key_type, tells_apart) =
            look.ok_or_else(|| no_key(&fill, "there is no such column, or no such table"))?;
        if !KEY_TYPES.contains(&key_type.as_str()) {
            return Err(no_key(&fill, &format!("it is of the type {key_type}")));
        }
        if !tells_apart {
            return Err(no_key(&fill, "it is not unique, or may be empty"));
        }
        Ok(Self { connection, url: url.clone(), fill, key_type, used: Instant::now() })
    }

    /// Whether it is good for another batch.
    pub(super) fn serves(&self, url: &SecretString, call: &FillCall) -> bool {
        self.used.elapsed() < KEPT_AT_MOST
            && self.fill == call.fill
            && self.url.expose_secret() == url.expose_secret()
    }

    /// Makes a batch, once.
    pub(super) async fn fill(
        &mut self,
        server: &Server,
        call: &FillCall,
        now_ms: EpochMs,
    ) -> Result<Batch, PortError> {
        let told = |cause: sqlx::Error| wrong(server, call, &cause);
        let present: bool =
            sqlx::query_scalar(NOTES_PRESENT).fetch_one(&mut self.connection).await.map_err(told)?;
        if !present {
            run(&mut self.connection, NOTES_CREATE).await.map_err(told)?;
        }
        let behind = if call.counts { self.count(server, call).await? } else { None };
        run(&mut self.connection, BEGIN).await.map_err(told)?;
        sqlx::query(TURN).bind(&call.noted_as).execute(&mut self.connection).await.map_err(told)?;
        let asked = call.cursor.as_ref().map_or("", Cursor::as_str);
        let before: Option<String> = sqlx::query_scalar(NOTE_FIND)
            .bind(&call.noted_as)
            .bind(asked)
            .fetch_optional(&mut self.connection)
            .await
            .map_err(told)?;
        if let Some(batch) = before.and_then(|it| serde_json::from_str(&it).ok()) {
            run(&mut self.connection, "COMMIT").await.map_err(told)?;
            return Ok(batch);
        }
        let keys = self.pick(server, call, call.batch).await?;
        let quarantined = set_all(&mut Setting { filler: self, server, call }, &keys).await?;
        let batch = batch_of(&keys, call.batch, quarantined, behind);
        let answer = serde_json::to_string(&batch)
            .map_err(|error| PortError::fail(format!("a batch can't be noted: {error}"), ""))?;
        sqlx::query(NOTE_PUT)
            .bind(&call.noted_as)
            .bind(call.job.as_str())
            .bind(asked)
            .bind(answer)
            .bind(now_ms)
            .execute(&mut self.connection)
            .await
            .map_err(told)?;
        run(&mut self.connection, "COMMIT").await.map_err(told)?;
        self.used = Instant::now();
        Ok(batch)
    }

    /// What the next batch would do. Only reads.
    pub(super) async fn tried(&mut self, server: &Server, call: &FillCall) -> Result<Batch, PortError> {
        let told = |cause: sqlx::Error| wrong(server, call, &cause);
        run(&mut self.connection, "SET default_transaction_read_only = on").await.map_err(told)?;
        let behind = self.count(server, call).await?;
        let asked = call.batch.min(TRIED_ROWS);
        let keys = self.pick(server, call, asked).await?;
        let shows = self.shows(server, call).await?;
        let (mut samples, mut quarantined) = (Vec::new(), Vec::new());
        for key in &keys {
            let shown: Result<Option<(Option<String>, Option<String>)>, _> =
                sqlx::query_as(AssertSqlSafe(shows.clone()))
                    .bind(key.as_str())
                    .fetch_optional(&mut self.connection)
                    .await;
            match shown {
                // Somebody took it away meanwhile.
                Ok(None) => {}
                Ok(Some((before, after))) => {
                    let (before, after) = (json(before), json(after));
                    samples.push(Sample { key: key.clone(), before, after });
                }
                Err(cause) => match refused(server, call, &cause) {
                    Refused::Row(code) => quarantined.push(Quarantined { key: key.clone(), code }),
                    Refused::All(error) => return Err(error),
                },
            }
        }
        Ok(Batch { samples, ..batch_of(&keys, asked, quarantined, behind) })
    }

    /// Ends it.
    pub(super) async fn close(self) {
        // Everything that matters is committed; a connection that doesn't close well is dropped.
        let _ = self.connection.close().await;
    }

    fn behind(&self, call: &FillCall) -> Option<String> {
        let (key, key_type) = (&self.fill.key, &self.key_type);
        call.cursor.as_ref().map(|_| format!("{key} > $1::text::{key_type}"))
    }

    /// How many rows there are; none when counting takes too long.
    async fn count(&mut self, server: &Server, call: &FillCall) -> Result<Option<u64>, PortError> {
        let condition = condition(&self.fill, self.behind(call).as_deref());
        let sql = format!("SELECT count(*) FROM {}{condition}", self.fill.table);
        let mut query = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql));
        if let Some(cursor) = &call.cursor {
            query = query.bind(cursor.as_str());
        }
        match query.fetch_one(&mut self.connection).await {
            Ok(count) => Ok(u64::try_from(count).ok()),
            Err(cause) if code(&cause).as_deref() == Some("57014") => Ok(None),
            Err(cause) => Err(wrong(server, call, &cause)),
        }
    }

    /// The keys of the next rows, in their order.
    async fn pick(&mut self, server: &Server, call: &FillCall, most: u32) -> Result<Vec<Cursor>, PortError> {
        let Fill { table, key, .. } = &self.fill;
        let condition = condition(&self.fill, self.behind(call).as_deref());
        // The key as text has another name, or it would be ordered as text.
        let sql =
            format!("SELECT {key}::text AS ops_job_key FROM {table}{condition} ORDER BY {key} LIMIT {most}");
        let mut query = sqlx::query_scalar::<_, Option<String>>(AssertSqlSafe(sql));
        if let Some(cursor) = &call.cursor {
            query = query.bind(cursor.as_str());
        }
        let keys =
            query.fetch_all(&mut self.connection).await.map_err(|cause| wrong(server, call, &cause))?;
        keys.into_iter().map(|key| key_of(&self.fill, key)).collect()
    }

    /// The statement that shows a row before and after, as JSON: one column by itself, several by their names.
    async fn shows(&mut self, server: &Server, call: &FillCall) -> Result<String, PortError> {
        let Fill { table, key, columns, .. } = &self.fill;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for it in columns {
            let look: Option<(String, bool)> = sqlx::query_as(KEY_LOOK)
                .bind(table)
                .bind(&it.name)
                .fetch_optional(&mut self.connection)
                .await
                .map_err(|cause| wrong(server, call, &cause))?;
            let Some((column_type, _)) = look else {
                let what = format!("the job {} sets {}, which {table} does not have", call.job, it.column);
                return Err(PortError::fail(what, "Mend its `set` in the project's file and import it."));
            };
            before.push((it.name.replace('\'', "''"), format!("to_jsonb({})", it.column)));
            after.push((
                it.name.replace('\'', "''"),
                format!("to_jsonb(CAST(({}) AS {column_type}))", it.value),
            ));
        }
        let written = |each: Vec<(String, String)>| {
            if let [(_, value)] = each.as_slice() {
                return value.clone();
            }
            let each: Vec<String> = each.iter().map(|(name, value)| format!("'{name}', {value}")).collect();
            format!("jsonb_build_object({})", each.join(", "))
        };
        let (before, after) = (written(before), written(after));
        let key_type = &self.key_type;
        Ok(format!("SELECT {before}::text, {after}::text FROM {table} WHERE {key} = $1::text::{key_type}"))
    }
}

fn json(text: Option<String>) -> Value {
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

struct Setting<'a> {
    filler: &'a mut Filler,
    server: &'a Server,
    call: &'a FillCall,
}

#[async_trait]
impl SetRows for Setting<'_> {
    async fn set_rows(&mut self, keys: &[Cursor]) -> Result<(), Refused> {
        let Self { filler, server, call } = self;
        let Filler { connection, fill, key_type, .. } = &mut **filler;
        let told = |cause: sqlx::Error| Refused::All(wrong(server, call, &cause));
        let keys: Vec<&str> = keys.iter().map(Cursor::as_str).collect();
        let which = format!("{} = ANY ($1::text[]::{key_type}[])", fill.key);
        run(connection, "SAVEPOINT ops_job_rows").await.map_err(told)?;
        let set = sqlx::query(AssertSqlSafe(update(fill, "UPDATE", &which)));
        if let Err(cause) = set.bind(keys).execute(&mut *connection).await {
            let refused = refused(server, call, &cause);
            if matches!(refused, Refused::Row(_)) {
                run(connection, "ROLLBACK TO SAVEPOINT ops_job_rows").await.map_err(told)?;
            }
            return Err(refused);
        }
        run(connection, "RELEASE SAVEPOINT ops_job_rows").await.map_err(told)
    }
}

/// Whether a row was refused: its data, a constraint, a trigger, the condition of a view.
fn refused(server: &Server, call: &FillCall, cause: &sqlx::Error) -> Refused {
    let code = code(cause).unwrap_or_default();
    let of_a_row =
        code.starts_with("22") || code.starts_with("23") || code.starts_with("44") || code == "P0001";
    if of_a_row { Refused::Row(reason(&code)) } else { Refused::All(wrong(server, call, cause)) }
}

/// What went wrong with a job.
fn wrong(server: &Server, call: &FillCall, cause: &sqlx::Error) -> PortError {
    let (title, job, said) = (server.title(), &call.job, said(cause));
    let code = code(cause).unwrap_or_default();
    match code.as_str() {
        "57014" => PortError::retry(format!(
            "a statement of the job {job} took longer than {STATEMENT_AT_MOST_S} s on {title}; smaller batches take less"
        )),
        "55P03" | "40001" | "40P01" => {
            PortError::retry(format!("rows of the job {job} on {title} are locked by somebody else"))
        }
        _ if is_lost(cause) => PortError::retry(format!("the connection to {title} was lost: {said}")),
        _ if code.starts_with("53") => PortError::retry(format!("{title} has no room: {said}")),
        _ => PortError::fail(
            format!("the job {job} can't be run on {title}: {said}"),
            "Mend its `rows`, `key` or `set` in the project's file and import it.",
        ),
    }
}
