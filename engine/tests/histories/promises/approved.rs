//! What was approved is what runs: nothing begins whose plan is not the one people said yes to, with the yeses the policy asks for.

use super::Promises;
use crate::life::{Broken, Kept, Life};
use crate::peek::{RunRow, Sight};

const APPROVED: &str = "approved as it stands";

impl Promises {
    pub(super) fn was_at_work(&self, run: &str) -> bool {
        self.begun.contains_key(run)
    }
}

impl Life<'_> {
    pub(super) async fn approved_as_it_stands(&mut self, sight: &Sight) -> Kept {
        for row in &sight.runs {
            if sight.step(&row.id, 0).is_none() {
                continue;
            }
            let planned = sight.plans.iter().find(|(run, _)| *run == row.id).map(|(_, digest)| digest);
            if planned != Some(&row.run.plan_digest) {
                return Err(self.unapproved(row, "carries another digest than its plan"));
            }
            if let Some(digest) = self.promises.begun.get(&row.id) {
                if *digest != row.run.plan_digest {
                    return Err(self.unapproved(row, "goes on with another plan than it began with"));
                }
                continue;
            }
            let plan = self.ground.store().plan_get(&row.run.id).await.unwrap().unwrap();
            if plan.digest() != row.run.plan_digest {
                return Err(self.unapproved(row, "has another plan than its digest says"));
            }
            self.may_begin(row, sight)?;
            self.promises.begun.insert(row.id.clone(), row.run.plan_digest.clone());
        }
        Ok(())
    }

    fn may_begin(&self, row: &RunRow, sight: &Sight) -> Kept {
        let law = self.setting.law(&row.place);
        let role = |person: &str| {
            sight.users.iter().find(|(name, _)| name == person).map_or("nobody", |(_, role)| role.as_str())
        };
        let requester = row.run.requester.name.as_str();
        if !["deployer", "admin"].contains(&role(requester)) {
            return Err(self.unapproved(row, &format!("was asked for by {requester}, a {}", role(requester))));
        }
        let goes_back = row.run.request.change.run_type() == "rollback";
        let glass = row.run.request.break_glass.is_some() && role(requester) == "admin";
        let needed = if goes_back || glass { 0 } else { law.needs() };
        let yeses = sight
            .votes
            .iter()
            .filter(|(run, person)| {
                let own = person == requester && !law.one_person_team;
                *run == row.id && !own && ["deployer", "admin"].contains(&role(person))
            })
            .count();
        let says_own = |person: &String| person == requester && !law.one_person_team && needed > 0;
        if sight.votes.iter().any(|(run, person)| *run == row.id && says_own(person)) {
            return Err(self.unapproved(row, "counts its requester's own yes"));
        }
        if yeses < needed as usize {
            return Err(self.unapproved(row, &format!("has begun with {yeses} yeses of {needed}")));
        }
        match sight.approval(&row.id) {
            None if needed > 0 => Err(self.unapproved(row, "was never put to anybody")),
            Some(approval) if approval.state != "approved" => {
                Err(self.unapproved(row, &format!("has begun and its approval is {}", approval.state)))
            }
            Some(approval) if approval.digest != row.run.plan_digest => {
                Err(self.unapproved(row, "was approved as something else"))
            }
            _ => Ok(()),
        }
    }

    fn unapproved(&self, row: &RunRow, what: &str) -> Broken {
        Broken::new(APPROVED, format!("{} ({}) {what}", self.called(&row.id), row.run.request.command))
    }
}
