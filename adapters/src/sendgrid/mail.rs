//! Mails, one to one person at a time.

use engine::ports::PortError;
use serde_json::{Value, json};

use super::SendGrid;
use crate::http::{ApiError, Call};

/// The name our key has in what SendGrid tells of a mail.
pub const KEY: &str = "infra_chat_key";
/// What all our mails are counted under.
pub const CATEGORY: &str = "infra-chat";
/// Longest key, in characters.
const KEY_MAX: usize = 200;

/// Somebody with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub email: String,
    /// The name that stands before it.
    pub name: Option<String>,
}

impl Address {
    /// An address alone.
    pub fn of(email: impl Into<String>) -> Self {
        Self { email: email.into(), name: None }
    }

    fn json(&self) -> Value {
        match &self.name {
            Some(name) => json!({ "email": self.email, "name": name }),
            None => json!({ "email": self.email }),
        }
    }

    fn is_good(&self) -> bool {
        let parts = self.email.split_once('@');
        let is_plain = |text: &str| {
            !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@')
        };
        parts.is_some_and(|(who, place)| is_plain(who) && is_plain(place))
    }
}

/// A mail. Its `Debug` shows who and not what: words may be meant for one person alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its natural key: the same for every try. What SendGrid tells of the mail carries it.
    pub key: String,
    /// Who it comes from; SendGrid must take mail from there.
    pub from: Address,
    /// Who it goes to.
    pub to: Address,
    /// What it is about.
    pub subject: String,
    /// Its words.
    pub text: String,
    /// The same for those who read HTML.
    pub html: Option<String>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mail({} to {})", self.key, self.to.email)
    }
}

/// A mail that SendGrid took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMail {
    /// SendGrid's name for it, which begins the identifier in its events; absent where mails are only checked.
    pub sent_as: Option<String>,
    /// Whether it was only checked and goes to nobody.
    pub is_checked_only: bool,
}

impl SendGrid {
    /// Sends a mail, or has it checked alone in sandbox mode. Like a text it changes nothing a run is about, so it takes no permit.
    ///
    /// # Errors
    /// [`PortError::Unknown`] when it may have been sent. SendGrid has no key against doubles and lists no mails by key, so whoever
    /// calls decides: sent again it may come twice. Events of the event webhook tell it by [`KEY`].
    pub async fn send(&self, mail: &Mail) -> Result<SentMail, PortError> {
        checked(mail)?;
        let mut content = vec![json!({ "type": "text/plain", "value": mail.text })];
        content.extend(mail.html.as_ref().map(|html| json!({ "type": "text/html", "value": html })));
        let mut body = json!({
            "from": mail.from.json(),
            "subject": mail.subject,
            "content": content,
            "categories": [CATEGORY],
            "personalizations": [{ "to": [mail.to.json()], "custom_args": { KEY: mail.key } }],
            // Links in what we say lead where they say.
            "tracking_settings": {
                "click_tracking": { "enable": false, "enable_text": false },
                "open_tracking": { "enable": false },
            },
        });
        if self.is_sandbox {
            body["mail_settings"] = json!({ "sandbox_mode": { "enable": true } });
        }
        let answer = self
            .api
            .send(Call::post(&["v3", "mail", "send"]).json(body))
            .await
            .map_err(ApiError::of_write)?;
        Ok(SentMail {
            sent_as: answer.header("x-message-id").map(str::to_owned),
            is_checked_only: self.is_sandbox,
        })
    }
}

fn checked(mail: &Mail) -> Result<(), PortError> {
    let fault = |what: String| Err(PortError::fail(what, ""));
    for address in [&mail.from, &mail.to] {
        if !address.is_good() {
            return fault(format!("`{}` is no address of a mailbox", address.email));
        }
    }
    if mail.subject.trim().is_empty() || mail.text.is_empty() {
        return fault("A mail needs a subject and words".to_owned());
    }
    if mail.key.is_empty() || mail.key.chars().count() > KEY_MAX {
        return fault(format!("A mail's key has 1 to {KEY_MAX} characters"));
    }
    Ok(())
}
