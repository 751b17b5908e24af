//! Alerts, texts, numbers to reply, and how far what happened has been read for them.

use super::value::free;
use super::value::{Statement, Value, guarded, json};
use super::{Store, StoreError, sql};
use crate::clock::EpochMs;
use crate::model::Phone;
use crate::model::ProjectName;
use crate::notify::{Alert, Code, Fired, Text};

/// A write about texts.
#[derive(Debug, Clone)]
pub enum TextWrite {
    /// An alert, new (version 1) or changed. Guard: its version follows the one in the database.
    AlertPut(Box<Alert>),
    /// A text, new (version 1) or changed. Guard: its version follows the one in the database.
    TextPut(Box<Text>),
    /// A number that may be replied. Guard: the phone has no other meaning for it.
    CodePut(Box<Code>),
    /// A number that was replied. Guard: it was not before.
    CodeUse(Box<Code>),
    /// Numbers that ran out that long ago may be given again.
    CodeForget {
        /// Before when.
        before_ms: EpochMs,
    },
    /// A reply that was no number.
    MissPut {
        /// From.
        phone: Phone,
        /// The message.
        event: String,
        /// When.
        at_ms: EpochMs,
    },
    /// How far something has been read. Guard: it was read as far as `from`; nothing when it was never read.
    CursorPut {
        /// What is read.
        name: String,
        /// The place before.
        from: Option<i64>,
        /// The place from now on.
        to: i64,
    },
    /// A rule that fired, new (version 1) or changed. Guard: its version follows the one in the database.
    FiredPut(Box<Fired>),
    /// A text on a phone that is only shown here. Guard: it was not there before.
    PhonePut {
        /// Its key.
        text: String,
        /// The phone.
        phone: Phone,
        /// The words.
        body: String,
        /// When.
        at_ms: EpochMs,
    },
}

impl TextWrite {
    pub(super) fn statements(&self) -> Result<Vec<Statement>, StoreError> {
        Ok(match self {
            Self::AlertPut(alert) => guarded(
                sql::ALERT_PUT,
                vec![
                    alert.id.as_str().into(),
                    alert.fold.as_str().into(),
                    alert.state.as_str().into(),
                    json(alert)?,
                    alert.due_ms.into(),
                    alert.at_ms.into(),
                    alert.version.into(),
                ],
            ),
            Self::TextPut(text) => guarded(
                sql::TEXT_PUT,
                vec![
                    text.id.as_str().into(),
                    text.kind.as_str().into(),
                    text.to.as_str().into(),
                    text.state.as_str().into(),
                    text.sent_as.as_deref().unwrap_or_default().into(),
                    json(text)?,
                    text.due_ms.into(),
                    text.made_ms.into(),
                    text.version.into(),
                ],
            ),
            Self::CodePut(code) => guarded(
                sql::CODE_PUT,
                vec![
                    code.phone.as_str().into(),
                    code.code.as_str().into(),
                    json(code)?,
                    code.expires_ms.into(),
                ],
            ),
            Self::CodeUse(code) => guarded(
                sql::CODE_USE,
                vec![code.phone.as_str().into(), code.code.as_str().into(), json(code)?, code.used_ms.into()],
            ),
            Self::CodeForget { before_ms } => free(sql::CODE_FORGET, vec![(*before_ms).into()]),
            Self::MissPut { phone, event, at_ms } => {
                free(sql::MISS_PUT, vec![phone.as_str().into(), event.as_str().into(), (*at_ms).into()])
            }
            Self::CursorPut { name, from: None, to } => {
                guarded(sql::TEXT_CURSOR_NEW, vec![name.as_str().into(), (*to).into()])
            }
            Self::CursorPut { name, from: Some(from), to } => {
                guarded(sql::TEXT_CURSOR_MOVE, vec![name.as_str().into(), (*to).into(), (*from).into()])
            }
            Self::FiredPut(fired) => guarded(
                sql::FIRED_PUT,
                vec![
                    fired.id.as_str().into(),
                    fired.project.as_str().into(),
                    i64::from(fired.rule).into(),
                    json(fired)?,
                    fired.due_ms.into(),
                    fired.at_ms.into(),
                    fired.version.into(),
                ],
            ),
            Self::PhonePut { text, phone, body, at_ms } => guarded(
                sql::PHONE_PUT,
                vec![text.as_str().into(), phone.as_str().into(), body.as_str().into(), (*at_ms).into()],
            ),
        })
    }
}

/// A text on a phone that is only shown on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneText {
    /// Its place in the order they came.
    pub number: i64,
    /// The phone.
    pub phone: String,
    /// The words.
    pub body: String,
}

impl Store {
    /// An alert.
    pub async fn alert_get(&self, alert: &str) -> Result<Option<Alert>, StoreError> {
        Ok(self.bodies(sql::ALERT_GET, vec![alert.into()]).await?.into_iter().next())
    }

    /// Alerts in which it is somebody's turn by then, oldest first, at most `limit`.
    pub async fn alert_due(&self, by_ms: EpochMs, limit: i64) -> Result<Vec<Alert>, StoreError> {
        self.bodies(sql::ALERT_DUE, vec![by_ms.into(), limit.into()]).await
    }

    /// The newest alert with a key, since some instant.
    pub async fn alert_same(&self, fold: &str, since_ms: EpochMs) -> Result<Option<Alert>, StoreError> {
        Ok(self.bodies(sql::ALERT_SAME, vec![fold.into(), since_ms.into()]).await?.into_iter().next())
    }

    /// A text.
    pub async fn text_get(&self, text: &str) -> Result<Option<Text>, StoreError> {
        Ok(self.bodies(sql::TEXT_GET, vec![text.into()]).await?.into_iter().next())
    }

    /// The text a messenger knows by an identifier.
    pub async fn text_sent_as(&self, sent_as: &str) -> Result<Option<Text>, StoreError> {
        Ok(self.bodies(sql::TEXT_SENT_AS, vec![sent_as.into()]).await?.into_iter().next())
    }

    /// Texts something is to be done about by then, in the order they were decided, at most `limit`.
    pub async fn text_due(&self, by_ms: EpochMs, limit: i64) -> Result<Vec<Text>, StoreError> {
        self.bodies(sql::TEXT_DUE, vec![by_ms.into(), limit.into()]).await
    }

    /// Texts to a phone since some instant, in the order they were decided.
    pub async fn text_since(&self, phone: &Phone, since_ms: EpochMs) -> Result<Vec<Text>, StoreError> {
        self.bodies(sql::TEXT_SINCE, vec![phone.as_str().into(), since_ms.into()]).await
    }

    /// A number a phone may reply, used and run out or not.
    pub async fn code_get(&self, phone: &Phone, code: &str) -> Result<Option<Code>, StoreError> {
        Ok(self.bodies(sql::CODE_GET, vec![phone.as_str().into(), code.into()]).await?.into_iter().next())
    }

    /// How many replies of a phone were no number since some instant.
    pub async fn miss_count(&self, phone: &Phone, since_ms: EpochMs) -> Result<usize, StoreError> {
        Ok(self.rows(sql::MISS_SINCE, vec![phone.as_str().into(), since_ms.into()]).await?.len())
    }

    /// How far something has been read; nothing when it never was.
    pub async fn text_cursor(&self, name: &str) -> Result<Option<i64>, StoreError> {
        let rows = self.rows(sql::TEXT_CURSOR_GET, vec![name.into()]).await?;
        rows.first().map(|row| row.int("place")).transpose()
    }

    /// When something is to be done about texts next.
    pub async fn text_next_ms(&self) -> Result<Option<EpochMs>, StoreError> {
        let rows = self.rows(sql::TEXT_NEXT, Vec::<Value>::new()).await?;
        rows.first().map(|row| row.int("due_ms")).transpose()
    }

    /// Rules that fired and of which something is to be done by then, oldest first, at most `limit`.
    pub async fn fired_due(&self, by_ms: EpochMs, limit: i64) -> Result<Vec<Fired>, StoreError> {
        self.bodies(sql::FIRED_DUE, vec![by_ms.into(), limit.into()]).await
    }

    /// When a rule fired since some instant, or has something left to do; newest first.
    pub async fn fired_since(
        &self,
        project: &ProjectName,
        rule: u32,
        since_ms: EpochMs,
    ) -> Result<Vec<Fired>, StoreError> {
        let of_rule = vec![project.as_str().into(), i64::from(rule).into(), since_ms.into()];
        self.bodies(sql::FIRED_SINCE, of_rule).await
    }

    /// Texts on phones that are only shown here, after a place in their order, at most `limit`.
    pub async fn phone_after(&self, number: i64, limit: i64) -> Result<Vec<PhoneText>, StoreError> {
        let rows = self.rows(sql::PHONE_AFTER, vec![number.into(), limit.into()]).await?;
        rows.iter()
            .map(|row| {
                let (phone, body) = (row.text("phone")?, row.text("body")?);
                Ok(PhoneText { number: row.int("number")?, phone, body })
            })
            .collect()
    }

    /// Whether a text is on such a phone.
    pub async fn phone_has(&self, text: &str) -> Result<bool, StoreError> {
        Ok(!self.rows(sql::PHONE_GET, vec![text.into()]).await?.is_empty())
    }

    /// The place of the last text on such phones; 0 when there is none.
    pub async fn phone_head(&self) -> Result<i64, StoreError> {
        let rows = self.rows(sql::PHONE_HEAD, Vec::<Value>::new()).await?;
        rows.first().map_or(Ok(0), |row| row.int("number"))
    }
}
