//! Connecting accounts at providers: the desired state names the connection, its secret opens it, and a real call verifies that it
//! does. `connect` writes nothing at the provider, so there is no run: what it changes is what the database owns.

use std::collections::BTreeSet;

use serde_json::json;

use super::clearance::Asked;
use super::{Engine, Refusal};
use crate::clock::EpochMs;
use crate::model::{
    Actor, Connection, ConnectionCheck, ConnectionHere, ConnectionMode, ConnectionName, EnvironmentKey,
    Provider, Role, SecretName, github_repository,
};
use crate::ports::{Account, PortError};
use crate::secrets::SecretRef;
use crate::store::{AuditEntry, Commit, StoreError, Write};

/// Tries of changing a project that others change at the same time.
const TRIES: usize = 8;

/// How far a connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionState {
    /// Its secret is not set yet.
    PendingAuth,
    /// Its secret is set; nobody has asked the provider about this one, or it could not be asked, and why.
    Configured {
        /// Why it is not verified, when it was tried.
        why: Option<String>,
    },
    /// The provider takes it.
    Verified {
        /// What it said.
        account: Account,
        /// When.
        at_ms: EpochMs,
    },
    /// The provider does not take it.
    Refused {
        /// What it said.
        why: String,
        /// What to do about it; may be empty.
        hint: String,
        /// When.
        at_ms: EpochMs,
    },
}

/// A connection and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// The connection.
    pub connection: ConnectionHere,
    /// It was not there before.
    pub is_new: bool,
    /// How far it is.
    pub state: ConnectionState,
}

impl Engine {
    /// Connects an environment to a provider, where the policy lets the actor, and verifies it by a real call once its secret is set.
    /// What is connected already is only verified again.
    pub async fn connect(
        &self,
        environment: &EnvironmentKey,
        provider: Provider,
        mode: Option<ConnectionMode>,
        actor: &Actor,
    ) -> Result<Connected, Refusal> {
        self.project_of(environment).await?;
        let subject = format!("{environment}/{provider}");
        let asked = Asked { changes_world: true, ..Asked::default() };
        let decision =
            self.cleared_on_record(actor, "connect", Some(environment), subject.clone(), &asked).await?;
        // As with its secret: it is done at once, so there is no run that could wait for a second person.
        if matches!(decision, policies::Decision::NeedsApproval { .. }) && actor.role != Some(Role::Admin) {
            let refusal = Refusal::standing(
                "needs-admin",
                format!("connections of {} are made by an admin", environment.environment),
                "ask an admin to connect it",
            );
            self.record_refused(actor, "connect", Some(environment), subject, &refusal).await?;
            return Err(refusal);
        }
        for _ in 0..TRIES {
            match self.connection_ensure(environment, provider, mode, actor).await {
                Err(refusal) if refusal.is_conflict() => {}
                Err(refusal) => return Err(refusal),
                Ok((connection, is_new)) => {
                    let state = self.connection_verify(environment, &connection, actor).await?;
                    return Ok(Connected { connection, is_new, state });
                }
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// The environment's connection to a provider, made when there is none.
    async fn connection_ensure(
        &self,
        environment: &EnvironmentKey,
        provider: Provider,
        mode: Option<ConnectionMode>,
        actor: &Actor,
    ) -> Result<(ConnectionHere, bool), Refusal> {
        let mut project = self.project_of(environment).await?;
        let name = &environment.environment;
        let production = project.value.environments.get(name).is_some_and(|it| it.production);
        let wanted = ConnectionMode::of_environment(production);
        if provider.is_front() {
            return Err(Refusal::standing(
                "front-configured",
                format!("I am connected to {provider} by my own configuration, for all projects"),
                "infra-chat doctor",
            ));
        }
        match mode {
            Some(said) if !provider.has_modes() => {
                return Err(Refusal::standing(
                    "no-modes",
                    format!("{provider} knows no modes, so there is no {said} one"),
                    format!("connect {provider} to {name}"),
                ));
            }
            Some(said) if said != wanted => {
                return Err(Refusal::standing(
                    "mode-crossed",
                    format!("{name} holds {wanted} connections only: {}", why_mode(production)),
                    format!("connect {provider} to {name} in {wanted} mode"),
                ));
            }
            _ => {}
        }
        let there = self.store().connection_list(environment).await?;
        if let Some(there) = there.into_iter().find(|connection| connection.provider == provider) {
            return Ok((there, false));
        }
        let unusable =
            |_| Refusal::standing("connection-name", format!("{provider} can't be a name here"), "status");
        let connection_name: ConnectionName = provider.name().parse().map_err(unusable)?;
        let secret: SecretName = format!("{}-key", provider.name()).parse().map_err(unusable)?;
        let Some(described) = project.value.environments.get_mut(name) else {
            return Err(Refusal::not_found(format!("there is no environment {name}"), "status"));
        };
        if described.connections.contains_key(&connection_name)
            || project.value.connections.contains_key(&connection_name)
        {
            return Err(Refusal::standing(
                "connection-name",
                format!("another provider's connection is called {provider} in the project's description"),
                "infra-chat project export, rename it, and infra-chat project import FILE",
            ));
        }
        let connection = Connection { provider, mode: None, secret: secret.clone() };
        described.connections.insert(connection_name.clone(), connection.clone());
        let here =
            ConnectionHere { name: connection_name, provider, mode: connection.mode_in(production), secret };
        let mut commit = Commit::at(self.now_ms());
        commit.writes.push(Write::ProjectPut {
            project: Box::new(project.value),
            revision: project.revision + 1,
            at_ms: commit.now_ms,
        });
        commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action: "connection.added",
            subject: format!("{environment}/{}", here.name),
            environment: Some(environment.clone()),
            run: None,
            data: json!({ "provider": provider, "mode": here.mode, "secret": here.secret }),
        });
        self.write(commit).await?;
        Ok((here, true))
    }

    /// Asks the provider about a connection's secret, and keeps what it says with the record. Without a secret nobody is asked.
    async fn connection_verify(
        &self,
        environment: &EnvironmentKey,
        connection: &ConnectionHere,
        actor: &Actor,
    ) -> Result<ConnectionState, Refusal> {
        let Some(sealed) = self.store().secret_get(environment, &connection.secret).await? else {
            return Ok(ConnectionState::PendingAuth);
        };
        let provider = connection.provider;
        let accounts = &self.ports().accounts;
        if !accounts.can_verify(provider) {
            let why = format!("{provider} can't be asked yet");
            return Ok(ConnectionState::Configured { why: Some(why) });
        }
        let reader = format!("{}, to verify it", connection.name);
        let vault: &dyn crate::ports::SecretSource = &**self.vault();
        let read = vault.secret_read(environment, &connection.secret, Some(sealed.version), &reader).await;
        let answer = match read {
            Ok(key) => {
                let repositories = self.repositories_of(environment).await?;
                accounts.verify(provider, connection.mode, &key, &repositories).await
            }
            Err(error) => Err(error),
        };
        let at_ms = self.now_ms();
        let said = match answer {
            Ok(account) => Ok(account),
            Err(PortError::Fail { what, hint }) => Err((what, hint)),
            // Nobody said anything of the key: what was known of it stands.
            Err(error) => return Ok(ConnectionState::Configured { why: Some(error.to_string()) }),
        };
        let check = ConnectionCheck { version: sealed.version, said, at_ms };
        let mut commit = Commit::at(at_ms);
        commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action: if check.said.is_ok() { "connection.verified" } else { "connection.not-verified" },
            subject: SecretRef::new(environment.clone(), connection.secret.clone()).to_string(),
            environment: Some(environment.clone()),
            run: None,
            data: match &check.said {
                Ok(account) => json!({ "version": check.version, "account": account.account, "missing": account.missing }),
                Err((why, _)) => json!({ "version": check.version, "why": why }),
            },
        });
        commit.writes.push(Write::ConnectionChecked {
            environment: environment.clone(),
            connection: connection.name.clone(),
            check: Box::new(check.clone()),
        });
        self.write(commit).await?;
        Ok(state_of(check))
    }

    /// The repositories at GitHub that hold the code of an environment's services, each `owner/name`.
    async fn repositories_of(&self, environment: &EnvironmentKey) -> Result<Vec<String>, Refusal> {
        let Some(project) = self.described_in(environment).await? else { return Ok(Vec::new()) };
        let own = project.value.services.values().filter_map(|service| service.source.as_ref());
        let sources = std::iter::once(&project.value.source).chain(own);
        let names: BTreeSet<String> =
            sources.filter_map(|source| github_repository(&source.repository)).collect();
        Ok(names.into_iter().collect())
    }

    /// Verifies the connections that a secret opens, once somebody has set it.
    pub async fn secret_verify(
        &self,
        environment: &EnvironmentKey,
        secret: &SecretName,
        actor: &Actor,
    ) -> Result<Vec<Connected>, Refusal> {
        let mut verified = Vec::new();
        for connection in self.store().connection_list(environment).await? {
            if connection.secret == *secret {
                let state = self.connection_verify(environment, &connection, actor).await?;
                verified.push(Connected { connection, is_new: false, state });
            }
        }
        Ok(verified)
    }

    /// An environment's connections and how far each is; nobody is asked. Where `local`, those of whom nothing is needed are left
    /// out: a project's connection to whoever runs its other environments.
    pub(super) async fn connections(
        &self,
        environment: &EnvironmentKey,
        local: bool,
    ) -> Result<Vec<Connected>, Refusal> {
        let mut all = Vec::new();
        for connection in self.store().connection_list(environment).await? {
            let sealed = self.store().secret_get(environment, &connection.secret).await?;
            if local && sealed.is_none() && connection.provider.hosts() {
                continue;
            }
            let state = match sealed {
                None => ConnectionState::PendingAuth,
                Some(sealed) => {
                    let check = self.store().connection_check(environment, &connection.name).await?;
                    // Another version's answer says nothing of this one.
                    let check = check.filter(|check| check.version == sealed.version);
                    check.map_or(ConnectionState::Configured { why: None }, state_of)
                }
            };
            all.push(Connected { connection, is_new: false, state });
        }
        Ok(all)
    }
}

fn state_of(check: ConnectionCheck) -> ConnectionState {
    match check.said {
        Ok(account) => ConnectionState::Verified { account, at_ms: check.at_ms },
        Err((why, hint)) => ConnectionState::Refused { why, hint, at_ms: check.at_ms },
    }
}

fn why_mode(production: bool) -> &'static str {
    if production {
        "it is production, and what only pretends there would charge nobody"
    } else {
        "it is not production, and must not reach real customers"
    }
}
