//! Another master key: what is sealed under one from before is sealed anew.
//!
//! The key is replaced first, and the one before it kept: whoever is killed on the way, and every program that runs meanwhile,
//! opens what either of them sealed. Said again, it goes on where it ended.

use serde_json::json;

use super::clearance::Asked;
use super::secrets::{Vault, unopened};
use super::{Engine, Refusal};
use crate::model::Actor;
use crate::secrets::{KeptKey, SecretRef};
use crate::store::{AuditEntry, Commit, SealedSecret, SecretWrite, StoreError, Write};

/// Tries of sealing anew what others set at the same time.
const TRIES: usize = 8;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rekeyed {
    /// The id of the key everything is sealed under now.
    pub key_id: String,
    /// How many versions of secrets were sealed anew.
    pub versions: usize,
    /// The key that was replaced; nothing where the replacement had been made before, by an earlier try or from outside.
    pub kept: Option<KeptKey>,
}

impl Engine {
    /// Seals every secret under another master key, where the policy lets the actor. In a key file a fresh one is made, unless
    /// something is sealed under an older one yet; a key that comes from the environment is replaced there.
    ///
    /// Refused before anything is changed when a secret does not open.
    pub async fn secrets_rekey(&self, actor: &Actor) -> Result<Rekeyed, Refusal> {
        let asked = Asked { changes_world: true, ..Asked::default() };
        self.cleared_on_record(actor, "secrets-rekey", None, "the master key".to_owned(), &asked).await?;
        self.vault().rekey(actor).await
    }
}

impl Vault {
    async fn rekey(&self, actor: &Actor) -> Result<Rekeyed, Refusal> {
        let all = self.store.secret_all().await?;
        for sealed in &all {
            self.unsealed(sealed).map_err(unopened(&sealed.name))?;
        }
        let kept = if self.sealed_before(&all).is_empty() {
            self.keys.replace().map_err(|error| key_kept(&error))?
        } else {
            None
        };
        let mut versions = 0;
        for _ in 0..TRIES {
            let all = self.store.secret_all().await?;
            let before = self.sealed_before(&all);
            if before.is_empty() {
                return Ok(Rekeyed { key_id: self.keys.newest().id().to_owned(), versions, kept });
            }
            match self.reseal(&before, actor).await {
                Ok(()) => versions += before.len(),
                Err(Refusal::Store(StoreError::Conflict)) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// Those that are sealed under a key from before.
    fn sealed_before<'a>(&self, all: &'a [SealedSecret]) -> Vec<&'a SealedSecret> {
        let newest = self.keys.newest();
        all.iter().filter(|sealed| sealed.key_id().is_none_or(|id| id != newest.id())).collect()
    }

    /// Seals them under the newest key, in one commit with its record.
    async fn reseal(&self, before: &[&SealedSecret], actor: &Actor) -> Result<(), Refusal> {
        let mut commit = Commit::at(self.clock.now_ms());
        let newest = self.keys.newest();
        for sealed in before {
            let value = self.unsealed(sealed).map_err(unopened(&sealed.name))?;
            let reference = SecretRef::new(sealed.environment.clone(), sealed.name.clone());
            let body = Self::sealed_body(&newest, &reference, sealed.version, &value, sealed.is_generated())?;
            commit.writes.push(Write::Secret(SecretWrite::Reseal { sealed: (*sealed).clone(), body }));
        }
        let mut ids: Vec<String> = before.iter().filter_map(|sealed| sealed.key_id()).collect();
        ids.sort_unstable();
        ids.dedup();
        commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action: "secrets.rekeyed",
            subject: format!("master key {}", newest.id()),
            environment: None,
            run: None,
            data: json!({ "versions": before.len(), "before": ids }),
        });
        Ok(self.write(commit).await?)
    }
}

fn key_kept(error: &crate::secrets::SecretError) -> Refusal {
    Refusal::standing("master-key", format!("the master key can't be replaced: {error}"), "infra-chat doctor")
}
