//! Reads the statements of migrations and marks what the release running now, or the traffic it has, can't live with: why, and
//! what to do instead. What takes something away breaks the release before; what only locks for long is a warning. A
//! statement nobody can read is said to be unread, never passed over.

mod alone;
mod alter;
mod kind;
mod known;
mod net;
mod statement;
#[cfg(test)]
mod tests;
mod text;

use serde::{Deserialize, Serialize};

use crate::model::Dialect;
use crate::ports::Migration;

pub use alone::Alone;
pub use text::{shortened, statements};

/// The longest piece of a statement that a finding shows, in characters.
const STATEMENT_SHOWN: usize = 100;
/// Longer statements are not parsed, in bytes: nobody writes such a change of a schema, and data needs no look.
const PARSED_MAX: usize = 16 * 1024;

/// What a finding means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The release that runs, or the one gone back to, can't live with it.
    Breaks,
    /// It can, but its requests wait: something is locked for as long as a table is read or written whole.
    Locks,
    /// Nobody could read the statement, so a person must.
    Unread,
}

/// What is wrong with one statement of a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The migration's version.
    pub version: String,
    /// The migration's name.
    pub name: String,
    /// The statement on one line, shortened.
    pub statement: String,
    /// What it means.
    pub effect: Effect,
    /// What the statement does: `drops the column due of invoices`.
    pub does: String,
    /// Why somebody can't live with that.
    pub why: String,
    /// What to do instead.
    pub instead: String,
}

impl Finding {
    /// One sentence: "migration 0004 tidy drops the column due of invoices".
    pub fn line(&self) -> String {
        format!("migration {} {} {}", self.version, self.name, self.does)
    }
}

/// What a statement is said to do; the migration around it is added later.
struct Said {
    effect: Effect,
    does: String,
    why: String,
    instead: String,
}

/// Judges migrations that come, in order. `earlier` are those the database has had: from them it is known which columns
/// there are and of which type.
pub fn lint(pending: &[Migration], earlier: &[Migration], dialect: Dialect) -> Vec<Finding> {
    let mut known = known::Known::default();
    for migration in earlier {
        // What can't be read of the past is simply not known.
        for statement in text::statements(&migration.sql, dialect).unwrap_or_default() {
            if let Ok(statement) = text::parsed(&statement, dialect) {
                known.learn(&statement, false);
            }
        }
    }
    let mut found: Vec<Finding> = Vec::new();
    for migration in pending {
        for (statement, said) in of_migration(migration, &mut known, dialect) {
            let finding = Finding {
                version: migration.version.clone(),
                name: migration.name.clone(),
                statement: shortened(&statement, STATEMENT_SHOWN),
                effect: said.effect,
                does: said.does,
                why: said.why,
                instead: said.instead,
            };
            if !found.contains(&finding) {
                found.push(finding);
            }
        }
    }
    found
}

/// The sentences of those findings an earlier release can't live with.
pub fn breaking(findings: &[Finding]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.effect == Effect::Breaks) {
        let line = finding.line();
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn of_migration(migration: &Migration, known: &mut known::Known, dialect: Dialect) -> Vec<(String, Said)> {
    let texts = match text::statements(&migration.sql, dialect) {
        Ok(texts) => texts,
        // Not even its words can be told apart: the whole file is one statement nobody can read.
        Err(why) => {
            let whole = migration.sql.split_whitespace().collect::<Vec<_>>().join(" ");
            return net::catch(&whole, &why).into_iter().map(|said| (whole.clone(), said)).collect();
        }
    };
    let read: Vec<_> = texts.iter().map(|text| text::parsed(text, dialect)).collect();
    let mut said = Vec::new();
    for (at, (text, statement)) in texts.iter().zip(&read).enumerate() {
        match statement {
            Ok(statement) => {
                let rest: Vec<_> = read[at + 1..].iter().flatten().collect();
                let judged = statement::judge(statement, &rest, known, dialect);
                said.extend(judged.into_iter().map(|said| (text.clone(), said)));
                known.learn(statement, true);
            }
            Err(why) => said.extend(net::catch(text, why).into_iter().map(|said| (text.clone(), said))),
        }
    }
    said
}
