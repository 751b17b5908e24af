//! The databases' port: what has been applied, and a database that refuses what it must.

use async_trait::async_trait;
use engine::backfill::{Asked, Batch, read};
use engine::clock::EpochMs;
use engine::model::{ComponentName, EnvironmentKey};
use engine::ports::{
    AppliedMigration, Database, DatabaseAt, FillCall, JobEnded, Migration, Permit, PortError, Receipt,
};

use super::SimJob;
use super::effects::{Done, done};
use super::world::State;
use super::{Call, World};

impl State {
    fn migration_apply(
        &mut self,
        environment: &EnvironmentKey,
        component: &ComponentName,
        migration: &Migration,
        now: EpochMs,
    ) -> Result<Done, PortError> {
        let Migration { version, name, sql, checksum, .. } = migration;
        let refused = self.code.refuses_migration(version, sql);
        let there = self.environment(environment);
        if !there.components.contains_key(component) {
            return Err(PortError::fail(
                format!("migration {version} can't run: {environment} has no {component}"),
                format!("Deploy {}, which makes it first.", environment.environment),
            ));
        }
        let applied = there.migrations.entry(component.clone()).or_default();
        if applied.iter().any(|past| past.version == *version) {
            // The record is written in the transaction of the statements, so the second time undoes itself.
            return Ok(Done::Again(Err(PortError::fail(
                format!(
                    "migration {version} {name} failed: ERROR 23505: duplicate key value violates unique constraint \
                     \"migrations_pkey\" (version)=({version}); the transaction was rolled back"
                ),
                "It has been applied already; nothing is left to do.",
            ))));
        }
        if refused {
            let word = sql
                .split(|c: char| !c.is_alphanumeric())
                .find(|word| !word.is_empty())
                .unwrap_or("end of input");
            return Err(PortError::fail(
                format!(
                    "migration {version} {name} failed: ERROR 42601: syntax error at or near \"{word}\"; the \
                     transaction was rolled back"
                ),
                "Mend the migration's statements, commit, and deploy again.",
            ));
        }
        applied.push(AppliedMigration { version: version.clone(), checksum: checksum.clone(), at_ms: now });
        applied.sort_by(|one, other| one.version.cmp(&other.version));
        Ok(Done::Changed(Receipt::new(format!("applied {version} {name}")).with("checksum", checksum)))
    }
}

#[async_trait]
impl Database for World {
    async fn migrations_applied(
        &self,
        environment: &EnvironmentKey,
        database: &DatabaseAt,
    ) -> Result<Vec<AppliedMigration>, PortError> {
        let component = &database.component;
        let subject = format!("{} {component}", environment.environment);
        self.call(Call::MigrationsApplied, subject, |state, _| {
            let there = state.environments.get(environment).and_then(|it| it.migrations.get(component));
            Ok(there.cloned().unwrap_or_default())
        })
        .await
    }

    async fn migration_apply(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        database: &DatabaseAt,
        migration: &Migration,
    ) -> Result<Receipt, PortError> {
        let component = &database.component;
        let subject = format!("{} {component} {}", environment.environment, migration.version);
        self.write(permit, Call::MigrationApply, subject, |state, now| {
            state.migration_apply(environment, component, migration, now)
        })
        .await
    }

    async fn rows_fill(
        &self,
        permit: &Permit,
        environment: &EnvironmentKey,
        call: &FillCall,
    ) -> Result<Batch, PortError> {
        let subject = fill_subject(environment, call);
        let entry = subject.clone();
        self.call(Call::RowsFill, subject, |state, now| {
            let job = state.environment(environment).jobs.entry(call.job.clone()).or_default();
            let ended = job.run(call.cursor.as_ref(), call.batch);
            let receipt = Receipt::new(format!("{} made a batch", call.job));
            state.ledger.record(permit, Call::RowsFill, entry, now, done(true, receipt))?;
            batch_of(call, &ended, false)
        })
        .await
    }

    async fn rows_try(&self, environment: &EnvironmentKey, call: &FillCall) -> Result<Batch, PortError> {
        self.call(Call::RowsTry, fill_subject(environment, call), |state, _| {
            let job = state.environments.get(environment).and_then(|it| it.jobs.get(&call.job));
            let job = job.map_or_else(SimJob::default, SimJob::clone);
            batch_of(call, &job.dry_run(call.cursor.as_ref(), call.batch), true)
        })
        .await
    }
}

fn fill_subject(environment: &EnvironmentKey, call: &FillCall) -> String {
    let from = call.cursor.as_ref().map_or("start", |cursor| cursor.as_str());
    format!("{} {}@{from}", environment.environment, call.job)
}

/// The same rows as those of a job of the application, whose answers are read as its are. Counted only when that is asked for.
fn batch_of(call: &FillCall, ended: &JobEnded, dry_run: bool) -> Result<Batch, PortError> {
    if !ended.well {
        return Err(PortError::retry(format!("the database said: {}", ended.last_line)));
    }
    let asked = Asked { cursor: call.cursor.as_ref(), batch: call.batch, dry_run };
    let batch =
        read(asked, &ended.output).map_err(|why| PortError::fail(format!("the database {why}"), ""))?;
    let remaining = batch.remaining.filter(|_| call.counts);
    Ok(Batch { remaining, ..batch })
}
