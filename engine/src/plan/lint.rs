//! Marks statements of migrations that the release running now can't live with. A first net of plain patterns: it
//! says *breaking* rather too often than too seldom, and names the statement.

use std::sync::LazyLock;

use regex::RegexSet;

use crate::ports::Migration;

/// Patterns and what they mean to a release that doesn't know about the change.
const BREAKING: [(&str, &str); 5] = [
    (r"(?i)\bdrop\s+table\b", "drops a table"),
    (r"(?i)\bdrop\s+column\b", "drops a column"),
    (r"(?i)\brename\s+(column|to)\b", "renames something"),
    (r"(?i)\badd\s+(column\s+)?\S+\s+[^,;]*\bnot\s+null\b", "adds a column that must have a value"),
    (r"(?i)\balter\s+(column\s+)?\S+\s+(set\s+not\s+null|type|set\s+data\s+type)\b", "narrows a column"),
];

static PATTERNS: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(BREAKING.iter().map(|(pattern, _)| pattern)).ok());

/// What an earlier release can't live with, a sentence each: "migration 0004 add_due_dates drops a column".
pub fn breaking_statements(migrations: &[Migration]) -> Vec<String> {
    let Some(patterns) = PATTERNS.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    for migration in migrations {
        let sql = without_comments(&migration.sql);
        for statement in sql.split(';') {
            // A default makes a mandatory column harmless to inserts that don't know it.
            let has_default = statement.to_ascii_lowercase().contains("default");
            for index in patterns.matches(statement) {
                let (_, meaning) = BREAKING[index];
                if !(index == 3 && has_default) {
                    let line = format!("migration {} {} {meaning}", migration.version, migration.name);
                    if !found.contains(&line) {
                        found.push(line);
                    }
                }
            }
        }
    }
    found
}

fn without_comments(sql: &str) -> String {
    sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, found: &[&str]) {
        let migration = Migration {
            version: "0004".into(),
            name: "change".into(),
            sql: sql.into(),
            checksum: String::new(),
        };
        let lines: Vec<String> = breaking_statements(&[migration])
            .iter()
            .map(|line| line.replace("migration 0004 change ", ""))
            .collect();
        assert_eq!(lines, found, "{sql}");
    }

    #[test]
    fn additions_are_fine_and_removals_are_not() {
        check("CREATE TABLE a (id INTEGER NOT NULL)", &[]);
        check("ALTER TABLE a ADD COLUMN due TEXT", &[]);
        check("ALTER TABLE a ADD COLUMN due TEXT NOT NULL DEFAULT ''", &[]);
        check("ALTER TABLE a ADD COLUMN due TEXT NOT NULL", &["adds a column that must have a value"]);
        check("ALTER TABLE a DROP COLUMN due", &["drops a column"]);
        check("ALTER TABLE a RENAME COLUMN due TO due_on", &["renames something"]);
        check("ALTER TABLE a RENAME TO b", &["renames something"]);
        check("DROP TABLE a", &["drops a table"]);
        check("-- drop table a\nSELECT 1", &[]);
        check("ALTER TABLE a ALTER COLUMN due TYPE date", &["narrows a column"]);
    }
}
