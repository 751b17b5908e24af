//! People's rules: what happened makes those fire that are about it. Rules that fired and how far what happened was read are
//! one commit, so that a restart neither forgets one nor lets it fire twice.

use std::collections::HashMap;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Engine, Refusal};
use crate::model::{
    Actor, Environment, EnvironmentKey, Project, ProjectName, Reaction, Standing, StandingOrder,
};
use crate::notify::{AlertKind, EPISODE_MS, Fired, WEIRD_SCORE, Worth, may_matter, worth};
use crate::run::{Happening, Run, RunHappened};
use crate::store::{AuditEntry, Commit, StoreError, TextWrite, Write};

/// The cursor on what happened.
const CURSOR: &str = "rules";
/// Events read at once.
const BATCH: i64 = 500;
/// Longest wait before it looks again, in milliseconds: other programs write too, and what waits is tried again.
const POLL_MS: i64 = 2_000;

/// What is read again and again in one pass.
#[derive(Default)]
struct Seen {
    projects: Option<Vec<Project>>,
    rules: HashMap<ProjectName, Vec<StandingOrder>>,
    fired: Vec<Fired>,
}

impl Engine {
    /// Follows rules until told to stop.
    pub(super) async fn rules_followed(self, stop: CancellationToken) {
        let mut commits = self.store().watch();
        while !stop.is_cancelled() {
            commits.mark_unchanged();
            match Box::pin(self.rules_pass()).await {
                Ok(true) => continue,
                Ok(false) => {}
                // That the database is gone is said by whoever looks for runs.
                Err(error) => tracing::debug!(%error, "can't follow rules"),
            }
            let next_ms = self.now_ms() + POLL_MS;
            tokio::select! {
                () = self.parts.clock.wait_until(next_ms) => {}
                _ = commits.changed() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Reads what happened, and does what rules that fired say; true when there was anything to do.
    pub async fn rules_pass(&self) -> Result<bool, Refusal> {
        // Somebody else's write that came first means: look again.
        let again = |done: Result<bool, Refusal>| match done {
            Err(refusal) if refusal.is_conflict() => Ok(true),
            other => other,
        };
        let read = again(self.rules_read().await)?;
        let acted = again(Box::pin(self.rules_act()).await)?;
        Ok(read || acted)
    }

    async fn rules_read(&self) -> Result<bool, Refusal> {
        let Some(cursor) = self.store().text_cursor(CURSOR).await? else {
            // Rules act on what happens from now on.
            let to = self.store().happening_head().await?;
            let mut commit = Commit::at(self.now_ms());
            commit.writes.push(Write::Text(TextWrite::CursorPut { name: CURSOR.to_owned(), from: None, to }));
            self.write(commit).await?;
            return Ok(true);
        };
        let happened = self.store().happening_after(cursor, BATCH).await?;
        let Some(to) = happened.last().map(|one| one.seq) else { return Ok(false) };
        let mut seen = Seen::default();
        for one in happened.iter().filter(|one| may_matter(&one.what)) {
            self.rules_about(one, &mut seen).await?;
        }
        let mut commit = Commit::at(self.now_ms());
        for fired in seen.fired {
            commit.audit.push(AuditEntry {
                actor: Actor::system(),
                action: "rule.fired",
                subject: format!("rule {}", fired.rule),
                environment: Some(fired.environment.clone()),
                run: Some(fired.run.clone()),
                data: json!({ "command": fired.sentence, "person": fired.person, "because": fired.because }),
            });
            commit.writes.push(Write::Text(TextWrite::FiredPut(Box::new(fired))));
        }
        let cursor = TextWrite::CursorPut { name: CURSOR.to_owned(), from: Some(cursor), to };
        commit.writes.push(Write::Text(cursor));
        self.write(commit).await?;
        Ok(true)
    }

    /// The rules an event makes fire.
    async fn rules_about(&self, one: &RunHappened, seen: &mut Seen) -> Result<(), Refusal> {
        // What rules did is nothing for rules: they would never come to rest.
        if matches!(one.what, Happening::RuleActed { .. }) {
            return Ok(());
        }
        let about = one.what.caused_by().unwrap_or(&one.run);
        let Some(run) = self.store().run_get(about).await? else { return Ok(()) };
        let key = run.environment().clone();
        let Some(production) = self.rules_place(&key, seen).await?.map(|place| place.production) else {
            return Ok(());
        };
        let trial = self.store().trial_get(&one.run).await?;
        let Some(worth) = worth(&run, &one.what, trial.as_ref(), production) else { return Ok(()) };
        // A canary without traffic is held, and nothing is wrong with it.
        let is_fine = worth.score.is_none_or(|score| score >= WEIRD_SCORE);
        if worth.signals.is_empty() || (worth.kind == AlertKind::CanaryHeld && is_fine) {
            return Ok(());
        }
        for rule in self.rules_of(&key.project, seen).await? {
            let Standing::Rule { when, then } = &rule.what else { continue };
            let here = rule.environments.is_empty() || rule.environments.contains(&key.environment);
            let is_meant = worth.signals.iter().any(|signal| when.contains(signal));
            if !here || !is_meant || rule.made_ms > one.at_ms {
                continue;
            }
            if self.rule_fired_lately(&rule, &key, one.at_ms, seen).await? {
                continue;
            }
            let live = self.store().environment_get(&key).await?.value.live;
            seen.fired.push(fire(&rule, then, one, &run, &worth, live));
        }
        Ok(())
    }

    /// Whether it belongs to an episode that the rule has fired about.
    async fn rule_fired_lately(
        &self,
        rule: &StandingOrder,
        key: &EnvironmentKey,
        at_ms: i64,
        seen: &Seen,
    ) -> Result<bool, StoreError> {
        let before = self.store().fired_since(&rule.project, rule.number, at_ms - EPISODE_MS).await?;
        let same = |fired: &Fired| {
            fired.project == rule.project && fired.rule == rule.number && fired.environment == *key
        };
        Ok(before.iter().chain(&seen.fired).any(same))
    }

    async fn rules_place(
        &self,
        key: &EnvironmentKey,
        seen: &mut Seen,
    ) -> Result<Option<Environment>, StoreError> {
        if seen.projects.is_none() {
            let there = self.store().project_list().await?;
            seen.projects = Some(there.into_iter().map(|there| there.value).collect());
        }
        let mut projects = seen.projects.iter().flatten();
        let project = projects.find(|project| project.project == key.project);
        Ok(project.and_then(|project| project.environments.get(&key.environment).cloned()))
    }

    async fn rules_of(
        &self,
        project: &ProjectName,
        seen: &mut Seen,
    ) -> Result<Vec<StandingOrder>, StoreError> {
        if !seen.rules.contains_key(project) {
            let orders = self.store().standing_list(project).await?;
            seen.rules.insert(project.clone(), orders);
        }
        Ok(seen.rules.get(project).cloned().unwrap_or_default())
    }
}

fn fire(
    rule: &StandingOrder,
    then: &[Reaction],
    one: &RunHappened,
    run: &Run,
    worth: &Worth,
    live: Option<u32>,
) -> Fired {
    let of_live = matches!(
        worth.kind,
        AlertKind::CrashLoop | AlertKind::Unreached | AlertKind::ServerErrors | AlertKind::Unhealthy
    );
    // Where a canary may have done it, that one goes back and not what is live.
    let of_live = of_live && one.what.caused_by().is_none();
    // What shows what went wrong is kept before anything is changed.
    let (mut left, rest): (Vec<Reaction>, Vec<Reaction>) =
        then.iter().partition(|reaction| **reaction == Reaction::Incident);
    left.extend(rest);
    Fired {
        id: format!("{}/{}/{}", rule.project, rule.number, one.seq),
        project: rule.project.clone(),
        rule: rule.number,
        person: rule.person.clone(),
        sentence: rule.sentence.clone(),
        conversation: rule.conversation.clone(),
        environment: run.environment().clone(),
        run: run.id.clone(),
        service: of_live.then(|| worth.about.parse().ok()).flatten(),
        because: worth.says.trim_end_matches('.').to_owned(),
        live,
        of_run: !of_live,
        left,
        did: Vec::new(),
        due_ms: Some(one.at_ms),
        at_ms: one.at_ms,
        version: 1,
    }
}
