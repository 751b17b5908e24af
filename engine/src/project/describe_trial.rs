//! What a service says about its canaries, as the tree its YAML is written from: sticky cookie, checks, queries.

use std::collections::BTreeMap;

use super::check::SEVERITIES;
use super::describe::{Defaults, Entries, Keys, Yaml, text, word};
use super::limits::{CHECK_EVERY_DEFAULT_S, CHECK_TIMEOUT_DEFAULT_S, SAMPLE_EVERY_DEFAULT_S};
use super::signals::RELEASE_LABEL;
use crate::model::{Check, CheckDoes, CheckStep, Expect, Keep, Queries, Severity, Sticky};

pub(super) fn sticky(sticky: &Sticky) -> Yaml {
    Yaml::Map(vec![("cookie".to_owned(), text(&sticky.cookie))])
}

pub(super) fn check(check: &Check, defaults: Defaults) -> Yaml {
    let severity = |severity: Severity| {
        SEVERITIES.iter().find(|(_, known)| *known == severity).map_or("", |(word, _)| word)
    };
    let mut keys = Keys::new(defaults);
    keys.text("severity", severity(check.severity), severity(Severity::Hard));
    keys.word("every_s", check.every_s, CHECK_EVERY_DEFAULT_S);
    keys.word("timeout_s", check.timeout_s, CHECK_TIMEOUT_DEFAULT_S);
    match &check.does {
        CheckDoes::Command(command) => keys.put("command", text(command)),
        CheckDoes::Steps(steps) => {
            keys.word("probe", check.probe, false);
            keys.put("steps", Yaml::List(steps.iter().map(step).collect()));
        }
    }
    Yaml::Map(keys.entries)
}

fn step(step: &CheckStep) -> Yaml {
    let mut keys = Keys::new(Defaults::LeftOut);
    keys.put("request", text(format!("{} {}", step.method, step.path)));
    keys.filled("headers", texts(&step.headers));
    keys.maybe("body", step.body.as_ref().map(text));
    keys.filled("expect", Yaml::Map(expect(&step.expect)));
    let keep = |keep: &Keep| {
        let (place, name) = match keep {
            Keep::Json(path) => ("json", path),
            Keep::Header(name) => ("header", name),
        };
        Yaml::Map(vec![(place.to_owned(), text(name))])
    };
    keys.filled("keep", Yaml::Map(step.keep.iter().map(|(name, it)| (name.clone(), keep(it))).collect()));
    Yaml::Map(keys.entries)
}

fn expect(expect: &Expect) -> Entries {
    let mut keys = Keys::new(Defaults::LeftOut);
    match expect.status.as_slice() {
        [one] => keys.put("status", word(one)),
        many => keys.filled("status", Yaml::List(many.iter().map(word).collect())),
    }
    keys.filled("headers", texts(&expect.headers));
    keys.maybe("body", expect.body.as_ref().map(text));
    keys.filled("json", texts(&expect.json));
    keys.entries
}

fn texts(all: &BTreeMap<String, String>) -> Yaml {
    Yaml::Map(all.iter().map(|(name, value)| (name.clone(), text(value))).collect())
}

pub(super) fn signals(queries: &Queries, defaults: Defaults) -> Yaml {
    let mut keys = Keys::new(defaults);
    keys.put("requests", text(&queries.requests));
    keys.put("errors", text(&queries.errors));
    keys.maybe("latency", queries.latency.as_ref().map(text));
    keys.text("release_label", &queries.release_label, RELEASE_LABEL);
    keys.word("every_s", queries.every_s, SAMPLE_EVERY_DEFAULT_S);
    Yaml::Map(vec![("prometheus".to_owned(), Yaml::Map(keys.entries))])
}
