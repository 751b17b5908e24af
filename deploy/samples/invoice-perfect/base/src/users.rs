//! Who may write in the books.

use crate::database::Database;
use crate::json::Json;
use crate::sha256;

/// Slow on purpose, so that a stolen table of hashes is not a table of passwords.
const ROUNDS: u32 = 5_000;

const FIND: &str = "SELECT salt, password_hash FROM users WHERE email = ?1";

/// Whether there is a user with this e-mail address and password.
pub fn password_fits(database: &Database, email: &str, password: &str) -> Result<bool, String> {
    let found = database.query(FIND, &[Json::text(email)])?;
    let text = |column: usize| found.rows.first().and_then(|row| row.get(column)).and_then(Json::as_str);
    // An unknown address costs as much time as a wrong password, so that answers don't tell which it was.
    let hash = sha256::hex(&sha256::pbkdf2(password.as_bytes(), text(0).unwrap_or("-").as_bytes(), ROUNDS));
    Ok(sha256::same(hash.as_bytes(), text(1).unwrap_or_default().as_bytes()))
}
