//! Customers: whom we bill. The list changes rarely, so it is kept in the cache for a minute.

use crate::cache::Cache;
use crate::database::Database;
use crate::json::Json;
use std::time::Duration;

const CACHED: &str = "customers-with-timezone.json";
const MAX_AGE: Duration = Duration::from_secs(60);

const LIST: &str = "SELECT id, name, email, country, timezone FROM customers ORDER BY name LIMIT 500";
const CREATE: &str = "INSERT INTO customers (name, email, country) VALUES (?1, ?2, ?3) RETURNING id";

/// All customers, and whether they came from the cache.
pub fn list(database: &Database, cache: &Cache) -> Result<(Json, bool), String> {
    if let Some(cached) = cache.get(CACHED, MAX_AGE).and_then(|text| Json::parse(&text).ok()) {
        return Ok((cached, true));
    }
    let customers = Json::List(database.query(LIST, &[])?.objects());
    cache.put(CACHED, &customers.to_string())?;
    Ok((customers, false))
}

/// Adds a customer and returns its id.
pub fn create(
    database: &Database,
    cache: &Cache,
    name: &str,
    email: &str,
    country: &str,
) -> Result<i64, String> {
    let created = database.query(CREATE, &[Json::text(name), Json::text(email), Json::text(country)])?;
    cache.forget(CACHED);
    Ok(created.number())
}
