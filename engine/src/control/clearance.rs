//! Asks the policy: gathers the facts the rules speak about and hands the question over.

use chrono::{Datelike, TimeZone, Timelike, Utc};
use policies::{Decision, Facts, Freeze, Question, decide};
use serde_json::json;

use super::budget::budget;
use super::{Engine, Refusal};
use crate::clock::EpochMs;
use crate::model::{
    Actor, Change, Environment, EnvironmentKey, EnvironmentPolicy, FreezeWhen, Identity, Role, RunRequest,
    ServiceName,
};
use crate::run::LockHolder;
use crate::store::{AuditEntry, Commit};

const HOUR_MS: i64 = 3_600_000;
const MINUTES_A_WEEK: u32 = 7 * 24 * 60;
/// What a default branch is called that has no name; no pattern but `*` can mean it.
const NAMELESS_BRANCH: &str = "the default branch";

/// What a question is about, beyond who asks.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked<'a> {
    /// The request, for actions that make runs.
    pub(super) request: Option<&'a RunRequest>,
    /// It takes something away for good.
    pub(super) destructive: bool,
    /// People who have approved already: all, and admins among them.
    pub(super) approvals: (u32, u32),
    /// The actor asked for the run that is approved.
    pub(super) is_requester: bool,
    /// It changes the world (and is not a dry run).
    pub(super) changes_world: bool,
    /// This very run is among those of the last hour and does not count against itself.
    pub(super) counted_already: bool,
    /// The run starts by itself now, at a time it was given then; absent when somebody asks.
    pub(super) scheduled_ms: Option<EpochMs>,
}

fn role(role: Option<Role>) -> policies::Role {
    match role {
        None => policies::Role::Nobody,
        Some(Role::Viewer) => policies::Role::Viewer,
        Some(Role::Deployer) => policies::Role::Deployer,
        Some(Role::Admin) => policies::Role::Admin,
    }
}

/// Our word for a policy's role; nobody has none.
pub(super) fn role_from(role: policies::Role) -> Option<Role> {
    match role {
        policies::Role::Nobody => None,
        policies::Role::Viewer => Some(Role::Viewer),
        policies::Role::Deployer => Some(Role::Deployer),
        policies::Role::Admin => Some(Role::Admin),
    }
}

impl Engine {
    /// Asks the policy whether an actor may do something.
    pub(super) async fn clearance(
        &self,
        actor: &Actor,
        action: &str,
        environment: Option<&EnvironmentKey>,
        asked: &Asked<'_>,
    ) -> Result<Decision, Refusal> {
        let now_ms = self.now_ms();
        let mut facts = Facts {
            changes_world: asked.changes_world,
            dry_run: asked.request.is_some_and(|request| request.dry_run),
            destructive: asked.destructive,
            approvals_given: asked.approvals.0,
            admin_approvals_given: asked.approvals.1,
            is_requester: asked.is_requester,
            automatic: asked.scheduled_ms.is_some(),
            break_glass: asked.request.and_then(|request| request.break_glass.clone()),
            ref_allowed: true,
            ..Facts::default()
        };
        let mut where_to = None;
        if let Some(key) = environment {
            // What is of an environment that is no more is its project's.
            let project = self.described_in(key).await?;
            let described = project.as_ref().and_then(|it| it.value.environments.get(&key.environment));
            if let Some(described) = described {
                self.environment_facts(&mut facts, key, described, actor, asked, now_ms).await?;
                where_to = Some(policies::Environment {
                    name: key.environment.to_string(),
                    production: described.production,
                });
            }
        }
        let question = Question {
            actor: policies::Actor { name: actor.name.clone(), role: role(actor.role) },
            action: action.to_owned(),
            project: match environment {
                Some(key) => key.project.to_string(),
                None => self.only_project().await?,
            },
            environment: where_to,
            facts,
        };
        Ok(decide(self.rules(), &question))
    }

    /// The project a question without an environment is about: the only one there is.
    async fn only_project(&self) -> Result<String, Refusal> {
        let projects = self.store().project_list().await?;
        Ok(match projects.as_slice() {
            [only] => only.value.project.to_string(),
            _ => "this bot's projects".to_owned(),
        })
    }

    async fn environment_facts(
        &self,
        facts: &mut Facts,
        key: &EnvironmentKey,
        described: &Environment,
        actor: &Actor,
        asked: &Asked<'_>,
        now_ms: EpochMs,
    ) -> Result<(), Refusal> {
        let policy = &described.policy;
        facts.approvals_required = policy.approvals;
        facts.one_person_team = policy.one_person_team;
        facts.max_replicas = policy.max_replicas;
        facts.allowed_refs.clone_from(&policy.allowed_refs);
        facts.frozen = frozen(policy, now_ms);
        facts.runs_per_hour_limit = policy.runs_per_hour;
        if let Some(now) = Utc.timestamp_millis_opt(now_ms).single() {
            facts.weekday = now.weekday().number_from_monday() as u8;
            facts.minute_of_day = (now.hour() * 60 + now.minute()) as u16;
        }
        let recent = self.store().run_times_since(key, now_ms - HOUR_MS).await?;
        let others = recent.len().saturating_sub(usize::from(asked.counted_already));
        facts.runs_last_hour = others as u32;
        facts.rate_frees_at_ms = recent.first().map(|oldest| oldest + HOUR_MS);
        let desired = self.store().environment_get(key).await?.value;
        facts.held = match (&desired.held, asked.scheduled_ms) {
            (None, _) => false,
            (Some(_), None) => true,
            // Whoever gave a run its time after the rollback has seen what there is.
            (Some(_), Some(scheduled_ms)) => {
                let rollbacks = self.store().run_last_finished(key, "rollback").await?;
                rollbacks.is_none_or(|finished_ms| scheduled_ms <= finished_ms)
            }
        };
        for lock in self.store().lock_list(key).await? {
            if let LockHolder::Person(holder) = &lock.holder {
                let over = lock.expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms);
                if *holder != actor.name && !over {
                    facts.lock_held_by_other = Some(holder.clone());
                    facts.lock_reason = Some(lock.reason.clone()).filter(|reason| !reason.is_empty());
                    facts.lock_until_ms = lock.expires_ms;
                }
            }
        }
        match asked.request.map(|request| &request.change) {
            Some(
                Change::Deploy { reference: Some(name), .. } | Change::Migrate { reference: Some(name) },
            ) => {
                facts.ref_name = Some(name.clone());
                facts.ref_allowed = allowed(&policy.allowed_refs, name);
            }
            // Naming no ref names the default branch, and what it is called is the code host's to say.
            Some(Change::Deploy { reference: None, services, .. }) if !policy.allowed_refs.is_empty() => {
                let branches = self.default_branches(key, services).await?;
                let refused = branches.iter().find(|branch| !allowed(&policy.allowed_refs, branch));
                facts.ref_allowed = refused.is_none();
                facts.ref_name = refused.or(branches.first()).cloned();
            }
            // A migration without a ref takes those of the live commit, which came here under these rules.
            _ => {}
        }
        if let Some(request) = asked.request {
            let project = self.project_of(key).await?.value;
            budget(facts, &project, key, &desired, &request.change);
        }
        Ok(())
    }

    /// The default branches a deploy without a ref would ship: of the project's source, and of sources those services
    /// have of their own.
    async fn default_branches(
        &self,
        key: &EnvironmentKey,
        services: &[ServiceName],
    ) -> Result<Vec<String>, Refusal> {
        let project = self.project_of(key).await?.value;
        let mut sources = vec![&project.source];
        for (name, service) in &project.services {
            if let Some(own) = &service.source
                && (services.is_empty() || services.contains(name))
                && !sources.contains(&own)
            {
                sources.push(own);
            }
        }
        let mut branches = Vec::new();
        for source in sources {
            let branch = self.ports().code.default_branch(source).await;
            let branch = branch.map_err(Refusal::port("looking up the default branch"))?;
            branches.push(branch.unwrap_or_else(|| NAMELESS_BRANCH.to_owned()));
        }
        Ok(branches)
    }

    /// The actor with the role they have now; what was stored with a run is the role of that time.
    pub(super) async fn as_now(&self, actor: &Actor) -> Result<Actor, Refusal> {
        if *actor == Actor::system() {
            return Ok(actor.clone());
        }
        if let Some(user) = self.store().user_get(&actor.name).await? {
            return Ok(Actor { role: Some(user.role), ..actor.clone() });
        }
        // Whom nobody knows by name is called by their identity, and has the role their front gave them when they asked.
        let identity: Option<Identity> =
            actor.name.parse().ok().filter(|it: &Identity| it.front == actor.front);
        let role = match identity {
            Some(identity) => match self.store().identity_get(&identity).await? {
                Some(name) => self.store().user_get(name.as_str()).await?.map(|user| user.role),
                None => actor.role,
            },
            // Somebody who was taken away.
            None => None,
        };
        Ok(Actor { role, ..actor.clone() })
    }

    /// Like [`Engine::cleared`], and a refusal is recorded: for what changes something.
    pub(super) async fn cleared_on_record(
        &self,
        actor: &Actor,
        action: &'static str,
        environment: Option<&EnvironmentKey>,
        subject: String,
        asked: &Asked<'_>,
    ) -> Result<Decision, Refusal> {
        let refusal = match self.cleared(actor, action, environment, asked).await {
            Err(refusal) => refusal,
            cleared => return cleared,
        };
        if let Refusal::NotAllowed { .. } = refusal {
            self.record_refused(actor, action, environment, subject, &refusal).await?;
        }
        Err(refusal)
    }

    /// Records that somebody was refused something.
    pub(super) async fn record_refused(
        &self,
        actor: &Actor,
        action: &'static str,
        environment: Option<&EnvironmentKey>,
        subject: String,
        refusal: &Refusal,
    ) -> Result<(), Refusal> {
        let mut commit = Commit::at(self.now_ms());
        commit.audit.push(AuditEntry {
            actor: actor.clone(),
            action: "order.refused",
            subject,
            environment: environment.cloned(),
            run: None,
            data: json!({ "order": action, "say": refusal.to_string() }),
        });
        Ok(self.write(commit).await?)
    }

    /// Like [`Engine::clearance`], with a refusal as an error.
    pub(super) async fn cleared(
        &self,
        actor: &Actor,
        action: &str,
        environment: Option<&EnvironmentKey>,
        asked: &Asked<'_>,
    ) -> Result<Decision, Refusal> {
        match self.clearance(actor, action, environment, asked).await? {
            Decision::Refuse { because, say, earliest_ms } => {
                Err(Refusal::NotAllowed { say, because: because.iter().map(fired).collect(), earliest_ms })
            }
            decision => Ok(decision),
        }
    }
}

/// A rule that fired, in one line.
pub(super) fn fired(fired: &policies::Fired) -> String {
    if fired.evidence.is_empty() {
        fired.rule.0.clone()
    } else {
        format!("{}: {}", fired.rule.0, fired.evidence)
    }
}

/// Whether a ref matches one of the patterns; `*` stands for anything. No patterns allow everything.
pub(super) fn allowed(patterns: &[String], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, name))
}

fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return false };
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The freeze that holds now, when one does.
fn frozen(policy: &EnvironmentPolicy, now_ms: EpochMs) -> Option<Freeze> {
    policy.freeze.iter().find_map(|window| {
        let until_ms = match &window.when {
            FreezeWhen::Between { from_ms, until_ms } => {
                (*from_ms <= now_ms && now_ms < *until_ms).then_some(*until_ms)
            }
            FreezeWhen::Weekly { from_minute, until_minute, zone } => {
                weekly(*from_minute, *until_minute, zone, now_ms)
            }
        }?;
        Some(Freeze { name: window.name.clone(), reason: window.reason.clone(), until_ms })
    })
}

/// The end of a weekly window that holds now. An unknown zone counts as UTC; the import refuses those.
fn weekly(from_minute: u32, until_minute: u32, zone: &str, now_ms: EpochMs) -> Option<EpochMs> {
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    let now = Utc.timestamp_millis_opt(now_ms).single()?.with_timezone(&zone);
    let minute = now.weekday().num_days_from_monday() * 24 * 60 + now.hour() * 60 + now.minute();
    let inside = if from_minute <= until_minute {
        (from_minute..until_minute).contains(&minute)
    } else {
        minute >= from_minute || minute < until_minute
    };
    let left_minutes = (until_minute + MINUTES_A_WEEK - minute) % MINUTES_A_WEEK;
    let start_of_minute_ms = now_ms - now_ms.rem_euclid(60_000);
    inside.then_some(start_of_minute_ms + i64::from(left_minutes) * 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_refs() {
        assert!(matches("main", "main") && !matches("main", "maintenance"));
        assert!(matches("v*", "v1.2.0") && !matches("v*", "dev"));
        assert!(matches("release/*-final", "release/2-final") && !matches("release/*-final", "release/2"));
        assert!(matches("*", "anything"));
    }

    #[test]
    fn a_weekly_freeze_wraps_around_the_week_and_knows_its_end() {
        // Friday 16:00 to Monday 08:00 in Berlin; 2026-11-21 is a Saturday, noon UTC is 13:00 there.
        let (from, until) = (4 * 1440 + 16 * 60, 8 * 60);
        let saturday_noon_ms = 1_795_262_400_000;
        let end = weekly(from, until, "Europe/Berlin", saturday_noon_ms);
        assert_eq!(end, Some(saturday_noon_ms + (43 * 60) * 60_000));
        let wednesday_ms = saturday_noon_ms - 3 * 86_400_000;
        assert_eq!(weekly(from, until, "Europe/Berlin", wednesday_ms), None);
    }
}
