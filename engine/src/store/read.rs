//! Everything that is read, noun first.

use super::value::Row;
use super::{Store, StoreError, sql};
use crate::audit::{AuditEvent, Checkpoint};
use crate::clock::EpochMs;
use crate::model::{
    ConnectionCheck, ConnectionHere, ConnectionName, Desired, EnvironmentKey, Identity, Project, ProjectName,
    Release, RunId, StandingOrder, StepNumber, User, UserName,
};
use crate::monitor::Incident;
use crate::plan::Plan;
use crate::run::{Approval, Lock, Run, RunHappened, Step, Vote};
use crate::trial::Trial;

/// A value with the revision its next write must follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// Its revision; 0 when the database has none yet.
    pub revision: i64,
}

/// What a step left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRecord {
    /// The step.
    pub step: StepNumber,
    /// `receipt` (an answer), `unknown` (none), `done`, `failed` or `undo`.
    pub kind: String,
    /// What.
    pub body: serde_json::Value,
    /// When.
    pub at_ms: EpochMs,
}

/// A conversation as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its state as JSON, in the fronts' own form.
    pub body: String,
    /// The last happening it has been told of.
    pub cursor: i64,
}

/// A message on its way to a front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMessage {
    /// Its identifier.
    pub message: String,
    /// The card it belongs to.
    pub card: String,
    /// The message as JSON.
    pub body: String,
}

pub(super) fn parsed<T: std::str::FromStr>(row: &Row, column: &'static str) -> Result<T, StoreError>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.text(column)?.parse().map_err(|error| StoreError::corrupt(column, error))
}

fn user(row: &Row) -> Result<User, StoreError> {
    Ok(User { name: parsed(row, "person")?, role: parsed(row, "role")? })
}

fn happened(row: &Row) -> Result<RunHappened, StoreError> {
    Ok(RunHappened {
        seq: row.int("seq")?,
        run: parsed(row, "run")?,
        at_ms: row.int("at_ms")?,
        what: row.json("body")?,
    })
}

pub(super) fn key_values(environment: &EnvironmentKey) -> Vec<super::Value> {
    vec![environment.project.as_str().into(), environment.environment.as_str().into()]
}

impl Store {
    pub(super) async fn bodies<T: serde::de::DeserializeOwned>(
        &self,
        text: &'static str,
        values: Vec<super::Value>,
    ) -> Result<Vec<T>, StoreError> {
        self.rows(text, values).await?.iter().map(|row| row.json("body")).collect()
    }

    /// All projects, by name.
    pub async fn project_list(&self) -> Result<Vec<Versioned<Project>>, StoreError> {
        let rows = self.rows(sql::PROJECT_LIST, Vec::new()).await?;
        rows.iter()
            .map(|row| Ok(Versioned { value: row.json("body")?, revision: row.int("revision")? }))
            .collect()
    }

    /// The revision of a project's description; absent when there is no such project.
    pub async fn project_revision(&self, project: &ProjectName) -> Result<Option<i64>, StoreError> {
        let rows = self.rows(sql::PROJECT_REVISION, vec![project.as_str().into()]).await?;
        rows.first().map(|row| row.int("revision")).transpose()
    }

    /// The connections an environment has, by name.
    pub async fn connection_list(
        &self,
        environment: &EnvironmentKey,
    ) -> Result<Vec<ConnectionHere>, StoreError> {
        self.bodies(sql::CONNECTION_LIST, key_values(environment)).await
    }

    /// What its provider said when it was last asked about a connection.
    pub async fn connection_check(
        &self,
        environment: &EnvironmentKey,
        connection: &ConnectionName,
    ) -> Result<Option<ConnectionCheck>, StoreError> {
        let mut values = key_values(environment);
        values.push(connection.as_str().into());
        Ok(self.bodies(sql::CONNECTION_CHECK, values).await?.pop())
    }

    /// An environment's desired state; the default one when nothing was ever done there.
    pub async fn environment_get(
        &self,
        environment: &EnvironmentKey,
    ) -> Result<Versioned<Desired>, StoreError> {
        let rows = self.rows(sql::ENVIRONMENT_GET, key_values(environment)).await?;
        match rows.first() {
            Some(row) => Ok(Versioned { value: row.json("body")?, revision: row.int("revision")? }),
            None => Ok(Versioned { value: Desired::default(), revision: 0 }),
        }
    }

    /// An environment's releases, newest first, at most `limit`.
    pub async fn release_list(
        &self,
        environment: &EnvironmentKey,
        limit: i64,
    ) -> Result<Vec<Release>, StoreError> {
        let mut values = key_values(environment);
        values.push(limit.into());
        self.bodies(sql::RELEASE_LIST, values).await
    }

    /// A release by its number, however long ago it was made.
    pub async fn release_get(
        &self,
        environment: &EnvironmentKey,
        number: u32,
    ) -> Result<Option<Release>, StoreError> {
        let mut values = key_values(environment);
        values.push(number.into());
        Ok(self.bodies(sql::RELEASE_GET, values).await?.pop())
    }

    /// The newest release before a number that was live and is superseded.
    pub async fn release_superseded_before(
        &self,
        environment: &EnvironmentKey,
        number: u32,
    ) -> Result<Option<Release>, StoreError> {
        let mut values = key_values(environment);
        values.push(number.into());
        Ok(self.bodies(sql::RELEASE_SUPERSEDED, values).await?.pop())
    }

    /// Releases before a number that are or were live and were not taken back, newest first, at most `limit`.
    pub async fn release_stable_before(
        &self,
        environment: &EnvironmentKey,
        number: u32,
        limit: i64,
    ) -> Result<Vec<Release>, StoreError> {
        let mut values = key_values(environment);
        values.extend([number.into(), limit.into()]);
        self.bodies(sql::RELEASE_STABLE, values).await
    }

    /// A run.
    pub async fn run_get(&self, run: &RunId) -> Result<Option<Run>, StoreError> {
        Ok(self.bodies(sql::RUN_GET, vec![run.as_str().into()]).await?.pop())
    }

    /// All runs that are not over, oldest first.
    pub async fn run_live(&self) -> Result<Vec<Run>, StoreError> {
        self.bodies(sql::RUN_LIVE, Vec::new()).await
    }

    /// An environment's runs, newest first, at most `limit`.
    pub async fn run_by_environment(
        &self,
        environment: &EnvironmentKey,
        limit: i64,
    ) -> Result<Vec<Run>, StoreError> {
        let mut values = key_values(environment);
        values.push(limit.into());
        self.bodies(sql::RUN_BY_ENVIRONMENT, values).await
    }

    /// An environment's newest run of a type that succeeded, other than this one.
    pub async fn run_last_succeeded(
        &self,
        environment: &EnvironmentKey,
        run_type: &str,
        other_than: &RunId,
    ) -> Result<Option<Run>, StoreError> {
        let mut values = key_values(environment);
        values.extend([run_type.into(), other_than.as_str().into()]);
        Ok(self.bodies(sql::RUN_LAST_SUCCEEDED, values).await?.pop())
    }

    /// When an environment's newest run of a type that succeeded was over.
    pub async fn run_last_finished(
        &self,
        environment: &EnvironmentKey,
        run_type: &str,
    ) -> Result<Option<EpochMs>, StoreError> {
        let mut values = key_values(environment);
        values.push(run_type.into());
        let rows = self.rows(sql::RUN_LAST_FINISHED, values).await?;
        rows.first().map(|row| row.int("finished_ms")).transpose()
    }

    /// The run of an environment that changed last what is live there.
    pub async fn run_last_releasing(&self, environment: &EnvironmentKey) -> Result<Option<Run>, StoreError> {
        Ok(self.bodies(sql::RUN_LAST_RELEASING, key_values(environment)).await?.pop())
    }

    /// The newest runs anywhere.
    pub async fn run_recent(&self, limit: i64) -> Result<Vec<Run>, StoreError> {
        self.bodies(sql::RUN_RECENT, vec![limit.into()]).await
    }

    /// When the changing runs of an environment since an instant were asked for, oldest first; cancelled ones don't
    /// count. For rate limits.
    pub async fn run_times_since(
        &self,
        environment: &EnvironmentKey,
        since_ms: EpochMs,
    ) -> Result<Vec<EpochMs>, StoreError> {
        let mut values = key_values(environment);
        values.push(since_ms.into());
        self.rows(sql::RUN_CHANGING_SINCE, values).await?.iter().map(|row| row.int("created_ms")).collect()
    }

    /// The runs waiting for an environment, in the order of the line.
    pub async fn run_queue(&self, environment: &EnvironmentKey) -> Result<Vec<RunId>, StoreError> {
        let rows = self.rows(sql::RUN_QUEUED, key_values(environment)).await?;
        rows.iter().map(|row| parsed(row, "run")).collect()
    }

    /// A run's plan.
    pub async fn plan_get(&self, run: &RunId) -> Result<Option<Plan>, StoreError> {
        Ok(self.bodies(sql::PLAN_GET, vec![run.as_str().into()]).await?.pop())
    }

    /// A run's steps as far as they have come, by number.
    pub async fn step_list(&self, run: &RunId) -> Result<Vec<Step>, StoreError> {
        self.bodies(sql::STEP_LIST, vec![run.as_str().into()]).await
    }

    /// How a run's canary stands, if it has come to one.
    pub async fn trial_get(&self, run: &RunId) -> Result<Option<Trial>, StoreError> {
        Ok(self.bodies(sql::TRIAL_GET, vec![run.as_str().into()]).await?.pop())
    }

    /// What a run's steps left behind, in the order it was learnt.
    pub async fn receipt_list(&self, run: &RunId) -> Result<Vec<ReceiptRecord>, StoreError> {
        let rows = self.rows(sql::RECEIPT_LIST, vec![run.as_str().into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(ReceiptRecord {
                    step: u32::try_from(row.int("step")?)
                        .map_err(|error| StoreError::corrupt("step", error))?,
                    kind: row.text("kind")?,
                    body: row.json("body")?,
                    at_ms: row.int("at_ms")?,
                })
            })
            .collect()
    }

    /// What happened after a cursor, in order, at most `limit`.
    pub async fn happening_after(&self, cursor: i64, limit: i64) -> Result<Vec<RunHappened>, StoreError> {
        let rows = self.rows(sql::HAPPENING_AFTER, vec![cursor.into(), limit.into()]).await?;
        rows.iter().map(happened).collect()
    }

    /// What happened to a run, in order.
    pub async fn happening_of_run(&self, run: &RunId) -> Result<Vec<RunHappened>, StoreError> {
        let rows = self.rows(sql::HAPPENING_OF_RUN, vec![run.as_str().into()]).await?;
        rows.iter().map(happened).collect()
    }

    /// The last happening's place.
    pub async fn happening_head(&self) -> Result<i64, StoreError> {
        let rows = self.rows(sql::HEAD_GET, vec!["happenings".into()]).await?;
        rows.first().map_or(Ok(0), |row| row.int("seq"))
    }

    /// A run's approval, if it ever needed one.
    pub async fn approval_get(&self, run: &RunId) -> Result<Option<Approval>, StoreError> {
        Ok(self.bodies(sql::APPROVAL_GET, vec![run.as_str().into()]).await?.pop())
    }

    /// Who said yes to a run, in order.
    pub async fn vote_list(&self, run: &RunId) -> Result<Vec<Vote>, StoreError> {
        let rows = self.rows(sql::VOTE_LIST, vec![run.as_str().into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Vote { person: row.text("person")?, at_ms: row.int("at_ms")?, front: row.text("front")? })
            })
            .collect()
    }

    /// The locks on an environment: a person's, a run's, both or none.
    pub async fn lock_list(&self, environment: &EnvironmentKey) -> Result<Vec<Lock>, StoreError> {
        self.bodies(sql::LOCK_LIST, key_values(environment)).await
    }

    /// Locks whose time is up.
    pub async fn lock_expired(&self, now_ms: EpochMs) -> Result<Vec<Lock>, StoreError> {
        self.bodies(sql::LOCK_EXPIRED, vec![now_ms.into()]).await
    }

    /// An incident by its identifier.
    pub async fn incident_get(&self, id: &str) -> Result<Option<Incident>, StoreError> {
        Ok(self.bodies(sql::INCIDENT_GET, vec![id.into()]).await?.into_iter().next())
    }

    /// An environment's incidents since an instant, newest first, at most `limit`.
    pub async fn incident_list(
        &self,
        environment: &EnvironmentKey,
        since_ms: EpochMs,
        limit: i64,
    ) -> Result<Vec<Incident>, StoreError> {
        let mut values = key_values(environment);
        values.extend([since_ms.into(), limit.into()]);
        self.bodies(sql::INCIDENT_LIST, values).await
    }

    /// The standing orders of a project, in the order they were given.
    pub async fn standing_list(&self, project: &ProjectName) -> Result<Vec<StandingOrder>, StoreError> {
        self.bodies(sql::STANDING_LIST, vec![project.as_str().into()]).await
    }

    /// The number of the newest standing order of a project, removed ones too; 0 when there was none.
    pub async fn standing_newest(&self, project: &ProjectName) -> Result<u32, StoreError> {
        let rows = self.rows(sql::STANDING_NEWEST, vec![project.as_str().into()]).await?;
        rows.first().map_or(Ok(0), |row| {
            u32::try_from(row.int("number")?).map_err(|error| StoreError::corrupt("number", error))
        })
    }

    /// Whether a question of a conversation has expired by then.
    pub async fn question_is_due(&self, conversation: &str, now_ms: EpochMs) -> Result<bool, StoreError> {
        Ok(!self.rows(sql::QUESTION_DUE, vec![conversation.into(), now_ms.into()]).await?.is_empty())
    }

    /// The record after a place, in order, at most `limit`, each event with its hash.
    pub async fn audit_after(&self, seq: i64, limit: i64) -> Result<Vec<(AuditEvent, String)>, StoreError> {
        let rows = self.rows(sql::AUDIT_AFTER, vec![seq.into(), limit.into()]).await?;
        rows.iter().map(|row| Ok((row.json("body")?, row.text("hash")?))).collect()
    }

    /// What the record has of a run, in order.
    pub async fn audit_of_run(
        &self,
        environment: &EnvironmentKey,
        run: &RunId,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let mut values = key_values(environment);
        values.push(run.as_str().into());
        let events: Vec<AuditEvent> = self.bodies(sql::AUDIT_OF_RUN, values).await?;
        // Only bodies are covered by the chain.
        Ok(events.into_iter().filter(|event| event.run.as_ref() == Some(run)).collect())
    }

    /// The newest entries of the record, newest first, at most `limit`. Which of them are of interest is decided on
    /// their bodies: only those are covered by the chain, the other columns could be altered unseen.
    pub async fn audit_recent(&self, limit: i64) -> Result<Vec<AuditEvent>, StoreError> {
        self.bodies(sql::AUDIT_RECENT, vec![limit.into()]).await
    }

    /// Where the chain stands: its last place and that event's hash.
    pub async fn audit_head(&self) -> Result<(i64, String), StoreError> {
        let rows = self.rows(sql::HEAD_GET, vec!["audit".into()]).await?;
        rows.first().map_or(Ok((0, String::new())), |row| Ok((row.int("seq")?, row.text("hash")?)))
    }

    /// All signed checkpoints, in order.
    pub async fn checkpoint_list(&self) -> Result<Vec<Checkpoint>, StoreError> {
        self.bodies(sql::CHECKPOINT_LIST, Vec::new()).await
    }

    /// A person by name.
    pub async fn user_get(&self, name: &str) -> Result<Option<User>, StoreError> {
        self.rows(sql::USER_GET, vec![name.into()]).await?.first().map(user).transpose()
    }

    /// Everybody, by name.
    pub async fn user_list(&self) -> Result<Vec<User>, StoreError> {
        self.rows(sql::USER_LIST, Vec::new()).await?.iter().map(user).collect()
    }

    /// The person behind an identity.
    pub async fn identity_get(&self, identity: &Identity) -> Result<Option<UserName>, StoreError> {
        let values = vec![identity.front.as_str().into(), identity.external_id.as_str().into()];
        self.rows(sql::IDENTITY_GET, values).await?.first().map(|row| parsed(row, "person")).transpose()
    }

    /// All identities with their people.
    pub async fn identity_list(&self) -> Result<Vec<(Identity, UserName)>, StoreError> {
        let rows = self.rows(sql::IDENTITY_LIST, Vec::new()).await?;
        rows.iter()
            .map(|row| {
                let identity = Identity { front: row.text("front")?, external_id: row.text("external_id")? };
                Ok((identity, parsed(row, "person")?))
            })
            .collect()
    }

    /// A conversation.
    pub async fn conversation_get(&self, conversation: &str) -> Result<Option<Conversation>, StoreError> {
        let rows = self.rows(sql::CONVERSATION_GET, vec![conversation.into()]).await?;
        rows.first()
            .map(|row| Ok(Conversation { body: row.text("body")?, cursor: row.int("cursor_seq")? }))
            .transpose()
    }

    /// Whether a front's event has been handled.
    pub async fn inbound_is_known(&self, front: &str, event: &str) -> Result<bool, StoreError> {
        Ok(!self.rows(sql::INBOUND_GET, vec![front.into(), event.into()]).await?.is_empty())
    }

    /// Messages waiting for a conversation, oldest first, at most `limit`.
    pub async fn outbox_list(
        &self,
        conversation: &str,
        limit: i64,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let rows = self.rows(sql::OUTBOX_LIST, vec![conversation.into(), limit.into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(OutboxMessage {
                    message: row.text("message")?,
                    card: row.text("card")?,
                    body: row.text("body")?,
                })
            })
            .collect()
    }
}
