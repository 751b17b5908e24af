//! Reads the statements of migrations and marks what the release running now, or the traffic it has, can't live with: why, and
//! what to do instead. What takes something away breaks the release before; what only locks for long is a warning. A
//! statement nobody can read is said to be unread, never passed over.

mod alone;
mod alter;
mod kind;
mod known;
mod net;
mod script;
mod statement;
#[cfg(test)]
mod tests;
mod text;

use serde::{Deserialize, Serialize};
use sqlparser::ast::Statement;

use crate::model::Dialect;
use crate::ports::{Language, Migration, titled};

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
    /// What the migration is called: "0004 tidy".
    pub fn title(&self) -> String {
        titled(&self.version, &self.name)
    }

    /// One sentence: "migration 0004 tidy drops the column due of invoices".
    pub fn line(&self) -> String {
        format!("migration {} {}", self.title(), self.does)
    }
}

/// What a statement is said to do; the migration around it is added later.
#[derive(Debug, Clone)]
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
        for statement in pieces(migration, dialect).iter().filter_map(Piece::statement) {
            known.learn(statement, false);
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

/// One statement, or one call of a script.
struct Piece {
    /// As it stands in the file, on one line.
    shown: String,
    read: Read,
}

/// As what a piece was read.
enum Read {
    /// SQL, or what stands for it.
    Statement(Box<Statement>),
    /// SQL that could not be parsed, and why not.
    Words(String),
    /// Something else, and what is said of it.
    Said(Vec<Said>),
}

/// What a migration does, piece by piece, as people are shown it; an empty one does nothing.
pub fn shown(migration: &Migration, dialect: Dialect) -> Vec<String> {
    let mut lines: Vec<String> = pieces(migration, dialect).into_iter().map(|piece| piece.shown).collect();
    // A call may stand for several statements.
    lines.dedup();
    lines
}

fn pieces(migration: &Migration, dialect: Dialect) -> Vec<Piece> {
    match migration.language {
        Language::Script => script::pieces(&migration.sql, dialect),
        Language::Other => vec![Piece {
            shown: "the file".to_owned(),
            read: Read::Said(vec![Said {
                effect: Effect::Unread,
                does: "can't be read".to_owned(),
                why: "it is no SQL, and nobody knows whether the running release can live with it".to_owned(),
                instead: "look at it yourself before you say yes".to_owned(),
            }]),
        }],
        Language::Sql => match text::statements(&migration.sql, dialect) {
            Ok(texts) => texts
                .into_iter()
                .map(|shown| match text::parsed(&shown, dialect) {
                    Ok(statement) => Piece { shown, read: Read::Statement(Box::new(statement)) },
                    Err(why) => Piece { shown, read: Read::Words(why) },
                })
                .collect(),
            // Not even its words can be told apart: the whole file is one statement nobody can read.
            Err(why) => {
                let whole = migration.sql.split_whitespace().collect::<Vec<_>>().join(" ");
                vec![Piece { shown: whole, read: Read::Words(why) }]
            }
        },
    }
}

fn of_migration(migration: &Migration, known: &mut known::Known, dialect: Dialect) -> Vec<(String, Said)> {
    let pieces = pieces(migration, dialect);
    let mut said = Vec::new();
    for (at, Piece { shown, read }) in pieces.iter().enumerate() {
        let of_it = match read {
            Read::Statement(statement) => {
                let rest: Vec<&Statement> = pieces[at + 1..].iter().filter_map(Piece::statement).collect();
                let judged = statement::judge(statement, &rest, known, dialect);
                known.learn(statement, true);
                judged
            }
            Read::Words(why) => net::catch(shown, why),
            Read::Said(said) => said.clone(),
        };
        said.extend(of_it.into_iter().map(|said| (shown.clone(), said)));
    }
    said
}

impl Piece {
    fn statement(&self) -> Option<&Statement> {
        match &self.read {
            Read::Statement(statement) => Some(statement),
            Read::Words(_) | Read::Said(_) => None,
        }
    }
}
