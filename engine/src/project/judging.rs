//! What a policy says about how canaries are judged: thresholds of the triggers, and log patterns.

use regex::RegexBuilder;

use super::describe::Yaml;
use super::limits::{
    CRASH_WINDOW_S, CRASHES, HEALTH_FAILURES, LOG_PATTERNS_MAX, PATTERN_BYTES_MAX, SCORE_LOW_S, SCORE_MIN,
};
use super::spot::Spot;
use crate::model::{Judging, LogPattern, WhenLow};

const WHEN_LOW: [(&str, WhenLow); 3] =
    [("nothing", WhenLow::Nothing), ("ask", WhenLow::Ask), ("roll back", WhenLow::RollBack)];

/// Reads `judging`.
pub(super) fn read(spot: &Spot<'_>) -> Option<Judging> {
    let keys = spot.keys(&[
        "health_failures",
        "crashes",
        "crash_window_s",
        "score_min",
        "score_low_s",
        "when_low",
        "log_patterns",
    ])?;
    Some(Judging {
        health_failures: keys.maybe("health_failures", |spot| spot.number(&HEALTH_FAILURES)),
        crashes: keys.maybe("crashes", |spot| spot.number(&CRASHES)),
        crash_window_s: keys.maybe("crash_window_s", |spot| spot.number(&CRASH_WINDOW_S)),
        score_min: keys.maybe("score_min", |spot| spot.number(&SCORE_MIN)),
        score_low_s: keys.maybe("score_low_s", |spot| spot.number(&SCORE_LOW_S)),
        when_low: keys.maybe("when_low", |spot| spot.one_of(&WHEN_LOW)),
        log_patterns: keys.or("log_patterns", Vec::new(), |spot| patterns(&spot)),
    })
}

fn patterns(spot: &Spot<'_>) -> Option<Vec<LogPattern>> {
    let items = spot.items()?;
    if items.len() > LOG_PATTERNS_MAX {
        spot.fault(format!("has {} patterns and may have {LOG_PATTERNS_MAX}", items.len()));
        return None;
    }
    let mut found: Vec<LogPattern> = Vec::new();
    for item in items {
        let Some(keys) = item.keys(&["name", "pattern", "critical"]) else { continue };
        let critical = keys.or("critical", false, |spot| spot.flag());
        let name = keys.need("name", "payment refused").and_then(|spot| spot.line());
        let pattern = keys.need("pattern", "\"payment .* refused\"").and_then(|spot| pattern(&spot));
        let (Some(name), Some(pattern)) = (name, pattern) else { continue };
        if found.iter().any(|earlier| earlier.name == name) {
            item.fault(format!("there is another pattern called `{name}`; give this one its own name"));
        }
        found.push(LogPattern { name, pattern, critical });
    }
    Some(found)
}

/// A regular expression that is one, is small, and does not mean every line.
fn pattern(spot: &Spot<'_>) -> Option<String> {
    let pattern = spot.said()?;
    match RegexBuilder::new(&pattern).size_limit(PATTERN_BYTES_MAX).build() {
        Ok(regex) if regex.is_match("") => {
            spot.fault("recognises every line, also an empty one; write what such a line must hold");
            None
        }
        Ok(_) => Some(pattern),
        Err(regex::Error::CompiledTooBig(_)) => {
            spot.fault("is too large once it is unfolded; repeat less in it");
            None
        }
        Err(error) => {
            let error = error.to_string();
            let why = error.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
            spot.fault(format!("is no regular expression: {why}"));
            None
        }
    }
}

/// The way back to a description.
pub(super) fn describe(judging: &Judging) -> Vec<(String, Yaml)> {
    let number =
        |key: &str, value: Option<u32>| value.map(|value| (key.to_owned(), Yaml::Word(value.to_string())));
    let mut entries: Vec<(String, Yaml)> = [
        number("health_failures", judging.health_failures),
        number("crashes", judging.crashes),
        number("crash_window_s", judging.crash_window_s),
        number("score_min", judging.score_min),
        number("score_low_s", judging.score_low_s),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let Some((word, _)) = WHEN_LOW.iter().find(|(_, when)| Some(*when) == judging.when_low) {
        entries.push(("when_low".to_owned(), Yaml::Word((*word).to_owned())));
    }
    if !judging.log_patterns.is_empty() {
        let patterns = judging.log_patterns.iter().map(|one| {
            let mut keys = vec![
                ("name".to_owned(), Yaml::Text(one.name.clone())),
                ("pattern".to_owned(), Yaml::Text(one.pattern.clone())),
            ];
            if one.critical {
                keys.push(("critical".to_owned(), Yaml::Word("true".to_owned())));
            }
            Yaml::Map(keys)
        });
        entries.push(("log_patterns".to_owned(), Yaml::List(patterns.collect())));
    }
    entries
}
