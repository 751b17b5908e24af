//! Filling columns that a migration left empty: a batch at a time, safe to stop, safe to repeat.

use crate::database::Database;
use crate::json::Json;
use crate::log;

const DEFAULT_BATCH: i64 = 500;

struct Backfill {
    name: &'static str,
    /// How many rows are still empty.
    count: &'static str,
    /// Fills up to `?1` of them.
    fill: &'static str,
}

const BACKFILLS: &[Backfill] = &[
    Backfill {
        name: "invoice-totals",
        count: "SELECT count(*) FROM invoices WHERE total_cents IS NULL",
        fill: "UPDATE invoices SET total_cents = amount_cents * (100 + tax_percent) / 100
        WHERE id IN (SELECT id FROM invoices WHERE total_cents IS NULL ORDER BY id LIMIT ?1)",
    },
    Backfill {
        name: "timezone",
        count: "SELECT count(*) FROM customers_without_timezone",
        fill: "UPDATE customers SET timezone = CASE country
            WHEN 'DE' THEN 'Europe/Berlin' WHEN 'FR' THEN 'Europe/Paris' WHEN 'GB' THEN 'Europe/London'
            WHEN 'IN' THEN 'Asia/Kolkata' WHEN 'US' THEN 'America/New_York' ELSE 'UTC' END
            WHERE id IN (SELECT id FROM customers_without_timezone ORDER BY id LIMIT ?1)",
    },
];

pub fn run(name: &str, options: &[&str]) -> Result<(), String> {
    log::start("backfill");
    let known = || BACKFILLS.iter().map(|backfill| backfill.name).collect::<Vec<_>>().join(", ");
    let backfill = BACKFILLS.iter().find(|backfill| backfill.name == name);
    let backfill = backfill
        .ok_or_else(|| format!("there is no backfill {name:?} in this release, only: {}", known()))?;
    let (batch, dry_run) = read_options(options)?;
    let database = Database::from_environment()?;
    loop {
        let remaining = database.query(backfill.count, &[])?.number();
        let progress = |changed| [("changed", Json::Int(changed)), ("remaining", Json::Int(remaining))];
        if dry_run || remaining == 0 {
            log::info(name, &progress(0));
            return Ok(());
        }
        let changed = database.query(backfill.fill, &[Json::Int(batch)])?.changes;
        if changed == 0 {
            return Err(format!("{remaining} rows can't be filled"));
        }
        log::info(name, &progress(changed));
    }
}

fn read_options(options: &[&str]) -> Result<(i64, bool), String> {
    let (mut batch, mut dry_run) = (DEFAULT_BATCH, false);
    let mut words = options.iter();
    while let Some(word) = words.next() {
        match *word {
            "--dry-run" => dry_run = true,
            "--batch" => {
                let size = words.next().and_then(|size| size.parse().ok()).filter(|size| *size > 0);
                batch = size.ok_or("--batch needs a number above 0")?;
            }
            other => return Err(format!("unknown option {other}; known are --batch N and --dry-run")),
        }
    }
    Ok((batch, dry_run))
}
