//! Whose turn it is gets a text: about everything that is due for them, in one. Quiet hours put off what can wait, a storm
//! is folded, who has no phone is passed over, and who does not answer is followed by the next.

use std::collections::BTreeMap;

use super::code::{Code, CodeAction, EXPIRES_MS, random};
use super::{Alert, AlertKind, AlertState, Text, TextKind};
use crate::control::{Engine, Refusal};
use crate::model::{EnvironmentKey, Identity, Phone, QuietHours, SMS, StandingOrder, Texts};
use crate::run::{Run, RunState};
use crate::store::{Commit, StoreError, TextWrite, Write};

/// Most texts about alerts to one person …
pub const PER_PERSON_MAX: usize = 5;
/// … in this long, in milliseconds.
pub const PER_PERSON_MS: i64 = 15 * 60_000;
/// Alerts that are looked at together.
const DUE_MAX: i64 = 2_000;
/// Tries of finding a number that the phone has no other meaning for.
const CODE_TRIES: usize = 32;

/// What a text is to say.
#[derive(Debug)]
pub struct ToSay<'a> {
    /// What matters most.
    pub lead: &'a Alert,
    /// Everything else that is due for the same person, and how often it happened.
    pub others: &'a [Alert],
    /// The run it is about.
    pub run: Option<&'a Run>,
    /// What was live when it was written: a release with its ref.
    pub live: Option<(u32, String)>,
    /// What may be replied.
    pub codes: &'a [(CodeAction, String)],
    /// Where there is more to see, where links are taken.
    pub link: Option<&'a str>,
    /// When it is written.
    pub now_ms: i64,
}

/// How a text is put into words.
pub type Compose = fn(&ToSay<'_>) -> String;

/// Everything that is put into words elsewhere: the engine knows what to say, not how.
#[derive(Debug, Clone)]
pub struct Words {
    /// A text.
    pub text: Compose,
    /// A message to a conversation for somebody who asked to be told there.
    pub note: fn(&StandingOrder, &Alert) -> Result<Write, StoreError>,
    /// Where people find everything, when a run is shown nowhere with an address.
    pub link: Option<String>,
}

impl Engine {
    pub(super) async fn texts_turn(&self, words: &Words) -> Result<bool, Refusal> {
        let now_ms = self.now_ms();
        let due = self.store().alert_due(now_ms, DUE_MAX).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let mut commit = Commit::at(now_ms);
        let mut quiet = BTreeMap::new();
        let mut of_people: BTreeMap<String, Vec<Alert>> = BTreeMap::new();
        for alert in due {
            if self.is_settled(&alert).await? {
                commit.writes.push(put(alert.over(AlertState::Settled)));
                continue;
            }
            let Some(person) = alert.next().map(ToOwned::to_owned) else {
                commit.writes.push(put(alert.over(AlertState::Unanswered)));
                continue;
            };
            if !quiet.contains_key(&alert.environment) {
                quiet.insert(alert.environment.clone(), self.quiet_hours(&alert).await?);
            }
            let hours = quiet.get(&alert.environment).and_then(Option::as_ref);
            let hours = hours.filter(|hours| alert.severity < hours.passes);
            match hours.and_then(|hours| hours.over_ms(now_ms)) {
                Some(over_ms) => commit.writes.push(put(Alert { due_ms: Some(over_ms), ..alert }.changed())),
                None => of_people.entry(person).or_default().push(alert),
            }
        }
        for (person, alerts) in of_people {
            self.turn_of(&person, alerts, words, &mut commit).await?;
        }
        self.store().commit(commit).await?;
        Ok(true)
    }

    /// One person's turn.
    async fn turn_of(
        &self,
        person: &str,
        alerts: Vec<Alert>,
        words: &Words,
        commit: &mut Commit,
    ) -> Result<(), Refusal> {
        let now_ms = commit.now_ms;
        let Some(phone) = self.phone_of(person).await? else {
            // Nobody waits for somebody who can't be reached.
            let passed = alerts.into_iter().map(|alert| Alert { turns: alert.turns + 1, ..alert }.changed());
            commit.writes.extend(passed.map(put));
            return Ok(());
        };
        let recent = self.store().text_since(&phone, now_ms - PER_PERSON_MS).await?;
        let recent: Vec<&Text> = recent.iter().filter(|text| text.kind == TextKind::Alert).collect();
        if recent.len() >= PER_PERSON_MAX {
            let free_ms = recent[recent.len() - PER_PERSON_MAX].made_ms + PER_PERSON_MS;
            let later = alerts.into_iter().map(|alert| Alert { due_ms: Some(free_ms), ..alert }.changed());
            commit.writes.extend(later.map(put));
            return Ok(());
        }
        let mut alerts = alerts;
        // What matters most leads, and of those the newest.
        alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.severity), std::cmp::Reverse(alert.at_ms)));
        let Some((lead, others)) = alerts.split_first() else { return Ok(()) };
        let run = match &lead.run {
            Some(id) => self.store().run_get(id).await?,
            None => None,
        };
        let live = self.store().environment_get(&lead.environment).await?.value.live;
        let live = match live {
            Some(number) => self.store().release_get(&lead.environment, number).await?,
            None => None,
        };
        let live = live.map(|release| (release.id.number, release.reference.clone()));
        let told: Vec<String> = alerts.iter().map(|alert| alert.id.clone()).collect();
        let mut codes = Vec::new();
        let approve = self.texts_of(&lead.environment).await?.is_some_and(|texts| texts.approve);
        for action in actions(lead, run.as_ref(), approve) {
            let Some(code) = self.code_free(&phone, action, &codes).await? else { continue };
            commit.writes.push(Write::Text(TextWrite::CodePut(Box::new(Code {
                code: code.clone(),
                phone: phone.clone(),
                action,
                alerts: told.clone(),
                environment: lead.environment.clone(),
                run: run.as_ref().map(|run| (run.id.clone(), run.plan_digest.clone())),
                live: live.as_ref().map(|(number, _)| *number),
                expires_ms: now_ms + EXPIRES_MS,
                used_ms: None,
            }))));
            codes.push((action, code));
        }
        let link = match &lead.run {
            Some(id) if self.ports().messenger.takes_links(&phone) => self.link_of(id, words).await?,
            _ => None,
        };
        let said =
            ToSay { lead, others, run: run.as_ref(), live, codes: &codes, link: link.as_deref(), now_ms };
        let body = (words.text)(&said);
        let id = format!("{}/{}", lead.id, lead.turns);
        let mut text = Text::new(id, TextKind::Alert, person, phone, body, now_ms);
        for alert in alerts {
            let turned = Alert { turns: alert.turns + 1, due_ms: Some(now_ms + alert.wait_ms), ..alert };
            text.alerts.push((turned.id.clone(), turned.turns));
            commit.writes.push(put(turned.changed()));
        }
        commit.writes.push(Write::Text(TextWrite::TextPut(Box::new(text))));
        Ok(())
    }

    /// A number the phone has no meaning for.
    async fn code_free(
        &self,
        phone: &Phone,
        action: CodeAction,
        taken: &[(CodeAction, String)],
    ) -> Result<Option<String>, StoreError> {
        for _ in 0..CODE_TRIES {
            let Some(code) = random(action) else { return Ok(None) };
            let is_taken = taken.iter().any(|(_, other)| *other == code);
            if !is_taken && self.store().code_get(phone, &code).await?.is_none() {
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    /// The phone of a person, the first of several.
    pub(super) async fn phone_of(&self, person: &str) -> Result<Option<Phone>, StoreError> {
        let known = self.store().identity_list().await?;
        let mut theirs = known.into_iter().filter(|(identity, name)| {
            let Identity { front, .. } = identity;
            front == SMS && name.as_str() == person
        });
        Ok(theirs.find_map(|(identity, _)| identity.external_id.parse().ok()))
    }

    async fn link_of(&self, run: &crate::model::RunId, words: &Words) -> Result<Option<String>, StoreError> {
        let shown = self.store().shown_links(run.as_str()).await?;
        let there = shown.into_iter().map(|(_, link)| link).find(|link| link.starts_with("https://"));
        Ok(there.or_else(|| words.link.clone()))
    }

    async fn is_settled(&self, alert: &Alert) -> Result<bool, StoreError> {
        let Some(id) = &alert.run else { return Ok(false) };
        let run = self.store().run_get(id).await?;
        Ok(run.is_some_and(|run| alert.kind.is_settled_by(&run.state)))
    }

    async fn quiet_hours(&self, alert: &Alert) -> Result<Option<QuietHours>, StoreError> {
        Ok(self.texts_of(&alert.environment).await?.and_then(|texts| texts.quiet))
    }

    /// Who is texted about an environment, and how.
    async fn texts_of(&self, key: &EnvironmentKey) -> Result<Option<Texts>, StoreError> {
        let projects = self.store().project_list().await?;
        let project = projects.into_iter().find(|it| it.value.project == key.project);
        let environment = project.and_then(|it| it.value.environments.get(&key.environment).cloned());
        Ok(environment.and_then(|environment| environment.texts))
    }
}

/// An alert, as it is written.
pub(super) fn put(alert: Alert) -> Write {
    Write::Text(TextWrite::AlertPut(Box::new(alert)))
}

/// Whether nothing of a run is live.
fn is_gone(run: &Run) -> bool {
    run.state.is_over() && !matches!(run.state, RunState::Succeeded { .. })
}

/// What can be replied to it.
fn actions(lead: &Alert, run: Option<&Run>, approve: bool) -> Vec<CodeAction> {
    let soaks = run.is_some_and(|run| matches!(run.state, RunState::Running { .. }));
    match lead.kind {
        AlertKind::CanaryWeird if soaks => {
            vec![CodeAction::RollBack, CodeAction::Hold, CodeAction::Acknowledge]
        }
        AlertKind::CanaryHeld | AlertKind::CanaryWeird => {
            vec![CodeAction::RollBack, CodeAction::Promote, CodeAction::Acknowledge]
        }
        // The canary it is put down to is gone.
        AlertKind::ServerErrors if run.is_some_and(is_gone) => vec![CodeAction::Acknowledge],
        AlertKind::CrashLoop | AlertKind::Unreached | AlertKind::ServerErrors | AlertKind::Unhealthy => {
            vec![CodeAction::RollBack, CodeAction::Acknowledge]
        }
        AlertKind::ApprovalAwaited if approve => {
            vec![CodeAction::Approve, CodeAction::Reject, CodeAction::Acknowledge]
        }
        AlertKind::RollbackBegun => Vec::new(),
        _ => vec![CodeAction::Acknowledge],
    }
}
