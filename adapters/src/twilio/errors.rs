//! Twilio's error codes in sentences that say what to do (<https://www.twilio.com/docs/api/errors>).

/// What a code means; of one that is not here, the code itself.
pub fn sentence(code: Option<i64>, status: &str) -> String {
    let says = match code {
        None => return format!("Twilio says {status}, without a reason"),
        Some(20003) => "the account or its token is wrong: check twilio.account_sid and twilio.auth_token",
        Some(20404) => "the account has nothing of that kind: check twilio.account_sid",
        Some(20429) => "too many calls in a short time",
        Some(21211 | 21614) => "the number is no mobile phone's: correct it with `infra-chat user link`",
        Some(21212 | 21606 | 21659) => {
            "twilio.from is no number of this account that can send texts: check it in Twilio's console"
        }
        Some(21219 | 21608) => {
            "a trial account texts verified numbers only: verify this one, or upgrade the account"
        }
        Some(21408) => "the account may not text that country: allow it under Messaging, Geo permissions",
        Some(21610) => "that phone has texted STOP: its owner texts START to the sender to have texts again",
        Some(21611) => "the sender's queue is full",
        Some(21617 | 30019) => "the text is too long",
        Some(21701 | 21703 | 21704) => "the messaging service has no number that can send: add one to it",
        Some(30001) => "the queue was full for too long",
        Some(30002) => "the account is suspended: write to Twilio's support",
        Some(30003) => "the phone is switched off, or out of reach",
        Some(30004) => "the phone or its carrier refuses texts of this sender",
        Some(30005) => "there is no such phone any more",
        Some(30006) => "that number is a landline, or its carrier can't be reached",
        Some(30034) => {
            "carriers in the USA refuse senders that are not registered (A2P 10DLC): register twilio.from"
        }
        Some(30007) => "the carrier took it for spam: set twilio.links to nowhere, or register the sender",
        Some(30008) => "the carrier gives no reason",
        Some(30410) => "the carrier did not answer in time",
        Some(other) => return format!("Twilio says {status} (error {other})"),
    };
    let number = code.unwrap_or_default();
    format!("{says} (Twilio error {number})")
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn what_a_person_can_mend_is_said() {
        assert!(sentence(Some(21610), "failed").contains("START"));
        assert!(sentence(Some(30034), "undelivered").contains("A2P"));
        assert!(sentence(Some(30008), "undelivered").contains("no reason (Twilio error 30008)"));
        assert_eq!(sentence(Some(99_999), "failed"), "Twilio says failed (error 99999)");
        assert_eq!(sentence(None, "canceled"), "Twilio says canceled, without a reason");
    }
}
