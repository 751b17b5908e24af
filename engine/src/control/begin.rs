//! Who may begin an order before all of it is known: nobody is asked for the rest of one they may not give.

use policies::{Decision, RuleId};

use super::clearance::{Asked, fired};
use super::{Engine, Refusal};
use crate::model::{Actor, Project};

impl Engine {
    /// Whether somebody's role lets them give such an order anywhere in the project, or at all while there is none, so that
    /// asking them for the rest of it makes sense. A no is recorded, as that to a whole order is.
    pub async fn may_begin(
        &self,
        action: &'static str,
        project: Option<&Project>,
        actor: &Actor,
    ) -> Result<(), Refusal> {
        match self.role_allows(action, project, actor).await? {
            None => Ok(()),
            Some(refusal) => {
                self.record_refused(actor, action, None, action.to_owned(), &refusal).await?;
                Err(refusal)
            }
        }
    }

    /// The refusal, when no rule permits somebody such an order anywhere in the project.
    pub async fn role_allows(
        &self,
        action: &str,
        project: Option<&Project>,
        actor: &Actor,
    ) -> Result<Option<Refusal>, Refusal> {
        let asked = Asked { changes_world: true, ..Asked::default() };
        let mut places = vec![None];
        if let Some(project) = project {
            places.extend(project.environments.keys().map(|name| project.environment_key(name)));
        }
        let mut refusal = None;
        for place in places {
            match self.clearance(actor, action, place.as_ref(), &asked).await? {
                Decision::Refuse { because, say, earliest_ms }
                    if because.iter().any(|fired| fired.rule.0 == RuleId::NO_PERMIT) =>
                {
                    refusal.get_or_insert(Refusal::NotAllowed {
                        say,
                        because: because.iter().map(fired).collect(),
                        earliest_ms,
                    });
                }
                _ => return Ok(None),
            }
        }
        Ok(refusal)
    }
}
