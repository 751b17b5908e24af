//! People's locks on environments: with a reason, with an expiry when wanted, to be taken over with a reason.

use serde_json::json;

use super::clearance::Asked;
use super::{Engine, Refusal};
use crate::clock::EpochMs;
use crate::model::{Actor, EnvironmentKey};
use crate::run::{Lock, LockHolder};
use crate::store::{AuditEntry, Commit, StoreError, Write};

/// Tries when somebody else locks or unlocks at the same time.
const TRIES: usize = 16;

/// What became of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockChange {
    /// It is theirs now.
    Locked,
    /// It was theirs before; its reason is the new one.
    Renewed,
    /// It is free now.
    Unlocked,
    /// It was somebody else's and is gone.
    TakenFrom(String),
}

impl Engine {
    /// Locks an environment for a person: nobody else's runs are accepted until it is unlocked.
    pub async fn lock(
        &self,
        environment: &EnvironmentKey,
        actor: &Actor,
        reason: Option<&str>,
        expires_ms: Option<EpochMs>,
    ) -> Result<LockChange, Refusal> {
        self.project_of(environment).await?;
        self.cleared_on_record(actor, "lock", Some(environment), environment.to_string(), &Asked::default())
            .await?;
        let lock = Lock {
            environment: environment.clone(),
            holder: LockHolder::Person(actor.name.clone()),
            reason: reason.unwrap_or_default().to_owned(),
            taken_ms: self.now_ms(),
            expires_ms,
        };
        for _ in 0..TRIES {
            let held = self.persons_lock(environment).await?;
            let mut commit = self.lock_commit(actor, environment, "lock.taken", &lock);
            let change = match held {
                None => LockChange::Locked,
                Some(held) if held.holder == lock.holder => {
                    commit.writes.push(Write::LockRelease(held));
                    LockChange::Renewed
                }
                Some(held) if held.expires_ms.is_some_and(|expires_ms| expires_ms <= self.now_ms()) => {
                    commit.writes.push(Write::LockRelease(held));
                    LockChange::Locked
                }
                Some(held) => {
                    let because =
                        if held.reason.is_empty() { String::new() } else { format!(": {}", held.reason) };
                    return Err(Refusal::standing(
                        "locked",
                        format!("{} is locked by {}{because}", environment.environment, held.holder.name()),
                        format!("unlock {} because …", environment.environment),
                    ));
                }
            };
            commit.writes.push(Write::LockTake(lock.clone()));
            match self.write(commit).await {
                Ok(()) => return Ok(change),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// Unlocks an environment. Somebody else's lock can be taken away with a reason, where the policy lets them.
    pub async fn unlock(
        &self,
        environment: &EnvironmentKey,
        actor: &Actor,
        reason: Option<&str>,
    ) -> Result<LockChange, Refusal> {
        let held = self.persons_lock(environment).await?.ok_or_else(|| {
            Refusal::standing(
                "not-locked",
                format!("{} is not locked by anybody", environment.environment),
                format!("status {}", environment.environment),
            )
        })?;
        let theirs = held.holder.name() == actor.name;
        let action = if theirs { "unlock" } else { "lock-take-over" };
        self.cleared_on_record(actor, action, Some(environment), environment.to_string(), &Asked::default())
            .await?;
        if !theirs && reason.is_none_or(|reason| reason.trim().is_empty()) {
            return Err(Refusal::standing(
                "needs-reason",
                format!("the lock is {}'s: say why you take it away", held.holder.name()),
                format!("unlock {} because …", environment.environment),
            ));
        }
        let mut commit = self.lock_commit(actor, environment, "lock.released", &held);
        if let Some(entry) = commit.audit.first_mut() {
            entry.data["because"] = reason.unwrap_or_default().into();
        }
        commit.writes.push(Write::LockRelease(held.clone()));
        self.write(commit).await?;
        Ok(if theirs { LockChange::Unlocked } else { LockChange::TakenFrom(held.holder.name().to_owned()) })
    }

    /// A person's lock that still holds.
    pub(super) async fn persons_lock(&self, environment: &EnvironmentKey) -> Result<Option<Lock>, Refusal> {
        let locks = self.store().lock_list(environment).await?;
        Ok(locks.into_iter().find(|lock| matches!(lock.holder, LockHolder::Person(_))))
    }

    /// Frees locks whose time is up, and says so in the record.
    pub(super) async fn expire_locks(&self) -> Result<(), Refusal> {
        for lock in self.store().lock_expired(self.now_ms()).await? {
            let environment = lock.environment.clone();
            let mut commit = self.lock_commit(&Actor::system(), &environment, "lock.expired", &lock);
            commit.writes.push(Write::LockRelease(lock));
            match self.write(commit).await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn lock_commit(
        &self,
        actor: &Actor,
        environment: &EnvironmentKey,
        action: &'static str,
        lock: &Lock,
    ) -> Commit {
        let mut commit = Commit::at(self.now_ms());
        commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action,
            subject: environment.to_string(),
            environment: Some(environment.clone()),
            run: None,
            data: json!({
                "holder": lock.holder.name(),
                "reason": lock.reason,
                "expires_ms": lock.expires_ms,
            }),
        });
        commit
    }
}
