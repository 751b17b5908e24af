//! Reads services: what builds and starts them, their health, variables, needs and limits.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use indexmap::IndexMap;

use super::check;
use super::known::Known;
use super::limits::{HEALTH_TIMEOUT_DEFAULT_S, HEALTH_TIMEOUT_S, MEMORY_MB, OPEN_FILES, REPLICAS};
use super::reference::{Piece, Reference, pieces};
use super::signals;
use super::source;
use super::spot::{Spot, shown};
use super::tree::Value;
use super::variable;
use crate::model::{Health, Limits, Service, Size, Variable};

const CRON_FIELDS: usize = 5;

/// Reads one service.
pub(super) fn read(spot: &Spot<'_>, known: &Known<'_>, base: &Path) -> Option<Service> {
    let keys = spot.keys(&[
        "source",
        "build",
        "start",
        "health",
        "schedule",
        "variables",
        "needs",
        "replicas",
        "size",
        "limits",
        "sticky",
        "checks",
        "signals",
    ])?;
    let source = keys.maybe("source", |spot| source::read(&spot, known, base));
    let build = keys.maybe("build", |spot| spot.said());
    let start = keys.need("start", "\"./bin/NAME\"").and_then(|spot| spot.said());
    let schedule = keys.maybe("schedule", |spot| cron(&spot));
    let health = keys.maybe("health", |spot| health(&spot));
    if keys.get("schedule").is_none() {
        if keys.get("health").is_none() {
            keys.fault(
                "`health` is missing; add `health: { path: /health }`, or a `schedule` if it runs at times",
            );
        }
    } else {
        for key in ["health", "replicas", "sticky", "checks", "signals"] {
            if let Some(extra) = keys.get(key) {
                extra.fault_at_key(format!(
                    "a service with a schedule is not served, so `{key}` means nothing; remove it"
                ));
            }
        }
    }
    let variables = keys.or("variables", BTreeMap::new(), |spot| variables(&spot, known));
    let needs = keys.or("needs", Vec::new(), |spot| known.needs(&spot));
    let replicas = keys.or("replicas", 1, |spot| spot.number(&REPLICAS));
    let size = keys.maybe("size", |spot| size(&spot));
    let limits = keys.or("limits", Limits::default(), |spot| limits(&spot));
    let sticky = keys.maybe("sticky", |spot| signals::sticky(&spot));
    let checks = keys.or("checks", IndexMap::new(), |spot| check::read(&spot, &variables));
    let signals = keys.maybe("signals", |spot| signals::read(&spot));
    Some(Service {
        source,
        build,
        start: start?,
        health,
        schedule,
        variables,
        needs,
        replicas,
        size,
        limits,
        sticky,
        checks,
        signals,
    })
}

fn health(spot: &Spot<'_>) -> Option<Health> {
    let keys = spot.keys(&["path", "timeout_s"])?;
    let path = keys.need("path", "/health").and_then(|spot| {
        let path = spot.line()?;
        if path.starts_with('/') && !path.contains(char::is_whitespace) {
            return Some(path);
        }
        spot.fault("must be a path that begins with `/` and has no blanks, as in `/health`");
        None
    });
    let timeout_s = keys.or("timeout_s", HEALTH_TIMEOUT_DEFAULT_S, |spot| spot.number(&HEALTH_TIMEOUT_S));
    Some(Health { path: path?, timeout_s })
}

/// Reads a size.
pub(super) fn size(spot: &Spot<'_>) -> Option<Size> {
    spot.one_of(&Size::ALL.map(|size| (size.name(), size)))
}

/// Reads limits of one process.
pub(super) fn limits(spot: &Spot<'_>) -> Option<Limits> {
    let keys = spot.keys(&["memory_mb", "open_files"])?;
    Some(Limits {
        memory_mb: keys.maybe("memory_mb", |spot| spot.number(&MEMORY_MB)),
        open_files: keys.maybe("open_files", |spot| spot.number(&OPEN_FILES)),
    })
}

/// Reads a cron expression of five fields.
pub(super) fn cron(spot: &Spot<'_>) -> Option<String> {
    let given = spot.line()?;
    // The reader of cron expressions also takes seconds, years and nicknames such as `@daily`.
    if given.split_whitespace().count() != CRON_FIELDS || !given.is_ascii() || given.contains('@') {
        spot.fault(format!(
            "must be a cron expression of five fields (minute hour day month weekday, UTC), as in `*/15 * * * *`, not {}",
            shown(&given)
        ));
        return None;
    }
    let why = match croner::Cron::from_str(&given) {
        Ok(cron) if ever_comes(&cron) => return Some(given),
        Ok(_) => "no such day ever comes".to_owned(),
        Err(error) => {
            error.to_string().trim_end_matches('.').rsplit(": ").next().unwrap_or_default().to_owned()
        }
    };
    spot.fault(format!(
        "is not a time ({why}); cron expressions look like `*/15 * * * *` or `0 6 * * MON-FRI`"
    ));
    None
}

/// Whether the expression names days the calendar has: every date meets every weekday within 28 years. (Asking the crate for
/// the next occurrence searches three thousand years before it gives up on the 30th of February.)
fn ever_comes(cron: &croner::Cron) -> bool {
    const CALENDAR_DAYS: usize = 28 * 366;
    let first = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
    first.iter_days().take(CALENDAR_DAYS).any(|day| {
        let in_month = cron.pattern.month_match(day.month()).unwrap_or(false);
        in_month && cron.pattern.day_match(day.year(), day.month(), day.day()).unwrap_or(false)
    })
}

/// Reads environment variables.
pub(super) fn variables(spot: &Spot<'_>, known: &Known<'_>) -> Option<BTreeMap<String, Variable>> {
    let mut variables = BTreeMap::new();
    for entry in spot.entries()? {
        check_variable_name(&entry);
        if let Some(variable) = variable(&entry, known) {
            variables.insert(entry.key.to_owned(), variable);
        }
    }
    Some(variables)
}

fn check_variable_name(entry: &Spot<'_>) {
    if !variable::is_name(entry.key) {
        entry.fault_at_key(variable::not_a_name());
    }
}

fn variable(spot: &Spot<'_>, known: &Known<'_>) -> Option<Variable> {
    if let Value::Map(_) = spot.node.value {
        let keys = spot.keys(&["secret"])?;
        return keys
            .need("secret", "NAME-OF-THE-SECRET")
            .and_then(|spot| spot.parsed())
            .map(Variable::Secret);
    }
    if let Value::Null = spot.node.value {
        spot.fault("has no value; write `\"\"` for an empty one, or remove it");
        return None;
    }
    let text = spot.text()?;
    match pieces(&text) {
        Err(error) => spot.fault(error.to_string()),
        Ok(pieces) => {
            for piece in pieces {
                match piece {
                    Piece::Text(_) => {}
                    Piece::Url(Reference::Service(name)) => {
                        known.check_served(name.as_str(), |says| spot.fault(says));
                    }
                    Piece::Url(Reference::Component(name)) => {
                        known.check_component(name.as_str(), |says| spot.fault(says));
                    }
                }
            }
        }
    }
    Some(Variable::Plain(text))
}
