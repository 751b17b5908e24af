//! Invoice Perfect: invoices for small companies. One program, started as `api`, `web`, `cron` or `backfill`.

mod api;
mod backfill;
mod cache;
mod config;
mod cron;
mod customers;
mod database;
mod health;
mod http;
mod invoices;
mod json;
mod log;
mod schema;
mod session;
mod sha256;
mod stop;
mod time;
mod totals;
mod users;
mod web;

use std::process::ExitCode;

const USAGE: &str =
    "usage: invoice-perfect api | web | cron [--dry-run] | backfill --job NAME [--cursor ID] --batch N [--dry-run]";
const EXIT_FAILED: u8 = 1;
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["api"] => api::serve(),
        ["web"] => web::serve(),
        ["cron"] => cron::run(false),
        ["cron", "--dry-run"] => cron::run(true),
        ["backfill", options @ ..] => backfill::run(options),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            log::error(&problem, &[]);
            ExitCode::from(EXIT_FAILED)
        }
    }
}
