//! Standing orders: alerts ("text me if …") and rules ("if we see repeated 500s, roll back").

use crate::intent::command::{Channel, Reaction, Signal};
use crate::intent::names::{NameKind, Vocabulary};
use crate::intent::words::{Kind, Token, words_at};

const CRON: &[&str] = &["cron", "crons", "cronjobs", "schedule", "schedules"];

fn push<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// The signals these words name, in the order they are named. "If it fails" names none by itself (`named`).
pub(in crate::intent) fn signals(tokens: &[Token<'_>], named: bool) -> Vec<Signal> {
    let word = words_at(tokens);
    let near = |from: usize, words: &[&str]| {
        (from..(from + 5).min(tokens.len())).any(|at| words.contains(&word(at)))
    };
    let goes_wrong: &[&str] = &[
        "fail",
        "fails",
        "failed",
        "failing",
        "failure",
        "failures",
        "breaks",
        "break",
        "broke",
        "errors",
        "crashes",
        "goes",
        "wrong",
        "unsuccessful",
        "dies",
    ];
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let back = (at.saturating_sub(2)..at)
            .any(|at| matches!(word(at), "failed" | "failing" | "broken" | "unsuccessful"));
        match word(at) {
            "canary" | "canaries" | "canary-anomaly" | "canary_anomaly" => {
                push(&mut found, Signal::CanaryAnomaly);
            }
            "rollback" | "rollbacks" | "roll-back" | "reverted" => push(&mut found, Signal::Rollback),
            "rolled" | "rolls" | "roll" | "rolling" if near(at, &["back"]) => {
                push(&mut found, Signal::Rollback);
            }
            "deploy" | "deploys" | "deployment" | "deployments" | "release" | "releases" | "rollout"
                if near(at + 1, goes_wrong) || back =>
            {
                push(&mut found, Signal::DeployFailed);
            }
            "it" | "this" | "that"
                if !named && at + 1 < tokens.len() && near(at + 1, &["fails", "failed", "breaks"]) =>
            {
                push(&mut found, Signal::DeployFailed);
            }
            "deploy-failed" | "deploy_failed" => push(&mut found, Signal::DeployFailed),
            "repeated-5xx" | "repeated_5xx" | "5xx" | "5xxs" | "500s" | "500" | "502s" | "503s" | "502"
            | "503" | "5xx's" | "500's" => {
                push(&mut found, Signal::Repeated5xx);
            }
            "server" if matches!(word(at + 1), "errors" | "error") => push(&mut found, Signal::Repeated5xx),
            "unhealthy" | "outage" | "down" | "healthcheck" | "healthchecks" | "crashes" | "unreachable"
            | "unavailable" => {
                push(&mut found, Signal::Unhealthy);
            }
            "health" if near(at + 1, goes_wrong) || matches!(word(at + 1), "check" | "checks") => {
                push(&mut found, Signal::Unhealthy);
            }
            "not" | "isn't" | "stops" | "aren't" if near(at + 1, &["healthy", "responding", "up"]) => {
                push(&mut found, Signal::Unhealthy);
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// "on rollback and slow queries": what stands in the list of signals and is none.
pub(in crate::intent) fn no_signal<'a, 't>(tokens: &'a [Token<'t>]) -> Option<&'a Token<'t>> {
    let on = tokens.iter().position(|token| token.any(&["on", "about"]))? + 1;
    let ends = |token: &Token<'_>| {
        token.any(&["by", "via", "in", "on", "for", "with", "from", "after", "at", "during"])
    };
    let list = &tokens[on..];
    let list = &list[..list.iter().position(ends).unwrap_or(list.len())];
    let joint = |token: &Token<'_>| !token.is_word() || token.any(&["and", "or"]);
    list.split(joint).find_map(|part| {
        let stranger = part.iter().find(|token| !token.class.known() && token.name.is_none())?;
        (signals(part, false).is_empty() && channels(part).is_empty()).then_some(stranger)
    })
}

/// How a notification is to come: "text me", "by email", "in slack".
pub(in crate::intent) fn channels(tokens: &[Token<'_>]) -> Vec<Channel> {
    let mut found = Vec::new();
    for token in tokens.iter().filter(|token| token.is_word()) {
        match token.low {
            "text" | "txt" | "sms" | "texts" => push(&mut found, Channel::Sms),
            "email" | "e-mail" | "mail" | "emails" => push(&mut found, Channel::Email),
            "chat" | "slack" | "discord" | "dm" | "channel" => push(&mut found, Channel::Chat),
            _ => {}
        }
    }
    found
}

/// Whether these words ask to be told something: "text me …", "let me know …", "send an email …".
pub(in crate::intent) fn notifies(tokens: &[Token<'_>]) -> bool {
    let word = words_at(tokens);
    let person = |at: usize| {
        matches!(word(at), "me" | "us" | "everyone" | "everybody" | "team" | "the" | "here" | "our")
    };
    match word(0) {
        "email" | "text" | "sms" | "mail" if word(1) == "and" => person(3),
        "let" => matches!(word(1), "me" | "us") && word(2) == "know",
        "lmk" => true,
        "send" | "give" => tokens
            .iter()
            .take(6)
            .any(|token| token.any(&["text", "sms", "email", "mail", "message", "alert", "notification"])),
        "post" => {
            tokens.iter().take(5).any(|token| token.any(&["chat", "slack", "discord", "here", "channel"]))
        }
        "alert" | "notify" | "text" | "txt" | "sms" | "email" | "e-mail" | "mail" | "message" | "dm"
        | "ping" | "warn" | "tell" | "slack" | "page" => {
            person(1)
                || word(1) == "in" && !channels(&tokens[2..tokens.len().min(4)]).is_empty()
                || matches!(word(1), "if" | "when" | "on" | "whenever" | "by" | "via" | "about" | "for")
                || tokens.get(1).is_some_and(|token| !token.is_word() && token.kind != Kind::Colon)
        }
        _ => false,
    }
}

/// What a rule is to do when one of these signals comes: the reactions named.
pub(in crate::intent) fn reactions(tokens: &[Token<'_>], when: &[Signal]) -> Vec<Reaction> {
    let word = words_at(tokens);
    let near = |from: usize, words: &[&str]| {
        (from..(from + 5).min(tokens.len())).any(|at| words.contains(&word(at)))
    };
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        match word(at) {
            "rollback" | "revert" | "roll-back" => push(&mut found, Reaction::Rollback),
            "roll" | "rolled" if near(at + 1, &["back"]) => push(&mut found, Reaction::Rollback),
            "incident" => push(&mut found, Reaction::Incident),
            "restart" | "reboot" | "bounce" => push(&mut found, Reaction::Restart),
            "scale" => push(&mut found, Reaction::Scale),
            "disable" | "stop" | "pause" | "turn" | "halt" | "hold" | "abort" | "freeze" => {
                // The first thing named is what is meant: "halt the canary and disable cron".
                let thing = (at + 1..(at + 6).min(tokens.len()))
                    .map(word)
                    .find(|word| CRON.contains(word) || matches!(*word, "canary" | "rollout"));
                if thing.is_some_and(|thing| CRON.contains(&thing)) {
                    push(&mut found, Reaction::CronDisable);
                } else if thing.is_some()
                    || matches!(word(at + 1), "it" | "") && when == [Signal::CanaryAnomaly]
                {
                    push(&mut found, Reaction::HaltCanary);
                }
            }
            _ => {}
        }
    }
    found
}

/// The environments these words name, in the project's spelling.
pub(in crate::intent) fn environments(tokens: &[Token<'_>], vocabulary: &Vocabulary) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        if let Some(hit) = token.name.filter(|hit| hit.kind == NameKind::Environment) {
            push(&mut found, vocabulary.spelling(hit.kind, hit.index()).to_owned());
        }
    }
    found
}
