//! Filling columns that a migration left empty, a batch at a time: one call is one batch, as Infra Chat's page about jobs has
//! it. What was done is said on standard output, in JSON, an object a line; what went wrong on standard error.
//!
//! ```text
//! invoice-perfect backfill --job NAME [--cursor ID] --batch N [--dry-run]
//! ```
//!
//! Safe to stop and safe to repeat: a row that is filled is left alone.

use crate::database::Database;
use crate::json::Json;

/// Rows shown before and after in a dry run.
const SAMPLES: usize = 5;

struct Backfill {
    name: &'static str,
    /// Up to `?2` empty rows behind `?1`, in the order of their ids: id, what is there, what would be; nothing for a row that
    /// can't be filled.
    rows: &'static str,
    /// Fills those behind `?1` up to `?2`.
    fill: &'static str,
    /// How many empty rows there are behind `?1`.
    left: &'static str,
    /// Why a row can't be filled.
    bad: &'static str,
}

const BACKFILLS: &[Backfill] = &[
    Backfill {
        name: "backfillInvoiceTotals",
        rows: "SELECT id, total_cents, amount_cents * (100 + tax_percent) / 100 FROM invoices
            WHERE total_cents IS NULL AND id > ?1 ORDER BY id LIMIT ?2",
        fill: "UPDATE invoices SET total_cents = amount_cents * (100 + tax_percent) / 100
            WHERE total_cents IS NULL AND id > ?1 AND id <= ?2",
        left: "SELECT count(*) FROM invoices WHERE total_cents IS NULL AND id > ?1",
        bad: "no-amount",
    },
];

struct Options<'a> {
    job: &'a str,
    cursor: i64,
    batch: i64,
    dry_run: bool,
}

pub fn run(options: &[&str]) -> Result<(), String> {
    let done = read_options(options).and_then(|options| batch(&options));
    if let Err(problem) = &done {
        eprintln!("{problem}");
    }
    done
}

fn batch(options: &Options) -> Result<(), String> {
    let known = || BACKFILLS.iter().map(|backfill| backfill.name).collect::<Vec<_>>().join(", ");
    let backfill = BACKFILLS.iter().find(|backfill| backfill.name == options.job);
    let backfill = backfill
        .ok_or_else(|| format!("there is no job {:?} in this release, only: {}", options.job, known()))?;
    let database = Database::from_environment()?;
    let found = database.query(backfill.rows, &[Json::Int(options.cursor), Json::Int(options.batch)])?.rows;
    let id = |row: &Vec<Json>| row.first().and_then(Json::as_int).unwrap_or(options.cursor);
    let last = found.last().map_or(options.cursor, id);
    let after = |row: &Vec<Json>| row.get(2).filter(|value| **value != Json::Null).cloned();
    let (good, bad): (Vec<_>, Vec<_>) = found.iter().partition(|row| after(row).is_some());
    if !options.dry_run && !good.is_empty() {
        database.query(backfill.fill, &[Json::Int(options.cursor), Json::Int(last)])?;
    }
    let left = database.query(backfill.left, &[Json::Int(last)])?.number();
    for row in bad {
        say("quarantined", [("key", Json::Int(id(row))), ("code", Json::text(backfill.bad))]);
    }
    for row in good.iter().take(if options.dry_run { SAMPLES } else { 0 }) {
        let before = row.get(1).cloned().unwrap_or(Json::Null);
        say("sample", [
            ("key", Json::Int(id(row))),
            ("before", before),
            ("after", after(row).unwrap_or(Json::Null)),
        ]);
    }
    say("batch", [
        ("rows", Json::Int(good.len() as i64)),
        ("cursor", Json::Int(last)),
        ("done", Json::Bool(left == 0)),
        ("remaining", Json::Int(left)),
    ]);
    Ok(())
}

fn say<const N: usize>(what: &str, fields: [(&str, Json); N]) {
    println!("{}", Json::object([("type", Json::text(what))].into_iter().chain(fields)));
}

fn read_options<'a>(words: &[&'a str]) -> Result<Options<'a>, String> {
    let mut options = Options { job: "", cursor: 0, batch: 0, dry_run: false };
    let mut words = words.iter();
    let number = |word: Option<&&str>, least: i64| {
        word.and_then(|word| word.parse().ok()).filter(|number: &i64| *number >= least)
    };
    while let Some(word) = words.next() {
        match *word {
            "--dry-run" => options.dry_run = true,
            "--job" => options.job = words.next().ok_or("--job needs a name")?,
            "--cursor" => options.cursor = number(words.next(), 0).ok_or("--cursor needs the id of a row")?,
            "--batch" => options.batch = number(words.next(), 1).ok_or("--batch needs a number above 0")?,
            other => return Err(format!("unknown option {other}; known are --job, --cursor, --batch and --dry-run")),
        }
    }
    match options {
        Options { job: "", .. } => Err("--job is missing".to_string()),
        Options { batch: 0, .. } => Err("--batch is missing".to_string()),
        options => Ok(options),
    }
}
