//! Standing orders: kept, shown and taken away, each with its policy decision and its record.

use serde_json::json;

use super::clearance::Asked;
use super::{Engine, Refusal};
use crate::model::{Actor, EnvironmentKey, ProjectName, StandingKind, StandingOrder};
use crate::store::{AuditEntry, Commit, StoreError, Write};

/// Tries when somebody else gives one at the same time.
const TRIES: usize = 16;
/// Most standing orders of one project: more than anybody reads, and a list still fits on a card.
const STANDING_MAX: usize = 100;

impl Engine {
    /// Keeps a standing order; its number is given here, whatever it says. The same one of the same person is kept once:
    /// then the one there is returned, and false.
    pub async fn standing_add(
        &self,
        order: &StandingOrder,
        actor: &Actor,
    ) -> Result<(StandingOrder, bool), Refusal> {
        let kind = order.what.kind().as_str();
        let asked = Asked { changes_world: true, ..Asked::default() };
        for environment in places(order) {
            self.cleared_on_record(actor, kind, environment.as_ref(), order.sentence.clone(), &asked).await?;
        }
        for _ in 0..TRIES {
            let standing = self.store().standing_list(&order.project).await?;
            let same = standing.iter().find(|other| {
                other.what == order.what
                    && other.environments == order.environments
                    && (other.person == actor.name || kind == StandingKind::Rule.as_str())
            });
            if let Some(same) = same {
                return Ok((same.clone(), false));
            }
            if standing.len() >= STANDING_MAX {
                return Err(Refusal::standing(
                    "too-many",
                    format!("{} has {STANDING_MAX} standing orders, which is the most", order.project),
                    "standing orders",
                ));
            }
            let mut made = order.clone();
            made.number = self.store().standing_newest(&order.project).await? + 1;
            made.person.clone_from(&actor.name);
            made.made_ms = self.now_ms();
            let mut commit = Commit::at(made.made_ms);
            commit.audit.push(entry(actor, "standing.made", &made));
            commit.writes.push(Write::StandingPut(Box::new(made.clone())));
            match self.write(commit).await {
                Ok(()) => return Ok((made, true)),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::Store(StoreError::Conflict))
    }

    /// Takes a standing order away. A rule is the project's, so whoever may give one may take one away; somebody else's
    /// alert only with the right to. A number of the other kind is none.
    pub async fn standing_remove(
        &self,
        project: &ProjectName,
        number: u32,
        kind: Option<StandingKind>,
        actor: &Actor,
    ) -> Result<StandingOrder, Refusal> {
        // Which orders there are is nothing for those who may not look.
        self.cleared(actor, "status", None, &Asked::default()).await?;
        let gone = || {
            let what = kind.map_or("standing order", StandingKind::as_str);
            Refusal::not_found(format!("there is no {what} {number}"), "standing orders")
        };
        let standing = self.store().standing_list(project).await?;
        let order = standing
            .into_iter()
            .find(|order| order.number == number && kind.is_none_or(|kind| order.what.kind() == kind))
            .ok_or_else(gone)?;
        let theirs = order.person == actor.name || order.what.kind() == StandingKind::Rule;
        let action = if theirs { order.what.kind().as_str() } else { "alert-take-over" };
        let asked = Asked { changes_world: true, ..Asked::default() };
        for environment in places(&order) {
            self.cleared_on_record(actor, action, environment.as_ref(), order.sentence.clone(), &asked)
                .await?;
        }
        let mut commit = Commit::at(self.now_ms());
        commit.audit.push(entry(actor, "standing.removed", &order));
        commit.writes.push(Write::StandingRemove { project: project.clone(), number, at_ms: commit.now_ms });
        match self.write(commit).await {
            Err(StoreError::Conflict) => Err(gone()),
            other => {
                other?;
                Ok(order)
            }
        }
    }

    /// The standing orders of a project, in the order they were given.
    pub async fn standing_list(
        &self,
        project: &ProjectName,
        actor: &Actor,
    ) -> Result<Vec<StandingOrder>, Refusal> {
        self.cleared(actor, "status", None, &Asked::default()).await?;
        Ok(self.store().standing_list(project).await?)
    }
}

/// Where the policy is asked about an order: each environment it names, or the project.
fn places(order: &StandingOrder) -> Vec<Option<EnvironmentKey>> {
    if order.environments.is_empty() {
        return vec![None];
    }
    let key = |name: &crate::model::EnvironmentName| EnvironmentKey::new(order.project.clone(), name.clone());
    order.environments.iter().map(|name| Some(key(name))).collect()
}

fn entry(actor: &Actor, action: &'static str, order: &StandingOrder) -> AuditEntry {
    let only = (order.environments.len() == 1).then(|| order.environments.first()).flatten();
    AuditEntry {
        actor: actor.clone(),
        action,
        subject: format!("{} {}", order.what.kind().as_str(), order.number),
        environment: only.map(|name| EnvironmentKey::new(order.project.clone(), name.clone())),
        run: None,
        data: json!({ "command": order.sentence, "person": order.person, "what": order.what }),
    }
}
