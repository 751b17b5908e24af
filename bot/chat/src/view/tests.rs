//! Sentences the stories do not come by.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::needless_pass_by_value, reason = "expectations are made where they are checked")]

use engine::control::Refusal;
use engine::model::{Identity, Role};
use engine::ports::{LogLine, PortError};
use expect_test::{Expect, expect};

use super::time::{ago, clock, duration, of_day};
use super::{logs, more, plain, problem, refusal, run::approvals_needed, sentence, stranger};
use crate::intent::{Named, Names, Problem, ProblemKind, parse};
use crate::message::Card;

fn check(card: &Card, expected: Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(card).unwrap());
}

#[test]
fn a_suggestion_is_offered_once() {
    let alike = Problem::new(ProblemKind::NotACommand, "no").suggest(["deploy qa", "help", "deploy qa"]);
    let offered: Vec<String> = problem(&alike).buttons.into_iter().map(|button| button.command).collect();
    assert_eq!(offered, ["deploy qa", "help"]);
}

#[test]
fn durations_and_times() {
    let durations = [-5, 320, 3_250, 42_000, 125_000, 120_000, 10_800_000, 11_100_000, 700_000_000];
    let words: Vec<String> = durations.into_iter().map(duration).collect();
    expect!["0 ms, 320 ms, 3.2 s, 42 s, 2 min 5 s, 2 min, 3 h, 3 h 5 min, 8 days"]
        .assert_eq(&words.join(", "));
    let now_ms = 1_795_262_400_000;
    let agos: Vec<String> = [500, 3_250, 42_900, 200_000, 11_100_000, 700_000_000]
        .into_iter()
        .map(|ms| ago(now_ms - ms, now_ms))
        .collect();
    expect!["just now, 3 s ago, 42 s ago, 3 min ago, 3 h ago, 8 days ago"].assert_eq(&agos.join(", "));
    expect!["2026-11-21 12:00 UTC"].assert_eq(&clock(now_ms));
    expect!["12:00:00"].assert_eq(&of_day(now_ms));
    expect!["at an unknown time"].assert_eq(&clock(i64::MAX));
}

#[test]
fn sentences_begin_with_a_capital_unless_they_begin_with_a_name() {
    for (said, written) in [
        ("there is no run", "There is no run."),
        ("r-3f2a is over", "r-3f2a is over."),
        ("`make` failed", "`make` failed."),
        ("is that so?", "Is that so?"),
    ] {
        assert_eq!(sentence(said), written);
    }
}

#[test]
fn how_many_approvals() {
    let roles = [Role::Deployer, Role::Admin];
    expect!["approval by one other person (deployer or admin)"].assert_eq(&approvals_needed(1, &roles));
    expect!["approval by 3 people (deployer or admin)"].assert_eq(&approvals_needed(3, &roles));
    expect!["approval by one other person (admin)"].assert_eq(&approvals_needed(1, &[Role::Admin]));
    expect!["1 more approval is, 2 more approvals are"].assert_eq(&format!("{}, {}", more(1), more(2)));
}

#[test]
fn the_outside_does_not_answer() {
    let error = PortError::retry("git.example refused the connection");
    check(
        &refusal(&Refusal::Port { doing: "looking up the ref".to_owned(), error }),
        expect![[r#"
            {
              "key": "",
              "tone": "bad",
              "headline": "Looking up the ref: git.example refused the connection.",
              "going_ms": null,
              "parts": [
                {
                  "part": "text",
                  "text": "Next: try again in a moment; `status` shows how things stand"
                }
              ],
              "buttons": [],
              "command": "",
              "private": true
            }"#]],
    );
}

#[test]
fn what_was_not_understood_comes_with_what_would_work() {
    let unknown =
        Problem::new(ProblemKind::UnknownVerb, "I don't know `dploy`.").suggest(["deploy staging", "help"]);
    check(
        &problem(&unknown),
        expect![[r#"
            {
              "key": "",
              "tone": "bad",
              "headline": "I don't know `dploy`.",
              "going_ms": null,
              "parts": [],
              "buttons": [
                {
                  "label": "deploy staging",
                  "command": "deploy staging",
                  "danger": false
                },
                {
                  "label": "help",
                  "command": "help",
                  "danger": false
                }
              ],
              "command": "",
              "private": true
            }"#]],
    );
}

#[test]
fn of_many_lines_the_newest_are_shown_and_the_others_counted() {
    let line = |at_ms: i64| LogLine {
        at_ms,
        service: "api".parse().unwrap(),
        release: 1,
        text: format!("line {at_ms}"),
    };
    let lines: Vec<LogLine> = (1..=5).map(line).collect();
    let staging = "invoice-perfect/staging".parse().unwrap();
    expect![[r#"
        · Logs of staging, newest last
          | 00:00:00 api@1 line 4
          | 00:00:00 api@1 line 5
          3 more before that. Next: logs staging
    "#]]
    .assert_eq(&plain(&logs(&staging, &lines, 2)));
    assert!(!plain(&logs(&staging, &lines, 5)).contains("more before"));
}

#[test]
fn strangers_hear_how_to_become_somebody() {
    let identity = Identity { front: "slack".to_owned(), external_id: "U123".to_owned() };
    check(
        &stranger(&identity, true),
        expect![[r#"
            {
              "key": "",
              "tone": "bad",
              "headline": "I don't know you: slack:U123 belongs to nobody.",
              "going_ms": null,
              "parts": [
                {
                  "part": "text",
                  "text": "An admin can change that: infra-chat user add NAME --role deployer --identity slack:U123"
                }
              ],
              "buttons": [],
              "command": "",
              "private": true
            }"#]],
    );
}

/// What cards and refusals tell people to type is understood.
#[test]
fn what_to_type_next_is_understood() {
    let project = ["staging", "production"].map(Named::environment).to_vec();
    let names = Names {
        project: "invoice-perfect".to_owned(),
        environments: project,
        services: ["api", "web", "cron"].map(Named::new).to_vec(),
        components: ["postgres", "redis"].map(Named::new).to_vec(),
        jobs: Vec::new(),
        providers: Vec::new(),
    };
    let mut unread = Vec::new();
    for said in [
        "rollback staging to release 2",
        "scale staging api to 1",
        "cron-enable staging",
        "cron-disable staging",
        "migrate staging ref main",
        "unlock staging because ana went home",
        "logs api in staging",
        "status r-3f2a",
        "status",
        "releases staging",
        "retry r-3f2a",
        "deploy staging",
        "deploy main",
        "rollback staging",
    ] {
        if let Some(problem) = parse(said, &names).problem {
            unread.push(format!("{said}: {problem}"));
        }
    }
    assert!(unread.is_empty(), "{}", unread.join("\n"));
}
