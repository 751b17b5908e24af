//! Reads synthetic checks: what is asked of a release on trial, and what is expected of its answers.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::limits::{
    CHECK_EVERY_DEFAULT_S, CHECK_EVERY_S, CHECK_STEPS_MAX, CHECK_TIMEOUT_DEFAULT_S, CHECK_TIMEOUT_S,
    CHECKS_MAX,
};
use super::spot::{Keys, Spot, shown};
use super::tree::Value;
use crate::check::{Piece, pieces};
use crate::model::{Check, CheckDoes, CheckStep, Expect, Keep, Severity, Variable};

/// The words for what a failure means.
pub(super) const SEVERITIES: [(&str, Severity); 2] = [("hard", Severity::Hard), ("soft", Severity::Soft)];
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
/// The longest name of a check or of what is kept, in characters.
const NAME_MAX: usize = 40;
const STATUS: std::ops::RangeInclusive<u32> = 100..=599;

/// Reads the checks of a service with these variables.
pub(super) fn read(
    spot: &Spot<'_>,
    variables: &BTreeMap<String, Variable>,
) -> Option<IndexMap<String, Check>> {
    let entries = spot.entries()?;
    if entries.len() > CHECKS_MAX {
        spot.fault(format!("has {} checks and may have {CHECKS_MAX}", entries.len()));
    }
    let mut checks = IndexMap::new();
    for entry in entries {
        name(&entry, "a check");
        if let Some(check) = check(&entry, variables) {
            checks.insert(entry.key.to_owned(), check);
        }
    }
    Some(checks)
}

fn check(spot: &Spot<'_>, variables: &BTreeMap<String, Variable>) -> Option<Check> {
    let keys = spot.keys(&["severity", "every_s", "timeout_s", "probe", "steps", "command"])?;
    let steps = keys.maybe("steps", |spot| steps(&spot, variables));
    let command = keys.maybe("command", |spot| spot.said());
    let probe = keys.get("probe");
    match (keys.get("steps"), keys.get("command")) {
        (Some(_), Some(extra)) => {
            extra.fault_at_key("a check has `steps` or a `command`, not both; make it two checks");
        }
        (None, None) => keys.fault("`steps` is missing; add `steps: [{ request: GET / }]`, or a `command`"),
        (None, Some(_)) => {
            if let Some(extra) = probe {
                extra.fault_at_key("only requests stand in for traffic, so `probe` means nothing beside a command; remove it");
            }
        }
        (Some(_), None) => {}
    }
    Some(Check {
        severity: keys.or("severity", Severity::Hard, |spot| spot.one_of(&SEVERITIES)),
        every_s: keys.or("every_s", CHECK_EVERY_DEFAULT_S, |spot| spot.number(&CHECK_EVERY_S)),
        timeout_s: keys.or("timeout_s", CHECK_TIMEOUT_DEFAULT_S, |spot| spot.number(&CHECK_TIMEOUT_S)),
        probe: keys.or("probe", false, |spot| spot.flag()),
        does: match (steps, command) {
            (Some(steps), _) => CheckDoes::Steps(steps),
            (None, command) => CheckDoes::Command(command?),
        },
    })
}

fn steps(spot: &Spot<'_>, variables: &BTreeMap<String, Variable>) -> Option<Vec<CheckStep>> {
    let items = spot.items()?;
    if items.is_empty() || items.len() > CHECK_STEPS_MAX {
        spot.fault(format!("must be a list of 1 to {CHECK_STEPS_MAX} steps, as in `[{{ request: GET / }}]`"));
    }
    let mut kept: Vec<String> = Vec::new();
    let mut steps = Vec::new();
    for item in items {
        let Some(step) = step(&item, variables, &kept) else { continue };
        kept.extend(step.keep.keys().cloned());
        steps.push(step);
    }
    Some(steps)
}

fn step(spot: &Spot<'_>, variables: &BTreeMap<String, Variable>, kept: &[String]) -> Option<CheckStep> {
    let keys = spot.keys(&["request", "headers", "body", "expect", "keep"])?;
    let filled = |spot: &Spot<'_>| {
        let text = spot.text()?;
        placeholders(spot, &text, variables, kept);
        Some(text)
    };
    let request = keys.need("request", "GET /").and_then(|spot| {
        let text = filled(&spot)?;
        let (method, path) = text.split_once(' ').unwrap_or_default();
        let is_path = path.starts_with('/') || path.starts_with("${kept.");
        if METHODS.contains(&method) && is_path && !path.contains(char::is_whitespace) {
            return Some((method.to_owned(), path.to_owned()));
        }
        spot.fault(format!("must be a method and a path, as in `POST /session`, not {}", shown(&text)));
        None
    });
    let headers = keys.or("headers", BTreeMap::new(), |spot| {
        let mut headers = BTreeMap::new();
        for entry in spot.entries()? {
            header(&entry);
            if let Some(value) = filled(&entry) {
                headers.insert(entry.key.to_lowercase(), value);
            }
        }
        Some(headers)
    });
    let body = keys.maybe("body", |spot| filled(&spot));
    let expect = keys.or("expect", Expect::default(), |spot| expect(&spot));
    let keep = keys.or("keep", BTreeMap::new(), |spot| {
        let mut keep = BTreeMap::new();
        for entry in spot.entries()? {
            name(&entry, "what is kept");
            keep.extend(keeping(&entry).map(|it| (entry.key.to_owned(), it)));
        }
        Some(keep)
    });
    let (method, path) = request?;
    Some(CheckStep { method, path, headers, body, expect, keep })
}

fn expect(spot: &Spot<'_>) -> Option<Expect> {
    let keys = spot.keys(&["status", "headers", "body", "json"])?;
    let status = |spot: &Spot<'_>| spot.number(&STATUS).map(|status| status as u16);
    Some(Expect {
        status: keys.or("status", Vec::new(), |spot| match &spot.node.value {
            Value::List(_) => Some(spot.items()?.iter().filter_map(status).collect()),
            _ => Some(vec![status(&spot)?]),
        }),
        headers: patterns(&keys, "headers", str::to_lowercase),
        body: keys.maybe("body", |spot| pattern(&spot)),
        json: patterns(&keys, "json", str::to_owned),
    })
}

fn patterns(keys: &Keys<'_>, key: &str, named: impl Fn(&str) -> String) -> BTreeMap<String, String> {
    keys.or(key, BTreeMap::new(), |spot| {
        let entries = spot.entries()?;
        Some(entries.iter().filter_map(|entry| Some((named(entry.key), pattern(entry)?))).collect())
    })
}

/// Reads a regular expression.
fn pattern(spot: &Spot<'_>) -> Option<String> {
    let text = spot.text()?;
    if regex::Regex::new(&text).is_err() {
        spot.fault(format!(
            "{} is no regular expression; write `\\` before a sign that is meant itself",
            shown(&text)
        ));
        return None;
    }
    Some(text)
}

fn keeping(spot: &Spot<'_>) -> Option<Keep> {
    let keys = spot.keys(&["json", "header"])?;
    match (keys.get("json"), keys.get("header")) {
        (Some(json), None) => json.line().map(Keep::Json),
        (None, Some(header)) => header.line().map(|name| Keep::Header(name.to_lowercase())),
        _ => {
            spot.fault(
                "must say where it is in the answer: `{ json: session.token }` or `{ header: location }`",
            );
            None
        }
    }
}

fn placeholders(spot: &Spot<'_>, text: &str, variables: &BTreeMap<String, Variable>, kept: &[String]) {
    match pieces(text) {
        Err(given) => spot.fault(format!(
            "{} is nothing a check fills in; there are `${{variable.NAME}}` and `${{kept.NAME}}`",
            shown(given)
        )),
        Ok(pieces) => {
            for piece in pieces {
                match piece {
                    Piece::Variable(name) if !variables.contains_key(name) => {
                        spot.fault(format!(
                            "the service has no variable `{name}`; add it to its `variables`"
                        ));
                    }
                    Piece::Kept(name) if !kept.iter().any(|kept| kept == name) => {
                        spot.fault(format!(
                            "no step before this one keeps `{name}`; add it to the `keep` of one"
                        ));
                    }
                    _ => {}
                }
            }
        }
    }
}

fn name(entry: &Spot<'_>, what: &str) {
    let key = entry.key;
    let good = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !good || key.len() > NAME_MAX {
        entry.fault_at_key(format!(
            "can't be the name of {what}: use 1 to {NAME_MAX} letters, digits, `-` or `_`, starting with a letter"
        ));
    }
}

fn header(entry: &Spot<'_>) {
    let good = !entry.key.is_empty()
        && entry.key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !good {
        entry.fault_at_key("can't be a header's name: use letters, digits and `-`");
    }
}
