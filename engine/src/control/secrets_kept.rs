//! Which secrets there are, never what they are; and taking one away that nothing uses.

use serde_json::json;

use super::clearance::Asked;
use super::{Engine, Refusal};
use crate::model::{Actor, EnvironmentKey, Project, ProjectName, Role, SecretName, Variable};
use crate::secrets::SecretRef;
use crate::store::{AuditEntry, Commit, SecretVersion, SecretWrite, StoreError, Write};

/// Tries of removing a secret that others set at the same time.
const REMOVE_TRIES: usize = 8;

/// Somebody else than an admin would set a secret where two are needed: there is no run that could wait for a second person.
pub(super) fn needs_admin(environment: &EnvironmentKey) -> Refusal {
    Refusal::standing(
        "needs-admin",
        format!("secrets of {} are set by an admin", environment.environment),
        "ask an admin to set it",
    )
}

impl Engine {
    /// Whether an environment is described, or was: then its secrets are kept, and somebody may look at them and remove them.
    async fn known(&self, environment: &EnvironmentKey) -> Result<(), Refusal> {
        if self.store().secret_list(environment).await?.is_empty() {
            self.project_of(environment).await?;
        }
        Ok(())
    }

    /// The secrets of an environment, each version with when and by whom it was set, where the policy lets the actor.
    pub async fn secret_list(
        &self,
        environment: &EnvironmentKey,
        actor: &Actor,
    ) -> Result<Vec<SecretVersion>, Refusal> {
        self.known(environment).await?;
        let subject = environment.to_string();
        self.cleared_on_record(actor, "secret-list", Some(environment), subject, &Asked::default()).await?;
        Ok(self.store().secret_list(environment).await?)
    }

    /// The environments in which somebody may set a secret, of one project or of all; why not, when there is none. Nothing is
    /// recorded: nothing was tried.
    pub async fn secret_places(
        &self,
        project: Option<&ProjectName>,
        actor: &Actor,
    ) -> Result<Vec<EnvironmentKey>, Refusal> {
        if actor.role.is_none() {
            // Strangers are told no names.
            return Err(Refusal::standing(
                "no-role",
                "you have no role here yet, and secrets are set by those who have one",
                "ask an admin to give you one",
            ));
        }
        let projects = match project {
            Some(_) => vec![self.project_get(project).await?.value],
            None => self.store().project_list().await?.into_iter().map(|project| project.value).collect(),
        };
        let asked = Asked { changes_world: true, ..Asked::default() };
        let (mut places, mut refused) = (Vec::new(), None);
        for project in &projects {
            for name in project.environments.keys() {
                let environment = EnvironmentKey::new(project.project.clone(), name.clone());
                match self.cleared(actor, "set-variable", Some(&environment), &asked).await {
                    Ok(policies::Decision::NeedsApproval { .. }) if actor.role != Some(Role::Admin) => {
                        refused.get_or_insert_with(|| needs_admin(&environment));
                    }
                    Ok(_) => places.push(environment),
                    Err(refusal @ Refusal::NotAllowed { .. }) => {
                        refused.get_or_insert(refusal);
                    }
                    Err(refusal) => return Err(refusal),
                }
            }
        }
        match refused {
            // The one that came first is about an environment nobody named.
            Some(Refusal::NotAllowed { .. }) if places.is_empty() => {
                let role = actor.role.map(|role| format!(" as a {role}")).unwrap_or_default();
                Err(Refusal::standing(
                    "no-secrets",
                    format!("you may set secrets nowhere here{role}"),
                    "can I set variable in ENVIRONMENT?",
                ))
            }
            Some(refusal) if places.is_empty() => Err(refusal),
            None if places.is_empty() => Err(Refusal::not_found(
                "there is no environment yet that a secret could be for",
                "infra-chat project import FILE",
            )),
            _ => Ok(places),
        }
    }

    /// Takes a secret away with all its versions, where the policy lets the actor and nothing uses it; how many versions
    /// there were. What is set by that name later has a version of its own.
    pub async fn secret_remove(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
        actor: &Actor,
    ) -> Result<usize, Refusal> {
        self.known(environment).await?;
        let asked = Asked { changes_world: true, ..Asked::default() };
        let subject = SecretRef::new(environment.clone(), name.clone()).to_string();
        let decision = self
            .cleared_on_record(actor, "secret-remove", Some(environment), subject.clone(), &asked)
            .await?;
        // As with setting one: there is no run that could wait for a second person.
        if matches!(decision, policies::Decision::NeedsApproval { .. }) && actor.role != Some(Role::Admin) {
            let refusal = Refusal::standing(
                "needs-admin",
                format!("secrets of {} are removed by an admin", environment.environment),
                "ask an admin to remove it",
            );
            self.record_refused(actor, "secret-remove", Some(environment), subject, &refusal).await?;
            return Err(refusal);
        }
        for _ in 0..REMOVE_TRIES {
            match self.secret_remove_once(environment, name, actor, &subject).await {
                Err(refusal) if refusal.is_conflict() => {}
                other => return other,
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    async fn secret_remove_once(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
        actor: &Actor,
        subject: &str,
    ) -> Result<usize, Refusal> {
        let here = &environment.environment;
        let mut versions = self.store().secret_list(environment).await?;
        versions.retain(|version| version.name == *name);
        if versions.is_empty() {
            return Err(Refusal::not_found(
                format!("{here} has no secret {name}"),
                format!("infra-chat secret list {environment}"),
            ));
        }
        let users = self.secret_users(environment, name).await?;
        if !users.is_empty() {
            return Err(Refusal::standing(
                "in-use",
                format!("{name} of {here} is still used by {}", users.join(", ")),
                "take it out there first (`infra-chat project import FILE`, then deploy), or give it another value with \
                 `infra-chat secret set`",
            ));
        }
        let mut commit = Commit::at(self.now_ms());
        commit.writes.push(Write::Secret(SecretWrite::Remove {
            environment: environment.clone(),
            name: name.clone(),
            versions: versions.len(),
            at_ms: commit.now_ms,
        }));
        commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action: "secret.removed",
            subject: subject.to_owned(),
            environment: Some(environment.clone()),
            run: None,
            data: json!({ "versions": versions.iter().map(|it| it.version).collect::<Vec<_>>() }),
        });
        self.write(commit).await?;
        Ok(versions.len())
    }

    /// What refers to a secret, as people call it: the project's description, and the release that is live.
    async fn secret_users(
        &self,
        environment: &EnvironmentKey,
        name: &SecretName,
    ) -> Result<Vec<String>, Refusal> {
        let project = self.project_of(environment).await?.value;
        let mut users = users_described(&project, environment, name);
        for connection in self.store().connection_list(environment).await? {
            if connection.secret == *name {
                users.push(format!("the connection {}", connection.name));
            }
        }
        if let Some(number) = self.store().environment_get(environment).await?.value.live
            && let Some(live) = self.store().release_get(environment, number).await?
        {
            let theirs = live.services.iter().filter(|(_, part)| part.config.secrets.contains_key(name));
            users.extend(theirs.map(|(service, _)| format!("{service} of release {number}, which is live")));
        }
        Ok(users)
    }
}

/// What of a description refers to a secret.
fn users_described(project: &Project, environment: &EnvironmentKey, name: &SecretName) -> Vec<String> {
    let mut users = Vec::new();
    let reference = SecretRef::new(environment.clone(), name.clone());
    if project.source.credentials.as_ref() == Some(&reference) {
        users.push("the project's source".to_owned());
    }
    for (component, described) in &project.components_in(&environment.environment) {
        if described.url.as_ref() == Some(name) {
            users.push(format!("the database {component}"));
        }
    }
    for (service, described) in &project.services {
        if described.source.as_ref().is_some_and(|source| source.credentials.as_ref() == Some(&reference)) {
            users.push(format!("the source of {service}"));
        }
        let Some(here) = project.service_in(&environment.environment, service) else { continue };
        for (variable, value) in &here.variables {
            if matches!(value, Variable::Secret(secret) if secret == name) {
                users.push(format!("{variable} of {service}"));
            }
        }
    }
    users
}
