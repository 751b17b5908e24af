//! Completion of a line being typed: verbs at its beginning, then names, refs, runs and keywords.

use serde::{Deserialize, Serialize};

use super::actions::{Action, ActionRow, Key, TABLE};
use super::names::Names;

/// More proposals than this help nobody.
const MAX_PROPOSALS: usize = 64;
/// After these words a ref comes.
const BEFORE_REFS: [&str; 6] = ["ref", "branch", "tag", "commit", "release", "to"];

/// All that can be proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The project's names.
    pub names: Names,
    /// Runs, newest first.
    pub runs: Vec<KnownRun>,
    /// Tags, branches, and what was deployed, the likeliest first.
    pub refs: Vec<String>,
    /// People, by what they are called on the front that asks.
    pub people: Vec<String>,
}

/// A run as far as completion cares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownRun {
    /// As it is written: `r-3f2a`.
    pub id: String,
    /// Nothing follows any more: it can be looked at and tried again, and nothing else.
    pub over: bool,
}

/// What the last word of this line may become. Each proposal is a whole word (or verb phrase) to put in its place.
pub fn complete(prefix_line: &str, known: &Known) -> Vec<String> {
    let start = prefix_line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let (before, word) = prefix_line.split_at(start);
    let (before, word) = (before.trim().to_lowercase(), word.to_lowercase());
    let mut found = if before.is_empty() {
        let verbs = TABLE.iter().flat_map(|row| row.verbs.iter().take(1).copied());
        let all = verbs.chain(["show", "check", "dry run", "rehearse", "can I", "is", "who", "what"]);
        all.map(ToOwned::to_owned).collect()
    } else {
        arguments(&before, !word.is_empty(), known)
    };
    found.retain(|proposal| proposal.to_lowercase().starts_with(&word));
    let mut seen = std::collections::HashSet::new();
    found.retain(|proposal| seen.insert(proposal.clone()));
    found.truncate(MAX_PROPOSALS);
    found
}

/// The action whose verb a line begins with: the longest verb that fits.
fn row_of(before: &str) -> Option<&'static ActionRow> {
    let moods = ["dry run ", "rehearse ", "can i "];
    let before = moods.iter().find_map(|mood| before.strip_prefix(mood)).unwrap_or(before);
    let begins = |verb: &&'static str| {
        before
            .strip_prefix(*verb)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
    };
    let matched = TABLE.iter().filter_map(|row| {
        row.verbs.iter().filter(|verb| begins(verb)).map(|verb| verb.len()).max().map(|length| (length, row))
    });
    matched.max_by_key(|(length, _)| *length).map(|(_, row)| row)
}

fn arguments(before: &str, begun: bool, known: &Known) -> Vec<String> {
    let row = row_of(before);
    let has = |key: Key| row.is_none_or(|row| row.keys.contains(&key));
    let wants = |key: Key| row.is_some_and(|row| row.keys.contains(&key));
    let names = &known.names;
    let plain = |named: &[super::Named]| named.iter().map(|named| named.name.clone()).collect::<Vec<_>>();
    let mut found = Vec::new();
    if wants(Key::Topic) {
        found.extend(TABLE.iter().map(|row| row.name).chain(super::topics()).map(ToOwned::to_owned));
    }
    if wants(Key::Run) || (row.is_none() && begun) {
        let any = row.is_none_or(|row| matches!(row.action, Action::Retry | Action::Status));
        found.extend(known.runs.iter().filter(|run| any || !run.over).map(|run| run.id.clone()));
    }
    if has(Key::Environments) || has(Key::Environment) || has(Key::From) {
        found.extend(plain(&names.environments));
    }
    if has(Key::Services) {
        found.extend(plain(&names.services));
    }
    if has(Key::Component) {
        found.extend(plain(&names.components));
    }
    if has(Key::Job) {
        found.extend(plain(&names.jobs));
    }
    if has(Key::Provider) || has(Key::Providers) || has(Key::Platform) {
        found.extend(plain(&names.providers));
    }
    // There may be hundreds: they come once they are asked for.
    let last = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    if (wants(Key::Ref) || wants(Key::To)) && (begun || BEFORE_REFS.contains(&last)) {
        found.extend(known.refs.iter().cloned());
    }
    let keywords: [(Key, &[&str]); 7] = [
        (Key::Ref, &["ref"]),
        (Key::Canary, &["with canary", "canary", "without canary"]),
        (Key::Migrate, &["and run migrations first", "skip migrations", "migrations"]),
        (Key::To, &["to the previous release", "previous"]),
        (Key::BatchSize, &["batch size"]),
        (Key::Mode, &["in test mode", "in live mode"]),
        (Key::Since, &["for the last"]),
    ];
    for (_, words) in keywords.iter().filter(|(key, _)| has(*key)) {
        found.extend(words.iter().map(|word| (*word).to_owned()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let run = |id: &str, over| KnownRun { id: id.to_owned(), over };
        Known {
            names: Names::sample(),
            runs: vec![run("r-3f2a", false), run("r-3e11", true)],
            refs: vec!["v1.1.0".to_owned(), "v1.0.0".to_owned(), "main".to_owned()],
            people: vec!["ana".to_owned()],
        }
    }

    #[test]
    fn a_line_is_completed_from_the_table_and_the_names() {
        let known = known();
        assert_eq!(complete("dep", &known), ["deploy"]);
        assert_eq!(complete("deploy st", &known), ["staging"]);
        assert_eq!(complete("add r", &known), ["redis"]);
        assert_eq!(complete("deploy api with can", &known), ["canary"]);
        assert!(complete("", &known).len() > 40);
    }

    #[test]
    fn runs_refs_and_topics_come_where_they_can_be_said() {
        let known = known();
        assert_eq!(complete("cancel r-", &known), ["r-3f2a"], "one that is over can't be cancelled");
        assert_eq!(complete("retry r-3", &known), ["r-3f2a", "r-3e11"]);
        assert!(complete("deploy staging ref ", &known).contains(&"v1.0.0".to_owned()));
        assert_eq!(complete("deploy staging ref v1.1", &known), ["v1.1.0"]);
        assert_eq!(complete("dry run deploy staging ref v1.1", &known), ["v1.1.0"]);
        assert_eq!(complete("rollback staging to v1.0", &known), ["v1.0.0"]);
        assert!(!complete("deploy ", &known).contains(&"v1.0.0".to_owned()), "names first");
        assert!(complete("help roll", &known).contains(&"rollback".to_owned()));
        assert!(complete("help appr", &known).contains(&"approvals".to_owned()));
        assert!(complete("releases v1", &known).is_empty(), "no verb is taken for a longer one");
    }
}
