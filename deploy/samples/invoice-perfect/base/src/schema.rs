//! What this release needs of the database. Migrations are run by whoever deploys; we only look.

use crate::database::Database;
use crate::json::Json;

const NEEDED: &[&str] = &[
    "customers.country",
    "customers.email",
    "customers.name",
    "invoices.amount_cents",
    "invoices.customer_id",
    "invoices.description",
    "invoices.issued_on",
    "invoices.status",
    "invoices.tax_percent",
    "invoices.total_cents",
    "users.password_hash",
];

const COLUMNS: &str = "SELECT tables.name || '.' || columns.name FROM sqlite_master AS tables
    JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'";

/// Whether the database answers and has every column this release reads or writes.
pub fn check(database: &Database) -> Result<(), String> {
    let columns = database.query(COLUMNS, &[])?;
    let there =
        |needed: &str| columns.rows.iter().any(|row| row.first().and_then(Json::as_str) == Some(needed));
    let missing: Vec<&str> = NEEDED.iter().copied().filter(|needed| !there(needed)).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("missing {}: run the migrations", missing.join(", ")))
    }
}
