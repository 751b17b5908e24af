//! What the application's own tool notes of the migrations it has applied: the names of their files, in a table of its own.

use engine::ports::{AppliedMigration, Notes};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, PgConnection};

/// A name in brackets or quotes. Of quoted names that are no column, SQLite makes texts; of those in brackets it doesn't:
/// <https://www.sqlite.org/quirks.html#dblquote>.
fn wrapped(name: &str, open: char, close: char) -> String {
    let parts = name.split('.').map(|part| format!("{open}{part}{close}"));
    parts.collect::<Vec<_>>().join(".")
}

/// Those a server's database has; none when the table is not there yet.
pub(super) async fn of_server(
    connection: &mut PgConnection,
    notes: &Notes,
) -> Result<Vec<AppliedMigration>, sqlx::Error> {
    let table = wrapped(&notes.table, '"', '"');
    let present: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(&table)
        .fetch_one(&mut *connection)
        .await?;
    if !present {
        return Ok(Vec::new());
    }
    let column = wrapped(&notes.column, '"', '"');
    let list = format!("SELECT {column}::text FROM {table}");
    let names: Vec<String> = sqlx::query_scalar(AssertSqlSafe(list)).fetch_all(connection).await?;
    Ok(applied(&names))
}

/// Those a file has; none when the table is not there yet.
pub(super) async fn of_file(
    connection: &mut SqliteConnection,
    notes: &Notes,
) -> Result<Vec<AppliedMigration>, sqlx::Error> {
    let present: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1")
            .bind(&notes.table)
            .fetch_one(&mut *connection)
            .await?;
    if present == 0 {
        return Ok(Vec::new());
    }
    let (table, column) = (wrapped(&notes.table, '[', ']'), wrapped(&notes.column, '[', ']'));
    let list = format!("SELECT CAST({column} AS TEXT) FROM {table}");
    let names: Vec<String> = sqlx::query_scalar(AssertSqlSafe(list)).fetch_all(connection).await?;
    Ok(applied(&names))
}

fn applied(names: &[String]) -> Vec<AppliedMigration> {
    let mut versions: Vec<&str> = names.iter().map(|name| Notes::version_of(name)).collect();
    versions.sort_unstable();
    versions.dedup();
    versions
        .into_iter()
        .map(|version| AppliedMigration { version: version.to_owned(), checksum: String::new(), at_ms: 0 })
        .collect()
}
