//! Migrations: pending ones are applied in order, each in a transaction that also records it where the database can, so that
//! a migration is either there or not. They are not undone: going back over a schema change loses data. The plan has checked whether
//! the release before can live with them.
//!
//! Where the application's own command applies them, they are in no transaction: one that failed may be there in part.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Look, StepAct, StepContext, Undo};
use crate::model::Dialect;
use crate::plan::{Finding, breaking};
use crate::ports::{
    AppliedMigration, DatabaseAt, MigrateCommand, MigrateState, Migration, Permit, PortError, Receipt,
};
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
    /// The application's own command that applies them; absent when they are applied from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Box<MigrateCommand>>,
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
                Some(had) if had.differs_from(migration) => {
                    return Err(Reason::new(
                        "migration-changed",
                        format!(
                            "migration {} `{}` was applied with other statements than it has now",
                            migration.version, migration.name,
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

/// What is said of the application's own command.
impl ApplyMigrations {
    /// How it ended without having applied them all.
    fn ended(
        &self,
        command: &MigrateCommand,
        next: &Migration,
        applied: &[AppliedMigration],
        well: bool,
        how: &str,
    ) -> Reason {
        let had = |migration: &&Migration| applied.iter().any(|had| had.version == migration.version);
        let (there, missing): (Vec<_>, Vec<_>) = self.migrations.iter().cloned().partition(|one| had(&one));
        let came = if there.is_empty() {
            "none was applied".to_owned()
        } else {
            format!("applied: {}", names(&there))
        };
        let (missing, title) = (names(&missing), next.title());
        if well {
            let table = self.database.notes.as_ref().map(|notes| notes.table.as_str()).unwrap_or_default();
            return Reason::new(
                "migration-failed",
                format!(
                    "`{}` ended well, and {table} does not say that {missing} was applied; {came}",
                    command.command
                ),
                "let the command apply what is in the folder of the description, and note it in that table",
            );
        }
        Reason::new(
            "migration-failed",
            format!(
                "`{}` failed ({how}); {came}; not applied: {missing}. {title} may be done in part, as it is in no transaction",
                command.command
            ),
            format!("look how far {title} came, mend it, and deploy again: what is applied is not repeated"),
        )
    }

    /// The one that may be there in part: the first that is missing, once the command ran and did not end well.
    fn half_done(&self, applied: &[AppliedMigration], state: &MigrateState) -> Option<&Migration> {
        let ran = matches!(state, MigrateState::Interrupted | MigrateState::Ended { well: false, .. });
        let missing = |one: &&Migration| applied.iter().all(|had| had.version != one.version);
        self.migrations.iter().find(missing).filter(|_| ran)
    }
}

#[async_trait]
impl StepAct for ApplyMigrations {
    async fn look(&self, at: &StepContext<'_>) -> Result<Look, PortError> {
        if self.migrations.is_empty() {
            return Ok(Look::Done(Receipt::new("nothing to migrate")));
        }
        // How far the command is comes first: what it applies until the database is asked, it has applied.
        let state = match &self.command {
            Some(_) => Some(at.ports.platform.migrate_look(at.environment, at.idempotency_key).await?),
            None => None,
        };
        if let Some(MigrateState::Running { last_line }) = &state {
            return Ok(Look::going(last_line.clone()));
        }
        let applied = at.ports.database.migrations_applied(at.environment, &self.database).await?;
        let migration = match self.next(&applied) {
            Err(reason) => return Ok(Look::Broken(reason)),
            Ok(None) => {
                let mut receipt = Receipt::new(match self.migrations.as_slice() {
                    [one] => format!("applied {}", one.title()),
                    many => format!("applied {} migrations", many.len()),
                });
                for migration in &self.migrations {
                    receipt = receipt.with(&migration.version, &migration.checksum);
                }
                return Ok(Look::Done(receipt));
            }
            Ok(Some(migration)) => migration,
        };
        Ok(match (&self.command, state) {
            (Some(command), Some(MigrateState::Ended { well, how, tail })) => {
                Look::Broken(self.ended(command, migration, &applied, well, &how).showing(tail))
            }
            _ => Look::Todo,
        })
    }

    async fn act(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        if let Some(command) = &self.command {
            return at.ports.platform.migrate_start(permit, at.environment, command).await;
        }
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
        let mut state = MigrateState::Absent;
        if self.command.is_some() {
            state = at.ports.platform.migrate_look(at.environment, at.idempotency_key).await?;
            if matches!(state, MigrateState::Running { .. }) {
                return Ok(Look::Todo);
            }
        }
        let applied = at.ports.database.migrations_applied(at.environment, &self.database).await?;
        let had = |migration: &&Migration| applied.iter().any(|had| had.version == migration.version);
        let there: Vec<Migration> = self.migrations.iter().filter(had).cloned().collect();
        let half = self.half_done(&applied, &state);
        if there.is_empty() && half.is_none() {
            return Ok(Look::Done(Receipt::new("no migration was applied")));
        }
        // What was begun counts as if it were there: nobody knows how far it came.
        let begun: Vec<Migration> = there.iter().chain(half).cloned().collect();
        let breaking = self.breaking(&begun);
        let half = half.map(|half| format!("{} may be done in part: it is in no transaction", half.title()));
        if breaking.is_empty() {
            if there.is_empty() {
                return Ok(Look::Stays(half.unwrap_or_default()));
            }
            let (stays, them) = if there.len() == 1 {
                ("was applied and stays", "it")
            } else {
                ("were applied and stay", "them")
            };
            // Where nothing ran before, nothing can be broken.
            let lives =
                if self.first { String::new() } else { format!(": what ran before can live with {them}") };
            let half = half.map(|half| format!("; {half}")).unwrap_or_default();
            return Ok(Look::Stays(format!("{} {stays}{lives}{half}", names(&there))));
        }
        Ok(Look::Broken(Reason::new(
            "schema-incompatible",
            format!(
                "{}; the release before can't live with the schema now: {}",
                if there.is_empty() {
                    half.unwrap_or_default()
                } else {
                    let half = half.map(|half| format!("; {half}")).unwrap_or_default();
                    format!("applied and not taken back: {}{half}", names(&there))
                },
                breaking.join("; ")
            ),
            "deploy a mended release",
        )))
    }

    async fn act_undo(&self, at: &StepContext<'_>, permit: &Permit) -> Result<Receipt, PortError> {
        // Only a command that runs is ended; what it has done stays.
        at.ports.platform.migrate_stop(permit, at.environment, at.idempotency_key).await
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
    let mut names: Vec<String> = shown.map(Migration::title).collect();
    if migrations.len() > NAMES_SHOWN {
        names.push(format!("{} more", migrations.len() - NAMES_SHOWN));
    }
    names.join(", ")
}
