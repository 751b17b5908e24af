//! The regular jobs, each run once. With `--dry-run` they say what they would do and change nothing.

use crate::cache::Cache;
use crate::database::Database;
use crate::json::Json;
use crate::log;
use std::time::Duration;

const CACHE_MAX_AGE: Duration = Duration::from_secs(24 * 3600);

const STALE_DRAFTS: &str =
    "SELECT count(*) FROM invoices WHERE status = 'draft' AND issued_on < date('now', '-1 year')";
const VOID_DRAFTS: &str =
    "UPDATE invoices SET status = 'void' WHERE status = 'draft' AND issued_on < date('now', '-1 year')";

// Rows of an older release have no due date yet: thirty days after the issue, as everywhere.
const PAST_DUE: &str = "SELECT count(*) FROM invoices
    WHERE status = 'sent' AND coalesce(due_on, date(issued_on, '+30 days')) < date('now')";
const MARK_OVERDUE: &str = "UPDATE invoices SET status = 'overdue'
    WHERE status = 'sent' AND coalesce(due_on, date(issued_on, '+30 days')) < date('now')";

type Job = fn(&Database, &Cache, bool) -> Result<i64, String>;

const JOBS: &[(&str, Job)] =
    &[("purge cache", purge_cache), ("void stale drafts", void_stale_drafts), ("mark overdue", mark_overdue)];

/// Runs every job, also when one of them fails; the failures are told together at the end.
pub fn run(dry_run: bool) -> Result<(), String> {
    log::start("cron");
    let (database, cache) = (Database::from_environment()?, Cache::from_environment()?);
    let mut failed = Vec::new();
    for (name, job) in JOBS {
        match job(&database, &cache, dry_run) {
            Ok(count) => {
                log::info(name, &[("count", Json::Int(count)), ("dry_run", Json::Bool(dry_run))]);
            }
            Err(problem) => failed.push(format!("{name}: {problem}")),
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("; "))
    }
}

fn purge_cache(_: &Database, cache: &Cache, dry_run: bool) -> Result<i64, String> {
    cache.purge(CACHE_MAX_AGE, dry_run)
}

fn void_stale_drafts(database: &Database, _: &Cache, dry_run: bool) -> Result<i64, String> {
    count_or_change(database, STALE_DRAFTS, VOID_DRAFTS, dry_run)
}

fn mark_overdue(database: &Database, _: &Cache, dry_run: bool) -> Result<i64, String> {
    count_or_change(database, PAST_DUE, MARK_OVERDUE, dry_run)
}

fn count_or_change(database: &Database, count: &str, change: &str, dry_run: bool) -> Result<i64, String> {
    Ok(if dry_run { database.query(count, &[])?.number() } else { database.query(change, &[])?.changes })
}
