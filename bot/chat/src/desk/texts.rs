//! Replies to texts. A number is carried out as if its person had said it where its run was asked for, and counts only when
//! the policy lets that person; everything else is answered or, from strangers, not.

use engine::control::Refusal;
use engine::model::{Identity, Phone, RunId, SMS};
use engine::notify::{CodeAction, Replied};

use super::{About, Desk, Heard, Outcome};
use crate::message::{Card, Inbound, Tone};
use crate::view;

/// How the terminal is told that something is replied from a phone.
const REPLY: &str = "/text";

/// What of a line in the terminal is replied from a phone: the phone where it is named, and the words.
pub(super) fn typed(inbound: &Inbound) -> Option<&str> {
    let rest = inbound.text.trim().strip_prefix(REPLY)?;
    (inbound.identity.front == "terminal" && (rest.is_empty() || rest.starts_with(' ')))
        .then_some(rest.trim())
}

impl Desk {
    /// A text came in. What comes of it is texted back, in the same commit that uses its number up.
    pub async fn hear_text(&self, phone: &Phone, event: &str, text: &str) -> Result<(), Refusal> {
        let now_ms = self.engine.now_ms();
        let identity = Identity { front: SMS.to_owned(), external_id: phone.to_string() };
        let replied = self.engine.text_reply(phone, event, text).await?;
        let says = match replied {
            Replied::Stranger | Replied::CarrierWord | Replied::Guessing => return Ok(()),
            Replied::NoNumber { last } => view::text_no_number(last),
            Replied::Used { code } => view::text_used(&code, now_ms),
            Replied::Late { code, run, live } => {
                view::text_late(&code, run.as_deref(), live.as_ref(), now_ms)
            }
            Replied::Counts { code, person } => {
                let (says, counts) = match (&code.run, code.action) {
                    (Some((run, _)), action) if action != CodeAction::Acknowledge => {
                        let heard = Box::pin(self.carried_out(&identity, run, event, code.action)).await?;
                        let counts = matches!(heard.outcome, Outcome::Answered | Outcome::Requested(_));
                        (view::text_heard(&heard), counts)
                    }
                    _ => (view::text_taken(&code), true),
                };
                if counts {
                    return self.engine.text_done(&code, &person, event, says).await;
                }
                says
            }
        };
        let person = self.engine.store().identity_get(&identity).await?;
        let person = person.map(|person| person.to_string()).unwrap_or_default();
        self.engine.text_answer(&person, phone, event, says).await
    }

    /// What a number stands for is said where its run was asked for: what comes of it is shown there.
    async fn carried_out(
        &self,
        identity: &Identity,
        run: &RunId,
        event: &str,
        action: CodeAction,
    ) -> Result<Heard, Refusal> {
        let verb = match action {
            CodeAction::Hold => "pause",
            CodeAction::Promote => "promote",
            CodeAction::Approve => "approve",
            CodeAction::Reject => "reject",
            CodeAction::RollBack | CodeAction::Acknowledge => "rollback",
        };
        let there = self.engine.store().run_get(run).await?;
        let conversation = there.and_then(|run| run.request.conversation);
        let inbound = Inbound {
            identity: identity.clone(),
            conversation: conversation.unwrap_or_else(|| identity.to_string()),
            event: Some(event.to_owned()),
            text: format!("{verb} {run}"),
        };
        Ok(self.hear_about(&inbound, &About { run: Some(run.clone()), ..About::default() }).await)
    }

    /// Somebody at the terminal replies from a phone it shows: their own, or one they name.
    pub(super) async fn typed_text(&self, inbound: &Inbound, said: &str) -> Result<Heard, Refusal> {
        let sorry = |says: String, next: &str| {
            let card = Card::new(Tone::Bad, says).text(format!("Next: {next}"));
            Ok(Heard::say(Outcome::Refused, card))
        };
        if !self.engine.texts_are_pretended() {
            return sorry(
                "Texts go to real phones here, so reply from yours.".to_owned(),
                "reply on the phone",
            );
        }
        let (phone, words) = match said.split_once(' ') {
            Some((number, words)) if number.starts_with('+') => match number.parse::<Phone>() {
                Ok(phone) => (phone, words.trim()),
                Err(error) => return sorry(format!("{error}."), "/text +4917139200099 4127"),
            },
            _ => {
                let person = self.engine.store().identity_get(&inbound.identity).await?;
                let person = person.map(|person| person.to_string()).unwrap_or_default();
                let Some(phone) = self.engine.phone_pretended(&person).await? else {
                    let add = format!("infra-chat user link {person} sms:+4917139200099");
                    return sorry("I know no phone of yours to reply from.".to_owned(), &add);
                };
                (phone, said)
            }
        };
        if words.is_empty() {
            return sorry("Say what to reply.".to_owned(), "/text 4127");
        }
        let now_ms = self.engine.now_ms();
        let event = inbound.event.clone().unwrap_or_else(|| format!("{phone} at {now_ms}"));
        Box::pin(self.hear_text(&phone, &event, words)).await?;
        Ok(Heard::nothing())
    }
}
