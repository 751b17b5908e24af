//! Reminders for overdue invoices: one a week, queued by cron.

use crate::database::Database;

/// More than this many unsent reminders mean that nobody sends them.
const MAX_UNSENT: i64 = 1000;

const UNSENT: &str = "SELECT count(*) FROM reminders WHERE sent_at IS NULL";

pub const COUNT: &str = "SELECT count(*) FROM invoices WHERE status = 'overdue'
    AND id NOT IN (SELECT invoice_id FROM reminders WHERE queued_on > date('now', '-7 days'))";
pub const QUEUE: &str = "INSERT INTO reminders (invoice_id, queued_on) SELECT id, date('now') FROM invoices
    WHERE status = 'overdue'
    AND id NOT IN (SELECT invoice_id FROM reminders WHERE queued_on > date('now', '-7 days'))";

/// Whether the queue is there and somebody empties it.
pub fn check(database: &Database) -> Result<(), String> {
    match database.query(UNSENT, &[])?.number() {
        unsent if unsent > MAX_UNSENT => Err(format!("{unsent} reminders wait to be sent")),
        _ => Ok(()),
    }
}
