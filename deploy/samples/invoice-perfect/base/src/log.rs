//! One JSON object a line on standard output: what happened, when, in which service and release.

use crate::json::Json;
use crate::{config, time};
use std::io::Write;
use std::sync::OnceLock;

static SERVICE: OnceLock<String> = OnceLock::new();

/// Says once which service the lines come from.
pub fn start(service: &str) {
    let _ = SERVICE.set(service.to_string());
}

pub fn info(message: &str, fields: &[(&str, Json)]) {
    line("info", message, fields);
}

pub fn warn(message: &str, fields: &[(&str, Json)]) {
    line("warn", message, fields);
}

pub fn error(message: &str, fields: &[(&str, Json)]) {
    line("error", message, fields);
}

fn line(level: &str, message: &str, fields: &[(&str, Json)]) {
    let mut entry = vec![
        ("at", Json::text(time::timestamp())),
        ("level", Json::text(level)),
        ("service", Json::text(SERVICE.get().map_or("-", String::as_str))),
        ("release", Json::text(config::release())),
        ("message", Json::text(message)),
    ];
    entry.extend(fields.iter().cloned());
    // A log that nobody reads any more (a closed pipe) must not end the service.
    let _ = writeln!(std::io::stdout().lock(), "{}", Json::object(entry));
}
