//! Invoices: what we billed. Amounts are whole cents.

use crate::database::Database;
use crate::json::Json;
use crate::time;

const LIST_LIMIT: i64 = 200;

const SELECT: &str = "SELECT invoices.id, customers.name AS customer, description, amount_cents, tax_percent,
    coalesce(total_cents, amount_cents * (100 + tax_percent) / 100) AS total_cents, status, issued_on
    FROM invoices JOIN customers ON customers.id = invoices.customer_id";
const LIST: &str = "WHERE ?1 IS NULL OR status = ?1 ORDER BY invoices.id DESC LIMIT ?2";
const FIND: &str = "WHERE invoices.id = ?1";
const CREATE: &str =
    "INSERT INTO invoices (customer_id, description, amount_cents, tax_percent, total_cents, issued_on)
    SELECT id, ?2, ?3, ?4, ?3 * (100 + ?4) / 100, ?5 FROM customers WHERE id = ?1 RETURNING id";
const PAY: &str = "UPDATE invoices SET status = 'paid' WHERE id = ?1 AND status IN ('sent', 'overdue')";

pub struct NewInvoice {
    pub customer_id: i64,
    pub description: String,
    pub amount_cents: i64,
    pub tax_percent: i64,
}

/// The newest invoices, of one status if that is given.
pub fn list(database: &Database, status: Option<&str>) -> Result<Json, String> {
    let status = status.map_or(Json::Null, Json::text);
    Ok(Json::List(database.query(&format!("{SELECT} {LIST}"), &[status, Json::Int(LIST_LIMIT)])?.objects()))
}

pub fn find(database: &Database, id: i64) -> Result<Option<Json>, String> {
    Ok(database.query(&format!("{SELECT} {FIND}"), &[Json::Int(id)])?.objects().pop())
}

/// Issues an invoice today and returns its id, or `None` when there is no such customer.
pub fn create(database: &Database, new: &NewInvoice) -> Result<Option<i64>, String> {
    let params = [
        Json::Int(new.customer_id),
        Json::text(new.description.as_str()),
        Json::Int(new.amount_cents),
        Json::Int(new.tax_percent),
        Json::text(time::today()),
    ];
    let created = database.query(CREATE, &params)?;
    Ok(if created.rows.is_empty() { None } else { Some(created.number()) })
}

/// Marks an open invoice paid; `false` when there is none to pay.
pub fn pay(database: &Database, id: i64) -> Result<bool, String> {
    Ok(database.query(PAY, &[Json::Int(id)])?.changes > 0)
}
