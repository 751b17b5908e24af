//! People: who they are on each front, what role they have, and who may change that.

use std::collections::BTreeMap;

use serde_json::json;

use super::clearance::Asked;
use super::{Engine, Refusal};
use crate::model::{Actor, Identity, Phone, Role, SMS, User, UserName};
use crate::store::{AuditEntry, Commit, StoreError, Write};

/// How often a change of people is worked out anew when somebody else changed them in the same moment.
const TRIES: usize = 4;

impl Engine {
    /// The actor behind an identity, at this moment. Unknown people have the name of their identity, and no role unless
    /// this engine gives strangers one.
    pub async fn actor(&self, identity: &Identity) -> Result<Actor, Refusal> {
        let known = match self.store().identity_get(identity).await? {
            Some(name) => self.store().user_get(name.as_str()).await?,
            None => None,
        };
        Ok(match known {
            Some(user) => {
                Actor { name: user.name.to_string(), role: Some(user.role), front: identity.front.clone() }
            }
            None => Actor { name: identity.to_string(), role: self.strangers, front: identity.front.clone() },
        })
    }

    /// Adds a person, or gives one another role, with identities on fronts. Admins may; and anybody while there is no
    /// admin yet, because somebody has to be the first. An identity that is another person's is refused.
    pub async fn user_put(&self, user: &User, identities: &[Identity], actor: &Actor) -> Result<(), Refusal> {
        Box::pin(self.user_written(user, identities, actor, false)).await
    }

    /// As [`Engine::user_put`], and identities that are other people's are this person's from then on.
    pub async fn user_put_moving(
        &self,
        user: &User,
        identities: &[Identity],
        actor: &Actor,
    ) -> Result<(), Refusal> {
        Box::pin(self.user_written(user, identities, actor, true)).await
    }

    async fn user_written(
        &self,
        user: &User,
        identities: &[Identity],
        actor: &Actor,
        moves: bool,
    ) -> Result<(), Refusal> {
        // Of two who want the same in the same moment, the later looks again, and is told who was faster.
        for _ in 1..TRIES {
            match self.user_written_once(user, identities, actor, moves).await {
                Err(Refusal::Store(StoreError::Conflict)) => {}
                written => return written,
            }
        }
        self.user_written_once(user, identities, actor, moves).await
    }

    async fn user_written_once(
        &self,
        user: &User,
        identities: &[Identity],
        actor: &Actor,
        moves: bool,
    ) -> Result<(), Refusal> {
        let people = self.store().user_list().await?;
        let is_first = people.iter().all(|other| other.role != Role::Admin);
        if !is_first {
            let asked = Asked { changes_world: true, ..Asked::default() };
            self.cleared_on_record(actor, "user-manage", None, user.name.to_string(), &asked).await?;
        }
        let only_admin = people.iter().filter(|other| other.role == Role::Admin).count() == 1
            && people.iter().any(|other| other.role == Role::Admin && other.name == user.name);
        if only_admin && user.role != Role::Admin {
            return Err(last_admin(&user.name));
        }
        let identities = identities.iter().map(dialled).collect::<Result<Vec<Identity>, Refusal>>()?;
        let mut taken_from = BTreeMap::new();
        for identity in &identities {
            let has = self.store().identity_get(identity).await?.filter(|has| *has != user.name);
            match has {
                Some(has) if !moves => return Err(taken(identity, &has)),
                Some(has) => taken_from.insert(identity.to_string(), has),
                None => None,
            };
        }
        let now_ms = self.now_ms();
        let mut commit = Commit::at(now_ms);
        commit.writes.push(Write::UserPut { user: user.clone(), at_ms: now_ms });
        if !is_first {
            commit.writes.push(Write::AdminLeft);
        }
        for identity in &identities {
            let (identity, person) = (identity.clone(), user.name.clone());
            commit.writes.push(match taken_from.get(&identity.to_string()).cloned() {
                Some(from) => Write::IdentityMove { identity, from, person },
                None => Write::IdentityPut { identity, person },
            });
        }
        let mut data = json!({
            "role": user.role,
            "identities": identities.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        if !taken_from.is_empty() {
            data["taken_from"] = json!(taken_from);
        }
        commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action: "user.put",
            subject: user.name.to_string(),
            environment: None,
            run: None,
            data,
        });
        Ok(self.write(commit).await?)
    }

    /// Removes a person and all their identities.
    pub async fn user_remove(&self, name: &UserName, actor: &Actor) -> Result<(), Refusal> {
        for _ in 1..TRIES {
            match self.user_removed_once(name, actor).await {
                Err(Refusal::Store(StoreError::Conflict)) => {}
                removed => return removed,
            }
        }
        self.user_removed_once(name, actor).await
    }

    async fn user_removed_once(&self, name: &UserName, actor: &Actor) -> Result<(), Refusal> {
        let asked = Asked { changes_world: true, ..Asked::default() };
        self.cleared_on_record(actor, "user-manage", None, name.to_string(), &asked).await?;
        let people = self.store().user_list().await?;
        let admins: Vec<&User> = people.iter().filter(|other| other.role == Role::Admin).collect();
        if admins.len() == 1 && admins.iter().any(|admin| admin.name == *name) {
            return Err(last_admin(name));
        }
        if people.iter().all(|other| other.name != *name) {
            return Err(Refusal::not_found(format!("nobody is called {name}"), "infra-chat user list"));
        }
        let mut commit = Commit::at(self.now_ms());
        commit.writes.push(Write::UserDelete(name.clone()));
        if !admins.is_empty() {
            commit.writes.push(Write::AdminLeft);
        }
        commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action: "user.removed",
            subject: name.to_string(),
            environment: None,
            run: None,
            data: json!({}),
        });
        Ok(self.write(commit).await?)
    }
}

/// A phone as it is dialled, however it was written: replies come from there. Others are left as they are.
fn dialled(identity: &Identity) -> Result<Identity, Refusal> {
    if identity.front != SMS {
        return Ok(identity.clone());
    }
    let phone = identity.external_id.parse::<Phone>().map_err(|error| {
        Refusal::standing("bad-phone", error.to_string(), "infra-chat user link NAME sms:+4917139200001")
    })?;
    Ok(Identity { front: SMS.to_owned(), external_id: phone.to_string() })
}

fn taken(identity: &Identity, has: &UserName) -> Refusal {
    Refusal::standing(
        "identity-taken",
        format!("{identity} is {has}; nothing was changed"),
        format!("the same with --move takes {identity} from {has}"),
    )
}

fn last_admin(name: &UserName) -> Refusal {
    Refusal::standing(
        "last-admin",
        format!("{name} is the only admin: without one nobody could manage people any more"),
        "infra-chat user add NAME --role admin",
    )
}
