//! What happened becomes alerts: for whoever is on duty, and for those whose standing orders wait for it. Alerts and the
//! cursor are one commit, so a restart neither tells twice nor forgets.

use std::collections::{BTreeMap, HashMap};

use super::pass::CURSOR;
use super::turn::Words;
use super::{Alert, AlertKind, AlertState, FOLD_MS, Worth, worth};
use crate::control::{Engine, Refusal};
use crate::model::{Channel, EnvironmentKey, Project, ProjectName, Standing, StandingOrder};
use crate::run::{Happening, Run, RunHappened};
use crate::store::{Commit, StoreError, TextWrite, Write};

/// Events read at once.
const BATCH: i64 = 500;
/// How long somebody who asked to be told has to answer, in milliseconds: nobody is told after them.
const ASKED_WAIT_MS: i64 = 10 * 60_000;
const MINUTE_MS: i64 = 60_000;

/// For whom an alert is.
struct Whom {
    /// The end of its identifier.
    name: String,
    chain: Vec<String>,
    wait_ms: i64,
}

/// What is read again and again.
#[derive(Default)]
struct Seen {
    projects: HashMap<ProjectName, Option<Project>>,
    orders: HashMap<ProjectName, Vec<StandingOrder>>,
    /// By key, as they are to be written.
    alerts: BTreeMap<String, Alert>,
    notes: Vec<Write>,
}

impl Engine {
    pub(super) async fn texts_read(&self, words: &Words) -> Result<bool, Refusal> {
        let Some(cursor) = self.store().text_cursor(CURSOR).await? else {
            self.texts_begin().await?;
            return Ok(true);
        };
        let happened = self.store().happening_after(cursor, BATCH).await?;
        let Some(last) = happened.last().map(|one| one.seq) else { return Ok(false) };
        let mut seen = Seen::default();
        for one in &happened {
            self.raise(one, words, &mut seen).await?;
        }
        let mut commit = Commit::at(self.now_ms());
        let alerts = seen.alerts.into_values();
        commit.writes.extend(alerts.map(|alert| Write::Text(TextWrite::AlertPut(Box::new(alert)))));
        commit.writes.append(&mut seen.notes);
        let cursor = TextWrite::CursorPut { name: CURSOR.to_owned(), from: Some(cursor), to: last };
        commit.writes.push(Write::Text(cursor));
        self.store().commit(commit).await?;
        Ok(true)
    }

    async fn raise(&self, one: &RunHappened, words: &Words, seen: &mut Seen) -> Result<(), Refusal> {
        if !may_matter(&one.what) {
            return Ok(());
        }
        let about = one.what.caused_by().unwrap_or(&one.run);
        let Some(run) = self.store().run_get(about).await? else { return Ok(()) };
        let trial = self.store().trial_get(&one.run).await?;
        let Some(project) = self.texts_project(run.environment(), seen).await? else { return Ok(()) };
        let Some(environment) = project.environments.get(&run.environment().environment) else {
            return Ok(());
        };
        let Some(worth) = worth(&run, &one.what, trial.as_ref(), environment.production) else {
            return Ok(());
        };
        let mut told = Vec::new();
        if let Some(texts) = environment.texts.as_ref().filter(|_| worth.duty) {
            // Nobody approves their own run, so there is nothing for them to do.
            let asks = worth.kind == AlertKind::ApprovalAwaited;
            let people = texts.people.iter().map(ToString::to_string);
            let chain: Vec<String> = people.filter(|name| !(asks && *name == run.requester.name)).collect();
            told.extend(chain.first().cloned());
            let wait_ms = i64::from(texts.wait_minutes) * MINUTE_MS;
            self.alert_raise(one, &run, &worth, Whom { name: "duty".to_owned(), chain, wait_ms }, seen)
                .await?;
        }
        if let Happening::RuleActed { rule, .. } = &one.what {
            self.rule_told(one, &run, &worth, *rule, words, seen).await?;
        }
        for order in self.texts_orders(run.environment(), seen).await? {
            let Standing::Alert { on, by } = &order.what else { continue };
            let here =
                order.environments.is_empty() || order.environments.contains(&run.environment().environment);
            if !here || !worth.signals.iter().any(|signal| on.contains(signal)) {
                continue;
            }
            if by.contains(&Channel::Sms) && !told.contains(&order.person) {
                told.push(order.person.clone());
                let chain = vec![order.person.clone()];
                let whom = Whom { name: order.person.clone(), chain, wait_ms: ASKED_WAIT_MS };
                self.alert_raise(one, &run, &worth, whom, seen).await?;
            }
            if by.is_empty() || by.contains(&Channel::Chat) {
                let name = format!("note-{}", order.number);
                let whom = Whom { name, chain: Vec::new(), wait_ms: 0 };
                if let Some(alert) = self.alert_raise(one, &run, &worth, whom, seen).await? {
                    seen.notes.push((words.note)(&order, &alert)?);
                }
            }
        }
        Ok(())
    }

    /// Who gave a rule hears where they gave it what came of it, unless that is where the run is shown.
    async fn rule_told(
        &self,
        one: &RunHappened,
        run: &Run,
        worth: &Worth,
        rule: u32,
        words: &Words,
        seen: &mut Seen,
    ) -> Result<(), Refusal> {
        let orders = self.texts_orders(run.environment(), seen).await?;
        let order = orders.into_iter().find(|order| order.number == rule);
        let elsewhere =
            order.filter(|order| run.request.conversation.as_deref() != Some(order.conversation.as_str()));
        if let Some(order) = elsewhere {
            let whom = Whom { name: format!("note-{rule}"), chain: Vec::new(), wait_ms: 0 };
            if let Some(alert) = self.alert_raise(one, run, worth, whom, seen).await? {
                seen.notes.push((words.note)(&order, &alert)?);
            }
        }
        Ok(())
    }

    /// Puts an alert beside those to be written, unless it is one there is: then that one happened once more. Gives the alert
    /// when it is new.
    async fn alert_raise(
        &self,
        one: &RunHappened,
        run: &Run,
        worth: &Worth,
        whom: Whom,
        seen: &mut Seen,
    ) -> Result<Option<Alert>, StoreError> {
        let key = run.environment();
        let fold = format!("{key}/{}/{}/{}/{}", run.id, worth.kind.as_str(), worth.about, whom.name);
        let same = match seen.alerts.get(&fold) {
            Some(alert) => Some(alert.clone()),
            None => self.store().alert_same(&fold, one.at_ms - FOLD_MS).await?,
        };
        if let Some(same) = same.filter(goes_on) {
            let written_before = seen.alerts.contains_key(&fold);
            let times = same.times + 1;
            let again = Alert { times, ..same };
            seen.alerts.insert(fold, if written_before { again } else { again.changed() });
            return Ok(None);
        }
        let is_told = !whom.chain.is_empty();
        let alert = Alert {
            id: format!("{}/{}", one.seq, whom.name),
            environment: key.clone(),
            run: Some(run.id.clone()),
            kind: worth.kind,
            severity: worth.severity,
            says: self.redactor().redact(&worth.says).into_owned(),
            score: worth.score,
            fold: fold.clone(),
            chain: whom.chain,
            turns: 0,
            wait_ms: whom.wait_ms,
            times: 1,
            state: if is_told { AlertState::Open } else { AlertState::Settled },
            due_ms: is_told.then_some(one.at_ms),
            at_ms: one.at_ms,
            version: 1,
        };
        seen.alerts.insert(fold, alert.clone());
        Ok(Some(alert))
    }

    async fn texts_project(
        &self,
        environment: &EnvironmentKey,
        seen: &mut Seen,
    ) -> Result<Option<Project>, Refusal> {
        if !seen.projects.contains_key(&environment.project) {
            let there = self.store().project_list().await?.into_iter().map(|there| there.value);
            let project = there.into_iter().find(|there| there.project == environment.project);
            seen.projects.insert(environment.project.clone(), project);
        }
        Ok(seen.projects.get(&environment.project).cloned().flatten())
    }

    async fn texts_orders(
        &self,
        environment: &EnvironmentKey,
        seen: &mut Seen,
    ) -> Result<Vec<StandingOrder>, Refusal> {
        if !seen.orders.contains_key(&environment.project) {
            let orders = self.store().standing_list(&environment.project).await?;
            seen.orders.insert(environment.project.clone(), orders);
        }
        Ok(seen.orders.get(&environment.project).cloned().unwrap_or_default())
    }
}

/// Whether the same again is no news.
fn goes_on(alert: &Alert) -> bool {
    // What people were told of and goes on by itself is no news for a while, answered or not.
    let lasts = matches!(
        alert.kind,
        AlertKind::CrashLoop
            | AlertKind::Unreached
            | AlertKind::CanaryWeird
            | AlertKind::ServerErrors
            | AlertKind::Unhealthy
    );
    match alert.state {
        AlertState::Open => true,
        AlertState::Answered { .. } | AlertState::Unanswered => lasts,
        AlertState::Settled => lasts && alert.chain.is_empty(),
    }
}

/// Whether an event can be worth a text at all: of most nothing needs to be read.
pub(crate) fn may_matter(what: &Happening) -> bool {
    matches!(
        what,
        Happening::Moved { .. }
            | Happening::StepWaits { .. }
            | Happening::CrashLoop { .. }
            | Happening::Unreached { .. }
            | Happening::ServerErrors { .. }
            | Happening::Unwell { .. }
            | Happening::RuleActed { .. }
    )
}
