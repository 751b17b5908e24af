//! Completion of a line being typed: verbs at its beginning, then names and keywords.

use super::actions::{Key, TABLE};
use super::names::Names;

/// More proposals than this help nobody.
const MAX_PROPOSALS: usize = 64;

/// What the last word of this line may become. Each proposal is a whole word (or verb phrase) to put in its place.
pub fn complete(prefix_line: &str, names: &Names) -> Vec<String> {
    let start = prefix_line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let (before, word) = prefix_line.split_at(start);
    let word = word.to_lowercase();
    let mut found: Vec<String> = Vec::new();
    if before.trim().is_empty() {
        let verbs = TABLE.iter().flat_map(|row| row.verbs.iter().take(1).copied());
        let all = verbs.chain(["show", "check", "dry run", "rehearse", "can I", "is", "who", "what"]);
        found.extend(all.filter(|verb| verb.to_lowercase().starts_with(&word)).map(ToOwned::to_owned));
    } else {
        let row = TABLE
            .iter()
            .filter(|row| row.verbs.iter().any(|verb| before.trim_start().to_lowercase().starts_with(verb)));
        let row = row.max_by_key(|row| row.verbs.iter().map(|verb| verb.len()).max());
        let has = |key: Key| row.is_none_or(|row| row.keys.contains(&key));
        let mut propose = |proposals: &mut dyn Iterator<Item = &str>| {
            found.extend(
                proposals
                    .filter(|proposal| proposal.to_lowercase().starts_with(&word))
                    .map(ToOwned::to_owned),
            );
        };
        let plain = |named: &'_ super::Named| named.name.clone();
        let lists: [(bool, Vec<String>); 5] = [
            (
                has(Key::Environments) || has(Key::Environment) || has(Key::From),
                names.environments.iter().map(plain).collect(),
            ),
            (has(Key::Services), names.services.iter().map(plain).collect()),
            (has(Key::Component), names.components.iter().map(plain).collect()),
            (has(Key::Job), names.jobs.iter().map(plain).collect()),
            (
                has(Key::Provider) || has(Key::Providers) || has(Key::Platform),
                names.providers.iter().map(plain).collect(),
            ),
        ];
        for (wanted, list) in &lists {
            if *wanted {
                propose(&mut list.iter().map(String::as_str));
            }
        }
        let keywords: [(Key, &[&str]); 6] = [
            (Key::Canary, &["with canary", "canary", "without canary"]),
            (Key::Migrate, &["and run migrations first", "skip migrations", "migrations"]),
            (Key::To, &["to the previous release", "previous"]),
            (Key::BatchSize, &["batch size"]),
            (Key::Mode, &["in test mode", "in live mode"]),
            (Key::Since, &["for the last"]),
        ];
        for (key, words) in keywords {
            if has(key) {
                propose(&mut words.iter().copied());
            }
        }
    }
    found.dedup();
    found.truncate(MAX_PROPOSALS);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_completed_from_the_table_and_the_names() {
        let names = Names::sample();
        assert_eq!(complete("dep", &names), ["deploy"]);
        assert_eq!(complete("deploy st", &names), ["staging"]);
        assert_eq!(complete("add r", &names), ["redis"]);
        assert_eq!(complete("deploy api with can", &names), ["canary"]);
        assert!(complete("", &names).len() > 40);
    }
}
