//! What people reply. Only a number that was given to that very phone does anything, once, and only while the run is what it was
//! when the number was given.

use serde_json::json;

use super::turn::put;
use super::{Alert, AlertKind, AlertState, Code, CodeAction, Text, TextKind};
use crate::clock::EpochMs;
use crate::control::{Engine, Refusal};
use crate::model::{Actor, Identity, Phone, SMS, UserName};
use crate::run::{Run, RunState};
use crate::store::{AuditEntry, Commit, StoreError, TextWrite, Write};

/// Numbers that are none of ours before a phone is not answered any more …
pub const WRONG_MAX: usize = 5;
/// … for this long, in milliseconds: guessing one of a few in 9,000 so is hopeless.
pub const WRONG_MS: i64 = 15 * 60_000;
/// Most answers to one phone in which nothing comes of a reply …
const ANSWERS_MAX: usize = 10;
/// … in this long, in milliseconds: whoever sends the same number on and on, or a machine that answers answers, costs no more.
const ANSWERS_MS: i64 = 15 * 60_000;
/// Numbers of a week ago may be given again, in milliseconds.
const FORGET_MS: i64 = 7 * 24 * 60 * 60_000;
/// Words that carriers and messengers keep for themselves, whatever they do with them: they mean nothing here, and cost nothing.
const CARRIER_WORDS: [&str; 20] = [
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
    "opt-out",
    "opt out",
    "yes",
    "start",
    "unstop",
    "help",
    "info",
    "y",
    "subscribe",
    "continue",
    "resume",
];

/// What a reply is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replied {
    /// Nobody knows that phone: there is no answer.
    Stranger,
    /// A word that carriers keep for themselves: there is no answer, and nothing is lost.
    CarrierWord,
    /// Too many that were no number of ours: there is no answer for a while.
    Guessing,
    /// It is no number of ours.
    NoNumber {
        /// Whether it was one too many: nothing counts from that phone for a while.
        last: bool,
    },
    /// The number was replied before.
    Used {
        /// It.
        code: Code,
    },
    /// It came too late, or the run is not what it was.
    Late {
        /// It.
        code: Code,
        /// The run as it is now.
        run: Option<Box<Run>>,
        /// What is live now: a release with its ref.
        live: Option<(u32, String)>,
    },
    /// It counts.
    Counts {
        /// It.
        code: Code,
        /// Whose phone it is.
        person: UserName,
    },
}

/// The number in a reply: nothing else may be in it, save what politeness and phones add.
fn number(text: &str) -> Option<&str> {
    let text = text.trim().trim_end_matches(['.', '!', ',']);
    let lower = text.to_ascii_lowercase();
    let rest = if lower.starts_with("reply ") { text.get("reply ".len()..)? } else { text };
    let rest = rest.trim().trim_start_matches('#').trim_matches(['"', '\'']);
    let is_number = (3..=6).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit());
    is_number.then_some(rest)
}

fn is_carrier_word(text: &str) -> bool {
    let word = text.trim().trim_matches(['.', '!', '"', '\'']).to_ascii_lowercase();
    CARRIER_WORDS.contains(&word.as_str())
}

impl Engine {
    /// What a reply from a phone is. `event` is the messenger's identifier of it.
    pub async fn text_reply(&self, phone: &Phone, event: &str, text: &str) -> Result<Replied, Refusal> {
        let identity = Identity { front: SMS.to_owned(), external_id: phone.to_string() };
        let Some(person) = self.store().identity_get(&identity).await? else {
            let missed = self.store().miss_count(phone, self.now_ms() - WRONG_MS).await?;
            if missed < WRONG_MAX {
                self.text_missed(phone, event).await?;
                self.text_recorded("text.stranger", phone.as_str(), &[]).await?;
            }
            return Ok(Replied::Stranger);
        };
        if is_carrier_word(text) {
            return Ok(Replied::CarrierWord);
        }
        let now_ms = self.now_ms();
        // Who writes words guesses no number: the right one counts from them also after many.
        let Some(number) = number(text) else { return Ok(Replied::NoNumber { last: false }) };
        let missed = self.store().miss_count(phone, now_ms - WRONG_MS).await?;
        if missed >= WRONG_MAX {
            return Ok(Replied::Guessing);
        }
        let Some(code) = self.store().code_get(phone, number).await? else {
            self.text_missed(phone, event).await?;
            return Ok(Replied::NoNumber { last: missed + 1 >= WRONG_MAX });
        };
        if code.used_ms.is_some() {
            return Ok(Replied::Used { code });
        }
        let run = match &code.run {
            Some((id, _)) => self.store().run_get(id).await?,
            None => None,
        };
        let live = self.store().environment_get(&code.environment).await?.value.live;
        if code.expires_ms <= now_ms || !still_meant(&code, run.as_ref(), live) {
            let live = match live {
                Some(number) => self.store().release_get(&code.environment, number).await?,
                None => None,
            };
            let live = live.map(|release| (release.id.number, release.reference.clone()));
            return Ok(Replied::Late { code, run: run.map(Box::new), live });
        }
        Ok(Replied::Counts { code, person })
    }

    /// A reply that was no number of ours.
    async fn text_missed(&self, phone: &Phone, event: &str) -> Result<(), Refusal> {
        let mut commit = Commit::at(self.now_ms());
        let miss = TextWrite::MissPut { phone: phone.clone(), event: event.to_owned(), at_ms: commit.now_ms };
        commit.writes.push(Write::Text(miss));
        Ok(self.store().commit(commit).await?)
    }

    /// A reply was carried out: the number is used up, its alerts are answered, and this is answered. All of it or nothing.
    pub async fn text_done(
        &self,
        code: &Code,
        person: &UserName,
        event: &str,
        says: String,
    ) -> Result<(), Refusal> {
        let now_ms = self.now_ms();
        let mut commit = Commit::at(now_ms);
        let used = Code { used_ms: Some(now_ms), ..code.clone() };
        commit.writes.push(Write::Text(TextWrite::CodeUse(Box::new(used))));
        commit.writes.push(Write::Text(TextWrite::CodeForget { before_ms: now_ms - FORGET_MS }));
        let run = match &code.run {
            Some((id, _)) => self.store().run_get(id).await?,
            None => None,
        };
        // One yes of several: the others are still asked, and now.
        let goes_on = code.action == CodeAction::Approve
            && run.is_some_and(|run| matches!(run.state, RunState::AwaitingApproval { .. }));
        for id in &code.alerts {
            let Some(alert) = self.store().alert_get(id).await? else { continue };
            let awaited = alert.kind == AlertKind::ApprovalAwaited && alert.state == AlertState::Open;
            if goes_on && awaited {
                commit.writes.push(put(Alert { due_ms: Some(now_ms), ..alert }.changed()));
            } else if matches!(alert.state, AlertState::Open | AlertState::Unanswered) {
                let state = AlertState::Answered { by: person.to_string(), at_ms: now_ms };
                commit.writes.push(put(alert.over(state)));
            }
        }
        commit.writes.push(answer(event, person.as_str(), &code.phone, says.clone(), now_ms));
        let user = self.store().user_get(person.as_str()).await?;
        commit.audit.push(AuditEntry {
            actor: Actor {
                name: person.to_string(),
                role: user.map(|user| user.role),
                front: SMS.to_owned(),
            },
            action: "text.replied",
            subject: code.run.as_ref().map_or_else(|| "texts".to_owned(), |(run, _)| run.to_string()),
            environment: Some(code.environment.clone()),
            run: code.run.as_ref().map(|(run, _)| run.clone()),
            data: json!({ "action": code.action, "answer": says }),
        });
        Ok(self.store().commit(commit).await?)
    }

    /// Answers somebody who replied what nothing comes of; not any more, for a while, who has had many such answers.
    pub async fn text_answer(
        &self,
        person: &str,
        phone: &Phone,
        event: &str,
        says: String,
    ) -> Result<(), Refusal> {
        let now_ms = self.now_ms();
        let recent = self.store().text_since(phone, now_ms - ANSWERS_MS).await?;
        if recent.iter().filter(|text| text.kind == TextKind::Answer).count() >= ANSWERS_MAX {
            return Ok(());
        }
        let mut commit = Commit::at(now_ms);
        commit.writes.push(answer(event, person, phone, says, now_ms));
        match self.store().commit(commit).await {
            // It was answered before.
            Err(StoreError::Conflict) => Ok(()),
            committed => Ok(committed?),
        }
    }

    /// Something came in about texts that nobody here sent or asked for, and is kept in the record.
    pub async fn text_recorded(
        &self,
        action: &'static str,
        subject: &str,
        facts: &[(&str, String)],
    ) -> Result<(), Refusal> {
        let mut commit = Commit::at(self.now_ms());
        let data = facts.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        commit.audit.push(AuditEntry {
            actor: Actor::system(),
            action,
            subject: subject.to_owned(),
            environment: None,
            run: None,
            data: serde_json::Value::Object(data),
        });
        Ok(self.store().commit(commit).await?)
    }

    /// The phone somebody speaks by, when the terminal shows their texts.
    pub async fn phone_pretended(&self, person: &str) -> Result<Option<Phone>, Refusal> {
        if !self.ports().messenger.is_pretended() {
            return Ok(None);
        }
        Ok(self.phone_of(person).await?)
    }

    /// Whether texts are only shown on this machine.
    pub fn texts_are_pretended(&self) -> bool {
        self.ports().messenger.is_pretended()
    }

    /// Whether somebody has a phone that can be texted.
    pub async fn has_phone(&self, person: &str) -> Result<bool, Refusal> {
        Ok(self.phone_of(person).await?.is_some())
    }
}

/// Whether a number still means what it meant when it was given.
fn still_meant(code: &Code, run: Option<&Run>, live: Option<u32>) -> bool {
    let Some((_, digest)) = &code.run else { return true };
    let Some(run) = run.filter(|run| run.plan_digest == *digest) else { return false };
    let at_work = matches!(run.state, RunState::Running { .. } | RunState::Paused { .. });
    match code.action {
        CodeAction::Acknowledge => true,
        CodeAction::Hold | CodeAction::Promote => at_work,
        CodeAction::Approve | CodeAction::Reject => matches!(run.state, RunState::AwaitingApproval { .. }),
        // A canary goes back; what is live goes back as long as it is the same.
        CodeAction::RollBack => at_work || (!run.state.is_over() || live == code.live),
    }
}

fn answer(event: &str, person: &str, phone: &Phone, says: String, now_ms: EpochMs) -> Write {
    let id = format!("reply/{event}");
    let text = Text::new(id, TextKind::Answer, person, phone.clone(), says, now_ms);
    Write::Text(TextWrite::TextPut(Box::new(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_and_words_of_carriers_are_none() {
        for text in ["4127", " 4127 ", "4127.", "Reply 4127", "#4127", "\"4127\"", "reply 4127!"] {
            assert_eq!(number(text), Some("4127"), "{text}");
        }
        for text in
            ["", "STOP", "STOP 4127", "CANCEL 4127", "4127 or 4128", "41 27", "yes 4127", "rollback", "٤١٢٧"]
        {
            assert_eq!(number(text), None, "{text}");
        }
        for text in [
            "STOP",
            "stopall",
            "Unsubscribe",
            "CANCEL",
            "End",
            "QUIT",
            "YES",
            "Start",
            "HELP",
            "info",
            "Stop.",
        ] {
            assert!(is_carrier_word(text), "{text}");
            assert_eq!(number(text), None, "{text}");
        }
    }
}
