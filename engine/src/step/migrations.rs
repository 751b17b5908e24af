//! Migrations: pending ones are applied in order, each in a transaction that also records it where the database can, so that
//! a migration is either there or not. They are not undone: going back over a schema change loses data. The plan has checked whether
//! the release before can live with them.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::Dialect;
use crate::plan::{Finding, breaking};
use crate::ports::{AppliedMigration, DatabaseAt, Migration, Permit, PortError, Receipt};
use crate::run::Reason;

/// How many migrations that stay are named.
const NAMES_SHOWN: usize = 10;

/// Applies migrations to a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyMigrations {
    /// The database.
    #[serde(flatten)]
    pub database: DatabaseAt,
    /// Pending ones, in order.
    pub migrations: Vec<Migration>,
    /// What SQL they are in.
    #[serde(default = "sqlite")]
    pub dialect: Dialect,
    /// What the lint has to say of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Why the release before can't live with them; absent when it can, and when there is none.
    pub breaks: Option<String>,
    /// Nothing is live before them, so nothing has to live with them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first: bool,
}

/// What plans spoke before they said it.
fn sqlite() -> Dialect {
    Dialect::Sqlite
}

impl ApplyMigrations {
    /// Why the release before can't live with those that were applied.
    fn breaking(&self, there: &[Migration]) -> Vec<String> {
        // Plans of before findings were kept say it of all of them at once.
        if self.findings.is_empty() {
            return self.breaks.iter().cloned().collect();
        }
        let applied = |finding: &&Finding| there.iter().any(|one| one.version == finding.version);
        let found: Vec<Finding> = self.findings.iter().filter(applied).cloned().collect();
        breaking(&found)
    }

    /// The first that the database has not had; an error when it had one with other statements.
    fn next<'a>(&'a self, applied: &[AppliedMigration]) -> Result<Option<&'a Migration>, Reason> {
        for migration in &self.migrations {
            match applied.iter().find(|had| had.version == migration.version) {
                None => return Ok(Some(migration)),
                Some(had) if had.checksum != migration.checksum => {
                    return Err(Reason::new(
                        "migration-changed",
                        format!(
                            "migration {} `{}` was applied with other statements than it has now",
                            migration.version, migration.name
                        ),
                        "put the old statements back and write a new migration for the change",
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl StepAct for ApplyMigrations {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        if self.migrations.is_empty() {
            return Ok(Look::Done(Receipt::new("nothing to migrate")));
        }
        let applied = at.ports.database.migrations_applied(at.environment, &self.database).await?;
        Ok(match self.next(&applied) {
            Err(reason) => Look::Broken(reason),
            Ok(Some(_)) => Look::Todo,
            Ok(None) => {
                let mut receipt = Receipt::new(match self.migrations.as_slice() {
                    [one] => format!("applied {} {}", one.version, one.name),
                    many => format!("applied {} migrations", many.len()),
                });
                for migration in &self.migrations {
                    receipt = receipt.with(&migration.version, &migration.checksum);
                }
                Look::Done(receipt)
            }
        })
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        let database = &at.ports.database;
        let applied = database.migrations_applied(at.environment, &self.database).await?;
        match self.next(&applied) {
            Ok(Some(migration)) => {
                database.migration_apply(permit, at.environment, &self.database, migration).await
            }
            Ok(None) => Ok(Receipt::new("nothing to migrate")),
            Err(reason) => Err(PortError::fail(reason.say, reason.next)),
        }
    }

    fn undo(&self) -> Undo {
        // What stays, and whether a person is needed, depends on how far it came: looking tells.
        if self.migrations.is_empty() { Undo::Nothing } else { Undo::Can }
    }

    async fn look_undo(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        let applied = at.ports.database.migrations_applied(at.environment, &self.database).await?;
        let had = |migration: &&Migration| applied.iter().any(|had| had.version == migration.version);
        let there: Vec<Migration> = self.migrations.iter().filter(had).cloned().collect();
        if there.is_empty() {
            return Ok(Look::Done(Receipt::new("no migration was applied")));
        }
        let breaking = self.breaking(&there);
        if breaking.is_empty() {
            let (stays, them) = if there.len() == 1 {
                ("was applied and stays", "it")
            } else {
                ("were applied and stay", "them")
            };
            // Where nothing ran before, nothing can be broken.
            let lives =
                if self.first { String::new() } else { format!(": what ran before can live with {them}") };
            return Ok(Look::Stays(format!("{} {stays}{lives}", names(&there))));
        }
        Ok(Look::Broken(Reason::new(
            "schema-incompatible",
            format!(
                "applied and not taken back: {}; the release before can't live with the schema now: {}",
                names(&there),
                breaking.join("; ")
            ),
            "deploy a mended release",
        )))
    }

    fn failure_code(&self) -> &'static str {
        "migration-failed"
    }

    fn acts_max(&self) -> u32 {
        super::ACTS_MAX + self.migrations.len() as u32
    }
}

/// "0004 currencies, 0005 index": the first few, and how many more.
fn names(migrations: &[Migration]) -> String {
    let shown = migrations.iter().take(NAMES_SHOWN);
    let mut names: Vec<String> = shown.map(|one| format!("{} {}", one.version, one.name)).collect();
    if migrations.len() > NAMES_SHOWN {
        names.push(format!("{} more", migrations.len() - NAMES_SHOWN));
    }
    names.join(", ")
}
