//! The tables beside the rules, `rules/*.cases.md`, are the tests of the rules. With `UPDATE_EXPECT=1` the last two columns,
//! what is said and why, are written anew; the decision is always written by a person.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;
use policies::{Actor, Decision, Environment, Facts, Fired, Freeze, Question, Role, RuleId, Rules, decide};

const COLUMNS: usize = 7;

fn rules_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

fn files_ending(ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(rules_folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    files.sort();
    files
}

#[test]
fn every_row_of_every_table_is_answered_as_written() {
    let rules = Rules::shipped().unwrap();
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = String::new();
    for path in files_ending(".cases.md") {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut renewed = String::new();
        for (number, line) in text.lines().enumerate() {
            let place = format!("{}:{}", path.file_name().unwrap().to_string_lossy(), number + 1);
            let Some(row) = Row::read(line, &place) else {
                writeln!(renewed, "{line}").unwrap();
                continue;
            };
            let answer = decide(&rules, &row.question);
            let (decision, says, because) = told(&answer);
            if decision != row.decision {
                writeln!(wrong, "{place}\n  {line}\n  decided  {decision}\n  written  {}", row.decision)
                    .unwrap();
            } else if !update && (&says, &because) != (&row.says, &row.because) {
                writeln!(
                    wrong,
                    "{place}\n  {line}\n  says     {says} | {because}\n  written  {} | {}",
                    row.says, row.because
                )
                .unwrap();
            }
            writeln!(renewed, "| {} | {} | {says} | {because} |", row.asked, row.decision).unwrap();
        }
        if update && renewed != text {
            std::fs::write(&path, renewed).unwrap();
        }
    }
    assert!(wrong.is_empty(), "rows that are not answered as written:\n{wrong}");
}

#[test]
fn every_shipped_rule_has_its_say_in_some_row() {
    let mut fired = BTreeSet::new();
    let rules = Rules::shipped().unwrap();
    for path in files_ending(".cases.md") {
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let Some(row) = Row::read(line, "") else { continue };
            match decide(&rules, &row.question) {
                Decision::Allow { because } => fired.extend(because),
                Decision::NeedsApproval { because, .. } | Decision::Refuse { because, .. } => {
                    fired.extend(because.into_iter().map(|fired| fired.rule));
                }
            }
        }
    }
    let silent: Vec<String> = rules
        .names()
        .into_iter()
        .map(|rule| rule.id)
        .filter(|id| !fired.contains(&RuleId(id.clone())))
        .collect();
    assert!(silent.is_empty(), "no row makes these rules fire: {silent:?}");
}

#[test]
fn every_rule_file_is_shipped_and_has_a_table() {
    let shipped: BTreeSet<String> =
        Rules::shipped().unwrap().names().into_iter().map(|rule| rule.file).collect();
    for path in files_ending(".cedar") {
        assert!(
            shipped.contains(&*path.file_name().unwrap().to_string_lossy()),
            "{} is not shipped",
            path.display()
        );
        assert!(path.with_extension("cases.md").exists(), "{} has no table of cases", path.display());
    }
}

/// One case: a question in words, and the answer a person wrote beside it.
struct Row {
    asked: String,
    question: Question,
    decision: String,
    says: String,
    because: String,
}

impl Row {
    /// `None` for whatever is not a row of cases: prose, the heading, the line under it.
    fn read(line: &str, place: &str) -> Option<Self> {
        let cells: Vec<&str> =
            line.strip_prefix('|')?.trim_end().strip_suffix('|')?.split('|').map(str::trim).collect();
        if cells[0] == "who" || cells[0].starts_with("---") {
            return None;
        }
        assert_eq!(cells.len(), COLUMNS, "{place}: a row has {COLUMNS} cells: {line}");
        let (name, role) = cells[0].split_once(", ").unwrap_or((cells[0], "nobody"));
        let mut facts = Facts::default();
        for words in cells[3].split(';').map(str::trim).filter(|words| !words.is_empty()) {
            understand(&mut facts, words)
                .unwrap_or_else(|| panic!("{place}: I do not understand the fact `{words}`"));
        }
        facts.changes_world = !facts.dry_run;
        let question = Question {
            actor: Actor {
                name: name.into(),
                role: Role::from_name(role).unwrap_or_else(|| panic!("{place}: no role {role}")),
            },
            action: cells[1].into(),
            project: "invoice-perfect".into(),
            environment: (cells[2] != "the project")
                .then(|| Environment { name: cells[2].into(), production: cells[2] == "production" }),
            facts,
        };
        Some(Self {
            asked: cells[..4].join(" | "),
            question,
            decision: cells[4].into(),
            says: cells[5].into(),
            because: cells[6].into(),
        })
    }
}

/// A fact in words, as the tables write it.
fn understand(facts: &mut Facts, words: &str) -> Option<()> {
    let number = |text: &str| text.split(' ').next().and_then(|first| first.parse::<u32>().ok());
    let list = |text: &str| text.split(", ").map(str::to_owned).collect::<Vec<_>>();
    match words {
        "dry run" => facts.dry_run = true,
        "destructive" => facts.destructive = true,
        "automatic" => facts.automatic = true,
        "on hold" => facts.held = true,
        "asked for it" => facts.is_requester = true,
        "team of one" => facts.one_person_team = true,
        _ => {
            if let Some(reason) = words.strip_prefix("break glass: ") {
                facts.break_glass = Some(reason.into());
            } else if let Some(holder) = words.strip_prefix("locked by ") {
                let (holder, reason) = holder
                    .split_once(" because ")
                    .map_or((holder, None), |(holder, why)| (holder, Some(why)));
                let (holder, until) = holder
                    .split_once(" until ")
                    .map_or((holder, None), |(holder, until)| (holder, Some(until)));
                facts.lock_held_by_other = Some(holder.into());
                facts.lock_reason = reason.map(Into::into);
                if let Some(until) = until {
                    facts.lock_until_ms = Some(epoch_ms(until)?);
                }
            } else if let Some(freeze) = words.strip_prefix("frozen: ") {
                let (name, rest) = freeze.split_once(" until ")?;
                let (until, reason) = rest.split_once(" because ")?;
                facts.frozen =
                    Some(Freeze { name: name.into(), reason: reason.into(), until_ms: epoch_ms(until)? });
            } else if let Some(refs) = words.strip_prefix("takes refs ") {
                facts.allowed_refs = list(refs);
            } else if let Some(name) = words.strip_prefix("good ref ") {
                facts.ref_name = Some(name.into());
                facts.ref_allowed = true;
            } else if let Some(name) = words.strip_prefix("bad ref ") {
                facts.ref_name = Some(name.into());
            } else if let Some(at) = words.strip_prefix("next slot ") {
                facts.rate_frees_at_ms = Some(epoch_ms(at)?);
            } else if let Some(size) = words.strip_prefix("size ") {
                facts.size = Some(size.into());
            } else if let Some(sizes) = words.strip_prefix("takes sizes ") {
                facts.allowed_sizes = list(sizes);
            } else if let Some(limit) = words.strip_prefix("at most ") {
                if words.ends_with("an hour") {
                    &mut facts.runs_per_hour_limit
                } else {
                    &mut facts.max_replicas
                }
                .replace(number(limit)?);
            } else if let Some(required) = words.strip_prefix("asks for ") {
                facts.approvals_required = number(required)?;
            } else if words.contains(" run") {
                facts.runs_last_hour = number(words)?;
            } else if words.contains(" instance") {
                facts.replicas = Some(number(words)?);
            } else if words.contains(" admin approved") {
                facts.admin_approvals_given = number(words)?;
                facts.approvals_given = facts.approvals_given.max(facts.admin_approvals_given);
            } else if words.ends_with(" approved") {
                facts.approvals_given = number(words)?;
            } else {
                return None;
            }
        }
    }
    Some(())
}

fn epoch_ms(text: &str) -> Option<i64> {
    Some(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").ok()?.and_utc().timestamp_millis())
}

/// The answer as the tables write it: decision, what is said, and the evidence.
fn told(answer: &Decision) -> (String, String, String) {
    match answer {
        Decision::Allow { because } => {
            let ids: Vec<String> = because.iter().map(ToString::to_string).collect();
            (format!("allow: {}", ids.join(", ")), String::new(), String::new())
        }
        Decision::NeedsApproval { count, roles, because } => {
            let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
            let says: Vec<&str> = because.iter().map(|fired| fired.say.as_str()).collect();
            let decision = format!("needs {count} of {}: {}", roles.join(", "), ids(because));
            (decision, says.join(" "), evidence(because))
        }
        Decision::Refuse { because, say, earliest_ms } => {
            let until = earliest_ms.map_or(String::new(), |ms| {
                let at = chrono::DateTime::from_timestamp_millis(ms).expect("tables hold real dates");
                format!(" until {}", at.format("%Y-%m-%d %H:%M"))
            });
            (format!("refuse{until}: {}", ids(because)), say.clone(), evidence(because))
        }
    }
}

fn ids(because: &[Fired]) -> String {
    because.iter().map(|fired| fired.rule.to_string()).collect::<Vec<_>>().join(", ")
}

fn evidence(because: &[Fired]) -> String {
    because.iter().map(|fired| fired.evidence.as_str()).collect::<Vec<_>>().join("; ")
}
