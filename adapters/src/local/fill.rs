//! Jobs that are declared in SQL, whatever the database: a batch is picked by its keys, filled in one statement, and halved where a
//! row is refused, until it stands alone.

use async_trait::async_trait;
use engine::backfill::{Batch, Cursor, Fill, Quarantined};
use engine::ports::PortError;

/// How long a statement of a job may take, in seconds.
pub(super) const STATEMENT_AT_MOST_S: u64 = 30;
/// Rows that a dry run shows.
pub(super) const TRIED_ROWS: u32 = 20;

/// Where the note of each job's last batch is: beside the rows, so that both are there or neither.
pub(super) const NOTES_CREATE: &str = "CREATE TABLE IF NOT EXISTS ops_job_runs (
    run TEXT PRIMARY KEY NOT NULL,
    job TEXT NOT NULL,
    behind TEXT NOT NULL,
    answer TEXT NOT NULL,
    at_ms BIGINT NOT NULL
)";
pub(super) const NOTE_FIND: &str = "SELECT answer FROM ops_job_runs WHERE run = $1 AND behind = $2";
pub(super) const NOTE_PUT: &str = "INSERT INTO ops_job_runs (run, job, behind, answer, at_ms) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (run) DO UPDATE SET behind = EXCLUDED.behind, answer = EXCLUDED.answer, at_ms = EXCLUDED.at_ms";

/// Why rows could not be set.
pub(super) enum Refused {
    /// One of them at least can't be: the code says why.
    Row(String),
    /// It is not about a row.
    All(PortError),
}

/// Sets what a job sets in rows, all of them or none.
#[async_trait]
pub(super) trait SetRows: Send {
    /// The keys follow each other.
    async fn set_rows(&mut self, keys: &[Cursor]) -> Result<(), Refused>;
}

/// Sets all rows but those that can't be.
pub(super) async fn set_all(rows: &mut impl SetRows, keys: &[Cursor]) -> Result<Vec<Quarantined>, PortError> {
    let (mut left, mut quarantined) = (vec![keys], Vec::new());
    while let Some(part) = left.pop() {
        if part.is_empty() {
            continue;
        }
        match (rows.set_rows(part).await, part) {
            (Ok(()), _) => {}
            (Err(Refused::All(error)), _) => return Err(error),
            (Err(Refused::Row(code)), [key]) => quarantined.push(Quarantined { key: key.clone(), code }),
            (Err(Refused::Row(_)), more) => {
                let (first, second) = more.split_at(more.len() / 2);
                left.push(second);
                left.push(first);
            }
        }
    }
    Ok(quarantined)
}

/// What came of a batch whose keys were these. One that is not full was the last.
pub(super) fn batch_of(
    keys: &[Cursor],
    asked: u32,
    quarantined: Vec<Quarantined>,
    behind: Option<u64>,
) -> Batch {
    let handled = u32::try_from(keys.len()).unwrap_or(asked);
    let done = handled < asked;
    let bad = u32::try_from(quarantined.len()).unwrap_or(handled);
    let remaining = behind.map(|behind| behind.saturating_sub(handled.into()));
    Batch {
        rows: handled.saturating_sub(bad),
        quarantined,
        samples: Vec::new(),
        cursor: keys.last().cloned(),
        done,
        remaining: if done { Some(0) } else { remaining },
    }
}

/// The condition of a job's statements: its rows behind another when `behind` says how that is written, and as a condition of its own.
pub(super) fn condition(fill: &Fill, also: Option<&str>) -> String {
    let own = fill.condition.as_ref().map(|it| format!("({it})"));
    let all: Vec<&str> = also.into_iter().chain(own.as_deref()).collect();
    if all.is_empty() { String::new() } else { format!(" WHERE {}", all.join(" AND ")) }
}

/// A key of a row, as it is kept.
pub(super) fn key_of(fill: &Fill, text: Option<String>) -> Result<Cursor, PortError> {
    let hint =
        "Choose another column as the job's key: whole numbers, UUIDs, or texts of up to 200 characters.";
    let Some(text) = text else {
        let what = format!("a row of {} has no {}, by which the job finds it", fill.table, fill.key);
        return Err(PortError::fail(what, hint));
    };
    Cursor::try_from(text).map_err(|error| {
        PortError::fail(format!("{} of a row of {} can't be its key: {error}", fill.key, fill.table), hint)
    })
}

/// There is no such column, or it does not tell rows apart.
pub(super) fn no_key(fill: &Fill, why: &str) -> PortError {
    PortError::fail(
        format!("{} of {} can't be the job's key: {why}", fill.key, fill.table),
        "Name a column that is the primary key, or unique and never empty, in the project's file, and import it.",
    )
}

/// A reason code: the database's own, and what it stands for where that is known.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>, <https://www.sqlite.org/rescode.html>
pub(super) fn reason(code: &str) -> String {
    let code = code.to_ascii_lowercase();
    let means = match code.as_str() {
        "23502" | "1299" => "not-null",
        "23503" | "787" => "foreign-key",
        "23505" | "2067" | "1555" => "unique",
        "23514" | "275" => "check",
        "22001" => "too-long",
        "22003" => "out-of-range",
        "22012" => "division-by-zero",
        "22p02" | "20" => "not-of-its-type",
        "p0001" | "1811" => "trigger",
        _ => return code,
    };
    format!("{code}-{means}")
}

/// The statement that sets the columns of some rows.
pub(super) fn update(fill: &Fill, verb: &str, which: &str) -> String {
    format!("{verb} {} SET {}{}", fill.table, fill.assignments(), condition(fill, Some(which)))
}
